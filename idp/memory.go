package idp

import (
	"context"
	"sync"
	"time"
)

const (
	// GovernableFor is how long the judgement that a group may be governed is trusted. What it rests on changes by an admin's
	// hand only, and without it every addition would cost more calls. Group judges afresh.
	GovernableFor = 24 * time.Hour
	// RefusedFor is the same for a refusal, since somebody may be busy mending it.
	RefusedFor = 10 * time.Minute
)

// TrustedFor is how long a group's refusal, or the lack of one, is trusted.
func TrustedFor(refusal string) time.Duration {
	if refusal != "" {
		return RefusedFor
	}
	return GovernableFor
}

// Memory remembers what was found out at a vendor for as long as that may be trusted, so that it costs no call each time. It is
// safe for concurrent use.
type Memory[K comparable, V any] struct {
	now   func() time.Time
	lasts func(V) time.Duration

	mu    sync.Mutex
	known map[K]remembered[V]
	turns map[K]chan struct{} // One at a time finds out about a thing.
}

type remembered[V any] struct {
	value V
	at    time.Time
}

// NewMemory makes an empty memory that goes by the given clock. What it remembers is trusted for as long as lasts says.
func NewMemory[K comparable, V any](now func() time.Time, lasts func(V) time.Duration) *Memory[K, V] {
	return &Memory[K, V]{now: now, lasts: lasts, known: map[K]remembered[V]{}, turns: map[K]chan struct{}{}}
}

// Recall returns what is remembered of a thing and still trusted. A clock that went back ends the trust.
func (m *Memory[K, V]) Recall(key K) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, found := m.known[key]
	age := m.now().Sub(r.at)
	return r.value, found && age >= 0 && age < m.lasts(r.value)
}

// Keep remembers what was found out.
func (m *Memory[K, V]) Keep(key K, value V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known[key] = remembered[V]{value, m.now()}
}

// Forget drops what is remembered of a thing.
func (m *Memory[K, V]) Forget(key K) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.known, key)
}

// Learn returns what is remembered, or has find find it out, once for all who ask at the same time, and remembers it. When find
// fails the next who waits tries. If ctx ends while another finds out, the error is of kind Unavailable for op.
func (m *Memory[K, V]) Learn(ctx context.Context, op string, key K, find func() (V, error)) (value V, err error) {
	if v, known := m.Recall(key); known {
		return v, nil
	}
	turn := m.turn(key)
	select {
	case turn <- struct{}{}:
		defer func() { <-turn }()
	case <-ctx.Done():
		return value, &Error{Kind: Unavailable, Op: op, Err: ctx.Err()}
	}
	if v, known := m.Recall(key); known {
		return v, nil
	}
	if value, err = find(); err == nil {
		m.Keep(key, value)
	}
	return value, err
}

func (m *Memory[K, V]) turn(key K) chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.turns[key]
	if c == nil {
		c = make(chan struct{}, 1)
		m.turns[key] = c
	}
	return c
}
