package entra_test

import (
	"testing"
	"time"

	"usher/idp"
	"usher/idp/entra"
	"usher/idp/idptest"
	"usher/sandbox/graphsim"
)

func TestARemovalNeverDeletesThePerson(t *testing.T) {
	t.Parallel()
	s := start(t, false, func(c *graphsim.Config) { c.Clients[0].Roles = append(leastRoles(), graphsim.UserReadWrite) })
	u := s.person(t, "ada@suite.example")
	g := s.team(t, u)
	must(t, s.provider(t, entra.Config{}).RemoveMember(t.Context(), g, u))
	if _, there := s.User(string(u)); !there || s.has(g, u) {
		t.Fatal("THE REMOVAL DELETED THE PERSON OR LEFT THE MEMBERSHIP. Look at the /$ref in membershipPath")
	}
	if got, _ := s.User(string(u)); !got.Deleted.IsZero() {
		t.Fatal("THE REMOVAL DELETED THE PERSON. Look at the /$ref in membershipPath")
	}
	if n := s.count(func(c graphsim.Call) bool { return c.Name == "group.member.delete" }); n != 0 {
		t.Fatalf("%d calls without /$ref", n)
	}
}

func TestFindUserLooksAtEveryAddress(t *testing.T) {
	t.Parallel()
	s := start(t, false, nil)
	p := s.provider(t, entra.Config{})
	id, err := s.CreateUser(graphsim.User{
		UserPrincipalName: "ada@login.example", Mail: "ada.byron@suite.example",
		ProxyAddresses: []string{"SMTP:ada.byron@suite.example", "smtp:countess@suite.example", "sip:phone@suite.example", "x500:/o=old"},
	})
	must(t, err)
	for _, address := range []string{"ada@login.example", "ADA.BYRON@suite.example", "Countess@Suite.Example"} {
		u, err := p.FindUser(t.Context(), address)
		if err != nil || u.ID != idp.UserID(id) {
			t.Errorf("%s: %s, %v", address, u.ID, err)
		}
	}
	for _, address := range []string{"phone@suite.example", "byron@suite.example", "o'hara@suite.example", "x') or proxyAddresses/any(p:p eq 'smtp:ada.byron@suite.example"} {
		_, err := p.FindUser(t.Context(), address)
		wantKind(t, err, idp.UserNotFound)
	}
	quoted := s.person(t, "o'brien@suite.example")
	if u, err := p.FindUser(t.Context(), "O'Brien@suite.example"); err != nil || u.ID != quoted {
		t.Errorf("an address with a quote: %s, %v", u.ID, err)
	}
	// Somebody else's name is this person's alias.
	s.addUser(t, idptest.Person{Login: "countess@suite.example", Email: "other@suite.example"})
	_, err = p.FindUser(t.Context(), "countess@suite.example")
	wantKind(t, err, idp.Ambiguous)
}

func TestDeletedAndBlockedAccounts(t *testing.T) {
	t.Parallel()
	s := start(t, false, nil)
	p := s.provider(t, entra.Config{})
	u := s.person(t, "ada@suite.example")
	must(t, s.SetEnabled(string(u), false))
	got, err := p.User(t.Context(), u)
	if err != nil || got.Status != idp.Inactive || got.StatusDetail != "blocked" {
		t.Fatalf("%+v, %v", got, err)
	}
	must(t, s.Server.DeleteUser(string(u)))
	got, err = p.User(t.Context(), u)
	if err != nil || got.Status != idp.Departed || got.Login != "ada@suite.example" || got.Email != "ada@suite.example" {
		t.Fatalf("%+v, %v", got, err)
	}
	must(t, s.PurgeUser(string(u)))
	_, err = p.User(t.Context(), u)
	wantKind(t, err, idp.UserNotFound)
}

func TestLastSignInIsOptional(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*graphsim.Config)
		ask    bool
		known  bool
	}{
		{"asked for", func(*graphsim.Config) {}, true, true},
		{"not asked for", func(*graphsim.Config) {}, false, false},
		{"no license", func(c *graphsim.Config) { c.NoPremium = true }, true, false},
		{"no right", func(c *graphsim.Config) { c.Clients[0].Roles = []string{graphsim.UserRead} }, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, false, c.change)
			p := s.provider(t, entra.Config{SignInActivity: c.ask})
			u, at := s.person(t, "ada@suite.example"), s.now().Add(-48*time.Hour).Truncate(time.Second)
			must(t, s.SignIn(string(u), appOne, at, 0))
			must(t, s.SignIn(string(u), appOne, at.Add(time.Hour), 50126))
			got, err := p.User(t.Context(), u)
			if err != nil || got.LastLogin.IsZero() == c.known || (c.known && !got.LastLogin.Equal(at)) {
				t.Fatalf("last login %v, %v", got.LastLogin, err)
			}
		})
	}
}

func TestLastUseWithoutALicenseIsForbidden(t *testing.T) {
	t.Parallel()
	s := start(t, false, func(c *graphsim.Config) { c.NoPremium = true })
	_, err := s.provider(t, entra.Config{}).LastUse(t.Context(), appOne, s.person(t, "ada@suite.example"), time.Time{})
	wantKind(t, err, idp.Forbidden)
}

func TestMembersAreThePeopleOfTheGroup(t *testing.T) {
	t.Parallel()
	s := start(t, false, nil)
	u, inner := s.person(t, "ada@suite.example"), s.person(t, "inner@suite.example")
	nested := s.team(t, inner)
	g := s.addGroup(t, graphsim.Group{DisplayName: "Outer", Nested: []string{string(nested)}}, u)
	p := s.provider(t, entra.Config{})
	members, err := p.Members(t.Context(), g)
	if err != nil || len(members) != 1 || members[0].ID != u || members[0].Status != idp.Active {
		t.Fatalf("members %v, %v", members, err)
	}
	if is, err := p.IsMember(t.Context(), g, inner); is || err != nil {
		t.Fatalf("a nested membership counts: %v, %v", is, err)
	}
}

func TestGuestsCarryTheirKind(t *testing.T) {
	t.Parallel()
	s := start(t, false, nil)
	id, err := s.CreateUser(graphsim.User{UserPrincipalName: "x_mail.example#EXT#@suite.example", Mail: "x@mail.example", UserType: "Guest", EmployeeType: "Contractor"})
	must(t, err)
	u, err := s.provider(t, entra.Config{}).FindUser(t.Context(), "x@mail.example")
	if err != nil || u.ID != idp.UserID(id) || u.Attributes["userType"] != "Guest" || u.Attributes["employeeType"] != "Contractor" {
		t.Fatalf("%+v, %v", u, err)
	}
}
