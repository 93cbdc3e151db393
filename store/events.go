package store

import (
	"bytes"
	"fmt"

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
	previous, err := eventKey(e.Request, e.Seq-1)
	if err != nil {
		return err
	}
	first := e.Seq == 1
	if e.Seq < 1 || b.Get(key) != nil || !first && b.Get(previous) == nil {
		return fmt.Errorf("append event: number %d is not the next one of request %s", e.Seq, e.Request)
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
	prefix := from[:len(from)-8]
	var list []access.Event
	for key, raw := range scan(b, from) {
		if !bytes.HasPrefix(key, prefix) || len(key) != len(from) {
			break
		}
		var e access.Event
		if err := decode(raw, &e); err != nil {
			return nil, fmt.Errorf("event of request %s: %w", id, err)
		}
		list = append(list, e)
	}
	return list, nil
}
