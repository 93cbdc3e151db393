package slacksim

import (
	"net/http"
	"strconv"
	"time"
)

// Calls a minute that Slack documents per method, workspace and app.
const (
	tier1       = 1
	tier2       = 20
	tier3       = 50
	tier4       = 100
	tierSpecial = 600 // "several hundred"
)

// One message a second in a channel, with short bursts let through.
const (
	postBurst  = 10
	postWindow = 10 * time.Second
)

// limit refuses the call that is one too many within a window. The lock must be held.
func (s *Server) limit(key string, most int, window time.Duration) *apiError {
	if s.cfg.NoRateLimits {
		return nil
	}
	now := s.cfg.Now()
	kept := s.recent[key][:0]
	for _, t := range s.recent[key] {
		if age := now.Sub(t); age >= 0 && age < window {
			kept = append(kept, t)
		}
	}
	s.recent[key] = kept
	if len(kept) < most {
		s.recent[key] = append(kept, now)
		return nil
	}
	wait := window - now.Sub(kept[0])
	seconds := max(1, int((wait+time.Second-1)/time.Second))
	h := http.Header{}
	h.Set("Retry-After", strconv.Itoa(seconds))
	return &apiError{code: "ratelimited", status: http.StatusTooManyRequests, header: h}
}
