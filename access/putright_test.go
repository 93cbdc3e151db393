package access_test

import (
	"sync/atomic"
	"testing"
	"time"

	"usher/access"
	"usher/idp"
)

// The clock was wrong by a month, the removal has failed once, and Usher is started again when the clock has been put right.
func TestARemovalThatWaitsIsNotPutOffByAClockPutRight(t *testing.T) {
	t.Parallel()
	for name, jump := range map[string]time.Duration{"an hour": time.Hour, "a month": 30 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var ahead atomic.Int64
			ahead.Store(int64(jump))
			virtual(t, func(w *world, c *access.Config) {
				start := time.Now()
				c.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
				c.Elapsed = func() time.Duration { return time.Since(start) }
			}, func(t *testing.T, w *world) {
				stop := w.run()
				id := w.active("rita", "write", time.Hour)
				w.dir.failing(func(op string, _ idp.GroupID) error {
					if op == "remove" {
						return &idp.Error{Kind: idp.Unavailable, Op: op}
					}
					return nil
				})
				w.release(id)
				wait(10 * time.Second)
				stop()
				ahead.Store(0)
				w.dir.failing(nil)
				w.open()
				w.run()
				wait(2 * time.Minute)
				if w.dir.member("gwrite", "rita") {
					t.Errorf("two minutes after the provider is back rita is a member still, the grant is %s", w.state(id))
				}
				if w.state(id) != access.GrantEnded {
					t.Errorf("grant %s", w.state(id))
				}
			})
		})
	}
}

// The process dies while an addition is on its way; the clock is put back before the next one starts.
func TestALateFirstTryOfADeadProcessIsTakenBackThoughTheClockWasPutBack(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	ahead.Store(int64(time.Hour))
	inMortalTown(t, 30*time.Second, func(_ *testing.T, w *world, stop func()) {
		id := w.approved(time.Hour)
		wait(time.Second)
		w.release(id)
		wait(time.Second)
		stop()
		ahead.Store(0)
		w.open()
		w.run()
		w.nobodyLeft(id)
	}, func(c *access.Config) {
		start := time.Now()
		c.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
		c.Elapsed = func() time.Duration { return time.Since(start) }
	})
}
