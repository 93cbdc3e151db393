package okta

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"usher/idp"
)

const (
	tokenPath = "/oauth2/v1/token" //nolint:gosec // a path, no credential.
	// assertionLife is how long a signed assertion is valid; Okta allows one hour at most.
	assertionLife = 5 * time.Minute
	// tokenMargin is how long before its end an access token is renewed.
	tokenMargin = time.Minute
)

const scopeManage = "okta.groups.manage"

// neededScopes is what is asked for if the configuration does not say: what Usher does, and so not okta.users.manage.
func neededScopes() []string {
	return []string{scopeManage, "okta.groups.read", "okta.users.read", "okta.logs.read", "okta.roles.read"}
}

// keyAuth signs in as a service app with a private key. The SDK's own way starts one token request per caller, ignores
// the caller's context and hides what went wrong. It is safe for concurrent use.
type keyAuth struct {
	base      *url.URL
	clientID  string
	keyID     string
	key       *rsa.PrivateKey
	scopes    []string
	userAgent string
	now       func() time.Time
	next      http.RoundTripper

	turn    chan struct{} // holds one element while nobody uses the fields below
	bearer  string
	until   time.Time
	granted []string // the scopes that came with the token
}

func newKeyAuth(cfg Config, base *url.URL, next http.RoundTripper) (*keyAuth, error) {
	key, err := parseRSAKey(cfg.PrivateKeyPEM)
	if err != nil {
		return nil, err
	}
	scopes := cfg.Scopes
	if len(scopes) == 0 {
		scopes = neededScopes()
	}
	k := &keyAuth{
		base: base, clientID: cfg.ClientID, keyID: cfg.KeyID, key: key, scopes: scopes, userAgent: cfg.UserAgent,
		now: cfg.Now, next: next, turn: make(chan struct{}, 1),
	}
	k.turn <- struct{}{}
	return k, nil
}

var errKey = errors.New("private key: expected an RSA key of at least 2048 bits in PEM, PKCS#1 or PKCS#8")

func parseRSAKey(text Secret) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errKey
	}
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, errKey
		}
		var ok bool
		if key, ok = parsed.(*rsa.PrivateKey); !ok {
			return nil, errKey
		}
	}
	if key.N.BitLen() < 2048 {
		return nil, errKey
	}
	return key, nil
}

// authorize puts a valid access token on the request and fetches one first if needed; others wait for that one fetch.
func (k *keyAuth) authorize(ctx context.Context, req *http.Request) error {
	select {
	case <-k.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { k.turn <- struct{}{} }()
	if k.bearer == "" || !k.now().Before(k.until) {
		if err := k.fetch(ctx); err != nil {
			return err
		}
	}
	req.Header.Set("Authorization", "Bearer "+k.bearer)
	return nil
}

// rejected forgets the access token that Okta refused, unless it has been replaced already.
func (k *keyAuth) rejected(authorization string) bool {
	<-k.turn
	defer func() { k.turn <- struct{}{} }()
	if authorization == "Bearer "+k.bearer {
		k.bearer = ""
	}
	return true
}

// scopesGranted lists the scopes of the present token, nil if there is none.
func (k *keyAuth) scopesGranted() []string {
	<-k.turn
	defer func() { k.turn <- struct{}{} }()
	return k.granted
}

// fetch asks for an access token. The caller has the turn.
func (k *keyAuth) fetch(ctx context.Context) error {
	const op = "sign in to okta"
	assertion, err := k.assertion()
	if err != nil {
		return err
	}
	form := url.Values{
		"grant_type":            {"client_credentials"},
		"scope":                 {strings.Join(k.scopes, " ")},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {assertion},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, k.base.String()+tokenPath, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", k.userAgent)
	resp, err := k.next.RoundTrip(req)
	if err != nil {
		return plain(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return plain(err)
	}
	if resp.StatusCode != http.StatusOK {
		return tokenError(op, resp, body, k.now())
	}
	var answer struct {
		Type      string `json:"token_type"`
		Token     string `json:"access_token"`
		ExpiresIn int    `json:"expires_in"`
		Scope     string `json:"scope"`
	}
	if json.Unmarshal(body, &answer) != nil || !isToken(answer.Token) || answer.ExpiresIn <= 0 {
		return &idp.Error{Kind: idp.Unavailable, Op: op, Err: errors.New("the answer holds no access token")}
	}
	if !strings.EqualFold(answer.Type, "Bearer") {
		return &idp.Error{Kind: idp.Unauthorized, Op: op, Err: errors.New("the service app asks for DPoP proofs, switch that off")}
	}
	life := time.Duration(answer.ExpiresIn) * time.Second
	k.bearer, k.granted = answer.Token, strings.Fields(answer.Scope)
	k.until = k.now().Add(life - min(tokenMargin, life/2))
	return nil
}

// tokenError translates the answer of the token endpoint, which speaks OAuth and not Okta's own error format.
func tokenError(op string, resp *http.Response, body []byte, now time.Time) error {
	var failure struct {
		Error string `json:"error"`
	}
	_ = json.Unmarshal(body, &failure)
	e := &idp.Error{Kind: idp.Unavailable, Op: op, Code: fmt.Sprintf("HTTP %d", resp.StatusCode), RetryAt: retryAfter(resp.Header, now)}
	switch failure.Error {
	case "invalid_client", "invalid_grant", "unauthorized_client":
		e.Kind, e.Code = idp.Unauthorized, failure.Error
	case "invalid_scope", "access_denied", "consent_required": // Nobody is there to consent: the scope is not granted.
		e.Kind, e.Code = idp.Forbidden, failure.Error
	case "invalid_dpop_proof", "use_dpop_nonce":
		e.Kind, e.Code, e.Err = idp.Unauthorized, failure.Error, errors.New("the service app asks for DPoP proofs, switch that off")
	case "invalid_request":
		e.Kind, e.Code = idp.Unauthorized, failure.Error
	default:
		switch resp.StatusCode {
		case http.StatusTooManyRequests:
			e.Kind, e.RetryAt = idp.Throttled, retryAt(resp.Header, now)
		case http.StatusUnauthorized:
			e.Kind = idp.Unauthorized
		case http.StatusForbidden:
			e.Kind = idp.Forbidden
		}
	}
	return e
}

// assertion signs who is asking, as RFC 7523 and Okta's documentation want it.
func (k *keyAuth) assertion() (string, error) {
	now := k.now()
	header, err := json.Marshal(map[string]string{"alg": "RS256", "typ": "JWT", "kid": k.keyID})
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(map[string]any{
		"iss": k.clientID, "sub": k.clientID, "aud": k.base.String() + tokenPath,
		"iat": now.Unix(), "exp": now.Add(assertionLife).Unix(), "jti": rand.Text(),
	})
	if err != nil {
		return "", err
	}
	enc := base64.RawURLEncoding
	signed := enc.EncodeToString(header) + "." + enc.EncodeToString(claims)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, k.key, crypto.SHA256, sum[:])
	if err != nil {
		return "", err
	}
	return signed + "." + enc.EncodeToString(signature), nil
}
