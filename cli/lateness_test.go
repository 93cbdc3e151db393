package cli_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"usher/sandbox/oktasim"
)

// What /metrics and the admin's Home tab say about lateness is what an outage of known length makes of it: three accesses
// end 60, 50 and 20 minutes before Okta is back.
func TestLatenessIsWhatTheOutageMadeIt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s := serveChild(ctx, t)
	w := s.world
	people, apart := []string{"hugo", "sofia", "carla"}, []time.Duration{10 * time.Minute, 30 * time.Minute, 0}
	for i, who := range people {
		s.try(ctx, "request", func(ctx context.Context) error {
			return w.Request(ctx, who, "zoom", "Zoom: Webinar host", "1 day", "A fix")
		})
		if _, err := w.WaitMessage(ctx, who, "active until"); err != nil {
			t.Fatalf("%v\n%s", err, s.logged())
		}
		w.Clock.Advance(apart[i])
	}
	w.Clock.Advance(24*time.Hour - 41*time.Minute) // Before the first is due.
	s.swept(ctx)
	s.figures(ctx, "before the outage", map[string]float64{"usher_grants_active": 3, "usher_effects_failing": 0, "usher_removals_overdue": 0})
	w.Okta.Inject(oktasim.Fault{Kind: oktasim.Down})
	for range 61 {
		w.Clock.Advance(time.Minute)
		s.swept(ctx)
	}
	s.figures(ctx, "in the outage", map[string]float64{"usher_grants_active": 0, "usher_removals_overdue": 3})
	w.ClearFaults()
	s.until(ctx, "all have ended", func() bool {
		w.Clock.Advance(2 * time.Second) // They are tried again within the minute; on a busy machine much passes between two looks.
		n, _ := s.metric(ctx, `usher_removal_lateness_seconds_count{provider="okta"}`)
		return n == 3
	})
	var want []time.Duration
	for _, who := range people {
		p, _ := w.Company.Person(who)
		at := s.changed("00g1zoomwebinar", p.OktaID())
		want = append(want, at[1].Sub(at[0])-24*time.Hour)
	}
	slices.Sort(want)
	if got := want[1] - want[0]; got < 25*time.Minute || want[2] < time.Hour || want[2] > 63*time.Minute {
		t.Fatalf("the test is wrong: late by %v", want)
	}
	const tolerance = 15 * time.Second // From the removal to its proof, and between two looks at the clock.
	const name = "usher_removal_lateness_seconds"
	said := map[string]time.Duration{}
	for series, want := range map[string]time.Duration{
		`{provider="okta",quantile="0.5"}`: want[1], `{provider="okta",quantile="0.99"}`: want[2], `{provider="okta",quantile="1"}`: want[2],
		`_sum{provider="okta"}`: want[0] + want[1] + want[2],
	} {
		got, ok := s.metric(ctx, name+series)
		said[series] = time.Duration(got * float64(time.Second))
		if !ok || said[series] < want-time.Second || said[series] > want+3*tolerance {
			t.Errorf("%s%s is %v, want about %v", name, series, said[series], want)
		}
	}
	minutes := func(quantile string) string { return whole(said[`{provider="okta",quantile="`+quantile+`"}`]) }
	line := fmt.Sprintf("Expiries in okta since the start: 3; late by %s (p50), %s (p99), %s at most", minutes("0.5"), minutes("0.99"), minutes("1"))
	if _, err := w.OpenHome(ctx, "noor", line); err != nil {
		t.Error(err)
	}
	s.stop()
}

// figures wants these of /metrics.
func (s *served) figures(ctx context.Context, when string, want map[string]float64) {
	s.t.Helper()
	for name, n := range want {
		if got, ok := s.metric(ctx, name); !ok || got != n {
			s.t.Errorf("%s %s is %v, want %v", when, name, got, n)
		}
	}
}

// whole is a duration as the Home tab says it, in minutes begun.
func whole(d time.Duration) string {
	mins := int((d + time.Minute - 1) / time.Minute)
	switch h, m := mins/60, mins%60; {
	case h == 0:
		return fmt.Sprintf("%d min", m)
	case m == 0:
		return fmt.Sprintf("%d h", h)
	default:
		return fmt.Sprintf("%d h %d min", h, m)
	}
}

// Of more than a hundred removals the 99th percentile is not the greatest, and half of them tell nothing of the latest.
func TestLatenessOfManyRemovals(t *testing.T) {
	t.Parallel()
	const people = 27
	report(t, inTown(t, crowd(people+1), func(ctx context.Context, w *town) []string {
		if err := w.give(ctx, handle(people), "low", time.Hour); err != nil { // The one that is the latest.
			return []string{err.Error()}
		}
		w.sleep(ctx, 20*time.Minute)
		for i := range people {
			for _, risk := range risks() {
				if err := w.give(ctx, handle(i), risk, time.Hour); err != nil {
					return []string{err.Error()}
				}
			}
			w.sleep(ctx, 20*time.Second)
		}
		w.settle(ctx)
		w.sleep(ctx, 25*time.Minute)
		w.world.Okta.Inject(oktasim.Fault{Kind: oktasim.Down})
		w.sleep(ctx, time.Hour)
		w.world.ClearFaults()
		w.settle(ctx)
		late := w.late()
		if len(late) != 4*people+1 {
			return []string{fmt.Sprintf("%d removals", len(late))}
		}
		got := w.life.prog.Service().Runner().Stats().Lateness["okta"]
		var faults []string
		for _, c := range []struct {
			what      string
			got, want time.Duration
		}{{"p50", got.P50, late[54]}, {"p99", got.P99, late[107]}, {"max", got.Max, late[108]}} {
			faults = append(faults, w.expect(c.got >= c.want && c.got <= c.want+5*time.Second, fmt.Sprintf("%s is %v, want %v", c.what, c.got, c.want))...)
		}
		line := fmt.Sprintf("late by %s (p50), %s (p99), %s at most", whole(got.P50), whole(got.P99), whole(got.Max))
		if _, err := w.world.OpenHome(ctx, "noor", fmt.Sprintf("Expiries in okta since the start: %d; ", len(late)), line); err != nil {
			faults = append(faults, err.Error())
		}
		return append(faults, w.expect(late[108]-late[107] > 10*time.Minute && late[107]-late[54] > 2*time.Minute, fmt.Sprint("the test is wrong: ", late))...)
	}))
}

// late is by how much each removal came after the end that its grant had, as Okta saw it, in order.
func (w *town) late() (late []time.Duration) {
	for _, risk := range risks() {
		for _, c := range w.world.Okta.MemberHistory("00g1" + risk) {
			if !c.Added {
				late = append(late, c.At.Sub(w.dueOf(c.User, "00g1"+risk)))
			}
		}
	}
	slices.Sort(late)
	return late
}
