package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	"usher/access"
)

// An envelope is a record as it is stored: the length of the list of index entries (uvarint), the list (joined by NUL,
// sorted), the value in JSON.

func wrap(index []string, value []byte) []byte {
	list := strings.Join(index, sep)
	b := binary.AppendUvarint(nil, uint64(len(list)))
	return append(append(b, list...), value...)
}

func unwrap(b []byte) (index []string, value []byte, err error) {
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) { //nolint:gosec // n is at most len(b).
		return nil, nil, errors.New("decode: damaged envelope")
	}
	list, value := b[n:n+int(size)], b[n+int(size):] //nolint:gosec // Checked above.
	if len(list) > 0 {
		index = strings.Split(string(list), sep)
	}
	return index, value, nil
}

// Get implements access.Tx. The value is cleared first, so that nothing of an earlier run shines through.
func (t *tx) Get(kind access.Kind, id string, value any) error {
	b, err := t.reading(bucketRecords)
	if err != nil {
		return err
	}
	key, err := keyOf(string(kind), id)
	if err != nil {
		return err
	}
	raw := b.Get(key)
	if raw == nil {
		if raw, _, err = t.sealedRecord(kind, id); err != nil {
			return err
		}
	}
	if raw == nil {
		return access.ErrNotFound
	}
	_, raw, err = unwrap(raw)
	if err != nil {
		return err
	}
	v := reflect.ValueOf(value)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return errors.New("decode: the value must be a pointer")
	}
	v.Elem().SetZero()
	return decode(raw, value)
}

// Put implements access.Tx.
func (t *tx) Put(kind access.Kind, id string, value any, index ...string) error {
	b, err := t.writing(bucketRecords)
	if err != nil {
		return err
	}
	key, err := keyOf(string(kind), id)
	if err != nil {
		return err
	}
	raw, err := encode(value)
	if err != nil {
		return err
	}
	index = slices.Compact(slices.Sorted(slices.Values(index)))
	for _, x := range index { // Before anything is written.
		if _, err := keyOf(string(kind), x, id); err != nil {
			return err
		}
	}
	wrapped := wrap(index, raw)
	old, err := t.loose(b, kind, id, key, wrapped)
	if err != nil || bytes.Equal(old, wrapped) {
		return err
	}
	var before []string
	if old != nil {
		if before, _, err = unwrap(old); err != nil {
			return err
		}
	}
	if err := t.reindex(kind, id, before, index); err != nil {
		return err
	}
	was, err := t.set(b, key, wrapped)
	if err != nil {
		return fmt.Errorf("put %s %s: %w", kind, id, err)
	}
	if !was {
		t.deltas[countRecords+string(kind)]++
	}
	return nil
}

// loose returns the record that is to be replaced, nil if there is none. It unseals it unless nothing changes.
func (t *tx) loose(b *bbolt.Bucket, kind access.Kind, id string, key, by []byte) ([]byte, error) {
	if old := b.Get(key); old != nil {
		return old, nil
	}
	old, p, err := t.sealedRecord(kind, id)
	if err != nil || p == nil || bytes.Equal(old, by) {
		return old, err
	}
	return old, t.unseal(access.RequestID(id), p)
}

// reindex removes and adds the index entries that differ.
func (t *tx) reindex(kind access.Kind, id string, before, now []string) error {
	b, err := t.writing(bucketIndex)
	if err != nil {
		return err
	}
	move := func(from, than []string, value []byte) error {
		for _, x := range from {
			if slices.Contains(than, x) {
				continue
			}
			key, err := keyOf(string(kind), x, id)
			if err != nil {
				return err
			}
			if _, err := t.set(b, key, value); err != nil {
				return fmt.Errorf("index %s %s: %w", kind, id, err)
			}
		}
		return nil
	}
	if err := move(now, before, present()); err != nil {
		return err
	}
	return move(before, now, nil)
}

// IDs implements access.Tx.
func (t *tx) IDs(kind access.Kind, index, last string, limit int) ([]string, error) {
	b, err := t.reading(bucketIndex)
	if err != nil {
		return nil, err
	}
	prefix, err := keyOf(string(kind), index, "-")
	if err != nil {
		return nil, err
	}
	prefix = prefix[:len(prefix)-1]
	from := prefix
	if last != "" {
		from = after(append(bytes.Clone(prefix), last...))
	}
	var ids []string
	for key := range scan(b, from) {
		if !bytes.HasPrefix(key, prefix) || limit > 0 && len(ids) == limit {
			break
		}
		ids = append(ids, string(key[len(prefix):]))
	}
	return ids, nil
}

// scan ranges over the keys at or above from. The bucket must not be written meanwhile.
func scan(b *bbolt.Bucket, from []byte) func(yield func(key, value []byte) bool) {
	return func(yield func(key, value []byte) bool) {
		c := b.Cursor()
		for k, v := c.Seek(from); k != nil && yield(k, v); k, v = c.Next() {
		}
	}
}
