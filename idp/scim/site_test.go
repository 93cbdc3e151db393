package scim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/idptest"
	"usher/idp/scim"
)

const (
	token        = "token-4711-secret"
	wrongToken   = "token-0815-wrong"
	clientID     = "usher client"
	clientSecret = "client secret/+?"
	fetchedToken = "fetched-access-token"
)

// site is a server with everything that the suite's hooks need.
type site struct {
	*store
	flavor    flavor
	faulty    *idptest.Faulty
	web       *httptest.Server
	logs      idptest.Log
	offset    atomic.Int64 // nanoseconds that the clock of both sides is ahead of real time
	fetched   atomic.Int64 // access tokens
	perMinute int

	headers sync.Mutex
	last    http.Header // of the last change
	body    string
}

func (s *site) clock() time.Time { return time.Now().Add(time.Duration(s.offset.Load())) }

func start(t *testing.T, f flavor) *site {
	t.Helper()
	s := &site{flavor: f}
	s.store = newStore(s.clock)
	server, err := newElimity(s.store, f.manners)
	if err != nil {
		t.Fatalf("start the server: %v", err)
	}
	s.faulty = &idptest.Faulty{
		Next: s.guard(server), Now: s.clock, Refuse: failure,
		Nonsense: `{"id":7,"userName":["x"],"displayName":{},"members":"all","groups":1,"totalResults":"many","Resources":{}}`,
	}
	mux := http.NewServeMux()
	mux.Handle("/scim/", s.faulty)
	mux.HandleFunc("/oauth/token", s.token)
	s.web = httptest.NewServer(mux)
	t.Cleanup(func() {
		s.faulty.Heal()
		s.web.Close()
	})
	return s
}

// failure writes a SCIM error. It names somebody, so that the suite sees whether errors are repeated.
func failure(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/scim+json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"%d","detail":"person1@suite.example\nmay not"}`, status)
}

// guard looks at the credentials and at what the server's author does not look at.
func (s *site) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		want := "Bearer " + token
		if s.flavor.oauth {
			want = "Bearer " + fetchedToken
		}
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		m := s.flavor.manners
		switch {
		case r.Header.Get("Authorization") != want:
			failure(w, http.StatusUnauthorized)
		case r.Method == http.MethodPut:
			panic("a whole resource is replaced")
		case r.Method == http.MethodPatch && m.capitalOps && !strings.Contains(string(body), `"op":"Add"`) && !strings.Contains(string(body), `"op":"Remove"`):
			failure(w, http.StatusBadRequest)
		case r.Method == http.MethodPatch && m.insist && r.Header.Get("If-Match") == "":
			failure(w, http.StatusPreconditionRequired)
		default:
			if r.Method == http.MethodPatch {
				s.headers.Lock()
				s.last, s.body = r.Header, string(body)
				s.headers.Unlock()
			}
			next.ServeHTTP(w, r)
		}
	})
}

// lastChange returns the headers and the body of the last PATCH.
func (s *site) lastChange() (http.Header, string) {
	s.headers.Lock()
	defer s.headers.Unlock()
	return s.last, s.body
}

// token is a token endpoint that takes HTTP basic authentication.
func (s *site) token(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	w.Header().Set("Content-Type", "application/json")
	// RFC 6749 appendix B: both were form-encoded.
	if id != "usher+client" || secret != "client+secret%2F%2B%3F" || r.FormValue("grant_type") != "client_credentials" || r.FormValue("scope") != "scim" {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":"invalid_client","error_description":"wrong `+secret+`"}`)
		return
	}
	s.fetched.Add(1)
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": fetchedToken, "token_type": "bearer", "expires_in": 3600})
}

// provider makes one for the server; change may adapt its configuration.
func (s *site) provider(t *testing.T, change func(*scim.Config)) *scim.Provider {
	t.Helper()
	cfg := scim.Config{
		URL: s.web.URL + "/scim/v2/", Token: token, InsecureHTTP: true, Now: s.clock, Timeout: 20 * time.Second, PerMinute: s.perMinute,
		Logger: slog.New(slog.NewJSONHandler(&s.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if s.flavor.oauth {
		cfg.Token = ""
		cfg.OAuth = scim.OAuth{TokenURL: s.web.URL + "/oauth/token", ClientID: clientID, ClientSecret: clientSecret, Scope: "scim"}
	}
	for _, f := range []func(*scim.Config){s.flavor.config, change} {
		if f != nil {
			f(&cfg)
		}
	}
	p, err := scim.New(cfg)
	if err != nil {
		t.Fatalf("scim.New: %v", err)
	}
	t.Cleanup(p.Close)
	return p
}

func (s *site) addUser(p idptest.Person) idp.UserID {
	login := p.Login
	if login == "" {
		login = p.Email
	}
	return idp.UserID(s.addPerson(person{login: login, email: p.Email, first: p.First, last: p.Last, title: p.Title, department: p.Department}))
}

// crowd makes n people.
func (s *site) crowd(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		email := fmt.Sprintf("crowd%d@suite.example", i)
		ids[i] = s.addPerson(person{login: email, email: email})
	}
	return ids
}
