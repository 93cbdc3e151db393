package cli_test

import (
	"fmt"
	"slices"
	"strings"

	"usher/sandbox/jirasim"
	"usher/sandbox/oktasim"
	"usher/sandbox/slacksim"
)

// villageRoles are how many roles the village has. One in four needs nobody, one in five a manager and then the owner, the others
// a manager; three share a group.
const villageRoles = 20

// village is a company of n people in teams of ten. One in fifty comes later, see joiner, and some are in groups from before.
func village(n int) setup {
	var company, cat strings.Builder
	company.WriteString("name: Village\ndomain: larkspur.example\nadmins: [noor]\npeople:\n" +
		"  - {handle: noor, name: Noor Haddad, title: IT, department: IT}\n  - {handle: owen, name: Owen Price, title: IT, department: IT}\n")
	for i := range n {
		boss := "noor"
		if i%10 != 0 {
			boss = villager(i - i%10)
		}
		fmt.Fprintf(&company, "  - {handle: %s, name: Person %d, title: Clerk, department: Sales, manager: %s, left: %t}\n", villager(i), i, boss, joiner(i))
	}
	company.WriteString("groups:\n  - {id: 00g1shared, name: shared, members: []}\n")
	cat.WriteString("version: 1\napps:\n")
	for r := range villageRoles {
		groups := fmt.Sprintf(`"okta:00g1role%02d"`, r)
		if r%7 == 2 {
			groups += `, "okta:00g1shared"`
		}
		var before []string
		for i := r * 10; i < n; i += 50 * villageRoles {
			before = append(before, villager(i))
		}
		fmt.Fprintf(&company, "  - {id: 00g1role%02d, name: role-%02d, members: [%s]}\n", r, r, strings.Join(before, ", "))
		fmt.Fprintf(&cat, "  - {id: app-%02d, name: App %02d, risk: %s, status: approved, owners: [owen@larkspur.example], entitlements: [{id: role-%02d, name: Role %02d, groups: [%s], durations: [%s], policy: %s}]}\n",
			r, r, risks()[r%4], r, r, groups, "1h, 6h, 1d, 7d, 30d, 90d", villagePolicy(r))
	}
	return setup{company: company.String(), catalog: cat.String(), adjust: func(s *slacksim.Config, _ *jirasim.Config, o *oktasim.Config) {
		s.NoRateLimits = true // Slack's limits have tests of their own.
		s.CallsMax, o.CallsMax = 10_000, 1_000_000
	}}
}

func villagePolicy(r int) string {
	switch {
	case r%4 == 0:
		return "{rules: [{automatic: true, because: Harmless}]}"
	case r%5 == 4:
		return "{rules: [{steps: [{approvers: [manager]}, {approvers: [owner]}]}]}"
	}
	return "{rules: [{steps: [{approvers: [manager]}]}]}"
}

// joiner reports whether a villager comes later. Who leads a team is there from the first.
func joiner(i int) bool { return i%50 == 49 }

func villager(i int) string {
	b := []byte("v")
	for range 4 {
		b = append(b, byte('a'+i%26))
		i /= 26
	}
	return string(b)
}

// lengths are for how long people ask, mostly for short.
func lengths() []string {
	return slices.Concat(slices.Repeat([]string{"1 hour", "6 hours", "1 day"}, 3), []string{"7 days", "7 days", "30 days", "90 days"})
}
