package googlesim

import (
	"slices"
	"time"
)

const (
	capText  = 64 << 10
	maxCalls = 20000
)

// Call is one call received.
type Call struct {
	// Seq counts from 1 and never restarts.
	Seq int
	At  time.Time
	// Method, Path and Query as received; queries of the endpoints for tokens are left out.
	Method, Path, Query string
	// Name is the stable operation name, such as "member.insert"; "unknown" for paths that Google does not have.
	Name string
	// Status is what was answered; 0 while the call is under way and for calls that got no answer.
	Status int
	// Fault is the kind of the injected fault that hit the call, if any.
	Fault string
	// Changed tells whether the call changed the company.
	Changed bool
	// Body of the request and Reply are cut at 64 KiB, and left out for the endpoints for tokens.
	Body, Reply string
}

// Calls returns the calls received since the start or [Server.ResetCalls], in order of arrival. Of more than 20,000 the older
// half is forgotten; Seq tells.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Call, len(s.calls))
	for i, c := range s.calls {
		out[i] = *c
	}
	return out
}

// ResetCalls forgets the calls received.
func (s *Server) ResetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = nil
	s.bump()
}

// Operations lists the names that a fault can hit, as in Call.Name.
func (s *Server) Operations() []string {
	var names []string
	for _, r := range s.routes {
		names = append(names, r.name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func clip(b []byte) string {
	if len(b) > capText {
		b = b[:capText]
	}
	return string(b)
}
