package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"usher/access"
)

// life writes a request, its grant and events of all shapes, under the id.
func life(t testing.TB, id access.RequestID) (func(access.Tx) error, []access.Event) {
	t.Helper()
	list := chain(t, id, 12)
	list[3].Hash, list[4].Prev = "not in hex", "not what was before" // Evidence of damage is evidence.
	list[5].Text, list[5].Facts = "line\nfeed, <\u2028>, {\"at\":", nil
	list[6].Hash, list[7].Prev = "", ""
	list[8].At = noon().AddDate(-1000, 0, 0)
	list[9].Hash = "ABCDEF" + list[9].Hash[6:]
	return func(tx access.Tx) error {
		return errors.Join(
			tx.Put(access.Requests, string(id), thing{Name: "request of " + string(id)}, "all", "requester/\n"),
			tx.Put(access.Grants, string(id), thing{Name: "grant of " + string(id)}, "all"),
			appendAll(list...)(tx),
		)
	}, list
}

func seal(ids ...access.RequestID) func(access.Tx) error {
	return func(tx access.Tx) error {
		for _, id := range ids {
			if err := tx.Seal(id); err != nil {
				return err
			}
		}
		return nil
	}
}

func unsealed(t testing.TB, s access.Store) []access.RequestID {
	t.Helper()
	return look(t, s, func(tx access.Tx) ([]access.RequestID, error) { return tx.Unsealed("", 0) })
}

// sameLife verifies that a life reads as it was written.
func sameLife(t testing.TB, s access.Store, id access.RequestID, want []access.Event) {
	t.Helper()
	view(t, s, func(tx access.Tx) error {
		for kind, name := range map[access.Kind]string{access.Requests: "request of ", access.Grants: "grant of "} {
			got := thing{}
			if err := tx.Get(kind, string(id), &got); err != nil || got.Name != name+string(id) {
				t.Errorf("%s %s reads %+v, %v", kind, id, got, err)
			}
			listed, err := tx.IDs(kind, "all", "", 0)
			if err != nil || !slices.Contains(listed, string(id)) {
				t.Errorf("%s %s is not listed: %q, %v", kind, id, listed, err)
			}
		}
		return nil
	})
	if got := events(t, s, id, 0); !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %+v\nwant %+v", id, got, want)
	}
	for after := range len(want) + 2 {
		if got := events(t, s, id, after); len(got) != max(0, len(want)-after) || len(got) > 0 && got[0].Seq != after+1 {
			t.Errorf("%s after %d: got %d events", id, after, len(got))
		}
	}
}

func sealReadBack(t *testing.T, s access.Store) {
	write, want := life(t, "r")
	other, beside := life(t, "r1")
	whole := chain(t, "whole", 40)
	update(t, s, func(tx access.Tx) error {
		return errors.Join(write(tx), other(tx), appendAll(whole...)(tx), tx.Put(access.Requests, "whole", thing{}))
	})
	for range 2 {
		update(t, s, seal("r", "whole", "there is none"))
		sameLife(t, s, "r", want)
		sameLife(t, s, "r1", beside)
		got := events(t, s, "whole", 0)
		if err := access.VerifyChain(got); err != nil || !reflect.DeepEqual(got, whole) {
			t.Errorf("the chain has changed: %v", err)
		}
		if got := unsealed(t, s); !slices.Equal(got, []access.RequestID{"r1"}) {
			t.Errorf("not sealed are %q", got)
		}
	}
}

func sealAppend(t *testing.T, s access.Store) {
	list := chain(t, "r", 6)
	update(t, s, func(tx access.Tx) error {
		return errors.Join(tx.Put(access.Requests, "r", thing{}), appendAll(list[:3]...)(tx))
	})
	for n := 3; n < len(list); n++ {
		update(t, s, seal("r"))
		update(t, s, func(tx access.Tx) error {
			for _, seq := range []int{-1, 0, 1, n, n + 2, 1 << 40} {
				e := list[0]
				e.Seq = seq
				if err := tx.Append(e); err == nil {
					t.Errorf("number %d was accepted after %d", seq, n)
				}
			}
			return nil
		})
		if got := unsealed(t, s); len(got) != 0 {
			t.Errorf("not sealed are %q", got)
		}
		update(t, s, func(tx access.Tx) error {
			if err := tx.Append(list[n]); err != nil {
				return err
			}
			got, err := tx.Events("r", 0)
			if !reflect.DeepEqual(got, list[:n+1]) {
				t.Errorf("in the same update: got %d events, want %d", len(got), n+1)
			}
			return err
		})
		if got := events(t, s, "r", 0); !reflect.DeepEqual(got, list[:n+1]) || access.VerifyChain(got) != nil {
			t.Errorf("got %d events, want %d", len(got), n+1)
		}
		if got := unsealed(t, s); !slices.Equal(got, []access.RequestID{"r"}) {
			t.Errorf("not sealed are %q", got)
		}
	}
}

func sealPut(t *testing.T, s access.Store) {
	write, want := life(t, "r")
	update(t, s, write)
	update(t, s, seal("r"))
	update(t, s, write2(write, want))
	if got := unsealed(t, s); len(got) != 0 {
		t.Errorf("writing what is there has unsealed %q", got)
	}
	update(t, s, func(tx access.Tx) error { // All in one, so that nothing that was read shines through.
		if err := tx.Put(access.Requests, "r", thing{Name: "second"}, "open"); err != nil {
			return err
		}
		if err := tx.Seal("r"); err != nil {
			return err
		}
		var got thing
		err := tx.Get(access.Requests, "r", &got)
		if got.Name != "second" {
			t.Errorf("the request reads %+v", got)
		}
		return errors.Join(err, tx.Put(access.Grants, "r", thing{Name: "third"}, "gone"))
	})
	check := func() {
		t.Helper()
		view(t, s, func(tx access.Tx) error {
			var r, g thing
			err := errors.Join(tx.Get(access.Requests, "r", &r), tx.Get(access.Grants, "r", &g))
			if r.Name != "second" || g.Name != "third" {
				t.Errorf("read %+v and %+v", r, g)
			}
			return err
		})
		for _, c := range []struct {
			kind   access.Kind
			index  string
			listed bool
		}{{access.Requests, "all", false}, {access.Requests, "open", true}, {access.Grants, "all", false}, {access.Grants, "gone", true}} {
			if got := ids(t, s, c.kind, c.index, "", 0); slices.Contains(got, "r") != c.listed {
				t.Errorf("%s: %q lists %q", c.kind, c.index, got)
			}
		}
		if got := events(t, s, "r", 0); !reflect.DeepEqual(got, want) {
			t.Errorf("got %d events", len(got))
		}
	}
	check()
	if got := unsealed(t, s); !slices.Equal(got, []access.RequestID{"r"}) {
		t.Errorf("not sealed are %q", got)
	}
	update(t, s, seal("r"))
	check()
}

// write2 writes the records of a life again, but not its events.
func write2(write func(access.Tx) error, events []access.Event) func(access.Tx) error {
	return func(tx access.Tx) error { return write(noAppend{tx, len(events)}) }
}

type noAppend struct {
	access.Tx
	events int
}

// Append expects an event that is there already.
func (n noAppend) Append(e access.Event) error {
	if e.Seq > n.events {
		return fmt.Errorf("event %d was not expected", e.Seq)
	}
	return nil
}

func sealListed(t *testing.T, s access.Store) {
	var want []access.RequestID
	update(t, s, func(tx access.Tx) error {
		want = nil
		for i := range 60 {
			id := access.RequestID(fmt.Sprintf("r%02d", i))
			if err := tx.Put(access.Requests, string(id), thing{}, "all"); err != nil {
				return err
			}
			if i%3 == 0 {
				if err := tx.Seal(id); err != nil {
					return err
				}
				continue
			}
			want = append(want, id)
		}
		return errors.Join(tx.Put(access.Grants, "g", thing{}), tx.Put(access.Keys, "k", "r"))
	})
	for _, limit := range []int{0, 1, 7, 100} {
		var got []access.RequestID
		for after := access.RequestID(""); ; after = got[len(got)-1] {
			page := look(t, s, func(tx access.Tx) ([]access.RequestID, error) { return tx.Unsealed(after, limit) })
			if limit > 0 && len(page) > limit {
				t.Fatalf("page of %d with limit %d", len(page), limit)
			}
			if len(page) == 0 || len(got) > len(want) {
				break
			}
			got = append(got, page...)
		}
		if !slices.Equal(got, want) {
			t.Errorf("pages of %d: got %q", limit, got)
		}
	}
}

func sealRefused(t *testing.T, s access.Store) {
	write, want := life(t, "r")
	other, beside := life(t, "other")
	update(t, s, func(tx access.Tx) error { return errors.Join(write(tx), other(tx), tx.Seal("r")) })
	failed := errors.New("on purpose")
	err := s.Update(context.Background(), func(tx access.Tx) error {
		next := want[0]
		next.Seq = len(want) + 1
		return errors.Join(tx.Put(access.Requests, "r", thing{Name: "other"}), tx.Append(next), tx.Seal("r"), tx.Seal("other"), failed)
	})
	if !errors.Is(err, failed) {
		t.Errorf("got %v", err)
	}
	update(t, s, func(tx access.Tx) error {
		for _, err := range []error{
			tx.Put(access.Requests, "r", make(chan int)), tx.Put(access.Requests, "r", 1, ""), tx.Seal(""), tx.Seal("a\x00b"),
		} {
			if err == nil {
				t.Error("a wrong write was accepted")
			}
		}
		return nil
	})
	view(t, s, func(tx access.Tx) error {
		if tx.Seal("other") == nil {
			t.Error("a view has sealed something")
		}
		return nil
	})
	sameLife(t, s, "r", want)
	sameLife(t, s, "other", beside)
	if got := unsealed(t, s); !slices.Equal(got, []access.RequestID{"other"}) {
		t.Errorf("not sealed are %q", got)
	}
}
