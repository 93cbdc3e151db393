package access_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"usher/access"
	"usher/idp"
)

// inMortalTown plays a story in which the process dies while its first addition is on its way; the vendor carries that out so long
// after it was sent. stop waits until what is left of the process has ended; open and run begin the next one.
func inMortalTown(t *testing.T, late time.Duration, story func(t *testing.T, w *world, stop func()), more ...func(*access.Config)) {
	t.Helper()
	var d *odd
	virtual(t, func(w *world, c *access.Config) {
		for _, set := range more {
			set(c)
		}
		if d == nil {
			d = &odd{directory: w.dir}
			d.add.Store(usual())
			d.remove.Store(usual())
		}
		c.Providers["dir"] = d
	}, func(t *testing.T, w *world) {
		stop := w.run()
		d.add.Store(oddly(func(_ context.Context, change func() error) error {
			d.add.Store(usual())
			time.AfterFunc(late, func() { _ = change() })
			runtime.Goexit()
			return nil
		}))
		story(t, w, stop)
	})
}

// nobodyLeft wants that nobody is a member a day later.
func (w *world) nobodyLeft(id access.RequestID) {
	w.t.Helper()
	wait(24 * time.Hour)
	if w.dir.member("gwrite", "rita") {
		w.t.Errorf("a day later rita is a member still; the grant is %s; changes %q", w.state(id), w.dir.changes())
	}
}

// The process dies while the addition is on its way, the next one repeats it at once and it works, the access is given back. The
// first try's work comes half a minute after it was sent.
func TestALateFirstTryOfADeadProcessIsTakenBack(t *testing.T) {
	t.Parallel()
	inMortalTown(t, 30*time.Second, func(t *testing.T, w *world, stop func()) {
		id := w.approved(time.Hour)
		wait(time.Second)
		stop()
		w.open()
		w.run()
		wait(2 * time.Second)
		if w.state(id) != access.GrantActive {
			t.Fatalf("the grant is %s", w.state(id))
		}
		w.release(id)
		w.nobodyLeft(id)
	})
}

// The access is given back and asked for by another role before the next process has looked at what was pending.
func TestALateFirstTryOfADeadProcessIsTakenBackThoughTheGroupIsGivenAnew(t *testing.T) {
	t.Parallel()
	inMortalTown(t, 30*time.Second, func(_ *testing.T, w *world, stop func()) {
		id := w.approved(time.Hour)
		wait(time.Second)
		stop()
		w.open()
		w.release(id)
		w.run()
		second := w.approvedFor("also-write", time.Hour)
		wait(2 * time.Second)
		w.release(second)
		w.nobodyLeft(id)
	})
}

// The access is given back before the death, and while the next process cannot reach the directory, the group is asked for by
// another role.
func TestALateFirstTryOfADeadProcessIsTakenBackThoughItsRemovalIsNotNeeded(t *testing.T) {
	t.Parallel()
	inMortalTown(t, 40*time.Second, func(_ *testing.T, w *world, stop func()) {
		id := w.approved(time.Hour)
		wait(time.Second)
		w.release(id)
		wait(time.Second)
		stop()
		w.dir.failing(func(op string, _ idp.GroupID) error {
			if op == "remove" || op == "read" || op == "add" {
				return &idp.Error{Kind: idp.Unavailable, Op: op}
			}
			return nil
		})
		w.open()
		w.run()
		second := w.approvedFor("also-write", time.Hour)
		wait(2 * time.Second)
		w.dir.failing(nil)
		wait(8 * time.Second)
		w.release(second)
		w.nobodyLeft(id)
	})
}

// The next process could not add either, and cannot remove when the access is given back; then the group is asked for by another role.
func TestALateFirstTryOfADeadProcessIsTakenBackThoughTheNextOneCouldNotAdd(t *testing.T) {
	t.Parallel()
	inMortalTown(t, 100*time.Second, func(_ *testing.T, w *world, stop func()) {
		id := w.approved(time.Hour)
		wait(time.Second)
		stop()
		w.dir.failing(func(op string, _ idp.GroupID) error {
			if op == "remove" || op == "add" {
				return &idp.Error{Kind: idp.Throttled, Op: op, RetryAt: time.Now().Add(5 * time.Second)}
			}
			return nil
		})
		w.open()
		w.run()
		wait(time.Second)
		w.release(id)
		wait(10 * time.Second)
		second := w.approvedFor("also-write", time.Hour)
		wait(2 * time.Second)
		w.dir.failing(nil)
		wait(20 * time.Second)
		w.release(second)
		w.nobodyLeft(id)
	})
}

// The addition lands while its removal waits to count, and a restart makes that wait longer: it is taken back when it was to be
// looked into, not only at the end of the wait.
func TestALateAdditionIsTakenBackThoughARestartProlongsTheWait(t *testing.T) {
	t.Parallel()
	var d *odd
	virtual(t, func(w *world, c *access.Config) {
		if d == nil {
			d = &odd{directory: w.dir}
			d.add.Store(usual())
			d.remove.Store(usual())
		}
		start := time.Now()
		c.Elapsed = func() time.Duration { return time.Since(start) }
		c.Providers["dir"] = d
	}, func(t *testing.T, w *world) {
		stop := w.run()
		d.add.Store(oddly(func(_ context.Context, change func() error) error {
			d.add.Store(usual())
			time.AfterFunc(time.Minute, func() { _ = change() })
			return &idp.Error{Kind: idp.Unavailable, Op: "add member"}
		}))
		id := w.approved(time.Hour)
		wait(5 * time.Second)
		w.release(id)
		wait(time.Minute)
		stop()
		w.open()
		w.run()
		wait(75 * time.Second)
		if w.dir.member("gwrite", "rita") {
			t.Errorf("more than two minutes after the addition rita is a member still; changes %q", w.dir.changes())
		}
		wait(5 * time.Minute)
		if w.state(id) != access.GrantEnded || w.count(id, access.EventMemberRemoved) != 1 {
			t.Errorf("the grant is %s", w.state(id))
		}
	})
}
