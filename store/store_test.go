package store_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"

	"usher/access"
	"usher/store"
	"usher/store/storetest"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func fresh(t *testing.T) access.Store {
	t.Helper()
	return opened(t, store.Config{Path: filepath.Join(t.TempDir(), "usher.db")})
}

// opened opens a store; when the test ends it is checked and closed.
func opened(t *testing.T, cfg store.Config) *store.Store {
	t.Helper()
	if cfg.Logger == nil {
		cfg.Logger = quiet()
	}
	s, err := store.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.Healthy() == nil {
			sound(t, s)
		}
		closing(t, s)
	})
	return s
}

// sound checks the whole file.
func sound(t *testing.T, s *store.Store) {
	t.Helper()
	if err := s.Check(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestStoreKeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, fresh)
	storetest.RunTransactions(t, fresh)
	storetest.RunParallel(t, fresh)
}
