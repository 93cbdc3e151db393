package access_test

import (
	"context"
	"testing"
	"time"

	"usher/access"
	"usher/idp"
)

// The adapter's own timeout (30 s) ends an addition that the vendor finishes 15 s later.
func TestAnAdditionThatLandsAfterItsTimeoutIsTakenBack(t *testing.T) {
	t.Parallel()
	inOddTown(t, func(t *testing.T, w *world, d *odd) {
		d.add.Store(oddly(func(_ context.Context, change func() error) error {
			d.add.Store(usual())
			time.AfterFunc(45*time.Second, func() { _ = change() })
			time.Sleep(30 * time.Second)
			return &idp.Error{Kind: idp.Unavailable, Op: "add member"}
		}))
		id := w.approved(time.Hour)
		wait(10 * time.Second)
		w.release(id)
		wait(24 * time.Hour)
		if w.dir.member("gwrite", "rita") {
			t.Errorf("a day later rita is a member still; the grant is %s; changes %q", w.state(id), w.dir.changes())
		}
		second := w.active("rita", "write", time.Hour)
		wait(24 * time.Hour)
		if w.dir.member("gwrite", "rita") {
			t.Errorf("and after a second grant, which is %s", w.state(second))
		}
	})
}

// A cut connection, and the holder gives up within the second: the removal comes a second later, the addition five seconds later.
func TestAnAdditionThatLandsAfterACutIsTakenBack(t *testing.T) {
	t.Parallel()
	inOddTown(t, func(t *testing.T, w *world, d *odd) {
		d.add.Store(oddly(func(_ context.Context, change func() error) error {
			d.add.Store(usual())
			time.AfterFunc(5*time.Second, func() { _ = change() })
			return &idp.Error{Kind: idp.Unavailable, Op: "add member"}
		}))
		id := w.approved(time.Hour)
		wait(100 * time.Millisecond)
		w.release(id)
		wait(24 * time.Hour)
		if w.dir.member("gwrite", "rita") || w.state(id) != access.GrantFailed {
			t.Errorf("a day later rita is a member still; the grant is %s; changes %q", w.state(id), w.dir.changes())
		}
	})
}

// The first try's answer is lost and its work comes late, the second one works at once, and the access is given back.
func TestALateFirstTryOfARepeatedAdditionIsTakenBack(t *testing.T) {
	t.Parallel()
	inOddTown(t, func(t *testing.T, w *world, d *odd) {
		d.add.Store(oddly(func(_ context.Context, change func() error) error {
			d.add.Store(usual())
			time.AfterFunc(20*time.Second, func() { _ = change() })
			return &idp.Error{Kind: idp.Unavailable, Op: "add member"}
		}))
		id := w.approved(time.Hour)
		wait(10 * time.Second)
		w.release(id)
		wait(24 * time.Hour)
		if w.dir.member("gwrite", "rita") {
			t.Errorf("a day later rita is a member still; the grant is %s; changes %q", w.state(id), w.dir.changes())
		}
	})
}

// The addition worked without an answer and was taken back. While that waits for what may still come about, the same group is asked
// for by another role, and the directory is out for ten minutes: the record tells of the removal all the same.
func TestARemovalThatWaitsIsToldAsMadeThoughTheGroupIsGivenAnew(t *testing.T) {
	t.Parallel()
	inOddTown(t, func(t *testing.T, w *world, d *odd) {
		d.add.Store(oddly(func(_ context.Context, change func() error) error {
			d.add.Store(usual())
			_ = change()
			return &idp.Error{Kind: idp.Unavailable, Op: "add member"}
		}))
		id := w.approved(time.Hour)
		wait(100 * time.Millisecond)
		w.release(id)
		wait(time.Minute)
		second := w.approvedFor("also-write", time.Hour)
		w.dir.failing(func(op string, _ idp.GroupID) error { return &idp.Error{Kind: idp.Unavailable, Op: op} })
		wait(10 * time.Minute)
		w.dir.failing(nil)
		wait(5 * time.Minute)
		if r, k := w.count(id, access.EventMemberRemoved), w.count(id, access.EventMemberKept); r != 1 || k != 0 || w.state(second) != access.GrantActive {
			t.Errorf("told as removed %d times, as kept %d times; the second grant is %s; changes %q", r, k, w.state(second), w.dir.changes())
		}
	})
}

// The addition comes about a minute after its removal, when the group was asked for by another role: it is Usher's, and goes with
// that, whether it ends soon or later.
func TestAnAdditionThatLandsWhileTheGroupIsGivenAnewIsTakenBack(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]time.Duration{"given back before it was given": 125 * time.Second, "given back soon": 10 * time.Minute, "at its end": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inOddTown(t, func(t *testing.T, w *world, d *odd) {
				d.add.Store(oddly(func(_ context.Context, change func() error) error {
					d.add.Store(usual())
					time.AfterFunc(time.Minute, func() { _ = change() })
					return &idp.Error{Kind: idp.Unavailable, Op: "add member"}
				}))
				id := w.approved(time.Hour)
				wait(100 * time.Millisecond)
				w.release(id)
				wait(30 * time.Second)
				second := w.approvedFor("also-write", time.Hour)
				if end > 0 {
					wait(end - 30*time.Second)
					w.release(second)
				}
				wait(24 * time.Hour)
				if w.dir.member("gwrite", "rita") || !w.state(second).Final() {
					t.Errorf("a day later rita is a member still; the second grant is %s; changes %q", w.state(second), w.dir.changes())
				}
			})
		})
	}
}

// The adapter says by itself that its budget is spent: nothing was sent.
func TestAnAdditionThatTheAdapterHeldBackIsNotToldAsRemoved(t *testing.T) {
	t.Parallel()
	inOddTown(t, func(t *testing.T, w *world, d *odd) {
		d.add.Store(oddly(func(context.Context, func() error) error {
			return &idp.Error{Kind: idp.Throttled, Op: "add member", RetryAt: time.Now().Add(time.Minute)}
		}))
		id := w.approved(time.Hour)
		wait(5 * time.Second)
		w.release(id)
		wait(5 * time.Minute)
		w.nothingAdded(id)
	})
}

// The access is given back between the commit of the inspection, which wishes for the addition, and the runner's hearing of that.
func TestAnAdditionThatWasNeverHeardOfIsNotToldAsRemoved(t *testing.T) {
	t.Parallel()
	virtual(t, func(_ *world, c *access.Config) {
		c.Crash = func(point string) {
			if point == "after commit inspected" {
				time.Sleep(5 * time.Second) // The scheduler.
			}
		}
	}, func(t *testing.T, w *world) {
		w.run()
		id := w.approved(time.Hour)
		wait(time.Second)
		w.release(id)
		wait(2 * time.Minute)
		w.nothingAdded(id)
	})
}

// The addition comes to its turn between the commit that gives it up and the runner's hearing of that.
func TestAnAdditionGivenUpBeforeItsTurnIsNotToldAsRemoved(t *testing.T) {
	t.Parallel()
	virtual(t, func(_ *world, c *access.Config) {
		c.Crash = func(point string) {
			switch point {
			case "after commit inspected":
				time.Sleep(5 * time.Second)
			case "after commit release":
				time.Sleep(10 * time.Second)
			}
		}
	}, func(t *testing.T, w *world) {
		w.run()
		id := w.approved(time.Hour)
		wait(time.Second)
		w.release(id)
		wait(2 * time.Minute)
		w.nothingAdded(id)
	})
}

// The directory refuses this group for good, in both directions, as every adapter does of a group that it may not govern.
func TestAGroupThatIsRefusedInBothDirectionsFailsTheGrant(t *testing.T) {
	t.Parallel()
	for _, kind := range []idp.Kind{idp.NotGovernable, idp.UserNotAllowed, idp.Forbidden} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			inOddTown(t, func(t *testing.T, w *world, d *odd) {
				refuse := oddly(func(context.Context, func() error) error { return &idp.Error{Kind: kind, Op: "change"} })
				d.add.Store(refuse)
				d.remove.Store(refuse)
				id := w.approved(time.Hour)
				wait(7 * 24 * time.Hour)
				g := w.grant(id)
				if !g.State.Final() {
					t.Errorf("a week later the grant is %s, failure %q, trouble %q; member: %v", g.State, g.Failure, g.Trouble, w.dir.member("gwrite", "rita"))
				}
			})
		})
	}
}

// The directory is down for a quarter of an hour; then it knows neither the user nor the group for a moment.
func TestAnOutageBeforeIsNoProofThatBothAreGone(t *testing.T) {
	t.Parallel()
	virtual(t, nil, func(t *testing.T, w *world) {
		w.run()
		id := w.active("rita", "write", time.Hour)
		due := w.grant(id).DueAt
		w.dir.failing(func(op string, g idp.GroupID) error {
			switch since := time.Since(due); {
			case since < 15*time.Minute:
				return &idp.Error{Kind: idp.Unavailable, Op: op}
			case since > 16*time.Minute || op == "group" && g != "gwrite":
				return nil
			case op == "group":
				return &idp.Error{Kind: idp.GroupNotFound, Op: op}
			}
			return &idp.Error{Kind: idp.UserNotFound, Op: op}
		})
		wait(time.Until(due) + time.Hour)
		if w.dir.member("gwrite", "rita") {
			t.Errorf("rita is a member still, the grant is %s", w.state(id))
		}
	})
}
