package google_test

import (
	"encoding/json"
	"strings"
	"testing"

	"usher/idp"
	"usher/idp/idptest"
	"usher/sandbox/googlesim"
)

func person(t *testing.T, s *sim, email string) idp.UserID {
	t.Helper()
	return s.addUser(t, idptest.Person{Email: email, First: "Ada", Last: "Byron"})
}

func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func wantKind(t *testing.T, what string, err error, want idp.Kind) {
	t.Helper()
	if got := idp.KindOf(err); got != want {
		t.Fatalf("%s: kind %q (%v), want %q", what, got, err, want)
	}
}

func TestOwnersAndManagersAreNotRemoved(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	p := s.provider(t, nil)
	for _, role := range []string{googlesim.Owner, googlesim.Manager} {
		u, g := person(t, s, strings.ToLower(role)+"@suite.example"), s.addGroup(t, "Team "+role)
		must(t, "AddMemberByHand", s.AddMemberByHand(string(g), string(u), role, "boss"))
		err := p.RemoveMember(idp.WithPriority(t.Context(), idp.Removal), g, u)
		wantKind(t, "RemoveMember of "+role, err, idp.NotGovernable)
		if !strings.Contains(err.Error(), strings.ToLower(role)) {
			t.Errorf("the error does not say the role: %v", err)
		}
		if got, _, found := s.Membership(string(g), string(u)); !found || got != role {
			t.Fatalf("the membership is %q, %v", got, found)
		}
	}
}

func TestAddingKeepsAHigherRole(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	p, u := s.provider(t, nil), person(t, s, "ada@suite.example")
	g := s.addGroup(t, "Team")
	must(t, "AddMemberByHand", s.AddMemberByHand(string(g), string(u), googlesim.Manager, "boss"))
	must(t, "AddMember", p.AddMember(t.Context(), g, u))
	if role, _, _ := s.Membership(string(g), string(u)); role != googlesim.Manager {
		t.Fatalf("the role is %q now", role)
	}
	if !strings.Contains(s.logs.String(), `"member has a higher role"`) || !strings.Contains(s.logs.String(), googlesim.Manager) {
		t.Fatal("the log does not tell of the role")
	}
}

// TestMembersAreAddedByID guards the line between people and addresses: an address that is nobody's would be taken in as a
// guest from outside.
func TestMembersAreAddedByID(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	p, u := s.provider(t, nil), person(t, s, "ada@suite.example")
	g := s.addGroup(t, "Team")
	must(t, "AddMember", p.AddMember(t.Context(), g, u))
	inserts := 0
	for _, c := range s.Calls() {
		if c.Name != "member.insert" {
			continue
		}
		inserts++
		var body map[string]string
		if err := json.Unmarshal([]byte(c.Body), &body); err != nil {
			t.Fatal(err)
		}
		if len(body) != 2 || body["id"] != string(u) || body["role"] != googlesim.Member {
			t.Errorf("the body is %s", c.Body)
		}
	}
	if inserts != 1 {
		t.Fatalf("%d inserts", inserts)
	}
}

func TestAccessThroughAnotherGroupIsTold(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	p, u := s.provider(t, nil), person(t, s, "ada@suite.example")
	outer, middle, inner := s.addGroup(t, "Outer", u), s.addGroup(t, "Middle"), s.addGroup(t, "Inner", u)
	must(t, "nest", s.AddMemberByHand(string(outer), string(middle), googlesim.Member, "boss"))
	must(t, "nest", s.AddMemberByHand(string(middle), string(inner), googlesim.Member, "boss"))
	removal := idp.WithPriority(t.Context(), idp.Removal)
	must(t, "RemoveMember", p.RemoveMember(removal, outer, u))
	is, err := p.IsMember(removal, outer, u)
	wantKind(t, "IsMember", err, idp.NotGovernable)
	if is || !strings.Contains(err.Error(), "another group") {
		t.Fatalf("got %v, %v", is, err)
	}
	is, err = p.IsMember(t.Context(), outer, u)
	if is || err != nil {
		t.Fatalf("an ordinary read is about direct memberships, got %v, %v", is, err)
	}
	must(t, "leave", s.RemoveMemberByHand(string(inner), string(u), "boss"))
	is, err = p.IsMember(removal, outer, u)
	if is || err != nil {
		t.Fatalf("got %v, %v", is, err)
	}
}

func TestGroupsInsideAGroupAreNoPeople(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	p, u := s.provider(t, nil), person(t, s, "ada@suite.example")
	g, inner := s.addGroup(t, "Team", u), s.addGroup(t, "Inner")
	must(t, "nest", s.AddMemberByHand(string(g), string(inner), googlesim.Member, "boss"))
	members, err := p.Members(t.Context(), g)
	must(t, "Members", err)
	if len(members) != 1 || members[0].ID != u || members[0].Status != idp.Active {
		t.Fatalf("got %+v", members)
	}
}

// TestGroupThatChangedItsKind proves that a refusal is looked into although the group was judged well before.
func TestGroupThatChangedItsKind(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(*googlesim.Group){
		"query": func(g *googlesim.Group) { g.Dynamic = true }, "locked": func(g *googlesim.Group) { g.Locked = true },
	} {
		s := start(t, func(c *googlesim.Config) { c.Users[0].Admin = googlesim.GroupsAdmin })
		p, one, two := s.provider(t, nil), person(t, s, "one@suite.example"), person(t, s, "two@suite.example")
		g := s.addGroup(t, "Team")
		must(t, "AddMember", p.AddMember(t.Context(), g, one))
		must(t, "SetGroup", s.SetGroup(string(g), change))
		err := p.AddMember(t.Context(), g, two)
		wantKind(t, "AddMember", err, idp.NotGovernable)
		if !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestSecurityGroupsAreGoverned(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	p, u := s.provider(t, nil), person(t, s, "ada@suite.example")
	g := s.addGroup(t, "Team")
	must(t, "SetGroup", s.SetGroup(string(g), func(g *googlesim.Group) { g.Security = true }))
	must(t, "AddMember", p.AddMember(t.Context(), g, u))
}
