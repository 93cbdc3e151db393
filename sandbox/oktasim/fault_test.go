package oktasim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"usher/sandbox/oktasim"
)

const addBob = "/api/v1/groups/00g1/users/00u2"

func (o *org) hasBob() bool { return strings.Contains(strings.Join(o.Members("00g1"), " "), "00u2") }

func TestFaultsAnswerAndWorkAsTheirNamesSay(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind   oktasim.FaultKind
		status int // 0: no answer
		code   string
		done   bool
	}{
		{oktasim.Down, 0, "", false},
		{oktasim.ResetBefore, 0, "", false},
		{oktasim.LostAnswer, 0, "", true},
		{oktasim.Slow, 204, "", true},
		{oktasim.SlowDrip, 204, "", true},
		{oktasim.RateLimit, 429, "E0000047", false},
		{oktasim.RateLimitBare, 429, "E0000047", false},
		{oktasim.RateConcurrency, 429, "E0000047", false},
		{oktasim.Error500, 500, "E0000009", false},
		{oktasim.Error500Empty, 500, "", false},
		{oktasim.Error502HTML, 502, "", false},
		{oktasim.Error503, 503, "E0000010", false},
		{oktasim.OKWithError, 500, "E0000009", false},
		{oktasim.Unauthorized, 401, "E0000011", false},
		{oktasim.Forbidden, 403, "E0000006", false},
		{oktasim.Gone, 404, "E0000007", false},
		{oktasim.Truncated, 200, "", true},
		{oktasim.WrongTypes, 200, "", true},
	}
	for _, test := range tests {
		t.Run(string(test.kind), func(t *testing.T) {
			t.Parallel()
			o := start(t, company(newClock()))
			o.Inject(oktasim.Fault{Name: "group.member.add", Kind: test.kind, Times: 1, After: time.Millisecond})
			g, err := o.try(t.Context(), http.MethodPut, addBob, "")
			switch {
			case test.status == 0 && err == nil:
				t.Errorf("an answer: %d %s", g.status, g.body)
			case test.status != 0 && err != nil:
				t.Fatal(err)
			case test.status != 0:
				g.want(t, test.status)
			}
			if test.code != "" {
				g.refusal(t, test.status, test.code)
			}
			if o.hasBob() != test.done {
				t.Errorf("work done: %v", o.hasBob())
			}
			last := o.Calls()[0]
			if last.Fault != string(test.kind) || last.Status != test.status || last.Changed != test.done || last.Name != "group.member.add" {
				t.Errorf("call log: %+v", last)
			}
			o.call(http.MethodPut, addBob, "").want(t, 204) // the fault has worn off
		})
	}
}

func TestCutConnectionsLookLikeThemselves(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	o.Inject(oktasim.Fault{Kind: oktasim.Down, Times: 1})
	if _, err := o.try(t.Context(), http.MethodPut, addBob, ""); !errors.Is(err, io.EOF) {
		t.Errorf("down: %v, want EOF", err)
	}
	o.Inject(oktasim.Fault{Kind: oktasim.ResetBefore, Times: 1})
	if _, err := o.try(t.Context(), http.MethodPut, addBob, ""); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("reset: %v", err)
	}
}

// What was asked for lands after what was asked for later, for nobody.
func TestLateWorkLandsAfterThatOfALaterCall(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	o.Inject(oktasim.Fault{Name: "group.member.add", Kind: oktasim.Late, Times: 1, After: 100 * time.Millisecond})
	if _, err := o.try(t.Context(), http.MethodPut, addBob, ""); !errors.Is(err, io.EOF) {
		t.Fatalf("late: %v, want EOF", err)
	}
	o.call(http.MethodDelete, addBob, "").want(t, 204)
	if o.hasBob() || o.Calls()[0].Changed {
		t.Fatal("it was done at once")
	}
	for late := time.After(10 * time.Second); ; {
		change := o.Changed()
		if o.hasBob() {
			break
		}
		select {
		case <-change:
		case <-late:
			t.Fatal("it never landed")
		}
	}
	if first := o.Calls()[0]; !first.Changed || first.Status != 0 || first.Fault != "late" {
		t.Errorf("call log: %+v", first)
	}
	o.Inject(oktasim.Fault{Name: "group.member.remove", Kind: oktasim.Late, Times: 1, After: time.Hour})
	if _, err := o.try(t.Context(), http.MethodDelete, addBob, ""); !errors.Is(err, io.EOF) {
		t.Fatalf("late: %v, want EOF", err)
	}
	o.Close() // Ends the wait.
}

func TestFaultHeadersAndBodies(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	o.Inject(oktasim.Fault{Kind: oktasim.RateLimit, Times: 1, After: 20 * time.Second})
	g := o.get("/api/v1/groups").want(t, 429)
	_, remaining, reset := rates(t, g)
	if date, err := http.ParseTime(g.header.Get("Date")); err != nil || remaining != 0 || reset-date.Unix() != 21 {
		t.Errorf("rate limit: %v", g.header)
	}
	o.Inject(oktasim.Fault{Kind: oktasim.RateLimitBare, Times: 1})
	if g = o.get("/api/v1/groups"); g.header.Get("X-Rate-Limit-Reset") != "" {
		t.Errorf("bare: %v", g.header)
	}
	o.Inject(oktasim.Fault{Kind: oktasim.Error500Empty, Times: 1})
	if g = o.get("/api/v1/groups"); len(g.body) != 0 {
		t.Errorf("empty: %s", g.body)
	}
	o.Inject(oktasim.Fault{Kind: oktasim.Error502HTML, Times: 1})
	if g = o.get("/api/v1/groups"); !bytes.Contains(g.body, []byte("<html>")) || g.header.Get("Content-Type") != "text/html" {
		t.Errorf("html: %v %s", g.header, g.body)
	}
	o.Inject(oktasim.Fault{Kind: oktasim.Truncated, Times: 1})
	if g, _ = o.try(t.Context(), "GET", "/api/v1/groups", ""); json.Valid(g.body) || len(g.body) == 0 {
		t.Errorf("truncated: %s", g.body)
	}
	o.Inject(oktasim.Fault{Kind: oktasim.WrongTypes, Times: 1})
	g, _ = o.try(t.Context(), "GET", "/api/v1/groups", "")
	var list []map[string]any
	decode(t, g.body, &list)
	if list[0]["id"] != 7.0 {
		t.Errorf("wrong types: %s", g.body)
	}
	o.Inject(oktasim.Fault{Kind: oktasim.SlowDrip, Times: 1, After: time.Microsecond})
	if n := len(o.get("/api/v1/groups/00g1/users").ids(t)); n != 2 {
		t.Errorf("dripped list of %d", n)
	}
}

func TestFaultHitsTheSecondPageOnly(t *testing.T) {
	t.Parallel()
	cfg := company(newClock())
	crowd(&cfg, 5)
	o := start(t, cfg)
	o.Inject(oktasim.Fault{Name: "group.members", Kind: oktasim.Unauthorized, Skip: 1, Times: 1})
	o.Inject(oktasim.Fault{Name: "user.list", Kind: oktasim.Error500})
	g := o.get("/api/v1/groups/00g2/users?limit=2").want(t, 200)
	o.get(g.link(t, "next")).refusal(t, http.StatusUnauthorized, "E0000011")
	o.get(g.link(t, "next")).want(t, 200)
	for range 3 { // without Times a fault stays until it is cleared
		o.get("/api/v1/users").want(t, 500)
	}
	o.ClearFaults()
	o.get("/api/v1/users").want(t, 200)
}

func TestHangsBeforeOrAfterTheWorkUntilReleased(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind     oktasim.FaultKind
		done     bool
		answered bool
	}{{oktasim.HangBefore, false, false}, {oktasim.HangAfter, true, true}} {
		t.Run(string(test.kind), func(t *testing.T) {
			t.Parallel()
			o := start(t, company(newClock()))
			o.Inject(oktasim.Fault{Name: "group.member.add", Kind: test.kind, Times: 1})
			waiting, anything := o.Waiting("group.member.add"), o.Waiting("")
			result := make(chan error, 1)
			go func() {
				_, err := o.try(context.Background(), http.MethodPut, addBob, "")
				result <- err
			}()
			<-waiting
			<-anything
			<-o.Waiting("group.member.add") // a call that hangs already is reported at once
			if o.hasBob() != test.done {
				t.Errorf("work done while hanging: %v", o.hasBob())
			}
			if calls := o.Calls(); len(calls) != 1 || calls[0].Status != 0 || calls[0].Changed != test.done {
				t.Errorf("call log while hanging: %+v", calls)
			}
			o.ReleaseHangs()
			if err := <-result; (err == nil) != test.answered {
				t.Errorf("answered: %v", err)
			}
			if o.hasBob() != test.done {
				t.Errorf("work done: %v", o.hasBob())
			}
		})
	}
}

func TestClientThatGivesUpEndsTheHang(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	o.Inject(oktasim.Fault{Kind: oktasim.HangBefore, Times: 1})
	ctx, cancel := context.WithCancel(t.Context())
	waiting := o.Waiting("*")
	result := make(chan error, 1)
	go func() {
		_, err := o.try(ctx, http.MethodPut, addBob, "")
		result <- err
	}()
	<-waiting
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if o.hasBob() {
		t.Error("the work was done for a client that left")
	}
}

func TestCloseEndsHangsAndCutsLaterCalls(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	o.Inject(oktasim.Fault{Kind: oktasim.HangAfter, Times: 1})
	waiting := o.Waiting("user.list")
	result := make(chan error, 1)
	go func() {
		_, err := o.try(context.Background(), http.MethodGet, "/api/v1/users", "")
		result <- err
	}()
	<-waiting
	o.Close()
	o.Close()
	if err := <-result; err == nil {
		t.Error("a hanging call was answered by closing")
	}
	if _, err := o.try(t.Context(), http.MethodGet, "/api/v1/users", ""); err == nil {
		t.Error("a closed server answered")
	}
}
