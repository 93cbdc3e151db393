package oktasim_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"usher/sandbox/oktasim"
)

func TestCredentialsDecideTheRefusal(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	o.as("").get("/api/v1/users").refusal(t, 401, "E0000005")
	o.as("wrong").get("/api/v1/users").refusal(t, 401, "E0000011")
	o.as(readerSecret).call("POST", "/api/v1/groups", `{"profile":{"name":"x"}}`).refusal(t, 403, "E0000006")
	o.as("").get("/api/v1/nothing").refusal(t, 404, "E0000008")
	o.call("PATCH", "/api/v1/users", "").refusal(t, 405, "E0000022")
	if err := o.RevokeToken("00Tgroup"); err != nil {
		t.Fatal(err)
	}
	o.as(groupSecret).get("/api/v1/users").refusal(t, 401, "E0000011")
	if err := o.RevokeToken("00Tgroup"); err == nil {
		t.Error("revoked twice")
	}
}

func TestTokenDiesWithItsOwnersAccountOrRole(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	g := o.as(groupSecret)
	g.get("/api/v1/users/me").want(t, 200)
	if err := o.Deactivate("00u2"); err != nil {
		t.Fatal(err)
	}
	g.get("/api/v1/users/me").refusal(t, 403, "E0000006")
	if err := o.Reactivate("00u2"); err != nil {
		t.Fatal(err)
	}
	if id := g.get("/api/v1/users/me").want(t, 200).object(t)["id"]; id != "00u2" {
		t.Errorf("me is %v", id)
	}
	if err := o.SetTokenRole("00Tgroup", ""); err != nil {
		t.Fatal(err)
	}
	g.get("/api/v1/groups").refusal(t, 403, "E0000006")
}

func TestSecretsAreInNoCallRecord(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	o.get("/api/v1/users").want(t, 200)
	o.call("POST", "/oauth2/v1/token?client_assertion=hush", "client_assertion=hush")
	text, err := json.Marshal(o.Calls())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), adminSecret) || strings.Contains(string(text), "hush") {
		t.Errorf("%s", text)
	}
}

func sign(t *testing.T, key *rsa.PrivateKey, claims map[string]any) string {
	t.Helper()
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	text := part(map[string]any{"alg": "RS256", "kid": "k1"}) + "." + part(claims)
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// grant asks for an access token and returns status and answer.
func (o *org) grant(assertion, scope string) (int, map[string]any) {
	o.t.Helper()
	form := url.Values{
		"grant_type": {"client_credentials"}, "scope": {scope}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}
	req, err := http.NewRequestWithContext(o.t.Context(), http.MethodPost, o.url+"/oauth2/v1/token", strings.NewReader(form.Encode()))
	if err != nil {
		o.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := o.client.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	var v map[string]any
	decode(o.t, body, &v)
	return resp.StatusCode, v
}

// bearer makes a call with an access token.
func (o *org) bearer(method, path, token string) got {
	o.t.Helper()
	req, err := http.NewRequestWithContext(o.t.Context(), method, o.url+path, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := o.client.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	return got{resp.StatusCode, resp.Header, body}
}

func TestServiceAppSignsInWithItsKey(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	c := newClock()
	cfg := company(c)
	cfg.Clients = []oktasim.Client{
		{ID: "0oaSVC", KeyID: "k1", Key: &key.PublicKey, Scopes: []string{"okta.groups.manage", "okta.users.read"}, Admin: oktasim.GroupAdmin},
		{ID: "0oaBARE", Key: &key.PublicKey, Scopes: []string{"okta.groups.manage"}},
	}
	o := start(t, cfg)
	claims := func(id, audience string, life time.Duration) map[string]any {
		return map[string]any{"iss": id, "sub": id, "aud": o.url + audience, "exp": c.now().Add(life).Unix()}
	}
	good := sign(t, key, claims("0oaSVC", "/oauth2/v1/token", time.Hour))
	tests := []struct {
		name, assertion, scope, code string
		status                       int
	}{
		{"other key", sign(t, other, claims("0oaSVC", "/oauth2/v1/token", time.Hour)), "okta.users.read", "invalid_client", 401},
		{"other audience", sign(t, key, claims("0oaSVC", "/oauth2/default/v1/token", time.Hour)), "okta.users.read", "invalid_client", 401},
		{"expired", sign(t, key, claims("0oaSVC", "/oauth2/v1/token", -time.Minute)), "okta.users.read", "invalid_client", 401},
		{"too long", sign(t, key, claims("0oaSVC", "/oauth2/v1/token", 2*time.Hour)), "okta.users.read", "invalid_client", 401},
		{"unknown client", sign(t, key, claims("0oaX", "/oauth2/v1/token", time.Hour)), "okta.users.read", "invalid_client", 401},
		{"not granted", good, "okta.logs.read", "invalid_scope", 400},
		{"nothing asked", good, "", "invalid_scope", 400},
		{"garbage", "a.b.c", "okta.users.read", "invalid_client", 401},
	}
	for _, test := range tests {
		if status, v := o.grant(test.assertion, test.scope); status != test.status || v["error"] != test.code {
			t.Errorf("%s: %d %v", test.name, status, v)
		}
	}
	status, v := o.grant(good, "okta.groups.manage")
	if status != 200 || v["token_type"] != "Bearer" || v["expires_in"] != 3600.0 {
		t.Fatalf("%d %v", status, v)
	}
	token := v["access_token"].(string)
	o.bearer("GET", "/api/v1/groups", token).want(t, 200) // manage includes read
	o.bearer("PUT", addBob, token).want(t, 204)
	o.bearer("GET", "/api/v1/users", token).refusal(t, 403, "E0000006") // granted to the app, not asked for
	if h := o.MemberHistory("00g1"); h[0].Actor != "0oaSVC" {
		t.Errorf("%+v", h)
	}
	list, _ := o.events("filter=" + escape(`eventType eq "group.user_membership.add"`))
	if list[0].Actor.Type != "PublicClientApp" || list[0].Actor.ID != "0oaSVC" {
		t.Errorf("%+v", list[0])
	}
	c.move(time.Hour)
	if g := o.bearer("GET", "/api/v1/groups", token).refusal(t, 401, "E0000011"); !strings.Contains(g.header.Get("WWW-Authenticate"), "invalid_token") {
		t.Errorf("%v", g.header)
	}
	_, v = o.grant(sign(t, key, claims("0oaBARE", "/oauth2/v1/token", time.Hour)), "okta.groups.manage")
	o.bearer("GET", "/api/v1/groups", v["access_token"].(string)).refusal(t, 403, "E0000006") // right scope, no admin role
}
