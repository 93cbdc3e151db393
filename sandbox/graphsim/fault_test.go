package graphsim_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"usher/sandbox/graphsim"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind   graphsim.FaultKind
		status int // 0: the connection is cut
		done   bool
		retry  string
	}{
		{graphsim.Down, 0, false, ""},
		{graphsim.ResetBefore, 0, false, ""},
		{graphsim.LostAnswer, 0, true, ""},
		{graphsim.Slow, 204, true, ""},
		{graphsim.SlowDrip, 204, true, ""},
		{graphsim.RateLimit, 429, false, "3"},
		{graphsim.RateLimitDecimal, 429, false, "2.500"},
		{graphsim.RateLimitBare, 429, false, ""},
		{graphsim.Error500, 500, false, ""},
		{graphsim.Error500Empty, 500, false, ""},
		{graphsim.Error502HTML, 502, false, ""},
		{graphsim.Error503, 503, false, "10"},
		{graphsim.OKWithError, 500, false, ""},
		{graphsim.Truncated, 200, true, ""},
		{graphsim.WrongTypes, 200, true, ""},
		{graphsim.Unauthorized, 401, false, ""},
		{graphsim.Forbidden, 403, false, ""},
		{graphsim.Gone, 404, false, ""},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			t.Parallel()
			o := start(t, company(newClock()))
			after := 2500 * time.Millisecond
			if c.kind == graphsim.Slow || c.kind == graphsim.SlowDrip {
				after = time.Millisecond
			}
			o.Inject(graphsim.Fault{Name: "group.member.add", Kind: c.kind, Times: 1, After: after})
			g, err := o.try(t.Context(), "POST", "/groups/"+wiki+"/members/$ref", `{"@odata.id":"`+o.url+`/v1.0/directoryObjects/`+bob+`"}`)
			if (err != nil) != (c.status == 0) {
				t.Fatalf("error %v", err)
			}
			if g.status != c.status || (err == nil && g.header.Get("Retry-After") != c.retry) {
				t.Errorf("status %d, retry after %q", g.status, g.header.Get("Retry-After"))
			}
			if done := slices.Contains(o.Members(wiki), bob); done != c.done {
				t.Errorf("the work is done: %v", done)
			}
			o.remove(wiki, ada) // the fault is used up
			calls := o.Calls()
			if calls[len(calls)-1].Fault != "" || calls[len(calls)-2].Fault != string(c.kind) {
				t.Errorf("the calls do not tell: %+v", calls)
			}
			if !slices.Contains(graphsim.FaultKinds(), c.kind) {
				t.Error("the kind is not listed")
			}
		})
	}
}

func TestHangsWaitForTheirRelease(t *testing.T) {
	t.Parallel()
	for kind, status := range map[graphsim.FaultKind]int{graphsim.HangBefore: 0, graphsim.HangAfter: 204} {
		o := start(t, company(newClock()))
		o.Inject(graphsim.Fault{Kind: kind, Times: 1, Skip: 1})
		o.get("/users/"+ada).want(t, 200)
		done := make(chan int, 1)
		go func() {
			g, _ := o.try(context.Background(), "DELETE", "/groups/"+crm+"/members/"+ada+"/$ref", "") // a cut is status 0
			done <- g.status
		}()
		<-o.Waiting("")
		<-o.Waiting("group.member.remove")
		if here := len(o.Members(crm)) == 1; here != (kind == graphsim.HangBefore) {
			t.Errorf("%s: the member is there: %v", kind, here)
		}
		o.ReleaseHangs()
		if got := <-done; got != status {
			t.Errorf("%s: %d", kind, got)
		}
	}
}

func TestTokenBuckets(t *testing.T) {
	t.Parallel()
	c := newClock()
	cfg := company(c)
	cfg.Limits = graphsim.Limits{ResourceUnits: 1000, Writes: 10, Reports: 2}
	o := start(t, cfg)
	for i := range 10 {
		g := o.remove(wiki, bob).want(t, 404) // a write that changes nothing is a write
		told := g.header.Get("X-Ms-Throttle-Limit-Percentage")
		if (i >= 8) != (told != "") {
			t.Errorf("write %d: told %q", i+1, told)
		}
	}
	g := o.remove(wiki, bob)
	g.refusal(t, 429, "TooManyRequests")
	if g.header.Get("Retry-After") != "15" || g.header.Get("X-Ms-Throttle-Information") != "WriteLimitExceeded" || !strings.HasPrefix(g.header.Get("X-Ms-Throttle-Scope"), "Tenant_Application/Write/"+clientID) {
		t.Errorf("%v", g.header)
	}
	o.get("/users").want(t, 200) // reads have a limit of their own
	c.move(15 * time.Second)
	o.remove(wiki, bob).want(t, 404)
	o.remove(wiki, bob).want(t, 429)
	for range 2 {
		o.get("/auditLogs/signIns").want(t, 200)
	}
	o.get("/auditLogs/signIns").want(t, 429)
}

func TestResourceUnitsFollowTheTable(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	for path, want := range map[string]string{
		"/users": "2", "/users?$select=id": "1", "/users?$top=5": "1", "/users?$expand=manager": "3", "/users/" + ada: "1", "/groups/" + crm + "/members": "3",
		"/groups/" + crm + "/members?$select=id&$top=5": "1", "/users/" + ada + "/memberOf": "2",
	} {
		if got := o.get(path).want(t, 200).header.Get("X-Ms-Resource-Unit"); got != want {
			t.Errorf("%s costs %s, want %s", path, got, want)
		}
	}
}

func TestChangesAreTold(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	for what, do := range map[string]func(){
		"a member by hand": func() { must(t, o.AddMemberByHand(wiki, bob, "admin")) },
		"a call":           func() { o.get("/users/" + ada) },
		"a fault":          func() { o.Inject(graphsim.Fault{Name: "nothing", Kind: graphsim.Down}) },
		"no faults":        o.ClearFaults,
		"a person":         func() { must(t, o.SetEnabled(ada, false)) },
		"a group": func() {
			_, err := o.CreateGroup(graphsim.Group{DisplayName: "New"})
			must(t, err)
		},
	} {
		changed := o.Changed()
		do()
		select {
		case <-changed:
		case <-time.After(5 * time.Second):
			t.Errorf("%s is not told", what)
		}
	}
	changed := o.Changed()
	o.Members(crm)
	select {
	case <-changed:
		t.Error("a look is told as a change")
	default:
	}
}

func TestAClosedServerCutsEveryCall(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	o.Close()
	o.Close()
	if g, err := o.try(t.Context(), http.MethodGet, "/users", ""); err == nil {
		t.Fatalf("status %d", g.status)
	}
}
