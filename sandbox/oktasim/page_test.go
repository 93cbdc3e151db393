package oktasim_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"usher/sandbox/oktasim"
)

// crowd adds n users u00.. to the company, all members of group 00g2.
func crowd(cfg *oktasim.Config, n int) {
	for i := range n {
		id := fmt.Sprintf("00uc%03d", i)
		cfg.Users = append(cfg.Users, oktasim.User{ID: id, Login: fmt.Sprintf("c%03d@example.com", i), First: "Crowd", Last: fmt.Sprint(i)})
		cfg.Groups[1].Members = append(cfg.Groups[1].Members, id)
	}
}

func TestListsPageByLinksUntilThereIsNoNext(t *testing.T) {
	t.Parallel()
	cfg := company(newClock())
	crowd(&cfg, 23)
	o := start(t, cfg)
	for _, path := range []string{
		"/api/v1/groups/00g2/users?limit=10", "/api/v1/users?limit=9", "/api/v1/groups?limit=2", "/api/v1/users/00u1/groups?limit=1",
		"/api/v1/apps?limit=1", "/api/v1/groups/00g2/apps?limit=1", "/api/v1/apps/0oa1/users?limit=1", "/api/v1/users?limit=7&search=" + escape(`profile.firstName eq "crowd"`),
		"/api/v1/logs?limit=1&since=2026-03-10T00:00:00Z&until=2026-06-02T00:00:00Z",
	} {
		whole := o.get(strings.Replace(path, "limit=", "x=", 1)).want(t, 200).ids(t)
		if strings.Contains(path, "/logs") {
			whole = uuids(t, o.get(strings.Replace(path, "limit=", "x=", 1)))
		}
		var seen []string
		pages := 0
		for next := o.url + path; next != ""; pages++ {
			g := o.get(next).want(t, 200)
			if self := g.link(t, "self"); self != next {
				t.Fatalf("self is %s, asked for %s", self, next)
			}
			if strings.Contains(path, "/logs") {
				seen = append(seen, uuids(t, g)...)
			} else {
				seen = append(seen, g.ids(t)...)
			}
			next = g.link(t, "next")
			if pages > 50 {
				t.Fatalf("%s does not end", path)
			}
		}
		equal(t, path, seen, whole)
		if pages < 2 {
			t.Errorf("%s took %d pages", path, pages)
		}
	}
}

func uuids(t *testing.T, g got) []string {
	t.Helper()
	var list []struct{ UUID string }
	decode(t, g.body, &list)
	var out []string
	for _, e := range list {
		out = append(out, e.UUID)
	}
	return out
}

func TestCursorIsOpaqueAndBelongsToItsList(t *testing.T) {
	t.Parallel()
	cfg := company(newClock())
	crowd(&cfg, 5)
	o := start(t, cfg)
	next := o.get("/api/v1/groups/00g2/users?limit=2").link(t, "next")
	_, query, _ := strings.Cut(next, "?")
	if strings.Contains(query, "00uc") {
		t.Errorf("the cursor shows a user id: %s", query)
	}
	o.get("/api/v1/users?"+query).refusal(t, http.StatusBadRequest, "E0000001")
	o.get("/api/v1/users?after=nonsense").refusal(t, http.StatusBadRequest, "E0000001")
}

func TestPagingSurvivesTheRemovalOfTheLastRowSeen(t *testing.T) {
	t.Parallel()
	cfg := company(newClock())
	crowd(&cfg, 5)
	o := start(t, cfg)
	g := o.get("/api/v1/groups/00g2/users?limit=2")
	ids := g.ids(t)
	if err := o.RemoveMemberByHand("00g2", ids[1], "ada"); err != nil {
		t.Fatal(err)
	}
	rest := o.get(g.link(t, "next")).ids(t)
	equal(t, "second page", rest, []string{"00uc001", "00uc002"})
}

func TestLimitsAreCappedAndBadOnesRefused(t *testing.T) {
	t.Parallel()
	cfg := company(newClock())
	crowd(&cfg, 210)
	o := start(t, cfg)
	if n := len(o.get("/api/v1/users?limit=5000").ids(t)); n != 200 {
		t.Errorf("users: %d on one page, the most is 200", n)
	}
	if n := len(o.get("/api/v1/users?q=crowd").ids(t)); n != 10 {
		t.Errorf("q: %d, the default is 10", n)
	}
	if g := o.get("/api/v1/users?q=crowd&limit=20"); g.link(t, "next") != "" || len(g.ids(t)) != 20 {
		t.Error("q must not page")
	}
	o.get("/api/v1/groups?limit=many").refusal(t, http.StatusBadRequest, "E0000001")
	o.get("/api/v1/logs?limit=1001").refusal(t, http.StatusBadRequest, "E0000001")
}
