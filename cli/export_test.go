package cli

import (
	"context"
	"time"

	"usher/access"
)

// Program is the product wired in this process, for tests that run it in virtual time.
type Program struct{ p *parts }

// Wire makes everything and opens the database. Store stands before the real one if it is given.
func (a *App) Wire(cfg Config, gate func(access.Store) access.Store) (*Program, error) {
	a.gate = gate
	p, err := a.wire(cfg)
	if err != nil {
		return nil, err
	}
	return &Program{p}, nil
}

// Work runs all parts that need neither files nor signals, until ctx ends.
func (p *Program) Work(ctx context.Context) error { return p.p.work(ctx) }

// Service is the core.
func (p *Program) Service() *access.Service { return p.p.service }

// NextDue is when the running product believes that the next timer is due.
func (p *Program) NextDue(ctx context.Context) time.Time { return p.p.service.Runner().NextDue(ctx) }

// Close ends what outlives Work.
func (p *Program) Close() error { return p.p.close() }

// Store is the database, without whatever stands before it.
func (p *Program) Store() access.Store { return p.p.store }
