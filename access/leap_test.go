package access_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"usher/access"
	"usher/idp"
)

// An addition has no answer and comes about a minute after it was sent. Meanwhile the wall clock jumps an hour ahead, before the
// access is given back or after it was: no time has passed at the vendor.
func TestAnAdditionOnItsWayIsWaitedForThoughTheClockJumps(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ first, dies bool }{
		"before the removal": {first: true}, "after the removal": {},
		"before the removal, and then it dies": {first: true, dies: true}, "after the removal, and then it dies": {dies: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var d *odd
			var ahead atomic.Int64
			virtual(t, func(w *world, cfg *access.Config) {
				start := time.Now()
				cfg.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
				cfg.Elapsed = func() time.Duration { return time.Since(start) }
				if d == nil {
					d = &odd{directory: w.dir}
					d.add.Store(usual())
					d.remove.Store(usual())
				}
				cfg.Providers["dir"] = d
			}, func(_ *testing.T, w *world) {
				stop := w.run()
				d.add.Store(oddly(func(_ context.Context, change func() error) error {
					d.add.Store(usual())
					time.AfterFunc(time.Minute, func() { _ = change() })
					return &idp.Error{Kind: idp.Unavailable, Op: "add member"}
				}))
				id := w.approved(6 * time.Hour)
				wait(100 * time.Millisecond)
				if !c.first {
					w.release(id)
					wait(5 * time.Second)
				}
				ahead.Store(int64(time.Hour))
				if c.dies {
					stop()
					w.open()
					w.run()
				}
				w.service.Runner().Wake()
				wait(100 * time.Millisecond)
				if c.first {
					w.release(id)
				}
				w.nobodyLeft(id)
			})
		})
	}
}
