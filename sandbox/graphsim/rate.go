package graphsim

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

const (
	unitWindow   = 10 * time.Second
	writeWindow  = 150 * time.Second
	reportWindow = 10 * time.Second
)

// meter is a token bucket: it holds size tokens and fills up within window.
type meter struct {
	size   float64
	window time.Duration
	tokens float64
	at     time.Time
}

func (m *meter) fill(now time.Time) {
	if passed := now.Sub(m.at); passed > 0 {
		m.tokens = math.Min(m.size, m.tokens+m.size*float64(passed)/float64(m.window))
		m.at = now
	}
}

// lacking is how long it takes until n tokens are there.
func (m *meter) lacking(n float64) time.Duration {
	return time.Duration((n - m.tokens) / m.size * float64(m.window))
}

// usage is what the throttling headers of one answer say.
type usage struct {
	units   int
	percent float64 // of the fullest bucket that the call took from
}

func (u usage) headers(h http.Header) {
	if u.units > 0 {
		h.Set("X-Ms-Resource-Unit", strconv.Itoa(u.units))
	}
	if u.percent > 0.8 {
		h.Set("X-Ms-Throttle-Limit-Percentage", strconv.FormatFloat(u.percent, 'f', 4, 64))
	}
}

// spend takes the cost of one call from the buckets of the application.
func (s *Server) spend(q *request) reply {
	type take struct {
		m    *meter
		n    float64
		what string
	}
	q.usage.units = q.units()
	takes := []take{{s.meter(q, "units", s.unitLimit(), unitWindow), float64(q.usage.units), "ResourceUnitLimitExceeded"}}
	if q.Method != http.MethodGet {
		takes = append(takes, take{s.meter(q, "writes", orDefault(s.cfg.Limits.Writes, 3000), writeWindow), 1, "WriteLimitExceeded"})
	}
	if q.route.report {
		// The reports have a limit of their own instead.
		takes = []take{{s.meter(q, "reports", orDefault(s.cfg.Limits.Reports, 5), reportWindow), 1, ""}}
	}
	for _, t := range takes {
		if t.m.tokens < t.n {
			return s.throttled(q, t.m.lacking(t.n), t.what)
		}
	}
	for _, t := range takes {
		t.m.tokens -= t.n
		q.usage.percent = math.Max(q.usage.percent, 1-t.m.tokens/t.m.size)
	}
	return reply{}
}

func (s *Server) throttled(q *request, wait time.Duration, what string) reply {
	rep := tooManyRequests()
	rep.header.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(wait.Seconds())))))
	if what != "" {
		scope := "ReadWrite"
		if what == "WriteLimitExceeded" {
			scope = "Write"
		}
		rep.header.Set("X-Ms-Throttle-Scope", "Tenant_Application/"+scope+"/"+q.who.ID+"/"+s.cfg.TenantID)
		rep.header.Set("X-Ms-Throttle-Information", what)
	}
	return rep
}

func tooManyRequests() reply {
	rep := refuse(http.StatusTooManyRequests, "TooManyRequests", "Too many requests")
	rep.header = http.Header{}
	return rep
}

func (s *Server) meter(q *request, what string, size int, window time.Duration) *meter {
	key := what + " " + q.who.ID
	m := s.meters[key]
	if m == nil {
		m = &meter{size: float64(size), window: window, tokens: float64(size), at: q.at}
		s.meters[key] = m
	}
	m.fill(q.at)
	return m
}

// unitLimit is the resource units per 10 seconds by the size of the tenant.
func (s *Server) unitLimit() int {
	switch people := len(s.users); {
	case s.cfg.Limits.ResourceUnits > 0:
		return s.cfg.Limits.ResourceUnits
	case people < 50:
		return 3500
	case people <= 500:
		return 5000
	default:
		return 8000
	}
}

func orDefault(n, fallback int) int {
	if n == 0 {
		return fallback
	}
	return n
}

// units is the cost by Graph's table: the base of the path, less with $select or a small $top, more with $expand.
func (q *request) units() int {
	n := max(1, q.route.cost)
	if q.query.Has("$select") {
		n--
	}
	if q.query.Has("$expand") {
		n++
	}
	if top, err := strconv.Atoi(q.query.Get("$top")); err == nil && top < 20 {
		n--
	}
	return max(1, n)
}
