package sandbox

import (
	"sync"
	"time"
)

// Clock is wall time plus what it was moved by. It is safe for concurrent use.
type Clock struct {
	mu     sync.Mutex
	offset time.Duration
	moved  []func()
}

// Now is the sandbox's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

// Advance moves the clock by d and tells everybody who asked to know.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	c.offset += d
	moved := append([]func(){}, c.moved...)
	c.mu.Unlock()
	for _, f := range moved {
		f()
	}
}

// Offset is by how much the clock was moved so far.
func (c *Clock) Offset() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset
}

// OnMove registers f to be called, outside any lock, after each move.
func (c *Clock) OnMove(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved = append(c.moved, f)
}
