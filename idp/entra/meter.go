package entra

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"usher/idp"
)

// class is what kind of limit a call counts against.
type class int

const (
	reads class = iota
	writes
	reports
	classes // how many there are
)

// The limits of one application in one tenant by learn.microsoft.com/graph/throttling-limits, those of the smallest tenants.
// Graph tells how full a limit is once 80 % are spent, and that is believed over these.
func limitOf(c class) (size float64, window time.Duration) {
	switch c {
	case writes:
		return 3000, 150 * time.Second
	case reports:
		return 5, 10 * time.Second
	default: // reads, in resource units
		return 3500, 10 * time.Second
	}
}

const (
	// spent is the share at which a limit counts as spent, and spentPause how long it is left alone then.
	spent      = 0.99
	spentPause = shortWait + time.Second
	// longestPause bounds how long a vendor that complains without saying for how long is left alone.
	longestPause = 30 * time.Second
)

// meter is a token bucket as Graph keeps one, seen from outside.
type meter struct {
	size       float64
	window     time.Duration
	tokens     float64
	at         time.Time
	blocked    time.Time // until when nothing is sent
	complaints int       // refusals in a row
}

func newMeter(c class, now time.Time) *meter {
	size, window := limitOf(c)
	return &meter{size: size, window: window, tokens: size, at: now}
}

// judge returns the zero time if a call of so many units may be sent now, else when to ask again. Calls that are no removals
// leave the reserve.
func (m *meter) judge(units int, priority idp.Priority, reserve float64, now time.Time) time.Time {
	if passed := now.Sub(m.at); passed != 0 {
		m.tokens = math.Min(m.size, m.tokens+m.size*float64(max(0, passed))/float64(m.window))
		m.at = now
	}
	if now.Before(m.blocked) {
		return m.blocked
	}
	need := float64(units)
	if priority != idp.Removal {
		need += math.Min(reserve*m.size, m.size-need) // one call is always possible
	}
	if m.tokens >= need {
		return time.Time{}
	}
	return now.Add(time.Duration((need - m.tokens) / m.size * float64(m.window)))
}

// signal is what an answer says about the limits.
type signal struct {
	answered bool
	refused  bool
	percent  float64 // how full the fullest limit is; 0 = not told
}

func signalOf(a *answer) signal {
	if a == nil {
		return signal{}
	}
	s := signal{answered: true, refused: a.status == http.StatusTooManyRequests}
	if p, err := strconv.ParseFloat(a.header.Get("X-Ms-Throttle-Limit-Percentage"), 64); err == nil && p >= 0.5 && p < 3 {
		s.percent = p
	}
	return s
}

// observe learns from an answer.
func (m *meter) observe(s signal, now time.Time) {
	if s.answered && !s.refused {
		m.complaints = 0
	}
	if s.percent == 0 {
		return
	}
	m.tokens = math.Min(m.tokens, math.Max(0, 1-s.percent)*m.size)
	if s.percent >= spent {
		m.block(now.Add(spentPause))
	}
}

func (m *meter) block(until time.Time) {
	if until.After(m.blocked) {
		m.blocked = until
	}
}

// complain notes a refusal, and returns until when calls are held back: the vendor's own wish if there is one.
func (m *meter) complain(wish, now time.Time) time.Time {
	if !wish.After(now) {
		wish = now.Add(min(longestPause, time.Second<<min(m.complaints, 10)))
	}
	m.complaints++
	m.block(wish)
	return wish
}
