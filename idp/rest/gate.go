package rest

import (
	"context"
	"slices"
	"sync"
	"time"

	"usher/idp"
)

// Limits are the budgets of a client.
type Limits struct {
	// InFlight bounds the simultaneous requests. Of three or more the last place is for removals alone.
	InFlight int
	// Reserve is the share of every lane that is kept for removals, at least 0 and below 1.
	Reserve float64
	// PerMinute is how many requests a lane may send within any 60 seconds, by its name; lanes without a number are not
	// counted.
	PerMinute map[string]int
}

const (
	// window is the minute of a budget and a second more, because a request arrives later than it is sent.
	window = 61 * time.Second
	// longestPause bounds how long a vendor that complains without saying for how long is left alone.
	longestPause = 30 * time.Second
)

// gate admits requests: a bounded number at once, removals before all others, no more per minute than the lane allows, and
// none while the vendor wants to be left alone. It is safe for concurrent use.
type gate struct {
	limits Limits
	now    func() time.Time

	mu     sync.Mutex
	inUse  int
	others int // of those in use, the ones that are no removals
	queue  []*ticket
	lanes  map[string]*lane
}

// lane is what was spent of one budget, and what the vendor said about it.
type lane struct {
	sent       []time.Time // within the window, oldest first
	complaints int
	// blocked holds back what is no removal, and stopped also removals: a refusal of an ordinary call does not keep the
	// next removal from trying.
	blocked, stopped time.Time
}

// ticket is one request that waits for a place.
type ticket struct {
	lane    string
	removal bool
	answer  chan time.Time // buffered; the zero time admits, another says when to ask again
}

func newGate(l Limits, now func() time.Time) *gate {
	return &gate{limits: l, now: now, lanes: map[string]*lane{}}
}

// enter waits for a place. It returns when to ask again if the budget is spent, or the error of ctx. After a nil error and a
// zero time the caller must call leave.
func (g *gate) enter(ctx context.Context, name string, removal bool) (time.Time, error) {
	t := &ticket{lane: name, removal: removal, answer: make(chan time.Time, 1)}
	g.mu.Lock()
	at := len(g.queue)
	if removal {
		if i := slices.IndexFunc(g.queue, func(o *ticket) bool { return !o.removal }); i >= 0 {
			at = i
		}
	}
	g.queue = slices.Insert(g.queue, at, t)
	g.dispatch()
	g.mu.Unlock()
	select {
	case until := <-t.answer:
		return until, nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.queue, t); i >= 0 {
		g.queue = slices.Delete(g.queue, i, i+1)
	} else if until := <-t.answer; until.IsZero() {
		g.giveBack(removal)
	}
	return time.Time{}, ctx.Err()
}

// dispatch answers every ticket that can be answered now. The caller holds the lock.
func (g *gate) dispatch() {
	now := g.now()
	g.queue = slices.DeleteFunc(g.queue, func(t *ticket) bool {
		l := g.lane(t.lane)
		if until := g.spent(l, t, now); !until.IsZero() {
			t.answer <- until
			return true
		}
		if !g.place(t.removal) {
			return false
		}
		g.inUse++
		if !t.removal {
			g.others++
		}
		if g.limits.PerMinute[t.lane] > 0 {
			l.sent = append(l.sent, now)
		}
		t.answer <- time.Time{}
		return true
	})
}

// spent returns when the lane has something for the ticket again; the zero time means now.
func (g *gate) spent(l *lane, t *ticket, now time.Time) time.Time {
	hold := l.blocked
	if t.removal {
		hold = l.stopped
	}
	if wait := hold.Sub(now); wait > 0 && wait <= longestWait { // A longer one means that the clock went back.
		return hold
	}
	limit := g.limits.PerMinute[t.lane]
	if limit <= 0 {
		return time.Time{}
	}
	l.forget(now)
	if !t.removal {
		limit -= int(g.limits.Reserve * float64(limit))
	}
	if len(l.sent) < limit {
		return time.Time{}
	}
	if limit <= 0 {
		return now.Add(window)
	}
	return l.sent[len(l.sent)-limit].Add(window)
}

// forget drops what is out of the window. If the clock went back nothing is known.
func (l *lane) forget(now time.Time) {
	if n := len(l.sent); n > 0 && now.Before(l.sent[n-1].Add(-time.Second)) {
		l.sent = nil
	}
	i := 0
	for i < len(l.sent) && !now.Before(l.sent[i].Add(window)) {
		i++
	}
	l.sent = slices.Delete(l.sent, 0, i)
}

// place reports whether a request of this kind may be under way besides those that are.
func (g *gate) place(removal bool) bool {
	if !removal && g.limits.InFlight >= 3 && g.others >= g.limits.InFlight-1 {
		return false
	}
	return g.inUse < g.limits.InFlight
}

// leave gives the place back and learns from the outcome. A refusal that does not say how long it lasts is given a date.
func (g *gate) leave(name string, removal bool, e *idp.Error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.lane(name)
	switch {
	case e == nil:
		l.complaints = 0
	case e.Kind == idp.Throttled:
		if e.RetryAt.IsZero() {
			e.RetryAt = g.now().Add(min(longestPause, time.Second<<min(l.complaints, 10)))
		}
		l.complaints++
		l.blocked = e.RetryAt
		if removal {
			l.stopped = e.RetryAt
		}
	}
	g.giveBack(removal)
}

func (g *gate) giveBack(removal bool) {
	g.inUse--
	if !removal {
		g.others--
	}
	g.dispatch()
}

func (g *gate) lane(name string) *lane {
	l := g.lanes[name]
	if l == nil {
		l = &lane{}
		g.lanes[name] = l
	}
	return l
}

// Left returns how many requests of a lane are left of the present window, and of how many; 0 and 0 if it is not counted.
func (c *Client) Left(name string) (left, limit int) {
	g := c.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	limit = g.limits.PerMinute[name]
	if limit <= 0 {
		return 0, 0
	}
	l := g.lane(name)
	l.forget(g.now())
	return max(0, limit-len(l.sent)), limit
}
