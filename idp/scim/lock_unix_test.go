//go:build unix

package scim_test

import (
	"os"
	"syscall"
	"testing"
)

// lock waits until no other process holds a file and returns what lets it go.
func lock(t *testing.T, name string) func() {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatalf("lock %s: %v", name, err)
	}
	return func() {
		if err := f.Close(); err != nil { // Closing unlocks.
			t.Error(err)
		}
	}
}
