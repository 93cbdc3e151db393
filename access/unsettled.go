package access

import (
	"context"
	"errors"
	"maps"
	"time"

	"usher/catalog"
	"usher/idp"
)

// mayLand is how long after an addition without an answer the vendor may still carry it out. Our own patience with one call
// is 30 seconds; what a vendor does longer than that after a client has left is not documented by any of them.
const mayLand = 2 * time.Minute

// Unsettled is a removal that was made and read back, and counts only if it still holds when no earlier addition can come about
// any more.
type Unsettled struct {
	Until time.Time `json:"until"`
	Met   Met       `json:"met,omitempty"`
}

// told is what the record says of the removal that e made before, if one was made, or else was found to be made.
func (e Effect) told() removed {
	if u := e.Unsettled; u != nil {
		return removed{Group: e.Group, Met: u.Met}
	}
	return removed{Group: e.Group, Met: MetNothing}
}

// unsettledError says that a membership was removed and may still come to be by an addition that was sent before.
type unsettledError struct{ made Unsettled }

// Error says until when it waits, for admins.
func (e *unsettledError) Error() string {
	return "removed; an addition without an answer may come about until " + stamp(e.made.Until)
}

// moment is a reading of the clock of the core and of the one that never jumps.
type moment struct {
	at      time.Time
	elapsed time.Duration
}

func (s *Service) moment() moment { return moment{s.Now(), s.cfg.Elapsed()} }

// landed is when nothing can come about any more that was sent at that moment; zero if nothing can already. A clock that jumps
// ahead lets nothing pass at the vendor.
func (s *Service) landed(sent moment) time.Time {
	now := s.moment()
	left := max(sent.at.Add(mayLand).Sub(now.at), sent.elapsed+mayLand-now.elapsed)
	if left <= 0 {
		return time.Time{}
	}
	return now.at.Add(left)
}

// settled is when no addition of the membership can come about any more that was sent before now; zero if none can already.
// What was approved before this process began, and never seen, may have been sent by the one before it; but not once the removal
// was made.
func (r *Runner) settled(e Effect, m Membership, approved, started time.Time) time.Time {
	r.mu.Lock()
	sent, known := r.doubts[m.Key()]
	began := r.began
	r.mu.Unlock()
	if !known { // An earlier process may have sent it, whose clock may have jumped.
		sent.elapsed = began.elapsed
	}
	sent.at = later(m.Unanswered, sent.at)
	switch {
	case e.Unsettled != nil:
		sent.at = e.Unsettled.Until.Add(-mayLand)
	case (e.inherited || approved.Before(began.at)) && (started.IsZero() || started.After(began.at)) && began.at.After(sent.at):
		sent = began
	case sent.at.IsZero():
		return time.Time{}
	}
	if now := r.s.Now(); sent.at.After(now) && e.Unsettled == nil { // The clock of an earlier process was ahead.
		sent.at = now
	}
	return r.s.landed(sent)
}

// before is when an earlier process may have sent an addition last of which this one has not heard; zero if what it is
// about was approved in this one.
func (r *Runner) before(e Effect, approved time.Time) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !e.inherited && !approved.Before(r.began.at) {
		return time.Time{}
	}
	return r.began.at
}

// doubt notes that an addition failed in a way that leaves open whether it comes about.
func (r *Runner) doubt(ctx context.Context, e Effect, user idp.UserID, err error) error {
	now := r.s.moment()
	r.mu.Lock()
	maps.DeleteFunc(r.doubts, func(_ string, sent moment) bool { return r.s.landed(sent).IsZero() })
	r.doubts[membershipKey(e.Group, user)] = now
	r.mu.Unlock()
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
