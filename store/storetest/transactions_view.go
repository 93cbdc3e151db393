package storetest

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"usher/access"
)

// writes are all the ways to write, reads all the ways to read.
func writes() map[string]func(access.Tx) error {
	return map[string]func(access.Tx) error{
		"Put":        func(tx access.Tx) error { return tx.Put(access.Requests, "a", thing{}, "x") },
		"Append":     func(tx access.Tx) error { return tx.Append(access.Event{Request: "new", Seq: 1}) },
		"PutEffect":  func(tx access.Tx) error { return tx.PutEffect(access.Effect{ID: "new"}) },
		"DropEffect": func(tx access.Tx) error { return tx.DropEffect("e") },
		"SetTimer":   func(tx access.Tx) error { return tx.SetTimer(access.Timer{ID: "new"}) },
		"ClearTimer": func(tx access.Tx) error { return tx.ClearTimer("t") },
	}
}

func reads() map[string]func(access.Tx) error {
	return map[string]func(access.Tx) error{
		"Get":     func(tx access.Tx) error { return tx.Get(access.Requests, "a", &thing{}) },
		"IDs":     func(tx access.Tx) error { _, err := tx.IDs(access.Requests, "old", "", 0); return err },
		"Events":  func(tx access.Tx) error { _, err := tx.Events("r", 0); return err },
		"Effect":  func(tx access.Tx) error { _, err := tx.Effect("e"); return err },
		"Effects": func(tx access.Tx) error { _, err := tx.Effects(); return err },
		"Due":     func(tx access.Tx) error { _, err := tx.Due(noon(), 0); return err },
		"NextDue": func(tx access.Tx) error { _, _, err := tx.NextDue(); return err },
	}
}

func viewWrites(t *testing.T, s access.Store) {
	before(t, s)
	view(t, s, func(tx access.Tx) error {
		for name, f := range writes() {
			if f(tx) == nil {
				t.Errorf("%s was accepted in a view", name)
			}
		}
		return nil
	})
	goesOn(t, s)
}

func viewError(t *testing.T, s access.Store) {
	if err := s.View(context.Background(), func(access.Tx) error { return errOnPurpose }); !errors.Is(err, errOnPurpose) {
		t.Errorf("got %v", err)
	}
}

func viewSnapshot(t *testing.T, s access.Store) {
	before(t, s)
	view(t, s, func(tx access.Tx) error {
		done := make(chan error)
		go func() {
			done <- s.Update(context.Background(), func(tx access.Tx) error { return writeAll(t, tx) })
		}()
		if err := <-done; err != nil {
			t.Errorf("update beside a view: %v", err)
		}
		got, err := read(tx)
		if !reflect.DeepEqual(got, contentsBefore()) {
			t.Errorf("the view changed under its reader: %+v", got)
		}
		return err
	})
	same(t, s, contentsAfter())
}

func deadTx(t *testing.T, s access.Store) {
	before(t, s)
	var kept []access.Tx
	keep := func(tx access.Tx) { kept = append(kept, tx) }
	view(t, s, func(tx access.Tx) error { keep(tx); return nil })
	update(t, s, func(tx access.Tx) error { keep(tx); return nil })
	_ = s.Update(context.Background(), func(tx access.Tx) error { keep(tx); return errOnPurpose })
	_ = s.Update(context.Background(), func(tx access.Tx) error { keep(tx); panic(errOnPurpose) })
	for i, tx := range kept {
		for name, f := range reads() {
			if f(tx) == nil {
				t.Errorf("transaction %d: %s works after its end", i, name)
			}
		}
		for name, f := range writes() {
			if f(tx) == nil {
				t.Errorf("transaction %d: %s works after its end", i, name)
			}
		}
	}
	goesOn(t, s)
}

func endedContext(t *testing.T, s access.Store) {
	cause := errors.New("the cause")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	run := func(access.Tx) error { t.Error("the function ran"); return nil }
	if err := s.Update(ctx, run); !errors.Is(err, cause) {
		t.Errorf("update: got %v", err)
	}
	if err := s.View(ctx, run); !errors.Is(err, cause) {
		t.Errorf("view: got %v", err)
	}
}

func withdrawn(t *testing.T, s access.Store) {
	running, release, first := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		once := false
		first <- s.Update(context.Background(), func(tx access.Tx) error {
			if !once {
				once = true
				close(running)
				<-release
			}
			return tx.Put(access.Requests, "a", thing{Name: "first"})
		})
	}()
	<-running
	ctx, cancel := context.WithCancel(context.Background())
	second := make(chan error, 1)
	go func() {
		second <- s.Update(ctx, func(tx access.Tx) error {
			return tx.Put(access.Requests, "a", thing{Name: "withdrawn"})
		})
	}()
	cancel() // Before or after it began to wait: it cannot have run.
	if err := <-second; !errors.Is(err, context.Canceled) {
		t.Errorf("the withdrawn update: got %v", err)
	}
	close(release)
	if err := <-first; err != nil {
		t.Errorf("the first update: %v", err)
	}
	update(t, s, func(access.Tx) error { return nil })
	if got := getThing(t, s, access.Requests, "a"); got.Name != "first" {
		t.Errorf("got %+v", got)
	}
}
