package entra_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/entra"
	"usher/sandbox/graphsim"
)

func (s *sim) signIns() int {
	return s.count(func(c graphsim.Call) bool { return c.Name == "token" })
}

func TestAClientSecretSignsInByTLS(t *testing.T) {
	t.Parallel()
	s := start(t, true, nil)
	u := s.person(t, "ada@suite.example")
	if got, err := s.provider(t, entra.Config{}).User(t.Context(), u); err != nil || got.ID != u {
		t.Fatalf("%v, %v", got.ID, err)
	}
	_, err := s.provider(t, entra.Config{ClientSecret: wrongSecret}).User(t.Context(), u)
	wantKind(t, err, idp.Unauthorized)
}

func TestManyCallersShareOneToken(t *testing.T) {
	t.Parallel()
	s := start(t, false, nil)
	p, u := s.provider(t, entra.Config{}), s.person(t, "ada@suite.example")
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := p.User(t.Context(), u); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := s.signIns(); n != 1 {
		t.Fatalf("%d sign-ins", n)
	}
}

func TestATokenIsRenewedBeforeItEnds(t *testing.T) {
	t.Parallel()
	s := start(t, false, nil)
	p, u := s.provider(t, entra.Config{}), s.person(t, "ada@suite.example")
	for _, step := range []struct {
		pass time.Duration
		want int
	}{{0, 1}, {50 * time.Minute, 1}, {6 * time.Minute, 2}, {time.Hour, 3}} {
		s.offset.Add(int64(step.pass))
		if _, err := p.User(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		if n := s.signIns(); n != step.want {
			t.Fatalf("after %v: %d sign-ins, want %d", step.pass, n, step.want)
		}
	}
	if n := s.count(func(c graphsim.Call) bool { return c.Status == http.StatusUnauthorized }); n != 0 {
		t.Fatalf("%d calls with a token that had ended", n)
	}
}

func TestARefusedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		s := start(t, secure, nil)
		p, u := s.provider(t, entra.Config{}), s.person(t, "ada@suite.example")
		g := s.team(t)
		must(t, p.AddMember(t.Context(), g, u))
		s.offset.Add(int64(time.Minute))
		s.RevokeTokens()
		must(t, p.RemoveMember(t.Context(), g, u))
		if n := s.signIns(); n != 2 {
			t.Fatalf("%d sign-ins", n)
		}
		s.RevokeTokens() // at once again: the fresh token is no better, and the authority is left alone
		wantKind(t, p.AddMember(t.Context(), g, u), idp.Unauthorized)
		if n := s.signIns(); n != 2 {
			t.Fatalf("%d sign-ins", n)
		}
	}
}

func TestTheAuthorityInTrouble(t *testing.T) {
	t.Parallel()
	for kind, want := range map[graphsim.FaultKind]idp.Kind{
		graphsim.Down: idp.Unavailable, graphsim.Error500: idp.Unavailable, graphsim.Error502HTML: idp.Unavailable, graphsim.Error503: idp.Unavailable,
		graphsim.RateLimit: idp.Throttled, graphsim.Truncated: idp.Unavailable, graphsim.WrongTypes: idp.Unavailable,
	} {
		for _, secure := range []bool{false, true} {
			s := start(t, secure, nil)
			p, u := s.provider(t, entra.Config{}), s.person(t, "ada@suite.example")
			s.Inject(graphsim.Fault{Name: "token", Kind: kind, After: 7 * time.Second})
			_, err := p.User(t.Context(), u)
			if got := idp.KindOf(err); got != want {
				t.Errorf("%s by TLS %v: %s (%v), want %s", kind, secure, got, err, want)
			}
			if want == idp.Throttled && idp.RetryAt(err).IsZero() {
				t.Errorf("%s by TLS %v: the time is lost", kind, secure)
			}
			s.ClearFaults()
			s.offset.Add(int64(time.Minute))
			if _, err := p.User(t.Context(), u); err != nil {
				t.Errorf("%s by TLS %v: afterwards %v", kind, secure, err)
			}
		}
	}
}

func TestASignInThatHangsEndsWithTheCaller(t *testing.T) {
	t.Parallel()
	s := start(t, true, nil)
	p, u := s.provider(t, entra.Config{}), s.person(t, "ada@suite.example")
	s.Inject(graphsim.Fault{Name: "token", Kind: graphsim.HangBefore})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := p.User(ctx, u)
	wantKind(t, err, idp.Unavailable)
	if ctx.Err() == nil {
		t.Fatal("it ended by itself")
	}
	s.ClearFaults()
	s.ReleaseHangs()
	if _, err := p.User(t.Context(), u); err != nil {
		t.Fatal(err)
	}
}

func TestATokenSourceServesOtherCredentials(t *testing.T) {
	t.Parallel()
	s := start(t, false, nil)
	u := s.person(t, "ada@suite.example")
	p := s.provider(t, entra.Config{TokenSource: func(context.Context) (string, time.Time, error) { return s.token(t), s.now().Add(time.Hour), nil }})
	if got, err := p.User(t.Context(), u); err != nil || got.ID != u {
		t.Fatalf("%v, %v", got.ID, err)
	}
}

func TestAManagedIdentityAsksTheMachine(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1") // the metadata service is never asked through a proxy
	s := start(t, false, nil)
	u := s.person(t, "ada@suite.example")
	metadata := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Metadata") != "true" || r.URL.Query().Get("resource") != s.web.URL || r.URL.Query().Get("client_id") != appID {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":"invalid_request","error_description":"Identity not found"}`))
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{
			"access_token": s.token(t), "expires_on": strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10), "expires_in": "3600", "token_type": "Bearer", "resource": s.web.URL,
		})
	}))
	t.Cleanup(metadata.Close)
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		if addr == "169.254.169.254:80" {
			addr = metadata.Listener.Addr().String()
		}
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}
	p := s.provider(t, entra.Config{ManagedIdentity: true, ClientID: appID, Dial: dial})
	if got, err := p.User(t.Context(), u); err != nil || got.ID != u {
		t.Fatalf("%v, %v", got.ID, err)
	}
	_, err := s.provider(t, entra.Config{ManagedIdentity: true, ClientID: appOne, Dial: dial}).User(t.Context(), u)
	wantKind(t, err, idp.Unauthorized)
}
