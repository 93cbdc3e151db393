package access_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"usher/access"
	"usher/catalog"
	"usher/idp"
)

// atTheLimits is a change that waits at the provider's limits for so long before it is sent.
func atTheLimits(d time.Duration) *oddity {
	return oddly(func(ctx context.Context, change func() error) error {
		wait, done := idp.Waiting(ctx)
		defer done()
		select {
		case <-time.After(d):
		case <-wait.Done():
			return &idp.Error{Kind: idp.Unavailable, Op: "add member", Err: context.Cause(wait)}
		}
		if err := idp.Wanted(ctx); err != nil {
			return &idp.Error{Kind: idp.Unavailable, Op: "add member", Err: err}
		}
		return change()
	})
}

// approved asks and has the manager approve.
func (w *world) approved(d time.Duration) access.RequestID {
	w.t.Helper()
	return w.approvedFor("write", d)
}

func (w *world) approvedFor(what catalog.EntitlementID, d time.Duration) access.RequestID {
	w.t.Helper()
	r := w.submit("rita", what, d)
	wait(time.Second)
	if err := w.decide("mona", r.ID, access.Approve, ""); err != nil {
		w.t.Fatal(err)
	}
	return r.ID
}

// release has rita give the access back.
func (w *world) release(id access.RequestID) {
	w.t.Helper()
	if _, err := w.service.Release(w.t.Context(), w.person("rita"), w.grant(id).ID); err != nil {
		w.t.Fatal(err)
	}
}

// nothingAdded wants that nobody was added for the request and that the record does not tell of a removal either.
func (w *world) nothingAdded(id access.RequestID) {
	w.t.Helper()
	if got := w.dir.changes(); len(got) != 0 || w.state(id) != access.GrantFailed {
		w.t.Errorf("the grant is %s, changes: %q", w.state(id), got)
	}
	for _, e := range w.events(id) {
		if strings.HasPrefix(e.Text, "Removed") {
			w.t.Errorf("the record says: %s", e.Text)
		}
	}
}

// An addition may wait at the provider's limits. Whoever ends the grant meanwhile ends the wait, and nothing is added.
func TestAnAdditionThatWaitsIsGivenUpWithItsGrant(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*world, access.GrantID) error{
		"released": func(w *world, g access.GrantID) error {
			_, err := w.service.Release(w.t.Context(), w.person("rita"), g)
			return err
		},
		"revoked": func(w *world, g access.GrantID) error {
			_, err := w.service.Revoke(w.t.Context(), w.person("owen"), g, "Not needed any more.")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inOddTown(t, func(t *testing.T, w *world, d *odd) {
				d.add.Store(atTheLimits(30 * time.Second))
				id := w.approved(time.Hour)
				wait(5 * time.Second)
				if err := end(w, w.grant(id).ID); err != nil {
					t.Fatal(err)
				}
				wait(time.Second)
				if g := w.grant(id); g.State != access.GrantFailed {
					t.Errorf("a second later the grant is %s", g.State)
				}
				wait(time.Minute)
				w.nothingAdded(id)
				if s := w.service.Runner().Stats(); s.Failed[access.EffectAdd] != 0 {
					t.Errorf("%d failures", s.Failed[access.EffectAdd])
				}
			})
		})
	}
}

// The time asked for passes while the addition is tried, and waits, again and again.
func TestAnAdditionThatWaitsIsGivenUpWhenItsTimeIsOver(t *testing.T) {
	t.Parallel()
	inOddTown(t, func(t *testing.T, w *world, d *odd) {
		d.add.Store(atTheLimits(time.Hour))
		id := w.approved(time.Hour)
		wait(time.Second)
		due := w.grant(id).DueAt
		wait(time.Until(due) - time.Minute)
		d.add.Store(atTheLimits(35 * time.Second))
		w.dir.failing(func(op string, _ idp.GroupID) error { // Two tries, of which the second is under way at the end.
			if op == "add" && time.Until(due) > 0 {
				return &idp.Error{Kind: idp.Unavailable, Op: op}
			}
			return nil
		})
		wait(3 * time.Minute)
		if got := w.dir.changes(); len(got) != 0 || w.state(id) != access.GrantFailed {
			t.Errorf("the grant is %s, changes: %q", w.state(id), got)
		}
	})
}

// The machine was suspended while the addition waited: the clock says that the end has come before any timer does.
func TestAnAdditionIsNotSentAfterItsEndThoughNoTimerHasFired(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := &odd{directory: w.dir}
	d.remove.Store(usual())
	held, open, asked := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	d.add.Store(oddly(func(ctx context.Context, change func() error) error {
		close(held)
		<-open
		err := idp.Wanted(ctx)
		asked <- err
		if err != nil {
			return &idp.Error{Kind: idp.Unavailable, Op: "add member", Err: err}
		}
		return change()
	}))
	w.adjust = func(c *access.Config) { c.Providers["dir"] = d }
	w.open()
	w.run()
	r := w.submit("rita", "write", time.Hour)
	w.until("issue", func() bool { return w.request(r.ID).Issue.Key != "" })
	if err := w.decide("mona", r.ID, access.Approve, ""); err != nil {
		t.Fatal(err)
	}
	<-held
	time.Sleep(200 * time.Millisecond) // Until the timers have been looked at: they must not notice the leap.
	w.mu.Lock()
	w.now = w.now.Add(2 * time.Hour)
	w.mu.Unlock()
	close(open)
	if err := <-asked; err == nil { // Before anything wakes the runner.
		t.Error("it is still wanted after its end")
	}
	w.until("failed", func() bool { return w.state(r.ID) == access.GrantFailed })
	w.nothingAdded(r.ID)
}

// An addition that was not given up in time is finished, and the removal follows it.
func TestAnAdditionThatWasSentIsFinishedAndTakenBack(t *testing.T) {
	t.Parallel()
	inOddTown(t, func(t *testing.T, w *world, d *odd) {
		var cut atomic.Bool
		d.add.Store(oddly(func(ctx context.Context, change func() error) error {
			if err := idp.Wanted(ctx); err != nil {
				return &idp.Error{Kind: idp.Unavailable, Op: "add member", Err: err}
			}
			select {
			case <-time.After(20 * time.Second):
			case <-ctx.Done():
				cut.Store(true)
			}
			return change()
		}))
		id := w.approved(time.Hour)
		wait(5 * time.Second)
		w.release(id)
		wait(time.Minute)
		if got := w.dir.changes(); cut.Load() || !slices.Equal(got, []string{"add gwrite u-rita", "remove gwrite u-rita"}) {
			t.Errorf("cut: %v, changes: %q", cut.Load(), got)
		}
		if w.state(id) != access.GrantFailed || w.count(id, access.EventMemberRemoved) != 1 {
			t.Errorf("the grant is %s", w.state(id))
		}
	})
}

// A try was sent, its answer lost, and the next one is given up while it waits: what the first has done is taken back.
func TestWhatAnEarlierTryMayHaveAddedIsTakenBack(t *testing.T) {
	t.Parallel()
	inOddTown(t, func(t *testing.T, w *world, d *odd) {
		d.add.Store(oddly(func(context.Context, func() error) error {
			d.add.Store(atTheLimits(30 * time.Second))
			time.AfterFunc(10*time.Second, func() { _ = d.directory.AddMember(context.Background(), "gwrite", "u-rita") })
			return &idp.Error{Kind: idp.Unavailable, Op: "add member"}
		}))
		id := w.approved(time.Hour)
		wait(12 * time.Second)
		w.release(id)
		wait(3 * time.Minute) // What the first may still add is waited for.
		if got := w.dir.changes(); !slices.Equal(got, []string{"add gwrite u-rita", "remove gwrite u-rita"}) || w.state(id) != access.GrantFailed {
			t.Errorf("the grant is %s, changes: %q", w.state(id), got)
		}
	})
}

// A grant ends, and so does another one of the same person and group before the removal has come about: it is told once.
func TestOneRemovalForTwoGrantsIsToldOnce(t *testing.T) {
	t.Parallel()
	inOddTown(t, func(t *testing.T, w *world, d *odd) {
		first := w.active("rita", "write", time.Hour)
		w.dir.failing(func(op string, _ idp.GroupID) error {
			if op == "remove" || op == "read" {
				return &idp.Error{Kind: idp.Unavailable, Op: op}
			}
			return nil
		})
		wait(time.Until(w.grant(first).DueAt) + time.Second)
		second := w.submit("rita", "also-write", time.Hour)
		wait(time.Second)
		if err := w.decide("mona", second.ID, access.Approve, ""); err != nil {
			t.Fatal(err)
		}
		wait(time.Second)
		if _, err := w.service.Release(t.Context(), w.person("rita"), w.grant(second.ID).ID); err != nil {
			t.Fatal(err)
		}
		wait(time.Second)
		w.dir.failing(nil)
		wait(5 * time.Minute)
		told := 0
		for _, id := range []access.RequestID{first, second.ID} {
			for _, e := range w.events(id) {
				if strings.HasPrefix(e.Text, "Removed") {
					told++
				}
			}
		}
		if got := w.dir.changes(); told != 1 || !slices.Equal(got, []string{"add gwrite u-rita", "remove gwrite u-rita"}) {
			t.Errorf("told as removed %d times, changes: %q", told, got)
		}
		if w.state(first) != access.GrantEnded || w.state(second.ID) != access.GrantFailed || w.count(second.ID, access.EventMemberRemoved) != 1 {
			t.Errorf("the first is %s, the second %s", w.state(first), w.state(second.ID))
		}
	})
}
