package bot

import (
	"container/list"
	"crypto/sha256"
	"slices"
	"sync"
	"time"
)

const (
	// seenFor is how long a delivery is remembered: Slack may repeat events for a day.
	seenFor = 24 * time.Hour
	// seenMax bounds their number: more than Slack sends in three hours at its limit of 30,000 an hour, and some 30 MB.
	seenMax = 100_000
	// answersMax bounds the answers that are kept for repetitions; one can be as large as a view. A repetition of an older
	// one is acknowledged without it.
	answersMax = 256
)

// seen remembers deliveries, so that what comes twice is done once and answered the same both times.
type seen struct {
	now func() time.Time

	mu      sync.Mutex
	order   *list.List // Oldest first; holds *sighting and nothing else.
	byKey   map[seenKey]*list.Element
	answers []*reply // Oldest first.
}

// seenKey is the hash of what makes two deliveries the same: keys of strangers may be long.
type seenKey [16]byte

func keyOf(s string) seenKey {
	h := sha256.Sum256([]byte(s))
	return seenKey(h[:16])
}

// sighting is one delivery with everything that it may be known again by.
type sighting struct {
	keys  []seenKey
	at    time.Time
	reply *reply
}

func newSeen(now func() time.Time) *seen {
	return &seen{now: now, order: list.New(), byKey: map[seenKey]*list.Element{}}
}

// first remembers the keys of one delivery. If any of them was met before, nothing is remembered, and the answer to that
// delivery comes back.
func (s *seen) first(r *reply, keys ...string) (*reply, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for e := s.order.Front(); e != nil; e = s.order.Front() {
		if old := e.Value.(*sighting); s.order.Len() < seenMax && now.Sub(old.at) < seenFor {
			break
		}
		s.drop(e)
	}
	hashed := make([]seenKey, len(keys))
	for i, k := range keys {
		hashed[i] = keyOf(k)
		if e, ok := s.byKey[hashed[i]]; ok {
			return e.Value.(*sighting).reply, false
		}
	}
	e := s.order.PushBack(&sighting{hashed, now, r})
	for _, k := range hashed {
		s.byKey[k] = e
	}
	return r, true
}

// forget takes a delivery back that could not be taken on or worked on, so that its repetition counts as the first.
func (s *seen) forget(keys ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range keys {
		if e, ok := s.byKey[keyOf(k)]; ok {
			s.drop(e)
		}
	}
}

func (s *seen) drop(e *list.Element) {
	s.order.Remove(e)
	for _, k := range e.Value.(*sighting).keys {
		delete(s.byKey, k)
	}
}

func (s *seen) knows(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.byKey[keyOf(key)]
	return ok
}

// keep holds the answers of the newest deliveries that had one.
func (s *seen) keep(r *reply) {
	if r.empty() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.answers) == answersMax {
		s.answers[0].forget()
		s.answers = slices.Delete(s.answers, 0, 1)
	}
	s.answers = append(s.answers, r)
}
