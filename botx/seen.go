package bot

import (
	"container/list"
	"sync"
	"time"
)

// seen remembers what was handled, so that a repeated delivery changes nothing. It is bounded in number and age.
type seen struct {
	mu    sync.Mutex
	limit int
	age   time.Duration
	order *list.List // Of sight, oldest first.
	keys  map[string]*list.Element
}

type sight struct {
	key string
	at  time.Time
}

func newSeen(limit int, age time.Duration) *seen {
	return &seen{limit: limit, age: age, order: list.New(), keys: map[string]*list.Element{}}
}

// first reports whether none of the keys was seen before, and remembers them. Empty keys do not count.
func (s *seen) first(now time.Time, keys ...string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for e := s.order.Front(); e != nil; e = s.order.Front() {
		old, _ := e.Value.(sight)
		if s.order.Len() <= s.limit && now.Sub(old.at) < s.age {
			break
		}
		s.order.Remove(e)
		delete(s.keys, old.key)
	}
	fresh := true
	for _, k := range keys {
		if k == "" {
			continue
		}
		if _, ok := s.keys[k]; ok {
			fresh = false
			continue
		}
		s.keys[k] = s.order.PushBack(sight{k, now})
	}
	return fresh
}
