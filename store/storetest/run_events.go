package storetest

import (
	"reflect"
	"testing"
	"time"

	"usher/access"
)

// chain returns n events of one request as the core makes them.
func chain(t testing.TB, id access.RequestID, n int) []access.Event {
	t.Helper()
	list := make([]access.Event, n)
	prev := ""
	for i := range list {
		e := access.Event{
			Request: id, Seq: i + 1, At: noon().Add(time.Duration(i) * time.Second), Kind: access.EventRequested,
			Actor: access.Person{User: "00u1", Name: "Zoë"}, Text: "asked <for> it", Facts: map[string]string{"b": "2", "a": "1"},
			Prev: prev,
		}
		sum, err := e.Sum()
		if err != nil {
			t.Fatal(err)
		}
		e.Hash, prev = sum, sum
		list[i] = e
	}
	return list
}

func appendAll(events ...access.Event) func(access.Tx) error {
	return func(tx access.Tx) error {
		for _, e := range events {
			if err := tx.Append(e); err != nil {
				return err
			}
		}
		return nil
	}
}

func events(t testing.TB, s access.Store, id access.RequestID, after int) []access.Event {
	t.Helper()
	return look(t, s, func(tx access.Tx) ([]access.Event, error) { return tx.Events(id, after) })
}

func eventsChain(t *testing.T, s access.Store) {
	want := chain(t, "r", 300)
	abroad := want[1]
	abroad.At = abroad.At.In(time.FixedZone("", 5*3600)) // The same instant, told elsewhere.
	update(t, s, appendAll(want[0], abroad))
	for i := 2; i < len(want); i += 50 {
		update(t, s, appendAll(want[i:min(i+50, len(want))]...))
	}
	got := events(t, s, "r", 0)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %d events that differ from the %d appended", len(got), len(want))
	}
	if err := access.VerifyChain(got); err != nil {
		t.Error(err)
	}
	for after, first := range map[int]int{-1: 1, 1: 2, 9: 10, 255: 256, 299: 300} {
		part := events(t, s, "r", after)
		if len(part) != 301-first || part[0].Seq != first {
			t.Errorf("after %d: got %d events", after, len(part))
		}
	}
	if part := events(t, s, "r", 300); len(part) != 0 {
		t.Errorf("after the last: got %d events", len(part))
	}
}

func eventsOutOfTurn(t *testing.T, s access.Store) {
	list := chain(t, "r", 4)
	update(t, s, appendAll(list[0], list[1]))
	update(t, s, func(tx access.Tx) error {
		for _, seq := range []int{-1, 0, 1, 2, 4, 1 << 40} {
			e := list[0]
			e.Seq, e.Text = seq, "out of turn"
			if err := tx.Append(e); err == nil {
				t.Errorf("number %d was accepted after 2", seq)
			}
		}
		other := list[1]
		other.Request = "new"
		if err := tx.Append(other); err == nil {
			t.Error("number 2 was accepted as the first of a request")
		}
		if err := tx.Append(access.Event{Seq: 1}); err == nil {
			t.Error("an event of no request was accepted")
		}
		return tx.Append(list[2])
	})
	if got := events(t, s, "r", 0); !reflect.DeepEqual(got, list[:3]) {
		t.Errorf("got %+v", got)
	}
	if got := events(t, s, "new", 0); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
}

func eventsApart(t *testing.T, s access.Store) {
	names := []access.RequestID{"r", "r1", "r/1", "q", "s"}
	update(t, s, func(tx access.Tx) error {
		for i, id := range names {
			if err := appendAll(chain(t, id, i+1)...)(tx); err != nil {
				return err
			}
		}
		return nil
	})
	for i, id := range names {
		got := events(t, s, id, 0)
		if !reflect.DeepEqual(got, chain(t, id, i+1)) {
			t.Errorf("%s: got %+v", id, got)
		}
	}
}
