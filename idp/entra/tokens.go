package entra

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"usher/idp"
)

const (
	// tokenMargin is how long before its end an access token is renewed.
	tokenMargin = 5 * time.Minute
	// tokenPause is how long after a fetch a refused token is not fetched anew: a right that is lacking is no reason to ask
	// the authority at every call.
	tokenPause = 10 * time.Second
)

// tokens is a policy of the pipeline that puts an access token on every request. It goes by the provider's clock, fetches once
// for all who wait, and drops a token that Graph refuses. It is safe for concurrent use.
type tokens struct {
	fresh func() (azcore.TokenCredential, error)
	scope string
	now   func() time.Time

	turn       chan struct{} // holds one element while nobody uses the fields below
	credential azcore.TokenCredential
	token      string
	until      time.Time
	fetched    time.Time
}

func newTokens(first azcore.TokenCredential, fresh func() (azcore.TokenCredential, error), scope string, now func() time.Time) *tokens {
	t := &tokens{fresh: fresh, scope: scope, now: now, credential: first, turn: make(chan struct{}, 1)}
	t.turn <- struct{}{}
	return t
}

// Do sends the request with a token. After a 401, Graph's word that nothing was done, it tries once more with a token that the
// authority gave out after that; MSAL keeps tokens in memory, so the credential is made anew for it. Those of managed identities
// it keeps for the whole process, so they live until they end.
func (t *tokens) Do(req *policy.Request) (*http.Response, error) {
	for attempt := 0; ; attempt++ {
		token, err := t.get(req.Raw().Context())
		if err != nil {
			return nil, err
		}
		req.Raw().Header.Set("Authorization", "Bearer "+token)
		if req.Raw().Method != http.MethodGet {
			if err := idp.Wanted(req.Raw().Context()); err != nil {
				return nil, err
			}
		}
		resp, err := req.Next()
		if err != nil || resp.StatusCode != http.StatusUnauthorized || attempt > 0 || !t.drop(token) {
			return resp, err
		}
		runtime.Drain(resp)
		if err := req.RewindBody(); err != nil {
			return nil, errNetwork
		}
	}
}

// get returns a valid token and fetches one first if needed.
func (t *tokens) get(ctx context.Context) (string, error) {
	select {
	case <-t.turn:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer func() { t.turn <- struct{}{} }()
	if t.token != "" && t.now().Before(t.until) {
		return t.token, nil
	}
	got, err := t.credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{t.scope}})
	if err != nil {
		return "", signInError(ctx, err, t.now())
	}
	if !isToken(got.Token) {
		return "", &idp.Error{Kind: idp.Unavailable, Op: opSignIn, Err: errors.New("the answer holds no access token")}
	}
	now := t.now()
	life := got.ExpiresOn.Sub(now)
	t.token, t.fetched, t.until = got.Token, now, now.Add(life-min(tokenMargin, life/2))
	return t.token, nil
}

// drop forgets a token that Graph refused. It reports whether another may be asked for.
func (t *tokens) drop(token string) bool {
	<-t.turn
	defer func() { t.turn <- struct{}{} }()
	if token != t.token {
		return t.token != "" // somebody else has renewed it
	}
	if age := t.now().Sub(t.fetched); age >= 0 && age < tokenPause {
		return false
	}
	credential, err := t.fresh()
	if err != nil {
		return false
	}
	t.credential, t.token = credential, ""
	return true
}

// isToken accepts the characters that may stand in an HTTP credential.
func isToken(s string) bool {
	for _, r := range s {
		if r <= ' ' || r > '~' {
			return false
		}
	}
	return s != ""
}

// claims is what an access token says about its bearer. A client must not rely on it; Check does, for want of another way to
// learn which permissions an admin has consented to.
type claims struct {
	App   string   `json:"appid"`
	Roles []string `json:"roles"`
}

// readClaims looks into the token; false if it is opaque.
func readClaims(token string) (claims, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return claims{}, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	var c claims
	return c, err == nil && json.Unmarshal(raw, &c) == nil
}

const opSignIn = "sign in to entra"

// signInError translates the failure of a credential. Its own text holds whole answers, so only the numbers are kept.
func signInError(ctx context.Context, err error, now time.Time) error {
	e := &idp.Error{Kind: idp.Unavailable, Op: opSignIn}
	var resp *http.Response
	var failed *azidentity.AuthenticationFailedError
	var refused *signInRefusal
	var known *idp.Error
	switch {
	case ctx.Err() != nil:
		e.Err = ctx.Err()
		return e
	case errors.As(err, &known):
		return known
	case errors.As(err, &failed):
		resp = failed.RawResponse
	case errors.As(err, &refused):
		resp = refused.resp
	}
	if resp == nil {
		e.Err = errors.New("no token could be got")
		return e
	}
	return signInAnswer(e, resp, now)
}

// signInAnswer sorts an answer of the token endpoint. Source: RFC 6749, section 5.2, and the AADSTS codes of
// learn.microsoft.com/entra/identity-platform/reference-error-codes.
func signInAnswer(e *idp.Error, resp *http.Response, now time.Time) *idp.Error {
	body, _ := runtime.Payload(resp)
	var failure struct {
		Error string `json:"error"`
		Codes []int  `json:"error_codes"`
	}
	_ = json.Unmarshal(body, &failure)
	e.Code = fmt.Sprintf("HTTP %d", resp.StatusCode)
	if len(failure.Codes) > 0 {
		e.Code = fmt.Sprintf("AADSTS%d", failure.Codes[0])
	}
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		e.Kind, e.RetryAt = idp.Throttled, retryAfter(resp.Header, now)
	case resp.StatusCode >= http.StatusInternalServerError, failure.Error == "temporarily_unavailable":
		e.RetryAt = retryAfter(resp.Header, now)
	case failure.Error != "":
		e.Kind, e.Err = idp.Unauthorized, errors.New("the authority refuses tenant, client or credential")
	}
	return e
}
