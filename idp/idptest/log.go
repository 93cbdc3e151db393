package idptest

import (
	"bytes"
	"sync"
)

// Log keeps what a provider logs, for World.Logs. It may be written and read at once.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write appends a part.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String is all that was written.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
