package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"usher/access"
)

// Reopenable is a store whose lasting state can be opened again.
type Reopenable struct {
	Store access.Store
	// Reopen closes the store and opens the same state again. Default: it stays open.
	Reopen func() (access.Store, error)
	// Close is called at the end. Default: nothing.
	Close func() error
}

// RunModel plays random histories on a store and on a plain model of it, and compares everything after each step. Steps
// are updates, some of them failing or panicking, alone or several at once, and closing and opening again. fresh
// returns an empty store for one history. The number and length of histories are set by -rapid.checks and -rapid.steps.
func RunModel(t *testing.T, fresh func() (Reopenable, error)) {
	t.Helper()
	rapid.Check(t, func(t *rapid.T) {
		r, err := fresh()
		if err != nil {
			t.Fatal(err)
		}
		h := &history{store: r.Store, model: newModel()}
		defer func() {
			if r.Close == nil {
				return
			}
			if err := r.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		}()
		t.Repeat(map[string]func(*rapid.T){
			"update":  func(t *rapid.T) { h.updates(t, 1) },
			"updates": func(t *rapid.T) { h.updates(t, rapid.IntRange(2, 5).Draw(t, "callers")) },
			"reopen": func(t *rapid.T) {
				if r.Reopen == nil {
					return
				}
				s, err := r.Reopen()
				if err != nil {
					t.Fatalf("reopen: %v", err)
				}
				h.store = s
			},
			"": h.compare,
		})
	})
}

// history is one run of random steps.
type history struct {
	store access.Store
	model *model
}

// updates runs random functions at once. Each has ids of its own, so that their order does not matter.
func (h *history) updates(t *rapid.T, callers int) {
	type job struct {
		ops  []op
		ends string
	}
	jobs := make([]job, callers)
	for i := range jobs {
		owner := fmt.Sprintf("owner%d", i)
		jobs[i].ops = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) op { return drawOp(t, owner) }), 0, 6).Draw(t, "ops")
		jobs[i].ends = rapid.SampledFrom([]string{"well", "well", "well", "well", "in an error", "in a panic"}).Draw(t, "ends")
	}
	var all sync.WaitGroup
	errs := make([]error, callers)
	for i, j := range jobs {
		all.Go(func() {
			errs[i] = h.store.Update(context.Background(), func(tx access.Tx) error {
				for _, o := range j.ops {
					if err := o.run(tx); err != nil {
						return fmt.Errorf("%s: %w", o.what, err)
					}
				}
				switch j.ends {
				case "in an error":
					return errOnPurpose
				case "in a panic":
					panic("on purpose")
				}
				return nil
			})
		})
	}
	all.Wait()
	for i, j := range jobs {
		well, next := j.ends == "well", h.model.clone()
		for _, o := range j.ops {
			well = well && o.apply(next)
		}
		if well != (errs[i] == nil) {
			t.Fatalf("update ended with %v, the model expected success: %v", errs[i], well)
		}
		if well {
			h.model = next
		}
	}
}

// op is one small write, on a store and on the model. apply reports whether the store must accept it.
type op struct {
	what  string
	run   func(access.Tx) error
	apply func(*model) bool
}

// String is for rapid's report of a failure.
func (o op) String() string { return o.what }

// compare reads everything and compares it with the model.
func (h *history) compare(t *rapid.T) {
	err := h.store.View(context.Background(), func(tx access.Tx) error {
		got, err := observe(tx)
		if err != nil {
			return err
		}
		want := h.model.observe()
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("the store differs from the model\ngot  %+v\nwant %+v", got, want)
		}
		next, ok, err := tx.NextDue()
		if err != nil {
			return err
		}
		if ok != (len(want.Timers) > 0) || ok && !next.Equal(want.Timers[0].At) {
			t.Fatalf("NextDue says %v %v, the timers are %+v", next, ok, want.Timers)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("view: %v", err)
	}
}

// observed is all that can be read of the model's small world.
type observed struct {
	Values  map[string]int
	Index   map[string][]string
	Events  map[access.RequestID][]access.Event
	Effects []access.Effect
	Timers  []access.Timer
	// Unsealed are the requests that are not sealed.
	Unsealed []access.RequestID
}

func newObserved() observed {
	return observed{Values: map[string]int{}, Index: map[string][]string{}, Events: map[access.RequestID][]access.Event{}}
}

func observe(tx access.Tx) (observed, error) {
	o := newObserved()
	for _, k := range kinds() {
		for _, id := range allIDs() {
			v := 0
			err := tx.Get(k, id, &v)
			if err == nil {
				o.Values[string(k)+"/"+id] = v
			} else if !errors.Is(err, access.ErrNotFound) {
				return o, err
			}
		}
		for _, x := range indexes() {
			list, err := tx.IDs(k, x, "", 0)
			if err != nil {
				return o, err
			}
			if len(list) > 0 {
				o.Index[string(k)+"/"+x] = list
			}
		}
	}
	for _, id := range allIDs() {
		list, err := tx.Events(access.RequestID(id), 0)
		if err != nil {
			return o, err
		}
		if len(list) > 0 {
			o.Events[access.RequestID(id)] = list
		}
	}
	var err1, err2, err3 error
	o.Effects, err1 = tx.Effects()
	o.Timers, err2 = tx.Due(noon().Add(24*time.Hour), 0)
	o.Unsealed, err3 = tx.Unsealed("", 0)
	return o, errors.Join(err1, err2, err3)
}
