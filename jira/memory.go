package jira

import (
	"sync"
	"time"

	"usher/access"
)

// memory is what this process knows about its own tries. It only saves waiting and doubling: without it, after a
// restart, the tracker takes every earlier try for one that may have been done.
type memory struct {
	mu      sync.Mutex
	creates map[access.RequestID]try
	written map[access.RequestID]try
	places  map[string]stand
}

// stand is where an issue, by its key, was left by this process. People may have moved it since.
type stand struct {
	place
	fresh bool // Just created, and not looked at yet; where that is may be unknown.
}

// try is one remembered try.
type try struct {
	at    time.Time // When it was last known to be under way.
	doubt bool      // Of creates: it may have been done.
	issue created   // Of creates: it was done, though what was to follow was not.
	seq   int       // Of comments: the last event that stands on the issue.
}

const (
	maxMemory    = 10_000
	memoryLength = 24 * time.Hour
)

func newMemory() *memory {
	return &memory{creates: map[access.RequestID]try{}, written: map[access.RequestID]try{}, places: map[string]stand{}}
}

// created notes how a create went.
func (m *memory) created(id access.RequestID, now time.Time, doubt bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	prune(m.creates, now)
	m.creates[id] = try{at: now, doubt: doubt}
}

// doubted returns when a create that may have been done was last under way, and false if it is known that none was.
//
// Nothing remembered means that an earlier process made the try, or that too much has happened since. All that is sure
// then is that it began before now, so now is taken: the time at which the request was made would be wrong, since the
// try may have come long after it.
func (m *memory) doubted(id access.RequestID, now time.Time) (time.Time, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.creates[id]
	if !ok || t.at.After(now) { // Unknown, or the clock went back.
		t = try{at: now, doubt: true}
		prune(m.creates, now)
		m.creates[id] = t
	}
	return t.at, t.doubt
}

// opened notes an issue that was created.
func (m *memory) opened(id access.RequestID, now time.Time, c created) {
	m.mu.Lock()
	defer m.mu.Unlock()
	prune(m.creates, now)
	m.creates[id] = try{at: now, issue: c}
}

// known returns the issue that this process created, if any, and whether it has lost track of a create.
func (m *memory) known(id access.RequestID) (c created, lost bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.creates[id].issue, m.creates[id].doubt
}

// forget drops what is known about creates of a request that has its issue.
func (m *memory) forget(id access.RequestID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.creates, id)
}

// wrote notes that the events up to seq stand on the issue.
func (m *memory) wrote(id access.RequestID, seq int, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	prune(m.written, now)
	if m.written[id].seq < seq {
		m.written[id] = try{at: now, seq: seq}
	}
}

// writtenTo returns the last event known to stand on the issue; 0 = unknown.
func (m *memory) writtenTo(id access.RequestID) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.written[id].seq
}

// left notes where an issue was left.
func (m *memory) left(key string, p place, fresh bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.places) >= maxMemory {
		clear(m.places) // It costs one look-up per issue.
	}
	m.places[key] = stand{place: p, fresh: fresh}
}

// stands returns where an issue was left, the zero place if that is not known.
func (m *memory) stands(key string) stand {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.places[key]
}

// lost forgets where an issue was left.
func (m *memory) lost(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.places, key)
}

// prune bounds a map: what is old goes first, and if that is not enough everything does, which costs only look-ups.
func prune(tries map[access.RequestID]try, now time.Time) {
	if len(tries) < maxMemory {
		return
	}
	for id, t := range tries {
		if now.Sub(t.at) > memoryLength {
			delete(tries, id)
		}
	}
	if len(tries) >= maxMemory {
		clear(tries)
	}
}
