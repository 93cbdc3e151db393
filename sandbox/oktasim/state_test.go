package oktasim_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"usher/sandbox/oktasim"
)

func TestManyClientsAtOnceLeaveOneTruth(t *testing.T) {
	t.Parallel()
	cfg := company(newClock())
	crowd(&cfg, 20)
	cfg.Groups[1].Members = nil
	cfg.Limits = map[string]int{oktasim.BucketAll: 100000}
	o := start(t, cfg)
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range 20 {
				path := fmt.Sprintf("/api/v1/groups/00g1/users/00uc%03d", i)
				if worker == 3 {
					path = "/api/v1/groups/00g1/users"
					if g, err := o.try(t.Context(), http.MethodGet, path, ""); err != nil || g.status != 200 {
						t.Errorf("list: %d %v", g.status, err)
					}
					o.Members("00g1")
					o.Calls()
					continue
				}
				if g, err := o.try(t.Context(), http.MethodPut, path, ""); err != nil || g.status != 204 {
					t.Errorf("add: %d %v", g.status, err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(o.Members("00g1")); n != 22 {
		t.Errorf("%d members", n)
	}
	if n := len(o.MemberHistory("00g1")); n != 20 {
		t.Errorf("%d changes", n)
	}
	if n := o.ChangelessCalls(); n != 40 {
		t.Errorf("%d calls changed nothing", n)
	}
	o.ResetCalls()
	o.get("/api/v1/groups").want(t, 200)
	if calls := o.Calls(); len(calls) != 1 || calls[0].Seq != 81 || o.ChangelessCalls() != 0 {
		t.Errorf("after the reset: %+v", calls)
	}
}

func TestGroupDatesTellProfileFromMembership(t *testing.T) {
	t.Parallel()
	c := newClock()
	o := start(t, company(c))
	c.move(time.Hour)
	o.call("PUT", addBob, "").want(t, 204)
	since := escape(`lastMembershipUpdated gt "2026-06-01T09:30:00.000Z"`)
	equal(t, "filter", o.get("/api/v1/groups?filter="+since).ids(t), []string{"00g1"})
	equal(t, "search", o.get("/api/v1/groups?search="+since).ids(t), []string{"00g1"})
	equal(t, "profile", o.get("/api/v1/groups?filter="+escape(`lastUpdated gt "2026-06-01T09:30:00.000Z"`)).ids(t), nil)
	if err := o.RenameGroup("00g2", "engineers"); err != nil {
		t.Fatal(err)
	}
	equal(t, "renamed", o.get("/api/v1/groups?filter="+escape(`lastUpdated ge "2026-06-01T10:00:17.250Z"`)).ids(t), []string{"00g2"})
}

func TestGroupsThatCannotBeChangedRefuseEveryWrite(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	g := o.as(groupSecret)
	for _, id := range []string{"00g3", "00g4"} {
		g.call("DELETE", "/api/v1/groups/"+id, "").refusal(t, 403, "E0000006")
		g.call("PUT", "/api/v1/groups/"+id, `{"profile":{"name":"x"}}`).refusal(t, 403, "E0000006")
		g.call("DELETE", "/api/v1/groups/"+id+"/users/00u2", "").refusal(t, 403, "E0000006")
	}
	g.call("POST", "/api/v1/users", `{"profile":{"login":"x@y.zz","email":"x@y.zz","firstName":"X","lastName":"Y"},"groupIds":["00g4"]}`).refusal(t, 403, "E0000006")
	equal(t, "members", o.Members("00g4"), []string{"00u2"})
	g.call("DELETE", "/api/v1/groups/00gx", "").refusal(t, 404, "E0000007")
	g.call("PUT", "/api/v1/groups/00gx", `{"profile":{"name":"x"}}`).refusal(t, 404, "E0000007")
	g.call("PUT", "/api/v1/groups/00g1", `[`).refusal(t, 400, "E0000003")
}

func TestLinksFollowTheHostUntilAURLIsSet(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	o.SetURL("")
	if self := o.get("/api/v1/users?limit=1").link(t, "self"); self != o.url+"/api/v1/users?limit=1" {
		t.Errorf("self %s", self)
	}
	o.SetURL("https://okta.example/")
	g, err := o.try(t.Context(), http.MethodGet, "/api/v1/users?limit=1", "")
	if err != nil || g.link(t, "self") != "https://okta.example/api/v1/users?limit=1" {
		t.Errorf("%v %v", g.header, err)
	}
}

func TestSuccessiveFaultsAreTriedInOrder(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	o.Inject(oktasim.Fault{Name: "group.list", Kind: oktasim.Error503, Times: 2})
	o.Inject(oktasim.Fault{Name: "*", Kind: oktasim.Gone, Times: 1})
	for _, want := range []int{503, 503, 404, 200} {
		o.get("/api/v1/groups").want(t, want)
	}
}
