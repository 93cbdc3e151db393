package slacksim

import "slices"

// FaultKinds lists what Inject knows.
func FaultKinds() []FaultKind {
	return []FaultKind{
		Down, ResetBefore, LostAnswer, HangBefore, HangAfter, Slow, SlowDrip, RateLimit, RateLimitBare, Error500, Error502HTML,
		Error503, Truncated, WrongTypes, OKWithError, Unauthorized, Forbidden, Gone,
	}
}

// Operations lists the names that a fault can hit, as in Call.Name.
func (s *Server) Operations() []string {
	names := []string{"response_url", "socket.connect"}
	for name := range s.methods {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
