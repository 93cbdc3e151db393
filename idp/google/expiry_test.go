package google_test

import (
	"strings"
	"testing"
	"time"

	"usher/idp"
	"usher/sandbox/googlesim"
)

func TestMembershipEndsByItself(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	p, u := s.provider(t, nil), person(t, s, "ada@suite.example")
	g := s.addGroup(t, "Team")
	must(t, "AddMember", p.AddMember(t.Context(), g, u))
	for _, end := range []time.Time{s.now().Add(2 * time.Hour), s.now().Add(9 * time.Hour), {}, s.now().Add(3 * time.Hour)} {
		must(t, "SetExpiry", p.SetExpiry(t.Context(), g, u, end))
		end = end.Truncate(time.Second)
		if _, truth, _ := s.Membership(string(g), string(u)); !truth.Equal(end) {
			t.Fatalf("Google has %v, want %v", truth, end)
		}
		got, err := p.Expiry(t.Context(), g, u)
		must(t, "Expiry", err)
		if !got.Equal(end) {
			t.Fatalf("read %v, want %v", got, end)
		}
	}
	s.offset.Add(int64(3*time.Hour + time.Second))
	is, err := p.IsMember(idp.WithPriority(t.Context(), idp.Removal), g, u)
	if is || err != nil {
		t.Fatalf("after its end: %v, %v", is, err)
	}
	wantKind(t, "SetExpiry of nobody", p.SetExpiry(t.Context(), g, u, s.now().Add(time.Hour)), idp.UserNotFound)
	must(t, "RemoveMember", p.RemoveMember(t.Context(), g, u))
}

func TestRefusalsOfExpiry(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *googlesim.Config) { c.PlainEdition = true })
	p, u, boss := s.provider(t, nil), person(t, s, "ada@suite.example"), person(t, s, "boss@suite.example")
	g, soon := s.addGroup(t, "Team", u), s.now().Add(time.Hour)
	must(t, "AddMemberByHand", s.AddMemberByHand(string(g), string(boss), googlesim.Owner, "boss"))
	err := p.SetExpiry(t.Context(), g, u, soon)
	wantKind(t, "in a plain edition", err, idp.NotGovernable)
	if !strings.Contains(err.Error(), "edition") {
		t.Errorf("the error does not say why: %v", err)
	}
	wantKind(t, "of an owner", p.SetExpiry(t.Context(), g, boss, soon), idp.NotGovernable)
	end, err := p.Expiry(t.Context(), g, boss)
	if !end.IsZero() || err != nil {
		t.Errorf("an owner ends at %v, %v", end, err)
	}
	wantKind(t, "in a dynamic group", p.SetExpiry(t.Context(), "0dynamic0000001", u, soon), idp.NotGovernable)
	wantKind(t, "in no group", p.SetExpiry(t.Context(), "0nothing0000001", u, soon), idp.GroupNotFound)
	wantKind(t, "for an address", p.SetExpiry(t.Context(), g, "ada@suite.example", soon), idp.UserNotFound)

	rich := start(t, nil)
	v := person(t, rich, "ada@suite.example")
	h := rich.addGroup(t, "Team", v)
	wantKind(t, "in the past", rich.provider(t, nil).SetExpiry(t.Context(), h, v, rich.now().Add(-time.Hour)), idp.Invalid)
}

// TestExpiryIsConfirmed proves that an answer without the wanted end is no success.
func TestExpiryIsConfirmed(t *testing.T) {
	t.Parallel()
	for _, kind := range []googlesim.FaultKind{googlesim.LostAnswer, googlesim.Truncated, googlesim.WrongTypes, googlesim.Error502HTML} {
		s := start(t, nil)
		p, u := s.provider(t, nil), person(t, s, "ada@suite.example")
		g := s.addGroup(t, "Team", u)
		s.Inject(googlesim.Fault{Name: "identity.membership.modify", Kind: kind, Times: 1})
		wantKind(t, string(kind), p.SetExpiry(t.Context(), g, u, s.now().Add(time.Hour)), idp.Unavailable)
		must(t, "SetExpiry again", p.SetExpiry(t.Context(), g, u, s.now().Add(time.Hour)))
	}
}

// TestExpiryOfANewMembership proves that a membership which one API shows and the other does not yet is a matter of time.
func TestExpiryOfANewMembership(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	p, u := s.provider(t, nil), person(t, s, "ada@suite.example")
	g := s.addGroup(t, "Team", u)
	s.Inject(googlesim.Fault{Name: "identity.membership.lookup", Kind: googlesim.Gone, Times: 1})
	wantKind(t, "SetExpiry", p.SetExpiry(t.Context(), g, u, s.now().Add(time.Hour)), idp.Unavailable)
	must(t, "SetExpiry again", p.SetExpiry(t.Context(), g, u, s.now().Add(time.Hour)))
}
