package googlesim_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/api/googleapi"

	"usher/sandbox/googlesim"
	"usher/sandbox/googlesim/discovery"
)

const (
	robot = "robot@acme.iam.gserviceaccount.com"
	root  = "root@acme.example"
	clerk = "clerk@acme.example"
	ada   = "100000000000000000042"
	team  = "0team0000000001"
	auth  = "https://www.googleapis.com/auth/"
)

var testKey = sync.OnceValue(func() *rsa.PrivateKey { //nolint:gochecknoglobals // a key is made once
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

var descriptions = sync.OnceValues(func() (*discovery.Judge, error) { //nolint:gochecknoglobals // they are read once
	return discovery.Load(context.Background())
})

func scopes() []string {
	var all []string
	for _, s := range []string{
		"admin.directory.group.member", "admin.directory.group.readonly", "admin.directory.user.readonly", "admin.directory.user.security",
		"admin.directory.rolemanagement.readonly", "admin.reports.audit.readonly", "cloud-identity.groups",
	} {
		all = append(all, auth+s)
	}
	return all
}

// company is a server with a client that judges every answer by Google's own descriptions and error decoder.
type company struct {
	*googlesim.Server
	t   *testing.T
	web *httptest.Server

	mu  sync.Mutex
	now time.Time
}

func (c *company) clock() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *company) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func open(t *testing.T, change func(*googlesim.Config)) *company {
	t.Helper()
	c := &company{t: t, now: time.Date(2026, 5, 4, 9, 30, 0, 0, time.UTC)}
	cfg := googlesim.Config{
		Now: c.clock,
		Users: []googlesim.User{
			{Primary: root, Given: "Ro", Family: "Ot", Admin: googlesim.SuperAdmin},
			{Primary: clerk, Given: "Cle", Family: "Rk", Admin: googlesim.GroupsAdmin},
			{ID: ada, Primary: "ada@acme.example", Aliases: []string{"a.byron@acme.example"}, Given: "Ada", Family: "Byron", Title: "Analyst"},
		},
		Groups:          []googlesim.Group{{ID: team, Email: "team@acme.example", Name: "Team"}},
		ServiceAccounts: []googlesim.ServiceAccount{{Email: robot, Key: &testKey().PublicKey, Delegated: scopes()}},
	}
	if change != nil {
		change(&cfg)
	}
	server, err := googlesim.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.Server = server
	c.web = httptest.NewServer(server)
	server.SetURL(c.web.URL)
	t.Cleanup(func() {
		server.Close()
		c.web.Close()
	})
	return c
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	raw    []byte
	body   map[string]any
	reason string // of an error, as Google's own client reads it
}

// send sends one request; a nil answer means that the connection was cut.
func (c *company) send(method, path, token string, body any) *answer {
	c.t.Helper()
	var raw []byte
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			c.t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.web.URL+path, strings.NewReader(string(raw)))
	if err != nil {
		c.t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return nil
	}
	defer func() { _ = resp.Body.Close() }()
	a := &answer{status: resp.StatusCode, header: resp.Header}
	if a.raw, err = io.ReadAll(resp.Body); err != nil {
		return nil
	}
	_ = json.Unmarshal(a.raw, &a.body)
	a.reason = reasonOf(resp, a.raw)
	return a
}

// reasonOf reads an error as the client library of Google does.
func reasonOf(resp *http.Response, raw []byte) string {
	resp.Body = io.NopCloser(strings.NewReader(string(raw)))
	var e *googleapi.Error
	if err := googleapi.CheckResponse(resp); err != nil {
		e, _ = err.(*googleapi.Error) //nolint:errorlint // it is documented to be one
	}
	switch {
	case e == nil:
		return ""
	case len(e.Errors) > 0:
		return e.Errors[0].Reason
	}
	return e.Message
}

// call sends one request for an admin and holds the exchange against Google's descriptions.
func (c *company) call(as, method, path string, body any) *answer {
	c.t.Helper()
	a := c.send(method, path, c.token(as, scopes()...), body)
	if a == nil {
		c.t.Fatalf("%s %s: no answer", method, path)
	}
	judge, err := descriptions()
	if err != nil {
		c.t.Fatal(err)
	}
	u, err := url.Parse(path)
	if err != nil {
		c.t.Fatal(err)
	}
	var raw []byte
	if body != nil {
		if raw, err = json.Marshal(body); err != nil {
			c.t.Fatal(err)
		}
	}
	if _, err := judge.Exchange(method, u, raw, a.status, a.raw); err != nil {
		c.t.Errorf("%s %s: %v", method, path, err)
	}
	return a
}

// want calls as the super admin and fails unless status and reason are these.
func (c *company) want(status int, reason, method, path string, body any) *answer {
	c.t.Helper()
	a := c.call(root, method, path, body)
	if a.status != status || reason != "" && a.reason != reason {
		c.t.Fatalf("%s %s: %d %q, want %d %q: %s", method, path, a.status, a.reason, status, reason, a.raw)
	}
	return a
}

// assertion signs claims as the robot.
func (c *company) assertion(change map[string]any) string {
	c.t.Helper()
	claims := map[string]any{
		"iss": robot, "aud": c.web.URL + "/token", "scope": strings.Join(scopes(), " "), "iat": c.clock().Unix(), "exp": c.clock().Add(time.Minute).Unix(),
	}
	maps.Copy(claims, change)
	raw, err := json.Marshal(claims)
	if err != nil {
		c.t.Fatal(err)
	}
	enc := base64.RawURLEncoding
	text := enc.EncodeToString([]byte(`{"alg":"RS256"}`)) + "." + enc.EncodeToString(raw)
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, testKey(), crypto.SHA256, sum[:])
	if err != nil {
		c.t.Fatal(err)
	}
	return text + "." + enc.EncodeToString(sig)
}

// grant posts to the token endpoint.
func (c *company) grant(assertion string) *answer {
	c.t.Helper()
	return c.form("/token", url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion}})
}

func (c *company) form(path string, form url.Values) *answer {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.web.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	a := &answer{status: resp.StatusCode}
	if err := json.NewDecoder(resp.Body).Decode(&a.body); err != nil {
		c.t.Fatal(err)
	}
	return a
}

// token signs in for an admin.
func (c *company) token(as string, wanted ...string) string {
	c.t.Helper()
	a := c.grant(c.assertion(map[string]any{"sub": as, "scope": strings.Join(wanted, " ")}))
	token, is := a.body["access_token"].(string)
	if !is {
		c.t.Fatalf("no access token: %v", a.body)
	}
	return token
}

// strings reads one text of every row of a list.
func (a *answer) strings(list, field string) []string {
	var out []string
	rows, _ := a.body[list].([]any)
	for _, row := range rows {
		object, _ := row.(map[string]any)
		text, _ := object[field].(string)
		out = append(out, text)
	}
	return out
}
