package store_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/access"
	"usher/store"
)

// alone verifies that a folder holds these files and no others.
func alone(t *testing.T, folder string, names ...string) {
	t.Helper()
	left, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, e := range left {
		found = append(found, e.Name())
	}
	if strings.Join(found, " ") != strings.Join(names, " ") {
		t.Errorf("the folder holds %q, want %q", found, names)
	}
}

func TestCopyUnderLoadIsOfOneMoment(t *testing.T) {
	t.Parallel()
	s := opened(t, store.Config{Path: filled(t), NoSync: true})
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for c := range 3 {
		all.Go(func() { // Two records and an event that always say the same.
			id := access.RequestID("load" + strconv.Itoa(c))
			for n := 1; ctx.Err() == nil; n++ {
				if err := s.Update(t.Context(), func(tx access.Tx) error {
					return errors.Join(tx.Put(access.Requests, string(id), n), tx.Put(access.Grants, string(id), n), tx.Append(access.Event{Request: id, Seq: n}))
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	folder := t.TempDir()
	for i := range 8 {
		path := filepath.Join(folder, strconv.Itoa(i))
		c, err := s.BackupFile(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		again, err := store.Verify(t.Context(), path)
		if err != nil || again.Events != c.Events || c.Bytes != sizeOf(t, c.Path) || c.Path != path {
			t.Errorf("copy %d: %v; verified again: %v, %v", i, c, again, err)
		}
		sameEverywhere(t, opened(t, store.Config{Path: path}), c)
	}
	stop()
	all.Wait()
	alone(t, folder, "0", "1", "2", "3", "4", "5", "6", "7")
}

func sameEverywhere(t *testing.T, s *store.Store, c store.Copy) {
	t.Helper()
	events := 0
	err := s.View(context.Background(), func(tx access.Tx) error {
		for i := range 3 {
			id := "load" + strconv.Itoa(i)
			var a, b int
			if err := errors.Join(tx.Get(access.Requests, id, &a), tx.Get(access.Grants, id, &b)); err != nil && !errors.Is(err, access.ErrNotFound) {
				return err
			}
			chain, err := tx.Events(access.RequestID(id), 0)
			if err != nil {
				return err
			}
			if a != b || len(chain) != a {
				t.Errorf("%s: %d, %d, %d events", id, a, b, len(chain))
			}
			events += len(chain)
		}
		return nil
	})
	if err != nil || events != c.Events {
		t.Errorf("%d events, the copy said %d: %v", events, c.Events, err)
	}
}

func TestBackupFileIsPrivateAndOverwritesNothing(t *testing.T) {
	t.Parallel()
	s := opened(t, store.Config{Path: filled(t)})
	path := filepath.Join(t.TempDir(), "backup.db")
	if _, err := s.BackupFile(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = s.BackupFile(t.Context(), path)
	if b, _ := os.ReadFile(path); !errors.Is(err, store.ErrExists) || !strings.Contains(err.Error(), "Name another one") || string(b) != "precious" {
		t.Errorf("the file says %q; %v", b, err)
	}
	_, err = s.BackupFile(t.Context(), filepath.Join(t.TempDir(), "none", "backup.db"))
	if !errors.Is(err, store.ErrNoFolder) || !strings.Contains(err.Error(), "back up store to") {
		t.Errorf("got %v", err)
	}
	alone(t, filepath.Dir(path), "backup.db")
}

func TestInterruptedBackupLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	s := opened(t, store.Config{Path: filled(t)})
	folder := t.TempDir()
	path := filepath.Join(folder, "backup.db")
	left := filepath.Join(folder, ".backup.db.part-123") // By a process that was killed.
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(left, time.Time{}, time.Now().Add(-2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	for _, after := range []int{0, 1, 4096, 20_000} {
		ctx, cancel := context.WithCancel(t.Context())
		in, out := io.Pipe()
		go func() {
			_, err := s.Backup(t.Context(), out)
			_ = out.CloseWithError(err)
		}()
		_, err := store.Receive(ctx, &stopping{in, after, cancel}, path)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("canceled after %d bytes: %v", after, err)
		}
		_ = in.Close()
		alone(t, folder)
	}
}

// stopping cancels after some bytes.
type stopping struct {
	r      io.Reader
	left   int
	cancel func()
}

func (s *stopping) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if s.left -= n; s.left <= 0 {
		s.cancel()
	}
	return n, err
}

func TestStreamThatBreaksOffIsNoBackup(t *testing.T) {
	t.Parallel()
	s := opened(t, store.Config{Path: filled(t)})
	var whole strings.Builder
	if _, err := s.Backup(t.Context(), &whole); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "backup.db")
	for _, size := range []int{0, 1, 4096, 16384, whole.Len() - 1} {
		if _, err := store.Receive(t.Context(), strings.NewReader(whole.String()[:size]), path); !errors.Is(err, store.ErrNotStore) {
			t.Errorf("%d bytes of %d: %v", size, whole.Len(), err)
		}
		alone(t, folder)
	}
	if c, err := store.Receive(t.Context(), strings.NewReader(whole.String()), path); err != nil || c.Records[access.Requests] != 1 {
		t.Errorf("the whole stream: %v, %v", c, err)
	}
	alone(t, folder, "backup.db")
}

func TestVerifyJudgesWithoutTouching(t *testing.T) {
	t.Parallel()
	held := filled(t)
	opened(t, store.Config{Path: held})
	for name, c := range map[string]struct {
		path string
		want error
	}{
		"whole":           {filled(t), nil},
		"missing":         {filepath.Join(t.TempDir(), "none.db"), store.ErrMissing},
		"folder":          {t.TempDir(), store.ErrNotStore},
		"empty":           {written(t, nil), store.ErrNotStore},
		"text":            {written(t, []byte(strings.Repeat("text", 9999))), store.ErrNotStore},
		"cut off":         {cut(t, 40*4096), store.ErrNotStore},
		"another program": {foreign(t).Path, store.ErrNotStore},
		"in use":          {held, store.ErrLocked},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, _ := os.Stat(c.path)
			_, err := store.Verify(t.Context(), c.path)
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			requests := 0
			peek := store.Peek(t.Context(), c.path, func(tx access.Tx) error {
				list, err := tx.Unsealed("", 0)
				requests = len(list)
				return err
			})
			if !errors.Is(peek, c.want) || (peek == nil) != (requests > 0) {
				t.Errorf("Peek: %d requests, %v, want %v", requests, peek, c.want)
			}
			var e *store.OpenError
			if err != nil && (!errors.As(err, &e) || e.Fix == "" || !strings.HasPrefix(e.Error(), "verify store ")) {
				t.Errorf("got %v, want it explained", err)
			}
			after, err := os.Stat(c.path)
			if before != nil && (err != nil || !after.ModTime().Equal(before.ModTime())) || before == nil && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("it was touched: %v", err)
			}
		})
	}
}

func sizeOf(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// bbolt lets a file grow ahead of what it uses; a copy of the file at rest is as long.
func TestACopyIsAsLongAsItsFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "usher.db")
	s := opened(t, store.Config{Path: path})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, sizeOf(t, path)+1<<20); err != nil {
		t.Fatal(err)
	}
	if c, err := store.Verify(t.Context(), path); err != nil || c.Bytes != sizeOf(t, path) {
		t.Errorf("%d bytes of %d, %v", c.Bytes, sizeOf(t, path), err)
	}
}
