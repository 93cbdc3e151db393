package jira

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"usher/access"
)

const (
	// cacheLength is how long something that only an admin changes is believed. What Jira refuses because it has changed
	// is looked up again at once, so this may be long: a life costs one call per step then.
	cacheLength = 24 * time.Hour
	// bareLength is how long a transition that refused or dropped what it was to carry is not asked to carry anything.
	bareLength = time.Hour
	// nobodyLength is how long an address without an account is not looked up again; the account may just be hidden.
	nobodyLength = time.Hour
)

// cache holds what Jira was asked about itself.
type cache struct {
	mu          sync.Mutex
	me          string
	fields      []metaField
	fieldsUntil time.Time
	moves       map[step][]move
	movesUntil  map[step]time.Time
	bare        map[string]time.Time // Transitions, by id, that take nothing along, until when to believe it.
	proven      map[string]time.Time // Transitions, by id, whose comment arrived, until when to believe it.
	initial     place                // Where new issues stand.
	initialEnd  time.Time
	accounts    map[string]account // By address, in lower case.
}

// account is what Jira said about an address.
type account struct {
	id    access.AccountID // Empty = none can be seen.
	until time.Time
}

// account returns what Jira lately said about an address.
func (c *cache) account(email string, now time.Time) (access.AccountID, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, ok := c.accounts[strings.ToLower(email)]
	return a.id, ok && now.Before(a.until)
}

func (c *cache) setAccount(email string, id access.AccountID, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.accounts) >= maxMemory {
		clear(c.accounts)
	}
	length := cacheLength
	if id == "" {
		length = nobodyLength
	}
	c.accounts[strings.ToLower(email)] = account{id: id, until: now.Add(length)}
}

// step is where an issue stands in its workflow.
type step struct{ issueType, status string }

func newCache() *cache {
	return &cache{
		moves: map[step][]move{}, movesUntil: map[step]time.Time{}, bare: map[string]time.Time{}, proven: map[string]time.Time{},
		accounts: map[string]account{},
	}
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
	q := query{op: "read own account", method: http.MethodGet, path: "myself"}
	if _, err := t.call(ctx, q, &self); err != nil {
		return "", err
	}
	if self.AccountID == "" {
		return "", q.lost(errNotJira, true)
	}
	t.cache.mu.Lock()
	defer t.cache.mu.Unlock()
	t.cache.me = self.AccountID
	return self.AccountID, nil
}
