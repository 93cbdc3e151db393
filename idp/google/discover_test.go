package google_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"usher/idp"
	"usher/sandbox/googlesim"
)

func TestDiscover(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	p, boss := s.provider(t, nil), person(t, s, "boss@suite.example")
	for i := range 250 {
		s.addGroup(t, fmt.Sprintf("Many %d", i))
	}
	g := s.addGroup(t, "Team", person(t, s, "one@suite.example"), person(t, s, "two@suite.example"))
	must(t, "AddMemberByHand", s.AddMemberByHand(string(g), string(boss), googlesim.Owner, "boss"))
	before := s.count(func(c googlesim.Call) bool { return c.Changed })
	// A refusal in the middle delays and breaks nothing.
	s.Inject(googlesim.Fault{Name: "member.list", Kind: googlesim.RateLimit, Skip: 40, Times: 1, After: time.Second})
	found := map[idp.GroupID]idp.Discovered{}
	must(t, "Discover", p.Discover(t.Context(), func(d idp.Discovered) error {
		if _, twice := found[d.ID]; twice {
			t.Errorf("group %s is found twice", d.ID)
		}
		found[d.ID] = d
		return nil
	}))
	if len(found) != 254 {
		t.Fatalf("found %d groups", len(found))
	}
	team := found[g]
	if team.Name != "Team" || team.Members != 3 || team.Refusal != "" || len(team.Owners) != 1 || team.Owners[0].ID != boss {
		t.Errorf("got %+v", team)
	}
	if found["0locked00000001"].Refusal == "" || found["0dynamic0000001"].Refusal == "" {
		t.Error("groups that must not be governed do not say so")
	}
	if s.count(func(c googlesim.Call) bool { return c.Changed }) != before {
		t.Error("it changed something")
	}
}

func TestDiscoverEndsWithTheFirstError(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	enough, n := errors.New("enough"), 0
	err := s.provider(t, nil).Discover(t.Context(), func(idp.Discovered) error {
		n++
		return enough
	})
	if !errors.Is(err, enough) || n != 1 {
		t.Fatalf("got %v after %d groups", err, n)
	}
	empty := start(t, func(c *googlesim.Config) { c.Groups = nil })
	must(t, "Discover nothing", empty.provider(t, nil).Discover(t.Context(), func(idp.Discovered) error { return enough }))
}
