package ldap

import (
	"context"
	"sync"
	"time"

	"usher/idp"
)

const (
	// maxIdle is how long an unused connection is kept; domain controllers end them after 15 minutes, firewalls sooner.
	maxIdle = 2 * time.Minute
	// refusalPause is how long nobody signs in again after a refusal.
	refusalPause = 10 * time.Second
)

// pool holds the connections. All go to the same server, so that what one has changed another can read; when that server
// cannot be reached any more, all move to the next. It is safe for concurrent use.
type pool struct {
	all    chan struct{} // one token per connection that may be in use
	normal chan struct{} // the same for calls that are no removals, one less

	mu        sync.Mutex
	idle      []*link
	at        target // where all go
	refusal   *idp.Error
	refusedAt time.Time
	closed    bool
}

// target is one server, at the address that answered first: a name may stand for many machines.
type target struct {
	server server
	addr   string
}

func newPool(size int) *pool {
	return &pool{all: make(chan struct{}, size), normal: make(chan struct{}, size-1)}
}

// enter waits for a place. The caller must call the returned function when the connection is back.
func (p *pool) enter(ctx context.Context) (func(), error) {
	wait, done := idp.Waiting(ctx) // Every call begins here, so nothing was sent yet.
	defer done()
	if wait.Err() != nil {
		return nil, context.Cause(wait)
	}
	urgent := idp.PriorityOf(ctx) == idp.Removal
	if !urgent {
		select {
		case p.normal <- struct{}{}:
		case <-wait.Done():
			return nil, context.Cause(wait)
		}
	}
	leave := func() {
		if !urgent {
			<-p.normal
		}
	}
	select {
	case p.all <- struct{}{}:
		return func() { <-p.all; leave() }, nil
	case <-wait.Done():
		leave()
		return nil, context.Cause(wait)
	}
}

// take returns an idle connection, or nil. It ends those that have waited too long.
func (p *pool) take(now time.Time) *link {
	p.mu.Lock()
	fresh := p.idle[:0]
	var stale []*link
	for _, l := range p.idle {
		age := now.Sub(l.idle)
		if !l.dead() && l.server == p.at.addr && age >= 0 && age < maxIdle {
			fresh = append(fresh, l)
		} else {
			stale = append(stale, l)
		}
	}
	var taken *link
	if n := len(fresh); n > 0 {
		taken, fresh = fresh[n-1], fresh[:n-1]
	}
	p.idle = fresh
	p.mu.Unlock()
	for _, l := range stale {
		l.close()
	}
	return taken
}

// put takes a connection back, and ends it if nobody may use it again.
func (p *pool) put(l *link, now time.Time) {
	l.idle = now
	p.mu.Lock()
	keep := !p.closed && !l.dead() && l.server == p.at.addr
	if keep {
		p.idle = append(p.idle, l)
	}
	p.mu.Unlock()
	if !keep {
		l.close()
	}
}

// drain closes what is idle.
func (p *pool) drain() {
	p.mu.Lock()
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	for _, l := range idle {
		l.close()
	}
}

// current is where all connections go; ok is false if that is open.
func (p *pool) current() (target, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at, p.at.addr != ""
}

// settle makes to the target if there is none. It reports whether that is where all go now.
func (p *pool) settle(to target) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at.addr == "" {
		p.at = to
	}
	return p.at.addr == to.addr
}

// leave gives the target up if it still is this one.
func (p *pool) leave(from target) {
	p.mu.Lock()
	if p.at.addr == from.addr {
		p.at = target{}
	}
	p.mu.Unlock()
	p.drain()
}

// refused returns the refusal to sign in if there was one just now.
func (p *pool) refused(now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if age := now.Sub(p.refusedAt); p.refusal == nil || age < 0 || age >= refusalPause {
		return nil
	}
	return p.refusal
}

func (p *pool) refuse(e *idp.Error, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refusal, p.refusedAt = e, now
}

// forgive lets the next one sign in at once.
func (p *pool) forgive() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refusal = nil
}
