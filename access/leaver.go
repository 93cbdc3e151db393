package access

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"usher/idp"
)

// Left is told when Slack says that somebody's account was deactivated. When it returns nil that is durable, if the person was
// ever paired with the Slack user and holds or waits for anything: the runner asks the directory until it answers, over
// restarts, and if the account is not active there, ends what the person holds by then. Telling it again changes nothing.
func (s *Service) Left(ctx context.Context, id SlackID) error {
	p, err := s.pinned(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	some := false
	err = s.cfg.Store.View(ctx, func(tx Tx) (err error) {
		some, err = concerned(tx, p)
		return err
	})
	if err != nil || !some {
		return err
	}
	s.runner.askAgain(p.User) // Before it is written, see settle.
	return s.runner.write(ctx, "leaver", func(tx Tx) error { return tx.SetTimer(leaverTimer(p.User, s.Now(), 0)) })
}

// concerned reports whether somebody holds anything or waits for it.
func concerned(tx Tx, p Person) (bool, error) {
	held, err := tx.IDs(Grants, indexSubject(p), "", 1)
	if err != nil || len(held) > 0 {
		return len(held) > 0, err
	}
	asked, err := tx.IDs(Requests, indexUndone(p), "", 1)
	return len(asked) > 0, err
}

func leaverTimer(user idp.UserID, at time.Time, tries int) Timer {
	return Timer{ID: timerID(TimerLeaver, string(user)), Kind: TimerLeaver, At: at, User: user, Tries: tries}
}

// leaverPause is how long after a question about a leaver it is asked again: soon, for two hours at least every minute, then
// every ten minutes for as long as it takes.
func leaverPause(tries int) time.Duration {
	if tries > 120 {
		return 10 * time.Minute
	}
	return min(time.Minute, 5*time.Second<<min(tries, 4))
}

// leaver lets the timer of a leaver fire: its next time is written first, then the directory is asked, beside the sweep, for
// that may take long.
func (r *Runner) leaver(ctx context.Context, t Timer) error {
	begun := r.begin(t.User)
	next := leaverTimer(t.User, r.s.Now().Add(leaverPause(t.Tries)), t.Tries+1)
	if err := r.s.cfg.Store.Update(ctx, func(tx Tx) error { return tx.SetTimer(next) }); err != nil {
		if begun {
			r.end(t.User)
		}
		return err
	}
	if begun {
		r.work.Go(func() {
			defer r.end(t.User)
			defer func() {
				if p := recover(); p != nil { // As with effects: one person's trouble ends nobody else's.
					r.s.log.Error("panic", "in", "leaver", "user", t.User, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				}
			}()
			r.lookInto(ctx, next)
		})
	}
	return nil
}

// lookInto asks the directory and does what follows. Whatever fails is tried again when the timer fires next.
func (r *Runner) lookInto(ctx context.Context, t Timer) {
	select {
	case r.places <- struct{}{}:
		defer func() { <-r.places }()
	case <-ctx.Done():
		return
	}
	// As with effects, what is in hand is finished on shutdown, within a bound.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 40*time.Second)
	defer cancel()
	s := r.s
	gone, status, err := s.departed(ctx, t.User)
	ended := 0
	if gone && err == nil {
		ended, err = s.endAll(ctx, t.User)
	}
	if err == nil {
		err = r.settle(ctx, t.User, gone)
	}
	if err != nil {
		s.log.Warn("slack account deactivated, not settled yet", "user", t.User, "ended", ended, "attempt", t.Tries, "err", err)
		return
	}
	s.log.Info("slack account deactivated, looked into", "user", t.User, "directory", status, "ended", ended)
}

// settle forgets the question, unless it was put again while the answer was on its way, or the person has been given or has
// asked for something since what they held was listed.
func (r *Runner) settle(ctx context.Context, user idp.UserID, gone bool) error {
	return r.write(ctx, "settled leaver", func(tx Tx) error {
		r.mu.Lock()
		again := r.leavers[user]
		r.mu.Unlock()
		if again {
			return nil
		}
		if gone {
			held, asked, err := endable(tx, user)
			if err != nil {
				return err
			}
			if len(held)+len(asked) > 0 {
				return tx.SetTimer(leaverTimer(user, r.s.Now(), 0))
			}
		}
		return tx.ClearTimer(timerID(TimerLeaver, string(user)))
	})
}

// write makes a change of timers durable and has them looked at.
func (r *Runner) write(ctx context.Context, name string, f func(Tx) error) error {
	r.s.crashAt("before commit " + name)
	if err := r.s.cfg.Store.Update(ctx, f); err != nil {
		return err
	}
	r.s.crashAt("after commit " + name)
	r.timersChanged()
	return nil
}

// begin marks that the directory is being asked about somebody; false if it is already.
func (r *Runner) begin(user idp.UserID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, busy := r.leavers[user]
	if !busy {
		r.leavers[user] = false
	}
	return !busy
}

func (r *Runner) end(user idp.UserID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.leavers, user)
}

// askAgain keeps an answer that is on its way from settling a question that is put anew.
func (r *Runner) askAgain(user idp.UserID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, busy := r.leavers[user]; busy {
		r.leavers[user] = true
	}
}
