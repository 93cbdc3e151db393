package scim_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/idptest"
	"usher/idp/scim"
)

func TestAccessTokenIsFetchedOnceAndRenewed(t *testing.T) {
	t.Parallel()
	s := start(t, flavor{oauth: true})
	p := s.provider(t, nil)
	u := s.addUser(idptest.Person{Email: "a@suite.example"})
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if _, err := p.User(t.Context(), u); err != nil {
				t.Errorf("User: %v", err)
			}
		})
	}
	group.Wait()
	if n := s.fetched.Load(); n != 1 {
		t.Fatalf("20 calls fetched %d tokens", n)
	}
	s.offset.Add(int64(2 * time.Hour))
	_, err := p.User(t.Context(), u)
	ok(t, err)
	if n := s.fetched.Load(); n != 2 {
		t.Fatalf("after its end the token was fetched %d times", n)
	}
	s.faulty.Inject(idptest.Fault{Kind: idptest.Rejected, On: idptest.Reads, Times: 1})
	_, err = p.User(t.Context(), u) // It was revoked; a fresh one is tried once.
	ok(t, err)
	if n := s.fetched.Load(); n != 3 {
		t.Fatalf("after a refusal the token was fetched %d times", n)
	}
}

func TestTokenEndpointTrouble(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		want   idp.Kind
	}{
		"refused":         {400, `{"error":"invalid_client","error_description":"` + clientSecret + `"}`, idp.Unauthorized},
		"forbidden":       {403, ``, idp.Unauthorized},
		"missing":         {404, ``, idp.Unauthorized},
		"too many":        {429, ``, idp.Throttled},
		"broken":          {500, `oops`, idp.Unavailable},
		"no JSON":         {200, `<html>`, idp.Unavailable},
		"no token":        {200, `{"token_type":"bearer"}`, idp.Unavailable},
		"another type":    {200, `{"access_token":"x","token_type":"mac"}`, idp.Unavailable},
		"not a header":    {200, `{"access_token":"x\r\ny","token_type":"bearer"}`, idp.Unavailable},
		"sent to another": {307, ``, idp.Unavailable},
	} {
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/token" {
				t.Errorf("%s: %s was asked without a token", name, r.URL.Path)
			}
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		}))
		p, err := scim.New(scim.Config{
			URL: web.URL + "/scim", InsecureHTTP: true,
			OAuth: scim.OAuth{TokenURL: web.URL + "/token", ClientID: clientID, ClientSecret: clientSecret},
		})
		ok(t, err)
		_, err = p.User(t.Context(), "u")
		if idp.KindOf(err) != c.want || strings.Contains(err.Error(), clientSecret) || strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
		p.Close()
		web.Close()
	}
}

func TestSecretInBody(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			if r.Header.Get("Authorization") != "" || r.PostFormValue("client_id") != clientID || r.PostFormValue("client_secret") != clientSecret {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			_, _ = io.WriteString(w, `{"access_token":"`+fetchedToken+`","token_type":"Bearer"}`) // Its life is not told.
			return
		}
		if r.Header.Get("Authorization") != "Bearer "+fetchedToken {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, `{"id":"u"}`)
	}))
	defer web.Close()
	p, err := scim.New(scim.Config{
		URL: web.URL, InsecureHTTP: true,
		OAuth: scim.OAuth{TokenURL: web.URL + "/token", ClientID: clientID, ClientSecret: clientSecret, SecretInBody: true},
	})
	ok(t, err)
	defer p.Close()
	_, err = p.User(t.Context(), "u")
	ok(t, err)
}
