package store_test

import (
	"path/filepath"
	"testing"

	"usher/access"
	"usher/store"
	"usher/store/storetest"
)

func fresh(t *testing.T) access.Store {
	t.Helper()
	return opened(t, store.Config{Path: filepath.Join(t.TempDir(), "usher.db")})
}

// opened opens a store that is checked and closed when the test ends.
func opened(t *testing.T, cfg store.Config) *store.Store {
	t.Helper()
	s, err := store.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, fresh)
}
