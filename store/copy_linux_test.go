package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"usher/access"
	"usher/store"
)

// smallDisk mounts a disk of so many bytes until the test ends.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("Needs root: a small disk is a tmpfs, which cannot be mounted here: %v.", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, 0); err != nil {
			t.Error(err)
		}
	})
	return folder
}

func TestNewStoreOnAFullDiskSaysSoAndLeavesNothing(t *testing.T) {
	t.Parallel()
	folder := smallDisk(t, "8k")
	_, err := store.Open(store.Config{Path: filepath.Join(folder, "usher.db"), Logger: quiet()})
	if !errors.Is(err, store.ErrDiskFull) || !strings.Contains(err.Error(), "Make room in "+folder) {
		t.Errorf("got %v", err)
	}
	alone(t, folder)
}

func TestStoreGoesOnWhenAFullDiskIsCleared(t *testing.T) {
	t.Parallel()
	folder := smallDisk(t, "1m")
	ballast := filepath.Join(folder, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 500_000), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "usher.db")
	s := opened(t, store.Config{Path: path})
	n := 0
	grow := func() error {
		return s.Update(t.Context(), func(tx access.Tx) error {
			return tx.Put(access.Requests, strconv.Itoa(n), strings.Repeat("x", 50_000))
		})
	}
	var err error
	for ; err == nil; n++ {
		err = grow()
	}
	if n < 3 || !strings.Contains(err.Error(), "disk full, nothing was changed, make room") {
		t.Fatalf("after %d updates: %v", n, err)
	}
	sound(t, s)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if err := grow(); err != nil {
			t.Errorf("with room again: %v", err)
		}
		n++
	}
	if st := stats(t, s); st.Records[access.Requests] != n-1 {
		t.Errorf("%d records, want %d", st.Records[access.Requests], n-1)
	}
}

func TestBackupToAFullDiskSaysSoAndLeavesNothing(t *testing.T) {
	t.Parallel()
	folder := smallDisk(t, "32k")
	s := opened(t, store.Config{Path: filled(t)})
	err := s.Update(t.Context(), func(tx access.Tx) error {
		return tx.Put(access.Requests, "long", strings.Repeat("long ", 10_000))
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.BackupFile(t.Context(), filepath.Join(folder, "backup.db"))
	if !errors.Is(err, store.ErrDiskFull) || !strings.Contains(err.Error(), "The disk is full. Make room in "+folder) {
		t.Errorf("got %v", err)
	}
	alone(t, folder)
	backup := filepath.Join(t.TempDir(), "backup.db")
	if _, err := s.BackupFile(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	_, err = store.Restore(t.Context(), backup, filepath.Join(folder, "usher.db"))
	if !errors.Is(err, store.ErrDiskFull) || !strings.HasPrefix(err.Error(), "restore store ") {
		t.Errorf("got %v", err)
	}
	alone(t, folder)
}

// The power fails at a random moment of a restore. There is always a whole store at its path, and never is the old one
// lost.
func TestPowerFailureDuringRestoreLeavesAWholeStore(t *testing.T) { //nolint:paralleltest // It is run again as the process that restores.
	if obey(t) {
		return
	}
	mount, old, copied := mountLossy(t), read(t, filled(t)), other(t)
	f, olds, news := farProcess(t), 0, 0
	playSeeds(t, 60, 600, func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // No secret.
		operations := r.IntN(12)
		d := lossyDiskOf(map[string]image{"usher.db": old}, operations)
		folder := mount.add(fmt.Sprint("restore", seed), d)
		answer := f.do(t, "restore", copied+" "+filepath.Join(folder, "usher.db"))
		for range 4 { // Much else could be left of the same moment.
			restored, err := restoredOrNot(t, laid(t, d.survivors(r)))
			if err != nil || answer == "ok" && !restored {
				t.Fatalf("power failed after %d operations, the answer was %q; restored: %v, %v", operations, answer, restored, err)
			}
			if restored {
				news++
			} else {
				olds++
			}
		}
	})
	t.Logf("%d times the old store was in place, %d times the restored one", olds, news)
	if olds+news >= 4*fewFailures && (olds < 30 || news < 30) {
		t.Error("the power never failed at the right moments: the test proves nothing")
	}
}

// restoredOrNot reports whether the restored store is in place, which has three records, and not the old one, which has
// one. Either must be whole, and the old one must be somewhere.
func restoredOrNot(t *testing.T, folder string) (bool, error) {
	t.Helper()
	c, err := store.Verify(t.Context(), filepath.Join(folder, "usher.db"))
	if err != nil || c.Records[access.Requests] == 1 {
		return false, err
	}
	aside, err := filepath.Glob(filepath.Join(folder, "usher.db.replaced-*"))
	if err != nil || len(aside) != 1 {
		return true, fmt.Errorf("the old store is gone: %q, %w", aside, err)
	}
	c, err = store.Verify(t.Context(), aside[0])
	if err == nil && c.Records[access.Requests] != 1 {
		err = fmt.Errorf("the old store holds %v", c)
	}
	return true, err
}

func TestPowerFailureDuringBackupLeavesNoneOrAWholeOne(t *testing.T) { //nolint:paralleltest // As above.
	if obey(t) {
		return
	}
	mount, f := mountLossy(t), farProcess(t)
	f.must(t, "open", other(t))
	none, whole := 0, 0
	playSeeds(t, 60, 600, func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // No secret.
		operations := r.IntN(12)
		d := lossyDiskOf(nil, operations)
		answer := f.do(t, "backup", filepath.Join(mount.add(fmt.Sprint("backup", seed), d), "backup.db"))
		path := filepath.Join(laid(t, d.survivors(r)), "backup.db")
		switch c, err := store.Verify(t.Context(), path); {
		case errors.Is(err, store.ErrMissing) && answer != "ok":
			none++
		case err == nil && c.Records[access.Requests] == 3:
			whole++
		default:
			t.Fatalf("power failed after %d operations, the answer was %q; %v, %v", operations, answer, c, err)
		}
	})
	f.must(t, "close", "")
	t.Logf("%d times there was none, %d times a whole one", none, whole)
	if none+whole >= fewFailures && (none < 5 || whole < 5) {
		t.Error("the power never failed at the right moments: the test proves nothing")
	}
}

func read(t *testing.T, path string) image {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return image{bytes.TrimRight(b, "\x00"), int64(len(b))}
}

// laid lays files down in a folder of an ordinary file system and returns it.
func laid(t *testing.T, files map[string]image) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := errors.Join(os.WriteFile(path, content.bytes, 0o600), os.Truncate(path, content.size)); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}
