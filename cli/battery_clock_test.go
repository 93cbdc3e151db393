package cli_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"usher/access"
	"usher/sandbox/battery"
	"usher/sandbox/oktasim"
)

// The clock of the wall jumps, in three moments of a life, by four amounts; at night fifty times each, at other minutes. A jump ahead without anybody being woken is
// what a suspended machine sees: its wall clock went on, its timers did not.
func TestClockJumpsProlongNothingAndRepeatNothing(t *testing.T) {
	t.Parallel()
	type leap struct {
		moment string
		by     time.Duration
	}
	var names []string
	leaps := map[string]leap{}
	for _, moment := range []string{"waiting", "active", "ending"} {
		for _, by := range []time.Duration{-time.Hour, time.Hour, 8 * time.Hour, 30 * 24 * time.Hour} {
			name := fmt.Sprint(moment, by)
			names = append(names, name)
			leaps[name] = leap{moment, by}
		}
	}
	battery.Entries{Commit: names, Night: rounds(names, 50)}.Play(t, func(t *testing.T, entry string) {
		l, more := leaps[unrounded(entry)], time.Duration(0)
		if rng := dice(entry); entry != unrounded(entry) { // Each round somewhat later and by another amount.
			more = time.Duration(rng.IntN(3600)) * time.Second
			l.by += time.Duration(rng.IntN(1800)-900) * time.Second
		}
		report(t, inTown(t, setup{}, func(ctx context.Context, w *town) []string {
			w.sleep(ctx, more)
			return w.jump(ctx, l.moment, l.by)
		}))
	})
}

func (w *town) jump(ctx context.Context, moment string, by time.Duration) []string {
	var faults []string
	leap := func(at string) {
		if moment == at {
			w.world.Clock.Advance(by)
			w.skew = max(0, -by)
			w.outages = append(w.outages, span{time.Time{}, w.world.Clock.Now()})
		}
	}
	w.ask(ctx, "maya", "github write", "GitHub: Write", "6 hours")
	leap("waiting")
	w.sleep(ctx, 2*time.Minute)
	if moment == "waiting" && by > 72*time.Hour {
		w.settle(ctx)
		return append(w.judge(ctx), w.expect(!w.world.Member(githubWrite, "maya"), "an expired request gave access")...)
	}
	w.approve(ctx, "priya", "GitHub: Write")
	w.until(ctx, "Maya has it", w.state("maya", "GitHub: Write", access.GrantActive))
	began := time.Now()
	if moment == "ending" {
		w.sleep(ctx, 5*time.Hour)
		w.world.Okta.Inject(oktasim.Fault{Kind: oktasim.Down})
		w.sleep(ctx, 2*time.Hour)
		leap("ending")
		w.sleep(ctx, time.Minute)
		w.world.ClearFaults()
		w.outages = append(w.outages, span{began, w.world.Clock.Now()})
	}
	leap("active")
	for over := w.state("maya", "GitHub: Write", access.GrantEnded); !over() && time.Since(began) < 8*time.Hour; {
		w.sleep(ctx, 20*time.Second)
	}
	w.until(ctx, "Maya's time is over", w.state("maya", "GitHub: Write", access.GrantEnded))
	held := time.Since(began)
	if moment == "active" {
		// By the clock that never jumps: six hours, less what the wall clock jumped ahead, never more.
		want := max(0, 6*time.Hour-max(0, by))
		faults = w.expect(held >= want && held <= want+2*time.Minute, fmt.Sprintf("held for %s, expected about %s", held, want))
	}
	w.settle(ctx)
	return append(faults, w.judge(ctx)...)
}

// expect is a finding unless the condition holds.
func (w *town) expect(ok bool, text string) []string {
	if ok {
		return nil
	}
	return []string{text}
}
