package jira

import (
	"errors"
	"net/http"
	"net/url"
	"time"
)

// maxIdle is how many connections wait for the next call: more than calls are under way at once, so that none is opened anew for
// each call when there is much to do.
const maxIdle = 64

// errForeign tells that a call would have left the configured host.
var errForeign = errors.New("the address is not on the configured Jira host")

// signer puts the credentials on calls to the configured host and refuses all others, so that neither a redirect nor a
// mistake carries the token elsewhere.
type signer struct {
	scheme, host string
	email, token string
	agent        string
	next         http.RoundTripper
}

func newSigner(cfg Config, base *url.URL) *signer {
	next := cfg.Transport
	if next == nil {
		next = &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           cfg.Dial,
			ForceAttemptHTTP2:     true,
			MaxIdleConns:          maxIdle,
			MaxIdleConnsPerHost:   maxIdle,
			IdleConnTimeout:       60 * time.Second,
			TLSHandshakeTimeout:   5 * time.Second,
			ResponseHeaderTimeout: cfg.Timeout,
		}
	}
	return &signer{
		scheme: base.Scheme, host: base.Host, email: cfg.Email, token: cfg.Token, agent: cfg.UserAgent, next: next,
	}
}

// RoundTrip signs a copy of the request and sends it.
func (s *signer) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != s.scheme || r.URL.Host != s.host {
		if r.Body != nil {
			_ = r.Body.Close() // A RoundTripper closes the body in every case; there is nothing to lose.
		}
		return nil, errForeign
	}
	signed := r.Clone(r.Context())
	signed.SetBasicAuth(s.email, s.token)
	signed.Header.Set("User-Agent", s.agent)
	signed.Header.Set("Accept", "application/json")
	return s.next.RoundTrip(signed)
}

// CloseIdleConnections lets go of connections that nobody uses.
func (s *signer) CloseIdleConnections() {
	if c, ok := s.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// Close lets go of idle connections. It is safe twice, and calls made later open new ones.
func (t *Tracker) Close() { t.client.Client().CloseIdleConnections() }
