package okta

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestOnlyTheAddressOfAnOrgIsAccepted(t *testing.T) {
	t.Parallel()
	cases := []struct {
		url      string
		insecure bool
		ok       bool
	}{
		{"https://acme.okta.com", false, true},
		{"https://acme.okta.com/", false, true},
		{"https://ACME.okta.com", false, true},
		{"https://login.acme.example:8443", false, true},
		{"http://127.0.0.1:8080", true, true},
		{"http://localhost:8080", true, true},
		{"http://[::1]:8080", true, true},
		{"", false, false},
		{" ", false, false},
		{"acme.okta.com", false, false},
		{"acme.okta.com:443", false, false},
		{"//acme.okta.com", false, false},
		{"https://", false, false},
		{"https:acme.okta.com", false, false},
		{"ftp://acme.okta.com", false, false},
		{"http://acme.okta.com", false, false},
		{"http://acme.okta.com", true, false},
		{"http://127.0.0.1:8080", false, false},
		{"http://localhost.acme.example", true, false},
		{"https://user:password@acme.okta.com", false, false},
		{"https://acme.okta.com/api/v1", false, false},
		{"https://acme.okta.com?x=1", false, false},
		{"https://acme.okta.com#x", false, false},
		{"https://acme-admin.okta.com", false, false},
		{"https://{yourOktaDomain}", false, false},
		{"https://acme.okta.com\r\nx", false, false},
	}
	for _, c := range cases {
		_, err := New(Config{URL: c.url, Token: testToken, InsecureHTTP: c.insecure})
		if (err == nil) != c.ok {
			t.Errorf("%q (insecure %v): error %v", c.url, c.insecure, err)
		}
		if err != nil && strings.Contains(err.Error(), "password") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}

func TestEveryProblemIsToldAtOnce(t *testing.T) {
	t.Parallel()
	_, err := New(Config{Reserve: 1, MaxInFlight: 99, Timeout: -1, EmailAttribute: "nickName", UserAgent: "a\nb", ClientID: "x"})
	for _, want := range []string{"url", "reserve", "calls in flight", "timeout", "e-mail attribute", "user agent", "key id", "private key"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
}

func TestCredentialsAreExactlyOneKind(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]Config{
		"none":               {},
		"both":               {Token: testToken, ClientID: "0oa1"},
		"line break":         {Token: "00abc\n"},
		"blank":              {Token: "SSWS 00abc"},
		"no key":             {ClientID: "0oa1", KeyID: "k"},
		"a key that is none": {ClientID: "0oa1", KeyID: "k", PrivateKeyPEM: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"},
	} {
		c.URL = "https://acme.okta.com"
		if _, err := New(c); err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), "00abc") || strings.Contains(err.Error(), "AAAA") {
			t.Errorf("%s: the error shows the credential: %v", name, err)
		}
	}
}

func TestASecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	cfg := Config{URL: "https://acme.okta.com", Token: testToken, PrivateKeyPEM: "key-" + testToken}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "token", cfg.Token, "config", cfg)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "token", cfg.Token, "config", cfg)
	raw, err := json.Marshal(map[string]any{"token": cfg.Token, "key": cfg.PrivateKeyPEM})
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(Config{URL: "https://acme.okta.com", Token: testToken})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		fmt.Sprintf("%v %+v %#v", p, p, p), fmt.Sprint(cfg), fmt.Sprintf("%v %+v %#v %s %q", cfg, cfg, cfg, cfg.Token, cfg.Token), string(raw), log.String(), cfg.Token.String(),
	} {
		if strings.Contains(text, testToken) {
			t.Errorf("shown: %s", text)
		}
	}
	if Secret("").String() != "" {
		t.Error("an empty secret looks set")
	}
}

// TestTheEnvironmentHasNoSay sets what the SDK would read by itself. It cannot run in parallel with other tests.
func TestTheEnvironmentHasNoSay(t *testing.T) {
	home := t.TempDir()
	for name, value := range map[string]string{
		"HOME": home, "OKTA_DEBUG": "true", "OKTA_CLIENT_CACHE_ENABLED": "true", "OKTA_CLIENT_PROXY_HOST": "proxy.example",
		"OKTA_CLIENT_PROXY_PORT": "3128", "OKTA_CLIENT_ORGURL": "https://evil.example", "OKTA_CLIENT_TOKEN": "other",
		"OKTA_CLIENT_AUTHORIZATIONMODE": "Bearer", "OKTA_CLIENT_RATE_LIMIT_MAX_RETRIES": "7", "OKTA_CLIENT_REQUEST_TIMEOUT": "1",
		"OKTA_CLIENT_RATE_LIMIT_ENABLE": "true",
	} {
		t.Setenv(name, value)
	}
	got := ""
	v := serve(t, map[string]http.HandlerFunc{"GET /api/v1/users/": func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("Authorization")
		reply(200, `{"id":"`+string(ada)+`","status":"ACTIVE","profile":{}}`)(w, r)
	}})
	p := connect(t, v.URL)
	for range 2 {
		if _, err := p.User(t.Context(), ada); err != nil {
			t.Fatal(err)
		}
	}
	if v.count() != 2 || got != "SSWS "+testToken {
		t.Fatalf("%d calls with %q", v.count(), got)
	}
	c := p.api.GetConfig()
	if c.Debug || c.Okta.Client.Cache.Enabled || c.Okta.Client.Proxy.Host != "" || c.Okta.Client.RateLimit.MaxRetries != 0 ||
		c.Okta.Client.RateLimit.Enable || c.Okta.Client.RequestTimeout != 0 || c.Okta.Client.Token != "" {
		t.Fatalf("the environment reached the SDK: %+v", c.Okta.Client)
	}
}

func TestNoRequestLeavesForAnotherHost(t *testing.T) {
	t.Parallel()
	other := serve(t, nil)
	v := serve(t, nil)
	p := connect(t, v.URL)
	for _, change := range []func(*http.Request){
		func(r *http.Request) { r.URL.Host = strings.TrimPrefix(other.URL, "http://") },
		func(r *http.Request) { r.URL.Scheme = "https" },
		func(r *http.Request) { r.Host = "evil.example" },
	} {
		ctx := t.Context()
		req, err := http.NewRequestWithContext(withExchange(ctx), http.MethodGet, v.URL+"/api/v1/users", nil)
		if err != nil {
			t.Fatal(err)
		}
		change(req)
		resp, err := p.wire.RoundTrip(req)
		if err == nil {
			_ = resp.Body.Close()
			t.Errorf("sent to %s (%s)", req.URL, req.Host)
		}
		if req.Header.Get("Authorization") != "" {
			t.Error("the credentials are on the refused request")
		}
	}
	if other.count()+v.count() != 0 {
		t.Fatal("something was sent")
	}
}

func TestNewDoesNoInputOrOutput(t *testing.T) {
	t.Parallel()
	v := serve(t, nil)
	p := connect(t, v.URL)
	p.Close()
	p.Close()
	if v.count() != 0 || !p.ServerTime().IsZero() || p.Name() != "okta" {
		t.Fatal("New spoke to the vendor")
	}
}

func TestServerTimeIsTheVendorsClock(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	v := serve(t, map[string]http.HandlerFunc{"GET /api/v1/users/": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", at.Format(http.TimeFormat))
		oktaError(404, "E0000007", "Not found")(w, r)
	}})
	p := connect(t, v.URL)
	_, err := p.User(t.Context(), ada)
	if err == nil || !p.ServerTime().Equal(at) {
		t.Fatalf("got %v, %v", p.ServerTime(), err)
	}
}
