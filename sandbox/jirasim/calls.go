package jirasim

import (
	"sync"
	"time"
)

const maxLogged = 64 << 10

// Call is one API call as the site saw it.
type Call struct {
	Seq     int       // counts from 1, also over ResetCalls
	At      time.Time // by the site's clock
	Method  string
	Path    string
	Query   string
	Name    string // stable name of the operation, such as issue.create; "unknown" for a path that does not exist
	Account string // account id of the caller; empty = nobody, or not yet answered
	Status  int    // 0 = nothing was sent
	Fault   string // kind of the injected fault; empty = none
	Changed bool   // whether it changed the state of the site
	Body    string // request body, at most 64 KiB
	Reply   string // what was sent, or would have been had the answer not been lost; at most 64 KiB
}

type callLog struct {
	mu    sync.Mutex
	seq   int
	first int // Seq of calls[0]
	calls []Call
}

// Calls lists every call received since the last ResetCalls, in the order of arrival.
func (s *Server) Calls() []Call {
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	return append([]Call(nil), s.calls.calls...)
}

// ResetCalls empties the list of calls.
func (s *Server) ResetCalls() {
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	s.calls.calls = nil
	s.news.tell()
}

func (l *callLog) begin(c *call, f *Fault, at time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq++
	if len(l.calls) == 0 {
		l.first = l.seq
	}
	entry := Call{
		Seq: l.seq, At: at, Method: c.r.Method, Path: c.r.URL.Path, Query: c.r.URL.RawQuery, Name: c.name, Body: capped(c.body),
	}
	if f != nil {
		entry.Fault = string(f.Kind)
	}
	l.calls = append(l.calls, entry)
	return l.seq
}

// update changes the entry of a call unless the list was reset since.
func (l *callLog) update(seq int, change func(*Call)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := seq - l.first; i >= 0 && i < len(l.calls) {
		change(&l.calls[i])
	}
}

func (l *callLog) worked(c *call, ans rendered) {
	l.update(c.seq, func(e *Call) {
		e.Changed = c.changed
		e.Reply = capped(ans.body)
		if c.who != nil {
			e.Account = c.who.AccountID
		}
	})
}

func (l *callLog) sent(c *call, status int) {
	l.update(c.seq, func(e *Call) { e.Status = status })
}

func capped(b []byte) string {
	if len(b) > maxLogged {
		b = b[:maxLogged]
	}
	return string(b)
}
