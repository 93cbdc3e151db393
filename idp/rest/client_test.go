package rest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/rest"
)

func parse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// serve starts a vendor and a client for it.
func serve(t *testing.T, handler http.HandlerFunc, change func(*rest.Config)) (*rest.Client, *url.URL) {
	t.Helper()
	web := httptest.NewServer(handler)
	base := parse(t, web.URL)
	cfg := rest.Config{
		Name: "vendor", Origins: []*url.URL{base}, UserAgent: "usher", Timeout: 5 * time.Second, Now: time.Now,
		Limits: rest.Limits{InFlight: 5}, Dial: (&net.Dialer{}).DialContext, Logger: slog.New(slog.DiscardHandler),
		Judge: func(r rest.Request, a *rest.Answer) *idp.Error {
			return &idp.Error{Kind: rest.KindOfStatus(a.Status, r.Missing), Code: a.Code(), RetryAt: rest.RetryAfter(a.Header, a.Received)}
		},
	}
	if change != nil {
		change(&cfg)
	}
	c := rest.New(cfg)
	t.Cleanup(func() {
		c.Close()
		web.Close()
	})
	return c, base
}

func get(u *url.URL) rest.Request {
	return rest.Request{Op: "read thing", Missing: idp.UserNotFound, Method: http.MethodGet, URL: u, Lane: "things"}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var stolen atomic.Int64
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen.Add(1) }))
	defer thief.Close()
	c, base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, thief.URL, http.StatusTemporaryRedirect)
	}, nil)
	_, err := c.Do(t.Context(), get(base))
	if idp.KindOf(err) != idp.Unavailable || stolen.Load() != 0 {
		t.Fatalf("got %v after %d requests to another host", err, stolen.Load())
	}
}

func TestOtherHostsAreRefused(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	defer other.Close()
	c, base := serve(t, func(http.ResponseWriter, *http.Request) { calls.Add(1) }, nil)
	for _, raw := range []string{other.URL, strings.Replace(base.String(), "http:", "https:", 1), "//" + base.Host, base.String() + "1"} {
		if _, err := c.Do(t.Context(), get(parse(t, raw))); idp.KindOf(err) != idp.Unavailable {
			t.Errorf("%s: %v", raw, err)
		}
	}
	if calls.Load() != 0 {
		t.Fatalf("%d requests were sent", calls.Load())
	}
}

func TestBoundsOfAnswers(t *testing.T) {
	t.Parallel()
	c, base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/big":
			_, _ = w.Write(make([]byte, 101))
		case "/full":
			_, _ = w.Write(make([]byte, 100))
		case "/hang":
			<-r.Context().Done()
		case "/cut":
			w.Header().Set("Content-Length", "50")
			_, _ = w.Write([]byte("short"))
		}
	}, func(c *rest.Config) { c.MaxBody, c.Timeout = 100, 200*time.Millisecond })
	if a, err := c.Do(t.Context(), get(base.JoinPath("full"))); err != nil || len(a.Body) != 100 {
		t.Errorf("full: %v", err)
	}
	for path, says := range map[string]string{"big": "too big", "hang": "in time", "cut": "connection ended"} {
		_, err := c.Do(t.Context(), get(base.JoinPath(path)))
		if idp.KindOf(err) != idp.Unavailable || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), base.Host) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	var into struct{ Name string }
	for _, text := range []string{"", " ", "null", "{", `{"name":7}`, "[]", "<html>ada@suite.example"} {
		err := (&rest.Answer{Status: 200, Body: []byte(text)}).Decode("read thing", &into)
		if idp.KindOf(err) != idp.Unavailable || strings.Contains(err.Error(), "ada@") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if err := (&rest.Answer{Status: 200, Body: []byte(`{"name":"x"}`)}).Decode("read thing", &into); err != nil || into.Name != "x" {
		t.Errorf("got %q, %v", into.Name, err)
	}
}

// fresh is credentials of which the first are refused.
type fresh struct {
	mu       sync.Mutex
	serial   int
	rejected int
	renew    bool
}

func (f *fresh) Authorize(_ context.Context, req *http.Request, scope string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if scope == "forbidden" {
		return &idp.Error{Kind: idp.Forbidden, Op: "sign in", Code: "no_scope"}
	}
	if scope == "broken" {
		return errors.New("no luck")
	}
	req.Header.Set("Authorization", fmt.Sprintf("Bearer %d", f.serial))
	return nil
}

func (f *fresh) Rejected(_ context.Context, _, authorization string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if authorization == fmt.Sprintf("Bearer %d", f.serial) {
		f.serial++
	}
	f.rejected++
	return f.renew
}

func TestCredentialsAreRenewedOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		good  string // what the vendor accepts
		renew bool
		want  idp.Kind
		calls int64
	}{{"Bearer 1", true, "", 2}, {"Bearer 1", false, idp.Unauthorized, 1}, {"Bearer 9", true, idp.Unauthorized, 2}, {"Bearer 0", true, "", 1}} {
		var calls atomic.Int64
		client, base := serve(t, func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			if r.Header.Get("Authorization") != c.good {
				w.WriteHeader(http.StatusUnauthorized)
			}
		}, func(cfg *rest.Config) { cfg.Auth = &fresh{renew: c.renew} })
		_, err := client.Do(t.Context(), get(base))
		if idp.KindOf(err) != c.want || calls.Load() != c.calls {
			t.Errorf("%+v: %v after %d requests", c, err, calls.Load())
		}
	}
}

func TestErrorsOfCredentialsKeepTheirKind(t *testing.T) {
	t.Parallel()
	client, base := serve(t, func(http.ResponseWriter, *http.Request) {}, func(cfg *rest.Config) { cfg.Auth = &fresh{} })
	for scope, want := range map[string]idp.Kind{"forbidden": idp.Forbidden, "broken": idp.Unavailable} {
		r := get(base)
		r.Scope = scope
		if _, err := client.Do(t.Context(), r); idp.KindOf(err) != want || !strings.HasPrefix(err.Error(), "read thing") {
			t.Errorf("%s: %v", scope, err)
		}
	}
}

func TestTheVendorsClock(t *testing.T) {
	t.Parallel()
	at := time.Now().Add(-time.Hour).Truncate(time.Second)
	client, base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", at.UTC().Format(http.TimeFormat))
	}, nil)
	if !client.ServerTime().IsZero() {
		t.Error("a clock before the first answer")
	}
	if _, err := client.Do(t.Context(), get(base)); err != nil {
		t.Fatal(err)
	}
	if skew := client.Skew(); !client.ServerTime().Equal(at) || skew > -59*time.Minute || skew < -61*time.Minute {
		t.Errorf("the clock is %v, %v apart", client.ServerTime(), skew)
	}
}

func TestBodiesAndHeaders(t *testing.T) {
	t.Parallel()
	client, base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s|%s|%s|%s", r.Header.Get("Content-Type"), r.Header.Get("Accept"), r.Header.Get("User-Agent"), r.Header.Get("Authorization"))
	}, func(cfg *rest.Config) { cfg.Auth = &fresh{} })
	r := get(base)
	r.Method, r.Body = http.MethodPost, []byte("{}")
	a, err := client.Do(t.Context(), r)
	if err != nil || string(a.Body) != "application/json|application/json|usher|Bearer 0" {
		t.Errorf("got %v, %v", a, err)
	}
	r.ContentType, r.Bearer = "application/scim+json", "own"
	a, err = client.Raw(t.Context(), r)
	if err != nil || string(a.Body) != "application/scim+json|application/json|usher|Bearer own" {
		t.Errorf("raw: got %v, %v", a, err)
	}
}
