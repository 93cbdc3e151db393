package webhook_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"usher/idp"
)

// TestCheckSeesAReceiverThatVerifiesNothing is about one that anybody could speak to.
func TestCheckSeesAReceiverThatVerifiesNothing(t *testing.T) {
	t.Parallel()
	p := serve(t, func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, "group_not_found", "") }, nil)
	found := false
	for _, f := range p.Check(t.Context()) {
		found = found || !f.OK && f.Subject == "forged signature" && strings.Contains(f.Detail, "anybody") && f.Fix != ""
	}
	if !found {
		t.Error("the check is content")
	}
}

func TestCheckFindings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		subject string
	}{
		"another server": {func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }, "signature"},
		"everything is a group": {func(w http.ResponseWriter, _ *http.Request) {
			answer(w, 200, map[string]any{"id": "usher-asks-for-nobody", "name": "x"})
		}, "signature"},
		"another clock": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
			refuse(w, http.StatusNotFound, "group_not_found", "")
		}, "clock"},
	} {
		bad := false
		for _, f := range serve(t, c.handler, nil).Check(t.Context()) {
			bad = bad || f.Subject == c.subject && !f.OK && f.Detail != "" && f.Fix != ""
		}
		if !bad {
			t.Errorf("%s: nothing wrong about the %s", name, c.subject)
		}
	}
}

func TestDiscover(t *testing.T) {
	t.Parallel()
	s := start(t)
	want := map[idp.GroupID]bool{}
	for range 250 {
		want[s.addTeam("Team")] = true
	}
	ok(t, s.provider(t, nil).Discover(t.Context(), func(d idp.Discovered) error {
		if d.Members != -1 || d.Name != "Team" {
			t.Errorf("got %+v", d)
		}
		delete(want, d.ID)
		return nil
	}))
	if len(want) > 0 {
		t.Errorf("%d groups are missing", len(want))
	}
}

// TestTwentyFiveThousandMembers lists a big group page by page.
func TestTwentyFiveThousandMembers(t *testing.T) {
	t.Parallel()
	const n = 25_000
	var rows []any
	for i := range n {
		rows = append(rows, map[string]any{"id": fmt.Sprintf("u%d", i)})
	}
	p := serve(t, func(w http.ResponseWriter, r *http.Request) { pages(w, r, "members", rows) }, nil)
	members, err := p.Members(t.Context(), "g")
	ok(t, err)
	if len(members) != n {
		t.Errorf("listed %d members", len(members))
	}
}
