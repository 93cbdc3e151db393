package okta

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"usher/idp"
)

const (
	testToken = "00secret-token-never-to-be-seen"
	ada       = idp.UserID("00u1ada0000000000001")
	ops       = idp.GroupID("00g1ops0000000000001")
)

// vendor is a small hand-made Okta for single sharp edges. Each path has a handler; calls are counted.
type vendor struct {
	*httptest.Server
	mu    sync.Mutex
	paths []string
}

// serve starts a vendor with the given handlers, keyed by method and path as in http.ServeMux, over a plain org where
// the group ops may be governed.
func serve(t *testing.T, handlers map[string]http.HandlerFunc) *vendor {
	t.Helper()
	all := map[string]http.HandlerFunc{
		"GET /api/v1/groups/" + string(ops):            reply(200, `{"id":"`+string(ops)+`","type":"OKTA_GROUP","profile":{"name":"ops","description":null}}`),
		"GET /api/v1/groups/" + string(ops) + "/roles": reply(200, `[]`),
		"GET /api/v1/groups/rules":                     reply(200, `[]`),
	}
	for pattern, h := range handlers {
		all[pattern] = h
	}
	mux := http.NewServeMux()
	for pattern, h := range all {
		mux.HandleFunc(pattern, h)
	}
	v := &vendor{}
	v.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.mu.Lock()
		v.paths = append(v.paths, r.Method+" "+r.URL.Path)
		v.mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(v.Close)
	return v
}

// count returns how many calls the vendor got.
func (v *vendor) count() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.paths)
}

// reply answers with a status and a JSON body.
func reply(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if body != "" {
			w.Header().Set("Content-Type", "application/json")
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func oktaError(status int, code, summary string) http.HandlerFunc {
	return reply(status, `{"errorCode":"`+code+`","errorSummary":"`+summary+`","errorLink":"`+code+`","errorId":"oae1","errorCauses":[]}`)
}

// hangUp closes the connection without an answer.
func hangUp(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

// connect makes a provider for the vendor.
func connect(t *testing.T, url string, change ...func(*Config)) *Provider {
	t.Helper()
	cfg := Config{URL: url, Token: testToken, InsecureHTTP: true, Timeout: 5 * time.Second}
	for _, f := range change {
		f(&cfg)
	}
	p, err := New(cfg)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	t.Cleanup(p.Close)
	return p
}

func wantKind(t *testing.T, err error, want idp.Kind) {
	t.Helper()
	if got := idp.KindOf(err); got != want {
		t.Fatalf("got kind %q (%v), want %q", got, err, want)
	}
}

// withExchange is the context of a request that the wire accepts.
func withExchange(ctx context.Context) context.Context {
	return context.WithValue(ctx, exchangeKey{}, &exchange{})
}
