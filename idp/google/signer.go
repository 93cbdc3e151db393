package google

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"usher/idp"
	"usher/idp/rest"
)

// signer gets access tokens: with the key of a service account, or as what the machine or another identity provider says it
// is. It is safe for concurrent use.
type signer struct {
	at      addresses
	now     func() time.Time
	email   string // of the service account
	subject string // of the admin for whom it acts
	keyID   string
	key     *rsa.PrivateKey // nil = ambient
	ambient *ambient
	client  *rest.Client
}

// newSigner reads the credentials. It does no I/O.
func newSigner(cfg Config, at addresses) (*signer, error) {
	s := &signer{at: at, now: cfg.Now, subject: cfg.Subject, email: cfg.ServiceAccount}
	var problems []error
	switch {
	case cfg.Ambient && cfg.Credentials != "":
		problems = append(problems, errors.New("credentials: give either a credentials file or ambient credentials, not both"))
	case cfg.Ambient:
		s.ambient = newAmbient(cfg, "")
	case cfg.Credentials == "":
		problems = append(problems, errors.New("credentials: a credentials file, or ambient credentials, are required"))
	default:
		problems = append(problems, s.readFile(cfg)...)
	}
	if s.ambient != nil && s.subject != "" && s.email == "" {
		problems = append(problems, errors.New("service account: required beside a subject"))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *signer) connect(c *rest.Client) { s.client = c }

// token gets an access token for one scope and tells how long it lives.
func (s *signer) token(ctx context.Context, scope string) (string, time.Duration, error) {
	switch {
	case s.key == nil && s.subject == "":
		return s.ambient.token(ctx, scope)
	case s.key == nil:
		assertion, err := s.remoteAssertion(ctx, scope)
		if err != nil {
			return "", 0, err
		}
		return s.exchange(ctx, scope, assertion)
	}
	assertion, err := s.assertion(scope)
	if err != nil {
		return "", 0, err
	}
	return s.exchange(ctx, scope, assertion)
}

// claims say who asks for what, as RFC 7523 and Google's documentation want it.
func (s *signer) claims(scope string) ([]byte, error) {
	now := s.now().Unix()
	c := map[string]any{"iss": s.email, "scope": scope, "aud": s.at.token.String(), "iat": now, "exp": now + assertionLifetime}
	if s.subject != "" {
		c["sub"] = s.subject
	}
	return json.Marshal(c)
}

func (s *signer) assertion(scope string) (string, error) {
	header, err := json.Marshal(map[string]string{"alg": "RS256", "typ": "JWT", "kid": s.keyID})
	if err != nil {
		return "", err
	}
	claims, err := s.claims(scope)
	if err != nil {
		return "", err
	}
	enc := base64.RawURLEncoding
	text := enc.EncodeToString(header) + "." + enc.EncodeToString(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, sum[:])
	if err != nil {
		return "", errors.New("the key cannot sign")
	}
	return text + "." + enc.EncodeToString(signature), nil
}

const opSignIn = "sign in to google"

// errMaySign names both causes: Google refuses in the same way where the API is switched off.
// Source: https://docs.cloud.google.com/iam/docs/migrating-to-credentials-api
var errMaySign = errors.New("google does not sign in the name of the service account: it takes the role Service Account Token Creator on it, " +
	"and the IAM Service Account Credentials API enabled")

// remoteAssertion has Google sign in the name of the service account, so that no key is kept anywhere.
func (s *signer) remoteAssertion(ctx context.Context, scope string) (string, error) {
	claims, err := s.claims(scope)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(map[string]string{"payload": string(claims)})
	if err != nil {
		return "", err
	}
	bearer, _, err := s.ambient.token(ctx, scopeCloud)
	if err != nil {
		return "", err
	}
	a, err := s.client.Raw(ctx, rest.Request{
		Op: opSignIn, Method: http.MethodPost, Body: body, Bearer: bearer,
		URL: at(s.at.iam, "/v1/projects/-/serviceAccounts/", nil, s.email+":signJwt"),
	})
	if err != nil {
		return "", err
	}
	if !a.OK() {
		e := judge(rest.Request{Op: opSignIn, Missing: idp.Unauthorized}, a)
		if e.Kind == idp.Forbidden || e.Kind == idp.Unauthorized {
			e.Kind, e.Err = idp.Unauthorized, errMaySign
		}
		return "", e
	}
	var answer struct {
		SignedJWT string `json:"signedJwt"`
	}
	if err := a.Decode(opSignIn, &answer); err != nil {
		return "", err
	}
	return answer.SignedJWT, nil
}

// exchange trades an assertion for an access token.
func (s *signer) exchange(ctx context.Context, scope, assertion string) (string, time.Duration, error) {
	form := url.Values{"grant_type": {grantJWT}, "assertion": {assertion}}
	a, err := s.client.Raw(ctx, rest.Request{
		Op: opSignIn, Method: http.MethodPost, URL: s.at.token, Body: []byte(form.Encode()), ContentType: "application/x-www-form-urlencoded",
	})
	if err != nil {
		return "", 0, err
	}
	if !a.OK() {
		return "", 0, s.refusal(scope, a)
	}
	var answer struct {
		Token     string `json:"access_token"`
		Type      string `json:"token_type"`
		ExpiresIn int    `json:"expires_in"`
	}
	if err := a.Decode(opSignIn, &answer); err != nil {
		return "", 0, err
	}
	if !isBearer(answer.Token) || !strings.EqualFold(answer.Type, "Bearer") || answer.ExpiresIn <= 0 {
		return "", 0, a.Odd(opSignIn, "the answer holds no access token")
	}
	return answer.Token, time.Duration(answer.ExpiresIn) * time.Second, nil
}

// isBearer accepts the characters that may stand in an HTTP credential.
func isBearer(s string) bool {
	for _, r := range s {
		if r <= ' ' || r > '~' {
			return false
		}
	}
	return s != ""
}

// refusal translates the answer of the token endpoint, which speaks OAuth and not the format of the APIs.
func (s *signer) refusal(scope string, a *rest.Answer) error {
	var f struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	_ = json.Unmarshal(a.Body, &f) // Of another shape it is not Google's, and the status decides.
	e := &idp.Error{Kind: rest.KindOfStatus(a.Status, idp.Unavailable), Op: opSignIn, Code: rest.Plain(f.Error)}
	e.RetryAt = rest.RetryAfter(a.Header, a.Received)
	switch f.Error {
	case "invalid_grant":
		e.Kind, e.Err = idp.Unauthorized, errors.New(grantProblem(f.Description))
	case "invalid_client":
		e.Kind, e.Err = idp.Unauthorized, errors.New("the service account is unknown or disabled")
	case "unauthorized_client":
		e.Kind = idp.Forbidden
		e.Err = errors.New("the scope " + strings.TrimPrefix(scope, scopePrefix) + " is not delegated to this service account")
	case "invalid_scope", "access_denied":
		e.Kind, e.Err = idp.Forbidden, errors.New("the scope "+strings.TrimPrefix(scope, scopePrefix)+" is refused")
	default:
		e.Code = a.Code()
	}
	return e
}

// grantProblem turns Google's text, which may name people, into one of ours.
func grantProblem(text string) string {
	switch {
	case strings.Contains(text, "Signature"):
		return "the key is none of this service account's (any more)"
	case strings.Contains(text, "User ID"):
		return "the configured subject is no user of this company"
	case strings.Contains(text, "account not found"):
		return "the service account is unknown or disabled"
	case strings.Contains(text, "timeframe"):
		return "the clock of this machine is wrong"
	default:
		return "the credentials are not accepted"
	}
}
