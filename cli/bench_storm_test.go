package cli_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"usher/access"
	"usher/catalog"
	"usher/idp"
)

// BenchmarkStorm (G3): so many grants end at the same instant, with all calls to Okta in flight that may be. The reference are
// the same calls, a removal and a read each, by as many workers who keep nothing.
//
// By the bot, all production adapters are in the path, so that each end also is an entry in Jira and a message in Slack, and the
// calls to Okta pass its adapter's gate. The core alone makes bare calls.
func BenchmarkStorm(b *testing.B) {
	b.Run("bot", func(b *testing.B) {
		k := newDesk(b, 0)
		defer k.close()
		storms(b, k.x, k.far, oktaAtOnce)
	})
	b.Run("core", func(b *testing.B) {
		v := newVendors()
		d := newDistant(b, v)
		x := newBench(b, v, outside{provider: d, tracker: v, notifier: v})
		x.run()
		defer x.close()
		storms(b, x, d, bareAtOnce)
	})
}

// storms plays storms with so many calls at once.
func storms(b *testing.B, x *bench, d *distant, atOnce int) {
	b.Helper()
	n := 10_000
	if testing.Short() {
		n = 2000
	}
	for b.Loop() {
		x.give(n)
		floor := d.floor(n, atOnce)
		d.forget()
		cpu := cpuTime(b)
		start := x.jump(time.Hour)
		x.until(b, func() bool { return d.gone() >= n && x.over() })
		all := time.Since(start)
		b.ReportMetric(inMS(cpuTime(b)-cpu)/float64(n), "cpu-ms/removal")
		var late []time.Duration
		for _, at := range d.removed {
			late = append(late, at.Sub(start))
		}
		slices.Sort(late)
		b.ReportMetric(late[len(late)*99/100].Seconds(), "late-p99-s")
		b.ReportMetric(late[len(late)*99/100].Seconds()/floor.Seconds(), "late-p99/floor")
		b.ReportMetric(all.Seconds()/floor.Seconds(), "recorded/floor")
		b.ReportMetric(float64(n)/all.Seconds(), "removals/s")
	}
}

// give makes n grants active.
func (x *bench) give(n int) {
	x.b.Helper()
	work := make(chan int, n)
	for i := range n {
		work <- i
	}
	close(work)
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for i := range work {
				who := identify(x.b, x.service, fmt.Sprintf("s%d", i))
				d := access.Draft{By: who, Entitlement: "auto", Duration: catalog.Duration(time.Hour), Justification: "storm"}
				if _, err := x.service.Submit(x.b.Context(), d); err != nil {
					x.b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	x.until(x.b, func() bool { return x.v.given() >= n && x.active() >= n })
}

// active counts the grants that are active. That takes a while with many of them, so ask given first.
func (x *bench) active() (n int) {
	x.b.Helper()
	x.eachOpen(0, func(g access.Grant) {
		if g.State == access.GrantActive {
			n++
		}
	})
	return n
}

// over reports whether every grant has ended.
func (x *bench) over() bool {
	x.b.Helper()
	over := true
	x.eachOpen(1, func(access.Grant) { over = false })
	return over
}

// firstDue is when the first of the open grants ends.
func (x *bench) firstDue() (first time.Time) {
	x.b.Helper()
	x.eachOpen(0, func(g access.Grant) {
		if first.IsZero() || g.DueAt.Before(first) {
			first = g.DueAt
		}
	})
	return first
}

// eachOpen calls f for the grants that have not ended, for at most limit of them (0 = all).
func (x *bench) eachOpen(limit int, f func(access.Grant)) {
	x.b.Helper()
	err := x.store.View(x.b.Context(), func(tx access.Tx) error {
		ids, err := tx.IDs(access.Grants, "open", "", limit)
		if err != nil {
			return err
		}
		for _, id := range ids {
			var g access.Grant
			if err := tx.Get(access.Grants, id, &g); err != nil {
				return err
			}
			f(g)
		}
		return nil
	})
	if err != nil {
		x.b.Fatal(err)
	}
}

func (x *bench) until(b *testing.B, cond func() bool) {
	b.Helper()
	for end := time.Now().Add(15 * time.Minute); !cond(); time.Sleep(5 * time.Millisecond) { // Polls with a deadline.
		if time.Now().After(end) {
			b.Fatal("never came about")
		}
	}
}

// BenchmarkSingleExpiry (G4): grants end one by one; how late is the first byte of the removal. The reference are as many bare
// timers, each followed by the same call.
func BenchmarkSingleExpiry(b *testing.B) {
	b.Run("bot", func(b *testing.B) {
		k := newDesk(b, 0)
		defer k.close()
		oneByOne(b, k.x, k.far)
	})
	b.Run("core", func(b *testing.B) {
		v := newVendors()
		d := newDistant(b, v)
		x := newBench(b, v, outside{provider: d, tracker: v, notifier: v})
		x.run()
		defer x.close()
		oneByOne(b, x, d)
	})
}

// oneByOne lets grants end 20 ms apart.
func oneByOne(b *testing.B, x *bench, d *distant) {
	b.Helper()
	const n = 200
	for b.Loop() {
		d.forget()
		x.trickle(n)
		x.jump(x.firstDue().Sub(x.now()) - 5*time.Second) // What else is due by then, the notices, is done by then.
		x.until(b, func() bool { return d.gone() >= n && x.over() })
		late := x.lateness(d)
		b.ReportMetric(late[len(late)/2].Seconds()*1000, "late-p50-ms")
		b.ReportMetric(late[len(late)*99/100].Seconds()*1000, "late-p99-ms")
		bare := d.timers(b, n)
		b.ReportMetric(late[len(late)/2].Seconds()/bare[len(bare)/2].Seconds(), "late-p50/bare")
		b.ReportMetric(late[len(late)*99/100].Seconds()/bare[len(bare)*99/100].Seconds(), "late-p99/bare")
	}
}

// trickle makes n grants active, one after the other.
func (x *bench) trickle(n int) {
	x.b.Helper()
	for i := range n {
		who := identify(x.b, x.service, fmt.Sprintf("s%d", i))
		draft := access.Draft{By: who, Entitlement: "auto", Duration: catalog.Duration(time.Hour), Justification: "one by one"}
		if _, err := x.service.Submit(x.b.Context(), draft); err != nil {
			x.b.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond) // Makes them end one by one.
	}
	x.until(x.b, func() bool { return x.active() == n })
}

// timers has n bare timers fire one by one, each with a removal, and returns how late their first bytes were.
func (d *distant) timers(b *testing.B, n int) (late []time.Duration) {
	b.Helper()
	first := time.Now().Add(100 * time.Millisecond)
	at := func(i int) time.Time { return first.Add(time.Duration(i) * 20 * time.Millisecond) }
	var wg sync.WaitGroup
	for i := range n {
		wg.Add(1)
		time.AfterFunc(time.Until(at(i)), func() {
			defer wg.Done()
			if err := d.call(http.MethodDelete, idp.UserID(fmt.Sprint("bare", i))); err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range n {
		late = append(late, d.removed[idp.UserID(fmt.Sprint("bare", i))].Sub(at(i)))
	}
	slices.Sort(late)
	return late
}

// lateness compares when each removal arrived at Okta with when it was due.
func (x *bench) lateness(d *distant) (late []time.Duration) {
	x.b.Helper()
	err := x.store.View(x.b.Context(), func(tx access.Tx) error {
		ids, err := tx.IDs(access.Grants, "all", "", 0)
		if err != nil {
			return err
		}
		late = nil
		for _, id := range ids {
			var g access.Grant
			if err := tx.Get(access.Grants, id, &g); err != nil {
				return err
			}
			late = append(late, d.removed[g.Subject.User].Add(x.offset).Sub(g.DueAt))
		}
		return nil
	})
	if err != nil {
		x.b.Fatal(err)
	}
	slices.Sort(late)
	return late
}
