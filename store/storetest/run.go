package storetest

import (
	"context"
	"testing"

	"usher/access"
)

// Run judges the behavior of a store, one operation at a time. fresh returns an empty store for one test; closing it is
// the caller's business (t.Cleanup).
func Run(t *testing.T, fresh func(t *testing.T) access.Store) {
	t.Helper()
	for name, f := range map[string]func(*testing.T, access.Store){
		"reads back what was put": getPut,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, fresh(t))
		})
	}
}

// update runs f in an update that must succeed.
func update(t testing.TB, s access.Store, f func(access.Tx) error) {
	t.Helper()
	if err := s.Update(context.Background(), f); err != nil {
		t.Fatalf("update: %v", err)
	}
}

// view runs f in a view that must succeed.
func view(t testing.TB, s access.Store, f func(access.Tx) error) {
	t.Helper()
	if err := s.View(context.Background(), f); err != nil {
		t.Fatalf("view: %v", err)
	}
}
