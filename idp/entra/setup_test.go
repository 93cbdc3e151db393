package entra

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
	testToken = "header.claims-that-cannot-be-read.signature-never-to-be-seen"
	ada       = idp.UserID("aaaaaaaa-0000-4000-8000-000000000001")
	ops       = idp.GroupID("bbbbbbbb-0000-4000-8000-000000000001")
	goodGroup = `{"id":"bbbbbbbb-0000-4000-8000-000000000001","displayName":"ops","groupTypes":[],"securityEnabled":true,"mailEnabled":false}`
	goodUser  = `{"id":"aaaaaaaa-0000-4000-8000-000000000001","userPrincipalName":"ada@suite.example","accountEnabled":true}`
	noGroups  = `{"@odata.context":"x","value":[]}`
)

// vendor is a small hand-made Graph for single sharp edges. Each path has a handler; calls are kept.
type vendor struct {
	*httptest.Server
	mu    sync.Mutex
	calls []*http.Request
}

// serve starts a vendor with the given handlers, keyed by method and path as in http.ServeMux, over a tenant where the group ops
// may be governed.
func serve(t *testing.T, handlers map[string]http.HandlerFunc) *vendor {
	t.Helper()
	all := map[string]http.HandlerFunc{
		"GET /v1.0/groups/" + string(ops):                    reply(200, goodGroup),
		"GET /v1.0/users/" + string(ada):                     reply(200, goodUser),
		"GET /v1.0/users/" + string(ada) + "/memberOf":       reply(200, noGroups),
		"GET /v1.0/directory/deletedItems/" + string(ada):    graphError(404, codeNotFound, "Resource does not exist"),
		"POST /v1.0/groups/" + string(ops) + "/members/$ref": reply(204, ""),
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
		v.calls = append(v.calls, r.Clone(context.Background()))
		v.mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(v.Close)
	return v
}

// count returns how many calls of the method the vendor got; of all if it is empty.
func (v *vendor) count(method string) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := 0
	for _, c := range v.calls {
		if method == "" || c.Method == method {
			n++
		}
	}
	return n
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

func graphError(status int, code, message string) http.HandlerFunc {
	const id = "cccccccc-0000-4000-8000-000000000001"
	answer := reply(status, `{"error":{"code":"`+code+`","message":"`+message+`","innerError":{"request-id":"`+id+`"}}}`)
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Request-Id", id)
		answer(w, r)
	}
}

// connect makes a provider for the vendor.
func connect(t *testing.T, url string, change ...func(*Config)) *Provider {
	t.Helper()
	cfg := Config{
		GraphURL: url, InsecureHTTP: true, Timeout: 5 * time.Second,
		TokenSource: func(context.Context) (string, time.Time, error) { return testToken, time.Now().Add(time.Hour), nil },
	}
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
