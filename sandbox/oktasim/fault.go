package oktasim

import (
	"context"
	"time"
)

// FaultKind says how a call goes wrong. "Before" means that nothing was done, "after" that the work was done.
type FaultKind string

// The kinds of fault.
const (
	// Down closes the connection without an answer; nothing is done.
	Down FaultKind = "down"
	// ResetBefore resets the connection (TCP RST) before the work.
	ResetBefore FaultKind = "reset_before"
	// LostAnswer does the work, then closes the connection without an answer.
	LostAnswer FaultKind = "lost_answer"
	// Late accepts the call and closes the connection without an answer; the work is done after Fault.After (default 1 s), which
	// may be after that of a later call.
	Late FaultKind = "late"
	// HangBefore gives no answer until the client leaves or [Server.ReleaseHangs], which cuts the connection; nothing is done.
	HangBefore FaultKind = "hang_before"
	// HangAfter does the work and withholds the true answer until the client leaves or [Server.ReleaseHangs].
	HangAfter FaultKind = "hang_after"
	// Slow does the work at once and answers after Fault.After.
	Slow FaultKind = "slow"
	// SlowDrip does the work and sends the body byte by byte, with Fault.After (default 5 ms) between bytes.
	SlowDrip FaultKind = "slow_drip"
	// RateLimit answers 429 with a reset time of Fault.After (default 1 s) from now; nothing is done.
	RateLimit FaultKind = "rate_limit"
	// RateLimitBare answers 429 without any rate header.
	RateLimitBare FaultKind = "rate_limit_bare"
	// RateConcurrency answers 429 as for too many calls at once: limit 0, remaining 0, an estimated reset.
	RateConcurrency FaultKind = "rate_concurrency"
	// Error500 answers 500 with Okta's error body; nothing is done.
	Error500 FaultKind = "error_500"
	// Error500Empty answers 500 with an empty body.
	Error500Empty FaultKind = "error_500_empty"
	// Error502HTML answers 502 with a page of HTML, as a proxy would.
	Error502HTML FaultKind = "error_502_html"
	// Error503 answers 503 E0000010 (read-only mode).
	Error503 FaultKind = "error_503"
	// Truncated does the work and sends half of the JSON with status 200.
	Truncated FaultKind = "truncated"
	// WrongTypes does the work and sends JSON in which strings, numbers and booleans have changed kind.
	WrongTypes FaultKind = "wrong_types"
	// OKWithError is for vendors that answer 200 with an error; Okta does not, so it is Error500.
	OKWithError FaultKind = "ok_with_error"
	// Unauthorized answers 401 E0000011.
	Unauthorized FaultKind = "unauthorized"
	// Forbidden answers 403 E0000006.
	Forbidden FaultKind = "forbidden"
	// Gone answers 404 E0000007.
	Gone FaultKind = "gone"
)

// Fault makes calls go wrong.
//
// A client's own transport may repeat a GET whose reused connection was cut, as it would with the real service; such a repeat counts as a call.
type Fault struct {
	// Name of the operation to hit, as in Call.Name. "" or "*" hits every operation.
	Name string
	Kind FaultKind
	// Times is how many calls are hit. Zero: every call until [Server.ClearFaults].
	Times int
	// Skip lets that many matching calls pass first: Skip 1 hits the second page of a list.
	Skip int
	// After is the delay of Late and of the slow kinds (real time) or the wait told by RateLimit.
	After time.Duration
}

type armed struct {
	Fault
	left int
	skip int
}

// Inject arms a fault. Faults are tried in the order in which they were injected.
func (s *Server) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &armed{Fault: f, left: f.Times, skip: f.Skip})
	s.bump()
}

// ClearFaults disarms all faults. Calls that hang already go on hanging.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
	s.bump()
}

// takeFault returns the fault that hits a call to op, or the zero Fault.
func (s *Server) takeFault(op string) Fault {
	for i, a := range s.faults {
		if a.Name != "" && a.Name != "*" && a.Name != op {
			continue
		}
		if a.skip > 0 {
			a.skip--
			continue
		}
		if a.Times > 0 {
			a.left--
			if a.left == 0 {
				s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
			}
		}
		return a.Fault
	}
	return Fault{}
}

// ReleaseHangs ends every wait of the hang kinds that is going on now.
func (s *Server) ReleaseHangs() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.release)
	s.release = make(chan struct{})
}

// Waiting returns a channel that is closed when a call to the operation name ("" or "*" for any) stands at a hang point.
// It is closed at once if one stands there now.
func (s *Server) Waiting(name string) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name == "" {
		name = "*"
	}
	ch := make(chan struct{})
	if s.hanging[name] > 0 {
		close(ch)
		return ch
	}
	s.waiters[name] = append(s.waiters[name], ch)
	return ch
}

// hang waits for ReleaseHangs (true) or for the client to leave or the server to close (false).
func (s *Server) hang(ctx context.Context, op string) bool {
	s.mu.Lock()
	release := s.release
	for _, name := range []string{op, "*"} {
		s.hanging[name]++
		for _, ch := range s.waiters[name] {
			close(ch)
		}
		delete(s.waiters, name)
	}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.hanging[op]--
		s.hanging["*"]--
		s.mu.Unlock()
	}()
	select {
	case <-release:
		return true
	case <-s.done:
	case <-ctx.Done():
	}
	return false
}

// pause waits d of real time; false when the client left or the server closed.
func (s *Server) pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.done:
	case <-ctx.Done():
	}
	return false
}
