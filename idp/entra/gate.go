package entra

import (
	"context"
	"slices"
	"sync"
	"time"

	"usher/idp"
)

// gate admits calls: a bounded number at once, removals before all others, and none that a limit would refuse. The last place
// is for removals alone, so that reads that hang never hold up a removal. It is safe for concurrent use.
type gate struct {
	now     func() time.Time
	most    int
	reserve float64

	mu     sync.Mutex
	meters [classes]*meter
	inUse  int
	others int       // of those in use, the calls that are no removals
	queue  []*ticket // removals first, each kind in order of arrival
}

// ticket is one call that waits for a place.
type ticket struct {
	class    class
	units    int
	priority idp.Priority
	answer   chan time.Time // buffered; the zero time admits
}

func newGate(now func() time.Time, most int, reserve float64) *gate {
	g := &gate{now: now, most: most, reserve: reserve}
	for c := range classes {
		g.meters[c] = newMeter(c, now())
	}
	return g
}

// enter waits for a place. It returns when to ask again if a limit is spent, or the error of ctx. After a nil error and a zero
// time the caller must call leave.
func (g *gate) enter(ctx context.Context, c class, units int, priority idp.Priority) (time.Time, error) {
	t := &ticket{class: c, units: units, priority: priority, answer: make(chan time.Time, 1)}
	g.mu.Lock()
	at := len(g.queue)
	if priority == idp.Removal {
		if i := slices.IndexFunc(g.queue, func(o *ticket) bool { return o.priority != idp.Removal }); i >= 0 {
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
		g.giveBack(priority)
	}
	return time.Time{}, ctx.Err()
}

// dispatch answers every ticket that can be answered now.
func (g *gate) dispatch() {
	now := g.now()
	g.queue = slices.DeleteFunc(g.queue, func(t *ticket) bool {
		m := g.meters[t.class]
		if until := m.judge(t.units, t.priority, g.reserve, now); !until.IsZero() {
			t.answer <- until
			return true
		}
		if !g.place(t.priority) {
			return false
		}
		m.tokens -= float64(t.units)
		g.inUse++
		if t.priority != idp.Removal {
			g.others++
		}
		t.answer <- time.Time{}
		return true
	})
}

func (g *gate) place(priority idp.Priority) bool {
	if priority != idp.Removal && g.most >= 3 && g.others >= g.most-1 {
		return false
	}
	return g.inUse < g.most
}

// leave gives the place back.
func (g *gate) leave(c class, priority idp.Priority, s signal) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.meters[c].observe(s, g.now())
	g.giveBack(priority)
}

func (g *gate) giveBack(priority idp.Priority) {
	g.inUse--
	if priority != idp.Removal {
		g.others--
	}
	g.dispatch()
}

// complain notes a refusal and returns when the next call of the class may be sent. wish is the vendor's, zero if it has none.
func (g *gate) complain(c class, wish time.Time) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.meters[c].complain(wish, g.now())
}

// left is the share that is left of each limit, for reports.
func (g *gate) left(c class) float64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	m := g.meters[c]
	m.judge(0, idp.Removal, 0, g.now())
	return m.tokens / m.size
}
