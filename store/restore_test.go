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

func TestRestorePutsTheCopyInPlaceAndKeepsTheOldFile(t *testing.T) {
	t.Parallel()
	path := filled(t)
	s, err := store.Open(store.Config{Path: path, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	backup := filepath.Join(t.TempDir(), "backup.db")
	_, err = s.BackupFile(t.Context(), backup)
	if err := errors.Join(err, s.Update(t.Context(), put("later")), s.Close()); err != nil {
		t.Fatal(err)
	}
	for range 2 { // Twice within a second.
		done, err := store.Restore(t.Context(), backup, path)
		if err != nil {
			t.Fatal(err)
		}
		if done.Copy.Path != path || done.Copy.Records[access.Requests] != 1 || !strings.HasPrefix(done.Aside, path+".replaced-2") {
			t.Errorf("it said %+v", done)
		}
		if old, err := store.Verify(t.Context(), done.Aside); err != nil || old.Records[access.Requests] != 2 {
			t.Errorf("set aside: %+v, %v", old, err)
		}
		now, err := store.Open(store.Config{Path: path, Logger: quiet()})
		if err != nil {
			t.Fatal(err)
		}
		if !has(t, now, "kept") || has(t, now, "later") {
			t.Error("the restored store holds something else")
		}
		if err := errors.Join(now.Update(t.Context(), put("later")), now.Close()); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 3 {
		t.Errorf("the folder holds %v, %v", left, err)
	}
}

func TestRestoreReplacesWhatIsBeyondRepairOrGone(t *testing.T) {
	t.Parallel()
	backup := filled(t)
	for name, path := range map[string]string{
		"empty":   written(t, nil),
		"text":    written(t, []byte(strings.Repeat("text", 9999))),
		"cut off": cut(t, 5*4096),
		"nothing": filepath.Join(t.TempDir(), "usher.db"),
	} {
		done, err := store.Restore(t.Context(), backup, path)
		if err != nil || (done.Aside == "") != (name == "nothing") {
			t.Errorf("%s: %+v, %v", name, done, err)
			continue
		}
		if s := opened(t, store.Config{Path: path}); !has(t, s, "kept") {
			t.Errorf("%s: the record is not there", name)
		}
	}
}

func TestRestoreRefusesAndChangesNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from, to func(t *testing.T) string
		want     error
		says     string
	}{
		"store in use": {filled, func(t *testing.T) string {
			t.Helper()
			path := filled(t)
			opened(t, store.Config{Path: path})
			return path
		}, store.ErrLocked, "Stop the other Usher"},
		"copy in use": {func(t *testing.T) string {
			t.Helper()
			path := filled(t)
			opened(t, store.Config{Path: path})
			return path
		}, filled, store.ErrLocked, "verify store"},
		"copy cut off":   {func(t *testing.T) string { t.Helper(); return cut(t, 40*4096) }, filled, store.ErrNotStore, "cut off or damaged"},
		"copy missing":   {func(t *testing.T) string { t.Helper(); return filepath.Join(t.TempDir(), "none") }, filled, store.ErrMissing, "no such file"},
		"folder missing": {filled, func(t *testing.T) string { t.Helper(); return filepath.Join(t.TempDir(), "none", "usher.db") }, store.ErrNoFolder, "mkdir"},
		"folder":         {filled, func(t *testing.T) string { t.Helper(); return t.TempDir() }, store.ErrNotStore, "This is a folder."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := c.from(t), c.to(t)
			before, _ := os.ReadFile(to)
			_, err := store.Restore(t.Context(), from, to)
			var e *store.OpenError
			if !errors.Is(err, c.want) || !errors.As(err, &e) || e.Fix == "" || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %v, saying %q", err, c.want, c.says)
			}
			if after, _ := os.ReadFile(to); string(after) != string(before) {
				t.Error("it was changed")
			}
			if left, err := filepath.Glob(filepath.Join(filepath.Dir(to), ".*")); err != nil || len(left) != 0 {
				t.Errorf("%q is left, %v", left, err)
			}
		})
	}
	same := filled(t)
	if _, err := store.Restore(t.Context(), same, same); err == nil || !strings.Contains(err.Error(), "the copy itself") {
		t.Errorf("onto itself: %v", err)
	}
}
