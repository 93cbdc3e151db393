package jirasim

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// FaultKind names a way in which the site can go wrong.
type FaultKind string

// Fault kinds. Kinds whose comment says nothing else do no work.
const (
	FaultDown        FaultKind = "down"            // the connection is cut without an answer
	FaultResetBefore FaultKind = "reset_before"    // the connection is reset
	FaultLostAnswer  FaultKind = "lost_answer"     // the work is done, then the connection is cut
	FaultHangBefore  FaultKind = "hang_before"     // no answer until the client gives up; cut at ReleaseHangs
	FaultHangAfter   FaultKind = "hang_after"      // the work is done, the answer is held back until the client gives up or ReleaseHangs
	FaultSlow        FaultKind = "slow"            // the work is done, the answer comes after After
	FaultSlowDrip    FaultKind = "slow_drip"       // the work is done, the answer comes byte by byte over After (1 s if zero)
	FaultRateLimit   FaultKind = "rate_limit"      // 429 with Retry-After (After, 1 s if zero) and Jira's headers
	FaultBareLimit   FaultKind = "rate_limit_bare" // 429 without headers
	FaultError500    FaultKind = "error_500"
	FaultError502    FaultKind = "error_502_html" // the page of a proxy
	FaultError503    FaultKind = "error_503"      // with Retry-After if After is set
	FaultTruncated   FaultKind = "truncated"      // the work is done, the JSON ends in the middle
	FaultWrongTypes  FaultKind = "wrong_types"    // the work is done, the JSON has other types than documented
	FaultOKWithError FaultKind = "ok_with_error"  // Jira never answers an error with 200, so this is a 500
	FaultUnauthorize FaultKind = "unauthorized"
	FaultForbidden   FaultKind = "forbidden"
	FaultGone        FaultKind = "gone"     // 404
	FaultConflict    FaultKind = "conflict" // 409, as when two edits meet
)

// Fault makes calls go wrong.
type Fault struct {
	Name  string        // operation to hit, as in Call.Name; "" or "*" = every operation
	Kind  FaultKind     //
	Times int           // how many calls it hits; 0 = until cleared
	After time.Duration // delay of slow kinds, Retry-After of rate limits
}

type faultBox struct {
	mu      sync.Mutex
	faults  []*Fault
	release chan struct{} // closed by ReleaseHangs
	closed  chan struct{}
	once    sync.Once
	waiting []waiter
	hanging map[string]int
}

type waiter struct {
	name string
	ch   chan struct{}
}

func (b *faultBox) init() {
	b.release = make(chan struct{})
	b.closed = make(chan struct{})
	b.hanging = map[string]int{}
}

func (b *faultBox) close() {
	b.once.Do(func() { close(b.closed) })
}

// Inject adds a fault. Of several that fit a call the one injected first hits.
func (s *Server) Inject(f Fault) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.faults = append(s.faults.faults, &f)
	s.news.tell()
}

// ClearFaults takes all faults away. Calls that hang already stay so until ReleaseHangs.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.faults = nil
	s.news.tell()
}

// ReleaseHangs lets every hanging call go on: answers that were held back are sent, calls that hung before their work are cut.
func (s *Server) ReleaseHangs() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	close(s.faults.release)
	s.faults.release = make(chan struct{})
}

// Waiting returns a channel that is closed when a call of the named operation ("" or "*" = any) hangs; at once if one hangs already.
func (s *Server) Waiting(name string) <-chan struct{} {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	ch := make(chan struct{})
	for hung, n := range s.faults.hanging {
		if n > 0 && covers(name, hung) {
			close(ch)
			return ch
		}
	}
	s.faults.waiting = append(s.faults.waiting, waiter{name: name, ch: ch})
	return ch
}

func covers(pattern, name string) bool {
	return pattern == "" || pattern == "*" || pattern == name
}

// take returns the fault that hits a call of this name, or nil.
func (b *faultBox) take(name string) *Fault {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, f := range b.faults {
		if !covers(f.Name, name) {
			continue
		}
		hit := *f
		if f.Times > 0 {
			f.Times--
			if f.Times == 0 {
				b.faults = append(b.faults[:i:i], b.faults[i+1:]...)
			}
		}
		return &hit
	}
	return nil
}

// hang holds a call and reports whether it was released while the client still waits.
func (b *faultBox) hang(ctx context.Context, name string) bool {
	b.mu.Lock()
	release := b.release
	b.hanging[name]++
	rest := b.waiting[:0]
	for _, w := range b.waiting {
		if covers(w.name, name) {
			close(w.ch)
		} else {
			rest = append(rest, w)
		}
	}
	b.waiting = rest
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.hanging[name]--
	}()
	select {
	case <-release:
		return ctx.Err() == nil
	case <-ctx.Done():
	case <-b.closed:
	}
	return false
}

// pause waits in real time and reports whether it was not cut short.
func (b *faultBox) pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
	case <-b.closed:
	}
	return false
}

func (s *Server) unworked(c *call, f *Fault) rendered {
	e := refuse(http.StatusInternalServerError, "Internal server error")
	switch f.Kind {
	case FaultRateLimit:
		wait := f.After
		if wait <= 0 {
			wait = time.Second
		}
		e = tooMany(100, s.now(), wait, "jira-burst-based")
	case FaultBareLimit:
		e = refuse(http.StatusTooManyRequests, tooManyText)
	case FaultError502:
		return c.render(reply{status: http.StatusBadGateway, html: "<html><head><title>502 Bad Gateway</title></head><body>" +
			"<center><h1>502 Bad Gateway</h1></center><hr><center>AtlassianEdge</center></body></html>"})
	case FaultError503:
		e = refuse(http.StatusServiceUnavailable, "The service is temporarily unavailable.")
		if f.After > 0 {
			e.header = map[string]string{"Retry-After": seconds(f.After)}
		}
	case FaultUnauthorize:
		e = unauthenticated()
	case FaultForbidden:
		e = refuse(http.StatusForbidden, "You do not have permission to perform this operation.")
	case FaultGone:
		e = refuse(http.StatusNotFound, noIssue)
	case FaultConflict:
		e = refuse(http.StatusConflict, "The issue was changed by another request at the same time. Try again.")
	}
	return c.render(e.reply())
}
