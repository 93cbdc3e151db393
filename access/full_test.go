package access_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"usher/access"
	"usher/idp"
)

// filling is a store whose disk is full now and then.
type filling struct {
	access.Store
	full *atomic.Bool
}

func (s filling) Update(ctx context.Context, f func(access.Tx) error) error {
	if s.full.Load() {
		return errors.New("no space left on device")
	}
	return s.Store.Update(ctx, f)
}

// slowTracker takes its time for an update.
type slowTracker struct {
	*tracker
	during atomic.Pointer[func()]
}

func (k *slowTracker) Update(ctx context.Context, i access.Issue, r access.IssueRecord) error {
	err := k.tracker.Update(ctx, i, r)
	if f := k.during.Swap(nil); f != nil {
		(*f)()
	}
	return err
}

// inFullTown plays a story with a disk that may be full and a tracker in whose updates something may happen.
func inFullTown(t *testing.T, story func(t *testing.T, w *world, k *slowTracker, full *atomic.Bool)) {
	t.Helper()
	var full atomic.Bool
	k := &slowTracker{}
	virtual(t, func(w *world, c *access.Config) {
		k.tracker = w.tracker
		c.Tracker = k
		c.Store = filling{w.store, &full}
	}, func(t *testing.T, w *world) { story(t, w, k, &full) })
}

// toldOnce wants no entry twice on the issue.
func (w *world) toldOnce(id access.RequestID) {
	w.t.Helper()
	n := map[int]int{}
	for _, e := range w.tracker.of(id).lines {
		if n[e.Seq]++; n[e.Seq] == 2 {
			w.t.Errorf("told twice: %d %s %s", e.Seq, e.Kind, e.Text)
		}
	}
}

// An entry on the issue is written, its outcome is not, for the disk is full; and meanwhile there is more to tell: the next try must
// look before it repeats.
func TestWhatWasWrittenOnAFullDiskIsLookedForThoughMoreIsToBeTold(t *testing.T) {
	t.Parallel()
	inFullTown(t, func(t *testing.T, w *world, k *slowTracker, full *atomic.Bool) {
		w.run()
		during := func() {
			time.Sleep(5 * time.Second)
			full.Store(true)
		}
		r := w.submit("rita", "write", time.Hour)
		wait(time.Second)
		k.during.Store(&during)
		if err := w.decide("mona", r.ID, access.Approve, ""); err != nil {
			t.Fatal(err)
		}
		wait(2 * time.Second)
		w.release(r.ID)
		wait(2 * time.Second)
		if w.state(r.ID) != access.GrantEnded {
			t.Fatalf("the grant is %s", w.state(r.ID))
		}
		wait(20 * time.Second)
		full.Store(false)
		wait(10 * time.Minute)
		w.toldOnce(r.ID)
	})
}

// An addition without an answer falls into the minute in which the disk is full: the removal that follows waits for it all the same.
func TestAFullDiskDoesNotForgetAnAdditionWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	var full atomic.Bool
	var d *odd
	virtual(t, func(w *world, c *access.Config) {
		d = &odd{directory: w.dir}
		d.add.Store(usual())
		d.remove.Store(usual())
		c.Providers["dir"] = d
		c.Store = filling{w.store, &full}
	}, func(t *testing.T, w *world) {
		w.run()
		d.add.Store(oddly(func(_ context.Context, change func() error) error {
			d.add.Store(usual())
			full.Store(true)
			time.AfterFunc(500*time.Millisecond, func() { full.Store(false) })
			time.AfterFunc(time.Minute, func() { _ = change() })
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

// An entry was written to the issue by a process that died before it could record that. Somebody clicks while the next process starts,
// before its runner has looked at what is pending: it looks before it writes the entry again all the same.
func TestAClickDuringTheStartForgetsNoEarlierTry(t *testing.T) {
	t.Parallel()
	inFullTown(t, func(t *testing.T, w *world, k *slowTracker, full *atomic.Bool) {
		stop := w.run()
		r := w.submit("rita", "pair", time.Hour*24)
		wait(time.Second)
		during := func() { full.Store(true) }
		k.during.Store(&during)
		if err := w.decide("owen", r.ID, access.Approve, ""); err != nil {
			t.Fatal(err)
		}
		wait(100 * time.Millisecond)
		stop()
		full.Store(false)
		w.open()
		if err := w.decide("olga", r.ID, access.Approve, ""); err != nil {
			t.Fatal(err)
		}
		w.run()
		wait(10 * time.Minute)
		w.toldOnce(r.ID)
	})
}
