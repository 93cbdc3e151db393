package bot

import (
	"container/list"
	"sync"
	"time"
)

// seenFor is how long a delivery is remembered: Slack may repeat events for a day. seenMax bounds their number.
const (
	seenFor = 24 * time.Hour
	seenMax = 20000
)

// seen remembers deliveries, so that what comes twice is done once and answered the same both times.
type seen struct {
	now func() time.Time

	mu    sync.Mutex
	order *list.List // Oldest first; holds *sighting and nothing else.
	byKey map[string]*list.Element
}

type sighting struct {
	key   string
	at    time.Time
	reply *reply
}

func newSeen(now func() time.Time) *seen {
	return &seen{now: now, order: list.New(), byKey: map[string]*list.Element{}}
}

// first remembers the keys of one delivery. If any of them was met before, nothing is remembered and the answer to that
// delivery comes back.
func (s *seen) first(r *reply, keys ...string) (*reply, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for e := s.order.Front(); e != nil; e = s.order.Front() {
		if old := e.Value.(*sighting); s.order.Len() <= seenMax && now.Sub(old.at) < seenFor {
			break
		}
		s.drop(e)
	}
	for _, k := range keys {
		if e, ok := s.byKey[k]; ok {
			return e.Value.(*sighting).reply, false
		}
	}
	for _, k := range keys {
		if k != "" {
			s.byKey[k] = s.order.PushBack(&sighting{k, now, r})
		}
	}
	return r, true
}

// forget takes deliveries back that could not be taken on, so that their repetition counts as the first.
func (s *seen) forget(keys ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range keys {
		if e, ok := s.byKey[k]; ok {
			s.drop(e)
		}
	}
}

func (s *seen) drop(e *list.Element) {
	s.order.Remove(e)
	delete(s.byKey, e.Value.(*sighting).key)
}
