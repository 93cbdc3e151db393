package slacksim_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"usher/sandbox/slacksim"
)

// post posts to Ann and gives what the client saw: an answer or an error.
func (b *bench) post(ctx context.Context) (*http.Response, []byte, error) {
	body := strings.NewReader(`{"channel":"U1ANN","text":"x","token":"xoxb-sandbox"}`)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url+"/api/chat.postMessage", body)
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	res, err := b.http.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	return res, raw, err
}

func TestFaultsHitOnce(t *testing.T) {
	t.Parallel()
	for kind, c := range map[slacksim.FaultKind]struct {
		status int    // 0: the client gets no answer
		holds  string // part of the body
		posted bool
	}{
		slacksim.Down:          {0, "", false},
		slacksim.ResetBefore:   {0, "", false},
		slacksim.LostAnswer:    {0, "", true},
		slacksim.Slow:          {200, `"ok":true`, true},
		slacksim.SlowDrip:      {200, `"ok":true`, true},
		slacksim.RateLimit:     {429, "ratelimited", false},
		slacksim.RateLimitBare: {429, "ratelimited", false},
		slacksim.Error500:      {500, "<html>", false},
		slacksim.Error502HTML:  {502, "<html>", false},
		slacksim.Error503:      {503, "<html>", false},
		slacksim.WrongTypes:    {200, `"ok":"yes"`, true},
		slacksim.Truncated:     {200, "", true},
		slacksim.OKWithError:   {200, "fatal_error", false},
		slacksim.Unauthorized:  {200, "invalid_auth", false},
		slacksim.Forbidden:     {200, "access_denied", false},
		slacksim.Gone:          {404, "<html>", false},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			b := start(t)
			after := time.Millisecond
			if kind == slacksim.RateLimit {
				after = 1500 * time.Millisecond
			}
			b.Inject(slacksim.Fault{Name: "users.info", Kind: slacksim.Down})
			b.Inject(slacksim.Fault{Name: "chat.postMessage", Kind: kind, Times: 1, After: after})
			res, raw, err := b.post(b.ctx)
			switch {
			case c.status == 0:
				if err == nil {
					t.Errorf("answered %s", raw)
				}
			case err != nil:
				t.Error(err)
			case res.StatusCode != c.status || !strings.Contains(string(raw), c.holds):
				t.Errorf("%d %s", res.StatusCode, raw)
			case kind == slacksim.Truncated && json.Valid(raw):
				t.Errorf("whole: %s", raw)
			case kind == slacksim.RateLimit && res.Header.Get("Retry-After") != "2":
				t.Errorf("retry after %s", res.Header.Get("Retry-After"))
			case kind == slacksim.RateLimitBare && res.Header.Get("Retry-After") != "":
				t.Error("not bare")
			}
			if got := len(b.Messages("U1ANN")) == 1; got != c.posted {
				t.Errorf("posted: %v", got)
			}
			call := b.Calls()[0]
			if call.Fault != string(kind) || call.Status != c.status || call.Changed != c.posted {
				t.Errorf("log: %+v", call)
			}
			if _, raw, err := b.post(b.ctx); err != nil || !strings.Contains(string(raw), `"ok":true`) {
				t.Errorf("the fault stays: %s, %v", raw, err)
			}
		})
	}
}

func TestHangingCallsCanBeWaitedForAndReleased(t *testing.T) {
	t.Parallel()
	for kind, done := range map[slacksim.FaultKind]bool{slacksim.HangBefore: false, slacksim.HangAfter: true} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			b := start(t)
			b.Inject(slacksim.Fault{Name: "chat.postMessage", Kind: kind})
			reached := b.Waiting("chat.postMessage")
			ctx, cancel := context.WithCancel(b.ctx)
			defer cancel()
			ended := make(chan error, 1)
			go func() { _, _, err := b.post(ctx); ended <- err }()
			<-reached
			<-b.Waiting("") // one hangs already
			if got := len(b.Messages("U1ANN")) == 1; got != done {
				t.Errorf("posted: %v", got)
			}
			cancel()
			if err := <-ended; err == nil {
				t.Error("answered")
			}
			if err := b.Wait(b.ctx, func() bool { return b.Hanging("chat.postMessage") == 0 }); err != nil {
				t.Fatal(err)
			}
			reached = b.Waiting("chat.postMessage")
			go func() { _, _, err := b.post(b.ctx); ended <- err }()
			<-reached
			b.ReleaseHangs()
			if err := <-ended; (err == nil) != done {
				t.Errorf("released: %v", err)
			}
			b.ClearFaults()
			if _, _, err := b.post(b.ctx); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSocketsCanFailToOpen(t *testing.T) {
	t.Parallel()
	b := start(t)
	for kind, status := range map[slacksim.FaultKind]int{slacksim.Down: 0, slacksim.Error503: 503} {
		b.Inject(slacksim.Fault{Name: "socket.connect", Kind: kind, Times: 1})
		_, res, err := websocket.DefaultDialer.DialContext(b.ctx, b.ticket(), nil)
		if err == nil {
			t.Fatalf("%s: connected", kind)
		}
		if res != nil {
			_ = res.Body.Close()
		}
		if status != 0 && (res == nil || res.StatusCode != status) {
			t.Errorf("%s: %v", kind, err)
		}
	}
	b.connect()
}

func TestTheLogHidesTokens(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.do(http.MethodPost, "/api/auth.test?token=xoxb-query", "application/x-www-form-urlencoded", "", "token=xoxb-sandbox&x=1")
	b.do(http.MethodPost, "/api/auth.test", "application/json", "", `{"token":"xapp-other-1","y":2}`)
	for i, c := range b.Calls() {
		if strings.Contains(c.Body+c.Query, "xoxb") || strings.Contains(c.Body+c.Query, "xapp") {
			t.Errorf("%+v", c)
		}
		if c.Seq != i+1 || c.Name != "auth.test" || c.Path != "/api/auth.test" || c.Method != http.MethodPost {
			t.Errorf("%+v", c)
		}
	}
	b.contains(b.Calls()[0].Body, "x=1")
	b.contains(b.Calls()[1].Body, `"y":2`)
	b.ResetCalls()
	if n := len(b.Calls()); n != 0 {
		t.Errorf("%d calls", n)
	}
}

func TestClosedServerRefuses(t *testing.T) {
	t.Parallel()
	b := start(t)
	r := b.connect()
	b.Close()
	b.Close()
	if _, open := <-r.frames; open {
		t.Error("socket is open")
	}
	if r := b.do(http.MethodPost, "/api/auth.test", "", "xoxb-sandbox", ""); r.status != http.StatusServiceUnavailable {
		t.Errorf("%d", r.status)
	}
	if err := b.Deactivate("U1ANN"); err != nil { // Nobody hears of it, and nobody waits for that.
		t.Error(err)
	}
}

func TestConfigurationIsChecked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]slacksim.Config{
		"same id twice":  {Users: []slacksim.User{{ID: "U1"}, {ID: "U1"}}},
		"no id":          {Users: []slacksim.User{{Name: "x"}}},
		"unknown member": {Channels: []slacksim.Channel{{ID: "C1", Members: []string{"U1"}}}},
		"slow pings":     {PingEvery: time.Minute},
		"negative scale": {RetryScale: -1},
		"no YAML":        {Manifest: []byte("\tx")},
		"bad command":    {Manifest: []byte("features: {slash_commands: [{command: access}]}")},
	} {
		if _, err := slacksim.New(c); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
