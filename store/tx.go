package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"

	"go.etcd.io/bbolt"

	"usher/access"
)

var (
	errOver     = errors.New("store: the transaction is over")
	errViewOnly = errors.New("store: a view cannot write")
)

// tx is what one function sees of a bbolt transaction. Several functions share one bbolt transaction; the log lets the
// changes of one be taken back without the others'.
type tx struct {
	b      *bbolt.Tx
	log    []change
	deltas map[string]int // Changes of the counts.
	over   atomic.Bool

	press    *press
	opened   *parcel // Of the request openedID.
	openedID access.RequestID
}

var _ access.Tx = (*tx)(nil)

// change is how one key was before.
type change struct {
	bucket *bbolt.Bucket
	key    []byte
	value  []byte // nil: it was not there.
}

func newTx(b *bbolt.Tx, p *press) *tx { return &tx{b: b, deltas: map[string]int{}, press: p} }

// reading returns the bucket for reads.
func (t *tx) reading(name string) (*bbolt.Bucket, error) {
	if t.over.Load() {
		return nil, errOver
	}
	b := t.b.Bucket([]byte(name))
	if b == nil {
		return nil, fmt.Errorf("store: bucket %s is missing", name)
	}
	return b, nil
}

// fullness is how much of a page stays in it when it is split. Ids ascend with time, so that most keys come at the end and
// bbolt's half would leave pages half empty for ever: 18 % more for each request.
const fullness = 0.8

// writing returns the bucket for writes.
func (t *tx) writing(name string) (*bbolt.Bucket, error) {
	b, err := t.reading(name)
	if err != nil {
		return nil, err
	}
	if !b.Writable() {
		return nil, errViewOnly
	}
	b.FillPercent = fullness
	return b, nil
}

// set writes key, or removes it if value is nil, and remembers how it was. It reports whether the key was there.
func (t *tx) set(b *bbolt.Bucket, key, value []byte) (bool, error) {
	old := b.Get(key)
	if value != nil && old != nil && bytes.Equal(old, value) || value == nil && old == nil {
		return old != nil, nil
	}
	c := change{bucket: b, key: bytes.Clone(key), value: bytes.Clone(old)}
	if err := write(b, key, value); err != nil {
		return old != nil, err
	}
	t.log = append(t.log, c)
	return old != nil, nil
}

func write(b *bbolt.Bucket, key, value []byte) error {
	if value == nil {
		return b.Delete(key)
	}
	return b.Put(key, value)
}

// undo takes back everything that the function wrote.
func (t *tx) undo() error {
	for i := len(t.log) - 1; i >= 0; i-- {
		c := t.log[i]
		if err := write(c.bucket, c.key, c.value); err != nil {
			return err
		}
	}
	t.log, t.deltas = nil, nil
	return nil
}

// present is the value of a key that says everything by being there.
func present() []byte { return []byte{1} }

func encode(v any) ([]byte, error) {
	if raw, ok := v.(json.RawMessage); ok {
		return raw, nil // Encoded by the caller, who keeps it.
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return b, nil
}

func decode(b []byte, v any) error {
	if raw, ok := v.(*json.RawMessage); ok {
		*raw = bytes.Clone(b) // The caller decodes it.
		return nil
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	return nil
}
