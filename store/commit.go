package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"usher/access"
)

// call is one Update that waits or runs.
type call struct {
	f    func(access.Tx) error
	err  error // Set before done is closed.
	done chan struct{}
}

// Update implements access.Store. All updates that wait share the next commit. A context that ends while the update
// still waits withdraws it; once it runs, its result is waited for. A panic in f becomes an error.
func (s *Store) Update(ctx context.Context, f func(access.Tx) error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("update store: %w", context.Cause(ctx))
	}
	c := &call{f: f, done: make(chan struct{})}
	s.mu.Lock()
	if err := s.refusal(); err != nil {
		s.mu.Unlock()
		return err
	}
	s.queue = append(s.queue, c)
	s.work.Signal()
	s.mu.Unlock()
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
	}
	if s.withdraw(c) {
		return fmt.Errorf("update store: %w", context.Cause(ctx))
	}
	<-c.done
	return c.err
}

// withdraw takes a call out of the queue and reports whether it was still there.
func (s *Store) withdraw(c *call) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.queue, c)
	if i < 0 {
		return false
	}
	s.queue = slices.Delete(s.queue, i, i+1)
	return true
}

// commitLoop is the only writer. It ends when the store is closing and nothing waits.
func (s *Store) commitLoop() {
	defer close(s.stopped)
	for s.waitForWork() {
		s.settle(s.take())
	}
}

// waitForWork reports whether there is something to commit; if not, the store is closing.
func (s *Store) waitForWork() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) == 0 && !s.closing {
		s.work.Wait()
	}
	return len(s.queue) > 0
}

// take returns all calls that wait; none if they have been withdrawn meanwhile. It never waits for more, but callers that
// are about to queue get a turn: after a commit all of its callers come back within microseconds, and without this the
// first of them would have the next commit alone.
func (s *Store) take() []*call {
	s.mu.Lock()
	defer s.mu.Unlock()
	for seen := 0; seen < len(s.queue); {
		seen = len(s.queue)
		s.mu.Unlock()
		runtime.Gosched()
		s.mu.Lock()
	}
	calls := s.queue
	s.queue = nil
	return calls
}

// settle brings every call to its result. A function that panics spoils the transaction: it gets its error and the
// others run again without it.
func (s *Store) settle(calls []*call) {
	for len(calls) > 0 {
		a := &attempt{calls: calls, running: nobody}
		ended := make(chan struct{})
		go func() { // A goroutine of its own, because a function may end it (runtime.Goexit).
			defer close(ended)
			s.run(a)
		}()
		<-ended
		if a.running == nobody {
			s.finish(calls...)
			return
		}
		s.finish(calls[a.running])
		calls = slices.Delete(calls, a.running, a.running+1)
	}
}

// finish counts the calls and hands out their results.
func (s *Store) finish(calls ...*call) {
	failed := 0
	for _, c := range calls {
		if c.err != nil {
			failed++
		}
	}
	s.mu.Lock()
	s.tally.updates += len(calls)
	s.tally.failed += failed
	s.mu.Unlock()
	for _, c := range calls {
		close(c.done)
	}
}

// attempt is one write transaction over several calls.
type attempt struct {
	calls   []*call
	running int // The call whose function is running, or a constant below.
	tx      *tx // What that function was given.
}

const (
	nobody     = -1
	committing = -2
)

// run executes all calls in one transaction and commits it. The results are in the calls afterwards. If the function of
// one call panicked, running says which, and the other calls have no result yet.
func (s *Store) run(a *attempt) {
	debug.SetPanicOnFault(true) // For this goroutine, which ends with the attempt.
	b, err := s.writable()
	if err != nil {
		fail(a.calls, err)
		return
	}
	defer func() {
		if a.running != nobody {
			s.panicked(a, recover())
		}
		s.rollback(b) // After a commit there is nothing to roll back.
	}()
	changed := false
	deltas := map[string]int{}
	for i, c := range a.calls {
		t := newTx(b, &s.press)
		a.tx, a.running = t, i
		c.err = c.f(t)
		a.running = nobody
		t.over.Store(true)
		if c.err != nil {
			if err := t.undo(); err != nil {
				fail(a.calls, fmt.Errorf("update store: undo: %w", err))
				return
			}
			continue
		}
		changed = changed || len(t.log) > 0
		for name, n := range t.deltas {
			deltas[name] += n
		}
	}
	if !changed {
		return
	}
	a.running = committing
	start, number, size := time.Now(), b.ID(), b.Size()
	err = saveCounts(b, deltas)
	if err == nil {
		err = b.Commit()
	}
	a.running = nobody
	if err != nil {
		s.rollback(b) // Some failures of Commit leave the transaction open.
		fail(a.calls, s.commitFailed(number, err))
		return
	}
	s.committed(time.Since(start))
	s.last = number
	s.size.Store(size)
}

func (s *Store) committed(took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tally.commits++
	s.tally.commitTime += took
}

// writable starts a write transaction on a file that is as this process left it.
func (s *Store) writable() (*bbolt.Tx, error) {
	s.mu.Lock()
	broken := s.broken
	s.mu.Unlock()
	if broken != nil {
		return nil, fmt.Errorf("%w: %w", ErrBroken, broken)
	}
	b, err := s.begin(true)
	if err != nil {
		return nil, fmt.Errorf("update store: %w", err)
	}
	if err := s.intact(b); err != nil {
		s.rollback(b)
		return nil, err
	}
	return b, nil
}

// fail gives every call the error, whatever its function returned: what a function saw of the others' writes never
// became true.
func fail(calls []*call, err error) {
	for _, c := range calls {
		c.err = err
	}
}

// panicked records the panic of a function, or of the commit. A nil value means that the function ended its goroutine.
func (s *Store) panicked(a *attempt, value any) {
	if value == nil {
		value = "the function ended its goroutine (runtime.Goexit)"
	}
	s.log.Error("update panicked", "panic", fmt.Sprint(value), "stack", string(debug.Stack()))
	if isFault(value) {
		a.tx.over.Store(true)
		a.running = nobody
		fail(a.calls, s.poison(s.fault(value)))
		return
	}
	if a.running == committing {
		a.running = nobody
		fail(a.calls, s.poison(fmt.Errorf("commit panicked: %v", value)))
		return
	}
	a.tx.over.Store(true)
	a.calls[a.running].err = fmt.Errorf("update store: panic: %v", value)
}

// commitFailed decides whether the store can go on after a failed commit. After a failed fsync nobody knows what the
// disk holds, and asking again may be answered with a lie. A full disk is different: it refuses the pages before the one
// that puts them in force, so the last commit still stands, and work goes on when there is space.
func (s *Store) commitFailed(number int, err error) error {
	if isFull(err) && s.latest() < number {
		s.log.Error("update refused, disk full", "err", err)
		return fmt.Errorf("update store: disk full, nothing was changed, make room: %w", err)
	}
	advice := "look at the disk and the system's log"
	switch {
	case isFull(err):
		advice = "make room on the disk"
	case errors.Is(err, syscall.EROFS):
		advice = "mount the file system writable (the system's log may say why it no longer is)"
	}
	return s.poison(fmt.Errorf("%w; %s, then start again", err, advice))
}

// isFull reports whether there was no space. bbolt keeps only the text of what stops a file from growing.
func isFull(err error) bool {
	for _, errno := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT} {
		if errors.Is(err, errno) || strings.HasPrefix(err.Error(), "file resize error") && strings.Contains(err.Error(), errno.Error()) {
			return true
		}
	}
	return errors.Is(err, berrors.ErrMaxSizeReached)
}

// latest is the number of the commit that is in force; the largest int if it cannot be told.
func (s *Store) latest() int {
	const unknown = int(^uint(0) >> 1)
	b, err := s.begin(false)
	if err != nil {
		return unknown
	}
	defer s.rollback(b)
	return b.ID()
}

func (s *Store) poison(cause error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken == nil {
		s.broken = cause
		s.log.Error("store broken, restart needed", "err", cause)
	}
	return fmt.Errorf("%w: %w", ErrBroken, s.broken)
}
