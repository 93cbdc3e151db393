package ldap_test

import (
	"context"
	"crypto/tls"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/idptest"
	"usher/idp/ldap"
)

// withCertificate makes a provider that signs in at slapd itself with a client certificate.
func (s *site) withCertificate(t *testing.T) *ldap.Provider {
	t.Helper()
	return s.provider(t, func(c *ldap.Config) {
		c.URLs, c.InsecurePlain = []string{"ldaps://" + s.slapd.tls}, false
		c.BindDN, c.Password = "", ""
		c.CertificatePEM, c.KeyPEM = s.slapd.pki.client, ldap.Secret(s.slapd.pki.clientKey)
	})
}

func TestEveryWayToConnect(t *testing.T) {
	t.Parallel()
	s := newSite(t, names())
	u, g := s.person(t, "pat"), s.addGroup(t, "Team")
	_, tlsPort, _ := net.SplitHostPort(s.slapd.tls)
	direct := func(urls ...string) *ldap.Provider {
		return s.provider(t, func(c *ldap.Config) { c.URLs = urls })
	}
	for name, p := range map[string]*ldap.Provider{
		"LDAPS": direct("ldaps://" + s.slapd.tls), "LDAPS by name": direct("ldaps://localhost:" + tlsPort), "StartTLS": direct("ldap://" + s.slapd.plain),
		"client certificate": s.withCertificate(t),
		"plain":              s.provider(t, func(c *ldap.Config) { c.URLs, c.InsecurePlain = []string{"ldap://" + s.slapd.plain}, true }),
	} {
		t.Run(name, func(t *testing.T) {
			must(t, "AddMember", p.AddMember(t.Context(), g, u))
			s.wantMember(t, p, g, u, true)
			must(t, "RemoveMember", p.RemoveMember(t.Context(), g, u))
			for _, f := range p.Check(t.Context()) {
				encrypted := strings.Contains(f.Detail, "encrypted with TLS")
				if f.Subject == "credentials" && encrypted != (name != "plain") {
					t.Errorf("%+v", f)
				}
			}
		})
	}
}

func TestAServerThatCannotProveItselfGetsNoPassword(t *testing.T) {
	t.Parallel()
	s := newSite(t, names())
	for name, change := range map[string]func(*ldap.Config){
		"another authority":            func(c *ldap.Config) { c.RootsPEM = s.slapd.pki.stranger },
		"another authority, StartTLS":  func(c *ldap.Config) { c.RootsPEM, c.URLs = s.slapd.pki.stranger, []string{"ldap://" + s.slapd.plain} },
		"the system's own authorities": func(c *ldap.Config) { c.RootsPEM = "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := s.provider(t, change).FindUser(t.Context(), "pat@suite.example")
			wantKind(t, "FindUser", err, idp.Unavailable)
			if !strings.Contains(err.Error(), "certificate") || strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("the error does not say what is wrong: %v", err)
			}
		})
	}
	if s.proxy.signIns() != 0 {
		t.Fatalf("signed in %d times", s.proxy.signIns())
	}
}

func TestAServerWithoutStartTLSIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, names())
	p := s.provider(t, func(c *ldap.Config) {
		// The proxy speaks TLS from the start here, which a client of StartTLS cannot know.
		c.URLs = []string{"ldap://" + s.proxy.listener.Addr().String()}
		c.Timeout = time.Second
	})
	_, err := p.User(t.Context(), "00000000-0000-4000-8000-000000000000")
	wantKind(t, "User", err, idp.Unavailable)
	if s.proxy.signIns() != 0 {
		t.Fatal("the password was sent")
	}
}

func TestTheNextServerTakesOver(t *testing.T) {
	t.Parallel()
	s := newSite(t, names())
	second := startProxy(t, s.slapd.plain, func(p *proxy) { p.conf = s.proxy.conf })
	u := s.person(t, "pat")
	p := s.provider(t, func(c *ldap.Config) {
		c.URLs = []string{"ldaps://" + s.proxy.listener.Addr().String(), "ldaps://" + second.listener.Addr().String()}
	})
	read := func() {
		t.Helper()
		_, err := p.User(t.Context(), u)
		must(t, "User", err)
	}
	read()
	if second.signIns() != 0 {
		t.Fatal("the second server was asked although the first answers")
	}
	s.proxy.stop()
	read()
	if second.signIns() != 1 {
		t.Fatalf("the second server was signed in to %d times", second.signIns())
	}
}

func TestARestartOfTheServerDoesNotShow(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *site) {
		p, u, g := s.provider(t, nil), s.person(t, "pat"), s.addGroup(t, "Team")
		for _, call := range []func() error{
			func() error { _, err := p.User(t.Context(), u); return err },
			func() error { return p.AddMember(t.Context(), g, u) },
			func() error { return p.RemoveMember(t.Context(), g, u) },
			func() error { _, err := p.Members(t.Context(), g); return err },
		} {
			must(t, "call", call())
			s.proxy.cut()
			must(t, "call after the restart", call())
		}
	})
}

func TestRemovalsHaveAConnectionOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := newSite(t, names())
	u := s.person(t, "pat")
	g := s.addGroup(t, "Team", u)
	p := s.provider(t, func(c *ldap.Config) { c.MaxConnections = 3 })
	s.proxy.inject(idptest.Fault{Kind: idptest.HangBefore, On: idptest.Reads, Times: 2})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var hanging atomic.Int64
	ended := make(chan error, 3)
	for range 3 {
		go func() {
			hanging.Add(1)
			_, err := p.User(ctx, u)
			ended <- err
		}()
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if _, others, _ := s.proxy.counts(); others == 2 && hanging.Load() == 3 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the calls never reached the server")
		}
	}
	must(t, "RemoveMember", p.RemoveMember(idp.WithPriority(t.Context(), idp.Removal), g, u))
	s.wantMemberGone(t, g, u)
	cancel()
	for range 3 {
		wantKind(t, "User", <-ended, idp.Unavailable)
	}
}

func (s *site) wantMemberGone(t *testing.T, g idp.GroupID, u idp.UserID) {
	t.Helper()
	for _, m := range s.members(g) {
		if m == u {
			t.Fatal("the member is still there")
		}
	}
}

func TestWrongPasswordIsNotTriedAgainAndAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t, names())
	var offset atomic.Int64
	p := s.provider(t, func(c *ldap.Config) {
		c.Password = wrongPassword
		c.Now = func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
	})
	for range 20 {
		_, err := p.FindUser(t.Context(), "pat@suite.example")
		wantKind(t, "FindUser", err, idp.Unauthorized)
	}
	if s.proxy.signIns() != 1 {
		t.Fatalf("signed in %d times; a few wrong passwords lock accounts", s.proxy.signIns())
	}
	p.Check(t.Context())
	offset.Add(int64(time.Minute))
	_, err := p.FindUser(t.Context(), "pat@suite.example")
	wantKind(t, "FindUser", err, idp.Unauthorized)
	if s.proxy.signIns() != 3 {
		t.Fatalf("signed in %d times, want once more for the check and once more later", s.proxy.signIns())
	}
}

func TestClosingTwiceIsHarmless(t *testing.T) {
	t.Parallel()
	s := newSite(t, names())
	p, u := s.provider(t, nil), s.person(t, "pat")
	_, err := p.User(t.Context(), u)
	must(t, "User", err)
	p.Close()
	p.Close()
}

func TestDialIsUsed(t *testing.T) {
	t.Parallel()
	s := newSite(t, names())
	u := s.person(t, "pat")
	var asked atomic.Value
	p := s.provider(t, func(c *ldap.Config) {
		c.URLs = []string{"ldaps://localhost"}
		c.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			asked.Store(addr)
			return (&net.Dialer{}).DialContext(ctx, network, s.slapd.tls)
		}
	})
	_, err := p.User(t.Context(), u)
	must(t, "User", err)
	if asked.Load() != "localhost:636" {
		t.Fatalf("asked for %v", asked.Load())
	}
}

// TestOldTLSIsRefused makes sure that a server cannot talk the provider down.
func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, names())
	old := startProxy(t, s.slapd.plain, func(p *proxy) {
		p.conf = s.proxy.conf.Clone()
		p.conf.MinVersion, p.conf.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	})
	p := s.provider(t, func(c *ldap.Config) { c.URLs = []string{"ldaps://" + old.listener.Addr().String()} })
	_, err := p.FindUser(t.Context(), "pat@suite.example")
	wantKind(t, "FindUser", err, idp.Unavailable)
	if old.signIns() != 0 {
		t.Fatal("the password was sent")
	}
}
