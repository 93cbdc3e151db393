package graphsim

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // x5t is the SHA-1 thumbprint by the vendor's protocol.
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// client is an app registration with its service principal in the tenant.
type client struct {
	Client
	objectID string
}

// may tells whether the client holds one of the permissions.
func (c *client) may(anyOf []string) bool {
	return slices.ContainsFunc(anyOf, func(role string) bool { return slices.Contains(c.Roles, role) })
}

// accessToken is one token that was given out.
type accessToken struct {
	client *client
	until  time.Time
}

// issuer is where the tokens of the tenant come from.
func (s *Server) issuer(r *http.Request) string { return s.url(r) + "/" + s.cfg.TenantID + "/v2.0" }

// discovery is the OpenID Connect metadata of the tenant.
func (s *Server) discovery(q *request) reply {
	if !strings.EqualFold(q.vars[0], s.cfg.TenantID) {
		return s.noTenant(q.vars[0])
	}
	base := s.url(q.Request) + "/" + s.cfg.TenantID
	return ok(map[string]any{
		"token_endpoint":                        base + "/oauth2/v2.0/token",
		"token_endpoint_auth_methods_supported": []any{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		"jwks_uri":                              base + "/discovery/v2.0/keys",
		"response_types_supported":              []any{"code", "id_token", "code id_token", "id_token token"},
		"scopes_supported":                      []any{"openid", "profile", "email", "offline_access"},
		"issuer":                                s.issuer(q.Request),
		"authorization_endpoint":                base + "/oauth2/v2.0/authorize",
		"tenant_region_scope":                   "EU",
		"cloud_instance_name":                   "microsoftonline.com",
	})
}

func (s *Server) noTenant(id string) reply {
	return loginError(http.StatusBadRequest, "invalid_tenant", "AADSTS90002: Tenant '"+id+"' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.")
}

// issueToken serves the client credentials grant with a secret or a signed assertion.
func (s *Server) issueToken(q *request) reply {
	form, err := url.ParseQuery(string(q.body))
	switch {
	case !strings.EqualFold(q.vars[0], s.cfg.TenantID):
		return s.noTenant(q.vars[0])
	case err != nil || form.Get("grant_type") != "client_credentials":
		return loginError(http.StatusBadRequest, "unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.")
	case !strings.Contains(form.Get("scope"), "/.default"):
		return loginError(http.StatusBadRequest, "invalid_scope", "AADSTS1002012: The provided value for scope is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).")
	}
	c := s.clients[strings.ToLower(form.Get("client_id"))]
	if c == nil {
		return loginError(http.StatusBadRequest, "unauthorized_client", "AADSTS700016: Application with identifier '"+form.Get("client_id")+"' was not found in the directory.")
	}
	switch {
	case form.Get("client_assertion") != "":
		if !s.proves(c, q, form.Get("client_assertion")) {
			return loginError(http.StatusUnauthorized, "invalid_client", "AADSTS700027: The certificate with identifier used to sign the client assertion is not registered on application.")
		}
	case c.Secret == "" || form.Get("client_secret") != c.Secret:
		return loginError(http.StatusUnauthorized, "invalid_client", "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID.")
	}
	resource, _, _ := strings.Cut(form.Get("scope"), "/.default")
	text := s.mint(c, resource, q.Request)
	return ok(map[string]any{
		"token_type": "Bearer", "expires_in": int(s.cfg.TokenLife.Seconds()), "ext_expires_in": int(s.cfg.TokenLife.Seconds()),
		"access_token": text,
	})
}

// mint makes a token that looks like the vendor's: a JWT whose signature a client cannot check.
func (s *Server) mint(c *client, audience string, r *http.Request) string {
	now := s.clock()
	until := now.Add(s.cfg.TokenLife)
	roles := append([]string{}, c.Roles...)
	claims := map[string]any{
		"aud": audience, "iss": s.issuer(r), "iat": now.Unix(), "nbf": now.Unix(), "exp": until.Unix(), "appid": c.ID, "app_displayname": "simulated",
		"idtyp": "app", "oid": c.objectID, "roles": roles, "sub": c.objectID, "tid": s.cfg.TenantID, "uti": s.newID(), "ver": "1.0",
	}
	enc := base64.RawURLEncoding
	signed := enc.EncodeToString([]byte(`{"typ":"JWT","alg":"RS256","kid":"simulated"}`)) + "." + enc.EncodeToString(encode(claims))
	mac := hmac.New(sha256.New, []byte(s.cfg.TenantID))
	mac.Write([]byte(signed))
	text := signed + "." + enc.EncodeToString(mac.Sum(nil))
	s.tokens[text] = &accessToken{client: c, until: until}
	return text
}

// proves checks a client assertion against the registered certificate.
func (s *Server) proves(c *client, q *request, assertion string) bool {
	parts := strings.Split(assertion, ".")
	if c.Certificate == nil || len(parts) != 3 {
		return false
	}
	key, isRSA := c.Certificate.PublicKey.(*rsa.PublicKey)
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	var header struct {
		Alg     string `json:"alg"`
		SHA1    string `json:"x5t"`
		SHA256  string `json:"x5t#S256"`
		Unknown any    `json:"crit"`
	}
	var claims struct {
		Audience string `json:"aud"`
		Issuer   string `json:"iss"`
		Subject  string `json:"sub"`
		Expires  int64  `json:"exp"`
	}
	if err != nil || !isRSA || !decodePart(parts[0], &header) || !decodePart(parts[1], &claims) || header.Unknown != nil {
		return false
	}
	one, two := sha1.Sum(c.Certificate.Raw), sha256.Sum256(c.Certificate.Raw) //nolint:gosec // as above.
	if !sameThumbprint(header.SHA1, one[:]) && !sameThumbprint(header.SHA256, two[:]) {
		return false
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	switch header.Alg {
	case "RS256":
		err = rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature)
	case "PS256":
		err = rsa.VerifyPSS(key, crypto.SHA256, sum[:], signature, nil)
	default:
		return false
	}
	endpoint := s.url(q.Request) + q.URL.Path
	return err == nil && claims.Audience == endpoint && strings.EqualFold(claims.Issuer, c.ID) && strings.EqualFold(claims.Subject, c.ID) &&
		claims.Expires > s.clock().Unix()
}

// sameThumbprint takes either alphabet of base64: the vendor's own client library writes the one that RFC 7515 does not ask for.
func sameThumbprint(text string, sum []byte) bool {
	text = strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(text)
	return text == base64.RawURLEncoding.EncodeToString(sum)
}

func decodePart(part string, into any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(raw, into) == nil
}

// identify finds the client behind a bearer token, or the refusal.
func (s *Server) identify(q *request) (*client, reply) {
	kind, text, _ := strings.Cut(q.Header.Get("Authorization"), " ")
	t := s.tokens[text]
	switch {
	case !strings.EqualFold(kind, "Bearer") || text == "":
		return nil, unauthorized("Access token is empty.")
	case t == nil:
		return nil, unauthorized("Access token validation failure. Invalid signature.")
	case !q.at.Before(t.until):
		return nil, unauthorized("Lifetime validation failed, the token is expired.")
	}
	return t.client, reply{}
}
