package access_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"usher/access"
	"usher/idp"
)

// After an outage everybody can see how late each end was: the proof that the member is gone against the time it was due.
func TestLatenessIsThatOfTheOutage(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		begin, end func(w *world, stop func())
		slack      time.Duration // How long after the outage the removals may begin.
	}{
		"Usher was gone": {
			begin: func(_ *world, stop func()) { stop() },
			end:   func(w *world, _ func()) { w.open(); w.run() },
		},
		"the directory was gone": {
			begin: func(w *world, _ func()) {
				w.dir.failing(func(string, idp.GroupID) error { return &idp.Error{Kind: idp.Unavailable, Op: "call"} })
			},
			end:   func(w *world, _ func()) { w.dir.failing(nil) },
			slack: time.Minute,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtual(t, nil, func(t *testing.T, w *world) { outage(t, w, x.begin, x.end, x.slack) })
		})
	}
}

func outage(t *testing.T, w *world, begin, end func(w *world, stop func()), slack time.Duration) {
	t.Helper()
	const lasts = 3*time.Hour + 7*time.Minute
	stop := w.run()
	// Four ends, ten minutes apart, all in the outage; two more are given back before.
	var held []access.RequestID
	for _, who := range []string{"rita", "rob", "sol", "sec"} {
		wait(10 * time.Minute)
		held = append(held, w.active(who, "write", 24*time.Hour))
	}
	for who, id := range map[string]access.RequestID{"ada": w.active("ada", "write", 24*time.Hour), "rita": w.active("rita", "auto", 24*time.Hour)} {
		if _, err := w.service.Release(t.Context(), w.person(who), access.GrantID(id)); err != nil {
			t.Fatal(err)
		}
	}
	wait(time.Minute)
	if l := w.service.Runner().Stats().Lateness; len(l) != 0 {
		t.Errorf("before anything was due: %+v", l)
	}
	begin(w, stop)
	back := w.grant(held[3]).DueAt.Add(lasts)
	wait(time.Until(back))
	end(w, stop)
	wait(slack)

	var late []time.Duration
	var sum time.Duration
	for i, id := range held {
		g := w.grant(id)
		events := w.events(id)
		n := slices.IndexFunc(events, func(e access.Event) bool { return e.Kind == access.EventMemberRemoved })
		if n < 0 || g.State != access.GrantEnded {
			t.Fatalf("grant %d is %s %s after the outage", i, g.State, slack)
		}
		by := events[n].At.Sub(g.DueAt)
		if began := events[n].At.Sub(back); began < 0 || began > slack || by < lasts {
			t.Errorf("grant %d was removed %s after the outage, %s late", i, began, by)
		}
		if g.Lateness() != by {
			t.Errorf("grant %d says %s late, want %s", i, g.Lateness(), by)
		}
		late, sum = append(late, by), sum+by
	}
	slices.Sort(late)
	want := map[string]access.Lateness{"dir": {Count: 4, Sum: sum, P50: late[1], P99: late[3], Max: late[3]}}
	if got := w.service.Runner().Stats().Lateness; !reflect.DeepEqual(got, want) {
		t.Errorf("lateness %+v, want %+v", got, want)
	}
	home, err := w.service.Home(t.Context(), w.person("ada"))
	if err != nil || !reflect.DeepEqual(home.Lateness, want) {
		t.Errorf("admins see %+v, %v", home.Lateness, err)
	}
	if home, err = w.service.Home(t.Context(), w.person("rita")); err != nil || home.Lateness != nil {
		t.Errorf("rita sees %+v, %v", home.Lateness, err)
	}
}

func TestWhatEndsOnTimeIsNotLate(t *testing.T) {
	t.Parallel()
	virtual(t, nil, func(t *testing.T, w *world) {
		w.run()
		id := w.active("rita", "write", time.Hour)
		wait(time.Until(w.grant(id).DueAt))
		if l := w.service.Runner().Stats().Lateness["dir"]; l != (access.Lateness{Count: 1}) {
			t.Errorf("%+v", l)
		}
	})
}
