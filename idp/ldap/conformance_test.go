package ldap_test

import (
	"fmt"
	"testing"

	vendor "github.com/go-ldap/ldap/v3"

	"usher/idp"
	"usher/idp/idptest"
	"usher/idp/ldap"
)

// TestConformance runs the suite in front of a real slapd: groupOfNames over LDAPS, groupOfUniqueNames over StartTLS, and
// Active Directory's schema behind a proxy that acts as a domain controller.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]flavor{"groupOfNames": names(), "groupOfUniqueNames": unique(), "Active Directory": windows()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory(t)
			idptest.Run(t, func(t *testing.T) idptest.World { return newSite(t, f).world(t) })
		})
	}
}

// world wires the site to the suite. In LDAP a change names people by names that may have changed, so every change is two
// requests: the search for the present names of both, and the change. TestRequestsOfAChange tells them apart.
func (s *site) world(t *testing.T) idptest.World {
	t.Helper()
	return idptest.World{
		Provider: s.provider(t, nil),
		Secrets:  []string{robotPassword, wrongPassword, adminPassword, "PRIVATE KEY"},
		Logs:     s.logs.String,
		NotApplicable: map[string]string{
			"Lag":        "the provider reads from the server that took the change, which sees it at once",
			"Limit":      "LDAP servers have no windows of requests that they tell of",
			"Refusals":   "LDAP servers have no windows of requests that they tell of",
			"SignOn":     "a directory does not know which apps people use",
			"FailSignOn": "a directory does not know which apps people use",
			"AppID":      "a directory knows no apps",
			"Sessions":   "a directory has no sessions of people",
			"Advance":    "slapd has the machine's clock",

			"ActivityReader": "a directory does not know which apps people use",
			"SessionRevoker": "a directory has no sessions of people",
			"Expirer":        "OpenLDAP ends no memberships, and Active Directory only where the forest's Privileged Access Management is on, which the provider does not use",
		},
		AddUser:  s.addUser,
		AddGroup: s.addGroup,
		Members:  s.members,
		Calls: func() int {
			lookups, others, _ := s.proxy.counts()
			return lookups + others
		},
		RequestsPerChange: 2,
		Discovers:         idptest.Told{Members: true, Refusals: true},
		Changes: func() int {
			_, _, changes := s.proxy.counts()
			return changes
		},
		BigGroup: func(t *testing.T, n int) idp.GroupID {
			t.Helper()
			return s.group(t, "Big", s.crowd(t, n))
		},
		ManyGroups: func(t *testing.T, user idp.UserID, n int) []idp.GroupID {
			t.Helper()
			dn := s.dn(string(user))
			groups := make([]idp.GroupID, n)
			for i := range groups {
				groups[i] = s.group(t, fmt.Sprintf("Many %d", i), []string{dn})
			}
			return groups
		},
		Ungovernable: s.ungovernable,
		Join: func(g idp.GroupID, u idp.UserID) {
			s.change(t, s.dn(string(g)), func(r *vendor.ModifyRequest) { r.Add(s.memberAttribute(), []string{s.dn(string(u))}) })
		},
		Leave: func(g idp.GroupID, u idp.UserID) {
			s.change(t, s.dn(string(g)), func(r *vendor.ModifyRequest) { r.Delete(s.memberAttribute(), []string{s.dn(string(u))}) })
		},
		SetStatus: s.setStatus,
		Rename:    s.rename,
		SameEmail: func(t *testing.T, email string) idp.UserID {
			t.Helper()
			return s.addUser(t, idptest.Person{Login: fmt.Sprintf("twin%d@suite.example", s.made.Add(1)), Email: email, First: "Twin", Last: "Two"})
		},
		DeleteUser:  func(u idp.UserID) { s.remove(t, s.dn(string(u))) },
		DeleteGroup: func(g idp.GroupID) { s.remove(t, s.dn(string(g))) },
		SetManager: func(u idp.UserID, manager string) {
			if manager == "" {
				s.change(t, s.dn(string(u)), set("employeeType"))
				return
			}
			s.change(t, s.dn(string(u)), set("employeeType", manager))
		},
		Fault: func(f idptest.Fault) {
			if f.Kind == idptest.RateLimited && f.Skip == 0 {
				t.Skip("A busy LDAP server (code 51) has no field in which it could tell when to come back.")
			}
			s.proxy.inject(f)
		},
		Heal: s.proxy.clear,
		Locked: func(t *testing.T) idp.Provider {
			t.Helper()
			return s.provider(t, func(c *ldap.Config) { c.Password = wrongPassword })
		},
	}
}

func (s *site) ungovernable(t *testing.T) map[string]idp.GroupID {
	t.Helper()
	kinds := map[string]idp.GroupID{}
	add := func(what string, attributes map[string][]string) {
		dn := "cn=" + what + ",ou=groups," + s.base
		attributes["cn"] = []string{what}
		s.add(t, dn, attributes)
		kinds[what] = idp.GroupID(s.idAt(t, dn))
	}
	if s.schema == ldap.ActiveDirectory {
		group := func(kind, sid string, more ...string) map[string][]string {
			a := top(map[string][]string{"objectClass": {"group", "securityPrincipal"}, "groupType": {kind}, "objectSid": {sid}})
			if len(more) > 0 {
				a[more[0]] = more[1:]
			}
			return a
		}
		const global, builtin, query = "-2147483646", "-2147483643", "32"
		add("critical", group(global, securityID(1105), "isCriticalSystemObject", "TRUE"))
		add("protected", group(global, securityID(1106), "adminCount", "1"))
		add("well known", group(global, securityID(518))) // Schema Admins
		add("builtin", group(builtin, "\x01\x02\x00\x00\x00\x00\x00\x05\x20\x00\x00\x00\x20\x02\x00\x00"))
		add("query", group(query, securityID(1107), "msDS-AzLDAPQuery", "(department=x)"))
		return kinds
	}
	add("dynamic", map[string][]string{"objectClass": {"groupOfURLs"}, "memberURL": {"ldap:///" + s.base + "??sub?(mail=*)"}})
	add("posix", map[string][]string{"objectClass": {"posixGroup"}, "gidNumber": {"4711"}})
	return kinds
}

func (s *site) setStatus(t *testing.T, user idp.UserID, status idp.UserStatus) {
	t.Helper()
	dn := s.dn(string(user))
	if s.schema == ldap.ActiveDirectory {
		switch status {
		case idp.Departed:
			s.change(t, dn, set("userAccountControl", "514"))
		case idp.Inactive:
			s.change(t, dn, set("accountExpires", "130000000000000000"))
		default:
			s.change(t, dn, set("userAccountControl", "512"), set("accountExpires", "0"))
		}
		return
	}
	switch status {
	case idp.Departed:
		s.change(t, dn, set("pwdAccountLockedTime", "000001010000Z"))
	case idp.Inactive:
		s.change(t, dn, set("pwdAccountLockedTime", "20240229120000Z"))
	default:
		s.change(t, dn, set("pwdAccountLockedTime"))
	}
}

// rename gives another name, too, by which groups know the person.
func (s *site) rename(t *testing.T, user idp.UserID, email string) {
	t.Helper()
	dn := s.dn(string(user))
	s.change(t, dn, set("mail", email))
	rdn := "uid=" + vendor.EscapeDN(email)
	if s.schema == ldap.ActiveDirectory {
		s.change(t, dn, set("userPrincipalName", email))
		rdn = "cn=" + vendor.EscapeDN(email)
	}
	s.move(t, dn, rdn, "ou=moved,ou=people,"+s.base)
}
