package googlesim

import "time"

// quota counts the calls of one caller since the first one of a minute.
type quota struct {
	start time.Time
	used  int
}

// spend takes one call from the caller's quota.
func (s *Server) spend(q *request) reply {
	limit := s.cfg.Quota
	if q.route.api == apiIdentity {
		limit = s.cfg.IdentityQuota
	}
	key := string(q.route.api) + " " + q.who.id()
	w := s.windows[key]
	if w == nil || !q.at.Before(w.start.Add(time.Minute)) {
		w = &quota{start: q.at}
		s.windows[key] = w
	}
	if w.used >= limit {
		return tooManyCalls(q.route.api)
	}
	w.used++
	return reply{}
}
