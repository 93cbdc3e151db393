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
		g.giveBack(bucket)
	}
	return time.Time{}, ctx.Err()
}

// enqueue puts removals behind the removals that wait already and before everything else.
func (g *gate) enqueue(t *ticket) {
	at := len(g.queue)
	if t.priority == idp.Removal {
		at = slices.IndexFunc(g.queue, func(o *ticket) bool { return o.priority != idp.Removal })
		if at < 0 {
			at = len(g.queue)
		}
	}
	g.queue = slices.Insert(g.queue, at, t)
}

// dispatch answers every ticket that can be answered now.
func (g *gate) dispatch() {
	now := g.now()
	g.queue = slices.DeleteFunc(g.queue, func(t *ticket) bool {
		v, until := g.budget.judge(t.bucket, t.priority, now)
		switch {
		case v == refuse:
			t.answer <- admission{until: until}
			return true
		case v == hold || g.inUse >= g.places(t.priority):
			return false
		}
		g.inUse++
		g.budget.meter(t.bucket).inFlight++
		t.answer <- admission{granted: true}
		return true
	})
}

// places returns how many calls may be under way when one of this priority is admitted. The last place is for removals
// alone, so that reads that hang never hold up a removal.
func (g *gate) places(priority idp.Priority) int {
	if priority == idp.Removal || g.cap < 3 {
		return g.cap
	}
	return g.cap - 1
}

// leave gives the place back of a call that was sent at the given time. seen is nil if the answer held no rate headers; crowded says that the vendor complained
// about too many simultaneous calls.
func (g *gate) leave(bucket string, seen *rate, sent time.Time, crowded bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
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
	g.giveBack(bucket)
}

func (g *gate) giveBack(bucket string) {
	g.inUse--
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
