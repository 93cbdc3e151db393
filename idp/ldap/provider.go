package ldap

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"usher/idp"
)

// Provider is one directory. It is safe for concurrent use.
type Provider struct {
	cfg  settings
	who  credentials
	pool *pool
	skew atomic.Pointer[time.Duration] // the server's clock minus ours
}

var (
	_ idp.Provider      = (*Provider)(nil)
	_ idp.ManagerFinder = (*Provider)(nil)
	_ idp.MemberLister  = (*Provider)(nil)
	_ idp.Checker       = (*Provider)(nil)
	_ idp.Discoverer    = (*Provider)(nil)
)

// New checks the configuration and makes a provider. It does no I/O; Check does.
func New(cfg Config) (*Provider, error) {
	s, err := cfg.normalized()
	if err != nil {
		return nil, fmt.Errorf("configure ldap: %w", err)
	}
	who := s.take()
	return &Provider{cfg: s, who: who, pool: newPool(s.MaxConnections)}, nil
}

// Name is what the catalog calls this provider.
const Name = "ldap"

// Name returns the constant of that name.
func (p *Provider) Name() string { return Name }

// ServerTime returns the server's clock as of the last Check: a domain controller tells it, slapd only if it has the
// monitor and lets the account read it. The zero time means unknown.
func (p *Provider) ServerTime() time.Time {
	skew := p.skew.Load()
	if skew == nil {
		return time.Time{}
	}
	return p.cfg.Now().Add(*skew)
}

// Close ends the idle connections. It is safe to call twice; calls under way go on, and their connections end with them.
func (p *Provider) Close() {
	p.pool.mu.Lock()
	p.pool.closed = true
	p.pool.mu.Unlock()
	p.pool.drain()
}

// open makes a connection to where all go, or to the first server that can be reached.
func (p *Provider) open(ctx context.Context) (*link, error) {
	if to, ok := p.pool.current(); ok {
		l, err := p.connect(ctx, to.server, to.addr)
		if idp.KindOf(err) != idp.Unavailable || ctx.Err() != nil {
			return l, err
		}
		p.pool.leave(to)
	}
	var last error
	for _, s := range p.cfg.servers {
		l, err := p.connect(ctx, s, s.addr)
		if err != nil {
			last = err
			if idp.KindOf(err) == idp.Unavailable && ctx.Err() == nil {
				continue
			}
			return nil, err
		}
		if p.pool.settle(target{server: s, addr: l.server}) {
			p.cfg.Logger.LogAttrs(ctx, slog.LevelDebug, "connected to the directory", slog.String("server", l.server))
			return l, nil
		}
		// Somebody else was first and met another machine of the same name.
		l.close()
		if to, ok := p.pool.current(); ok {
			return p.connect(ctx, to.server, to.addr)
		}
	}
	return nil, last
}
