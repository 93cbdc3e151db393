package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"

	"usher/access"
)

// Memory returns an empty store that lives in memory. It keeps the whole contract of access.Store but durability: each
// transaction sees a snapshot, values are deep copies, a function that fails or panics leaves nothing behind. Views
// never wait; updates wait for each other.
func Memory() access.Store {
	m := &memory{writer: make(chan struct{}, 1)}
	m.state.Store(&state{})
	return m
}

type memory struct {
	writer chan struct{} // Holds an element while an update runs.
	state  atomic.Pointer[state]
}

// state is one version of everything, with the parts of its keys. The trees are never altered, so that a copy of the struct is a snapshot.
type state struct {
	records *tree // kind, id
	index   *tree // kind, index, id
	events  *tree // request, number
	effects *tree // id
	timers  *tree // id
	due     *tree // time, id
	sealed  *tree // request
}

// View runs f on the present version.
func (m *memory) View(ctx context.Context, f func(access.Tx) error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("view: %w", context.Cause(ctx))
	}
	tx := &tx{state: *m.state.Load(), readOnly: true}
	defer tx.over.Store(true)
	return f(tx)
}

// Update runs f on a copy of the present version and puts it in force if f returns nil.
func (m *memory) Update(ctx context.Context, f func(access.Tx) error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("update: %w", context.Cause(ctx))
	}
	select {
	case m.writer <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("update: %w", context.Cause(ctx))
	}
	defer func() { <-m.writer }()
	tx := &tx{state: *m.state.Load()}
	defer tx.over.Store(true)
	if err := guarded(f, tx); err != nil {
		return err
	}
	next := tx.state
	m.state.Store(&next)
	return nil
}

// guarded turns a panic of f into an error, as a store that runs f elsewhere must.
func guarded(f func(access.Tx) error, tx access.Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in update: %v\n%s", p, debug.Stack())
		}
	}()
	return f(tx)
}

var (
	errOver     = errors.New("transaction is over")
	errReadOnly = errors.New("transaction is read-only")
)

// tx is one transaction.
type tx struct {
	state
	readOnly bool
	over     atomic.Bool
}

func (t *tx) reading() error {
	if t.over.Load() {
		return errOver
	}
	return nil
}

func (t *tx) writing() error {
	if t.readOnly && !t.over.Load() {
		return errReadOnly
	}
	return t.reading()
}

func encode(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return b, nil
}

func decode[T any](b []byte) (T, error) {
	var v T
	if err := json.Unmarshal(b, &v); err != nil {
		return v, fmt.Errorf("decode: %w", err)
	}
	return v, nil
}
