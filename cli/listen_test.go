package cli

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"usher/idp/rest"
	"usher/idp/webhook"
	"usher/sandbox"
)

func TestWhoCallsBackWithoutEndIsCutOff(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sent   string
		status int
		within time.Duration
	}{
		"a body that does not end":  {"Content-Length: 100\r\n\r\n{", http.StatusBadRequest, 10 * time.Second},
		"a body that is too long":   {"Content-Length: 70000\r\n\r\n" + strings.Repeat("x", 70000), http.StatusBadRequest, 0},
		"headers that are too long": {"X: " + strings.Repeat("x", 32<<10) + "\r\n\r\n", http.StatusRequestHeaderFieldsTooLarge, 0},
		"a body of the right size":  {"Content-Length: 2\r\n\r\n{}", http.StatusUnauthorized, 0},
		"headers that do not end":   {"X: x\r\n", 0, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				secret := func(s string) rest.Secret { return rest.Secret("whsec_" + strings.Repeat(s, 32)) }
				back, err := webhook.New(webhook.Config{URL: "https://b.example", Secret: secret("a"), CallbackSecret: secret("b")})
				if err != nil {
					t.Fatal(err)
				}
				network := sandbox.NewNetwork()
				l, err := network.Listen("127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				srv := (&parts{idp: map[string]provider{"billing": back}}).server()
				go func() { _ = srv.Serve(l) }()
				conn, err := network.Dial(t.Context(), "tcp", l.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				go func() { _, _ = io.WriteString(conn, "POST /callback/billing HTTP/1.1\r\nHost: usher\r\n"+c.sent) }()
				heard := bufio.NewReader(conn)
				status := 0
				if resp, err := http.ReadResponse(heard, nil); err == nil {
					status = resp.StatusCode
					_ = resp.Body.Close()
				}
				if status != c.status {
					t.Errorf("status %d, want %d", status, c.status)
				}
				if took := time.Since(began); took > c.within {
					t.Errorf("it took %v", took)
				}
				_, _ = io.Copy(io.Discard, heard) // Until the server hangs up, at the latest when nothing more comes.
				if took := time.Since(began); took > c.within+3*time.Minute+time.Second {
					t.Errorf("the connection was kept for %v", took)
				}
				if err := srv.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
