package storetest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"usher/access"
)

// The model's world is small, so that steps meet.

func kinds() []access.Kind { return []access.Kind{access.Requests, access.Grants} }
func indexes() []string    { return []string{"open", "ope", "subject/u"} }

func allIDs() []string {
	var ids []string
	for i := range 5 {
		for _, id := range []string{"a", "ab", "b"} {
			ids = append(ids, fmt.Sprintf("owner%d", i)+id)
		}
	}
	return ids
}

// model is a store told plainly: maps, and sorting when somebody asks.
type model struct {
	values  map[string]int
	index   map[string][]string // Entries by kind and id.
	events  map[access.RequestID][]access.Event
	effects map[string]access.Effect
	timers  map[string]access.Timer
	sealed  map[string]bool
}

func newModel() *model {
	return &model{
		values: map[string]int{}, index: map[string][]string{}, events: map[access.RequestID][]access.Event{},
		effects: map[string]access.Effect{}, timers: map[string]access.Timer{},
		sealed: map[string]bool{},
	}
}

func (m *model) clone() *model {
	c := &model{
		values: maps.Clone(m.values), index: maps.Clone(m.index), events: maps.Clone(m.events),
		effects: maps.Clone(m.effects), timers: maps.Clone(m.timers),
		sealed: maps.Clone(m.sealed),
	}
	for id, list := range c.events {
		c.events[id] = slices.Clone(list)
	}
	return c
}

func (m *model) observe() observed {
	o := newObserved()
	maps.Copy(o.Values, m.values)
	for _, k := range kinds() {
		for _, x := range indexes() {
			for _, id := range slices.Sorted(slices.Values(allIDs())) {
				if slices.Contains(m.index[string(k)+"/"+id], x) {
					o.Index[string(k)+"/"+x] = append(o.Index[string(k)+"/"+x], id)
				}
			}
		}
	}
	maps.Copy(o.Events, m.events)
	for _, id := range slices.Sorted(slices.Values(allIDs())) {
		if _, ok := m.values[string(access.Requests)+"/"+id]; ok && !m.sealed[id] {
			o.Unsealed = append(o.Unsealed, access.RequestID(id))
		}
	}
	o.Effects = slices.SortedFunc(maps.Values(m.effects), func(a, b access.Effect) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(b.Rank, a.Rank), a.Due.Compare(b.Due), cmp.Compare(a.ID, b.ID))
	})
	o.Timers = slices.SortedFunc(maps.Values(m.timers), func(a, b access.Timer) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
	})
	return o
}

// drawOp draws one write on an id that belongs to owner.
func drawOp(t *rapid.T, owner string) op {
	id := owner + rapid.SampledFrom([]string{"a", "ab", "b"}).Draw(t, "id")
	at := noon().Add(time.Duration(rapid.IntRange(-3, 3).Draw(t, "at")))
	n := rapid.IntRange(0, 3).Draw(t, "n")
	switch rapid.SampledFrom([]string{"put", "put", "append", "put effect", "drop effect", "set timer", "clear timer", "seal", "seal"}).Draw(t, "op") {
	case "put":
		return drawPut(t, id, n)
	case "append":
		return drawAppend(t, id, at)
	case "seal":
		return op{
			"seal " + id, func(tx access.Tx) error { return tx.Seal(access.RequestID(id)) },
			func(m *model) bool { m.sealed[id] = true; return true },
		}
	case "put effect":
		e := access.Effect{
			ID: id, Priority: access.Priority(rapid.IntRange(-1, 1).Draw(t, "priority")), Rank: rapid.IntRange(-1, 1).Draw(t, "rank"),
			Due: at, Rev: n, Attempts: n / 2,
		}
		return op{
			fmt.Sprintf("put effect %+v", e), func(tx access.Tx) error { return tx.PutEffect(e) },
			func(m *model) bool { m.effects[id] = e; return true },
		}
	case "drop effect":
		return op{
			"drop effect " + id, func(tx access.Tx) error { return tx.DropEffect(id) },
			func(m *model) bool { delete(m.effects, id); return true },
		}
	case "set timer":
		w := access.Timer{ID: id, At: at, Kind: access.TimerDue}
		return op{
			fmt.Sprintf("set timer %+v", w), func(tx access.Tx) error { return tx.SetTimer(w) },
			func(m *model) bool { m.timers[id] = w; return true },
		}
	}
	return op{
		"clear timer " + id, func(tx access.Tx) error { return tx.ClearTimer(id) },
		func(m *model) bool { delete(m.timers, id); return true },
	}
}

func drawPut(t *rapid.T, id string, n int) op {
	kind := rapid.SampledFrom(kinds()).Draw(t, "kind")
	index := rapid.SliceOfN(rapid.SampledFrom(indexes()), 0, 3).Draw(t, "index")
	index = slices.Compact(slices.Sorted(slices.Values(index)))
	key := string(kind) + "/" + id
	return op{
		fmt.Sprintf("put %s %d %q", key, n, index), func(tx access.Tx) error { return tx.Put(kind, id, n, index...) },
		func(m *model) bool {
			if old, ok := m.values[key]; !ok || old != n || !slices.Equal(m.index[key], index) {
				m.sealed[id] = false
			}
			m.values[key], m.index[key] = n, index
			return true
		},
	}
}

// drawAppend draws an event that is the next one, unless it is drawn to be out of turn.
func drawAppend(t *rapid.T, id string, at time.Time) op {
	wrong := rapid.SampledFrom([]int{0, 0, 0, 0, 0, -1, 1}).Draw(t, "wrong")
	e := access.Event{Request: access.RequestID(id), At: at, Text: "text"}
	return op{
		fmt.Sprintf("append to %s, %d beside the next", id, wrong),
		func(tx access.Tx) error {
			list, err := tx.Events(e.Request, 0)
			if err != nil {
				return err
			}
			e := e
			e.Seq = len(list) + 1 + wrong
			return tx.Append(e)
		},
		func(m *model) bool {
			e := e
			e.Seq = len(m.events[e.Request]) + 1
			m.sealed[id] = false
			m.events[e.Request] = append(m.events[e.Request], e)
			return wrong == 0
		},
	}
}
