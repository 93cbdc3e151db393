package jirasim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"))
}

func TestBurstLimitByTheVirtualClock(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *Config) { c.Limits = Limits{Get: 5, GetIssue: 7} })
	key := s.open()
	for i := range 5 {
		g := s.call("GET", "3/field", nil).want(200)
		if left := g.header.Get("X-Ratelimit-Remaining"); left != fmt.Sprint(4-i) {
			t.Errorf("call %d leaves %s", i, left)
		}
		if near := g.header.Get("X-Ratelimit-Nearlimit") != ""; near != (i == 4) {
			t.Errorf("call %d: near limit %v", i, near)
		}
	}
	g := s.call("GET", "3/field", nil).want(429)
	for name, want := range map[string]string{
		"Retry-After": "1", "X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "0", "RateLimit-Reason": "jira-burst-based",
		"X-RateLimit-Reset": "2024-01-01T10:00Z",
	} {
		if got := g.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	s.call("GET", "3/myself", nil).want(200)
	for range 7 {
		s.call("GET", "3/issue/"+key, nil).want(200)
	}
	s.call("GET", "3/issue/"+key, nil).want(429)
	s.clock.add(time.Second)
	s.call("GET", "3/field", nil).want(200)
}

func TestWritesToOneIssueAreLimited(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *Config) { c.Limits = Limits{IssueShort: 3, IssueLong: 5} })
	a, b := s.open(), s.open()
	write := func(key string) got {
		return s.call("PUT", "2/issue/"+key+"/properties/k", "1")
	}
	for range 3 {
		write(a)
	}
	g := write(a).want(429)
	if g.header.Get("Ratelimit-Reason") != "jira-per-issue-on-write" || g.header.Get("Retry-After") != "2" {
		t.Errorf("headers are %v", g.header)
	}
	write(b).want(201)
	s.clock.add(2 * time.Second)
	write(a).want(200)
	write(a).want(200)
	if g = write(a).want(429); g.header.Get("Retry-After") != "28" {
		t.Errorf("wait is %s", g.header.Get("Retry-After"))
	}
	s.clock.add(28 * time.Second)
	write(a).want(200)
}

func TestLimitsCanBeOff(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *Config) { c.Limits = Limits{Off: true, Get: 1} })
	for range 3 {
		s.call("GET", "3/field", nil).want(200)
	}
}

func TestFaultsBeforeTheWork(t *testing.T) {
	t.Parallel()
	for kind, want := range map[FaultKind]int{
		FaultDown: 0, FaultResetBefore: 0, FaultRateLimit: 429, FaultBareLimit: 429, FaultError500: 500, FaultError502: 502,
		FaultError503: 503, FaultOKWithError: 500, FaultUnauthorize: 401, FaultForbidden: 403, FaultGone: 404, FaultConflict: 409,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.Inject(Fault{Name: "issue.create", Kind: kind, Times: 1, After: 3 * time.Second})
			s.call("GET", "3/field", nil).want(200)
			g, err := s.try("POST", "2/issue", request())
			if (want == 0) != (err != nil) || g.status != want {
				t.Errorf("status %d, error %v", g.status, err)
			}
			if wait := g.header.Get("Retry-After"); (wait != "") != (kind == FaultRateLimit || kind == FaultError503) {
				t.Errorf("Retry-After is %q", wait)
			}
			if n := len(s.Issues()); n != 0 {
				t.Errorf("%d issues were made", n)
			}
			calls := s.Calls()
			last := calls[len(calls)-1]
			if last.Name != "issue.create" || last.Fault != string(kind) || last.Changed || last.Status != want {
				t.Errorf("log says %+v", last)
			}
			s.open()
		})
	}
}

func TestFaultsAfterTheWork(t *testing.T) {
	t.Parallel()
	for _, kind := range []FaultKind{FaultLostAnswer, FaultSlow, FaultSlowDrip, FaultTruncated, FaultWrongTypes} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.Inject(Fault{Kind: kind, After: time.Millisecond})
			g, err := rawCall(t.Context(), s, "POST", "/rest/api/2/issue", request())
			if n := len(s.Issues()); n != 1 {
				t.Errorf("%d issues were made", n)
			}
			last := s.Calls()[0]
			if !last.Changed || !strings.Contains(last.Body, "Figma for Alice") || last.Account != BotAccount {
				t.Errorf("log says %+v", last)
			}
			whole := `{"id":"10001","key":"ACCESS-1","self":"` + s.base + `/rest/api/2/issue/10001"}`
			want := map[FaultKind]string{FaultTruncated: whole[:len(whole)/2], FaultWrongTypes: `{"id":4711,"key":4711,"self":4711}`, FaultLostAnswer: ""}
			if text, special := want[kind]; special {
				whole = text
			}
			if g != whole || (err != nil) != (kind == FaultLostAnswer) {
				t.Errorf("got %q, %v", g, err)
			}
			s.ClearFaults()
			s.ResetCalls()
			s.open()
			if calls := s.Calls(); len(calls) != 1 || calls[0].Seq != 2 || calls[0].Status != 201 || calls[0].Fault != "" {
				t.Errorf("log says %+v", calls)
			}
		})
	}
}

func TestHangs(t *testing.T) {
	t.Parallel()
	for _, kind := range []FaultKind{FaultHangBefore, FaultHangAfter} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.Inject(Fault{Name: "issue.create", Kind: kind, Times: 2})
			hung := s.Waiting("issue.create")
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			start := func(ctx context.Context) {
				go func() {
					_, err := rawCall(ctx, s, "POST", "/rest/api/2/issue", request())
					done <- err
				}()
			}
			start(ctx)
			<-hung
			worked := 0
			if kind == FaultHangAfter {
				worked = 1
			}
			if n := len(s.Issues()); n != worked {
				t.Errorf("%d issues while hanging", n)
			}
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("client got %v", err)
			}
			s.noneHangs()
			hung = s.Waiting("issue.create")
			start(t.Context())
			<-hung
			s.ReleaseHangs()
			if err := <-done; (err == nil) != (kind == FaultHangAfter) {
				t.Errorf("after the release the client got %v", err)
			}
			if n := len(s.Issues()); n != 2*worked {
				t.Errorf("%d issues at last", n)
			}
		})
	}
}

// noneHangs waits until the site has noticed that its clients gave up.
func (s *site) noneHangs() {
	s.t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); runtime.Gosched() {
		s.faults.mu.Lock()
		n := 0
		for _, hanging := range s.faults.hanging {
			n += hanging
		}
		s.faults.mu.Unlock()
		if n == 0 {
			return
		}
	}
	s.t.Fatal("calls still hang")
}

func TestCloseEndsHangingCalls(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Inject(Fault{Kind: FaultHangBefore})
	done := make(chan error, 1)
	hung := s.Waiting("")
	go func() {
		_, err := rawCall(t.Context(), s, "GET", "/rest/api/3/field", nil)
		done <- err
	}()
	<-hung
	s.Close()
	s.Close()
	if err := <-done; !errors.Is(err, io.EOF) {
		t.Errorf("client got %v", err)
	}
}
