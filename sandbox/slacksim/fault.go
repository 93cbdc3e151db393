package slacksim

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// FaultKind tells how a call goes wrong.
type FaultKind string

// Kinds of faults, common to all simulators. In "unauthorized", "forbidden" and "ok_with_error" the HTTP status is 200, as at Slack.
const (
	Down          FaultKind = "down"            // connection cut without an answer, nothing done
	ResetBefore   FaultKind = "reset_before"    // connection cut before the work
	LostAnswer    FaultKind = "lost_answer"     // work done, then the connection is cut
	HangBefore    FaultKind = "hang_before"     // no work, no answer; ReleaseHangs cuts the connection
	HangAfter     FaultKind = "hang_after"      // work done, answer withheld until ReleaseHangs
	Slow          FaultKind = "slow"            // answer after Fault.After
	SlowDrip      FaultKind = "slow_drip"       // body byte by byte, Fault.After (default 5 ms) between them
	RateLimit     FaultKind = "rate_limit"      // 429 with Retry-After (Fault.After, default 30 s)
	RateLimitBare FaultKind = "rate_limit_bare" // 429 without Retry-After
	Error500      FaultKind = "error_500"
	Error502HTML  FaultKind = "error_502_html"
	Error503      FaultKind = "error_503"
	Truncated     FaultKind = "truncated"     // work done, JSON cut in the middle
	WrongTypes    FaultKind = "wrong_types"   // work done, JSON of wrong types
	OKWithError   FaultKind = "ok_with_error" // 200 with ok:false, error fatal_error
	Unauthorized  FaultKind = "unauthorized"  // invalid_auth
	Forbidden     FaultKind = "forbidden"     // access_denied
	Gone          FaultKind = "gone"          // HTTP 404
)

// Fault makes calls go wrong until it has hit Times calls.
type Fault struct {
	Name  string        // operation name as in Call.Name; "" or "*" means every operation
	Kind  FaultKind     // what happens
	Times int           // calls to hit; 0 means until ClearFaults
	After time.Duration // delay of slow kinds, Retry-After of rate limits
}

type activeFault struct {
	Fault
	left int
}

// Inject adds a fault. Faults are tried in the order of their injection; the first that fits is used.
func (s *Server) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &activeFault{Fault: f, left: f.Times})
	s.bump()
}

// ClearFaults removes all faults. Calls that hang already go on hanging until ReleaseHangs.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
	s.bump()
}

// ReleaseHangs lets go of every call that hangs now.
func (s *Server) ReleaseHangs() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.release)
	s.release = make(chan struct{})
}

// Waiting returns a channel that is closed once a call to name ("" or "*" for any) hangs, at once if one does already.
func (s *Server) Waiting(name string) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := make(chan struct{})
	if name == "" {
		name = "*"
	}
	if s.hanging[name] > 0 {
		close(ch)
		return ch
	}
	s.waiters[name] = append(s.waiters[name], ch)
	return ch
}

func (s *Server) takeFault(name string) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.Name != "" && f.Name != "*" && f.Name != name {
			continue
		}
		if f.Times > 0 {
			f.left--
			if f.left == 0 {
				s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
			}
		}
		return f.Fault, true
	}
	return Fault{}, false
}

func (s *Server) hang(ctx context.Context, name string) {
	s.mu.Lock()
	release := s.release
	for _, n := range []string{name, "*"} {
		s.hanging[n]++
		for _, w := range s.waiters[n] {
			close(w)
		}
		delete(s.waiters, n)
	}
	s.bump()
	s.mu.Unlock()
	select {
	case <-ctx.Done():
	case <-release:
	case <-s.done:
	}
	s.mu.Lock()
	s.hanging[name]--
	s.hanging["*"]--
	s.bump()
	s.mu.Unlock()
}

// Hanging tells how many calls to name ("" or "*" for any) hang now.
func (s *Server) Hanging(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name == "" {
		name = "*"
	}
	return s.hanging[name]
}

// cut ends the connection without an answer.
func cut(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok {
		if c, _, err := h.Hijack(); err == nil {
			_ = c.Close()
			return
		}
	}
	panic(http.ErrAbortHandler) // net/http's own way to break off an answer
}

// faultBefore answers for faults that keep the work from being done, and tells whether it did.
// The log has the outcome before the client does.
func (s *Server) faultBefore(w http.ResponseWriter, r *http.Request, c *Call, f Fault) bool {
	switch f.Kind {
	case Down, ResetBefore:
		s.endCall(c, 0, nil, false, f.Kind)
		cut(w)
		return true
	case HangBefore:
		s.endCall(c, 0, nil, false, f.Kind)
		s.hang(r.Context(), c.Name)
		cut(w)
		return true
	}
	a, ok := cannedFault(f)
	if ok {
		s.endCall(c, a.status, a.body, false, f.Kind)
		a.write(w)
	}
	return ok
}

func cannedFault(f Fault) (answer, bool) {
	switch f.Kind {
	case RateLimit, RateLimitBare:
		a := jsonAnswer(http.StatusTooManyRequests, map[string]any{"ok": false, "error": "ratelimited"})
		if f.Kind == RateLimit {
			wait := f.After
			if wait <= 0 {
				wait = 30 * time.Second
			}
			a.header.Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
		}
		return a, true
	case Error500:
		return htmlAnswer(http.StatusInternalServerError), true
	case Error502HTML:
		return htmlAnswer(http.StatusBadGateway), true
	case Error503:
		return htmlAnswer(http.StatusServiceUnavailable), true
	case OKWithError:
		return jsonAnswer(http.StatusOK, map[string]any{"ok": false, "error": "fatal_error"}), true
	case Unauthorized:
		return jsonAnswer(http.StatusOK, map[string]any{"ok": false, "error": "invalid_auth"}), true
	case Forbidden:
		return jsonAnswer(http.StatusOK, map[string]any{"ok": false, "error": "access_denied"}), true
	case Gone:
		return htmlAnswer(http.StatusNotFound), true
	}
	return answer{}, false
}

// faultAfter sends an answer the way the fault wants it. Until then, and when the client never gets it, the log has status 0.
func (s *Server) faultAfter(w http.ResponseWriter, r *http.Request, c *Call, f Fault, a answer) {
	s.endCall(c, 0, a.body, a.changed, f.Kind)
	switch f.Kind {
	case LostAnswer:
		cut(w)
		return
	case HangAfter:
		s.hang(r.Context(), c.Name)
		if r.Context().Err() != nil {
			return
		}
	case Slow:
		if !s.pause(r.Context(), f.After) {
			return
		}
	case SlowDrip:
		s.endCall(c, a.status, a.body, a.changed, f.Kind)
		s.drip(w, r, f.After, a)
		return
	case Truncated:
		a.body = a.body[:len(a.body)/2]
	case WrongTypes:
		a.body = []byte(`{"ok":"yes","channel":{"id":7},"ts":12,"message":"text","user":[],"view":"V","url":{}}`)
	}
	s.endCall(c, a.status, a.body, a.changed, f.Kind)
	a.write(w)
}

func (s *Server) pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	case <-s.done:
		return false
	}
}

func (s *Server) drip(w http.ResponseWriter, r *http.Request, each time.Duration, a answer) {
	if each <= 0 {
		each = 5 * time.Millisecond
	}
	a.head(w)
	rc := http.NewResponseController(w)
	for i := range a.body {
		if _, err := w.Write(a.body[i : i+1]); err != nil {
			return
		}
		if rc.Flush() != nil || !s.pause(r.Context(), each) {
			return
		}
	}
}
