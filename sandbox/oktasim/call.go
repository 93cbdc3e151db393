package oktasim

import "time"

const capText = 64 << 10

// Call is one API call received.
type Call struct {
	// Seq counts from 1 and never restarts.
	Seq int
	At  time.Time
	// Method, Path and Query as received; the query of the token endpoint is left out.
	Method, Path, Query string
	// Name is the stable operation name, such as "group.member.add"; "unknown" for paths that Okta does not have.
	Name string
	// Status is what was answered; 0 while the call is under way and for calls that got no answer.
	Status int
	// Fault is the kind of the injected fault that hit the call, if any.
	Fault string
	// Changed tells whether the call changed the organization.
	Changed bool
	// Body of the request and Reply are cut at 64 KiB, and left out for the token endpoint.
	Body, Reply string
}

// Calls returns the calls received since the start or [Server.ResetCalls], in order of arrival. Of more than
// Config.CallsMax the older half is forgotten; Seq tells.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Call, len(s.calls))
	for i, c := range s.calls {
		out[i] = *c
	}
	return out
}

// ResetCalls forgets the calls received, and the count behind [Server.ChangelessCalls].
func (s *Server) ResetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = nil
	s.changeless = 0
	s.bump()
}

func clip(b []byte) string {
	if len(b) > capText {
		b = b[:capText]
	}
	return string(b)
}
