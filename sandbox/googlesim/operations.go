package googlesim

// FaultKinds lists what Inject knows.
func FaultKinds() []FaultKind {
	return []FaultKind{
		Down, ResetBefore, LostAnswer, HangBefore, HangAfter, Slow, SlowDrip, RateLimit, RateLimitBare, RateConcurrency, Error500,
		Error500Empty, Error502HTML, Error503, Truncated, WrongTypes, OKWithError, Unauthorized, Forbidden, Gone,
	}
}
