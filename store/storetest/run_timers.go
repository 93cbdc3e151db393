package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"usher/access"
)

func due(t testing.TB, s access.Store, now time.Time, limit int) []access.Timer {
	t.Helper()
	return look(t, s, func(tx access.Tx) ([]access.Timer, error) { return tx.Due(now, limit) })
}

// checkNext compares NextDue with the first of Due.
func checkNext(t testing.TB, s access.Store) {
	t.Helper()
	view(t, s, func(tx access.Tx) error {
		all, err := tx.Due(farFuture(), 1)
		if err != nil {
			return err
		}
		next, ok, err := tx.NextDue()
		if err != nil {
			return err
		}
		if ok != (len(all) == 1) || ok && !next.Equal(all[0].At) {
			t.Errorf("NextDue says %v %v, Due says %+v", next, ok, all)
		}
		return nil
	})
}

func farFuture() time.Time { return time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC) }

func timerAt(id string, at time.Time) access.Timer {
	return access.Timer{ID: id, Kind: access.TimerDue, At: at, Request: "r", Grant: "g"}
}

func setTimers(timers ...access.Timer) func(access.Tx) error {
	return func(tx access.Tx) error {
		for _, w := range timers {
			if err := tx.SetTimer(w); err != nil {
				return err
			}
		}
		return nil
	}
}

func timerOrder(t *testing.T, s access.Store) {
	checkNext(t, s)
	var want []access.Timer
	for i := range 20 {
		want = append(want, timerAt(fmt.Sprintf("t%02d", i), noon().Add(time.Duration(i/2)*time.Second)))
	}
	mixed := slices.Clone(want)
	slices.Reverse(mixed)
	update(t, s, setTimers(mixed...))
	checkNext(t, s)
	for name, c := range map[string]struct {
		now   time.Time
		limit int
		want  int
	}{
		"all":                  {noon().Add(time.Hour), 0, 20},
		"exactly at the time":  {noon().Add(4 * time.Second), 0, 10},
		"a nanosecond earlier": {noon().Add(4*time.Second - 1), 0, 8},
		"limited":              {noon().Add(time.Hour), 3, 3},
		"limit above":          {noon().Add(time.Second), 100, 4},
		"none yet":             {noon().Add(-1), 0, 0},
		"told elsewhere":       {noon().In(time.FixedZone("", 7*3600)), 0, 2},
	} {
		if got := due(t, s, c.now, c.limit); !slices.Equal(got, want[:c.want]) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func timerMoved(t *testing.T, s access.Store) {
	update(t, s, setTimers(timerAt("a", noon()), timerAt("b", noon().Add(time.Minute))))
	later := timerAt("a", noon().Add(time.Hour))
	later.Kind = access.TimerNotice
	update(t, s, setTimers(later))
	got := due(t, s, farFuture(), 0)
	if len(got) != 2 || got[0].ID != "b" || got[1].Kind != access.TimerNotice || !got[1].At.Equal(noon().Add(time.Hour)) {
		t.Errorf("moved back: got %+v", got)
	}
	checkNext(t, s)
	update(t, s, setTimers(timerAt("a", noon().Add(-time.Hour))))
	if got := due(t, s, noon(), 0); len(got) != 1 || got[0].ID != "a" {
		t.Errorf("moved forward: got %+v", got)
	}
	checkNext(t, s)
}

func timerCleared(t *testing.T, s access.Store) {
	update(t, s, setTimers(timerAt("a", noon()), timerAt("b", noon().Add(time.Minute))))
	update(t, s, func(tx access.Tx) error {
		if err := tx.ClearTimer("never there"); err != nil {
			return err
		}
		return tx.ClearTimer("a")
	})
	if got := due(t, s, farFuture(), 0); len(got) != 1 || got[0].ID != "b" {
		t.Errorf("got %+v", got)
	}
	checkNext(t, s)
	update(t, s, func(tx access.Tx) error { return tx.ClearTimer("b") })
	if got := due(t, s, farFuture(), 0); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
	checkNext(t, s)
}

func timerRange(t *testing.T, s access.Store) {
	want := []access.Timer{
		timerAt("zero", time.Time{}),
		timerAt("old", time.Date(1600, 1, 1, 0, 0, 0, 0, time.UTC)),
		timerAt("before 1970", time.Date(1969, 12, 31, 23, 59, 59, 999999999, time.UTC)),
		timerAt("1970", time.Unix(0, 0).UTC()),
		timerAt("noon less one", noon().Add(-1)),
		timerAt("noon", noon()),
		timerAt("noon plus one", noon().Add(1)),
		timerAt("year 2200", time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)),
	}
	update(t, s, setTimers(want...))
	if got := due(t, s, farFuture(), 0); !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
	update(t, s, setTimers(timerAt("latest", farFuture().Add(-time.Hour))))
	if got := due(t, s, time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC), 0); !slices.Equal(got, want) {
		t.Errorf("in 2300: got %+v", got)
	}
	if got := due(t, s, farFuture(), 0); len(got) != len(want)+1 {
		t.Errorf("at the end of times: got %+v", got)
	}
	checkNext(t, s)
}
