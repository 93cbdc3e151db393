package google

import (
	"context"
	"sync"
	"time"

	"usher/idp"
)

const (
	// preflightTTL is how long the judgement that a group may be governed is trusted. What it rests on changes by an admin's
	// hand only, and without it every addition would cost four more calls. Group judges afresh.
	preflightTTL = 24 * time.Hour
	// refusalTTL is the same for a refusal, since somebody may be busy mending it.
	refusalTTL = 10 * time.Minute
)

// judgement is what is known of a group.
type judgement struct {
	refusal string
	// resource is the group's name in the Cloud Identity API, without "groups/".
	resource string
	at       time.Time
}

// preflight remembers what keeps groups from being governed, so that it costs no call per grant. It is safe for concurrent
// use.
type preflight struct {
	now func() time.Time

	mu     sync.Mutex
	groups map[idp.GroupID]judgement
	turns  map[idp.GroupID]chan struct{} // one reader at a time per group
}

func newPreflight(now func() time.Time) *preflight {
	return &preflight{now: now, groups: map[idp.GroupID]judgement{}, turns: map[idp.GroupID]chan struct{}{}}
}

// turn waits until nobody else reads the group, so that many callers share one reading. The caller must call the returned
// function when it is done.
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

// known returns a judgement that is still trusted.
func (f *preflight) known(id idp.GroupID) (judgement, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	j, found := f.groups[id]
	ttl := preflightTTL
	if j.refusal != "" {
		ttl = refusalTTL
	}
	age := f.now().Sub(j.at)
	return j, found && age >= 0 && age < ttl
}

func (f *preflight) keep(id idp.GroupID, j judgement) {
	f.mu.Lock()
	defer f.mu.Unlock()
	j.at = f.now()
	f.groups[id] = j
}

func (f *preflight) forget(id idp.GroupID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.groups, id)
}

// judge returns what is known of the group, and reads it first, once for all who ask at the same time, if nothing is.
func (p *Provider) judge(ctx context.Context, op string, id idp.GroupID) (judgement, error) {
	if j, known := p.preflight.known(id); known {
		return j, nil
	}
	done, err := p.preflight.turn(ctx, op, id)
	if err != nil {
		return judgement{}, err
	}
	defer done()
	if j, known := p.preflight.known(id); known {
		return j, nil
	}
	_, j, err := p.inspect(ctx, op, id)
	return j, err
}

// governable returns an error of kind NotGovernable if members of the group must not be changed.
func (p *Provider) governable(ctx context.Context, op string, id idp.GroupID) error {
	j, err := p.judge(ctx, op, id)
	if err != nil {
		return err
	}
	if j.refusal != "" {
		return notGovernable(op, j.refusal)
	}
	return nil
}
