package scim

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"usher/idp"
	"usher/idp/rest"
)

const (
	// defaultLife is how long a token lasts whose life is not told, which RFC 6749 allows.
	defaultLife = 5 * time.Minute
	// margin is how long before its end a token is replaced.
	margin = 30 * time.Second
)

// clientLogin signs in at the token endpoint by HTTP basic authentication.
type clientLogin func() OAuth

// Authorize sets the header, unless the form carries id and secret. Both are form-encoded first, as RFC 6749 section 2.3.1
// wants it.
func (l clientLogin) Authorize(_ context.Context, req *http.Request, _ string) error {
	if o := l(); !o.SecretInBody {
		req.SetBasicAuth(url.QueryEscape(o.ClientID), url.QueryEscape(string(o.ClientSecret)))
	}
	return nil
}

// Rejected has nothing else to offer.
func (l clientLogin) Rejected(context.Context, string, string) bool { return false }

// fetchToken asks for a token by client credentials.
func fetchToken(ctx context.Context, c *rest.Client, o OAuth, at *url.URL) (*grant, error) {
	const op = "fetch access token"
	form := url.Values{"grant_type": {"client_credentials"}}
	if o.Scope != "" {
		form.Set("scope", o.Scope)
	}
	if o.SecretInBody {
		form.Set("client_id", o.ClientID)
		form.Set("client_secret", string(o.ClientSecret))
	}
	a, err := c.Do(ctx, rest.Request{
		Op: op, Missing: idp.Unauthorized, Method: http.MethodPost, URL: at, Body: []byte(form.Encode()), ContentType: "application/x-www-form-urlencoded",
	})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Token string  `json:"access_token"`
		Type  string  `json:"token_type"`
		Life  float64 `json:"expires_in"`
	}
	if err := a.Decode(op, &answer); err != nil {
		return nil, err
	}
	if answer.Token == "" || !isHeader(answer.Token) || !strings.EqualFold(answer.Type, "bearer") {
		return nil, a.Odd(op, "the answer is no bearer token")
	}
	life := time.Duration(min(answer.Life, (24*time.Hour).Seconds()) * float64(time.Second))
	if life <= 0 {
		life = defaultLife
	}
	return &grant{token: func() string { return answer.Token }, until: a.Received.Add(max(life-margin, life/2))}, nil
}

// judgeToken takes the refusal of a token for a refusal of the credentials. Its texts may quote them, so only the code is
// shown.
func judgeToken(r rest.Request, a *rest.Answer) *idp.Error {
	var answer struct {
		Error string `json:"error"`
	}
	e := &idp.Error{Kind: rest.KindOfStatus(a.Status, r.Missing), Code: a.Code(), Err: errors.New("no access token was given")}
	if json.Unmarshal(a.Body, &answer) == nil && rest.Plain(answer.Error) != "" {
		e.Code = answer.Error
	}
	switch e.Kind {
	case idp.Invalid, idp.Forbidden:
		e.Kind = idp.Unauthorized // 400 invalid_client, invalid_scope and so on
	case idp.Throttled, idp.Unavailable:
		e.RetryAt = rest.RetryAfter(a.Header, a.Received)
	default:
	}
	return e
}
