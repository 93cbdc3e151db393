package scim

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"usher/idp/rest"
)

// authorizer signs requests with a bearer token: a fixed one, or one that it fetches and renews. It is safe for concurrent use.
type authorizer struct {
	fixed  func() string                             // nil with OAuth
	fetch  func(ctx context.Context) (*grant, error) // nil without
	client *rest.Client                              // that of fetch
	now    func() time.Time

	turn chan struct{} // whoever fetches a token holds it

	mu    sync.Mutex
	grant *grant
}

// grant is an access token. It is a function so that no way of printing shows it.
type grant struct {
	token func() string
	until time.Time // fetch another one from then on
}

// acceptedTypes asks for SCIM's own media type, and takes plain JSON from who does not know it.
const acceptedTypes = "application/scim+json, application/json;q=0.9"

func newAuthorizer(cfg Config, tokenURL *url.URL) *authorizer {
	a := &authorizer{now: cfg.Now, turn: make(chan struct{}, 1)}
	if tokenURL == nil {
		token := string(cfg.Token)
		a.fixed = func() string { return token }
		return a
	}
	// A client of its own, so that the client secret can go to the token endpoint only, and the token to the server only.
	oauth := cfg.OAuth
	a.client = rest.New(rest.Config{
		Name: cfg.Name, Origins: []*url.URL{tokenURL}, Auth: clientLogin(func() OAuth { return oauth }), Judge: judgeToken,
		UserAgent: cfg.UserAgent, Timeout: cfg.Timeout, Limits: rest.Limits{InFlight: 1}, Now: cfg.Now, Dial: cfg.Dial, Logger: cfg.Logger,
	})
	a.fetch = func(ctx context.Context) (*grant, error) { return fetchToken(ctx, a.client, oauth, tokenURL) }
	return a
}

// close drops idle connections.
func (a *authorizer) close() {
	if a.client != nil {
		a.client.Close()
	}
}

// Authorize sets the token, the accepted media types, and the version that the context carries.
func (a *authorizer) Authorize(ctx context.Context, req *http.Request, _ string) error {
	token, err := a.token(ctx)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", acceptedTypes)
	if version := versionOf(ctx); version != "" {
		req.Header.Set("If-Match", version)
	}
	return nil
}

// Rejected drops a fetched token; a fixed one cannot be renewed.
func (a *authorizer) Rejected(_ context.Context, _, authorization string) bool {
	if a.fixed != nil {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.grant != nil && authorization == "Bearer "+a.grant.token() {
		a.grant = nil
	}
	return true
}

// token returns the token in hand, or fetches one, once for all who wait.
func (a *authorizer) token(ctx context.Context) (string, error) {
	if a.fixed != nil {
		return a.fixed(), nil
	}
	if g := a.held(); g != nil {
		return g.token(), nil
	}
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if g := a.held(); g != nil {
		return g.token(), nil
	}
	g, err := a.fetch(ctx)
	if err != nil {
		return "", err
	}
	a.mu.Lock()
	a.grant = g
	a.mu.Unlock()
	return g.token(), nil
}

// held returns the token in hand if it is still good.
func (a *authorizer) held() *grant {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.grant == nil || !a.now().Before(a.grant.until) {
		return nil
	}
	return a.grant
}
