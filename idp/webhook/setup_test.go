package webhook_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/webhook"
)

func TestNewRefusesWhatCannotBeRight(t *testing.T) {
	t.Parallel()
	good := webhook.Config{URL: "https://app.example/usher", Secret: secret}
	for want, change := range map[string]func(*webhook.Config){
		"url: scheme":               func(c *webhook.Config) { c.URL = "app.example" },
		"url: plain http":           func(c *webhook.Config) { c.URL = "http://app.example" },
		"url: must not hold a quer": func(c *webhook.Config) { c.URL = "https://app.example/?token=x" },
		"this machine itself":       func(c *webhook.Config) { c.URL, c.InsecureHTTP = "http://app.example", true },
		"secret: must be":           func(c *webhook.Config) { c.Secret = "a password" },
		"old secret: must be":       func(c *webhook.Config) { c.OldSecret = "whsec_c2hvcnQ=" },
		"callback secret: must be ": func(c *webhook.Config) { c.CallbackSecret = "whsec_%" },
		"another one":               func(c *webhook.Config) { c.CallbackSecret = secret },
		"user ids: not a regular":   func(c *webhook.Config) { c.UserIDs = "(" },
		"group ids: not a regular":  func(c *webhook.Config) { c.GroupIDs = "[" },
		"name: must":                func(c *webhook.Config) { c.Name = "My App" },
		"user agent: must":          func(c *webhook.Config) { c.UserAgent = "a\nb" },
		"calls per minute 1":        func(c *webhook.Config) { c.PerMinute = 1 },
		"timeout and poll":          func(c *webhook.Config) { c.Poll = -time.Second },
	} {
		cfg := good
		change(&cfg)
		p, err := webhook.New(cfg)
		if p != nil || err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "password") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	cfg := good
	cfg.OldSecret, cfg.CallbackSecret = nextSecret, backSecret
	p, err := webhook.New(cfg)
	ok(t, err)
	for _, form := range []string{"%v", "%+v", "%#v", "%s"} {
		text := fmt.Sprintf(form, p) + fmt.Sprintf(form, cfg)
		for _, s := range []string{secret, nextSecret, backSecret} {
			if strings.Contains(text, s[6:]) {
				t.Errorf("printed by %s, a secret shows", form)
			}
		}
	}
	p.Close()
	p.Close()
}

// TestShapesOfIDs sends nothing that cannot be an id of the app.
func TestShapesOfIDs(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	p := serve(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) }, func(c *webhook.Config) { c.UserIDs, c.GroupIDs = `[0-9]+|.*@.*`, `team-[a-z]+` })
	for _, id := range []idp.UserID{"", "x", "7x", "7\n", "ada@suite.example"} { // The last is no id, whatever the setting says.
		_, err := p.User(t.Context(), id)
		wantKind(t, err, idp.UserNotFound)
		wantKind(t, p.AddMember(t.Context(), "team-a", id), idp.UserNotFound)
	}
	for _, id := range []idp.GroupID{"", "team-", "xteam-a", "team-a/members"} {
		_, err := p.Group(t.Context(), id)
		wantKind(t, err, idp.GroupNotFound)
		wantKind(t, p.RemoveMember(t.Context(), id, "7"), idp.GroupNotFound)
	}
	if asked.Load() > 0 {
		t.Fatal("something was sent")
	}
	wantKind(t, p.AddMember(t.Context(), "team-a", "7"), idp.Unavailable)
	if asked.Load() != 1 {
		t.Fatal("ids of the right shape were not sent")
	}
}

// TestRedirect makes sure that signed requests go nowhere else.
func TestRedirect(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		p := serve(t, http.RedirectHandler(other.URL, status).ServeHTTP, nil)
		_, err := p.User(t.Context(), "u")
		wantKind(t, err, idp.Unavailable)
		wantKind(t, p.AddMember(t.Context(), "g", "u"), idp.Unavailable)
	}
	if asked.Load() != 0 {
		t.Fatal("a redirect was followed")
	}
}

func serve(t *testing.T, handler http.HandlerFunc, change func(*webhook.Config)) *webhook.Provider {
	t.Helper()
	web := httptest.NewServer(handler)
	t.Cleanup(web.Close)
	cfg := webhook.Config{URL: web.URL, Secret: secret, InsecureHTTP: true, Poll: 10 * time.Millisecond}
	if change != nil {
		change(&cfg)
	}
	p, err := webhook.New(cfg)
	ok(t, err)
	t.Cleanup(p.Close)
	return p
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, err error, want idp.Kind) {
	t.Helper()
	if got := idp.KindOf(err); got != want {
		t.Fatalf("kind %q (%v), want %q", got, err, want)
	}
}
