package graphsim_test

import (
	"errors"
	"testing"
	"time"

	"usher/sandbox/graphsim"
)

func TestHandsOfAnAdmin(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	must(t, o.AddMemberByHand(wiki, bob, "admin"))
	must(t, o.RemoveMemberByHand(crm, ada, "admin"))
	if h := o.MemberHistory(wiki); len(h) != 1 || h[0].By != "admin" || len(o.Members(crm)) != 0 {
		t.Errorf("history %+v", h)
	}
	must(t, o.SetName(bob, "robert@suite.example", false))
	must(t, o.SetDepartment(bob, "Sales"))
	must(t, o.SetManager(bob, cyd))
	must(t, o.SetEnabled(cyd, true))
	must(t, o.RenameGroup(wiki, "Wiki 2"))
	must(t, o.SetOwners(wiki, []string{ada}))
	must(t, o.SignIn(bob, appID, time.Date(2026, 5, 31, 0, 0, 0, 0, time.UTC), 0))
	u, _ := o.User(bob)
	if u.UserPrincipalName != "robert@suite.example" || len(u.ProxyAddresses) != 2 || u.Department != "Sales" || u.ManagerID != cyd || u.LastSignIn == nil {
		t.Errorf("%+v", u)
	}
	for _, g := range o.Groups() {
		if g.ID == wiki && (g.DisplayName != "Wiki 2" || len(g.Owners) != 1 || len(g.Members) != 1) {
			t.Errorf("%+v", g)
		}
	}
	must(t, o.DeleteUser(ada))
	if u, there := o.User(ada); !there || u.Deleted.IsZero() || len(o.Users()) != 2 {
		t.Errorf("%+v, %v", u, there)
	}
	must(t, o.RestoreUser(ada))
	if u, _ := o.User(ada); !u.Deleted.IsZero() || u.UserPrincipalName != "ada@suite.example" || len(o.Users()) != 3 {
		t.Errorf("restored: %+v", u)
	}
	must(t, o.DeleteGroup(wiki))
	if o.Members(wiki) != nil || len(o.Groups()) != 2 {
		t.Error("the group is there")
	}
}

func TestHandsAreRefusedAsInThePortal(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	const nobody = "bbbbbbbb-0000-4000-8000-999999999999"
	_, twice := o.CreateUser(graphsim.User{UserPrincipalName: "ADA@suite.example"})
	_, noName := o.CreateGroup(graphsim.Group{})
	for what, c := range map[string]struct{ got, want error }{
		"a member of nowhere":    {o.AddMemberByHand(nobody, ada, "x"), graphsim.ErrNotFound},
		"nobody as a member":     {o.AddMemberByHand(wiki, nobody, "x"), graphsim.ErrNotFound},
		"a dynamic group":        {o.AddMemberByHand(dynamic, bob, "x"), graphsim.ErrRefused},
		"leaving a dynamic one":  {o.RemoveMemberByHand(dynamic, ada, "x"), graphsim.ErrRefused},
		"a name in use":          {o.SetName(bob, "ada@suite.example", true), graphsim.ErrRefused},
		"a person made twice":    {twice, graphsim.ErrRefused},
		"a group without a name": {noName, graphsim.ErrRefused},
		"nobody as a manager":    {o.SetManager(bob, nobody), graphsim.ErrNotFound},
		"nobody purged":          {o.PurgeUser(nobody), graphsim.ErrNotFound},
		"nobody restored":        {o.RestoreUser(bob), graphsim.ErrNotFound},
		"nobody's roles":         {o.SetRoles(nobody), graphsim.ErrNotFound},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", what, c.got, c.want)
		}
	}
}

func TestAContradictionInTheConfigurationIsNamed(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(*graphsim.Config){
		"user id":     func(c *graphsim.Config) { c.Users[0].ID = "ada" },
		"same name":   func(c *graphsim.Config) { c.Users[1].UserPrincipalName = "ADA@suite.example" },
		"manager":     func(c *graphsim.Config) { c.Users[1].ManagerID = crm },
		"group id":    func(c *graphsim.Config) { c.Groups[0].ID = ada },
		"member":      func(c *graphsim.Config) { c.Groups[0].Members = []string{crm} },
		"owner":       func(c *graphsim.Config) { c.Groups[0].Owners = []string{crm} },
		"nested":      func(c *graphsim.Config) { c.Groups[0].Nested = []string{ada} },
		"app":         func(c *graphsim.Config) { c.Apps[0].AppID = "crm" },
		"app group":   func(c *graphsim.Config) { c.Apps[0].Groups = []string{ada} },
		"sign-in":     func(c *graphsim.Config) { c.SignIns[0].User = crm },
		"credentials": func(c *graphsim.Config) { c.Clients[0].Secret = "" },
	} {
		cfg := company(newClock())
		change(&cfg)
		if _, err := graphsim.New(cfg); err == nil {
			t.Errorf("%s passes", what)
		}
	}
}
