package okta

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	sdk "github.com/okta/okta-sdk-golang/v5/okta"

	"usher/idp"
)

// Provider is one Okta org. It is safe for concurrent use.
type Provider struct {
	cfg       Config
	wire      *wire
	transport *http.Transport
	gate      *gate
	preflight *preflight
	api       *sdk.APIClient
}

var (
	_ idp.Provider       = (*Provider)(nil)
	_ idp.ManagerFinder  = (*Provider)(nil)
	_ idp.MemberLister   = (*Provider)(nil)
	_ idp.ActivityReader = (*Provider)(nil)
	_ idp.SessionRevoker = (*Provider)(nil)
	_ idp.Checker        = (*Provider)(nil)
)

// New checks the configuration and makes a provider. It does no I/O; Check does.
func New(cfg Config) (*Provider, error) {
	cfg, base, err := cfg.normalized()
	if err != nil {
		return nil, fmt.Errorf("configure okta: %w", err)
	}
	w := &wire{base: base, auth: token(cfg.Token), userAgent: cfg.UserAgent, now: cfg.Now}
	transport := newTransport(cfg)
	w.next = transport
	if cfg.Token == "" {
		auth, err := newKeyAuth(cfg, base, transport)
		if err != nil {
			return nil, fmt.Errorf("configure okta: %w", err)
		}
		w.auth = auth
	}
	p := &Provider{
		cfg: cfg, wire: w, transport: transport,
		gate:      newGate(newBudget(cfg.Reserve, cfg.MaxInFlight), cfg.Now, cfg.MaxInFlight),
		preflight: newPreflight(cfg.Now),
	}
	p.api = sdk.NewAPIClient(sdkConfig(cfg, w))
	return p, nil
}

// sdkConfig is written out instead of asking the SDK for its defaults: those read a file in the home directory and the
// environment, which can replace the HTTP client and print the credentials. The credentials stay in the wire.
func sdkConfig(cfg Config, w *wire) *sdk.Configuration {
	c := &sdk.Configuration{
		Host:             w.base.Host,
		Scheme:           w.base.Scheme,
		DefaultHeader:    map[string]string{},
		UserAgent:        cfg.UserAgent,
		Servers:          sdk.ServerConfigurations{{URL: w.base.String()}},
		OperationServers: map[string]sdk.ServerConfigurations{},
		HTTPClient:       &http.Client{Transport: w, CheckRedirect: noRedirects},
		Context:          context.Background(),
	}
	c.Okta.Client.AuthorizationMode = "SSWS"
	c.Okta.Client.OrgUrl = w.base.String()
	return c
}

// Name returns "okta".
func (p *Provider) Name() string { return "okta" }

// ServerTime returns Okta's clock at the last answer, to the second; the zero time if there was none yet.
func (p *Provider) ServerTime() time.Time { return p.wire.serverTime() }

// Close drops idle connections. It is safe to call twice; calls under way go on.
func (p *Provider) Close() { p.transport.CloseIdleConnections() }

// call is one kind of request. The bucket names the rate window that it is likely to share with its like.
type call struct {
	op      string   // for errors: verb and object
	bucket  string   // method and path without ids
	missing idp.Kind // kind of a 404
}

const (
	// shortWait is how long a call waits for the end of a rate window by itself before it says Throttled.
	shortWait = 2 * time.Second
	// waits is how often it does so.
	waits = 2
)

var errTimeout = errors.New("no complete answer in time")

// do sends one request through the gate and returns the answer if it is a success.
func (p *Provider) do(ctx context.Context, c call, execute func(context.Context) error) (*exchange, error) {
	if err := p.admit(ctx, c); err != nil {
		return nil, err
	}
	x := &exchange{}
	defer func() {
		var seen *rate
		if r, ok := readRate(x.header, x.received); ok {
			seen = &r
		}
		p.gate.leave(c.bucket, seen, x.crowded())
	}()
	limited, cancel := context.WithTimeoutCause(ctx, p.cfg.Timeout, errTimeout)
	defer cancel()
	started := p.cfg.Now()
	err := execute(context.WithValue(limited, exchangeKey{}, x))
	p.log(ctx, c, x, p.cfg.Now().Sub(started))
	switch {
	case ctx.Err() != nil && x.status == 0:
		return nil, &idp.Error{Kind: idp.Unavailable, Op: c.op, Err: ctx.Err()}
	case limited.Err() != nil && x.status == 0:
		return nil, &idp.Error{Kind: idp.Unavailable, Op: c.op, Err: fmt.Errorf("%w: %v", errTimeout, p.cfg.Timeout)}
	case x.status == 0 && x.err != nil:
		return nil, asError(x.err, c.op)
	case x.status == 0:
		// The SDK refused to build the request; its text may hold arguments, so it is dropped.
		return nil, &idp.Error{Kind: idp.Invalid, Op: c.op, Code: fmt.Sprintf("%T", err)}
	case x.status < 200 || x.status > 299:
		return nil, x.errorOf(c.op, c.missing)
	}
	return x, nil
}

// asError keeps an error that has a kind already, as those of the token source do, and takes the rest for Unavailable.
func asError(err error, op string) error {
	var e *idp.Error
	if errors.As(err, &e) {
		return &idp.Error{Kind: e.Kind, Op: op, Code: e.Code, RetryAt: e.RetryAt, Err: err}
	}
	return &idp.Error{Kind: idp.Unavailable, Op: op, Err: err}
}

// admit waits for a place at the gate, and for the end of a rate window if it is near.
func (p *Provider) admit(ctx context.Context, c call) error {
	for round := 0; ; round++ {
		if err := ctx.Err(); err != nil {
			return &idp.Error{Kind: idp.Unavailable, Op: c.op, Err: err}
		}
		until, err := p.gate.enter(ctx, c.bucket, idp.PriorityOf(ctx))
		if err != nil {
			return &idp.Error{Kind: idp.Unavailable, Op: c.op, Err: err}
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

// read decodes a success. An answer of another shape is Unavailable: something between us and Okta wrote it.
func (x *exchange) read(op string, into any) error {
	if trimmed := bytes.TrimSpace(x.body); len(trimmed) == 0 || bytes.Equal(trimmed, []byte("null")) {
		return &idp.Error{Kind: idp.Unavailable, Op: op, Code: fmt.Sprintf("HTTP %d", x.status), Err: errors.New("the answer is empty")}
	}
	if err := json.Unmarshal(x.body, into); err != nil {
		// The decoder's text may quote the answer, so it is dropped.
		return &idp.Error{
			Kind: idp.Unavailable, Op: op, Code: fmt.Sprintf("HTTP %d", x.status),
			Err: withRequestID("the answer is not what Okta documents", x.header),
		}
	}
	return nil
}

// done accepts only the answer by which Okta confirms a change: success and no body.
func (x *exchange) done(op string) error {
	if (x.status == http.StatusNoContent || x.status == http.StatusOK) && len(bytes.TrimSpace(x.body)) == 0 {
		return nil
	}
	return &idp.Error{
		Kind: idp.Unavailable, Op: op, Code: fmt.Sprintf("HTTP %d", x.status),
		Err: withRequestID("the answer does not confirm the change", x.header),
	}
}

// pages reads a list to its end. each is called with every page and may stop early by returning false.
func pages[T any](ctx context.Context, p *Provider, c call, ask func(ctx context.Context, after string) error, each func([]T) bool) error {
	seen := map[string]bool{}
	after := ""
	for {
		x, err := p.do(ctx, c, func(ctx context.Context) error { return ask(ctx, after) })
		if err != nil {
			return err
		}
		var rows []T
		if err := x.read(c.op, &rows); err != nil {
			return err
		}
		if !each(rows) {
			return nil
		}
		after, err = nextCursor(x.header)
		if err == nil && after == "" {
			return nil
		}
		if err == nil && seen[after] {
			err = errors.New("the pages repeat themselves")
		}
		if err != nil {
			return &idp.Error{Kind: idp.Unavailable, Op: c.op, Err: err}
		}
		seen[after] = true
	}
}
