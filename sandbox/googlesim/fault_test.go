package googlesim_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"usher/sandbox/googlesim"
)

// TestFaults holds for every kind whether the work is done and what comes back.
func TestFaults(t *testing.T) {
	t.Parallel()
	for kind, x := range map[googlesim.FaultKind]struct {
		status int // 0 = the connection is cut
		done   bool
		reason string
	}{
		googlesim.Down: {}, googlesim.ResetBefore: {}, googlesim.LostAnswer: {done: true}, googlesim.Slow: {status: 200, done: true},
		googlesim.SlowDrip: {status: 200, done: true}, googlesim.RateLimit: {status: 429, reason: "rateLimitExceeded"},
		googlesim.RateLimitBare: {status: 403, reason: "userRateLimitExceeded"}, googlesim.RateConcurrency: {status: 403, reason: "quotaExceeded"},
		googlesim.Error500: {status: 500, reason: "backendError"}, googlesim.Error500Empty: {status: 500}, googlesim.Error502HTML: {status: 502},
		googlesim.Error503: {status: 503, reason: "backendError"}, googlesim.Truncated: {status: 200, done: true}, googlesim.WrongTypes: {status: 200, done: true},
		googlesim.Unauthorized: {status: 401, reason: "authError"}, googlesim.Forbidden: {status: 403, reason: "forbidden"}, googlesim.Gone: {status: 404, reason: "notFound"},
	} {
		c := open(t, nil)
		token := c.token(root, scopes()...)
		c.Inject(googlesim.Fault{Name: "member.insert", Kind: kind, Times: 1, After: time.Millisecond})
		a := c.send("POST", members, token, map[string]string{"id": ada})
		_, _, found := c.Membership(team, ada)
		if found != x.done {
			t.Errorf("%s: member is %v", kind, found)
		}
		switch {
		case a == nil && x.status == 0:
		case a == nil || a.status != x.status || x.reason != "" && a.reason != x.reason:
			t.Errorf("%s: got %+v", kind, a)
		case kind == googlesim.RateLimit && a.header.Get("Retry-After") != "1":
			t.Errorf("%s: no time to come back: %v", kind, a.header)
		case kind == googlesim.Truncated && json.Valid(a.raw):
			t.Errorf("%s: the body is whole: %s", kind, a.raw)
		}
		c.want(map[bool]int{true: 409, false: 200}[x.done], "", "POST", members, map[string]string{"id": ada}) // only one call was hit
	}
}

func TestHangs(t *testing.T) {
	t.Parallel()
	for _, kind := range []googlesim.FaultKind{googlesim.HangBefore, googlesim.HangAfter} {
		c := open(t, nil)
		token := c.token(root, scopes()...)
		c.Inject(googlesim.Fault{Kind: kind, Skip: 1, Times: 1})
		if a := c.send("GET", members, token, nil); a == nil || a.status != 200 {
			t.Fatalf("%s hit the call that was to be skipped", kind)
		}
		got := make(chan *answer, 1)
		waiting := c.Waiting("member.insert")
		go func() { got <- c.send("POST", members, token, map[string]string{"id": ada}) }()
		<-waiting
		_, _, found := c.Membership(team, ada)
		c.ReleaseHangs()
		if a := <-got; (a != nil) != (kind == googlesim.HangAfter) || found != (kind == googlesim.HangAfter) {
			t.Errorf("%s: answer %+v, member %v", kind, a, found)
		}
	}
}

func TestOperationsAndFaultKinds(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	ops := c.Operations()
	for _, name := range []string{"member.insert", "member.delete", "token", "identity.membership.modify", "activity.list"} {
		if !slices.Contains(ops, name) {
			t.Errorf("no operation %s", name)
		}
	}
	if !slices.IsSorted(ops) || len(googlesim.FaultKinds()) != 20 {
		t.Errorf("operations %v, %d kinds", ops, len(googlesim.FaultKinds()))
	}
}

func TestChanged(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	for what, do := range map[string]func(){
		"a call":  func() { c.want(200, "", "GET", members, nil) },
		"by hand": func() { _ = c.AddMemberByHand(team, ada, googlesim.Member, "x") },
		"a fault": func() { c.Inject(googlesim.Fault{Kind: googlesim.Down, Times: 1}); c.ClearFaults() },
		"a reset": func() { c.ResetCalls() },
	} {
		changed := c.Changed()
		do()
		select {
		case <-changed:
		case <-time.After(5 * time.Second):
			t.Errorf("%s is no change", what)
		}
	}
	c.Close()
	c.Close()
	if a := c.send("GET", members, "x", nil); a != nil {
		t.Errorf("answered after the end: %d", a.status)
	}
}

func TestContradictions(t *testing.T) {
	t.Parallel()
	for what, cfg := range map[string]googlesim.Config{
		"no address":      {Users: []googlesim.User{{Primary: "ada"}}},
		"address twice":   {Users: []googlesim.User{{Primary: "a@x.example"}, {Primary: "b@x.example", Aliases: []string{"A@x.example"}}}},
		"group's address": {Users: []googlesim.User{{Primary: "a@x.example"}}, Groups: []googlesim.Group{{Email: "a@x.example"}}},
		"no such member":  {Groups: []googlesim.Group{{Email: "g@x.example", Members: []string{"a@x.example"}}}},
		"no account":      {ServiceAccounts: []googlesim.ServiceAccount{{}}},
	} {
		if _, err := googlesim.New(cfg); err == nil {
			t.Errorf("%s is accepted", what)
		}
	}
	c := open(t, nil)
	for what, err := range map[string]error{
		"user": c.SetManager("1", "x"), "group": c.DeleteGroup("x"), "member": c.AddMemberByHand(team, "1", googlesim.Member, "x"),
		"account": c.Delegate("x"), "kind": c.SetGroup("x", func(*googlesim.Group) {}),
	} {
		if err == nil {
			t.Errorf("%s: nothing is missing", what)
		}
	}
	if _, err := c.CreateUser(googlesim.User{Primary: "ADA@acme.example"}); err == nil {
		t.Error("an address is given twice")
	}
	if got := c.Groups(); len(got) != 1 || got[0].ID != team || len(c.Users()) != 3 {
		t.Errorf("the truth is %+v", got)
	}
}
