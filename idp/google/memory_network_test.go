package google_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"usher/idp"
	"usher/idp/google"
	"usher/idp/idptest"
	"usher/sandbox"
	"usher/sandbox/googlesim"
)

// TestDiscoverWaitsForTheBudget runs in virtual time: with 30 calls per minute, 100 groups take minutes, Google never
// refuses, and removals go on meanwhile.
func TestDiscoverWaitsForTheBudget(t *testing.T) {
	t.Parallel()
	key := testKey()
	synctest.Test(t, func(t *testing.T) {
		const addr, quota = "127.0.0.1:8080", 30
		server, err := googlesim.New(googlesim.Config{
			Quota: quota, Domains: []string{"suite.example"},
			Users:           []googlesim.User{{Primary: admin, Admin: googlesim.SuperAdmin}},
			ServiceAccounts: []googlesim.ServiceAccount{{Email: robot, Key: &key.PublicKey, Delegated: everyScope()}},
		})
		if err != nil {
			t.Fatal(err)
		}
		server.SetURL("http://" + addr)
		network := sandbox.NewNetwork()
		listener, err := network.Listen(addr)
		if err != nil {
			t.Fatal(err)
		}
		web := &http.Server{Handler: server, ReadHeaderTimeout: time.Minute}
		served := make(chan error, 1)
		go func() { served <- web.Serve(listener) }()
		s := &sim{Server: server}
		p, err := google.New(google.Config{
			Credentials: file(t, map[string]any{"token_uri": "http://" + addr + "/token"}), Subject: admin, URL: "http://" + addr,
			InsecureHTTP: true, Dial: network.Dial, PerMinute: quota,
		})
		if err != nil {
			t.Fatal(err)
		}
		u := s.addUser(t, idptest.Person{Email: "ada@suite.example"})
		team := s.addGroup(t, "Team", u)
		for range 99 {
			s.addGroup(t, "One of many")
		}
		found, began := 0, time.Now()
		must(t, "Discover", p.Discover(t.Context(), func(idp.Discovered) error {
			found++
			if found == 50 {
				removal := idp.WithPriority(t.Context(), idp.Removal)
				must(t, "RemoveMember in the middle", p.RemoveMember(removal, team, u))
			}
			return nil
		}))
		if took := time.Since(began); found != 100 || took < 3*time.Minute || took > 10*time.Minute {
			t.Errorf("%d groups took %v", found, took)
		}
		if n := s.count(func(c googlesim.Call) bool { return strings.Contains(c.Reply, "RateLimit") }); n != 0 {
			t.Errorf("Google refused %d calls", n)
		}
		p.Close()
		server.Close()
		if err := web.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}
