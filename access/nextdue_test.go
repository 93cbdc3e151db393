package access_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"usher/access"
)

// reading is a store in which something can happen right after a reading.
type reading struct {
	access.Store
	then atomic.Pointer[func()]
}

func (s *reading) View(ctx context.Context, f func(access.Tx) error) error {
	err := s.Store.View(ctx, f)
	if then := s.then.Swap(nil); then != nil {
		(*then)()
	}
	return err
}

// Two ask for the next timer at once, and between their readings one is set: the older reading does not replace the newer.
func TestTheNextTimerIsNotForgottenByAnOlderReading(t *testing.T) {
	t.Parallel()
	s := &reading{}
	virtual(t, func(w *world, c *access.Config) {
		s.Store = w.store
		c.Store = s
	}, func(t *testing.T, w *world) {
		r := w.service.Runner()
		var deadline time.Time
		then := func() {
			deadline = w.submit("rita", "write", time.Hour).Deadline
			if at := r.NextDue(t.Context()); !at.Equal(deadline) {
				t.Errorf("the next timer is at %s, want %s", at, deadline)
			}
		}
		s.then.Store(&then)
		r.NextDue(t.Context()) // May be either.
		if at := r.NextDue(t.Context()); !at.Equal(deadline) {
			t.Errorf("then the next timer is at %s, want %s", at, deadline)
		}
	})
}
