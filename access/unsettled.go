package access

import (
	"context"
	"errors"
	"time"

	"usher/catalog"
)

// mayLand is how long after an addition without an answer the vendor may still carry it out. Our own patience with one call
// is 30 seconds; what a vendor does longer than that after a client has left is not documented by any of them.
const mayLand = 2 * time.Minute

// unsettledError says that a membership was removed and may still come to be by an addition that was sent before.
type unsettledError struct{ at time.Time }

// Error says until when it waits, for admins.
func (e *unsettledError) Error() string {
	return "removed; an addition without an answer may come about until " + stamp(e.at)
}

// settled is when no addition of the membership can come about any more that was sent before now; zero if none can already.
// What was approved before this process began, and never seen, may have been sent by the one before it.
func (r *Runner) settled(m Membership, approved time.Time, seen bool) time.Time {
	sent := m.Unanswered
	r.mu.Lock()
	if !seen && approved.Before(r.began) && r.began.After(sent) {
		sent = r.began
	}
	r.mu.Unlock()
	if at := sent.Add(mayLand); r.s.Now().Before(at) {
		return at
	}
	return time.Time{}
}

// doubt notes that an addition failed in a way that leaves open whether it comes about.
func (r *Runner) doubt(ctx context.Context, e Effect, err error) error {
	_, failed := r.s.apply(context.WithoutCancel(ctx), e.Request, unanswered{e.Group})
	return errors.Join(err, failed)
}

// unanswered says that an addition may still come about.
type unanswered struct{ Group catalog.Group }

func (c unanswered) apply(t *turn) error {
	m := t.member(c.Group)
	m.Unanswered = t.now.UTC()
	t.s.Members[m.Key()] = m
	return nil
}
