package okta_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"usher/idp"
	"usher/idp/okta"
	"usher/sandbox/oktasim"
)

// storm is a number of removals that fall due at one instant, each followed by the read that proves it.
type storm struct {
	limit    int // calls per minute that Okta grants the token
	removals int
	workers  int
	latency  time.Duration
	reserve  float64
	// began is how many calls of somebody else the first window has seen when the storm begins, halfway through it.
	began int
	// others is the pause between two ordinary calls; 0 = none come.
	others time.Duration
	// skew is how far Okta's clock is ahead of ours.
	skew time.Duration
	// least is the efficiency that is asked for; 0 = 0.99.
	least float64
}

// drained is how a storm went.
type drained struct {
	took, ideal time.Duration
	calls       int // all, those of others included
	refused     int // 429
	served      int // ordinary calls that were answered
	turnedAway  int // ordinary calls that were told to come back
	windows     []window
	slowest     time.Duration // of the ordinary calls, with all its returns
}

// efficiency is the share of the window budget that was used.
func (d drained) efficiency() float64 { return float64(d.ideal) / float64(d.took) }

// play runs the storm within a bubble of virtual time.
func (s storm) play(t testing.TB, run func(func(*testing.T))) (d drained) {
	run(func(bubble *testing.T) {
		people := make([]oktasim.User, s.removals)
		ids := make([]string, s.removals)
		for i := range people {
			ids[i] = fmt.Sprintf("00up%06d00000000001", i)
			people[i] = oktasim.User{ID: ids[i], Login: fmt.Sprintf("p%d@suite.example", i), First: "P", Last: "Q"}
		}
		o, stop := inMemory(bubble, func(c *oktasim.Config) {
			c.Users = append(c.Users, people...)
			c.Groups[0].Members = ids
			c.Limits = map[string]int{oktasim.BucketOther: 2 * s.limit} // of which one token gets half
			c.Now = func() time.Time { return time.Now().Add(s.skew) }
			c.Tokens = append(c.Tokens, oktasim.Token{ID: "00Tother", Secret: "00other", OwnerUserID: "00uboss0000000000001", Admin: oktasim.SuperAdmin})
		}, func(c *okta.Config) { c.Reserve = s.reserve })
		defer stop()
		d = s.drain(bubble, o, ids)
	})
	if t.Failed() {
		t.FailNow()
	}
	return d
}

// drain lets the workers do what the runner does: when one removal is told to wait, all removals wait.
func (s storm) drain(t *testing.T, o *orgInMemory, ids []string) (d drained) {
	for range s.began { // An earlier process has used the token, past the network and in no time.
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/users/"+string(memoryUser)+"/groups", nil)
		r.Header.Set("Authorization", "SSWS "+simToken)
		o.ServeHTTP(httptest.NewRecorder(), r)
	}
	if s.began > 0 {
		time.Sleep(30 * time.Second)
	}
	o.latency = s.latency
	var mu sync.Mutex
	over := make(chan struct{})
	var crowd sync.WaitGroup
	if s.others > 0 {
		crowd.Go(func() { s.crowd(t, o, over, &d, &mu) })
		time.Sleep(time.Minute + 20*time.Second) // They have been coming for a while.
		mu.Lock()
		d.served, d.turnedAway, d.slowest = 0, 0, 0
		mu.Unlock()
	}
	began := time.Now()
	var pause time.Time
	next := 0
	take := func() (id string, until time.Time, over bool) {
		mu.Lock()
		defer mu.Unlock()
		if next == len(ids) || time.Now().Before(pause) {
			return "", pause, next == len(ids)
		}
		next++
		return ids[next-1], time.Time{}, false
	}
	throttled := func(err error) bool {
		if idp.KindOf(err) != idp.Throttled {
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		if at := idp.RetryAt(err); at.After(pause) {
			pause = at
		}
		return true
	}
	var workers sync.WaitGroup
	for range s.workers {
		workers.Go(func() {
			ctx := idp.WithPriority(t.Context(), idp.Removal)
			for {
				id, until, over := take()
				if over {
					return
				}
				if id == "" {
					time.Sleep(max(time.Until(until), time.Millisecond))
					continue
				}
				s.remove(ctx, t, o.provider, idp.UserID(id), throttled)
			}
		})
	}
	workers.Wait()
	d.took = time.Since(began)
	close(over)
	crowd.Wait()
	d.count(o, s, began)
	return d
}

// remove takes somebody out and reads that back. Having been told to wait it looks first, so that no call changes nothing.
func (s storm) remove(ctx context.Context, t *testing.T, p *okta.Provider, user idp.UserID, throttled func(error) bool) {
	for again := false; ; again = true {
		is, err := true, error(nil)
		if again {
			is, err = p.IsMember(ctx, memoryGroup, user)
		}
		if err == nil && is {
			if err = p.RemoveMember(ctx, memoryGroup, user); err == nil {
				is, err = p.IsMember(ctx, memoryGroup, user)
			}
		}
		if !throttled(err) {
			if err != nil || is {
				t.Errorf("removal of %s: %v, still a member %v", user, err, is)
			}
			return
		}
		time.Sleep(max(time.Until(idp.RetryAt(err)), time.Millisecond))
	}
}

// crowd sends ordinary calls, additions and reads by turns, until the storm is over.
func (s storm) crowd(t *testing.T, o *orgInMemory, over chan struct{}, d *drained, mu *sync.Mutex) {
	var under sync.WaitGroup
	defer under.Wait()
	for n := 0; ; n++ {
		select {
		case <-over:
			return
		case <-time.After(s.others):
		}
		under.Go(func() {
			began := time.Now()
			for {
				var err error
				if n%2 == 0 {
					err = o.provider.AddMember(t.Context(), memoryGroup, memoryUser)
				} else {
					_, err = o.provider.UserGroups(t.Context(), memoryUser)
				}
				mu.Lock()
				if idp.KindOf(err) != idp.Throttled {
					if err != nil {
						t.Error(err)
					}
					d.served++
					d.slowest = max(d.slowest, time.Since(began))
					mu.Unlock()
					return
				}
				d.turnedAway++
				mu.Unlock()
				select {
				case <-over:
					return
				case <-time.After(max(time.Until(idp.RetryAt(err)), time.Millisecond)):
				}
			}
		})
	}
}

// window is one of Okta's, as the calls in it tell.
type window struct {
	start                    time.Time
	before, removals, others int // calls: before the storm, of it, and the ordinary ones meanwhile
}

// count reads from the org what was sent, and works out the ideal: each window spent as soon as it opens, one right after
// the other, and in the last one the time that its calls take.
func (d *drained) count(o *orgInMemory, s storm, began time.Time) {
	var all []window
	o.keep.Lock()
	defer o.keep.Unlock()
	slices.SortStableFunc(o.seen, func(a, b seen) int { return a.at.Compare(b.at) })
	for _, c := range o.seen {
		switch {
		case strings.HasSuffix(c.path, "/groups/"+string(memoryGroup)), strings.HasSuffix(c.path, "/rules"), c.at.Sub(began) > d.took:
			continue // of another window, or after the end
		case c.status == http.StatusTooManyRequests:
			d.refused++
			continue
		case len(all) == 0 || c.at.Sub(all[len(all)-1].start) >= time.Minute:
			all = append(all, window{start: c.at})
		}
		w := &all[len(all)-1]
		switch {
		case c.at.Before(began):
			w.before++
		case c.method == http.MethodDelete || strings.HasSuffix(c.path, "/groups") && !strings.Contains(c.path, string(memoryUser)):
			w.removals++
		default:
			w.others++
		}
	}
	for _, w := range all {
		if n := w.removals + w.others; n > 0 || w.before > 0 && began.Sub(w.start) < time.Minute {
			d.windows = append(d.windows, w)
			d.calls += n
		}
	}
	d.ideal = s.idealOf(d.calls, d.windows[0], began)
}

// idealOf is the least time for so many calls, the first of them in a window that may have begun before.
func (s storm) idealOf(calls int, first window, began time.Time) time.Duration {
	at, room := time.Duration(0), s.limit-first.before
	next := time.Minute
	if first.before > 0 {
		next = first.start.Add(time.Minute).Sub(began)
	}
	for calls > room {
		calls -= room
		at, room = next, s.limit
		next = at + time.Minute
	}
	return at + time.Duration(calls)*s.latency/5
}

// storms lists what a drain may meet. Most are small, since only the number of windows matters.
func storms() map[string]storm {
	second := time.Second
	return map[string]storm{
		"500 a minute":                {limit: 500, removals: 520},
		"1,000 a minute":              {limit: 1000, removals: 1_020, workers: 50},
		"no reserve":                  {limit: 100, reserve: -1},
		"a last window nearly full":   {limit: 100, removals: 195, least: 0.98},
		"50 at once":                  {limit: 100, workers: 50},
		"from the middle of a window": {limit: 100, began: 80},
		"from a window that is spent": {limit: 100, began: 100},
		"Okta's clock an hour ahead":  {limit: 100, skew: time.Hour},
		"Okta's clock behind":         {limit: 100, skew: -1300 * time.Millisecond},
		"others stay in their share":  {limit: 100, others: 8 * second},
		"others want more":            {limit: 100, others: 2 * second},
		"others want more, many":      {limit: 100, others: 2 * second, workers: 50},
		"others without a reserve":    {limit: 100, others: 8 * second, reserve: -1},
	}
}

// scaled fills in what the case leaves open; at night the great storms have 10,000 removals.
func (s storm) scaled() storm {
	if s.least == 0 {
		s.least = 0.99
	}
	if s.workers == 0 {
		s.workers = 5
	}
	if s.latency == 0 {
		s.latency = 60 * time.Millisecond
	}
	if os.Getenv("USHER_BATTERY") == "nightly" {
		if s.limit == 100 {
			s.limit, s.began, s.others, s.removals = 500, 5*s.began, s.others/5, 5*s.removals
		} else {
			s.removals = 10_000
		}
	}
	if s.removals == 0 {
		s.removals = 2 * s.limit
	}
	return s
}

func TestADrainUsesTheWholeBudgetWithoutARefusal(t *testing.T) {
	t.Parallel()
	for name, s := range storms() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := s.scaled()
			d := s.play(t, func(f func(*testing.T)) { synctest.Test(t, f) })
			t.Logf("%d calls in %v, ideal %v: %.4f; %d refused; others: %d served, %d turned away, slowest %v",
				d.calls, d.took, d.ideal, d.efficiency(), d.refused, d.served, d.turnedAway, d.slowest)
			if d.refused > 0 && (s.began < s.limit || d.refused > 1) { // One call has to find out.
				t.Errorf("%d answers were 429, want none", d.refused)
			}
			if d.efficiency() < s.least {
				t.Errorf("the drain took %v, the ideal is %v: %.4f of the budget, want %.2f", d.took, d.ideal, d.efficiency(), s.least)
			}
			s.judgeOthers(t, d)
		})
	}
}

// judgeOthers looks whether the ordinary calls got their share, and no more where removals wanted the rest.
func (s storm) judgeOthers(t *testing.T, d drained) {
	if s.others == 0 {
		return
	}
	demand := float64(time.Minute / s.others)
	for _, w := range d.windows[1 : len(d.windows)-1] { // The ones that the storm has to itself.
		share := float64(s.limit) / 10
		switch {
		case s.reserve < 0:
			if w.others == 0 {
				t.Errorf("no ordinary call was answered in a window: %+v", w)
			}
		case float64(w.others) < 0.8*min(demand, share), float64(w.others) > share+1:
			t.Errorf("%d ordinary calls in a window, %.0f were wanted, their share is %.0f", w.others, demand, share)
		}
	}
	if demand*10 < float64(s.limit) && s.reserve >= 0 && d.slowest > 20*time.Second {
		t.Errorf("an ordinary call took %v though all were within their share", d.slowest)
	}
}

// Removals that come one after the other without end, in a window that never ends, must not starve the others either.
func TestAStreamOfRemovalsLetsOthersThroughTheGate(t *testing.T) {
	t.Parallel()
	s := storm{limit: 1000, removals: 300, workers: 20, latency: 2 * time.Second, others: 5 * time.Second}
	d := s.play(t, func(f func(*testing.T)) { synctest.Test(t, f) })
	if d.refused != 0 || d.slowest > 30*time.Second || d.served < 20 {
		t.Errorf("%d refused, %d others served, the slowest in %v", d.refused, d.served, d.slowest)
	}
}

// BenchmarkDrain reports what share of Okta's budget a storm of removals uses, as a ratio to the ideal in which every
// window is spent at once, and what a call costs. Time is virtual.
func BenchmarkDrain(b *testing.B) {
	for _, name := range []string{"500 a minute", "1,000 a minute", "no reserve", "others want more"} {
		b.Run(name, func(b *testing.B) {
			s := storms()[name].scaled()
			var d drained
			calls := 0
			for b.Loop() {
				d = s.play(b, func(f func(*testing.T)) {
					all := func(_, _ string) (bool, error) { return true, nil }
					if !testing.RunTests(all, []testing.InternalTest{{Name: "storm", F: func(t *testing.T) { synctest.Test(t, f) }}}) {
						b.Error("the storm failed")
					}
				})
				calls += d.calls
			}
			b.ReportMetric(d.efficiency(), "of-ideal")
			b.ReportMetric(float64(d.refused), "429s")
			b.ReportMetric(d.took.Minutes(), "virtual-min")
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(calls), "µs/call")
		})
	}
}
