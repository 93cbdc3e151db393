package ldap_test

import (
	"strconv"
	"strings"
	"testing"

	"usher/idp"
	"usher/idp/ldap"
)

func itoa(i int) string { return strconv.Itoa(i) }

// TestPrimaryGroup is about the one group of Active Directory in which people are without being listed.
func TestPrimaryGroup(t *testing.T) {
	t.Parallel()
	s := newSite(t, windows())
	p, u, other := s.provider(t, nil), s.person(t, "pat"), s.person(t, "kim")
	g := s.addGroup(t, "Primary", other)
	sid := s.values(s.dn(string(g)), "objectSid")[0]
	rid := uint32(sid[24]) | uint32(sid[25])<<8 | uint32(sid[26])<<16 | uint32(sid[27])<<24
	s.change(t, s.dn(string(u)), set("primaryGroupID", strconv.FormatUint(uint64(rid), 10)))

	is, err := p.IsMember(t.Context(), g, u)
	must(t, "IsMember", err)
	groups, err := p.UserGroups(t.Context(), u)
	must(t, "UserGroups", err)
	members, err := p.Members(t.Context(), g)
	must(t, "Members", err)
	if !is || len(groups) != 1 || groups[0].ID != g || len(members) != 2 {
		t.Fatalf("IsMember %v, groups %+v, members %+v", is, groups, members)
	}
	must(t, "AddMember", p.AddMember(t.Context(), g, u))
	if _, _, changes := s.proxy.counts(); changes != 0 {
		t.Fatal("a member by the primary group was added to the list")
	}
	wantKind(t, "RemoveMember", p.RemoveMember(t.Context(), g, u), idp.NotGovernable)
	must(t, "RemoveMember of somebody who is listed", p.RemoveMember(t.Context(), g, other))
	s.wantMemberGone(t, g, other)
}

// TestRepeatedChangesOfAController sees that the codes of a controller for what is so already were met.
func TestRepeatedChangesOfAController(t *testing.T) {
	t.Parallel()
	s := newSite(t, windows())
	p, u, g := s.provider(t, nil), s.person(t, "pat"), s.addGroup(t, "Team")
	for range 2 {
		must(t, "AddMember", p.AddMember(t.Context(), g, u))
	}
	s.wantMember(t, p, g, u, true)
	for range 2 {
		must(t, "RemoveMember", p.RemoveMember(t.Context(), g, u))
	}
	s.wantMember(t, p, g, u, false)
	if !s.proxy.saw(20) || !s.proxy.saw(16) {
		t.Fatal("slapd never said that it was so already, so this test proves nothing")
	}
}

// TestCheckAsksTheControllerWhatMayBeWritten is about the attribute that a controller computes; nothing is tried out.
func TestCheckAsksTheControllerWhatMayBeWritten(t *testing.T) {
	t.Parallel()
	for _, locked := range []bool{false, true} {
		s := newSite(t, windows())
		s.proxy.locked = locked
		s.addGroup(t, "Team")
		for _, f := range s.provider(t, nil).Check(t.Context()) {
			if f.OK == (locked && f.Subject == "right to change members") {
				t.Errorf("locked %v: %+v", locked, f)
			}
		}
		if s.proxy.saw(16) {
			t.Error("the check tried a change")
		}
	}
}

// TestCheckSeesWhetherProtectedGroupsCanBeTold has slapd hide the marks from some accounts: for them a protected group is like any
// other.
func TestCheckSeesWhetherProtectedGroupsCanBeTold(t *testing.T) {
	t.Parallel()
	s := newSite(t, windows())
	s.addGroup(t, "Team")
	protected := s.ungovernable(t)["protected"]
	for account, want := range map[string]string{
		robotName:     "",
		blindName:     "Domain Admins shows no isCriticalSystemObject and no adminCount",
		halfBlindName: "Domain Admins shows no adminCount",
		outsiderName:  "Domain Admins cannot be seen",
	} {
		p := s.provider(t, func(c *ldap.Config) { c.BindDN = account + "," + s.suffix })
		told := false
		for _, f := range p.Check(t.Context()) {
			if f.Subject != "marks of protected groups" {
				continue
			}
			told = true
			if f.OK != (want == "") || !strings.Contains(f.Detail, want) || (f.Fix == "") != (want == "") {
				t.Errorf("%s: %+v", account, f)
			}
		}
		if !told {
			t.Errorf("%s: nothing is said", account)
		}
		g, err := p.Group(t.Context(), protected)
		must(t, "Group", err)
		if blind := account == blindName || account == halfBlindName; (g.Refusal == "") != blind {
			t.Errorf("%s: the protected group is refused with %q, so this test proves nothing", account, g.Refusal)
		}
	}
}

// TestCheckWithoutSecurityIdentifiers is about groups of which none may be governed.
func TestCheckWithoutSecurityIdentifiers(t *testing.T) {
	t.Parallel()
	s := newSite(t, windows())
	g := s.addGroup(t, "Team")
	s.change(t, s.dn(string(g)), set("objectSid"))
	for _, f := range s.provider(t, nil).Check(t.Context()) {
		if f.OK == (f.Subject == "marks of protected groups") {
			t.Errorf("%+v", f)
		}
	}
}
