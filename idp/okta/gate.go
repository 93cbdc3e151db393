package okta

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"usher/idp"
)

// gate admits calls: a bounded number at once, removals before all others, and none that the rate window would refuse.
// It is safe for concurrent use.
type gate struct {
	mu     sync.Mutex
	budget *budget
	now    func() time.Time
	most   int // configured bound on simultaneous calls
	cap    int // present bound, lowered when the vendor complains about simultaneous calls
	calm   int // answers since the bound was last changed
	inUse  int
	others int       // of those in use, the calls that are no removals
	streak int       // removals admitted in a row while others waited
	queue  []*ticket // in order of admission
}

// calmAnswers is how many answers without complaint raise the lowered bound by one.
const calmAnswers = 20

// ticket is one call that waits for admission.
type ticket struct {
	bucket   string
	priority idp.Priority
	answer   chan admission // buffered, so that the gate never waits for the caller
}

type admission struct {
	granted bool
	until   time.Time // if not granted: when the window ends
}

func newGate(b *budget, now func() time.Time, most int) *gate {
	return &gate{budget: b, now: now, most: most, cap: most}
}

// enter waits for a place. It returns the end of the window if the window is spent, or the error of ctx.
// After a nil error and a zero time the caller must call leave.
func (g *gate) enter(ctx context.Context, bucket string, priority idp.Priority) (time.Time, error) {
	t := &ticket{bucket: bucket, priority: priority, answer: make(chan admission, 1)}
	g.mu.Lock()
	g.enqueue(t)
	g.dispatch()
	if len(g.queue) > 0 && !g.budget.meter(bucket).answered {
		time.AfterFunc(probeTime, g.look)
	}
	g.mu.Unlock()
	select {
	case a := <-t.answer:
		return a.until, nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.queue, t); i >= 0 {
		g.queue = slices.Delete(g.queue, i, i+1)
	} else if a := <-t.answer; a.granted {
		g.giveBack(bucket, priority)
	}
	return time.Time{}, ctx.Err()
}

// enqueue puts removals behind the removals that wait already and before everything else.
func (g *gate) enqueue(t *ticket) {
	at := len(g.queue)
	if t.priority != idp.Removal {
		g.budget.meter(t.bucket).use.lastOther = g.now()
	} else {
		at = slices.IndexFunc(g.queue, func(o *ticket) bool { return o.priority != idp.Removal })
		if at < 0 {
			at = len(g.queue)
		}
	}
	g.queue = slices.Insert(g.queue, at, t)
}

// dispatch answers every ticket that can be answered now. Removals come first; but where they come without end, one of
// the others goes in between for as many removals as the reserve stands for.
func (g *gate) dispatch() {
	now := g.now()
	if share := g.budget.share; share > 0 && float64(g.streak) >= (1-share)/share {
		g.answer(now, func(t *ticket) bool { return t.priority != idp.Removal && g.streak > 0 })
	}
	g.answer(now, func(*ticket) bool { return true })
}

// complain notes a refusal without a date and returns when the next call of the kind may be sent.
func (g *gate) complain(bucket string) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.budget.meter(bucket).complain(g.now())
}

// look dispatches what time alone has freed.
func (g *gate) look() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dispatch()
}

// answer answers the tickets of which chosen is true as far as they can be answered now.
func (g *gate) answer(now time.Time, chosen func(*ticket) bool) {
	contested := len(g.queue) > 0 && g.queue[len(g.queue)-1].priority != idp.Removal
	g.queue = slices.DeleteFunc(g.queue, func(t *ticket) bool {
		if !chosen(t) {
			return false
		}
		v, until := g.budget.judge(t.bucket, t.priority, now)
		switch {
		case v == refuse:
			t.answer <- admission{until: until}
			return true
		case v == hold || !g.place(t.priority):
			return false
		}
		g.admit(t, now, contested)
		return true
	})
}

// admit lets a call through. contested says that others wait behind the removals.
func (g *gate) admit(t *ticket, now time.Time, contested bool) {
	m := g.budget.meter(t.bucket)
	m.use.admit(t.priority, m.current(now))
	m.inFlight++
	g.inUse++
	if t.priority == idp.Removal {
		m.removing++
	}
	switch {
	case t.priority != idp.Removal:
		g.others++
		g.streak = 0
	case contested:
		g.streak++
	default:
		g.streak = 0
	}
	t.answer <- admission{granted: true}
}

// place reports whether a call of this priority may be under way besides those that are. The last place is for removals
// alone, so that reads that hang never hold up a removal.
func (g *gate) place(priority idp.Priority) bool {
	if priority != idp.Removal && g.cap >= 3 && g.others >= g.cap-1 {
		return false
	}
	return g.inUse < g.cap
}

// leave gives the place back of a call that was sent at the given time. seen is nil if the answer held no rate headers;
// crowded says that the vendor complained about too many simultaneous calls.
func (g *gate) leave(bucket string, priority idp.Priority, seen *rate, sent time.Time, crowded bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.budget.meter(bucket).answered = true
	if seen != nil {
		g.budget.observe(bucket, *seen, sent, g.now())
	}
	g.calm++
	switch {
	case crowded:
		g.cap, g.calm = max(1, g.cap/2), 0
	case g.cap < g.most && g.calm >= calmAnswers:
		g.cap, g.calm = g.cap+1, 0
	}
	g.giveBack(bucket, priority)
}

func (g *gate) giveBack(bucket string, priority idp.Priority) {
	g.inUse--
	if priority == idp.Removal {
		g.budget.meter(bucket).removing--
	} else {
		g.others--
	}
	g.budget.meter(bucket).inFlight--
	g.dispatch()
}

// share is the state of one kind of call's window, for reports.
type share struct {
	bucket           string
	limit, remaining int
}

// shares lists the windows that are known and not over.
func (g *gate) shares() []share {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []share
	now := g.now()
	for bucket, m := range g.budget.meters {
		if m.current(now) {
			all = append(all, share{bucket: bucket, limit: m.limit, remaining: m.remaining})
		}
	}
	slices.SortFunc(all, func(a, b share) int { return strings.Compare(a.bucket, b.bucket) })
	return all
}
