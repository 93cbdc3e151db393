package store

import (
	"bytes"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"usher/access"
)

var (
	// errParcel says that a parcel cannot be what was sealed.
	errParcel = errors.New("damaged parcel")
	// errDamagedEvent says that an event cannot be sealed.
	errDamagedEvent = errors.New("damaged event")
)

// A request is either loose or sealed, never both. While it is loose, its record, its grant and each of its events stand
// for themselves. Seal moves them into one parcel; the first write that changes anything of it moves them back. Index
// entries stay where they are, for what is sealed is still listed.

// sealable are the kinds of the records that go into a parcel, in their order. Changing it needs a new format.
func sealable() []access.Kind { return []access.Kind{access.Requests, access.Grants} }

// Seal implements access.Tx.
func (t *tx) Seal(id access.RequestID) error {
	b, err := t.writing(bucketSealed)
	if err != nil {
		return err
	}
	key, err := keyOf(string(id))
	if err != nil {
		return err
	}
	if b.Get(key) != nil {
		return nil
	}
	p, loose, err := t.gather(id)
	if err != nil || len(loose) == 0 {
		return err
	}
	raw, err := t.press.pack(id, p)
	if errors.Is(err, errDamagedEvent) {
		return nil // It stays as it is, for whoever wants to look into it.
	}
	if err != nil {
		return fmt.Errorf("seal %s: %w", id, err)
	}
	if _, err := t.set(b, key, raw); err != nil {
		return fmt.Errorf("seal %s: %w", id, err)
	}
	for _, c := range loose {
		if _, err := t.set(c.bucket, c.key, nil); err != nil {
			return fmt.Errorf("seal %s: %w", id, err)
		}
	}
	t.deltas[countSealed]++
	return nil
}

// gather reads what is loose of a request, and where it is; nothing if its events are not complete.
func (t *tx) gather(id access.RequestID) (parcel, []change, error) {
	var p parcel
	var loose []change
	records, err := t.writing(bucketRecords)
	if err != nil {
		return p, nil, err
	}
	for i, kind := range sealable() {
		key, err := keyOf(string(kind), string(id))
		if err != nil {
			return p, nil, err
		}
		if raw := records.Get(key); raw != nil {
			p.records[i] = raw
			loose = append(loose, change{bucket: records, key: key})
		}
	}
	events, err := t.writing(bucketEvents)
	if err != nil {
		return p, nil, err
	}
	from, err := eventKey(id, 1)
	if err != nil {
		return p, nil, err
	}
	for key, raw := range chain(events, from) {
		if place, _ := eventKey(id, len(p.events)+1); !bytes.Equal(key, place) {
			return p, nil, nil // One is missing: nothing is moved.
		}
		p.events = append(p.events, raw)
		loose = append(loose, change{bucket: events, key: bytes.Clone(key)})
	}
	return p, loose, nil
}

// unseal moves what is in a parcel back to where it came from.
func (t *tx) unseal(id access.RequestID, p *parcel) error {
	sealed, err := t.writing(bucketSealed)
	if err != nil {
		return err
	}
	records, err := t.writing(bucketRecords)
	if err != nil {
		return err
	}
	events, err := t.writing(bucketEvents)
	if err != nil {
		return err
	}
	put := func(b *bbolt.Bucket, key []byte, err error, value []byte) error {
		if err == nil {
			_, err = t.set(b, key, value)
		}
		if err != nil {
			return fmt.Errorf("unseal %s: %w", id, err)
		}
		return nil
	}
	if err := put(sealed, []byte(id), nil, nil); err != nil {
		return err
	}
	for i, kind := range sealable() {
		if p.records[i] == nil {
			continue
		}
		key, err := keyOf(string(kind), string(id))
		if err := put(records, key, err, p.records[i]); err != nil {
			return err
		}
	}
	for i, raw := range p.events {
		key, err := eventKey(id, i+1)
		if err := put(events, key, err, raw); err != nil {
			return err
		}
	}
	t.deltas[countSealed]--
	t.opened = nil
	return nil
}

// sealed returns the parcel of a request; nil if it is not sealed. What is opened last is kept, for a request is mostly
// read together with its grant.
func (t *tx) sealed(id access.RequestID) (*parcel, error) {
	b, err := t.reading(bucketSealed)
	if err != nil {
		return nil, err
	}
	raw := b.Get([]byte(id))
	if raw == nil {
		return nil, nil //nolint:nilnil // Not being sealed is no error.
	}
	if t.opened != nil && t.openedID == id {
		return t.opened, nil
	}
	p, err := t.press.unpack(id, raw)
	if err != nil {
		return nil, fmt.Errorf("sealed request %s: %w", id, err)
	}
	t.opened, t.openedID = &p, id
	return &p, nil
}

// sealedRecord returns a record that is sealed, nil if there is none.
func (t *tx) sealedRecord(kind access.Kind, id string) ([]byte, *parcel, error) {
	for i, k := range sealable() {
		if k != kind {
			continue
		}
		p, err := t.sealed(access.RequestID(id))
		if err != nil || p == nil {
			return nil, nil, err
		}
		return p.records[i], p, nil
	}
	return nil, nil, nil
}

// Unsealed implements access.Tx.
func (t *tx) Unsealed(last access.RequestID, limit int) ([]access.RequestID, error) {
	b, err := t.reading(bucketRecords)
	if err != nil {
		return nil, err
	}
	prefix := []byte(string(access.Requests) + sep)
	from := prefix
	if last != "" {
		from = after(append(bytes.Clone(prefix), last...))
	}
	var ids []access.RequestID
	for key := range scan(b, from) {
		if !bytes.HasPrefix(key, prefix) || limit > 0 && len(ids) == limit {
			break
		}
		ids = append(ids, access.RequestID(key[len(prefix):]))
	}
	return ids, nil
}

// sealed verifies every parcel: that it can be opened, that its checksum fits, that its records are listed and nothing of
// it is loose besides.
func (c *checker) sealed() error {
	b, err := c.tx.reading(bucketRecords)
	if err != nil {
		return err
	}
	events, err := c.tx.reading(bucketEvents)
	if err != nil {
		return err
	}
	return c.each(bucketSealed, func(k, v []byte) {
		c.counts[countSealed]++
		id := access.RequestID(k)
		p, err := c.tx.press.unpack(id, v)
		if err != nil {
			c.find("sealed %q: %w", k, err)
			return
		}
		for i, kind := range sealable() {
			key := []byte(string(kind) + sep + string(id))
			if b.Get(key) != nil {
				c.find("record %q is both sealed and loose", key)
			} else if p.records[i] != nil {
				c.record(key, p.records[i])
			}
		}
		c.counts[countEvents] += len(p.events)
		first, err := eventKey(id, 1)
		if err != nil || events.Get(first) != nil {
			c.find("the events of request %q are both sealed and loose", k)
		}
		c.sealedEvents(id, p)
	})
}

// sealedEvents verifies the numbers of the events. What else they say is proven by the checksum.
func (c *checker) sealedEvents(id access.RequestID, p parcel) {
	for i, raw := range p.events {
		if head, err := eventHead(id, i+1); err != nil || !bytes.HasPrefix(raw, head) {
			c.find("sealed event %d of request %q says that it is another", i+1, id)
			return
		}
	}
	if len(p.events) == 0 {
		return
	}
	var e access.Event
	if err := decode(p.events[len(p.events)-1], &e); err != nil {
		c.find("sealed event %d of request %q: %w", len(p.events), id, err)
	}
	if e.At.After(c.newest) {
		c.newest = e.At
	}
}
