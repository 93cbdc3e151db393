package cli

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"usher/idp"
)

func TestFailuresThatOneFixMendsAreOneLine(t *testing.T) {
	t.Parallel()
	got := merged([]finding{
		{"a", fails, "gone", "mend it"},
		{"b", well, "fine", ""},
		{"c", fails, "gone", "mend it"},
		{"d", fails, "odd", ""},
		{"e", fails, "odd", ""},
		{"f", fails, "away", "mend it"},
		{"g", skipped, "later", ""},
	})
	want := []finding{
		{"a, c, f", fails, "gone; away", "mend it"},
		{"b", well, "fine", ""},
		{"d", fails, "odd", ""},
		{"e", fails, "odd", ""},
		{"g", skipped, "later", ""},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := few(strings.Split("1 2 3 4 5 6 7", " "), ", "); got != "1, 2, 3, 4, 5 and 2 more" {
		t.Errorf("got %q", got)
	}
}

func TestFailureIsLoggedOnceUntilItComesBack(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	p := &parts{log: slog.New(slog.NewTextHandler(&log, nil))}
	bad, later := finding{"jira login", fails, "401", "new token"}, finding{"jira", skipped, "later", ""}
	told := map[string]bool{}
	for i, c := range []struct {
		list   []finding
		again  bool
		failed int // Lines so far.
		well   int
	}{
		{[]finding{bad, later}, true, 1, 0},
		{[]finding{bad, later}, true, 1, 0},
		{[]finding{{"jira login", well, "", ""}}, false, 1, 1},
		{[]finding{bad}, false, 2, 1},
		{[]finding{{"okta groups and people", fails, "3 of 9 not checked", fixNoAnswer}}, true, 3, 1},
		{[]finding{{"group okta:1", notable, "was renamed", fixRenamed}}, false, 3, 2},
		{[]finding{{"group okta:2", fails, "not found", fixGroup}}, true, 4, 2}, // It may be too new.
		{[]finding{{"group okta:2", fails, "not found", fixGroup}}, false, 4, 2},
	} {
		again := p.tell(c.list, told)
		if n, m := strings.Count(log.String(), "check failed"), strings.Count(log.String(), "all is well"); again != c.again || n != c.failed || m != c.well {
			t.Errorf("round %d: again %v, %d failures and %d times well in\n%s", i, again, n, m, log.String())
		}
	}
}

// All is looked at again after a day with work. After one without, nobody is asked.
func TestTheOutsideIsLookedAtDailyWhileThereIsWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &parts{renewed: make(chan struct{}, 1)}
		const day = 24 * time.Hour
		var done atomic.Int64
		worked := func() int { return int(done.Load()) }
		rest := func(pause, want time.Duration, early bool) {
			t.Helper()
			began := time.Now()
			if renewed := p.rest(t.Context(), pause, worked, nil); renewed != early || time.Since(began) != want {
				t.Errorf("renewed: %v, after %v; want %v after %v", renewed, time.Since(began), early, want)
			}
		}
		time.AfterFunc(10*day+time.Hour, p.catalogRenewed)
		rest(daily, 10*day+time.Hour, true)
		time.AfterFunc(3*day+time.Hour, func() { done.Add(1) })
		rest(daily, 4*day, false)
		rest(time.Minute, time.Minute, false)
	})
}

func TestGroupsAreLookedForAfterADayWithWork(t *testing.T) {
	t.Parallel()
	now := time.Now()
	l := look{at: now, done: 3}
	for after, c := range map[time.Duration]struct {
		done int
		due  bool
	}{time.Hour: {9, false}, daily - 1: {9, false}, daily: {9, true}, 30 * daily: {3, false}} {
		if got := l.due(now.Add(after), c.done); got != c.due {
			t.Errorf("after %v with %d done: %v", after, c.done, got)
		}
	}
}

func TestDirectoryIsAskedGentlyAndNotInVain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		good := func(context.Context) (finding, error) {
			asked++
			return finding{mark: well}, nil
		}
		began := time.Now()
		found, err := answers(t.Context(), gentle(), slices.Repeat([]question{good}, 101))
		if took := time.Since(began); err != nil || len(found) != 101 || took != 50*200*time.Millisecond {
			t.Errorf("%d answers, %v, in %v", len(found), err, took)
		}
		down := &idp.Error{Kind: idp.Unavailable, Op: "read group"}
		asked = 0
		list := slices.Repeat([]question{good}, 10)
		list[3] = func(context.Context) (finding, error) { return finding{}, down }
		found, err = answers(t.Context(), gentle(), list)
		if len(found) != 3 || idp.KindOf(err) != idp.Unavailable || asked > 4 {
			t.Errorf("%d answers of %d, %v", len(found), asked, err)
		}
		list = slices.Repeat([]question{good}, 3)
		tries := 0
		list[1] = func(context.Context) (finding, error) {
			if tries++; tries == 1 {
				return finding{}, &idp.Error{Kind: idp.Throttled, RetryAt: time.Now().Add(time.Minute)}
			}
			return finding{mark: well}, nil
		}
		began = time.Now()
		found, err = answers(t.Context(), brisk(), list)
		if took := time.Since(began); len(found) != 3 || err != nil || took < time.Minute || took > 2*time.Minute {
			t.Errorf("throttled: %d answers, %v, after %v", len(found), err, took)
		}
		hangs := func(ctx context.Context) (finding, error) {
			<-ctx.Done()
			return finding{}, ctx.Err()
		}
		began = time.Now()
		_, err = answers(t.Context(), brisk(), slices.Repeat([]question{hangs}, 500))
		if took := time.Since(began); err == nil || took > nameFor {
			t.Errorf("%v after %v", err, took)
		}
	})
}
