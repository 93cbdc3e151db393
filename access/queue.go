package access

import (
	"cmp"
	"container/heap"
	"math/rand/v2"
	"slices"
	"time"
)

// longestPause bounds how long a target that failed is left alone; it is also the bound on noticing its return.
const longestPause = 20 * time.Second

// queue orders pending effects in memory. The store holds the truth; a queue is rebuilt from it at start. It is not
// safe for concurrent use: the runner guards it.
type queue struct {
	limit   int
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
	index  int       // In the target's heap; -1 when not in it.
}

// target is one outside system with its bound and its mood.
type target struct {
	name     string
	ready    laneHeap
	inFlight int
	failures int
	// pause and removals are when the next ordinary call and the next removal may go out.
	pause, removals time.Time
}

func newQueue(limit int) *queue {
	return &queue{limit: limit, lanes: map[string]*lane{}, targets: map[string]*target{}}
}

// add puts an effect in, or a newer revision in place of an older.
func (q *queue) add(e Effect) {
	l, ok := q.lanes[e.Lane]
	if !ok {
		t, ok := q.targets[e.Target]
		if !ok {
			t = &target{name: e.Target}
			q.targets[e.Target] = t
		}
		l = &lane{name: e.Lane, target: t, index: -1}
		q.lanes[e.Lane] = l
	}
	i := slices.IndexFunc(l.items, func(o Effect) bool { return o.ID == e.ID })
	if i >= 0 {
		if l.items[i].Rev < e.Rev {
			l.items[i] = e
		}
	} else {
		l.items = append(l.items, e)
		slices.SortStableFunc(l.items, func(a, b Effect) int { return cmp.Compare(a.Priority, b.Priority) })
	}
	l.after = l.items[0].NotBefore
	q.place(l)
}

// remove takes an effect out, unless a newer revision than rev has taken its place; rev 0 means any.
func (q *queue) remove(id, laneName string, rev int) {
	l := q.lanes[laneName]
	if l == nil {
		return
	}
	l.items = slices.DeleteFunc(l.items, func(o Effect) bool { return o.ID == id && (rev == 0 || o.Rev <= rev) })
	if len(l.items) > 0 {
		l.after = l.items[0].NotBefore
	}
	q.place(l)
}

// place keeps the lane in its target's heap exactly while it has something to do.
func (q *queue) place(l *lane) {
	want := len(l.items) > 0 && !l.busy
	switch {
	case want && l.index >= 0:
		heap.Fix(&l.target.ready, l.index)
	case want:
		heap.Push(&l.target.ready, l)
	case l.index >= 0:
		heap.Remove(&l.target.ready, l.index)
	}
	if len(l.items) == 0 && !l.busy {
		delete(q.lanes, l.name)
	}
}

// next takes the most urgent effect that may run now, or says when to look again (zero: not before something changes).
func (q *queue) next(now time.Time) (Effect, bool, time.Time) {
	var again time.Time
	later := func(at time.Time) {
		if again.IsZero() || at.Before(again) {
			again = at
		}
	}
	for _, t := range q.targets {
		limit := q.limit
		if t.failures > 0 {
			limit = 1 // One probe at a time until the target answers.
		}
		if t.inFlight >= limit || len(t.ready) == 0 {
			continue
		}
		l, at := t.pick(now)
		if l == nil {
			later(at)
			continue
		}
		l.busy = true
		t.inFlight++
		heap.Remove(&t.ready, l.index)
		return l.items[0], true, time.Time{}
	}
	return Effect{}, false, again
}

// pick finds the first lane in order that may run; if none may, the earliest time at which one can.
func (t *target) pick(now time.Time) (*lane, time.Time) {
	var best *lane
	var at time.Time
	for i, l := range t.ready {
		when := t.notBefore(l)
		if when.After(now) {
			if at.IsZero() || when.Before(at) {
				at = when
			}
			continue
		}
		if i == 0 {
			return l, time.Time{} // The heap's first is the most urgent of all.
		}
		if best == nil || less(l, best) {
			best = l
		}
	}
	return best, at
}

func (t *target) notBefore(l *lane) time.Time {
	pause := t.pause
	if l.items[0].Priority == PriorityRemoval {
		pause = t.removals
	}
	if l.after.After(pause) {
		return l.after
	}
	return pause
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
	t.failures, t.pause, t.removals = 0, time.Time{}, time.Time{}
}

// failed pauses a target. A wish of the vendor is the floor; otherwise pauses double from one second, with jitter. When
// the vendor throttles ordinary calls, removals are held back only if a removal was throttled.
func (q *queue) failed(name string, now, wish time.Time, throttled, removal bool) {
	t := q.targets[name]
	if throttled {
		if removal {
			t.removals = later(t.removals, wish)
		}
		t.pause = later(t.pause, wish)
		return
	}
	d := min(longestPause, time.Second<<min(t.failures, 6))
	d = time.Duration(float64(d) * (0.7 + 0.6*rand.Float64())) //nolint:gosec // Jitter needs no secrecy.
	t.failures++
	at := later(now.Add(d), wish)
	t.pause, t.removals = later(t.pause, at), later(t.removals, at)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// laneHeap orders lanes by their first effect: priority, then risk, then due time, then id.
type laneHeap []*lane

func less(a, b *lane) bool {
	x, y := a.items[0], b.items[0]
	return cmp.Or(
		cmp.Compare(x.Priority, y.Priority), cmp.Compare(y.Rank, x.Rank), x.Due.Compare(y.Due), cmp.Compare(x.ID, y.ID),
	) < 0
}

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (h laneHeap) Len() int           { return len(h) }
func (h laneHeap) Less(i, j int) bool { return less(h[i], h[j]) }
func (h laneHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *laneHeap) Push(x any) {
	l := x.(*lane) //nolint:forcetypeassert // Only this file pushes.
	l.index = len(*h)
	*h = append(*h, l)
}

func (h *laneHeap) Pop() any {
	old := *h
	l := old[len(old)-1]
	l.index = -1
	*h = old[:len(old)-1]
	return l
}
