package ldap_test

import (
	"testing"

	vendor "github.com/go-ldap/ldap/v3"

	"usher/idp"
	"usher/idp/ldap"
)

// TestAVeryLargeGroupIsListedWhole reads 25,000 members, as groupOfNames and through a controller that gives them in ranges.
func TestAVeryLargeGroupIsListedWhole(t *testing.T) {
	t.Parallel()
	s := newSite(t, names())
	found, err := s.slapd.admin(t, bigSuffix).Search(vendor.NewSearchRequest("cn=Big,"+bigSuffix, vendor.ScopeBaseObject, 0, 0, 0, false, "(objectClass=*)", []string{"entryUUID"}, nil))
	must(t, "find the large group", err)
	g := idp.GroupID(found.Entries[0].GetAttributeValue("entryUUID"))
	p := s.provider(t, func(c *ldap.Config) { c.BaseDN, c.BindDN = bigSuffix, robotName+","+bigSuffix })
	members, err := p.Members(t.Context(), g)
	must(t, "Members", err)
	seen := map[idp.UserID]bool{}
	for _, m := range members {
		seen[m.ID] = true
	}
	if len(members) != bigCount || len(seen) != bigCount {
		t.Fatalf("listed %d people, %d different ones, want %d", len(members), len(seen), bigCount)
	}
	u := members[bigCount/2].ID
	must(t, "RemoveMember", p.RemoveMember(t.Context(), g, u))
	is, err := p.IsMember(t.Context(), g, u)
	must(t, "IsMember", err)
	if is {
		t.Fatal("the member is still there")
	}
	must(t, "AddMember", p.AddMember(t.Context(), g, u))
}

// TestRangesOfAControllerAreReadToTheEnd has a list of more than three ranges.
func TestRangesOfAControllerAreReadToTheEnd(t *testing.T) {
	t.Parallel()
	s := newSite(t, windows())
	people := s.crowd(t, 2)
	// Names without entries fill the ranges; they are nobody.
	var list []string
	for i := range 3*rangeSize + 1 {
		list = append(list, "cn=ghost"+string(rune('a'+i%26))+itoa(i)+",ou=people,"+s.base)
	}
	list = append([]string{people[0]}, append(list, people[1])...)
	g := s.group(t, "Team", list)
	members, err := s.provider(t, nil).Members(t.Context(), g)
	must(t, "Members", err)
	if len(members) != 2 {
		t.Fatalf("listed %d people, want 2", len(members))
	}
	if _, others, _ := s.proxy.counts(); others < 3 {
		t.Fatalf("only %d requests, so there were no ranges", others)
	}
	must(t, "Discover", s.provider(t, nil).Discover(t.Context(), func(d idp.Discovered) error {
		if d.ID == g && d.Members != -1 {
			t.Errorf("counts %d members of a list that comes in ranges", d.Members)
		}
		return nil
	}))
}
