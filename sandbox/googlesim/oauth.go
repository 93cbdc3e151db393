package googlesim

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	tokenLife = time.Hour
	grantJWT  = "urn:ietf:params:oauth:grant-type:jwt-bearer"
)

func tokenRoutes() []route {
	const account = "/v1/projects/-/serviceAccounts/{email}"
	platform := []string{"cloud-platform", "iam"}
	return []route{
		{name: "token", method: http.MethodPost, path: "/token", api: apiOAuth, open: true, serve: (*Server).issueToken},
		{name: "token.info", method: http.MethodGet, path: "/tokeninfo", api: apiOAuth, open: true, serve: (*Server).tokenInfo},
		{name: "token.exchange", method: http.MethodPost, path: "/v1/token", api: apiOAuth, open: true, serve: (*Server).exchangeToken},
		{
			name: "token.impersonate", method: http.MethodPost, path: account + ":generateAccessToken", api: apiOAuth, scopes: platform,
			serve: (*Server).impersonate,
		},
		{name: "token.sign", method: http.MethodPost, path: account + ":signJwt", api: apiOAuth, scopes: platform, serve: (*Server).signJWT},
	}
}

// claims is the part of an assertion that counts.
type claims struct {
	Iss, Sub, Scope string
	Aud             string
	Iat, Exp        int64
}

func invalidGrant(text string) reply {
	return oauthError(http.StatusBadRequest, "invalid_grant", text)
}

// issueToken gives an access token for a signed assertion, to the service account itself or to the user of whom the company
// has delegated the rights to it.
func (s *Server) issueToken(q *request) reply {
	form, err := url.ParseQuery(string(q.body))
	if err != nil || form.Get("grant_type") != grantJWT {
		return oauthError(http.StatusBadRequest, "unsupported_grant_type", "Invalid grant_type: "+form.Get("grant_type"))
	}
	c, a, no := s.proven(q, form.Get("assertion"))
	if a == nil {
		return no
	}
	scopes := strings.Fields(c.Scope)
	if len(scopes) == 0 {
		return oauthError(http.StatusBadRequest, "invalid_scope", "Invalid OAuth scope or ID token audience provided.")
	}
	p := principal{account: a.Email, role: a.Admin, scopes: scopes}
	if c.Sub != "" {
		if s.userByKey(c.Sub) == nil {
			return invalidGrant("Invalid email or User ID")
		}
		for _, scope := range scopes {
			if !oneOf(scope, a.Delegated...) {
				return oauthError(http.StatusUnauthorized, "unauthorized_client",
					"Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.")
			}
		}
		p.subject = c.Sub
	}
	return ok(object{"access_token": s.issue(p), "expires_in": int(tokenLife.Seconds()) - 1, "token_type": "Bearer"})
}

// proven checks signature, audience and life of an assertion and returns the service account that made it.
func (s *Server) proven(q *request, token string) (claims, *ServiceAccount, reply) {
	parts := strings.Split(token, ".")
	var c claims
	if len(parts) != 3 || decodePart(parts[1], &c) != nil {
		return c, nil, invalidGrant("Invalid JWT")
	}
	var account *ServiceAccount
	for i, a := range s.cfg.ServiceAccounts {
		if a.Email == c.Iss {
			account = &s.cfg.ServiceAccounts[i]
		}
	}
	if account == nil {
		return c, nil, invalidGrant("Invalid grant: account not found")
	}
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || !s.signed(account, parts[0]+"."+parts[1], sig) {
		return c, nil, invalidGrant("Invalid JWT Signature.")
	}
	iat, exp := time.Unix(c.Iat, 0), time.Unix(c.Exp, 0)
	const slack = 5 * time.Minute
	switch {
	case c.Aud != s.url(q.Request)+"/token":
		return c, nil, invalidGrant("Invalid JWT: Failed audience check.")
	case exp.Sub(iat) > time.Hour || !exp.After(q.at) || iat.After(q.at.Add(slack)):
		return c, nil, invalidGrant("Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.")
	}
	return c, account, reply{}
}

// signed accepts the account's own key and the one with which Google signs in its name.
func (s *Server) signed(a *ServiceAccount, text string, sig []byte) bool {
	sum := sha256.Sum256([]byte(text))
	if a.Key != nil && rsa.VerifyPKCS1v15(a.Key, crypto.SHA256, sum[:], sig) == nil {
		return true
	}
	return s.cfg.SigningKey != nil && rsa.VerifyPKCS1v15(&s.cfg.SigningKey.PublicKey, crypto.SHA256, sum[:], sig) == nil
}

func (s *Server) url(r *http.Request) string {
	if s.base != "" {
		return s.base
	}
	return "http://" + r.Host
}

func (s *Server) tokenInfo(q *request) reply {
	p := s.tokens[q.query.Get("access_token")]
	if p == nil || !q.at.Before(p.expires) {
		return oauthError(http.StatusBadRequest, "invalid_token", "Invalid Value")
	}
	return ok(object{
		"azp": p.account, "aud": p.account, "scope": strings.Join(p.scopes, " "), "exp": p.expires.Unix(),
		"expires_in": int(p.expires.Sub(q.at).Seconds()), "access_type": "online",
	})
}

func decodePart(part string, into any) error {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return errors.New("not base64url")
	}
	return json.Unmarshal(raw, into)
}

func oneOf(s string, all ...string) bool {
	for _, o := range all {
		if s == o {
			return true
		}
	}
	return false
}
