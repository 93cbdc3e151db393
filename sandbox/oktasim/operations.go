package oktasim

import "slices"

// FaultKinds lists what Inject knows.
func FaultKinds() []FaultKind {
	return []FaultKind{
		Down, ResetBefore, LostAnswer, Late, HangBefore, HangAfter, Slow, SlowDrip, RateLimit, RateLimitBare, RateConcurrency, Error500,
		Error500Empty, Error502HTML, Error503, Truncated, WrongTypes, OKWithError, Unauthorized, Forbidden, Gone,
	}
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
