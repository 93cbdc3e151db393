package ldapsim

import "time"

// FaultKind says how a request goes wrong. "Before" means that nothing was done, "after" that the work was done.
type FaultKind string

// The kinds of fault.
const (
	// Down closes the connection without an answer; nothing is done.
	Down FaultKind = "down"
	// LostAnswer does the work, then closes the connection without an answer.
	LostAnswer FaultKind = "lost_answer"
	// HangBefore gives no answer until the client leaves or [Server.ReleaseHangs], which closes the connection; nothing is done.
	HangBefore FaultKind = "hang_before"
	// HangAfter does the work and gives no answer, as above.
	HangAfter FaultKind = "hang_after"
	// Slow does the work and answers after Fault.After.
	Slow FaultKind = "slow"
	// RateLimit answers busy (51); LDAP has no way to say for how long.
	RateLimit FaultKind = "rate_limit"
	// Error500 answers other (80).
	Error500 FaultKind = "error_500"
	// Error503 answers unavailable (52).
	Error503 FaultKind = "error_503"
	// Truncated does the work and sends half of the answer, then closes the connection.
	Truncated FaultKind = "truncated"
	// Unauthorized answers as if nobody had signed in: invalidCredentials (49) to a bind, operationsError (1) to the rest.
	Unauthorized FaultKind = "unauthorized"
	// Forbidden answers insufficientAccessRights (50).
	Forbidden FaultKind = "forbidden"
	// Gone answers noSuchObject (32).
	Gone FaultKind = "gone"
)

// FaultKinds lists all kinds.
func FaultKinds() []FaultKind {
	return []FaultKind{Down, LostAnswer, HangBefore, HangAfter, Slow, RateLimit, Error500, Error503, Truncated, Unauthorized, Forbidden, Gone}
}

// Fault makes requests go wrong.
type Fault struct {
	// Name of the operation to hit, as in Call.Name. "" or "*" hits every operation.
	Name string
	Kind FaultKind
	// Times is how many requests are hit. Zero: every one until [Server.ClearFaults].
	Times int
	// Skip lets that many matching requests pass first.
	Skip int
	// After is the delay of Slow, in real time.
	After time.Duration
}

type armed struct {
	Fault
	left, skip int
}

// Inject arms a fault. Faults are tried in the order in which they were injected.
func (s *Server) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &armed{Fault: f, left: f.Times, skip: f.Skip})
	s.bump()
}

// ClearFaults disarms all faults. Requests that hang already go on hanging.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
	s.bump()
}

// ReleaseHangs ends every wait of the hang kinds that is going on now.
func (s *Server) ReleaseHangs() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.release)
	s.release = make(chan struct{})
}

// takeFault returns the fault that hits a request, or the zero Fault. The caller holds the lock.
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

// code is what the kinds answer that refuse without working; the words are slapd's own.
func (k FaultKind) code(method string) (int64, string) {
	switch k {
	case RateLimit:
		return codeBusy, "connection busy"
	case Error503:
		return codeUnavailable, "shutdown in progress"
	case Unauthorized:
		if method == "BIND" {
			return codeCredentials, ""
		}
		return codeOperations, "authentication required"
	case Forbidden:
		return codeNoRight, "no write access to entry"
	case Gone:
		return codeNoSuchEntry, ""
	default:
		return codeOther, "internal error"
	}
}
