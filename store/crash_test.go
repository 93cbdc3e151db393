package store_test

import (
	"context"
	"os"
	"strconv"
	"testing"

	"usher/access"
	"usher/store"
	"usher/store/storetest"
)

func durable() storetest.Durable {
	return storetest.Durable{
		Open: func(path string) (access.Store, func() error, error) {
			s, err := store.Open(store.Config{Path: path, Logger: quiet()})
			if err != nil {
				return nil, nil, err
			}
			return s, s.Close, nil
		},
		Check: func(s access.Store) error { return s.(*store.Store).Check(context.Background()) },
	}
}

func TestKilledProcessLosesNothing(t *testing.T) { //nolint:paralleltest // It is run again as the process to be killed.
	kills := 20
	if n, err := strconv.Atoi(os.Getenv("USHER_KILLS")); err == nil { // More for the night.
		kills = n
	}
	storetest.RunCrash(t, kills, durable())
}

// liar acknowledges writes before they are done.
type liar struct{ access.Store }

func (l liar) Update(ctx context.Context, f func(access.Tx) error) error {
	go func() { _ = l.Store.Update(context.WithoutCancel(ctx), f) }()
	return nil
}

func TestCrashTestSeesLostWrites(t *testing.T) { //nolint:paralleltest // As above.
	honest := durable()
	lying := honest
	lying.Open = func(path string) (access.Store, func() error, error) {
		s, done, err := honest.Open(path)
		return liar{s}, done, err
	}
	lying.Check = nil
	if _, err := storetest.Crash(t.Context(), t.Name(), t.TempDir(), 20, lying); err == nil {
		t.Error("20 kills of a store that acknowledges too early went unnoticed")
	} else {
		t.Log(err)
	}
}
