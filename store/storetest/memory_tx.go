package storetest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"usher/access"
)

type record struct {
	Index []string        `json:"index,omitempty"`
	Value json.RawMessage `json:"value"`
}

const sep = "\x00"

// keyOf makes a key of parts; all but the last must be free of NUL and not empty.
func keyOf(parts ...string) (string, error) {
	for i, p := range parts {
		if p == "" || i < len(parts)-1 && strings.Contains(p, sep) {
			return "", fmt.Errorf("%q cannot be part of a key", p)
		}
	}
	return strings.Join(parts, sep), nil
}

func (t *tx) Get(kind access.Kind, id string, value any) error {
	if err := t.reading(); err != nil {
		return err
	}
	key, err := keyOf(string(kind), id)
	if err != nil {
		return err
	}
	b, ok := t.records.get(key)
	if !ok {
		return access.ErrNotFound
	}
	r, err := decode[record](b)
	if err != nil {
		return err
	}
	v := reflect.ValueOf(value)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return errors.New("decode: the value must be a pointer")
	}
	v.Elem().SetZero() // What an earlier run of the same function left must not shine through.
	if err := json.Unmarshal(r.Value, value); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	return nil
}

func (t *tx) Put(kind access.Kind, id string, value any, index ...string) error {
	if err := t.writing(); err != nil {
		return err
	}
	key, err := keyOf(string(kind), id)
	if err != nil {
		return err
	}
	for _, x := range index {
		if _, err := keyOf(string(kind), x, id); err != nil {
			return err
		}
	}
	b, err := encode(value)
	if err != nil {
		return err
	}
	b, err = encode(record{Index: slices.Compact(slices.Sorted(slices.Values(index))), Value: b})
	if err != nil {
		return err
	}
	old, ok := t.records.get(key)
	if ok && bytes.Equal(old, b) {
		return nil
	}
	if kind == access.Requests || kind == access.Grants {
		t.sealed = t.sealed.without(id)
	}
	if ok {
		r, err := decode[record](old)
		if err != nil {
			return err
		}
		for _, x := range r.Index {
			t.index = t.index.without(string(kind) + sep + x + sep + id)
		}
	}
	for _, x := range index {
		t.index = t.index.put(string(kind)+sep+x+sep+id, nil)
	}
	t.records = t.records.put(key, b)
	return nil
}

func (t *tx) IDs(kind access.Kind, index, after string, limit int) ([]string, error) {
	if err := t.reading(); err != nil {
		return nil, err
	}
	prefix, err := keyOf(string(kind), index, "-")
	if err != nil {
		return nil, err
	}
	prefix = strings.TrimSuffix(prefix, "-")
	var ids []string
	t.index.from(prefix+after, func(key string, _ []byte) bool {
		id, ok := strings.CutPrefix(key, prefix)
		if ok && id != after {
			ids = append(ids, id)
		}
		return ok && (limit <= 0 || len(ids) < limit)
	})
	return ids, nil
}

func eventKey(id access.RequestID, seq int) string { return fmt.Sprintf("%s\x00%019d", id, seq) }

func (t *tx) Append(e access.Event) error {
	if err := t.writing(); err != nil {
		return err
	}
	if _, err := keyOf(string(e.Request), "-"); err != nil {
		return err
	}
	_, before := t.events.get(eventKey(e.Request, e.Seq-1))
	_, taken := t.events.get(eventKey(e.Request, e.Seq))
	if e.Seq < 1 || taken || e.Seq > 1 && !before {
		return fmt.Errorf("event %d of request %s is not the next one", e.Seq, e.Request)
	}
	e.At = e.At.UTC()
	b, err := encode(e)
	if err != nil {
		return err
	}
	t.sealed = t.sealed.without(string(e.Request))
	t.events = t.events.put(eventKey(e.Request, e.Seq), b)
	return nil
}

func (t *tx) Events(id access.RequestID, after int) ([]access.Event, error) {
	if err := t.reading(); err != nil {
		return nil, err
	}
	var list []access.Event
	var failed error
	t.events.from(eventKey(id, max(after, 0)+1), func(key string, b []byte) bool {
		if !strings.HasPrefix(key, string(id)+sep) {
			return false
		}
		var e access.Event
		e, failed = decode[access.Event](b)
		list = append(list, e)
		return failed == nil
	})
	return list, failed
}

// Seal only remembers that it was called: memory is not short.
func (t *tx) Seal(id access.RequestID) error {
	if err := t.writing(); err != nil {
		return err
	}
	if _, err := keyOf(string(id), "-"); err != nil {
		return err
	}
	t.sealed = t.sealed.put(string(id), nil)
	return nil
}

func (t *tx) Unsealed(after access.RequestID, limit int) ([]access.RequestID, error) {
	if err := t.reading(); err != nil {
		return nil, err
	}
	prefix := string(access.Requests) + sep
	var ids []access.RequestID
	t.records.from(prefix+string(after), func(key string, _ []byte) bool {
		id, ok := strings.CutPrefix(key, prefix)
		if _, sealed := t.sealed.get(id); ok && !sealed && id != string(after) {
			ids = append(ids, access.RequestID(id))
		}
		return ok && (limit <= 0 || len(ids) < limit)
	})
	return ids, nil
}

func (t *tx) PutEffect(e access.Effect) error {
	if err := t.writing(); err != nil {
		return err
	}
	if e.ID == "" {
		return errors.New("an effect needs an id")
	}
	e.Due, e.NotBefore = e.Due.UTC(), e.NotBefore.UTC()
	b, err := encode(e)
	if err != nil {
		return err
	}
	t.effects = t.effects.put(e.ID, b)
	return nil
}

func (t *tx) Effect(id string) (access.Effect, error) {
	if err := t.reading(); err != nil {
		return access.Effect{}, err
	}
	b, ok := t.effects.get(id)
	if !ok {
		return access.Effect{}, access.ErrNotFound
	}
	return decode[access.Effect](b)
}

func (t *tx) DropEffect(id string) error {
	if err := t.writing(); err != nil {
		return err
	}
	t.effects = t.effects.without(id)
	return nil
}

func (t *tx) Effects() ([]access.Effect, error) {
	if err := t.reading(); err != nil {
		return nil, err
	}
	list, err := all[access.Effect](t.effects)
	slices.SortStableFunc(list, func(a, b access.Effect) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(b.Rank, a.Rank), a.Due.Compare(b.Due))
	})
	return list, err
}

// all decodes a whole tree in the order of its keys.
func all[T any](t *tree) ([]T, error) {
	var list []T
	var failed error
	t.from("", func(_ string, b []byte) bool {
		var v T
		v, failed = decode[T](b)
		list = append(list, v)
		return failed == nil
	})
	return list, failed
}

// dueKey sorts by time, then id.
func dueKey(at time.Time, id string) string {
	return fmt.Sprintf("%020d.%09d\x00%s", uint64(at.Unix())^(1<<63), at.Nanosecond(), id)
}

func (t *tx) SetTimer(w access.Timer) error {
	if err := t.writing(); err != nil {
		return err
	}
	if w.ID == "" {
		return errors.New("a timer needs an id")
	}
	w.At = w.At.UTC()
	b, err := encode(w)
	if err != nil {
		return err
	}
	if err := t.ClearTimer(w.ID); err != nil {
		return err
	}
	t.timers, t.due = t.timers.put(w.ID, b), t.due.put(dueKey(w.At, w.ID), b)
	return nil
}

func (t *tx) ClearTimer(id string) error {
	if err := t.writing(); err != nil {
		return err
	}
	b, ok := t.timers.get(id)
	if !ok {
		return nil
	}
	old, err := decode[access.Timer](b)
	t.timers, t.due = t.timers.without(id), t.due.without(dueKey(old.At, id))
	return err
}

func (t *tx) Due(now time.Time, limit int) ([]access.Timer, error) {
	if err := t.reading(); err != nil {
		return nil, err
	}
	if limit <= 0 {
		limit = math.MaxInt
	}
	var list []access.Timer
	var failed error
	t.due.from("", func(_ string, b []byte) bool {
		var w access.Timer
		w, failed = decode[access.Timer](b)
		if failed != nil || w.At.After(now) {
			return false
		}
		list = append(list, w)
		return len(list) < limit
	})
	return list, failed
}

func (t *tx) NextDue() (time.Time, bool, error) {
	if err := t.reading(); err != nil {
		return time.Time{}, false, err
	}
	var first access.Timer
	var failed error
	t.due.from("", func(_ string, b []byte) bool {
		first, failed = decode[access.Timer](b)
		return false
	})
	return first.At, t.due != nil && failed == nil, failed
}
