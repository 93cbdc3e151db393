package store_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/bbolt"

	"usher/access"
	"usher/store"
)

func put(id string) func(access.Tx) error {
	return func(tx access.Tx) error { return tx.Put(access.Requests, id, id, "all") }
}

func has(t *testing.T, s *store.Store, id string) bool {
	t.Helper()
	found := false
	err := s.View(context.Background(), func(tx access.Tx) error {
		var v string
		err := tx.Get(access.Requests, id, &v)
		found = err == nil
		if errors.Is(err, access.ErrNotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// filled makes a store with one record and returns its path.
func filled(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "usher.db")
	s, err := store.Open(store.Config{Path: path, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Update(t.Context(), put("kept")), s.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFileThatCannotBeOpenedIsExplained(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(t *testing.T) store.Config
		want    error
		says    []string
	}{
		"folder missing": {
			func(t *testing.T) store.Config {
				return store.Config{Path: filepath.Join(t.TempDir(), "none", "usher.db")}
			}, store.ErrNoFolder, []string{"none does not exist", "mkdir -p"},
		},
		"folder is a file": {
			func(t *testing.T) store.Config { return store.Config{Path: filepath.Join(filled(t), "usher.db")} },
			store.ErrNoFolder,
			[]string{"usher.db does not exist"},
		},
		"path is a folder": {
			func(t *testing.T) store.Config { return store.Config{Path: t.TempDir()} },
			store.ErrNotStore,
			[]string{"This is a folder."},
		},
		"empty file": {
			func(t *testing.T) store.Config { return store.Config{Path: written(t, nil)} },
			store.ErrNotStore,
			[]string{"The file is empty.", "Restore the last backup"},
		},
		"text file": {
			func(t *testing.T) store.Config {
				return store.Config{Path: written(t, []byte(strings.Repeat("no store\n", 9999)))}
			},
			store.ErrNotStore,
			[]string{"not a store"},
		},
		"short text file": {
			func(t *testing.T) store.Config { return store.Config{Path: written(t, []byte("hello"))} },
			store.ErrNotStore, nil,
		},
		"cut off after one page": {
			func(t *testing.T) store.Config { return store.Config{Path: cut(t, 4096)} },
			store.ErrNotStore,
			[]string{"this file has 4096: it is cut off"},
		},
		"cut off behind the first pages": {
			func(t *testing.T) store.Config { return store.Config{Path: cut(t, 5*4096)} },
			store.ErrNotStore,
			[]string{"cut off or damaged. Restore the last backup."},
		},
		"cut off near its end": {
			func(t *testing.T) store.Config { return store.Config{Path: cut(t, 40*4096)} },
			store.ErrNotStore,
			[]string{"cut off or damaged. Restore the last backup."},
		},
		"both first pages damaged": {
			func(t *testing.T) store.Config {
				path := filled(t)
				overwrite(t, path, make([]byte, 2*4096))
				return store.Config{Path: path}
			}, store.ErrNotStore, []string{"damaged"},
		},
		"bbolt file of another program": {
			foreign, store.ErrNotStore, []string{"another program"},
		},
		"read-only file system": {
			func(t *testing.T) store.Config { return store.Config{Path: filled(t), OpenFile: refuse(syscall.EROFS)} },
			store.ErrReadOnly,
			[]string{"read-only", "writable volume"},
		},
		"no permission": {
			func(t *testing.T) store.Config {
				return store.Config{Path: filled(t), OpenFile: refuse(syscall.EACCES)}
			},
			store.ErrPermission,
			[]string{"may not read and write"},
		},
		"in use": {
			func(t *testing.T) store.Config {
				path := filled(t)
				opened(t, store.Config{Path: path})
				return store.Config{Path: path, LockTimeout: 10 * time.Millisecond}
			}, store.ErrLocked, []string{"Another process has this file open", "usher.db"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := c.prepare(t)
			cfg.Logger = quiet()
			s, err := store.Open(cfg)
			if err == nil {
				_ = s.Close()
				t.Fatal("it was opened")
			}
			var explained *store.OpenError
			if !errors.Is(err, c.want) || !errors.As(err, &explained) || explained.Path != cfg.Path || explained.Fix == "" {
				t.Errorf("got %v, want case %v", err, c.want)
			}
			for _, text := range c.says {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("got %q, want it to say %q", err, text)
				}
			}
		})
	}
}

func written(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "usher.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func cut(t *testing.T, size int64) string {
	t.Helper()
	path := filled(t)
	s, err := store.Open(store.Config{Path: path, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(t.Context(), func(tx access.Tx) error {
		return tx.Put(access.Requests, "long", strings.Repeat("long ", 50_000))
	})
	if err := errors.Join(err, s.Close(), os.Truncate(path, size)); err != nil {
		t.Fatal(err)
	}
	return path
}

func overwrite(t *testing.T, path string, content []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write(content)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

func foreign(t *testing.T) store.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "other.db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("theirs")); return err })
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return store.Config{Path: path}
}

func refuse(cause error) func(string, int, os.FileMode) (*os.File, error) {
	return func(name string, _ int, _ os.FileMode) (*os.File, error) {
		return nil, &os.PathError{Op: "open", Path: name, Err: cause}
	}
}

// heldPath is the environment variable that makes TestOtherProcessKeepsTheFile hold a file.
const heldPath = "USHER_STORE_HELD_PATH"

func TestOtherProcessKeepsTheFile(t *testing.T) { //nolint:paralleltest // It is run again as the other process.
	if path := os.Getenv(heldPath); path != "" {
		opened(t, store.Config{Path: path})
		fmt.Println("held") //nolint:forbidigo // The parent reads it.
		_, _ = io.Copy(io.Discard, os.Stdin)
		return
	}
	path := filled(t)
	other := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$") //nolint:gosec // Itself.
	other.Env = append(os.Environ(), heldPath+"="+path)
	in, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, len("held"))); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(store.Config{Path: path, LockTimeout: 100 * time.Millisecond, Logger: quiet()}); !errors.Is(err, store.ErrLocked) {
		t.Errorf("while it is held: got %v", err)
	}
	_ = in.Close()
	_, _ = io.Copy(io.Discard, out)
	if err := other.Wait(); err != nil {
		t.Fatal(err)
	}
	if s := opened(t, store.Config{Path: path}); !has(t, s, "kept") {
		t.Error("the record is gone")
	}
}

func TestStoreWithoutPathIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := store.Open(store.Config{}); err == nil {
		t.Error("it was opened")
	}
}

func TestNewFileIsPrivateAndAlone(t *testing.T) {
	t.Parallel()
	path := filled(t)
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, %v; want the store alone", left, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %v, %v", info.Mode(), err)
	}
}

func TestReadableFileIsMadePrivate(t *testing.T) {
	t.Parallel()
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o666} {
		path := filled(t)
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		var said strings.Builder
		opened(t, store.Config{Path: path, Logger: logTo(&said)})
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v became %v, %v", mode, info.Mode(), err)
		}
		if !strings.Contains(said.String(), "accessible to others") {
			t.Errorf("mode %v: nothing was said: %q", mode, said.String())
		}
	}
}

func TestDraftsLeftByACrashAreRemoved(t *testing.T) {
	t.Parallel()
	path := filled(t)
	draft := filepath.Join(filepath.Dir(path), ".usher.db.new-123")
	if err := os.WriteFile(draft, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := opened(t, store.Config{Path: path})
	if _, err := os.Stat(draft); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the draft is still there: %v", err)
	}
	if !has(t, s, "kept") {
		t.Error("the record is gone")
	}
}

func TestOneOfManyWinsANewFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "usher.db")
	var all sync.WaitGroup
	stores := make([]*store.Store, 8)
	for i := range stores {
		all.Go(func() {
			s, err := store.Open(store.Config{Path: path, LockTimeout: 300 * time.Millisecond, Logger: quiet()})
			if err != nil && !errors.Is(err, store.ErrLocked) {
				t.Errorf("opener %d: %v", i, err)
			}
			stores[i] = s
		})
	}
	all.Wait()
	winners := 0
	for _, s := range stores {
		if s == nil {
			continue
		}
		winners++
		if err := errors.Join(s.Update(t.Context(), put("a")), s.Close()); err != nil {
			t.Error(err)
		}
	}
	if winners != 1 {
		t.Errorf("%d of 8 opened the file, want 1", winners)
	}
	if s := opened(t, store.Config{Path: path}); !has(t, s, "a") {
		t.Error("the winner's record is not in the file")
	}
}

func TestRecordsOutliveTheStore(t *testing.T) {
	t.Parallel()
	if s := opened(t, store.Config{Path: filled(t)}); !has(t, s, "kept") {
		t.Error("the record is gone")
	}
}

// A child between fork and exec holds every file of its parent for a moment, and bbolt lets go of a reader's lock by closing
// alone. Virtual time does not wait for such a moment to pass.
func TestAChildBeingBornDoesNotKeepTheFile(t *testing.T) {
	t.Parallel()
	path := filled(t)
	ctx, cancel := context.WithCancel(t.Context())
	var parents sync.WaitGroup
	defer parents.Wait()
	defer cancel()
	for range 2 {
		parents.Go(func() {
			for ctx.Err() == nil {
				_ = exec.CommandContext(ctx, "true").Run() // It is killed at the end.
			}
		})
	}
	for range 200 {
		synctest.Test(t, func(t *testing.T) {
			s, err := store.Open(store.Config{Path: path, Logger: quiet()})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}
