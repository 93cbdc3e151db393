package access

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"sync"
	"time"

	"usher/idp"
)

// longestSleep bounds every sleep of the runner: timers stop while a machine is suspended, so the wall clock is compared
// at least this often.
const longestSleep = 60 * time.Second

// sweepRetry is how long after a failed sweep the next one is tried.
const sweepRetry = time.Second

// Runner carries effects out and lets timers fire. One Run at a time.
type Runner struct {
	s *Service

	mu    sync.Mutex
	queue *queue
	wake  chan struct{} // At the queue.
	look  chan struct{} // At the timers.
	// next is when the earliest timer is due, as far as it was looked up; it is looked up again when timers have changed.
	next      time.Time
	nextKnown bool
	changes   int // How often timers have changed.
	// sweeping keeps sweeps from overlapping.
	sweeping sync.Mutex
	work     sync.WaitGroup
	began    moment                   // When it began to run.
	adding   map[string]chan struct{} // The additions in hand, by effect; closed when one is given up.
	doubts   map[string]moment        // When additions were left without an answer, by membership; the store may have had no room for it.
	leavers  map[idp.UserID]bool      // Those about whom the directory is being asked; true when it must be asked again.
	places   chan struct{}            // For as many such questions at once.
	stats    Stats
	delays   map[string]*delays // By provider.
}

// Stats counts what the runner has done since it started.
type Stats struct {
	Done, Failed map[EffectKind]int
	// Lateness of proven expiries, by provider.
	Lateness  map[string]Lateness
	LastSweep time.Time
}

func newRunner(s *Service) *Runner {
	return &Runner{
		s: s, queue: newQueue(s.cfg.InFlight, s.cfg.Calm), wake: make(chan struct{}, 1), look: make(chan struct{}, 1),
		adding: map[string]chan struct{}{}, leavers: map[idp.UserID]bool{}, doubts: map[string]moment{}, places: make(chan struct{}, s.cfg.InFlight),
		stats: Stats{Done: map[EffectKind]int{}, Failed: map[EffectKind]int{}}, delays: map[string]*delays{},
	}
}

// Wake makes the runner look at the clock and its queue now. It never blocks.
func (r *Runner) Wake() {
	poke(r.wake)
	poke(r.look)
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Stats returns a copy of the counters.
func (r *Runner) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := Stats{
		Done: maps.Clone(r.stats.Done), Failed: maps.Clone(r.stats.Failed), Lateness: map[string]Lateness{},
		LastSweep: r.stats.LastSweep,
	}
	for target, d := range r.delays {
		c.Lateness[target] = d.lateness()
	}
	return c
}

func (r *Runner) add(list []Effect) {
	if len(list) == 0 {
		return
	}
	now := r.s.Now()
	r.mu.Lock()
	for _, e := range list {
		r.queue.add(e, now)
	}
	r.mu.Unlock()
	poke(r.wake)
}

// Run loads what is pending and works until ctx ends; then it finishes the calls in hand and returns nil. It returns an
// error only if the store cannot be read.
func (r *Runner) Run(ctx context.Context) error {
	r.mu.Lock()
	r.began = r.s.moment()
	r.mu.Unlock()
	if err := r.s.Reconcile(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // Stopped before it had begun.
		}
		return err
	}
	defer r.work.Wait()
	r.work.Go(func() { r.keepTime(ctx) })
	r.work.Go(func() {
		if err := r.s.Repair(ctx); err != nil && ctx.Err() == nil {
			r.s.log.Error("repair timers", "err", err)
		}
		if err := r.s.Seal(ctx); err != nil && ctx.Err() == nil {
			r.s.log.Error("seal what is over", "err", err)
		}
		debug.FreeOSMemory() // Looking at everything once has taken memory that nobody needs afterwards.
	})
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.wake:
		case <-timer.C:
		}
		again := r.dispatch(ctx)
		if r.idle() {
			r.s.records.clear()
		}
		timer.Reset(r.sleep(again))
	}
}

// idle reports whether nothing is pending.
func (r *Runner) idle() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.queue.lanes) == 0
}

// keepTime lets timers fire. It has a goroutine of its own, so that in a storm the first removals are under way while the
// last are still being written down.
func (r *Runner) keepTime(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.look:
		case <-timer.C:
		}
		if due := r.NextDue(ctx); !due.IsZero() && !r.s.Now().Before(due) {
			if err := r.Sweep(ctx); err != nil && ctx.Err() == nil {
				r.s.log.Error("sweep", "err", err)
				timer.Reset(sweepRetry)
				continue
			}
		}
		r.mu.Lock()
		r.stats.LastSweep = r.s.Now()
		r.mu.Unlock()
		timer.Reset(r.sleep(r.NextDue(ctx)))
	}
}

// timersChanged has the earliest timer looked up again, at once.
func (r *Runner) timersChanged() {
	r.lookAgain()
	poke(r.look)
}

func (r *Runner) lookAgain() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changes++
	r.nextKnown = false
}

// NextDue is when the earliest timer is due; the zero time if there is none, or the present if it cannot be read. It may be
// called at any time.
func (r *Runner) NextDue(ctx context.Context) time.Time {
	r.mu.Lock()
	at, known, changes := r.next, r.nextKnown, r.changes
	r.mu.Unlock()
	if known {
		return at
	}
	err := r.s.cfg.Store.View(ctx, func(tx Tx) (err error) {
		var some bool
		if at, some, err = tx.NextDue(); !some {
			at = time.Time{}
		}
		return err
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		return r.s.Now()
	}
	if r.changes == changes { // What was read is what there is.
		r.next, r.nextKnown = at, true
	}
	return at
}

// sleep is how long nothing can be due.
func (r *Runner) sleep(times ...time.Time) time.Duration {
	d := longestSleep
	for _, at := range times {
		if !at.IsZero() {
			d = min(d, at.Sub(r.s.Now()))
		}
	}
	return max(time.Millisecond, d)
}

// dispatch starts every effect that may run now and returns when the next one may.
func (r *Runner) dispatch(ctx context.Context) time.Time {
	for ctx.Err() == nil {
		r.mu.Lock()
		e, ok, again := r.queue.next(r.s.Now())
		r.mu.Unlock()
		if !ok {
			return again
		}
		r.work.Add(1)
		go func() {
			defer r.work.Done()
			r.carryOut(ctx, e)
		}()
	}
	return time.Time{}
}

// carryOut does one effect and records its outcome. The target's place is free as soon as the call has returned: the
// next call never waits for this one's commit.
func (r *Runner) carryOut(ctx context.Context, e Effect) {
	// The call in hand is finished on shutdown, within a bound; what came of it is written down in any case.
	keep := context.WithoutCancel(ctx)
	ctx, cancel := context.WithTimeout(keep, 40*time.Second)
	defer cancel()
	freed := false
	free := func() {
		if !freed {
			freed = true
			r.mu.Lock()
			r.queue.free(e.Target)
			r.mu.Unlock()
			poke(r.wake)
		}
	}
	err := r.attempt(ctx, keep, e, free)
	free()
	if err != nil {
		r.failed(keep, e, err)
	}
	r.mu.Lock()
	if err == nil {
		r.stats.Done[e.Kind]++
		r.queue.remove(e.ID, e.Lane, e.Rev)
	} else {
		r.stats.Failed[e.Kind]++
	}
	r.queue.done(e.Lane)
	r.mu.Unlock()
	poke(r.wake)
}

// attempt runs the effect within ctx and records its outcome within keep; a panic in an adapter is an error like any other.
func (r *Runner) attempt(ctx, keep context.Context, e Effect, free func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.s.log.Error("panic in effect", "effect", e.ID, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("internal fault in %s", e.Kind)
		}
	}()
	done := func(c command) error {
		r.mu.Lock()
		switch c.(type) {
		case nothing, due: // Who was asked for nothing has proven nothing.
		default:
			r.queue.healthy(e.Target)
		}
		r.mu.Unlock()
		free()
		return r.s.settle(keep, e, c)
	}
	switch e.Kind { //nolint:exhaustive // The others need the state first.
	case EffectOpen:
		return r.open(ctx, e, done)
	case EffectMirror:
		return r.mirror(ctx, e, done)
	case EffectAdd:
		return r.addMember(ctx, e, done)
	}
	st, err := r.s.stateOf(ctx, e.Request)
	if err != nil {
		return err
	}
	switch e.Kind {
	case EffectInspect:
		return r.inspect(ctx, e, st, done)
	case EffectRemove:
		return r.removeMember(ctx, e, st, done)
	case EffectLock:
		return r.lockMember(ctx, e, st, done)
	case EffectRoute:
		return r.route(ctx, st, done)
	case EffectAsk, EffectStatus, EffectNotice:
		return r.send(ctx, e, st, done)
	case EffectFold:
		return r.fold(ctx, e, st, done)
	case EffectOpen, EffectMirror, EffectAdd:
	}
	return fmt.Errorf("unknown effect %q", e.Kind)
}

// failed keeps the effect for later, or settles it when the refusal is final.
func (r *Runner) failed(ctx context.Context, e Effect, err error) {
	s, now := r.s, r.s.Now()
	f := classify(err, now)
	s.log.Warn("effect failed", "effect", e.ID, "kind", e.Kind, "attempt", e.Attempts+1, "final", f.final, "err", err)
	if idp.KindOf(err) == idp.GroupNotFound && (e.Kind == EffectInspect || e.Kind == EffectAdd) {
		s.confirmMissed(ctx, e)
	}
	if f.final && e.Kind == EffectAsk {
		f.text = "Slack does not deliver the question to one of the approvers; they can still decide on their Home tab."
	}
	if f.final {
		if c := finalOutcome(e, f); c != nil {
			r.record(ctx, e, c)
			return
		}
	}
	r.mu.Lock()
	if f.target && (f.throttled || e.Kind != EffectLock) { // Where locks are set is not where access is taken away.
		r.queue.failed(e.Target, now, f.wish, f.throttled, e.Priority == PriorityRemoval)
	}
	r.mu.Unlock()
	next, err := s.postpone(ctx, e, f, now)
	r.mu.Lock()
	defer r.mu.Unlock()
	if errors.Is(err, ErrNotFound) {
		r.queue.remove(e.ID, e.Lane, e.Rev) // Not wished for any more.
		return
	}
	if err != nil {
		s.log.Error("record failure", "effect", e.ID, "err", err)
		next = e
		next.Attempts++ // It was tried, whatever the store knows of it.
		next.NotBefore = now.Add(time.Second)
		if f.made != nil {
			next.Unsettled = f.made
		}
	}
	next.inherited = e.inherited // The store does not keep that.
	r.queue.replace(next)
}

func (r *Runner) record(ctx context.Context, e Effect, c command) {
	err := r.s.settle(ctx, e, c)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.s.log.Error("record outcome", "effect", e.ID, "err", err)
		e.Attempts++ // As in failed.
		e.NotBefore = r.s.Now().Add(time.Second)
		r.queue.replace(e)
		return
	}
	r.queue.remove(e.ID, e.Lane, e.Rev)
}

// nothing settles an effect without changing anything.
type nothing struct{}

func (nothing) apply(*turn) error { return nil }
