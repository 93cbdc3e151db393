package entra

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"usher/idp"
)

// call is one request.
type call struct {
	op      string // for errors: verb and object
	method  string // empty: GET
	path    string // below /v1.0, built from literals and GUIDs only
	query   url.Values
	body    any
	missing idp.Kind // kind of a 404; empty where a 404 says nothing
	class   class
	units   int           // resource units by Graph's table, 0 means 1
	index   bool          // an advanced query: it reads the index that lags behind
	gently  bool          // may be refused first when there is not enough for all
	refused func(*answer) // is told of an answer that is no success; may be nil
}

// answer is one whole answer.
type answer struct {
	status   int
	header   http.Header
	body     []byte
	received time.Time
}

const (
	// shortWait is how long a call waits for room in a limit by itself before it says Throttled.
	shortWait = 2 * time.Second
	// waits is how often it does so.
	waits = 2
)

var errTimeout = errors.New("no complete answer in time")

// patience is how often a call that is made gently waits for as long as Graph, or the limit, asks for.
const patience = 20

// do sends one request through the gate and returns the answer if it is a success. One that is made gently waits when there
// is not enough for all.
func (p *Provider) do(ctx context.Context, c call) (*answer, error) {
	for try := 0; ; try++ {
		a, err := p.once(ctx, c)
		if !c.gently || idp.KindOf(err) != idp.Throttled || try == patience {
			return a, err
		}
		wait := 5 * time.Second // Of the sign-in, which may not say how long it is busy.
		if at := idp.RetryAt(err); !at.IsZero() {
			wait = max(time.Millisecond, min(at.Sub(p.cfg.Now()), time.Minute))
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, err
		}
	}
}

// once is a single try.
func (p *Provider) once(ctx context.Context, c call) (*answer, error) {
	if err := p.admit(ctx, c); err != nil {
		return nil, err
	}
	var a *answer
	defer func() { p.gate.leave(c.class, idp.PriorityOf(ctx), signalOf(a)) }()
	limited, cancel := context.WithTimeoutCause(ctx, p.cfg.Timeout, errTimeout)
	defer cancel()
	started := p.cfg.Now()
	a, err := p.exchange(limited, ctx, c)
	p.log(ctx, c, a, p.cfg.Now().Sub(started))
	switch {
	case err == nil && a.status >= 200 && a.status < 300:
		return a, nil
	case err == nil:
		if c.refused != nil {
			c.refused(a)
		}
		return nil, p.patient(c, a.errorOf(c))
	case ctx.Err() != nil:
		return nil, &idp.Error{Kind: idp.Unavailable, Op: c.op, Err: ctx.Err()}
	case limited.Err() != nil:
		return nil, &idp.Error{Kind: idp.Unavailable, Op: c.op, Err: fmt.Errorf("%w: %v", errTimeout, p.cfg.Timeout)}
	}
	return nil, asError(err, c.op)
}

// asError keeps an error that has a kind already, as those of the sign-in do, and takes the rest for Unavailable.
func asError(err error, op string) *idp.Error {
	var e *idp.Error
	if errors.As(err, &e) {
		return &idp.Error{Kind: e.Kind, Op: op, Code: e.Code, RetryAt: e.RetryAt, Err: err}
	}
	return &idp.Error{Kind: idp.Unavailable, Op: op, Err: err}
}

// exchange sends the request once. caller is the context that carries the priority.
func (p *Provider) exchange(ctx, caller context.Context, c call) (*answer, error) {
	method := c.method
	if method == "" {
		method = http.MethodGet
	}
	req, err := runtime.NewRequest(ctx, method, p.where.graph.String()+"/v1.0"+c.path)
	if err != nil {
		return nil, errors.New("no request can be made of this")
	}
	raw := req.Raw()
	raw.URL.RawQuery = strings.NewReplacer("%24", "$", "+", "%20").Replace(c.query.Encode())
	raw.Header.Set("Accept", "application/json")
	if c.index {
		raw.Header.Set("ConsistencyLevel", "eventual")
	}
	// Documented with the limits of identity and access: low is refused first, high last.
	switch {
	case idp.PriorityOf(caller) == idp.Removal:
		raw.Header.Set("X-Ms-Throttle-Priority", "High")
	case c.gently:
		raw.Header.Set("X-Ms-Throttle-Priority", "Low")
	}
	if c.body != nil {
		text, err := json.Marshal(c.body)
		if err != nil {
			return nil, errors.New("no request can be made of this")
		}
		if err := req.SetBody(readSeekCloser{bytes.NewReader(text)}, "application/json"); err != nil {
			return nil, errors.New("no request can be made of this")
		}
	}
	resp, err := p.pipeline.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, errCut
	}
	return &answer{status: resp.StatusCode, header: resp.Header, body: body, received: p.cfg.Now()}, nil
}

// readSeekCloser is a body that can be rewound.
type readSeekCloser struct{ *bytes.Reader }

// Close does nothing.
func (readSeekCloser) Close() error { return nil }

// patient gives a refusal that does not say how long it lasts a date, and holds calls of the class back until then.
func (p *Provider) patient(c call, e *idp.Error) *idp.Error {
	if e.Kind == idp.Throttled {
		e.RetryAt = p.gate.complain(c.class, e.RetryAt)
	}
	return e
}

// admit waits for a place at the gate, and for room in a limit if it is near.
func (p *Provider) admit(ctx context.Context, c call) error {
	if c.method != "" && c.method != http.MethodGet {
		wait, done := idp.Waiting(ctx)
		defer done()
		ctx = wait
	}
	for round := 0; ; round++ {
		if ctx.Err() != nil {
			return &idp.Error{Kind: idp.Unavailable, Op: c.op, Err: context.Cause(ctx)}
		}
		until, err := p.gate.enter(ctx, c.class, max(1, c.units), idp.PriorityOf(ctx))
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
				Err: errors.New("the limit is spent, or what is left of it is kept for removals"),
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

func (p *Provider) log(ctx context.Context, c call, a *answer, took time.Duration) {
	level, status, id := slog.LevelDebug, 0, ""
	if a != nil {
		status = a.status
		if id = a.header.Get("Request-Id"); !isGUID(id) {
			id = ""
		}
	}
	if status == http.StatusTooManyRequests {
		level = slog.LevelWarn
	}
	p.cfg.Logger.Log(ctx, level, "entra call", "op", c.op, "status", status, "duration", took, "graph_request_id", id)
}
