package okta

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"usher/idp"
)

// call is one kind of request. The bucket names the rate window that it is likely to share with its like.
type call struct {
	op      string   // for errors: verb and object
	bucket  string   // method and path without ids
	missing idp.Kind // kind of a 404
	patient bool     // waits for the next rate window instead of saying Throttled
	change  bool     // may be given up before it is sent
}

// The kinds of call that more than one file knows; the rest are named where they are made.
const (
	bucketAdd         = "PUT groups/id/users/id"
	bucketRemove      = "DELETE groups/id/users/id"
	bucketMemberships = "GET users/id/groups"
	bucketMembers     = "GET groups/id/users"
	bucketRoles       = "GET groups/id/roles"
	bucketApps        = "GET groups/id/apps"
	bucketGroups      = "GET groups"
)

const (
	// shortWait is how long a call waits for the end of a rate window by itself before it says Throttled.
	shortWait = 2 * time.Second
	// waits is how often it does so.
	waits = 2
	// patience is how often a patient call waits for a window, and longestTurn how long at once.
	patience    = 20
	longestTurn = time.Minute
)

var errTimeout = errors.New("no complete answer in time")

// do sends one request through the gate and returns the answer if it is a success.
func (p *Provider) do(ctx context.Context, c call, execute func(context.Context) error) (x *exchange, err error) {
	if !c.patient {
		return p.once(ctx, c, execute)
	}
	err = p.patiently(ctx, c.op, func() error {
		x, err = p.once(ctx, c, execute)
		return err
	})
	return x, err
}

// patiently repeats a step that reads as long as Okta, or the budget, asks to wait.
func (p *Provider) patiently(ctx context.Context, op string, step func() error) error {
	for try := 0; ; try++ {
		err := step()
		if idp.KindOf(err) != idp.Throttled || try == patience {
			return err
		}
		timer := time.NewTimer(max(time.Millisecond, min(idp.RetryAt(err).Sub(p.cfg.Now()), longestTurn)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return &idp.Error{Kind: idp.Unavailable, Op: op, Err: ctx.Err()}
		}
	}
}

// once is do without patience.
func (p *Provider) once(ctx context.Context, c call, execute func(context.Context) error) (*exchange, error) {
	if err := p.admit(ctx, c); err != nil {
		return nil, err
	}
	x := &exchange{}
	started := p.cfg.Now()
	defer func() {
		var seen *rate
		if r, ok := readRate(x.header, x.received); ok {
			r.refused = x.status == http.StatusTooManyRequests
			seen = &r
		}
		p.gate.leave(c.bucket, idp.PriorityOf(ctx), seen, started, x.crowded())
	}()
	limited, cancel := context.WithTimeoutCause(ctx, p.cfg.Timeout, errTimeout)
	defer cancel()
	err := execute(context.WithValue(limited, exchangeKey{}, x))
	p.log(ctx, c, x, p.cfg.Now().Sub(started))
	switch {
	case ctx.Err() != nil && x.status == 0:
		return nil, &idp.Error{Kind: idp.Unavailable, Op: c.op, Err: ctx.Err()}
	case limited.Err() != nil && x.status == 0:
		return nil, &idp.Error{Kind: idp.Unavailable, Op: c.op, Err: fmt.Errorf("%w: %v", errTimeout, p.cfg.Timeout)}
	case x.status == 0 && x.err != nil:
		return nil, p.patient(c, asError(x.err, c.op))
	case x.status == 0:
		// The SDK refused to build the request; its text may hold arguments, so it is dropped.
		return nil, &idp.Error{Kind: idp.Invalid, Op: c.op, Code: fmt.Sprintf("%T", err)}
	case x.status < 200 || x.status > 299:
		return nil, p.patient(c, x.errorOf(c.op, c.missing))
	}
	return x, nil
}

// patient gives a refusal that does not say how long it lasts a date, and holds calls of the kind back until then.
func (p *Provider) patient(c call, e *idp.Error) *idp.Error {
	if e.Kind == idp.Throttled && e.RetryAt.IsZero() {
		e.RetryAt = p.gate.complain(c.bucket)
	}
	return e
}

// asError keeps an error that has a kind already, as those of the token source do, and takes the rest for Unavailable.
func asError(err error, op string) *idp.Error {
	var e *idp.Error
	if errors.As(err, &e) {
		return &idp.Error{Kind: e.Kind, Op: op, Code: e.Code, RetryAt: e.RetryAt, Err: err}
	}
	return &idp.Error{Kind: idp.Unavailable, Op: op, Err: err}
}

// admit waits for a place at the gate, and for the end of a rate window if it is near.
func (p *Provider) admit(ctx context.Context, c call) error {
	if c.change {
		wait, done := idp.Waiting(ctx)
		defer done()
		ctx = wait
	}
	for round := 0; ; round++ {
		if ctx.Err() != nil {
			return &idp.Error{Kind: idp.Unavailable, Op: c.op, Err: context.Cause(ctx)}
		}
		until, err := p.gate.enter(ctx, c.bucket, idp.PriorityOf(ctx))
		if err != nil {
			return &idp.Error{Kind: idp.Unavailable, Op: c.op, Err: context.Cause(ctx)}
		}
		if until.IsZero() {
			return nil
		}
		wait := until.Sub(p.cfg.Now())
		deadline, limited := ctx.Deadline()
		if round == waits || wait > shortWait || (limited && time.Until(deadline) < wait) {
			return &idp.Error{
				Kind: idp.Throttled, Op: c.op, RetryAt: until,
				Err: errors.New("the rate window is spent, or what is left of it is kept for removals"),
			}
		}
		timer := time.NewTimer(max(wait, time.Millisecond))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

func (p *Provider) log(ctx context.Context, c call, x *exchange, took time.Duration) {
	level := slog.LevelDebug
	if x.status == http.StatusTooManyRequests {
		level = slog.LevelWarn
	}
	p.cfg.Logger.Log(ctx, level, "okta call", "op", c.op, "status", x.status, "duration", took,
		"okta_request_id", requestID(x.header), "rate_remaining", cleanNumber(x.header.Get("X-Rate-Limit-Remaining")))
}

// cleanNumber keeps a header out of the log unless it is a short number.
func cleanNumber(s string) string {
	if len(s) > 10 {
		return ""
	}
	for _, r := range s {
		if r < '0' || r > '9' {
			return ""
		}
	}
	return s
}
