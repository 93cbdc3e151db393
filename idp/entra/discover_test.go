package entra_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/entra"
	"usher/sandbox/graphsim"
)

func (s *sim) discover(t *testing.T) (map[idp.GroupID]idp.Discovered, error) {
	t.Helper()
	all := map[idp.GroupID]idp.Discovered{}
	err := s.provider(t, entra.Config{}).Discover(t.Context(), func(d idp.Discovered) error {
		if _, twice := all[d.ID]; twice {
			t.Errorf("group %s is found twice", d.ID)
		}
		all[d.ID] = d
		return nil
	})
	return all, err
}

func TestDiscoverTellsMembersOwnersAndApps(t *testing.T) {
	t.Parallel()
	const crm, big = "44444444-aaaa-4bbb-8ccc-000000000001", "44444444-aaaa-4bbb-8ccc-000000000002"
	s := start(t, false, func(c *graphsim.Config) {
		var crowd []string
		for i := range 25 {
			id := fmt.Sprintf("55555555-aaaa-4bbb-8ccc-%012d", i)
			c.Users = append(c.Users, graphsim.User{ID: id, UserPrincipalName: fmt.Sprintf("crowd%d@suite.example", i)})
			crowd = append(crowd, id)
		}
		c.Groups = append(c.Groups,
			graphsim.Group{ID: crm, DisplayName: "CRM users", Description: "Sales", Owners: crowd[:2], Members: crowd[:3]},
			graphsim.Group{ID: big, DisplayName: "Everybody", Dynamic: true, Owners: crowd, Members: crowd})
		c.Apps[0].Groups, c.Apps[0].Users = []string{crm, big}, crowd[:1]
		c.Apps[1].Groups = []string{big}
		c.Apps = append(c.Apps, graphsim.App{ID: "33333333-aaaa-4bbb-8ccc-000000000003", AppID: "22222222-aaaa-4bbb-8ccc-000000000003", DisplayName: "vm", ManagedIdentity: true})
	})
	for i := range 120 {
		s.addGroup(t, graphsim.Group{DisplayName: fmt.Sprintf("Plain %d", i)})
	}
	all, err := s.discover(t)
	if err != nil || len(all) != 122 {
		t.Fatalf("%d groups, %v", len(all), err)
	}
	got := all[crm]
	if got.Name != "CRM users" || got.Description != "Sales" || got.Refusal != "" || got.Members != 3 || len(got.Owners) != 2 || len(got.Apps) != 1 {
		t.Errorf("%+v", got)
	}
	if len(got.Apps) == 1 && (got.Apps[0].ID != appOne || got.Apps[0].Name != "One") {
		t.Errorf("app %+v", got.Apps[0])
	}
	if got := all[big]; got.Refusal == "" || got.Members != 25 || len(got.Owners) != 25 || len(got.Apps) != 2 {
		t.Errorf("%+v", got)
	}
	for name, want := range map[string]int{"app.list": 1, "app.assigned": 2, "group.list": 2, "group.members.count": 122} {
		if n := s.count(func(c graphsim.Call) bool { return c.Name == name }); n != want {
			t.Errorf("%s was called %d times, want %d", name, n, want)
		}
	}
	if n := s.count(func(c graphsim.Call) bool { return c.Method != "GET" && c.Name != "token" }); n != 0 {
		t.Errorf("%d calls changed something", n)
	}
}

func TestDiscoverWithoutTheRightToReadAppsSeesNone(t *testing.T) {
	t.Parallel()
	s := start(t, false, func(c *graphsim.Config) { c.Clients[0].Roles = []string{graphsim.GroupMemberWrite, graphsim.UserRead} })
	for range 5 {
		s.team(t)
	}
	all, err := s.discover(t)
	if err != nil || len(all) != 5 {
		t.Fatalf("%d groups, %v", len(all), err)
	}
	if n := s.count(func(c graphsim.Call) bool { return strings.HasPrefix(c.Name, "app.") }); n != 1 {
		t.Errorf("asked %d times although refused", n)
	}
	if log := s.logs.String(); strings.Count(log, "apps may not be read") != 1 || !strings.Contains(log, `"grant":"Application.Read.All"`) {
		t.Errorf("the log does not tell once what is lacking:\n%s", log)
	}
}

func TestDiscoverEndsWithTheFirstError(t *testing.T) {
	t.Parallel()
	s := start(t, false, nil)
	for range 5 {
		s.team(t)
	}
	stop, n := errors.New("enough"), 0
	err := s.provider(t, entra.Config{}).Discover(t.Context(), func(idp.Discovered) error {
		n++
		return stop
	})
	if !errors.Is(err, stop) || n != 1 {
		t.Fatalf("%v after %d groups", err, n)
	}
	for _, name := range []string{"group.list", "group.members.count", "app.list", "app.assigned"} {
		s.Inject(graphsim.Fault{Name: name, Kind: graphsim.Error500, Times: 1})
		if _, err := s.discover(t); idp.KindOf(err) != idp.Unavailable {
			t.Errorf("%s in trouble: %v", name, err)
		}
	}
}

func TestWhatVanishesDuringDiscoveryIsLeftOut(t *testing.T) {
	t.Parallel()
	var group string
	s := start(t, false, func(c *graphsim.Config) {
		group = "44444444-aaaa-4bbb-8ccc-000000000003"
		c.Groups = append(c.Groups, graphsim.Group{ID: group, DisplayName: "CRM users"})
		c.Apps[0].Groups = []string{group}
	})
	for range 3 {
		s.team(t)
	}
	s.Inject(graphsim.Fault{Name: "group.members.count", Kind: graphsim.Gone, Times: 1})
	s.Inject(graphsim.Fault{Name: "app.assigned", Kind: graphsim.Gone, Times: 1})
	all, err := s.discover(t)
	if err != nil || len(all) != 3 {
		t.Fatalf("%d groups, %v", len(all), err)
	}
	if got, there := all[idp.GroupID(group)]; there && len(got.Apps) != 0 {
		t.Errorf("an app that is gone: %+v", got.Apps)
	}
}

func TestDiscoverWaitsWhenAskedTo(t *testing.T) {
	t.Parallel()
	s := start(t, false, nil)
	s.team(t)
	s.Inject(graphsim.Fault{Name: "group.members.count", Kind: graphsim.RateLimit, Times: 1, After: 1500 * time.Millisecond})
	before := time.Now()
	all, err := s.discover(t)
	if err != nil || len(all) == 0 || time.Since(before) < 1500*time.Millisecond {
		t.Errorf("%d groups, %v, after %v", len(all), err, time.Since(before))
	}
}
