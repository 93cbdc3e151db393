package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"sync"
	"testing"

	"usher/access"
)

// RunTransactions judges what one transaction sees of another, and what failure leaves behind.
func RunTransactions(t *testing.T, fresh Fresh) {
	t.Helper()
	each(t, fresh, map[string]func(*testing.T, access.Store){
		"a failed update leaves nothing behind":                   failedUpdate,
		"a failed update returns the very error":                  failedError,
		"a panic becomes an error and leaves nothing behind":      panickedUpdate,
		"an update that ends its goroutine leaves nothing behind": exitedUpdate,
		"updates that fail beside others take nothing along":      failedBesideOthers,
		"an update sees its own writes":                           ownWrites,
		"a view cannot write":                                     viewWrites,
		"a view that fails returns the very error":                viewError,
		"a view sees one moment":                                  viewSnapshot,
		"a transaction is dead after its function":                deadTx,
		"an ended context starts nothing":                         endedContext,
		"an update that waits can be withdrawn":                   withdrawn,
	})
}

// before puts something of every family; writeAll alters and adds to all of them; unchanged checks that it did not.
func before(t *testing.T, s access.Store) {
	t.Helper()
	update(t, s, func(tx access.Tx) error {
		return errors.Join(
			tx.Put(access.Requests, "a", thing{Name: "before"}, "old", "both"),
			appendAll(chain(t, "r", 1)...)(tx),
			tx.PutEffect(access.Effect{ID: "e", Rev: 1, Due: noon()}),
			tx.PutEffect(access.Effect{ID: "e2", Rev: 1, Due: noon()}),
			tx.SetTimer(timerAt("t", noon())),
			tx.SetTimer(timerAt("t2", noon().Add(1))),
		)
	})
}

func writeAll(t *testing.T, tx access.Tx) error {
	t.Helper()
	return errors.Join(
		tx.Put(access.Requests, "a", thing{Name: "after"}, "new", "both"),
		tx.Put(access.Requests, "b", thing{Name: "after"}, "new", "both"),
		tx.Put(access.Requests, "b", thing{Name: "after that"}, "newer"),
		appendAll(chain(t, "r", 3)[1:]...)(tx),
		appendAll(chain(t, "r2", 1)...)(tx),
		tx.PutEffect(access.Effect{ID: "e", Rev: 2, Due: noon().Add(1), Priority: 3}),
		tx.PutEffect(access.Effect{ID: "f", Rev: 1}),
		tx.DropEffect("e2"),
		tx.SetTimer(timerAt("t", noon().Add(-1))),
		tx.SetTimer(timerAt("u", noon())),
		tx.ClearTimer("t2"),
	)
}

// contents is everything that before and writeAll touch.
type contents struct {
	Names   map[string]string
	Index   map[string][]string
	Events  map[access.RequestID]int
	Effects []access.Effect
	Timers  []access.Timer
}

func read(tx access.Tx) (contents, error) {
	c := contents{Names: map[string]string{}, Index: map[string][]string{}, Events: map[access.RequestID]int{}}
	var errs []error
	for _, id := range []string{"a", "b"} {
		var v thing
		if err := tx.Get(access.Requests, id, &v); !errors.Is(err, access.ErrNotFound) {
			c.Names[id] = v.Name
			errs = append(errs, err)
		}
	}
	for _, x := range []string{"old", "new", "newer", "both"} {
		list, err := tx.IDs(access.Requests, x, "", 0)
		c.Index[x] = append([]string{}, list...)
		errs = append(errs, err)
	}
	for _, id := range []access.RequestID{"r", "r2"} {
		list, err := tx.Events(id, 0)
		c.Events[id] = len(list)
		errs = append(errs, err)
	}
	var err1, err2 error
	c.Effects, err1 = tx.Effects()
	c.Timers, err2 = tx.Due(farFuture(), 0)
	return c, errors.Join(append(errs, err1, err2)...)
}

func contentsBefore() contents {
	return contents{
		Names:  map[string]string{"a": "before"},
		Index:  map[string][]string{"old": {"a"}, "new": {}, "newer": {}, "both": {"a"}},
		Events: map[access.RequestID]int{"r": 1, "r2": 0},
		Effects: []access.Effect{
			{ID: "e", Rev: 1, Due: noon()}, {ID: "e2", Rev: 1, Due: noon()},
		},
		Timers: []access.Timer{timerAt("t", noon()), timerAt("t2", noon().Add(1))},
	}
}

func contentsAfter() contents {
	return contents{
		Names:  map[string]string{"a": "after", "b": "after that"},
		Index:  map[string][]string{"old": {}, "new": {"a"}, "newer": {"b"}, "both": {"a"}},
		Events: map[access.RequestID]int{"r": 3, "r2": 1},
		Effects: []access.Effect{
			{ID: "f", Rev: 1}, {ID: "e", Rev: 2, Due: noon().Add(1), Priority: 3},
		},
		Timers: []access.Timer{timerAt("t", noon().Add(-1)), timerAt("u", noon())},
	}
}

func same(t testing.TB, s access.Store, want contents) {
	t.Helper()
	if got := look(t, s, read); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// goesOn checks that the store still works as if nothing had happened.
func goesOn(t *testing.T, s access.Store) {
	t.Helper()
	same(t, s, contentsBefore())
	update(t, s, func(tx access.Tx) error { return writeAll(t, tx) })
	same(t, s, contentsAfter())
}

var errOnPurpose = errors.New("on purpose")

func failedUpdate(t *testing.T, s access.Store) {
	before(t, s)
	for range 3 {
		err := s.Update(context.Background(), func(tx access.Tx) error {
			if err := writeAll(t, tx); err != nil {
				return err
			}
			return errOnPurpose
		})
		if !errors.Is(err, errOnPurpose) {
			t.Errorf("got %v", err)
		}
	}
	goesOn(t, s)
}

type typedError struct{ detail string }

func (e *typedError) Error() string { return e.detail }

func failedError(t *testing.T, s access.Store) {
	err := s.Update(context.Background(), func(access.Tx) error {
		return fmt.Errorf("outer: %w", &typedError{"inner"})
	})
	var typed *typedError
	if !errors.As(err, &typed) || typed.detail != "inner" {
		t.Errorf("got %v", err)
	}
}

func panickedUpdate(t *testing.T, s access.Store) {
	before(t, s)
	for _, value := range []any{"a string", errOnPurpose, nil} {
		err := s.Update(context.Background(), func(tx access.Tx) error {
			if err := writeAll(t, tx); err != nil {
				return err
			}
			panic(value)
		})
		if err == nil {
			t.Errorf("panic(%v) was taken for success", value)
		}
	}
	goesOn(t, s)
}

func exitedUpdate(t *testing.T, s access.Store) {
	before(t, s)
	done := make(chan struct{})
	go func() { // The store may run the function here or elsewhere; either may end.
		defer close(done)
		err := s.Update(context.Background(), func(tx access.Tx) error {
			if err := writeAll(t, tx); err != nil {
				return err
			}
			runtime.Goexit()
			return nil
		})
		if err == nil {
			t.Error("an update that never returned was taken for success")
		}
	}()
	<-done
	goesOn(t, s)
}

func failedBesideOthers(t *testing.T, s access.Store) {
	const callers, rounds = 12, 20
	var all sync.WaitGroup
	for c := range callers {
		all.Go(func() {
			for n := range rounds {
				id := fmt.Sprintf("%d/%d", c, n)
				err := s.Update(context.Background(), func(tx access.Tx) error {
					err := errors.Join(
						tx.Put(access.Requests, id, thing{Name: id}, "all"),
						tx.PutEffect(access.Effect{ID: id}), tx.SetTimer(timerAt(id, noon())),
						tx.Append(access.Event{Request: access.RequestID(id), Seq: 1}),
						count(tx, "done"),
					)
					switch {
					case err != nil:
						return err
					case c%4 == 1:
						return errOnPurpose
					case c%4 == 2 && n%5 == 0:
						panic("on purpose")
					}
					return nil
				})
				if bad := c%4 == 1 || c%4 == 2 && n%5 == 0; bad != (err != nil) {
					t.Errorf("caller %d round %d: got %v", c, n, err)
				}
			}
		})
	}
	all.Wait()
	want := callers/4*2*rounds + callers/4*(rounds-rounds/5)
	list := ids(t, s, access.Requests, "all", "", 0)
	if e, d := effects(t, s), due(t, s, farFuture(), 0); len(list) != want || len(e) != want || len(d) != want {
		t.Errorf("got %d records, %d effects, %d timers, want %d", len(list), len(e), len(d), want)
	}
	for _, id := range list {
		if got := getThing(t, s, access.Requests, id); got.Name != id {
			t.Errorf("%s holds %q", id, got.Name)
		}
	}
	if got := counter(t, s, "done"); got != want {
		t.Errorf("the count says %d, want %d", got, want)
	}
}

// count adds one to a record.
func count(tx access.Tx, id string) error {
	var n int
	if err := tx.Get(access.Keys, id, &n); err != nil && !errors.Is(err, access.ErrNotFound) {
		return err
	}
	runtime.Gosched() // An invitation to others to come between.
	return tx.Put(access.Keys, id, n+1)
}

func counter(t testing.TB, s access.Store, id string) int {
	t.Helper()
	return look(t, s, func(tx access.Tx) (n int, err error) { return n, tx.Get(access.Keys, id, &n) })
}

func ownWrites(t *testing.T, s access.Store) {
	before(t, s)
	update(t, s, func(tx access.Tx) error {
		if err := writeAll(t, tx); err != nil {
			return err
		}
		got, err := read(tx)
		if !reflect.DeepEqual(got, contentsAfter()) {
			t.Errorf("inside: got %+v", got)
		}
		return err
	})
	same(t, s, contentsAfter())
}
