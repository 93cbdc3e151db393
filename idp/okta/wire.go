package okta

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"usher/idp"
)

// exchange is one call on the wire. The transport fills it in, because the SDK hides most of an answer: it drops the
// headers of a 429, forgets the status of others, and fails on fields that it does not know.
type exchange struct {
	status   int // 0 = no complete answer
	header   http.Header
	body     []byte
	received time.Time // when the answer was complete
	err      error     // why there is no answer
}

type exchangeKey struct{}

// maxBody bounds what is read of one answer; a page of 200 people has about 400 KB.
const maxBody = 32 << 20

// authorizer puts the credentials on a request.
type authorizer interface {
	authorize(ctx context.Context, req *http.Request) error
	// rejected is told of a 401. It reports whether fresh credentials may be tried once.
	rejected(authorization string) bool
}

// token is an API token.
type token Secret

func (t token) authorize(_ context.Context, req *http.Request) error {
	req.Header.Set("Authorization", "SSWS "+string(t))
	return nil
}

func (t token) rejected(string) bool { return false }

// wire is the only way to the network: it pins the host, sets the credentials, reads whole answers and keeps them in
// the exchange of the request's context. It is safe for concurrent use.
type wire struct {
	base      *url.URL
	auth      authorizer
	userAgent string
	now       func() time.Time
	next      http.RoundTripper
	date      atomic.Int64 // unix seconds of the vendor's last Date header
	skew      atomic.Int64 // vendor's clock minus ours at that moment, in nanoseconds
}

var (
	errOtherHost = errors.New("refused to send a request to another host than the configured org")
	errNoRecord  = errors.New("request without a record")
	errTooBig    = errors.New("the answer is too big")
	errCut       = errors.New("the connection ended before the answer was complete")
)

// RoundTrip sends the request. The SDK is handed an empty success instead of the true answer, which stands in the
// exchange: its own reading retries without end when a connection is cut and gives up the body of a rate limit.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	x, ok := req.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return nil, errNoRecord
	}
	out := req.Clone(req.Context())
	out.Header.Set("User-Agent", w.userAgent)
	if err := w.send(out, x); err != nil {
		x.err = err
		return nil, err
	}
	return &http.Response{
		Status: "204 No Content", StatusCode: http.StatusNoContent, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: http.NoBody, Request: req,
	}, nil
}

// send makes one attempt, and a second one if the first was refused for credentials that can be renewed: a 401 is
// Okta's word that nothing was done.
func (w *wire) send(req *http.Request, x *exchange) error {
	for range 2 {
		if err := w.pinned(req); err != nil {
			return err
		}
		if err := w.auth.authorize(req.Context(), req); err != nil {
			return err
		}
		x.status = 0
		if req.Method != http.MethodGet {
			if err := idp.Wanted(req.Context()); err != nil {
				return err
			}
		}
		if err := w.exchange(req, x); err != nil {
			return err
		}
		if x.status != http.StatusUnauthorized || !w.auth.rejected(req.Header.Get("Authorization")) {
			return nil
		}
	}
	return nil
}

func (w *wire) pinned(req *http.Request) error {
	if req.URL.Scheme != w.base.Scheme || req.URL.Host != w.base.Host || (req.Host != "" && req.Host != w.base.Host) {
		return errOtherHost
	}
	return nil
}

// exchange sends the request once and records the whole answer.
func (w *wire) exchange(req *http.Request, x *exchange) error {
	resp, err := w.next.RoundTrip(req)
	if err != nil {
		return plain(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return plain(err)
	}
	if len(body) > maxBody {
		return errTooBig
	}
	x.status, x.header, x.body, x.received = resp.StatusCode, resp.Header, body, w.now()
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		w.date.Store(date.Unix())
		w.skew.Store(int64(date.Sub(x.received)))
	}
	return nil
}

// plain turns a transport error into one that the SDK does not retry for ever (it does for io.EOF) and that names no
// address with personal data in its query.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errCut
	}
	return err
}

// serverTime returns the vendor's clock at the last answer.
func (w *wire) serverTime() time.Time {
	if s := w.date.Load(); s != 0 {
		return time.Unix(s, 0)
	}
	return time.Time{}
}

// newTransport returns a transport with a bound on every step. Redirects are answers to it; the wire keeps them from
// http.Client, which would follow them with the credentials.
func newTransport(cfg Config) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            cfg.Dial,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  cfg.Timeout,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConns:           cfg.MaxInFlight,
		MaxIdleConnsPerHost:    cfg.MaxInFlight,
		MaxResponseHeaderBytes: 256 << 10,
	}
}

// requestID returns Okta's id of the answer for support cases, or "" if it is absent or odd.
func requestID(h http.Header) string {
	id := h.Get("X-Okta-Request-Id")
	for _, r := range id {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' && r != '_' {
			return ""
		}
	}
	if len(id) > maxID {
		return ""
	}
	return id
}

func withRequestID(text string, h http.Header) error {
	if id := requestID(h); id != "" {
		return fmt.Errorf("%s, okta request %s", text, id)
	}
	return errors.New(text)
}
