package access

import (
	"cmp"
	"container/heap"
	"math/rand/v2"
	"slices"
	"time"
)

const (
	// longestPause bounds how long a target that failed is left alone; it is also the bound on noticing its return.
	longestPause = 20 * time.Second
	// otherTurn is how often something other than a removal gets its turn while removals wait: one in so many. A storm of
	// removals takes an hour at a provider's pace, and nobody should wait an hour for an approved access.
	otherTurn = 10
)

// queue orders pending effects in memory. The store holds the truth; a queue is rebuilt from it at start. It is not
// safe for concurrent use: the runner guards it.
type queue struct {
	limit   int
	calm    time.Duration // See Config.Calm.
	lanes   map[string]*lane
	targets map[string]*target
}

// lane holds the effects that must not overtake each other.
type lane struct {
	name   string
	target *target
	items  []Effect // In order of priority, then of arrival.
	busy   bool
	after  time.Time // No earlier than this, because the first item has to wait.
	heap   *laneHeap // The one that holds the lane; nil while none does.
	index  int       // In that heap.
}

// target is one outside system with its bound and its mood.
type target struct {
	name string
	// removals and others are the lanes that may run, most urgent first; waiting are those whose time has not come.
	removals, others, waiting laneHeap
	inFlight, failures, turn  int
	// pause and removalPause are when the next ordinary call and the next removal may go out.
	pause, removalPause time.Time
}

func newQueue(limit int, calm time.Duration) *queue {
	return &queue{limit: limit, calm: calm, lanes: map[string]*lane{}, targets: map[string]*target{}}
}

func (q *queue) target(name string) *target {
	t, ok := q.targets[name]
	if !ok {
		t = &target{
			name: name, removals: laneHeap{less: moreUrgent}, others: laneHeap{less: moreUrgent}, waiting: laneHeap{less: sooner},
		}
		q.targets[name] = t
	}
	return t
}

// add puts an effect in, or a newer revision in place of an older. What only tells where things stand waits a moment, so
// that changes which follow each other closely are told at once. The wait is not prolonged by what comes meanwhile.
func (q *queue) add(e Effect, now time.Time) {
	if q.calm > 0 && e.NotBefore.IsZero() && (e.Kind == EffectStatus || e.Kind == EffectMirror) {
		e.NotBefore = now.Add(q.calm)
	}
	l, ok := q.lanes[e.Lane]
	if !ok {
		l = &lane{name: e.Lane, target: q.target(e.Target)}
		q.lanes[e.Lane] = l
	}
	i := slices.IndexFunc(l.items, func(o Effect) bool { return o.ID == e.ID })
	if i >= 0 {
		if old := l.items[i]; old.Rev < e.Rev {
			if !l.busy {
				if !old.NotBefore.IsZero() && old.NotBefore.Before(e.NotBefore) {
					e.NotBefore = old.NotBefore
				}
				e.Attempts, e.inherited = max(e.Attempts, old.Attempts), old.inherited
				e.Refused = max(e.Refused, old.Refused)
			}
			l.items[i] = e
		} else if e.inherited { // Wished for anew before the runner began.
			l.items[i].Attempts, l.items[i].inherited = max(old.Attempts, e.Attempts), true
		}
	} else {
		l.items = append(l.items, e)
		slices.SortStableFunc(l.items, func(a, b Effect) int { return cmp.Compare(a.Priority, b.Priority) })
	}
	q.place(l)
}

// remove takes an effect out, unless a newer revision than rev has taken its place; rev 0 means any.
func (q *queue) remove(id, laneName string, rev int) {
	l := q.lanes[laneName]
	if l == nil {
		return
	}
	l.items = slices.DeleteFunc(l.items, func(o Effect) bool { return o.ID == id && (rev == 0 || o.Rev <= rev) })
	q.place(l)
}

// replace puts an effect that has to wait where it was; a newer wish that came meanwhile stays, and looks before it does again
// what the failed try may have done.
func (q *queue) replace(e Effect) {
	l := q.lanes[e.Lane]
	if l == nil {
		return
	}
	for i, o := range l.items {
		switch {
		case o.ID != e.ID:
		case o.Rev <= e.Rev:
			l.items[i] = e
		default:
			l.items[i].Attempts, l.items[i].inherited = max(o.Attempts, e.Attempts), o.inherited || e.inherited
		}
	}
	q.place(l)
}

// place keeps the lane in the heap that fits its first effect, and in none while it is busy or empty.
func (q *queue) place(l *lane) {
	if l.heap != nil {
		heap.Remove(l.heap, l.index)
		l.heap = nil
	}
	switch {
	case len(l.items) == 0 && !l.busy:
		delete(q.lanes, l.name)
	case len(l.items) > 0:
		l.after = l.items[0].NotBefore
		if l.busy {
			return
		}
		if l.after.IsZero() {
			l.ready()
			return
		}
		heap.Push(&l.target.waiting, l)
	}
}

// ready moves the lane to those that may run.
func (l *lane) ready() {
	if l.heap != nil {
		heap.Remove(l.heap, l.index)
	}
	h := &l.target.others
	if l.items[0].Priority == PriorityRemoval {
		h = &l.target.removals
	}
	heap.Push(h, l)
}

// next takes the most urgent effect that may run now, or says when to look again (zero: not before something changes).
func (q *queue) next(now time.Time) (Effect, bool, time.Time) {
	var again time.Time
	storm := q.storm(now)
	for _, t := range q.targets {
		limit := q.limit
		switch {
		case t.failures > 0:
			limit = 1 // One probe at a time until the target answers.
		case storm && len(t.removals.lanes) == 0:
			limit = max(1, limit/otherTurn) // The processor is theirs who remove.
		}
		if t.inFlight >= limit {
			continue
		}
		l, at := t.pick(now)
		if l == nil {
			again = earlier(again, at)
			continue
		}
		heap.Remove(l.heap, l.index)
		l.heap, l.busy = nil, true
		t.inFlight++
		return l.items[0], true, time.Time{}
	}
	return Effect{}, false, again
}

// storm reports whether removals wait for their turn somewhere.
func (q *queue) storm(now time.Time) bool {
	for _, t := range q.targets {
		if len(t.removals.lanes) > 0 && t.failures == 0 && !t.removalPause.After(now) {
			return true
		}
	}
	return false
}

// pick finds the lane whose turn it is: removals first, and now and then something else. If none may run, it says when
// one can.
func (t *target) pick(now time.Time) (*lane, time.Time) {
	for len(t.waiting.lanes) > 0 && !t.waiting.lanes[0].after.After(now) {
		t.waiting.lanes[0].ready()
	}
	removal, other := len(t.removals.lanes) > 0, len(t.others.lanes) > 0
	var again time.Time
	if removal && t.removalPause.After(now) {
		removal, again = false, earlier(again, t.removalPause)
	}
	if other && t.pause.After(now) {
		other, again = false, earlier(again, t.pause)
	}
	switch {
	case removal && other:
		if t.turn++; t.turn%otherTurn == 0 {
			return t.others.lanes[0], time.Time{}
		}
		return t.removals.lanes[0], time.Time{}
	case removal:
		return t.removals.lanes[0], time.Time{}
	case other:
		return t.others.lanes[0], time.Time{}
	}
	if len(t.waiting.lanes) > 0 {
		again = earlier(again, t.waiting.lanes[0].after)
	}
	return nil, again
}

// free gives the target's place back as soon as the call has returned; the lane stays busy until done.
func (q *queue) free(targetName string) { q.targets[targetName].inFlight-- }

// done gives the lane back.
func (q *queue) done(laneName string) {
	if l := q.lanes[laneName]; l != nil {
		l.busy = false
		q.place(l)
	}
}

// healthy ends a target's pauses.
func (q *queue) healthy(name string) {
	t := q.targets[name]
	t.failures, t.pause, t.removalPause = 0, time.Time{}, time.Time{}
}

// failed pauses a target. A wish of the vendor is the floor; otherwise pauses double from one second, with jitter. What the
// vendor throttles is held back alone: each provider keeps a share for removals, and in a storm one for everything else.
func (q *queue) failed(name string, now, wish time.Time, throttled, removal bool) {
	t := q.targets[name]
	if throttled {
		if removal {
			t.removalPause = later(t.removalPause, wish)
		} else {
			t.pause = later(t.pause, wish)
		}
		return
	}
	d := min(longestPause, time.Second<<min(t.failures, 6))
	d = time.Duration(float64(d) * (0.7 + 0.6*rand.Float64())) //nolint:gosec // Jitter needs no secrecy.
	t.failures++
	at := later(now.Add(d), wish)
	t.pause, t.removalPause = later(t.pause, at), later(t.removalPause, at)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// earlier is the earlier of two times; zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// moreUrgent orders lanes by their first effect: priority, then risk, then due time, then id.
func moreUrgent(a, b *lane) bool {
	x, y := a.items[0], b.items[0]
	return cmp.Or(
		cmp.Compare(x.Priority, y.Priority), cmp.Compare(y.Rank, x.Rank), x.Due.Compare(y.Due), cmp.Compare(x.ID, y.ID),
	) < 0
}

// sooner orders lanes by the time before which they must not run.
func sooner(a, b *lane) bool { return a.after.Before(b.after) }

// laneHeap is a heap of lanes that know their place in it.
type laneHeap struct {
	lanes []*lane
	less  func(a, b *lane) bool
}

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (h *laneHeap) Len() int           { return len(h.lanes) }
func (h *laneHeap) Less(i, j int) bool { return h.less(h.lanes[i], h.lanes[j]) }
func (h *laneHeap) Swap(i, j int) {
	h.lanes[i], h.lanes[j] = h.lanes[j], h.lanes[i]
	h.lanes[i].index, h.lanes[j].index = i, j
}

func (h *laneHeap) Push(x any) {
	l := x.(*lane) //nolint:forcetypeassert // Only this file pushes.
	l.heap, l.index = h, len(h.lanes)
	h.lanes = append(h.lanes, l)
}

func (h *laneHeap) Pop() any {
	l := h.lanes[len(h.lanes)-1]
	h.lanes[len(h.lanes)-1] = nil
	h.lanes = h.lanes[:len(h.lanes)-1]
	return l
}
