package jirasim

import "slices"

// FaultKinds lists what Inject knows.
func FaultKinds() []FaultKind {
	return []FaultKind{
		FaultDown, FaultResetBefore, FaultLostAnswer, FaultHangBefore, FaultHangAfter, FaultSlow, FaultSlowDrip, FaultRateLimit,
		FaultBareLimit, FaultError500, FaultError502, FaultError503, FaultTruncated, FaultWrongTypes, FaultOKWithError,
		FaultUnauthorize, FaultForbidden, FaultGone, FaultConflict,
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
