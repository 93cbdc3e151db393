package scim_test

import (
	"fmt"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/idptest"
	"usher/idp/scim"
)

// flavor is a kind of server, and the settings that suit it.
type flavor struct {
	manners manners
	config  func(*scim.Config)
	oauth   bool
	// oneAnswer says that all members of a group come in one answer.
	oneAnswer bool
	// before is how many reads come before the first page of a group's members.
	before int
}

func flavors() map[string]flavor {
	return map[string]flavor{
		"groups show their members": {oneAnswer: true},
		"groups hide their members": {
			manners: manners{emptyMembers: true, versions: true, noContent: true, conflictOnAgain: true, bareMissing: true, pageLimit: 90},
			oauth:   true,
			before:  2, // the group, and the question whether the filter is heeded
		},
		"users show their groups": {
			manners: manners{noMembers: true, capitalOps: true, listRemoval: true},
			config: func(c *scim.Config) {
				c.MembersFrom, c.Remove, c.CapitalOps, c.PlainJSON = scim.FromUser, scim.RemoveByValue, true, true
			},
			before: 1, // the question whether the filter is heeded
		},
	}
}

// TestConformance runs the suite in front of elimity-com's SCIM server, once for every way of reading memberships.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, f := range flavors() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			idptest.Run(t, func(t *testing.T) idptest.World { return start(t, f).world(t) })
		})
	}
}

// world wires the server to the suite.
func (s *site) world(t *testing.T) idptest.World {
	t.Helper()
	return idptest.World{
		Provider: s.provider(t, nil),
		Secrets:  []string{token, wrongToken, clientSecret, fetchedToken},
		Logs:     s.logs.String,
		NotApplicable: map[string]string{
			"Ungovernable": "SCIM has no mark for groups that must not be changed; TestReadOnlyGroup is about the refusal of a change",
			"SignOn":       "SCIM does not know which apps people use",
			"FailSignOn":   "SCIM does not know which apps people use",
			"AppID":        "SCIM knows no apps",
			"Sessions":     "SCIM has no sessions of people",

			"ActivityReader": "SCIM does not know which apps people use",
			"SessionRevoker": "SCIM has no sessions of people",
			"Expirer":        "SCIM has no memberships that end by themselves",
		},
		AddUser: func(_ *testing.T, p idptest.Person) idp.UserID { return s.addUser(p) },
		AddGroup: func(_ *testing.T, name string, members ...idp.UserID) idp.GroupID {
			return idp.GroupID(s.addTeam(name, texts(members)))
		},
		Members: func(g idp.GroupID) []idp.UserID { return userIDs(s.truth(string(g))) },
		Calls:   func() int { return s.faulty.Calls() },
		Changes: func() int { return s.faulty.Changes() },
		BigGroup: func(_ *testing.T, n int) idp.GroupID {
			return idp.GroupID(s.addTeam("Big", s.crowd(n)))
		},
		ManyGroups: func(_ *testing.T, user idp.UserID, n int) []idp.GroupID {
			groups := make([]idp.GroupID, n)
			for i := range groups {
				groups[i] = idp.GroupID(s.addTeam(fmt.Sprintf("Many %d", i), []string{string(user)}))
			}
			return groups
		},
		Join:  func(g idp.GroupID, u idp.UserID) { s.move(string(g), string(u), true) },
		Leave: func(g idp.GroupID, u idp.UserID) { s.move(string(g), string(u), false) },
		SetStatus: func(t *testing.T, u idp.UserID, status idp.UserStatus) {
			t.Helper()
			if status == idp.Inactive {
				t.Skip(`SCIM's "active" is a boolean; TestStatus is about its two meanings.`)
			}
			s.change(func() { s.byUser[string(u)].active = status == idp.Active })
		},
		Rename: func(_ *testing.T, u idp.UserID, email string) {
			s.change(func() { s.byUser[string(u)].login, s.byUser[string(u)].email = email, email })
		},
		SameEmail: func(_ *testing.T, email string) idp.UserID {
			return s.addUser(idptest.Person{Login: "twin@suite.example", Email: email, First: "Twin", Last: "Two"})
		},
		DeleteUser:  func(u idp.UserID) { s.deletePerson(string(u)) },
		DeleteGroup: func(g idp.GroupID) { s.deleteTeam(string(g)) },
		SetManager:  func(u idp.UserID, m string) { s.change(func() { s.byUser[string(u)].manager = m }) },
		Fault: func(f idptest.Fault) {
			if f.Skip > 0 && s.flavor.oneAnswer {
				t.Skip("All members come in one answer, so there is no later page.")
			}
			if f.Skip > 0 {
				f.Skip += s.flavor.before
			}
			s.faulty.Inject(f)
		},
		Heal: s.faulty.Heal,
		Lag: func(t *testing.T, d time.Duration) idptest.World {
			t.Helper()
			other := start(t, s.flavor)
			other.lag = d
			return other.world(t)
		},
		Advance: func(d time.Duration) { s.offset.Add(int64(d)) },
		Limit: func(t *testing.T, n int) idptest.World {
			t.Helper()
			other := start(t, s.flavor)
			other.faulty.Limit(n)
			other.perMinute = n
			return other.world(t)
		},
		Refusals: func() int { return s.faulty.Refusals() },
		Locked: func(t *testing.T) idp.Provider {
			t.Helper()
			return s.provider(t, func(c *scim.Config) {
				if c.Token != "" {
					c.Token = wrongToken
				} else {
					c.OAuth.ClientSecret = wrongToken
				}
			})
		},
	}
}

func texts(ids []idp.UserID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}

func userIDs(ids []string) []idp.UserID {
	out := make([]idp.UserID, len(ids))
	for i, id := range ids {
		out[i] = idp.UserID(id)
	}
	return out
}
