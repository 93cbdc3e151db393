package oktasim

import (
	"net/http"
	"strconv"
	"time"
)

// Buckets of the rate limits, named by the paths that they cover. The most specific one counts.
const (
	BucketAll    = "*"                   // in Config.Limits: every bucket that is not named
	BucketUsers  = "/api/v1/users"       // list and create
	BucketUser   = "/api/v1/users/{id}"  // read, update or delete one
	BucketGroups = "/api/v1/groups"      // list and create
	BucketGroup  = "/api/v1/groups/{id}" // read, update or delete one
	BucketLogs   = "/api/v1/logs"
	BucketApps   = "/api/v1/apps" // and everything below
	BucketToken  = "/oauth2/v1/token"
	BucketOther  = "/api/v1/" // everything else, members of groups included
)

const windowLength = time.Minute

// window counts the calls since the first one; it is not aligned to the clock.
type window struct {
	start time.Time
	used  int
}

// rateState is what the rate headers of one answer say.
type rateState struct {
	known     bool
	limit     int
	remaining int
	reset     time.Time
}

// orgLimit is calls per minute of the organization: Okta's last published defaults of workforce organizations.
func (s *Server) orgLimit(bucket string) int {
	if n, found := s.cfg.Limits[bucket]; found {
		return n
	}
	if n, found := s.cfg.Limits[BucketAll]; found {
		return n
	}
	switch bucket {
	case BucketUsers:
		return 600
	case BucketUser, BucketToken:
		return 2000
	case BucketGroups:
		return 500
	case BucketGroup:
		return 1000
	case BucketLogs:
		return 120
	case BucketApps:
		return 100
	default:
		return 1200
	}
}

// spend takes one call from the bucket of the organization and from the token's share of it.
func (s *Server) spend(q *request) reply {
	total := s.orgLimit(q.route.bucket)
	states := []rateState{}
	windows := []*window{s.window(q.route.bucket, "", q.at)}
	limits := []int{total}
	if q.who != nil {
		windows = append(windows, s.window(q.route.bucket, q.who.id(), q.at))
		limits = append(limits, max(1, total*s.cfg.TokenShare/100))
	}
	full := false
	for i, w := range windows {
		full = full || w.used >= limits[i]
	}
	for i, w := range windows {
		if !full {
			w.used++
		}
		states = append(states, rateState{true, limits[i], max(0, limits[i]-w.used), w.start.Add(windowLength)})
	}
	q.rate = states[0]
	for _, st := range states[1:] {
		if st.remaining <= q.rate.remaining {
			q.rate = st
		}
	}
	if full {
		return tooManyRequests()
	}
	return reply{}
}

func (s *Server) window(bucket, who string, now time.Time) *window {
	key := bucket + " " + who
	w := s.windows[key]
	if w == nil || !now.Before(w.start.Add(windowLength)) {
		w = &window{start: now}
		s.windows[key] = w
	}
	return w
}

// rateHeaders are on each answer; one that was refused before it was counted shows the bucket as it stands.
func (s *Server) rateHeaders(q *request, h http.Header) {
	st := q.rate
	if !st.known {
		total := s.orgLimit(q.route.bucket)
		w := s.window(q.route.bucket, "", q.at)
		st = rateState{true, total, max(0, total-w.used), w.start.Add(windowLength)}
	}
	h.Set("X-Rate-Limit-Limit", strconv.Itoa(st.limit))
	h.Set("X-Rate-Limit-Remaining", strconv.Itoa(st.remaining))
	h.Set("X-Rate-Limit-Reset", strconv.FormatInt(ceilSecond(st.reset), 10))
}

func ceilSecond(t time.Time) int64 {
	sec := t.Unix()
	if t.Nanosecond() > 0 {
		sec++
	}
	return sec
}

// concurrencyExceeded is the 429 of too many calls at once: 0 of 0, and a reset that is only a guess.
func (s *Server) concurrencyExceeded() reply {
	rep := tooManyRequests()
	rep.bare = true
	rep.header = http.Header{}
	rep.header.Set("X-Rate-Limit-Limit", "0")
	rep.header.Set("X-Rate-Limit-Remaining", "0")
	rep.header.Set("X-Rate-Limit-Reset", strconv.FormatInt(ceilSecond(s.clock().Add(2*time.Second)), 10))
	return rep
}
