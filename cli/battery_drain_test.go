package cli_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"usher/sandbox/battery"
	"usher/sandbox/jirasim"
	"usher/sandbox/oktasim"
	"usher/sandbox/slacksim"
)

// The whole product drains a storm that is limited by the provider: no 429 of its making, at most 2 % of the window budget lost. Where
// calls take no time at all, the clock does not tell which of two came first.
func TestAStormOfTheWholeProductKeepsWithinTheBudget(t *testing.T) {
	t.Parallel()
	battery.Alone(t)
	for name, takes := range map[string]time.Duration{"calls of 80 ms": 80 * time.Millisecond, "calls that take no time": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report(t, drain(t, takes))
		})
	}
}

// drain plays a storm in which each call to Okta takes so long.
func drain(t *testing.T, takes time.Duration) []string {
	t.Helper()
	const people, limit = 30, 60 // Okta grants a token half of what the org has.
	set := crowd(people)
	inner := set.adjust
	set.adjust = func(s *slacksim.Config, j *jirasim.Config, o *oktasim.Config) {
		inner(s, j, o)
		o.Limits = map[string]int{oktasim.BucketOther: 2 * limit}
	}
	return inTown(t, set, func(ctx context.Context, w *town) []string {
		slow := func() {
			if takes > 0 {
				w.world.Okta.Inject(oktasim.Fault{Kind: oktasim.Slow, After: takes})
			}
		}
		slow()
		for i := range people {
			for _, risk := range risks() {
				if err := w.give(ctx, handle(i), risk, 2*time.Hour); err != nil {
					return []string{err.Error()}
				}
			}
			w.sleep(ctx, 40*time.Second)
		}
		w.sleep(ctx, time.Hour)
		w.settle(ctx)
		from := time.Now()
		w.world.Okta.ClearFaults()
		w.world.Okta.Inject(oktasim.Fault{Kind: oktasim.Down})
		w.sleep(ctx, 2*time.Hour)
		w.world.Okta.ClearFaults()
		slow()
		back, since := time.Now(), len(w.world.Okta.Calls())
		w.outages = append(w.outages, span{from, back.Add(time.Hour)})
		w.sleep(ctx, 30*time.Minute)
		return append(w.drained(since, limit, len(risks())*people), w.judge(ctx)...)
	})
}

// drained judges the calls since the return: so many removals, none refused, and not much longer than the limit wants.
func (w *town) drained(since, limit, want int) []string {
	var first, last time.Time
	n, refused, removals := 0, 0, 0
	for _, c := range w.world.Okta.Calls()[since:] {
		if n++; n == 1 {
			first = c.At
		}
		last = c.At
		switch {
		case c.Status == http.StatusTooManyRequests:
			refused++
		case c.Name == "group.member.remove" && c.Status == http.StatusNoContent:
			removals++
		}
	}
	took, ideal := last.Sub(first), time.Duration((n-1)/limit)*time.Minute
	faults := w.expect(removals == want, fmt.Sprint(removals, " removals"))
	faults = append(faults, w.expect(refused == 0, fmt.Sprint(refused, " refusals"))...)
	return append(faults, w.expect(ideal >= took*98/100, fmt.Sprintf("%d calls took %s, and could have taken %s", n, took, ideal))...)
}
