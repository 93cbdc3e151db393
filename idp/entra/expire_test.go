package entra_test

import (
	"strings"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/entra"
	"usher/sandbox/graphsim"
)

func TestEntraEndsAMembershipByItself(t *testing.T) {
	t.Parallel()
	s := start(t, false, nil)
	p, u := s.provider(t, entra.Config{}), s.person(t, "ada@suite.example")
	g := s.team(t)
	must(t, p.AddMember(t.Context(), g, u))
	wantExpiry(t, p, g, u, time.Time{})
	first := s.now().Add(2 * time.Hour).UTC().Truncate(time.Second)
	// The first call brings the group under PIM, the others move the end either way, the zero time takes it away.
	for _, at := range []time.Time{first, first.Add(24 * time.Hour), {}, first.Add(time.Hour), first} {
		must(t, p.SetExpiry(t.Context(), g, u, at))
		wantExpiry(t, p, g, u, at)
		if got := s.Server.Expiry(string(g), string(u)); !got.Equal(at) {
			t.Fatalf("the tenant ends it at %v, want %v", got, at)
		}
	}
	s.offset.Add(int64(2*time.Hour + time.Minute))
	if is, err := p.IsMember(t.Context(), g, u); is || err != nil {
		t.Fatalf("after the end: member %v, %v", is, err)
	}
	must(t, p.RemoveMember(t.Context(), g, u))
	wantExpiry(t, p, g, u, time.Time{})
}

func wantExpiry(t *testing.T, p *entra.Provider, g idp.GroupID, u idp.UserID, want time.Time) {
	t.Helper()
	got, err := p.Expiry(t.Context(), g, u)
	if err != nil || !got.Equal(want) {
		t.Fatalf("expiry %v, %v; want %v", got, err, want)
	}
}

func TestAnEndWithinFiveMinutesIsTheEarliestThatPIMAllows(t *testing.T) {
	t.Parallel()
	s := start(t, false, nil)
	p, u := s.provider(t, entra.Config{}), s.person(t, "ada@suite.example")
	g := s.team(t, u)
	for _, at := range []time.Time{s.now().Add(time.Minute), s.now().Add(-time.Hour)} {
		must(t, p.SetExpiry(t.Context(), g, u, at))
		got, err := p.Expiry(t.Context(), g, u)
		if wait := got.Sub(s.now()); err != nil || wait < 5*time.Minute || wait > 6*time.Minute {
			t.Fatalf("ends in %v, %v", wait, err)
		}
	}
}

func TestSetExpiryMakesNoMembership(t *testing.T) {
	t.Parallel()
	s := start(t, false, nil)
	p, u, other := s.provider(t, entra.Config{}), s.person(t, "ada@suite.example"), s.person(t, "bob@suite.example")
	g, empty := s.team(t, other), s.team(t)
	must(t, p.SetExpiry(t.Context(), g, other, s.now().Add(time.Hour)))
	for _, group := range []idp.GroupID{g, empty} {
		for _, at := range []time.Time{s.now().Add(time.Hour), {}} {
			wantKind(t, p.SetExpiry(t.Context(), group, u, at), idp.UserNotFound)
			if s.has(group, u) {
				t.Fatal("it made a membership")
			}
		}
	}
	must(t, p.SetExpiry(t.Context(), s.team(t, u), u, time.Time{})) // a member without end whom PIM does not know
}

func TestExpiryIsRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	s := start(t, false, func(c *graphsim.Config) { c.NoGovernance = true })
	p, u := s.provider(t, entra.Config{}), s.person(t, "ada@suite.example")
	g := s.team(t, u)
	err := p.SetExpiry(t.Context(), g, u, s.now().Add(time.Hour))
	wantKind(t, err, idp.NotGovernable)
	if !strings.Contains(err.Error(), "P2 or Governance license") {
		t.Errorf("the reason is lost: %v", err)
	}
	_, err = p.Expiry(t.Context(), g, u)
	wantKind(t, err, idp.NotGovernable)
	for what, group := range s.ungovernable(t) {
		if err := p.SetExpiry(t.Context(), group, u, s.now().Add(time.Hour)); idp.KindOf(err) != idp.NotGovernable {
			t.Errorf("%s: %v", what, err)
		}
	}
	without := s.another(t, func(c *graphsim.Config) {
		c.NoGovernance, c.Clients[0].Roles = false, []string{graphsim.GroupMemberWrite, graphsim.UserRead}
	})
	v := without.person(t, "ada@suite.example")
	wantKind(t, without.provider(t, entra.Config{}).SetExpiry(t.Context(), without.team(t, v), v, s.now().Add(time.Hour)), idp.Forbidden)
}

func TestExpiryInTrouble(t *testing.T) {
	t.Parallel()
	s := start(t, false, nil)
	p, u := s.provider(t, entra.Config{}), s.person(t, "ada@suite.example")
	g := s.team(t, u)
	for kind, want := range map[graphsim.FaultKind]idp.Kind{
		graphsim.Down: idp.Unavailable, graphsim.LostAnswer: idp.Unavailable, graphsim.Error500: idp.Unavailable, graphsim.Truncated: idp.Unavailable,
		graphsim.WrongTypes: idp.Unavailable, graphsim.Forbidden: idp.Forbidden, graphsim.Unauthorized: idp.Unauthorized,
	} {
		s.Inject(graphsim.Fault{Name: "pim.request", Kind: kind, Times: 2})
		err := p.SetExpiry(t.Context(), g, u, s.now().Add(time.Hour))
		s.ClearFaults()
		if got := idp.KindOf(err); got != want {
			t.Errorf("%s: %s (%v), want %s", kind, got, err, want)
		}
	}
	must(t, p.SetExpiry(t.Context(), g, u, s.now().Add(time.Hour)))
	wantKind(t, p.SetExpiry(t.Context(), "no-id", u, time.Time{}), idp.GroupNotFound)
	_, err := p.Expiry(t.Context(), g, "no-id")
	wantKind(t, err, idp.UserNotFound)
}
