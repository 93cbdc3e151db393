package access

import (
	"slices"
	"time"
)

// latenessKept is how many of the newest removals the percentiles are taken from.
const latenessKept = 10_000

// Lateness says how late the expiries of one provider were: from the due time to the proof that the member is gone.
type Lateness struct {
	// Count and Sum are of all removals since start.
	Count int
	Sum   time.Duration
	// P50, P99 and Max are of the newest removals since start, at most 10,000.
	P50, P99, Max time.Duration
}

// delays keeps the newest delays of one provider, in a ring.
type delays struct {
	count int
	sum   time.Duration
	ring  []time.Duration
}

func (d *delays) add(late time.Duration) {
	late = max(0, late)
	if len(d.ring) < latenessKept {
		d.ring = append(d.ring, late)
	} else {
		d.ring[d.count%latenessKept] = late
	}
	d.count++
	d.sum += late
}

func (d *delays) lateness() Lateness {
	l := Lateness{Count: d.count, Sum: d.sum}
	if len(d.ring) == 0 {
		return l
	}
	sorted := slices.Clone(d.ring)
	slices.Sort(sorted)
	at := func(percent int) time.Duration { return sorted[(len(sorted)*percent+99)/100-1] }
	l.P50, l.P99, l.Max = at(50), at(99), at(100)
	return l
}

// late notes how late a removal was.
func (r *Runner) late(target string, by time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	d := r.delays[target]
	if d == nil {
		d = &delays{}
		r.delays[target] = d
	}
	d.add(by)
}
