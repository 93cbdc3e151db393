package store_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"usher/access"
	"usher/store"
)

func TestBackupIsWhatWasThereWhenItBegan(t *testing.T) {
	t.Parallel()
	s := opened(t, store.Config{Path: filled(t)})
	for i := range 20 {
		if err := s.Update(t.Context(), put("before"+strconv.Itoa(i))); err != nil {
			t.Fatal(err)
		}
	}
	// Each piece of the copy waits for an update of the original, which overwrites and grows.
	n := 0
	w := writerFunc(func(p []byte) error {
		n++
		return s.Update(t.Context(), func(tx access.Tx) error {
			return errors.Join(tx.Put(access.Requests, "before1", "changed"), tx.Put(access.Requests, "during", bytes.Repeat([]byte{'x'}, 50_000*n)))
		})
	})
	path := filepath.Join(t.TempDir(), "copy.db")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	size, err := s.Backup(t.Context(), both{f, w})
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != size || n < 3 {
		t.Errorf("the copy has %d bytes in %d pieces, Backup said %d, %v", info.Size(), n, size, err)
	}
	c := opened(t, store.Config{Path: path})
	if !has(t, c, "kept") || !has(t, c, "before19") || has(t, c, "during") {
		t.Error("the copy holds something else")
	}
	if !has(t, s, "during") {
		t.Error("the original lost what was written during the copy")
	}
}

type writerFunc func([]byte) error

type both struct {
	file  *os.File
	after writerFunc
}

func (b both) Write(p []byte) (int, error) {
	n, err := b.file.Write(p)
	return n, errors.Join(err, b.after(p))
}

func TestBackupStopsWithItsContext(t *testing.T) {
	t.Parallel()
	s := opened(t, store.Config{Path: filled(t)})
	ctx, cancel := context.WithCancel(t.Context())
	var out bytes.Buffer
	stop := writerTo{&out, cancel}
	if _, err := s.Backup(ctx, stop); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// writerTo cancels after the first piece.
type writerTo struct {
	out    *bytes.Buffer
	cancel func()
}

func (w writerTo) Write(p []byte) (int, error) {
	w.cancel()
	return w.out.Write(p)
}

func TestStatsCountEverything(t *testing.T) {
	t.Parallel()
	path := filled(t)
	s := opened(t, store.Config{Path: path})
	var all sync.WaitGroup
	for i := range 10 {
		id := strconv.Itoa(i)
		all.Go(func() {
			err := s.Update(t.Context(), func(tx access.Tx) error {
				err := errors.Join(
					put(id)(tx), put(id)(tx), tx.Put(access.Grants, id, 1),
					tx.Append(access.Event{Request: access.RequestID(id), Seq: 1}),
					tx.PutEffect(access.Effect{ID: id}), tx.PutEffect(access.Effect{ID: id, Rev: 2}),
					tx.SetTimer(access.Timer{ID: id}), tx.SetTimer(access.Timer{ID: id}),
				)
				if i >= 8 {
					err = errors.Join(err, errors.New("on purpose"))
				}
				return err
			})
			if (i >= 8) != (err != nil) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	err := s.Update(t.Context(), func(tx access.Tx) error {
		return errors.Join(tx.DropEffect("0"), tx.DropEffect("0"), tx.ClearTimer("0"), tx.ClearTimer("1"))
	})
	if err != nil {
		t.Fatal(err)
	}
	check := func(st store.Stats) {
		t.Helper()
		if st.Records[access.Requests] != 9 || st.Records[access.Grants] != 8 || st.Events != 8 || st.Effects != 7 || st.Timers != 6 {
			t.Errorf("got %+v", st)
		}
		if st.FileBytes < 16384 || st.FreeBytes < 0 || st.FreeBytes >= st.FileBytes {
			t.Errorf("sizes: %+v", st)
		}
	}
	check(stats(t, s))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	check(stats(t, opened(t, store.Config{Path: path})))
}
