package store

import (
	"bytes"
	"fmt"

	"go.etcd.io/bbolt"

	"usher/access"
)

// eventKey is the request and the number.
func eventKey(id access.RequestID, seq int) ([]byte, error) {
	key, err := keyOf(string(id), "-")
	if err != nil {
		return nil, err
	}
	return append(key[:len(key)-1], number(int64(seq))...), nil
}

// Append implements access.Tx.
func (t *tx) Append(e access.Event) error {
	b, err := t.writing(bucketEvents)
	if err != nil {
		return err
	}
	key, err := eventKey(e.Request, e.Seq)
	if err != nil {
		return err
	}
	if err := t.expect(b, key, e); err != nil {
		return err
	}
	e.At = e.At.UTC()
	raw, err := encode(e)
	if err != nil {
		return err
	}
	if _, err := t.set(b, key, raw); err != nil {
		return fmt.Errorf("append event: %w", err)
	}
	t.deltas[countEvents]++
	return nil
}

// expect refuses an event that is not the next one, and unseals its request if it is.
func (t *tx) expect(b *bbolt.Bucket, key []byte, e access.Event) error {
	refused := func() error {
		return fmt.Errorf("append event: number %d is not the next one of request %s", e.Seq, e.Request)
	}
	previous, err := eventKey(e.Request, e.Seq-1)
	switch {
	case err != nil:
		return err
	case e.Seq < 1 || b.Get(key) != nil:
		return refused()
	case b.Get(previous) != nil:
		return nil
	}
	p, err := t.sealed(e.Request)
	if err != nil {
		return err
	}
	n := 0
	if p != nil {
		n = len(p.events)
	}
	if e.Seq != n+1 {
		return refused()
	}
	if p == nil {
		return nil
	}
	return t.unseal(e.Request, p)
}

// chain ranges over the loose events of one request at or above the key of one of them.
func chain(b *bbolt.Bucket, from []byte) func(yield func(key, raw []byte) bool) {
	return func(yield func(key, raw []byte) bool) {
		for key, raw := range scan(b, from) {
			if len(key) != len(from) || !bytes.HasPrefix(key, from[:len(from)-8]) || !yield(key, raw) {
				return
			}
		}
	}
}

// Events implements access.Tx.
func (t *tx) Events(id access.RequestID, last int) ([]access.Event, error) {
	b, err := t.reading(bucketEvents)
	if err != nil {
		return nil, err
	}
	from, err := eventKey(id, max(last, 0)+1)
	if err != nil {
		return nil, err
	}
	var list []access.Event
	add := func(raw []byte) error {
		var e access.Event
		if err := decode(raw, &e); err != nil {
			return fmt.Errorf("event of request %s: %w", id, err)
		}
		list = append(list, e)
		return nil
	}
	for _, raw := range chain(b, from) {
		if err := add(raw); err != nil {
			return nil, err
		}
	}
	if len(list) > 0 {
		return list, nil
	}
	p, err := t.sealed(id)
	if err != nil || p == nil {
		return nil, err
	}
	for _, raw := range p.events[min(max(last, 0), len(p.events)):] {
		if err := add(raw); err != nil {
			return nil, err
		}
	}
	return list, nil
}
