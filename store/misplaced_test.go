package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"usher/access"
	"usher/store"
)

// other makes another store and returns its path.
func other(t *testing.T) string {
	t.Helper()
	path := filled(t)
	s, err := store.Open(store.Config{Path: path, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"of another", "of another again"} {
		if err := s.Update(t.Context(), put(id)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFileThatLeftItsPathIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(path, away string) error{
		"moved":   os.Rename,
		"deleted": func(path, away string) error { return errors.Join(os.Link(path, away), os.Remove(path)) },
		"replaced by another store": func(path, away string) error {
			return errors.Join(os.Link(path, away), os.Rename(other(t), path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, away := filled(t), filepath.Join(t.TempDir(), "away.db")
			s := opened(t, store.Config{Path: path})
			if err := leave(path, away); err != nil {
				t.Fatal(err)
			}
			err := s.Update(t.Context(), put("refused"))
			if !errors.Is(err, store.ErrMoved) || !errors.Is(s.InPlace(), store.ErrMoved) ||
				!strings.Contains(err.Error(), "Put it back; if it is gone, take a backup from the running Usher") {
				t.Errorf("got %v; %v", err, s.InPlace())
			}
			if s.Healthy() != nil || !has(t, s, "kept") || has(t, s, "refused") {
				t.Errorf("views have changed; %v", s.Healthy())
			}
			rescue := filepath.Join(t.TempDir(), "rescue.db")
			if c, err := s.BackupFile(t.Context(), rescue); err != nil || c.Records[access.Requests] != 1 {
				t.Errorf("the rescue holds %v, %v", c, err)
			}
			if err := os.Rename(away, path); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(s.Update(t.Context(), put("accepted")), s.InPlace()); err != nil || !has(t, s, "accepted") {
				t.Errorf("back at its path: %v", err)
			}
		})
	}
}

func TestFileThatWasWrittenToByOthersIsNotMadeWorse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(t *testing.T, path string) error
		says  string
	}{
		"cut off to nothing": {
			func(_ *testing.T, path string) error { return os.Truncate(path, 0) },
			"another program has cut the file off",
		},
		"cut off in the middle": {
			func(_ *testing.T, path string) error { return os.Truncate(path, 3*4096) },
			"another program has cut the file off",
		},
		"overwritten by another store": {
			func(t *testing.T, path string) error {
				t.Helper()
				b, err := os.ReadFile(other(t))
				return errors.Join(err, os.WriteFile(path, b, 0o600))
			},
			"another program has written to the file",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filled(t)
			s := opened(t, store.Config{Path: path})
			rescue := filepath.Join(t.TempDir(), "backup.db")
			if _, err := s.BackupFile(t.Context(), rescue); err != nil {
				t.Fatal(err)
			}
			if err := c.spoil(t, path); err != nil {
				t.Fatal(err)
			}
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			err = s.Update(t.Context(), put("refused"))
			if !errors.Is(err, store.ErrBroken) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "restore the last backup") {
				t.Errorf("got %v", err)
			}
			if err := s.View(t.Context(), get("kept")); !errors.Is(err, store.ErrBroken) {
				t.Errorf("view: %v", err)
			}
			if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
				t.Errorf("it was written to: %d bytes became %d, %v", len(before), len(after), err)
			}
			closing(t, s)
			if _, err := store.Restore(t.Context(), rescue, path); err != nil {
				t.Fatal(err)
			}
			if s := opened(t, store.Config{Path: path}); !has(t, s, "kept") {
				t.Error("the restored store lacks the record")
			}
		})
	}
}

// closing closes a store that may be beyond an orderly end.
func closing(t *testing.T, s *store.Store) {
	t.Helper()
	if err := s.Close(); err != nil && !errors.Is(err, store.ErrBroken) {
		t.Error(err)
	}
}

// A view meets the hole before any update does.
func TestViewOfAFileThatWasCutOffIsAnErrorAndNoCrash(t *testing.T) {
	t.Parallel()
	for _, left := range []int64{0, 2 * 4096} {
		path := filled(t)
		s := opened(t, store.Config{Path: path})
		if err := os.Truncate(path, left); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := s.View(t.Context(), get("kept")); !errors.Is(err, store.ErrBroken) || !strings.Contains(err.Error(), "cut the file off") {
				t.Errorf("%d bytes left: got %v", left, err)
			}
		}
		if err := s.Healthy(); !errors.Is(err, store.ErrBroken) {
			t.Errorf("%d bytes left: healthy: %v", left, err)
		}
	}
}

func TestPanicOfAViewIsItsCallersOwn(t *testing.T) {
	t.Parallel()
	s := opened(t, store.Config{Path: filled(t)})
	defer func() {
		if p := recover(); p != "mine" {
			t.Errorf("got %v", p)
		}
		if s.Healthy() != nil {
			t.Error("the store broke")
		}
	}()
	_ = s.View(t.Context(), func(access.Tx) error { panic("mine") })
}

func TestTornPageIsFoundWhenTheFileIsOpened(t *testing.T) {
	t.Parallel()
	path := cut(t, 4<<20) // Not cut off at all.
	backup := filepath.Join(t.TempDir(), "backup.db")
	if err := os.Link(path, backup); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for page := 2; page < 70; page++ {
		torn := append([]byte{}, whole...)
		copy(torn[page*4096:page*4096+2048], make([]byte, 2048)) // Its first sectors are of before.
		if string(torn) == string(whole) {
			continue
		}
		path := written(t, torn)
		s, err := store.Open(store.Config{Path: path, Logger: quiet()})
		if err == nil { // It was free, or lies within a long value.
			closing(t, s)
			continue
		}
		refused++
		if !errors.Is(err, store.ErrNotStore) || !strings.Contains(err.Error(), "Restore the last backup") {
			t.Errorf("page %d: %v", page, err)
		}
		if _, err := store.Restore(t.Context(), backup, path); err != nil {
			t.Errorf("page %d: %v", page, err)
		}
	}
	if refused == 0 {
		t.Error("no torn page was found")
	}
}

func TestTornFirstPageCostsNoMoreThanTheCommitInHand(t *testing.T) {
	t.Parallel()
	for page := range 2 {
		path := filled(t)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		copy(b[page*4096+40:page*4096+80], make([]byte, 40))
		path = written(t, b)
		s := opened(t, store.Config{Path: path})
		if err := s.Update(t.Context(), put("next")); err != nil || !has(t, s, "next") {
			t.Errorf("page %d: %v", page, err)
		}
	}
}
