package store_test

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"usher/store"
)

func TestCheckGoesOnBesideUpdates(t *testing.T) {
	t.Parallel()
	s := opened(t, store.Config{Path: filepath.Join(t.TempDir(), "usher.db"), NoSync: true})
	over := make(chan struct{})
	go func() {
		defer close(over)
		for i := range 600 { // Pages are used, freed and used again, and the file grows.
			if err := s.Update(t.Context(), put(strconv.Itoa(i%50)+strings.Repeat("x", i%200*20))); err != nil {
				t.Error(err)
			}
		}
	}()
	for checks := 0; ; checks++ {
		if err := s.Check(t.Context()); err != nil {
			t.Errorf("check %d: %v", checks, err)
		}
		select {
		case <-over:
			if checks < 3 {
				t.Errorf("only %d checks beside 600 updates", checks)
			}
			return
		default:
		}
	}
}
