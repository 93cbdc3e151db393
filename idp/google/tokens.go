package google

import (
	"context"
	"net/http"
	"sync"
	"time"

	"usher/idp"
)

const (
	// tokenMargin is how long before its end an access token is renewed.
	tokenMargin = time.Minute
	// refusedFor is how long a scope that the company has not delegated is not asked for again.
	refusedFor = 10 * time.Minute
)

// tokens keeps one access token per scope. It is safe for concurrent use.
type tokens struct {
	signer *signer
	now    func() time.Time

	mu    sync.Mutex
	slots map[string]*slot
}

// slot is the access token of one scope.
type slot struct {
	turn    chan struct{} // holds one element while nobody uses the fields below
	bearer  string
	until   time.Time
	refused error // why the scope cannot be had, believed until then
	again   time.Time
}

func newTokens(s *signer, now func() time.Time) *tokens {
	return &tokens{signer: s, now: now, slots: map[string]*slot{}}
}

func (t *tokens) slot(scope string) *slot {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.slots[scope]
	if s == nil {
		s = &slot{turn: make(chan struct{}, 1)}
		s.turn <- struct{}{}
		t.slots[scope] = s
	}
	return s
}

// Authorize puts a valid access token on the request and fetches one first if needed; others wait for that one fetch.
func (t *tokens) Authorize(ctx context.Context, req *http.Request, scope string) error {
	s := t.slot(scope)
	select {
	case <-s.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.turn <- struct{}{} }()
	now := t.now()
	if s.refused != nil && now.Before(s.again) {
		return s.refused
	}
	if s.bearer == "" || !now.Before(s.until) {
		bearer, life, err := t.signer.token(ctx, scope)
		s.refused = nil
		if idp.KindOf(err) == idp.Forbidden {
			s.refused, s.again = err, now.Add(refusedFor)
		}
		if err != nil {
			return err
		}
		s.bearer, s.until = bearer, now.Add(life-min(tokenMargin, life/2))
	}
	req.Header.Set("Authorization", "Bearer "+s.bearer)
	return nil
}

// Rejected forgets the access token that Google refused, unless it has been replaced already.
func (t *tokens) Rejected(ctx context.Context, scope, authorization string) bool {
	s := t.slot(scope)
	select {
	case <-s.turn:
	case <-ctx.Done():
		return false
	}
	defer func() { s.turn <- struct{}{} }()
	if authorization == "Bearer "+s.bearer {
		s.bearer = ""
	}
	return true
}

// forget drops every access token and every refusal, so that what an admin has just mended is seen.
func (t *tokens) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.slots = map[string]*slot{}
}
