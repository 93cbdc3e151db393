package jira

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// cacheLength is how long something that only an admin changes is believed.
const cacheLength = 15 * time.Minute

// cache holds what Jira was asked about itself.
type cache struct {
	mu          sync.Mutex
	me          string
	fields      []metaField
	fieldsUntil time.Time
	moves       map[step][]move
	movesUntil  map[step]time.Time
	bare        map[string]time.Time // Transitions, by id, that take nothing along, until when to believe it.
}

// step is where an issue stands in its workflow.
type step struct{ issueType, status string }

func newCache() *cache {
	return &cache{moves: map[step][]move{}, movesUntil: map[step]time.Time{}, bare: map[string]time.Time{}}
}

// me returns the account id of the bot itself.
func (t *Tracker) me(ctx context.Context) (string, error) {
	t.cache.mu.Lock()
	id := t.cache.me
	t.cache.mu.Unlock()
	if id != "" {
		return id, nil
	}
	var self struct {
		AccountID string `json:"accountId"`
	}
	if _, err := t.call(ctx, query{op: "read own account", method: http.MethodGet, path: "myself"}, &self); err != nil {
		return "", err
	}
	t.cache.mu.Lock()
	defer t.cache.mu.Unlock()
	t.cache.me = self.AccountID
	return self.AccountID, nil
}
