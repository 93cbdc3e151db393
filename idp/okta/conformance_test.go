package okta_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"usher/idp/idptest"
	"usher/idp/okta"
	"usher/sandbox/oktasim"
)

const serviceApp = "0oaserviceapp00000001"

// TestConformance runs the suite with both kinds of credentials and then holds every request that was sent against the
// vendor's own document.
func TestConformance(t *testing.T) {
	t.Parallel()
	seen := &requests{}
	t.Run("api token", func(t *testing.T) {
		right, wrong := okta.Config{Token: simToken}, okta.Config{Token: wrongToken}
		idptest.Run(t, func(t *testing.T) idptest.World { return start(t, nil, seen.keep).world(t, right, wrong) })
	})
	t.Run("service app", func(t *testing.T) {
		key, wrongKey := newKey(t), newKey(t)
		right, wrong := keyConfig(key), keyConfig(wrongKey)
		right.Scopes = append(documentedScopes(), "okta.users.manage") // To end sessions, which the suite tries and nothing asks for yet.
		idptest.Run(t, func(t *testing.T) idptest.World {
			return start(t, func(c *oktasim.Config) {
				register(c, key)
				c.Clients[0].Scopes = right.Scopes
			}, seen.keep).world(t, right, wrong)
		})
	})
	t.Run("every request is as the vendor documents", seen.validate)
}

func newKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func keyConfig(key *rsa.PrivateKey) okta.Config {
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	return okta.Config{ClientID: serviceApp, KeyID: "key1", PrivateKeyPEM: okta.Secret(text)}
}

// documentedScopes are those that docs/providers/okta.md has granted, all options included.
func documentedScopes() []string {
	return []string{"okta.groups.manage", "okta.groups.read", "okta.users.read", "okta.logs.read", "okta.roles.read"}
}

func register(c *oktasim.Config, key *rsa.PrivateKey) {
	c.Clients = append(c.Clients, oktasim.Client{
		ID: serviceApp, KeyID: "key1", Key: &key.PublicKey, Admin: oktasim.SuperAdmin, Scopes: documentedScopes(),
	})
}

// requests keeps one request of every shape: method, path without ids, names of the query parameters.
type requests struct {
	mu   sync.Mutex
	kept map[string]*http.Request
}

func (r *requests) keep(req *http.Request) {
	if req.URL.Path == "/oauth2/v1/token" {
		return // the document does not have it
	}
	parts := strings.Split(req.URL.Path, "/")
	for i, part := range parts {
		if i > 3 && !slices.Contains([]string{"users", "groups", "rules", "roles", "apps", "sessions"}, part) {
			parts[i] = "{id}"
		}
	}
	names := make([]string, 0, 4)
	for name := range req.URL.Query() {
		names = append(names, name)
	}
	slices.Sort(names)
	shape := req.Method + " " + strings.Join(parts, "/") + " " + strings.Join(names, ",")
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil {
		r.kept = map[string]*http.Request{}
	}
	if r.kept[shape] == nil {
		r.kept[shape] = &http.Request{Method: req.Method, URL: &url.URL{Path: req.URL.Path, RawQuery: req.URL.RawQuery}, Header: req.Header.Clone()}
	}
}

func (r *requests) validate(t *testing.T) {
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/okta/okta-sdk-golang/v5").Output()
	if err != nil {
		t.Fatalf("find the vendor's document: %v", err)
	}
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(strings.TrimSpace(string(dir)), "okta", "api", "openapi.yaml"))
	if err != nil {
		t.Fatalf("load the vendor's document: %v", err)
	}
	const base = "https://acme.okta.com"
	doc.Servers = openapi3.Servers{{URL: base}}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.kept) < 12 {
		t.Errorf("only %d shapes of requests were seen", len(r.kept))
	}
	check := func(req *http.Request) error {
		req.URL, err = url.Parse(base + req.URL.RequestURI())
		if err != nil {
			return err
		}
		route, vars, err := router.FindRoute(req)
		if err != nil {
			return err
		}
		for name := range req.URL.Query() {
			if route.Operation.Parameters.GetByInAndName("query", name) == nil {
				t.Errorf("%s %s: the document has no parameter %s", req.Method, req.URL.Path, name)
			}
		}
		return openapi3filter.ValidateRequest(t.Context(), &openapi3filter.RequestValidationInput{
			Request: req, PathParams: vars, Route: route,
			Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true},
		})
	}
	for shape, req := range r.kept {
		if err := check(req); err != nil {
			t.Errorf("%s: %v", shape, err)
		}
		if !strings.HasPrefix(req.Header.Get("Accept"), "application/json") {
			t.Errorf("%s: accepts %q", shape, req.Header.Get("Accept"))
		}
	}
	bad := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/api/v1/groups", RawQuery: "limit=many"}, Header: http.Header{}}
	if check(bad) == nil {
		t.Error("the document does not catch a wrong limit, so this test proves nothing")
	}
}
