package ldap_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	vendor "github.com/go-ldap/ldap/v3"

	"usher/idp"
	"usher/idp/idptest"
	"usher/idp/ldap"
)

func wantKind(t *testing.T, what string, err error, want idp.Kind) {
	t.Helper()
	if got := idp.KindOf(err); got != want {
		t.Fatalf("%s: kind %q (%v), want %q", what, got, err, want)
	}
}

func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func (s *site) wantMember(t *testing.T, p *ldap.Provider, g idp.GroupID, u idp.UserID, want bool) {
	t.Helper()
	is, err := p.IsMember(t.Context(), g, u)
	must(t, "IsMember", err)
	if truth := slices.Contains(s.members(g), u); is != want || truth != want {
		t.Fatalf("IsMember is %v, the truth is %v, want %v", is, truth, want)
	}
}

func (s *site) person(t *testing.T, login string) idp.UserID {
	t.Helper()
	return s.addUser(t, idptest.Person{Login: login, Email: login + "@suite.example", First: "Pat", Last: "Suite"})
}

func flavors() map[string]flavor {
	return map[string]flavor{"groupOfNames": names(), "groupOfUniqueNames": unique(), "Active Directory": windows()}
}

// each runs the case in front of every kind of directory.
func each(t *testing.T, run func(t *testing.T, s *site)) {
	t.Helper()
	for name, f := range flavors() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, newSite(t, f))
		})
	}
}

func TestRequestsOfAChange(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		p, u, g := s.provider(t, nil), s.person(t, "pat"), s.addGroup(t, "Team")
		for what, change := range map[string]func() error{
			"AddMember":    func() error { return p.AddMember(t.Context(), g, u) },
			"RemoveMember": func() error { return p.RemoveMember(t.Context(), g, u) },
		} {
			lookups, others, _ := s.proxy.counts()
			must(t, what, change())
			l, o, _ := s.proxy.counts()
			if l-lookups != 1 || o-others != 1 {
				t.Errorf("%s took %d searches and %d other requests, want one and one", what, l-lookups, o-others)
			}
		}
		if s.proxy.signIns() != 1 {
			t.Errorf("signed in %d times, want once", s.proxy.signIns())
		}
	})
}

func TestRenamedAndMovedEntriesKeepTheirMemberships(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		p, u, g := s.provider(t, nil), s.person(t, "before"), s.addGroup(t, "Before")
		must(t, "AddMember", p.AddMember(t.Context(), g, u))
		s.rename(t, u, "after@suite.example")
		// The overlay that mends the lists works behind the answer.
		for deadline := time.Now().Add(10 * time.Second); len(s.members(g)) == 0; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("slapd did not mend the list")
			}
		}
		s.move(t, s.dn(string(g)), "cn=After", "ou=people,"+s.base)
		s.wantMember(t, p, g, u, true)
		group, err := p.Group(t.Context(), g)
		must(t, "Group", err)
		members, err := p.Members(t.Context(), g)
		must(t, "Members", err)
		groups, err := p.UserGroups(t.Context(), u)
		must(t, "UserGroups", err)
		if group.Name != "After" || len(members) != 1 || members[0].ID != u || len(groups) != 1 || groups[0].ID != g {
			t.Fatalf("group %+v, members %+v, groups %+v", group, members, groups)
		}
		must(t, "RemoveMember", p.RemoveMember(t.Context(), g, u))
		s.wantMember(t, p, g, u, false)
	})
}

func TestGroupRenamedBetweenTheStepsOfAChange(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		p, u, g := s.provider(t, nil), s.person(t, "pat"), s.addGroup(t, "Before")
		s.proxy.meanwhile(func() { s.move(t, s.dn(string(g)), "cn=After", "") })
		must(t, "AddMember", p.AddMember(t.Context(), g, u))
		s.wantMember(t, p, g, u, true)
		s.proxy.meanwhile(func() { s.move(t, s.dn(string(g)), "cn=Later", "") })
		must(t, "RemoveMember", p.RemoveMember(t.Context(), g, u))
		s.wantMember(t, p, g, u, false)
		s.proxy.meanwhile(func() { s.remove(t, s.dn(string(g))) })
		wantKind(t, "AddMember to a group deleted meanwhile", p.AddMember(t.Context(), g, u), idp.GroupNotFound)
	})
}

func TestAnotherEntryUnderAnOldNameIsSomebodyElse(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		p, first, g := s.provider(t, nil), s.person(t, "pat"), s.addGroup(t, "Team")
		must(t, "User", func() error { _, err := p.User(t.Context(), first); return err }())
		old := s.dn(string(first))
		s.rename(t, first, "married@suite.example")
		second := s.person(t, "pat")
		if s.schema == ldap.ActiveDirectory {
			rdn, _, _ := strings.Cut(old, ",")
			s.move(t, s.dn(string(second)), rdn, "")
		}
		if s.dn(string(second)) != old {
			t.Fatalf("the second is called %s, want %s", s.dn(string(second)), old)
		}
		must(t, "AddMember", p.AddMember(t.Context(), g, first))
		s.wantMember(t, p, g, first, true)
		s.wantMember(t, p, g, second, false)
	})
}

func TestLastMemberGivesWayToThePlaceholder(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]flavor{"groupOfNames": names(), "groupOfUniqueNames": unique()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, f)
			p, u := s.provider(t, nil), s.person(t, "pat")
			g := s.bareGroup(t, "Team", []string{s.dn(string(u))})
			for range 2 {
				s.wantMember(t, p, g, u, true)
				must(t, "RemoveMember", p.RemoveMember(t.Context(), g, u))
				s.wantMember(t, p, g, u, false)
				if got := s.values(s.dn(string(g)), s.memberAttribute()); len(got) != 1 || got[0] != s.placeholder() {
					t.Fatalf("the list holds %v", got)
				}
				members, err := p.Members(t.Context(), g)
				must(t, "Members", err)
				if len(members) != 0 {
					t.Fatalf("the placeholder is listed: %+v", members)
				}
				must(t, "RemoveMember again", p.RemoveMember(t.Context(), g, u))
				must(t, "AddMember", p.AddMember(t.Context(), g, u))
			}
			if !s.proxy.saw(vendor.LDAPResultObjectClassViolation) {
				t.Error("slapd never minded the empty group, so this test proves nothing")
			}
		})
	}
}

func TestManyLastMembersAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, names())
	p := s.provider(t, nil)
	var users []idp.UserID
	var dns []string
	for _, login := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		u := s.person(t, login)
		users, dns = append(users, u), append(dns, s.dn(string(u)))
	}
	g := s.bareGroup(t, "Team", dns)
	var all sync.WaitGroup
	for _, u := range users {
		all.Go(func() {
			if err := p.RemoveMember(idp.WithPriority(t.Context(), idp.Removal), g, u); err != nil {
				t.Errorf("RemoveMember: %v", err)
			}
		})
	}
	all.Wait()
	if left := s.members(g); len(left) != 0 {
		t.Fatalf("%d members are left", len(left))
	}
}

func TestWithoutPlaceholderTheLastMemberStays(t *testing.T) {
	t.Parallel()
	s := newSite(t, names())
	p := s.withCertificate(t)
	u := s.person(t, "pat")
	g := s.bareGroup(t, "Team", []string{s.dn(string(u))})
	err := p.RemoveMember(t.Context(), g, u)
	wantKind(t, "RemoveMember", err, idp.NotGovernable)
	if !strings.Contains(err.Error(), "placeholder") {
		t.Errorf("%v does not name the way out", err)
	}
	s.wantMember(t, p, g, u, true)
}

func TestPlaceholderIsNoPerson(t *testing.T) {
	t.Parallel()
	s := newSite(t, names())
	u, other := s.person(t, "nobody"), s.person(t, "pat")
	p := s.provider(t, func(c *ldap.Config) { c.Placeholder = "UID=nobody, ou=people," + s.base })
	g := s.bareGroup(t, "Team", []string{s.dn(string(other)), s.dn(string(u))})
	members, err := p.Members(t.Context(), g)
	must(t, "Members", err)
	if len(members) != 1 || members[0].ID != other {
		t.Fatalf("members are %+v", members)
	}
	is, err := p.IsMember(t.Context(), g, u)
	must(t, "IsMember", err)
	if is {
		t.Fatal("the placeholder is a member")
	}
	wantKind(t, "AddMember", p.AddMember(t.Context(), g, u), idp.UserNotAllowed)
	must(t, "RemoveMember", p.RemoveMember(t.Context(), g, u))
	if n := len(s.values(s.dn(string(g)), "member")); n != 2 {
		t.Fatalf("the list holds %d names, want both", n)
	}
}

func TestNamesWithEveryOddCharacter(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		p := s.provider(t, nil)
		u := s.addUser(t, idptest.Person{Login: `a*(b)\c,"d"+e;<f>=#g ü/`, Email: "odd@suite.example", First: "Odd", Last: "One"})
		g := s.addGroup(t, ` Team (*), "x"+y\z=ü #`)
		if s.schema == ldap.ActiveDirectory {
			s.move(t, s.dn(string(u)), "cn="+vendor.EscapeDN(`a*(b)\c,"d"+e;<f>=#g ü/`), "")
		}
		must(t, "AddMember", p.AddMember(t.Context(), g, u))
		s.wantMember(t, p, g, u, true)
		members, err := p.Members(t.Context(), g)
		must(t, "Members", err)
		groups, err := p.UserGroups(t.Context(), u)
		must(t, "UserGroups", err)
		if len(members) != 1 || members[0].ID != u || len(groups) != 1 || groups[0].ID != g {
			t.Fatalf("members %+v, groups %+v", members, groups)
		}
		must(t, "RemoveMember", p.RemoveMember(t.Context(), g, u))
		s.wantMember(t, p, g, u, false)
	})
}

func TestWhatIsNoPersonIsNotListed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		u, away := s.person(t, "pat"), s.person(t, "away")
		s.move(t, s.dn(string(away)), "cn=away", "ou=groups,"+s.base)
		nested := s.addGroup(t, "Nested", u)
		g := s.group(t, "Team", []string{s.dn(string(u)), s.dn(string(nested)), s.dn(string(away)), "cn=gone,ou=people," + s.base})
		p := s.provider(t, func(c *ldap.Config) { c.UserBase, c.GroupBase = "ou=people,"+s.base, "ou=groups,"+s.base })
		members, err := p.Members(t.Context(), g)
		must(t, "Members", err)
		if len(members) != 1 || members[0].ID != u {
			t.Fatalf("members are %+v", members)
		}
		wantKind(t, "AddMember of a group", p.AddMember(t.Context(), g, idp.UserID(nested)), idp.UserNotFound)
		wantKind(t, "AddMember to a person", p.AddMember(t.Context(), idp.GroupID(u), u), idp.GroupNotFound)
		wantKind(t, "AddMember of somebody elsewhere", p.AddMember(t.Context(), g, away), idp.UserNotFound)
		_, err = p.User(t.Context(), idp.UserID(nested))
		wantKind(t, "User of a group", err, idp.UserNotFound)
		_, err = p.Group(t.Context(), idp.GroupID(u))
		wantKind(t, "Group of a person", err, idp.GroupNotFound)
	})
}
