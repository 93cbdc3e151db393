package store_test

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"usher/access"
	"usher/store"
)

// A store that is opened, used and closed inside one bubble never holds up its time: the committer sleeps on a
// sync.Cond, updates wait on channels of the bubble, and the disk takes no time at all.
func TestVirtualTimePassesBesideAnOpenStore(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "usher.db")
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(store.Config{Path: path, Logger: quiet()})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		const days = 90
		if err := s.Update(t.Context(), func(tx access.Tx) error {
			for day := range days {
				id := fmt.Sprintf("due/%02d", day)
				if err := tx.SetTimer(access.Timer{ID: id, Kind: access.TimerDue, At: start.Add(time.Duration(day+1) * 24 * time.Hour)}); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		for range days { // As the runner does: sleep until the next timer, take it, record what became of it.
			takeNext(t, s)
		}
		if slept := time.Since(start); slept != days*24*time.Hour {
			t.Errorf("%v passed, want 90 days", slept)
		}
		synctest.Wait() // Returns only if the committer is asleep for good.
		if _, err := s.Backup(t.Context(), io.Discard); err != nil {
			t.Error(err)
		}
		if err := errors.Join(s.Check(t.Context()), s.Close(), s.Close()); err != nil {
			t.Error(err)
		}
	})
}

func takeNext(t *testing.T, s *store.Store) {
	t.Helper()
	var next time.Time
	if err := s.View(t.Context(), func(tx access.Tx) (err error) {
		next, _, err = tx.NextDue()
		return err
	}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Until(next))
	if err := s.Update(t.Context(), func(tx access.Tx) error {
		due, err := tx.Due(time.Now(), 0)
		if err != nil || len(due) != 1 {
			return fmt.Errorf("%d timers are due, want 1: %w", len(due), err)
		}
		return errors.Join(tx.ClearTimer(due[0].ID), put(due[0].ID)(tx))
	}); err != nil {
		t.Fatal(err)
	}
}

func TestVirtualTimePassesWhileUpdatesWaitForOneAnother(t *testing.T) {
	t.Parallel()
	path := filled(t)
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(store.Config{Path: path, Logger: quiet()})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		release, first := held(t, t.Context(), s)
		second := make(chan error, 1)
		go func() { second <- s.Update(t.Context(), put("second")) }()
		synctest.Wait() // Both wait now: one in its function, one for its turn.
		time.Sleep(time.Hour)
		if _, err := store.Open(store.Config{Path: path, LockTimeout: time.Minute, Logger: quiet()}); !errors.Is(err, store.ErrLocked) {
			t.Errorf("opened twice: got %v", err)
		}
		closed := make(chan error, 1)
		go func() { closed <- s.Close() }()
		time.Sleep(time.Hour)
		release()
		if err := errors.Join(<-first, <-second, <-closed); err != nil {
			t.Error(err)
		}
		if passed := time.Since(start); passed < 2*time.Hour+time.Minute || passed > 2*time.Hour+2*time.Minute {
			t.Errorf("%v passed, want 2 hours and the minute of the lock", passed)
		}
	})
}
