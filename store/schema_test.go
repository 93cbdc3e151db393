package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"usher/access"
)

func config(path string) Config {
	return Config{Path: path, Logger: slog.New(slog.DiscardHandler)}
}

// older makes a file of the layout before the last step of history, with one record.
func older(t *testing.T, history []step) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "usher.db")
	s, err := open(config(path), history[:len(history)-1])
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(t.Context(), func(tx access.Tx) error { return tx.Put(access.Requests, "old", 1, "all") })
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// schemaOf returns the version that the file states.
func schemaOf(t *testing.T, path string) int {
	t.Helper()
	found := 0
	tamper(t, path, func(b *bbolt.Tx) (err error) {
		found, err = version(b, path)
		return err
	})
	return found
}

func TestOlderLayoutIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	var ran []string
	add := func(name string) step {
		return func(b *bbolt.Tx) error {
			ran = append(ran, name)
			_, err := b.CreateBucket([]byte(name))
			return err
		}
	}
	history := append(steps(), add("second"), add("third"))
	path := older(t, history[:len(history)-1])
	ran = nil
	for range 2 { // Opening it again changes nothing.
		s, err := open(config(path), history)
		if err != nil {
			t.Fatal(err)
		}
		err = s.View(t.Context(), func(tx access.Tx) error {
			list, err := tx.IDs(access.Requests, "all", "", 0)
			if !slices.Equal(list, []string{"old"}) {
				t.Errorf("the records are %q", list)
			}
			return err
		})
		if err := errors.Join(err, s.Check(t.Context()), s.Close()); err != nil {
			t.Error(err)
		}
	}
	if !slices.Equal(ran, []string{"second", "third"}) {
		t.Errorf("steps run: %q", ran)
	}
	if v := schemaOf(t, path); v != len(history) {
		t.Errorf("the file says version %d, want %d", v, len(history))
	}
}

func TestFailedMigrationLeavesTheFileAsItWas(t *testing.T) {
	t.Parallel()
	fails := errors.New("on purpose")
	good := func(b *bbolt.Tx) error { return b.DeleteBucket([]byte(bucketTimers)) }
	bad := func(*bbolt.Tx) error { return fails }
	path := older(t, append(steps(), good))
	if _, err := open(config(path), append(steps(), good, bad)); !errors.Is(err, fails) || !strings.Contains(err.Error(), fmt.Sprintf("migrate to version %d", len(steps())+2)) {
		t.Fatalf("got %v", err)
	}
	if v := schemaOf(t, path); v != len(steps()) {
		t.Errorf("the file says version %d, want %d", v, len(steps()))
	}
	s, err := open(config(path), steps())
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(context.Background(), func(tx access.Tx) error { return tx.SetTimer(access.Timer{ID: "t"}) })
	if err := errors.Join(err, s.Close()); err != nil {
		t.Error(err)
	}
}

func TestNewerLayoutIsRefused(t *testing.T) {
	t.Parallel()
	nothing := func(*bbolt.Tx) error { return nil }
	path := older(t, append(steps(), nothing, nothing))
	_, err := Open(config(path))
	var explained *OpenError
	if !errors.Is(err, ErrNewerSchema) || !errors.As(err, &explained) {
		t.Fatalf("got %v", err)
	}
	known := len(steps())
	for _, text := range []string{
		"A newer Usher wrote this file", fmt.Sprintf("version %d", known+1), fmt.Sprintf("up to %d", known), "Start the newer Usher",
	} {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("got %q, want it to say %q", err, text)
		}
	}
	if v := schemaOf(t, path); v != known+1 {
		t.Errorf("the file says version %d, want %d", v, known+1)
	}
}

func TestDamagedVersionIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "x", "0", "-1"} {
		spoil := func(b *bbolt.Tx) error { return b.Bucket([]byte(bucketMeta)).Put([]byte(keySchema), []byte(text)) }
		path := older(t, append(steps(), nil))
		tamper(t, path, spoil)
		if _, err := Open(config(path)); !errors.Is(err, ErrNotStore) {
			t.Errorf("version %q: got %v", text, err)
		}
	}
}

// tamper changes a file behind the store's back.
func tamper(t *testing.T, path string, f func(*bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, fileMode, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(f), db.Close()); err != nil {
		t.Fatal(err)
	}
}
