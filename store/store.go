package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"usher/access"
)

// Config says where the store is.
type Config struct {
	// Path of the file. It is made if it does not exist; its folder must exist.
	Path string
	// LockTimeout is how long to wait for another process to let go of the file. Default 1 s.
	LockTimeout time.Duration
	// Logger. Default slog.Default().
	Logger *slog.Logger
	// OpenFile opens the file for bbolt; tests inject faults by it. Default os.OpenFile.
	OpenFile func(name string, flag int, perm os.FileMode) (*os.File, error)
	// NoSync skips the fsync: nothing survives a power failure. Only for tests and for filling benchmarks. Default false.
	NoSync bool
}

// Store is an open file. It is safe for concurrent use.
//
// Update and Close must not be called from inside a function given to View or Update of the same store: it would wait
// for itself. In a bubble of testing/synctest it works in virtual time if it is opened, used and closed in that bubble.
type Store struct {
	db   *bbolt.DB
	file *os.File // The one that bbolt has open; it closes it.
	log  *slog.Logger

	path   string
	opened os.FileInfo // What was at the path when it was opened.

	mu      sync.Mutex
	work    sync.Cond // Signaled when queue or closing changes.
	queue   []*call
	closing bool
	broken  error
	tally   tally

	last   int          // The number of the last commit; the committer's own.
	moved  bool         // Whether the last update found the file gone; the committer's own.
	size   atomic.Int64 // How long the file must be.
	jammed atomic.Bool  // A fault left bbolt's locks held: nothing of it may be called any more.

	press   press
	stopped chan struct{} // Closed when the committer has ended.
	close   func() error
}

var _ access.Store = (*Store)(nil)

// start takes charge of an open database.
func start(db *bbolt.DB, file *os.File, cfg Config) (*Store, error) {
	s := &Store{db: db, file: file, path: cfg.Path, log: cfg.Logger, stopped: make(chan struct{})}
	s.work.L = &s.mu
	s.close = sync.OnceValue(s.shut)
	b, err := s.begin(false)
	if err == nil {
		s.opened, err = file.Stat()
	}
	if err != nil {
		if !s.jammed.Load() {
			err = errors.Join(err, db.Close())
		}
		return nil, fmt.Errorf("open store %s: %w", s.path, err)
	}
	s.last = b.ID()
	s.size.Store(b.Size())
	s.rollback(b)
	go s.commitLoop()
	return s, nil
}

// Close refuses new updates, lets those that wait finish, waits for open views and closes the file. Calling it again
// returns the same result.
func (s *Store) Close() error { return s.close() }

func (s *Store) shut() error {
	s.mu.Lock()
	s.closing = true
	s.work.Broadcast()
	s.mu.Unlock()
	<-s.stopped
	if s.jammed.Load() { // What is mapped and locked is let go when the process ends.
		s.mu.Lock()
		defer s.mu.Unlock()
		return fmt.Errorf("close store: %w", s.refusal())
	}
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// Healthy returns nil while the store answers, otherwise an error of case ErrBroken or ErrClosed.
func (s *Store) Healthy() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refusal()
}

// refusal is why nothing can be done any more. The caller holds mu.
func (s *Store) refusal() error {
	switch {
	case s.broken != nil:
		return fmt.Errorf("%w: %w", ErrBroken, s.broken)
	case s.closing:
		return ErrClosed
	}
	return nil
}

// View implements access.Store. Any number of views run at once, beside an update. A view that stays open for long keeps
// the file from reusing space.
func (s *Store) View(ctx context.Context, f func(access.Tx) error) error {
	return s.read(ctx, func(b *bbolt.Tx) error {
		t := newTx(b, &s.press)
		defer t.over.Store(true)
		return f(t)
	})
}

// read runs f in a read transaction of bbolt.
func (s *Store) read(ctx context.Context, f func(*bbolt.Tx) error) (err error) {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("read store: %w", context.Cause(ctx))
	}
	if err := s.Healthy(); err != nil {
		return err
	}
	b, err := s.begin(false)
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return ErrClosed
	}
	if err != nil {
		return fmt.Errorf("read store: %w", err)
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); isFault(p) {
			err = s.poison(s.fault(p))
		} else if p != nil {
			panic(p)
		}
	}()
	defer s.rollback(b)
	return f(b)
}
