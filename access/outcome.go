package access

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// stateOf reads a request with everything that belongs to it.
func (s *Service) stateOf(ctx context.Context, id RequestID) (state, error) {
	var st state
	err := s.cfg.Store.View(ctx, func(tx Tx) (err error) {
		st, err = s.records.load(tx, id)
		return err
	})
	return st, err
}

// settle records the outcome of an effect and forgets the effect, in one transaction. A newer wish for the same effect
// survives. With the last effect of a request that is over, the request is sealed.
func (s *Service) settle(ctx context.Context, e Effect, c command) error {
	st, err := s.apply(ctx, e.Request, c, func(tx Tx, _ state) error {
		now, err := tx.Effect(e.ID)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if now.Rev > e.Rev {
			now.Attempts, now.Refused, now.LastError = 0, 0, "" // The next run is a new write, not a repeat of this one.
			return tx.PutEffect(now)
		}
		return tx.DropEffect(e.ID)
	}, sealOver)
	if err != nil {
		return fmt.Errorf("record %s: %w", e.Kind, err)
	}
	if g := st.Grant; g != nil && g.EndReason == EndExpired {
		if _, gone := c.(removed); gone {
			s.runner.late(e.Target, s.Now().Sub(g.DueAt))
		}
	}
	return nil
}

// started makes it durable that an issue is about to be created, and returns how often that was tried before. Any other
// write takes the wish itself for the intent and looks whenever it was inherited from an earlier process; but looking for
// an issue takes as long as Jira's search lags, and one whose creation was never tried should not wait for that.
func (s *Service) started(ctx context.Context, e Effect) (before int, err error) {
	s.crashAt("before commit start " + string(e.Kind))
	err = s.cfg.Store.Update(ctx, func(tx Tx) error {
		now, err := tx.Effect(e.ID)
		if err != nil {
			return err
		}
		before = now.Attempts
		now.Attempts++
		return tx.PutEffect(now)
	})
	if err != nil {
		return 0, fmt.Errorf("record intent of %s: %w", e.Kind, err)
	}
	s.crashAt("after commit start " + string(e.Kind))
	return before, nil
}

// postpone keeps a failed effect with its next time, and tells the people concerned when it fails for the second time.
// ErrNotFound means that the effect is not wished for any more.
func (s *Service) postpone(ctx context.Context, e Effect, f failure, now time.Time) (Effect, error) {
	var next Effect
	err := s.cfg.Store.Update(ctx, func(tx Tx) error {
		stored, err := tx.Effect(e.ID)
		if err != nil {
			return err
		}
		// A write without an idempotency key was counted before it was sent. A wish that came while an earlier one was carried
		// out began to count anew when that had succeeded.
		if stored.Attempts <= e.Attempts {
			stored.Attempts++
		}
		if f.final {
			stored.Refused++
		}
		if stored.Neither++; !f.neither {
			stored.Neither = 0
		}
		if f.made != nil {
			stored.Unsettled = f.made
		}
		stored.LastError = f.detail
		// It waits even when the whole target is to blame, so that the next probe is another one: a call that fails for
		// reasons of its own must not stand in the way of all others.
		stored.NotBefore = later(now.Add(backoff(stored, f)), f.wish)
		next = stored
		return tx.PutEffect(stored)
	})
	if err != nil {
		return e, err
	}
	if next.Attempts >= tellAfter && s.untold(ctx, e) {
		_, err := s.apply(ctx, e.Request, trouble{Kind: e.Kind, Text: f.text})
		if err != nil {
			s.log.Error("record trouble", "effect", e.ID, "err", err)
		}
	}
	return next, nil
}

// untold reports whether the people concerned have not been told yet that the effect is held up.
func (s *Service) untold(ctx context.Context, e Effect) bool {
	st, err := s.stateOf(ctx, e.Request)
	if err != nil {
		return false
	}
	switch e.Kind {
	case EffectInspect, EffectAdd, EffectRemove:
		return st.Grant != nil && st.Grant.Trouble == "" && !st.Grant.State.Final()
	case EffectOpen:
		return st.Request.Trouble == ""
	case EffectRoute, EffectAsk:
		return st.Request.Trouble == "" && st.Request.State == RequestPending
	case EffectMirror, EffectStatus, EffectNotice, EffectLock, EffectFold:
	}
	return false
}

// tellAfter is the failed try after which people are told; a single hiccup is not worth a message.
const tellAfter = 2

func backoff(e Effect, f failure) time.Duration {
	switch {
	case f.final && e.Kind == EffectRemove && !f.slow && e.Refused <= 300: // Access that outlives its end is worth five hours of calls.
		return min(time.Minute, 5*time.Second<<min(e.Refused, 4))
	case f.final: // Only a change of the vendor's settings helps; somebody has been told.
		return min(time.Hour, 5*time.Second<<min(e.Refused, 10))
	case f.slow:
		return min(time.Minute, 5*time.Second<<min(e.Attempts, 4))
	}
	return min(longestPause, time.Second<<min(max(e.Attempts-1, 0), 5))
}
