package entra

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"
)

// maxBody bounds what is read of one answer; a page of 999 people has about 1 MB.
const maxBody = 32 << 20

// wire is the only way to Graph: it pins the host and reads whole answers. Redirects are answers to it, so the token goes
// nowhere else. It is safe for concurrent use.
type wire struct {
	base *url.URL
	now  func() time.Time
	next http.RoundTripper
	date atomic.Int64 // unix seconds of the vendor's last Date header
	skew atomic.Int64 // vendor's clock minus ours at that moment, in nanoseconds
}

var (
	errOtherHost = errors.New("refused to send a request to another host than the configured one")
	errTooBig    = errors.New("the answer is too big")
	errCut       = errors.New("the connection ended before the answer was complete")
	errNetwork   = errors.New("the server could not be reached")
)

// Do sends the request once and returns the whole answer.
func (w *wire) Do(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != w.base.Scheme || req.URL.Host != w.base.Host || (req.Host != "" && req.Host != w.base.Host) {
		return nil, errOtherHost
	}
	resp, err := w.next.RoundTrip(req)
	if err != nil {
		return nil, plain(req, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return nil, plain(req, err)
	}
	if len(body) > maxBody {
		return nil, errTooBig
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		w.date.Store(date.Unix())
		w.skew.Store(int64(date.Sub(w.now())))
	}
	return resp, nil
}

// plain keeps of a transport's error what may be shown: the address of a request can hold an e-mail address.
func plain(req *http.Request, err error) error {
	switch {
	case req.Context().Err() != nil:
		return req.Context().Err()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errCut
	}
	var wrong *tls.CertificateVerificationError
	if errors.As(err, &wrong) {
		return errors.New("the certificate of the server is not trusted")
	}
	return errNetwork
}

// serverTime returns the vendor's clock at the last answer.
func (w *wire) serverTime() time.Time {
	if s := w.date.Load(); s != 0 {
		return time.Unix(s, 0)
	}
	return time.Time{}
}

// newTransport returns a transport with a bound on every step.
func newTransport(cfg Config) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            cfg.Dial,
		ForceAttemptHTTP2:      true,
		TLSClientConfig:        &tls.Config{RootCAs: cfg.RootCAs, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  cfg.Timeout,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConns:           mostInFlight,
		MaxIdleConnsPerHost:    mostInFlight,
		MaxResponseHeaderBytes: 256 << 10,
	}
}
