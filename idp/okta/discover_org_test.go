package okta_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"usher/idp"
	"usher/idp/okta"
	"usher/sandbox/oktasim"
)

func discoverAll(t *testing.T, p *okta.Provider) map[idp.GroupID]idp.Discovered {
	t.Helper()
	all := map[idp.GroupID]idp.Discovered{}
	err := p.Discover(t.Context(), func(d idp.Discovered) error {
		if _, twice := all[d.ID]; twice {
			t.Errorf("group %s is found twice", d.ID)
		}
		all[d.ID] = d
		return nil
	})
	if err != nil {
		t.Fatalf("Discover: %v", err)
	}
	return all
}

func TestDiscoverTellsMembersAppsAndRefusals(t *testing.T) {
	t.Parallel()
	const crm = "00gcrm00000000000001"
	s := start(t, func(c *oktasim.Config) {
		c.Groups = append(c.Groups, oktasim.Group{ID: crm, Name: "CRM users", Description: "Sales", Members: []string{c.Users[0].ID, c.Users[1].ID}})
		c.Apps[0].Groups, c.Apps[1].Groups = []string{crm}, []string{crm, appGroup}
	}, nil)
	for i := range 300 {
		s.addGroup(t, fmt.Sprintf("Plain %d", i))
	}
	p := s.provider(t, okta.Config{Token: simToken})
	all := discoverAll(t, p)
	if len(all) != 305 { // with the three of start and Everyone
		t.Fatalf("found %d groups", len(all))
	}
	got := all[crm]
	if got.Name != "CRM users" || got.Description != "Sales" || got.Refusal != "" || got.Members != 2 || got.Owners != nil {
		t.Errorf("%+v", got)
	}
	if len(got.Apps) != 2 || got.Apps[0] != (idp.App{ID: "0oaapp1", Name: "One"}) || got.Apps[1].ID != "0oaapp2" || len(all[appGroup].Apps) != 1 {
		t.Errorf("apps %+v and %+v", got.Apps, all[appGroup].Apps)
	}
	calls := map[string]int{}
	for _, c := range s.Calls() {
		calls[c.Name]++
	}
	// Only the group that holds an admin role is asked for its roles, and only the groups with apps for their apps.
	if fmt.Sprint(calls) != "map[group.apps:2 group.list:2 group.roles:1 rule.list:1]" {
		t.Errorf("calls %v", calls)
	}
	for id, d := range all {
		if d.Refusal == "" && strings.HasPrefix(d.Name, "Plain ") {
			continue
		}
		g, err := p.Group(t.Context(), id)
		if err != nil || g != d.Group {
			t.Errorf("found %+v, read %+v, %v", d.Group, g, err)
		}
	}
}

func TestDiscoverByATokenThatMayNotReadRoles(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *oktasim.Config) { c.Tokens[0].Admin = oktasim.GroupAdmin }, nil)
	all := discoverAll(t, s.provider(t, okta.Config{Token: simToken}))
	if got := all[adminGroup].Refusal; got != "This group holds an admin role, and admin rights are not given out by Usher." {
		t.Errorf("the admin group is refused for %q", got)
	}
	if got := all[appGroup].Refusal; got == "" {
		t.Error("the imported group is not refused")
	}
}

func TestARateLimitDelaysDiscoveryAndBreaksNothing(t *testing.T) {
	t.Parallel()
	s := start(t, nil, nil)
	for _, name := range []string{"group.list", "group.apps", "group.roles", "rule.list"} {
		s.Inject(oktasim.Fault{Name: name, Kind: oktasim.RateLimit, Times: 1, After: 50 * time.Millisecond})
	}
	if all := discoverAll(t, s.provider(t, okta.Config{Token: simToken})); len(all) != 4 || all[ruleGroup].Refusal == "" || all[adminGroup].Refusal == "" {
		t.Errorf("found %+v", all)
	}
	if n := s.count(func(c oktasim.Call) bool { return c.Status == http.StatusTooManyRequests }); n != 4 {
		t.Errorf("%d refusals, want 4", n)
	}
}

// TestDiscoverWaitsForTheBudget runs in virtual time: by 30 calls per minute 100 groups with apps take minutes, Okta never
// refuses, and removals go on meanwhile, even for one whose context is that of a removal.
func TestDiscoverWaitsForTheBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const window, groups = 30, 100
		o, stop := inMemory(t, func(c *oktasim.Config) {
			c.Limits = map[string]int{oktasim.BucketOther: 2 * window} // of which one token gets half
			c.Groups[0].Members = []string{string(memoryUser)}
			for i := range groups {
				id := fmt.Sprintf("00gmany%013d", i)
				c.Groups = append(c.Groups, oktasim.Group{ID: id, Name: fmt.Sprintf("Many %d", i)})
				c.Apps[0].Groups = append(c.Apps[0].Groups, id)
			}
		}, func(c *okta.Config) { c.Reserve = 0.2 })
		defer stop()
		removal := idp.WithPriority(t.Context(), idp.Removal)
		found, began := 0, time.Now()
		err := o.provider.Discover(removal, func(d idp.Discovered) error {
			if d.Refusal == "" && d.ID != memoryGroup && len(d.Apps) != 1 {
				t.Errorf("apps of %s are %v", d.ID, d.Apps)
			}
			// At the end of what a window allows to others, too, removals find their reserve.
			if found++; found%6 == 0 {
				if err := o.provider.RemoveMember(removal, memoryGroup, memoryUser); err != nil {
					t.Errorf("RemoveMember in the middle: %v", err)
				}
			}
			return nil
		})
		if err != nil || found != groups+2 {
			t.Fatalf("found %d groups, %v", found, err)
		}
		if took := time.Since(began); took < 3*time.Minute || took > 6*time.Minute {
			t.Errorf("took %v", took)
		}
		for _, c := range o.seen {
			if c.status == http.StatusTooManyRequests {
				t.Errorf("refused: %s %s", c.method, c.path)
			}
		}
	})
}
