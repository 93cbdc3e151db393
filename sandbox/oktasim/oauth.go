package oktasim

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	accessTokenLife = time.Hour
	assertionType   = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// assertion is the part of a client's JWT that counts.
type assertion struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience any    `json:"aud"`
	Expires  int64  `json:"exp"`
}

var errAssertion = errors.New("the client_assertion is invalid")

// issueToken gives an access token for the client credentials grant with private_key_jwt. The parameters may stand in the body or,
// as older clients send them, in the query.
func (s *Server) issueToken(q *request) reply {
	form, err := url.ParseQuery(string(q.body))
	if err != nil {
		return oauthError(http.StatusBadRequest, "invalid_request", "The request body is malformed.")
	}
	get := func(name string) string {
		if v := form.Get(name); v != "" {
			return v
		}
		return q.query.Get(name)
	}
	if get("grant_type") != "client_credentials" {
		return oauthError(http.StatusBadRequest, "unsupported_grant_type", "The grant type is not supported by this server.")
	}
	if get("client_assertion_type") != assertionType {
		return oauthError(http.StatusUnauthorized, "invalid_client", "The client_assertion_type is not supported.")
	}
	c, err := s.proven(q, get("client_assertion"))
	if err != nil {
		return oauthError(http.StatusUnauthorized, "invalid_client", err.Error())
	}
	scopes := strings.Fields(get("scope"))
	for _, want := range scopes {
		if !oneOf(want, c.Scopes...) {
			return oauthError(http.StatusBadRequest, "invalid_scope", "The access policy does not allow the requested scope: "+want)
		}
	}
	if len(scopes) == 0 {
		return oauthError(http.StatusBadRequest, "invalid_scope", "The scope parameter is missing.")
	}
	secret := s.newID("eyJ") + s.newID("") + s.newID("")
	s.access[secret] = &principal{client: c.ID, role: c.Admin, scopes: scopes, expires: q.at.Add(accessTokenLife)}
	return ok(map[string]any{
		"token_type": "Bearer", "expires_in": int(accessTokenLife.Seconds()), "access_token": secret, "scope": strings.Join(scopes, " "),
	})
}

// oauthError has the shape of RFC 6749, unlike all other errors of the API.
func oauthError(status int, code, text string) reply {
	return reply{status: status, body: map[string]any{"error": code, "error_description": text}}
}

// proven checks signature, key, audience and life of an assertion and returns the client that made it.
func (s *Server) proven(q *request, token string) (Client, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return Client{}, errAssertion
	}
	var head struct{ Alg, Kid string }
	var claims assertion
	if decodePart(parts[0], &head) != nil || decodePart(parts[1], &claims) != nil || head.Alg != "RS256" {
		return Client{}, errAssertion
	}
	for _, c := range s.cfg.Clients {
		if c.ID != claims.Issuer || claims.Subject != c.ID {
			continue
		}
		if c.KeyID != "" && head.Kid != c.KeyID {
			return Client{}, fmt.Errorf("%w: no key with this kid", errAssertion)
		}
		sig, err := base64.RawURLEncoding.DecodeString(parts[2])
		if err != nil {
			return Client{}, errAssertion
		}
		sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
		if rsa.VerifyPKCS1v15(c.Key, crypto.SHA256, sum[:], sig) != nil {
			return Client{}, fmt.Errorf("%w: bad signature", errAssertion)
		}
		return c, s.checkClaims(q, claims)
	}
	return Client{}, errors.New("the client is unknown")
}

func (s *Server) checkClaims(q *request, claims assertion) error {
	audience, isText := claims.Audience.(string)
	expires := time.Unix(claims.Expires, 0)
	switch {
	case !isText || audience != s.url(q.Request)+"/oauth2/v1/token":
		return fmt.Errorf("%w: wrong audience", errAssertion)
	case !expires.After(q.at):
		return fmt.Errorf("%w: expired", errAssertion)
	case expires.After(q.at.Add(time.Hour + time.Minute)):
		return fmt.Errorf("%w: it may live for an hour at most", errAssertion)
	}
	return nil
}

func decodePart(part string, into any) error {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return fmt.Errorf("decode assertion: %w", err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("decode assertion: %w", err)
	}
	return nil
}
