package webhook

import (
	"crypto/rand"
	"sync"
	"time"
)

// change is one change of one membership, as it is sent.
type change struct {
	Action string `json:"action"`
	Group  string `json:"group"`
	User   string `json:"user"`
}

const (
	actionAdd    = "add"
	actionRemove = "remove"
)

// keyLife is how long a change without an outcome keeps its key.
const keyLife = 24 * time.Hour

// keys gives every change an idempotency key, and the same one again while its outcome is unknown. It is safe for concurrent
// use.
type keys struct {
	now func() time.Time

	mu   sync.Mutex
	open map[pair]openKey
}

type pair struct{ group, user string }

type openKey struct {
	action, key string
	at          time.Time
}

func newKeys(now func() time.Time) *keys { return &keys{now: now, open: map[pair]openKey{}} }

// take returns the key of a change. The opposite change before it has no outcome of interest any more.
func (k *keys) take(c change) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	for p, o := range k.open {
		if now.Sub(o.at).Abs() > keyLife {
			delete(k.open, p)
		}
	}
	p := pair{c.Group, c.User}
	if o, found := k.open[p]; found && o.action == c.Action {
		return o.key
	}
	o := openKey{action: c.Action, key: "chg_" + rand.Text(), at: now}
	k.open[p] = o
	return o.key
}

// settle forgets the key of a change whose outcome is known.
func (k *keys) settle(c change, key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if p := (pair{c.Group, c.User}); k.open[p].key == key {
		delete(k.open, p)
	}
}
