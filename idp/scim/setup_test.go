package scim_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/scim"
)

func TestNewRefusesWhatCannotBeRight(t *testing.T) {
	t.Parallel()
	good := scim.Config{URL: "https://app.example/scim/v2", Token: token}
	oauth := scim.OAuth{TokenURL: "https://login.app.example/token", ClientID: "id", ClientSecret: clientSecret}
	for want, change := range map[string]func(*scim.Config){
		"url: scheme":        func(c *scim.Config) { c.URL = "app.example/scim" },
		"url: must not hold": func(c *scim.Config) { c.URL = "https://me:word@app.example/scim" },
		"url: plain http":    func(c *scim.Config) { c.URL = "http://app.example/scim" },
		"this machine itself": func(c *scim.Config) {
			c.URL, c.InsecureHTTP = "http://app.example/scim", true
		},
		"a token or oauth":        func(c *scim.Config) { c.Token = "" },
		"not both":                func(c *scim.Config) { c.OAuth = oauth },
		"token: must be one line": func(c *scim.Config) { c.Token = token + "\n" },
		"oauth token url: plain": func(c *scim.Config) {
			c.Token, c.OAuth = "", scim.OAuth{TokenURL: "http://login.app.example/t", ClientID: "i", ClientSecret: "s"}
		},
		"client id and client":      func(c *scim.Config) { c.Token, c.OAuth = "", scim.OAuth{TokenURL: "https://login.app.example/t"} },
		"name: must":                func(c *scim.Config) { c.Name = "My App" },
		"find by: must":             func(c *scim.Config) { c.FindBy = `emails eq "a" or userName` },
		"member attribute: must":    func(c *scim.Config) { c.MemberAttribute = "members value" },
		"members from: must":        func(c *scim.Config) { c.MembersFrom = "everywhere" },
		"remove: must":              func(c *scim.Config) { c.Remove = "put" },
		"calls per minute 3":        func(c *scim.Config) { c.PerMinute = 3 },
		"page size 1":               func(c *scim.Config) { c.PageSize = 1 },
		"timeout -1s":               func(c *scim.Config) { c.Timeout = -time.Second },
		"user agent: must be one":   func(c *scim.Config) { c.UserAgent = "usher\r\nX: y" },
		"url: not an address":       func(c *scim.Config) { c.URL = "https://app.example/%zz" },
		"url: must not hold a quer": func(c *scim.Config) { c.URL = "https://app.example/scim?x=1" },
	} {
		cfg := good
		change(&cfg)
		p, err := scim.New(cfg)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
		if p != nil || err != nil && (strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "word")) {
			t.Errorf("a provider beside the error, or a secret in it: %v", err)
		}
	}
	for _, change := range []func(*scim.Config){
		func(*scim.Config) {},
		func(c *scim.Config) { c.Token, c.OAuth = "", oauth },
		func(c *scim.Config) { c.FindBy = `emails[type eq "work"].value` },
		func(c *scim.Config) { c.MemberAttribute, c.Name = "members", "aws-dev" },
	} {
		cfg := good
		change(&cfg)
		p, err := scim.New(cfg)
		ok(t, err)
		for _, form := range []string{"%v", "%+v", "%#v", "%s"} {
			if text := fmt.Sprintf(form, p) + fmt.Sprintf(form, cfg); strings.Contains(text, token) || strings.Contains(text, clientSecret) {
				t.Errorf("printed by %s, a secret shows", form)
			}
		}
		p.Close()
		p.Close()
	}
}

// TestRedirect makes sure that the credentials go nowhere else.
func TestRedirect(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		web := httptest.NewServer(http.RedirectHandler(other.URL+"/scim/v2/Users/x", status))
		p, err := scim.New(scim.Config{URL: web.URL, Token: token, InsecureHTTP: true})
		ok(t, err)
		_, err = p.User(t.Context(), "x")
		wantKind(t, err, idp.Unavailable)
		wantKind(t, p.AddMember(t.Context(), "g", "x"), idp.Unavailable)
		p.Close()
		web.Close()
	}
	if asked.Load() != 0 {
		t.Fatal("a redirect was followed")
	}
}
