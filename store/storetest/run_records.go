package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"usher/access"
)

type thing struct {
	Name string            `json:"name"`
	Note string            `json:"note,omitempty"`
	More map[string]string `json:"more,omitempty"`
}

func putThing(id, name string, index ...string) func(access.Tx) error {
	return func(tx access.Tx) error { return tx.Put(access.Requests, id, thing{Name: name}, index...) }
}

func getThing(t testing.TB, s access.Store, kind access.Kind, id string) thing {
	t.Helper()
	return look(t, s, func(tx access.Tx) (v thing, err error) { return v, tx.Get(kind, id, &v) })
}

func ids(t testing.TB, s access.Store, kind access.Kind, index, after string, limit int) []string {
	t.Helper()
	return look(t, s, func(tx access.Tx) ([]string, error) { return tx.IDs(kind, index, after, limit) })
}

func recordReadBack(t *testing.T, s access.Store) {
	update(t, s, func(tx access.Tx) error {
		return tx.Put(access.Requests, "a", thing{Name: "Zoë <a&b> \u2028", More: map[string]string{"k": "v"}})
	})
	if got := getThing(t, s, access.Requests, "a"); got.Name != "Zoë <a&b> \u2028" || got.More["k"] != "v" {
		t.Errorf("got %+v", got)
	}
	update(t, s, putThing("a", "second"))
	view(t, s, func(tx access.Tx) error {
		got := thing{Note: "left over", More: map[string]string{"left": "over"}}
		if err := tx.Get(access.Requests, "a", &got); err != nil {
			return err
		}
		if got.Name != "second" || got.Note != "" || got.More != nil {
			t.Errorf("got %+v, want the second value and nothing of what the variable held before", got)
		}
		return nil
	})
}

func recordAbsent(t *testing.T, s access.Store) {
	update(t, s, putThing("ab", "neighbor"))
	view(t, s, func(tx access.Tx) error {
		for _, id := range []string{"a", "abc", "b"} {
			got := thing{Name: "untouched"}
			if err := tx.Get(access.Requests, id, &got); !errors.Is(err, access.ErrNotFound) {
				t.Errorf("%s: got %v, want ErrNotFound", id, err)
			}
			if got.Name != "untouched" {
				t.Errorf("%s: the value was changed to %+v", id, got)
			}
		}
		if list, err := tx.IDs(access.Requests, "none", "", 0); err != nil || len(list) != 0 {
			t.Errorf("an index never used: got %v, %v", list, err)
		}
		return nil
	})
}

func recordCopied(t *testing.T, s access.Store) {
	v := thing{Name: "a", More: map[string]string{"k": "v"}}
	update(t, s, func(tx access.Tx) error {
		err := tx.Put(access.Requests, "a", v)
		v.More["k"] = "changed after put"
		return err
	})
	first := getThing(t, s, access.Requests, "a")
	if first.More["k"] != "v" {
		t.Errorf("the stored value followed the variable: %+v", first)
	}
	first.More["k"] = "changed after get"
	if got := getThing(t, s, access.Requests, "a"); got.More["k"] != "v" {
		t.Errorf("the stored value followed what was read: %+v", got)
	}
}

func recordKinds(t *testing.T, s access.Store) {
	kinds := []access.Kind{access.Requests, access.Grants, access.Memberships, access.People, access.Keys}
	update(t, s, func(tx access.Tx) error {
		for _, k := range kinds {
			if err := tx.Put(k, "same", thing{Name: string(k)}, "all", "of-"+string(k)); err != nil {
				return err
			}
		}
		return nil
	})
	for _, k := range kinds {
		if got := getThing(t, s, k, "same"); got.Name != string(k) {
			t.Errorf("kind %s: got %+v", k, got)
		}
		if got := ids(t, s, k, "all", "", 0); !slices.Equal(got, []string{"same"}) {
			t.Errorf("kind %s: index lists %q", k, got)
		}
	}
	if got := ids(t, s, access.Grants, "of-"+string(access.Requests), "", 0); len(got) != 0 {
		t.Errorf("the index of another kind shows through: %q", got)
	}
}

func writeRefused(t *testing.T, s access.Store) {
	late := noon().AddDate(9000, 0, 0) // JSON has no such year.
	effect := access.Effect{ID: "e", Priority: 1, Due: noon()}
	timer := access.Timer{ID: "t", At: noon()}
	update(t, s, func(tx access.Tx) error {
		return errors.Join(tx.Put(access.Requests, "a", thing{Name: "kept"}, "old"), tx.PutEffect(effect), tx.SetTimer(timer))
	})
	update(t, s, func(tx access.Tx) error {
		for name, err := range map[string]error{
			"value without JSON": tx.Put(access.Requests, "a", make(chan int), "new"),
			"NUL in an index":    tx.Put(access.Requests, "a", thing{}, "new", "x\x00y"),
			"empty index":        tx.Put(access.Requests, "a", thing{}, "new", ""),
			"empty id":           tx.Put(access.Requests, "", thing{}, "new"),
			"NUL in a kind":      tx.Put("a\x00b", "a", thing{}, "new"),
			"effect without id":  tx.PutEffect(access.Effect{}),
			"effect too late":    tx.PutEffect(access.Effect{ID: "e", Due: late}),
			"timer without id":   tx.SetTimer(access.Timer{At: noon()}),
			"timer too late":     tx.SetTimer(access.Timer{ID: "t", At: late}),
			"get into a value":   tx.Get(access.Requests, "a", thing{}),
			"get into nothing":   tx.Get(access.Requests, "a", nil),
		} {
			if err == nil {
				t.Errorf("%s: accepted", name)
			}
		}
		return nil // Although the writes failed, the function goes on.
	})
	if got := getThing(t, s, access.Requests, "a"); got.Name != "kept" {
		t.Errorf("got %+v", got)
	}
	if got := ids(t, s, access.Requests, "old", "", 0); !slices.Equal(got, []string{"a"}) {
		t.Errorf("index entry lost: %q", got)
	}
	if got := ids(t, s, access.Requests, "new", "", 0); len(got) != 0 {
		t.Errorf("index entry of a refused write: %q", got)
	}
	if got := effects(t, s); len(got) != 1 || got[0] != effect {
		t.Errorf("effects are %+v", got)
	}
	if got := due(t, s, noon(), 0); len(got) != 1 || got[0] != timer {
		t.Errorf("timers are %+v", got)
	}
}

func indexPages(t *testing.T, s access.Store) {
	var want []string
	update(t, s, func(tx access.Tx) error {
		want = nil
		for i := 99; i >= 0; i-- {
			id := fmt.Sprintf("id/%02d", i)
			want = append(want, id)
			if err := tx.Put(access.Grants, id, thing{}, "all"); err != nil {
				return err
			}
		}
		return nil
	})
	slices.Sort(want)
	if got := ids(t, s, access.Grants, "all", "", 0); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	for _, limit := range []int{1, 7, 100, 101} {
		var got []string
		for after := ""; ; after = got[len(got)-1] {
			page := ids(t, s, access.Grants, "all", after, limit)
			if len(page) > limit {
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
	if got := ids(t, s, access.Grants, "all", "id/97x", 0); !slices.Equal(got, []string{"id/98", "id/99"}) {
		t.Errorf("after an id that is not there: got %q", got)
	}
	if got := ids(t, s, access.Grants, "all", "id/99", 0); len(got) != 0 {
		t.Errorf("after the last: got %q", got)
	}
}

func indexWhole(t *testing.T, s access.Store) {
	update(t, s, func(tx access.Tx) error {
		return errors.Join(
			tx.Put(access.Grants, "1", thing{}, "subject/a", "subject/a", "open"),
			tx.Put(access.Grants, "2", thing{}, "subject/ab"),
			tx.Put(access.Grants, "3", thing{}, "subject/a/b", "subject"),
			tx.Put(access.Grants, "a/b:c\x00d", thing{}, "odd"),
			tx.Put(access.Grants, "\xff", thing{}, "odd"),
			tx.Put(access.Grants, "é", thing{}, "odd"),
		)
	})
	for index, want := range map[string][]string{
		"subject/a": {"1"}, "subject/ab": {"2"}, "subject/a/b": {"3"}, "subject": {"3"}, "open": {"1"}, "ope": nil,
		"odd": {"a/b:c\x00d", "é", "\xff"},
	} {
		if got := ids(t, s, access.Grants, index, "", 0); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", index, got, want)
		}
	}
}

func indexReplaced(t *testing.T, s access.Store) {
	all := []string{"a", "b", "c", "d"}
	check := func(stage string, want ...string) {
		t.Helper()
		for _, x := range all {
			got := ids(t, s, access.Requests, x, "", 0)
			if listed := slices.Equal(got, []string{"1", "2"}); listed != slices.Contains(want, x) || !listed && !slices.Equal(got, []string{"2"}) {
				t.Errorf("%s: index %s lists %q", stage, x, got)
			}
		}
	}
	update(t, s, putThing("2", "bystander", all...))
	update(t, s, putThing("1", "x", "a", "b"))
	check("after put", "a", "b")
	update(t, s, putThing("1", "x", "c", "b"))
	check("after overwriting", "b", "c")
	update(t, s, func(tx access.Tx) error {
		return errors.Join(putThing("1", "x")(tx), putThing("1", "x", "d")(tx))
	})
	check("after two in one update", "d")
	update(t, s, putThing("1", "x"))
	check("after overwriting without entries")
}
