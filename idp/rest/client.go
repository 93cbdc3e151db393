package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"usher/idp"
)

// Authorizer puts credentials on requests. It is safe for concurrent use.
type Authorizer interface {
	// Authorize sets the credentials that have the scope. An error with a kind of package idp keeps it.
	Authorize(ctx context.Context, req *http.Request, scope string) error
	// Rejected is told of a 401 with the header that was sent, and reports whether fresh credentials may be tried once.
	Rejected(ctx context.Context, scope, authorization string) bool
}

// Config of a client. It is what a provider made of its own settings, so it is not checked again.
type Config struct {
	// Name of the provider, for logs.
	Name string
	// Origins are the addresses of which scheme and host are where requests may go.
	Origins []*url.URL
	// Auth signs requests; nil means none.
	Auth Authorizer
	// Judge translates an answer that is no success into an error; the client fills in Op. It never returns nil.
	Judge func(r Request, a *Answer) *idp.Error
	// UserAgent is sent with every request.
	UserAgent string
	// Timeout bounds one request from sending to the last byte, fetching credentials included.
	Timeout time.Duration
	// MaxBody bounds an answer in bytes; 0 means 32 MB.
	MaxBody int64
	// Limits are the budgets.
	Limits Limits
	// Now is the clock.
	Now func() time.Time
	// Dial opens the connections.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Logger receives a debug line per request and a warning per refusal for too many.
	Logger *slog.Logger
}

// Request is one request of a provider.
type Request struct {
	// Op is the verb and object, for errors.
	Op string
	// Missing is the kind of a 404.
	Missing idp.Kind
	// Lane names the budget that the request spends; "" spends none.
	Lane string
	// Scope is what the credentials must allow.
	Scope string

	Method string
	URL    *url.URL
	Body   []byte
	// ContentType of the body; default application/json.
	ContentType string
	// Bearer is a token to send with Raw, where no Authorizer does.
	Bearer string

	change bool // Not a read: it may be given up before it is sent.
}

// Client sends requests. It is safe for concurrent use.
type Client struct {
	cfg       Config
	transport *http.Transport
	gate      *gate
	date      atomic.Int64 // unix seconds of the vendor's last Date header
	skew      atomic.Int64 // the vendor's clock minus ours at that moment
}

const (
	maxBody = 32 << 20
	// shortWait is how long a request waits for its budget by itself before the error is Throttled.
	shortWait = 2 * time.Second
	// waits is how often it does so.
	waits = 2
)

var (
	errOtherHost = errors.New("refused to send a request to another host than the configured ones")
	errTooBig    = errors.New("the answer is too big")
	errCut       = errors.New("the connection ended before the answer was complete")
	errTimeout   = errors.New("no complete answer in time")
	errBudget    = errors.New("the budget of calls is spent, or what is left of it is kept for removals")
)

// New makes a client. It does no I/O.
func New(cfg Config) *Client {
	if cfg.MaxBody == 0 {
		cfg.MaxBody = maxBody
	}
	return &Client{cfg: cfg, transport: newTransport(cfg), gate: newGate(cfg.Limits, cfg.Now)}
}

// newTransport bounds every step. Redirects are answers to it; the client never uses http.Client, which would follow them.
func newTransport(cfg Config) *http.Transport {
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: cfg.Dial, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: 90 * time.Second,
		MaxIdleConns: cfg.Limits.InFlight, MaxIdleConnsPerHost: cfg.Limits.InFlight, MaxResponseHeaderBytes: 256 << 10,
	}
}

// Close drops idle connections. It is safe to call twice; requests under way go on.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// ServerTime is the vendor's clock at the last answer, to the second; the zero time if there was none.
func (c *Client) ServerTime() time.Time {
	if s := c.date.Load(); s != 0 {
		return time.Unix(s, 0)
	}
	return time.Time{}
}

// Skew is the vendor's clock minus ours at the last answer.
func (c *Client) Skew() time.Duration { return time.Duration(c.skew.Load()) }

// Do sends one request and returns the answer if it is a success; any other outcome is an *idp.Error. It waits a moment for
// a spent budget, and repeats the request once only if the vendor refused the credentials and fresh ones can be had. What is no
// GET is given up before it is sent if it is not wanted any more, see idp.WithWish.
func (c *Client) Do(ctx context.Context, r Request) (*Answer, error) {
	removal := idp.PriorityOf(ctx) == idp.Removal
	r.change = r.Method != http.MethodGet
	if err := c.admit(ctx, r, removal); err != nil {
		return nil, err
	}
	started := c.cfg.Now()
	limited, cancel := context.WithTimeoutCause(ctx, c.cfg.Timeout, errTimeout)
	defer cancel()
	a, err := c.send(limited, r, c.cfg.Auth)
	var e *idp.Error
	switch {
	case err != nil && ctx.Err() != nil:
		e = &idp.Error{Kind: idp.Unavailable, Op: r.Op, Err: ctx.Err()}
	case err != nil && limited.Err() != nil:
		e = &idp.Error{Kind: idp.Unavailable, Op: r.Op, Err: fmt.Errorf("%w: %v", errTimeout, c.cfg.Timeout)}
	case err != nil:
		e = asError(r.Op, err)
	case !a.OK():
		e = c.cfg.Judge(r, a)
		e.Op = r.Op
	}
	c.gate.leave(r.Lane, removal, e)
	c.log(ctx, r, a, e, c.cfg.Now().Sub(started))
	if e != nil {
		return nil, e
	}
	return a, nil
}

// Raw sends a request that is not part of the vendor's API proper, such as a request for credentials: without credentials of
// its own, without budget, and with any answer of any status.
func (c *Client) Raw(ctx context.Context, r Request) (*Answer, error) { return c.send(ctx, r, nil) }

// asError keeps an error that has a kind already and takes the rest for Unavailable.
func asError(op string, err error) *idp.Error {
	var e *idp.Error
	if errors.As(err, &e) {
		return &idp.Error{Kind: e.Kind, Op: op, Code: e.Code, RetryAt: e.RetryAt, Err: err}
	}
	return &idp.Error{Kind: idp.Unavailable, Op: op, Err: err}
}

// admit waits for a place and a bit of the budget.
func (c *Client) admit(ctx context.Context, r Request, removal bool) error {
	if r.change {
		wait, done := idp.Waiting(ctx)
		defer done()
		ctx = wait
	}
	for round := 0; ; round++ {
		if ctx.Err() != nil {
			return &idp.Error{Kind: idp.Unavailable, Op: r.Op, Err: context.Cause(ctx)}
		}
		until, err := c.gate.enter(ctx, r.Lane, removal)
		if err != nil {
			return &idp.Error{Kind: idp.Unavailable, Op: r.Op, Err: context.Cause(ctx)}
		}
		if until.IsZero() {
			return nil
		}
		wait := until.Sub(c.cfg.Now())
		deadline, limited := ctx.Deadline()
		if round == waits || wait > shortWait || (limited && time.Until(deadline) < wait) {
			return &idp.Error{Kind: idp.Throttled, Op: r.Op, RetryAt: until, Err: errBudget}
		}
		timer := time.NewTimer(max(wait, time.Millisecond))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// send makes one attempt, and a second one if the first was refused for credentials that can be renewed: a 401 is the
// vendor's word that nothing was done.
func (c *Client) send(ctx context.Context, r Request, auth Authorizer) (*Answer, error) {
	for attempt := 0; ; attempt++ {
		req, err := c.build(ctx, r)
		if err != nil {
			return nil, err
		}
		if auth != nil {
			if err := auth.Authorize(ctx, req, r.Scope); err != nil {
				return nil, err
			}
		}
		if r.change {
			if err := idp.Wanted(ctx); err != nil {
				return nil, err
			}
		}
		a, err := c.exchange(req)
		if err != nil {
			return nil, err
		}
		if auth == nil || attempt > 0 || a.Status != http.StatusUnauthorized || !auth.Rejected(ctx, r.Scope, req.Header.Get("Authorization")) {
			return a, nil
		}
	}
}

func (c *Client) build(ctx context.Context, r Request) (*http.Request, error) {
	if !c.pinned(r.URL) {
		return nil, errOtherHost
	}
	var body io.Reader
	if r.Body != nil {
		body = strings.NewReader(string(r.Body))
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL.String(), body)
	if err != nil {
		return nil, errors.New("the request cannot be built") // The error's own text holds the address.
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.cfg.UserAgent)
	if r.Body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.ContentType != "" {
		req.Header.Set("Content-Type", r.ContentType)
	}
	if r.Bearer != "" {
		req.Header.Set("Authorization", "Bearer "+r.Bearer)
	}
	return req, nil
}

func (c *Client) pinned(u *url.URL) bool {
	for _, o := range c.cfg.Origins {
		if u.Scheme == o.Scheme && strings.EqualFold(u.Host, o.Host) {
			return true
		}
	}
	return false
}

// exchange sends the request once and reads the whole answer.
func (c *Client) exchange(req *http.Request) (*Answer, error) {
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return nil, transportError(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.cfg.MaxBody+1))
	if err != nil {
		return nil, transportError(err)
	}
	if int64(len(body)) > c.cfg.MaxBody {
		return nil, errTooBig
	}
	a := &Answer{Status: resp.StatusCode, Header: resp.Header, Body: body, Received: c.cfg.Now()}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		c.date.Store(date.Unix())
		c.skew.Store(int64(date.Sub(a.Received)))
	}
	return a, nil
}

// transportError takes the address out of an error, and makes it one line.
func transportError(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errCut
	case strings.ContainsAny(err.Error(), "\r\n"):
		return errors.New("the connection failed")
	}
	return err
}

func (c *Client) log(ctx context.Context, r Request, a *Answer, e *idp.Error, took time.Duration) {
	level, status, kind := slog.LevelDebug, 0, idp.Kind("")
	if a != nil {
		status = a.Status
	}
	if e != nil {
		kind = e.Kind
	}
	if kind == idp.Throttled {
		level = slog.LevelWarn
	}
	c.cfg.Logger.Log(ctx, level, "provider call", "provider", c.cfg.Name, "op", r.Op, "status", status, "kind", kind, "duration", took)
}
