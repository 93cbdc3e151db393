package ldap_test

import (
	"slices"
	"strings"
	"testing"

	vendor "github.com/go-ldap/ldap/v3"

	"usher/idp"
	"usher/idp/idptest"
	"usher/idp/ldap"
)

// These are the answers of a real slapd to accounts that may not do everything.

func TestAGroupThatTheAccountMayNotChange(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		u := s.person(t, "pat")
		g := s.addGroup(t, "Team", u)
		s.change(t, s.dn(string(g)), set("description", "closed"))
		p := s.provider(t, nil)
		wantKind(t, "RemoveMember", p.RemoveMember(t.Context(), g, u), idp.Forbidden)
		wantKind(t, "AddMember", p.AddMember(t.Context(), g, s.person(t, "kim")), idp.Forbidden)
		s.wantMember(t, p, g, u, true)
	})
}

func TestCheckFindsTheMissingRight(t *testing.T) {
	t.Parallel()
	s := newSite(t, names())
	s.addGroup(t, "Team")
	for account, want := range map[string]bool{robotName: true, readerName: false} {
		_, _, before := s.proxy.counts()
		p := s.provider(t, func(c *ldap.Config) { c.BindDN, c.Placeholder = account+","+s.suffix, s.placeholder() })
		findings := p.Check(t.Context())
		i := slices.IndexFunc(findings, func(f idp.Finding) bool { return f.Subject == "right to change members" })
		if i < 0 || findings[i].OK != want || (findings[i].Fix == "") != want {
			t.Errorf("%s: %+v", account, findings)
		}
		if _, _, after := s.proxy.counts(); after != before {
			t.Errorf("%s: the check changed something", account)
		}
	}
}

func TestAWrongBaseIsNotAnEmptyDirectory(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		u, g := s.person(t, "pat"), s.addGroup(t, "Team")
		p := s.provider(t, func(c *ldap.Config) { c.BaseDN = "ou=nowhere," + s.base })
		_, err := p.User(t.Context(), u)
		wantKind(t, "User", err, idp.Forbidden)
		_, err = p.FindUser(t.Context(), "pat@suite.example")
		wantKind(t, "FindUser", err, idp.Forbidden)
		_, err = p.Group(t.Context(), g)
		wantKind(t, "Group", err, idp.Forbidden)
		wantKind(t, "AddMember", p.AddMember(t.Context(), g, u), idp.Forbidden)
		for _, f := range p.Check(t.Context()) {
			if strings.HasPrefix(f.Subject, "right to read") && f.OK {
				t.Errorf("%+v", f)
			}
		}
	})
}

func TestASizeLimitIsAnErrorAndNeverAShortList(t *testing.T) {
	t.Parallel()
	s := newSite(t, names())
	crowd := s.crowd(t, 12)
	g := s.group(t, "Team", crowd)
	u := s.idAt(t, crowd[0])
	for range 8 {
		s.group(t, "Many"+string(rune('a'+s.made.Add(1))), crowd[:1])
	}
	p := s.provider(t, func(c *ldap.Config) { c.BindDN = limitedName + "," + s.suffix })
	members, err := p.Members(t.Context(), g)
	wantKind(t, "Members", err, idp.Forbidden)
	groups, other := p.UserGroups(t.Context(), idp.UserID(u))
	wantKind(t, "UserGroups", other, idp.Forbidden)
	found := 0
	err = p.Discover(t.Context(), func(idp.Discovered) error { found++; return nil })
	wantKind(t, "Discover", err, idp.Forbidden)
	if len(members) != 0 || len(groups) != 0 || found > 5 {
		t.Fatalf("%d members, %d groups, %d discovered", len(members), len(groups), found)
	}
	if !s.proxy.saw(vendor.LDAPResultSizeLimitExceeded) {
		t.Error("slapd never spoke of a size limit, so this test proves nothing")
	}
}

func TestAReadOnlyDatabase(t *testing.T) {
	t.Parallel()
	s := newSite(t, names())
	frozen := s.slapd.admin(t, frozenSuffix)
	id := func(dn string) string {
		found, err := frozen.Search(vendor.NewSearchRequest(dn, vendor.ScopeBaseObject, 0, 0, 0, false, "(objectClass=*)", []string{"entryUUID"}, nil))
		must(t, "read "+dn, err)
		return found.Entries[0].GetAttributeValue("entryUUID")
	}
	p := s.provider(t, func(c *ldap.Config) { c.BaseDN, c.BindDN = frozenSuffix, robotName+","+frozenSuffix })
	g, u := idp.GroupID(id("cn=Frozen,"+frozenSuffix)), idp.UserID(id("uid=ice,"+frozenSuffix))
	err := p.AddMember(t.Context(), g, u)
	wantKind(t, "AddMember", err, idp.Unavailable)
	if !strings.Contains(err.Error(), "read-only") {
		t.Errorf("%v does not say what is wrong", err)
	}
	is, err := p.IsMember(t.Context(), g, u)
	must(t, "IsMember", err)
	if is {
		t.Fatal("the member was added")
	}
}

func TestAPartOfTheTreeOnAnotherServerIsAnError(t *testing.T) {
	t.Parallel()
	s := newSite(t, names())
	p, u, g := s.provider(t, nil), s.person(t, "pat"), s.addGroup(t, "Team")
	s.add(t, "ou=elsewhere,"+s.base, map[string][]string{"objectClass": {"referral", "extensibleObject"}, "ref": {"ldap://evil.example/ou=elsewhere"}})
	_, err := p.FindUser(t.Context(), "pat@suite.example")
	wantKind(t, "FindUser", err, idp.Forbidden)
	_, err = p.UserGroups(t.Context(), u)
	wantKind(t, "UserGroups", err, idp.Forbidden)
	wantKind(t, "AddMember", p.AddMember(t.Context(), g, u), idp.Forbidden)
	narrow := s.provider(t, func(c *ldap.Config) { c.UserBase, c.GroupBase = "ou=people,"+s.base, "ou=groups,"+s.base })
	_, err = narrow.FindUser(t.Context(), "pat@suite.example")
	must(t, "FindUser below a narrower base", err)
}

func TestAccountsThatHaveLeftByTheCompanysOwnMark(t *testing.T) {
	t.Parallel()
	s := newSite(t, names())
	p := s.provider(t, func(c *ldap.Config) { c.DisabledFilter = "(|(employeeType=LEFT)(!(mail=*)))" })
	u := s.person(t, "pat")
	for mark, want := range map[string]idp.UserStatus{"here": idp.Active, "left": idp.Departed, "Left ": idp.Departed} {
		s.change(t, s.dn(string(u)), set("employeeType", mark))
		got, err := p.User(t.Context(), u)
		must(t, "User", err)
		if got.Status != want || got.StatusDetail == "" {
			t.Errorf("%q: %s (%s), want %s", mark, got.Status, got.StatusDetail, want)
		}
	}
}

func TestManagerByName(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		p := s.provider(t, func(c *ldap.Config) { c.ManagerAttribute, c.UserBase = "manager", "ou=people,"+s.base })
		boss, u := s.person(t, "boss"), s.person(t, "pat")
		find := func() (idp.User, error) { return p.Manager(t.Context(), u) }
		_, err := find()
		wantKind(t, "Manager of who has none", err, idp.UserNotFound)
		s.change(t, s.dn(string(u)), set("manager", s.dn(string(boss))))
		got, err := find()
		must(t, "Manager", err)
		if got.ID != boss || got.Login != "boss" {
			t.Fatalf("the manager is %+v", got)
		}
		for what, dn := range map[string]string{
			"nobody": "cn=gone,ou=people," + s.base, "somebody outside": robotName + "," + s.suffix, "a group": s.dn(string(s.addGroup(t, "Team"))), "a unit": "ou=people," + s.base,
		} {
			s.change(t, s.dn(string(u)), set("manager", dn))
			_, err := find()
			wantKind(t, "Manager that is "+what, err, idp.UserNotFound)
		}
	})
}

func TestDiscover(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		p, owner, u := s.provider(t, func(c *ldap.Config) { c.PageSize = 10 }), s.person(t, "owner"), s.person(t, "pat")
		for i := range 24 {
			s.addGroup(t, "Many "+string(rune('a'+i)))
		}
		g := s.addGroup(t, "Team", u, owner)
		attribute := "owner"
		if s.schema == ldap.ActiveDirectory {
			attribute = "managedBy"
		}
		s.change(t, s.dn(string(g)), set(attribute, s.dn(string(owner))), set("description", "Those who ship"))
		refused := s.ungovernable(t)
		seen := map[idp.GroupID]idp.Discovered{}
		must(t, "Discover", p.Discover(t.Context(), func(d idp.Discovered) error { seen[d.ID] = d; return nil }))
		if len(seen) != 25+len(refused) {
			t.Errorf("found %d groups, want %d", len(seen), 25+len(refused))
		}
		team := seen[g]
		if team.Name != "Team" || team.Description != "Those who ship" || team.Members != 2 || len(team.Owners) != 1 || team.Owners[0].ID != owner || team.Refusal != "" {
			t.Errorf("found %+v", team)
		}
		for what, id := range refused {
			if seen[id].Refusal == "" {
				t.Errorf("%s is not refused", what)
			}
		}
	})
}

func TestDiscoverEndsWithTheFirstErrorOfItsCaller(t *testing.T) {
	t.Parallel()
	s := newSite(t, names())
	p := s.provider(t, func(c *ldap.Config) { c.PageSize = 10 })
	for i := range 25 {
		s.addGroup(t, "Many "+string(rune('a'+i)))
	}
	calls := 0
	err := p.Discover(t.Context(), func(idp.Discovered) error {
		if calls++; calls == 3 {
			return errStop
		}
		return nil
	})
	if err != errStop || calls != 3 { //nolint:errorlint // the very same error is promised
		t.Fatalf("%d calls and error %v", calls, err)
	}
	s.proxy.inject(idptest.Fault{Kind: idptest.CutBefore, On: idptest.Reads, Skip: 1})
	calls = 0
	wantKind(t, "Discover", p.Discover(t.Context(), func(idp.Discovered) error { calls++; return nil }), idp.Unavailable)
	if calls != 10 {
		t.Fatalf("%d groups were told, want one page", calls)
	}
}

var errStop = errEnough{}

type errEnough struct{}

func (errEnough) Error() string { return "enough" }

func TestAnEntryThatHidesItsIDIsNobody(t *testing.T) {
	t.Parallel()
	s := newSite(t, names())
	u, g := s.person(t, "pat"), s.addGroup(t, "Team")
	// To this schema the entries of OpenLDAP have no ids.
	p := s.provider(t, func(c *ldap.Config) {
		c.Schema, c.UserFilter, c.LoginAttribute = ldap.ActiveDirectory, "(objectClass=inetOrgPerson)", ""
	})
	_, err := p.FindUser(t.Context(), "pat@suite.example")
	wantKind(t, "FindUser", err, idp.Forbidden)
	if !strings.Contains(err.Error(), "objectGUID") {
		t.Errorf("%v does not name the attribute", err)
	}
	wantKind(t, "AddMember", p.AddMember(t.Context(), g, u), idp.GroupNotFound)
	wrong := 0
	for _, f := range p.Check(t.Context()) {
		if !f.OK {
			wrong++
		}
	}
	if wrong < 2 {
		t.Errorf("%d findings, want the schema and the ids", wrong)
	}
}

func TestFurtherAttributesAndNames(t *testing.T) {
	t.Parallel()
	s := newSite(t, names())
	p := s.provider(t, func(c *ldap.Config) {
		c.Attributes = []string{"telephoneNumber", "employeeNumber", "o"}
		c.DepartmentAttribute, c.LoginAttribute = "ou", "employeeNumber"
	})
	u := s.person(t, "pat")
	s.change(t, s.dn(string(u)), set("telephoneNumber", "1", "2"), set("employeeNumber", "E7"), set("ou", "Engines"), set("displayName", "Pat the First"))
	got, err := p.User(t.Context(), u)
	must(t, "User", err)
	if got.Attributes["telephoneNumber"] != "1; 2" || got.Attributes["employeeNumber"] != "E7" || len(got.Attributes) != 2 ||
		got.Department != "Engines" || got.Login != "E7" || got.Name != "Pat the First" {
		t.Fatalf("got %+v", got)
	}
	s.change(t, s.dn(string(u)), set("displayName"), set("givenName"))
	got, err = p.User(t.Context(), u)
	must(t, "User", err)
	if got.Name != "Pat Suite" {
		t.Fatalf("the name is %q", got.Name)
	}
}
