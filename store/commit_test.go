package store_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/access"
	"usher/store"
)

func logTo(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

func stats(t *testing.T, s *store.Store) store.Stats {
	t.Helper()
	st, err := s.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// held starts an update that waits inside its function until release is called.
func held(t *testing.T, ctx context.Context, s *store.Store) (release func(), result <-chan error) {
	t.Helper()
	running, done, errs := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	start := sync.OnceFunc(func() { close(running) })
	go func() {
		errs <- s.Update(ctx, func(tx access.Tx) error {
			start()
			<-done
			return put("held")(tx)
		})
	}()
	<-running
	return func() { close(done) }, errs
}

// waiting polls until n updates wait.
func waiting(t *testing.T, s *store.Store, n int) {
	t.Helper()
	for stats(t, s).Waiting != n {
		if t.Context().Err() != nil {
			t.Fatal("they never came")
		}
	}
}

func TestUpdatesThatWaitShareOneCommit(t *testing.T) {
	t.Parallel()
	s := opened(t, store.Config{Path: filled(t)})
	release, first := held(t, t.Context(), s)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			err := s.Update(t.Context(), func(tx access.Tx) error {
				if err := put(strconv.Itoa(i))(tx); err != nil {
					return err
				}
				if i%5 == 0 {
					return errors.New("on purpose")
				}
				return nil
			})
			if (i%5 == 0) != (err != nil) {
				t.Errorf("update %d: %v", i, err)
			}
		})
	}
	waiting(t, s, 50)
	release()
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	all.Wait()
	if st := stats(t, s); st.Commits != 2 || st.Updates != 51 || st.Failed != 10 || st.CommitTime <= 0 {
		t.Errorf("got %+v, want 2 commits for 51 updates of which 10 failed", st)
	}
	for i := range 50 {
		if has(t, s, strconv.Itoa(i)) == (i%5 == 0) {
			t.Errorf("record %d: wrong", i)
		}
	}
}

func TestUpdateThatChangesNothingNeedsNoCommit(t *testing.T) {
	t.Parallel()
	s := opened(t, store.Config{Path: filled(t)})
	for range 3 {
		if err := s.Update(t.Context(), put("kept")); err != nil {
			t.Fatal(err)
		}
	}
	if st := stats(t, s); st.Commits != 0 || st.Updates != 3 {
		t.Errorf("got %+v", st)
	}
}

func TestUpdateThatRunsIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := opened(t, store.Config{Path: filled(t)})
	ctx, cancel := context.WithCancel(t.Context())
	release, result := held(t, ctx, s)
	cancel()
	select {
	case err := <-result:
		t.Fatalf("it returned %v while its function ran", err)
	default:
	}
	release()
	if err := <-result; err != nil || !has(t, s, "held") {
		t.Errorf("got %v; written: %v", err, has(t, s, "held"))
	}
}

func TestWithdrawnUpdateNeverRuns(t *testing.T) {
	t.Parallel()
	s := opened(t, store.Config{Path: filled(t)})
	release, first := held(t, t.Context(), s)
	ctx, cancel := context.WithCancel(t.Context())
	second := make(chan error, 1)
	go func() {
		second <- s.Update(ctx, func(access.Tx) error { t.Error("it ran"); return nil })
	}()
	waiting(t, s, 1)
	cancel()
	if err := <-second; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	waiting(t, s, 0)
	release()
	if err := <-first; err != nil {
		t.Error(err)
	}
}

// Whoever gives up in the very moment in which the committer gathers what waits must not leave it without work for good.
func TestUpdatesGivenUpAtOnceLeaveTheStoreWorking(t *testing.T) {
	t.Parallel()
	s := opened(t, store.Config{Path: filled(t)})
	for range 3_000 {
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		if err := s.Update(ctx, func(access.Tx) error { return nil }); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.Update(ctx, put("last")); err != nil {
		t.Errorf("after all of them: %v", err)
	}
}

func TestPanicIsLoggedWithItsStack(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	s := opened(t, store.Config{Path: filled(t), Logger: logTo(&said)})
	err := s.Update(t.Context(), func(access.Tx) error { panic("the reason") })
	if err == nil || !strings.Contains(err.Error(), "the reason") {
		t.Errorf("got %v", err)
	}
	if got := said.String(); !strings.Contains(got, "the reason") || !strings.Contains(got, "TestPanicIsLoggedWithItsStack") {
		t.Errorf("the log says %q", got)
	}
}

func TestCloseFinishesWhatWaits(t *testing.T) {
	t.Parallel()
	path := filled(t)
	s := opened(t, store.Config{Path: path})
	release, first := held(t, t.Context(), s)
	second := make(chan error, 1)
	go func() { second <- s.Update(t.Context(), put("second")) }()
	waiting(t, s, 1)
	closed := make(chan error, 2)
	go func() { closed <- s.Close() }()
	go func() { closed <- s.Close() }()
	for s.Healthy() == nil {
		continue
	}
	if err := s.Update(t.Context(), put("late")); !errors.Is(err, store.ErrClosed) {
		t.Errorf("late update: got %v", err)
	}
	release()
	if err := errors.Join(<-first, <-second, <-closed, <-closed, s.Close()); err != nil {
		t.Error(err)
	}
	if err := s.View(t.Context(), func(access.Tx) error { return nil }); !errors.Is(err, store.ErrClosed) {
		t.Errorf("view: got %v", err)
	}
	again := opened(t, store.Config{Path: path})
	if !has(t, again, "held") || !has(t, again, "second") || has(t, again, "late") {
		t.Error("the wrong updates are in the file")
	}
}
