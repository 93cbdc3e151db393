package store_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"usher/access"
	"usher/store"
)

// swappable is a file whose writes can be sent elsewhere.
type swappable struct{ file *os.File }

func (s *swappable) open(name string, flag int, perm os.FileMode) (*os.File, error) {
	f, err := os.OpenFile(name, flag, perm)
	s.file = f
	return f, err
}

// to sends everything that is written to another file, until back is called.
func (s *swappable) to(t *testing.T, name string) (back func()) {
	t.Helper()
	fd := int(s.file.Fd()) //nolint:gosec // A file number.
	saved, err := syscall.Dup(fd)
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Dup3(int(other.Fd()), fd, 0); err != nil { //nolint:gosec // A file number.
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := errors.Join(syscall.Dup3(saved, fd, 0), syscall.Close(saved), other.Close()); err != nil {
			t.Error(err)
		}
	}
}

func TestFullDiskRefusesAndGoesOnWhenThereIsSpace(t *testing.T) {
	t.Parallel()
	var disk swappable
	path := filled(t)
	s := opened(t, store.Config{Path: path, OpenFile: disk.open})
	for range 3 {
		back := disk.to(t, "/dev/full") // Each write ends in "no space left on device".
		err := s.Update(t.Context(), put("refused"))
		back()
		if !errors.Is(err, syscall.ENOSPC) || errors.Is(err, store.ErrBroken) || !strings.Contains(err.Error(), "disk full") {
			t.Errorf("got %v", err)
		}
		if has(t, s, "refused") {
			t.Error("the refused update is visible")
		}
		if err := s.Update(t.Context(), put("accepted")); err != nil {
			t.Errorf("with space again: %v", err)
		}
		sound(t, s)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if s := opened(t, store.Config{Path: path}); !has(t, s, "kept") || !has(t, s, "accepted") || has(t, s, "refused") {
		t.Error("the wrong updates are in the file")
	}
}

func TestFailedSyncStopsEverythingUntilReopened(t *testing.T) {
	t.Parallel()
	var disk swappable
	path := filled(t)
	s := opened(t, store.Config{Path: path, OpenFile: disk.open})
	back := disk.to(t, "/dev/null") // Writes succeed, fdatasync does not.
	err := s.Update(t.Context(), put("lost"))
	back()
	if !errors.Is(err, store.ErrBroken) || !errors.Is(err, syscall.EINVAL) {
		t.Errorf("got %v", err)
	}
	for name, err := range map[string]error{
		"update": s.Update(t.Context(), put("later")),
		"view":   s.View(t.Context(), func(access.Tx) error { return nil }),
		"health": s.Healthy(),
		"backup": func() error { _, err := s.Backup(t.Context(), io.Discard); return err }(),
	} {
		if !errors.Is(err, store.ErrBroken) || !strings.Contains(err.Error(), "until it is opened again") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	again := opened(t, store.Config{Path: path})
	if !has(t, again, "kept") || has(t, again, "lost") || has(t, again, "later") {
		t.Error("the wrong updates are in the file")
	}
	if err := again.Update(t.Context(), put("new")); err != nil {
		t.Error(err)
	}
}

func TestUpdatesBesideAFailedSyncFailToo(t *testing.T) {
	t.Parallel()
	var disk swappable
	s := opened(t, store.Config{Path: filepath.Join(t.TempDir(), "usher.db"), OpenFile: disk.open})
	release, first := held(t, t.Context(), s)
	errs := make(chan error, 10)
	refusal := errors.New("already decided")
	for i := range 10 {
		go func() {
			errs <- s.Update(t.Context(), func(tx access.Tx) error {
				if i == 0 {
					return refusal // What it saw of the others never became true.
				}
				return put(strconv.Itoa(i))(tx)
			})
		}()
	}
	waiting(t, s, 10)
	back := disk.to(t, "/dev/null")
	release()
	for range 10 {
		if err := <-errs; !errors.Is(err, store.ErrBroken) || errors.Is(err, refusal) {
			t.Errorf("got %v", err)
		}
	}
	if err := <-first; !errors.Is(err, store.ErrBroken) {
		t.Errorf("got %v", err)
	}
	back()
}
