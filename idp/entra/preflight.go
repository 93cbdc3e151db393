package entra

import (
	"context"
	"errors"
	"sync"
	"time"

	"usher/idp"
)

const (
	// preflightTTL is how long the judgement that a group may be governed is trusted. What it rests on changes by an admin's
	// hand only, and without it every addition would cost one more call. Group judges afresh.
	preflightTTL = 24 * time.Hour
	// refusalTTL is the same for a refusal, since somebody may be busy mending it.
	refusalTTL = 10 * time.Minute
)

// preflight remembers what keeps groups from being governed. It is safe for concurrent use.
type preflight struct {
	now func() time.Time

	mu     sync.Mutex
	groups map[idp.GroupID]judgement
	turns  map[idp.GroupID]chan struct{} // one reader at a time per group
}

type judgement struct {
	refusal string
	at      time.Time
}

func newPreflight(now func() time.Time) *preflight {
	return &preflight{now: now, groups: map[idp.GroupID]judgement{}, turns: map[idp.GroupID]chan struct{}{}}
}

// turn waits until nobody else reads the group. The caller must call the returned function when it is done.
func (f *preflight) turn(ctx context.Context, op string, id idp.GroupID) (func(), error) {
	f.mu.Lock()
	c := f.turns[id]
	if c == nil {
		c = make(chan struct{}, 1)
		f.turns[id] = c
	}
	f.mu.Unlock()
	select {
	case c <- struct{}{}:
		return func() { <-c }, nil
	case <-ctx.Done():
		return nil, &idp.Error{Kind: idp.Unavailable, Op: op, Err: ctx.Err()}
	}
}

func (f *preflight) refusal(id idp.GroupID) (string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	j, ok := f.groups[id]
	ttl := preflightTTL
	if j.refusal != "" {
		ttl = refusalTTL
	}
	age := f.now().Sub(j.at)
	return j.refusal, ok && age >= 0 && age < ttl
}

func (f *preflight) keep(id idp.GroupID, refusal string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.groups[id] = judgement{refusal: refusal, at: f.now()}
}

func (f *preflight) forget(id idp.GroupID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.groups, id)
}

// inspect reads the group and remembers the judgement.
func (p *Provider) inspect(ctx context.Context, op string, id idp.GroupID) (idp.Group, error) {
	g, err := p.readGroup(ctx, op, id)
	if err != nil {
		p.preflight.forget(id)
		return idp.Group{}, err
	}
	p.preflight.keep(id, g.Refusal)
	return g, nil
}

// governable returns an error of kind NotGovernable if members of the group must not be changed. Without a fresh judgement it
// reads the group, once for all who ask at the same time.
func (p *Provider) governable(ctx context.Context, op string, id idp.GroupID) error {
	refusal, ok := p.preflight.refusal(id)
	if !ok {
		done, err := p.preflight.turn(ctx, op, id)
		if err != nil {
			return err
		}
		defer done()
		if refusal, ok = p.preflight.refusal(id); !ok {
			g, err := p.inspect(ctx, op, id)
			if err != nil {
				return err
			}
			refusal = g.Refusal
		}
	}
	if refusal != "" {
		return &idp.Error{Kind: idp.NotGovernable, Op: op, Err: errors.New(refusal)}
	}
	return nil
}
