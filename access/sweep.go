package access

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// sweepBatch bounds how many timers fire at once; the rest follow in the same sweep.
const sweepBatch = 256

// Sweep lets every timer that is due fire. At rest it reads one index key and calls nobody. It is safe to call at any
// time and from several places; sweeps do not overlap.
func (r *Runner) Sweep(ctx context.Context) error {
	r.sweeping.Lock()
	defer r.sweeping.Unlock()
	now := r.s.Now()
	defer r.lookAgain()
	for {
		var list []Timer
		err := r.s.cfg.Store.View(ctx, func(tx Tx) (err error) {
			list, err = tx.Due(now, sweepBatch)
			return err
		})
		if err != nil {
			return fmt.Errorf("find due timers: %w", err)
		}
		if len(list) == 0 {
			return nil
		}
		if err := r.fire(ctx, list); err != nil {
			return err
		}
	}
}

// fire runs the timers side by side, so that they share commits.
func (r *Runner) fire(ctx context.Context, list []Timer) error {
	errs := make([]error, len(list))
	var wg sync.WaitGroup
	for i, t := range list {
		wg.Add(1)
		go func() {
			defer wg.Done()
			errs[i] = r.fireOne(ctx, t)
		}()
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (r *Runner) fireOne(ctx context.Context, t Timer) error {
	var c command
	switch t.Kind {
	case TimerDeadline:
		c = lapse{}
	case TimerDue:
		c = due{}
	case TimerNotice:
		c = notice{}
	case TimerLeaver:
		if err := r.leaver(ctx, t); err != nil {
			return fmt.Errorf("fire %s: %w", t.ID, err)
		}
		return nil
	default:
		return fmt.Errorf("timer %s has unknown kind %q", t.ID, t.Kind)
	}
	// A timer that fired is gone, unless the decision has just set it anew.
	_, err := r.s.apply(ctx, t.Request, c)
	if errors.Is(err, errTooEarly) {
		return r.s.rearm(ctx, t)
	}
	if err != nil {
		return fmt.Errorf("fire %s: %w", t.ID, err)
	}
	return nil
}

// rearm sets a timer to the time that the state names. It happens only if a timer and its state disagree.
func (s *Service) rearm(ctx context.Context, t Timer) error {
	return s.cfg.Store.Update(ctx, func(tx Tx) error {
		st, err := s.records.load(tx, t.Request)
		if err != nil {
			return err
		}
		return armTimers(tx, st)
	})
}

// armTimers makes the timers of a request and its grant agree with their states.
func armTimers(tx Tx, st state) error {
	set := func(want bool, t Timer) error {
		t.ID = timerID(t.Kind, string(t.Request))
		if !want {
			return tx.ClearTimer(t.ID)
		}
		return tx.SetTimer(t)
	}
	r := st.Request
	if err := set(r.State == RequestPending, Timer{Kind: TimerDeadline, Request: r.ID, At: r.Deadline}); err != nil {
		return err
	}
	if st.Grant == nil || st.Origin != nil {
		return nil
	}
	g := st.Grant
	return set(g.Live() && !g.DueAt.IsZero() && g.Failure == "",
		Timer{Kind: TimerDue, Request: r.ID, Grant: g.ID, At: g.DueAt})
}

// repairPage is how many records one step of Repair looks at, so that it holds up no decision for long.
const repairPage = 256

// Reconcile loads pending effects into the queue. It runs when the runner starts, so that whatever a crash left is taken
// up. It costs what is pending, not what exists: a million grants that wait for their end are not looked at.
func (s *Service) Reconcile(ctx context.Context) error {
	var effects []Effect
	err := s.cfg.Store.View(ctx, func(tx Tx) (err error) {
		effects, err = tx.Effects()
		return err
	})
	if err != nil {
		return fmt.Errorf("reconcile: %w", err)
	}
	for i := range effects {
		effects[i].inherit(s.Now())
	}
	s.runner.add(effects)
	s.runner.timersChanged()
	s.log.Info("reconciled", "effects", len(effects))
	return nil
}

// Repair makes the timers of everything that is not over agree with its state, page by page, until done or ctx ends. State
// and timers are always written together, so it finds nothing unless a version of Usher was wrong or somebody else wrote
// the file. The runner does it once, beside its other work.
func (s *Service) Repair(ctx context.Context) error {
	for _, kind := range []Kind{Requests, Grants} {
		for after := ""; ctx.Err() == nil; {
			next, err := s.repairPage(ctx, kind, after)
			if err != nil {
				return fmt.Errorf("repair timers: %w", err)
			}
			if next == "" {
				break
			}
			after = next
		}
	}
	s.runner.timersChanged()
	return nil
}

// repairPage looks at the records after the given one and returns the last that it looked at; empty when none is left.
func (s *Service) repairPage(ctx context.Context, kind Kind, after string) (last string, err error) {
	err = s.cfg.Store.Update(ctx, func(tx Tx) error {
		last = ""
		ids, err := tx.IDs(kind, indexOpen, after, repairPage)
		if err != nil {
			return err
		}
		for _, id := range ids {
			st, err := load(tx, RequestID(id)) // Each is looked at once, so the cache would only grow.
			if err != nil {
				return err
			}
			if err := armTimers(tx, st); err != nil {
				return err
			}
			last = id
		}
		return nil
	})
	return last, err
}
