package slacksim_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"usher/sandbox/slacksim"
)

func TestHelloComesFirstAndTicketsWorkOnce(t *testing.T) {
	t.Parallel()
	b := start(t)
	link := b.ticket()
	ws, res, err := websocket.DefaultDialer.DialContext(b.ctx, link, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	defer func() { _ = ws.Close() }()
	var f frame
	if err := ws.ReadJSON(&f); err != nil || f.Type != "hello" || f.Connections != 1 || f.Debug["approximate_connection_time"] != 18060.0 {
		t.Errorf("hello is %+v, %v", f, err)
	}
	if err := b.WaitConnected(b.ctx, 1); err != nil {
		t.Fatal(err)
	}
	_, res, err = websocket.DefaultDialer.DialContext(b.ctx, link, nil)
	if err == nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("the ticket opened twice: %v", err)
	}
	_ = res.Body.Close()
}

func TestDebugReconnectsShortensTheConnection(t *testing.T) {
	t.Parallel()
	b := start(t)
	if f := b.dial("&debug_reconnects=true").next(); f.Debug["approximate_connection_time"] != 360.0 {
		t.Errorf("hello is %+v", f)
	}
}

func TestAcknowledgementCountsOnAnyConnection(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *slacksim.Config) { c.Pick = func(int) int { return 0 } })
	first, second := b.connect(), b.connect()
	if err := b.WaitConnected(b.ctx, 2); err != nil {
		t.Fatal(err)
	}
	go func() { second.ack(first.next(), "") }()
	if _, err := b.Run(b.ctx, "U1ANN", "/access", ""); err != nil {
		t.Fatal(err)
	}
	d := b.Deliveries()[0]
	if !d.Acked || d.Connection != 1 || d.AckConnection != 2 || d.AckedIn <= 0 {
		t.Errorf("delivery is %+v", d)
	}
}

func TestAcknowledgementsThatSlackDropsAreNotCounted(t *testing.T) {
	t.Parallel()
	pad := func(id string, n int) string {
		frame := `{"envelope_id":"` + id + `","payload":{"text":""}}`
		return strings.Replace(frame, `"text":"`, `"text":"`+strings.Repeat("x", n-len(frame)), 1)
	}
	for name, c := range map[string]struct {
		answer func(r *raw, f frame)
		why    string
	}{
		"20480 bytes": {func(r *raw, f frame) { r.send(pad(f.EnvelopeID, 20480)) }, "too large"},
		"20479 bytes": {func(r *raw, f frame) { r.send(pad(f.EnvelopeID, 20479)) }, ""},
		"fragments": {func(r *raw, f frame) {
			_ = r.ws.NetConn().SetDeadline(time.Now().Add(5 * time.Second))
			writeFragments(r, `{"envelope_id":`, `"`+f.EnvelopeID+`"}`)
		}, "fragmented"},
		"unknown envelope": {func(r *raw, f frame) { r.send(`{"envelope_id":"nope"}`) }, "nothing"},
		"no JSON":          {func(r *raw, f frame) { r.send(`hello`) }, "nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t, func(cfg *slacksim.Config) {
				if c.why != "" {
					cfg.AckTimeout = 200 * time.Millisecond
				}
			})
			r := b.connect()
			go func() { c.answer(r, r.next()) }()
			_, err := b.Run(b.ctx, "U1ANN", "/access", "")
			d := b.Deliveries()[0]
			if c.why == "" {
				if err != nil || !d.Acked {
					t.Errorf("not counted: %v, %v", err, d.Ignored)
				}
				return
			}
			var shown *slacksim.UserError
			if !errors.As(err, &shown) || shown.Code != "operation_timeout" || d.Acked {
				t.Errorf("counted: %v", err)
			}
			if got := strings.Join(d.Ignored, ","); c.why != "nothing" && got != c.why {
				t.Errorf("ignored because of %q", got)
			}
		})
	}
}

// writeFragments writes one text message in two frames, by hand since no client library does it on purpose.
func writeFragments(r *raw, first, second string) {
	frame := func(head byte, text string) []byte {
		out := []byte{head, 0x80 | byte(len(text)), 0, 0, 0, 0}
		return append(out, text...)
	}
	_, _ = r.ws.NetConn().Write(append(frame(0x01, first), frame(0x80, second)...))
}

func TestEventsAreRetriedThreeTimes(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *slacksim.Config) { c.AckTimeout, c.RetryScale = 30*time.Millisecond, 0.001 })
	r := b.connect()
	if err := b.OpenHome(b.ctx, "U1ANN"); err != nil {
		t.Fatal(err)
	}
	event := ""
	for attempt := range 4 {
		f := r.next()
		if f.Type != "events_api" || f.Accepts || f.RetryAttempt == nil || *f.RetryAttempt != attempt {
			t.Errorf("attempt %d is %+v", attempt, f)
		}
		if attempt > 0 && f.RetryReason != "timeout" {
			t.Errorf("reason is %q", f.RetryReason)
		}
		if id := f.text("event_id"); event != "" && id != event {
			t.Errorf("event id changed from %s to %s", event, id)
		}
		event = f.text("event_id")
	}
	if err := b.Wait(b.ctx, func() bool { return len(b.Deliveries()) == 4 }); err != nil {
		t.Error(err)
	}
}

func TestEventsWaitForAConnection(t *testing.T) {
	t.Parallel()
	b := start(t)
	if err := b.OpenHome(b.ctx, "U1ANN"); err != nil {
		t.Fatal(err)
	}
	r := b.connect()
	f := r.next()
	if f.text("event", "type") != "app_home_opened" || *f.RetryAttempt != 1 {
		t.Errorf("event is %s, attempt %d", f.Payload, *f.RetryAttempt)
	}
	r.ack(f, "")
	if err := b.Wait(b.ctx, func() bool { d := b.Deliveries(); return d[len(d)-1].Acked }); err != nil {
		t.Error(err)
	}
}

func TestUnsubscribedEventsAreNotSent(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *slacksim.Config) {
		c.Manifest = []byte(strings.Replace(manifest, "app_home_opened, ", "", 1))
	})
	b.connect()
	if err := b.OpenHome(b.ctx, "U1ANN"); err != nil {
		t.Fatal(err)
	}
	if d := b.Deliveries(); len(d) != 0 {
		t.Errorf("sent %+v", d)
	}
}

func TestNobodyConnectedIsAnErrorOnTheScreen(t *testing.T) {
	t.Parallel()
	b := start(t)
	_, err := b.Run(b.ctx, "U1ANN", "/access", "")
	var shown *slacksim.UserError
	if !errors.As(err, &shown) || shown.Code != "dispatch_failed" {
		t.Errorf("Run says %v", err)
	}
	_, err = b.Shortcut(b.ctx, "U1ANN", "request_access")
	if !errors.As(err, &shown) || shown.Code != "trouble_connecting" {
		t.Errorf("Shortcut says %v", err)
	}
}

func TestDisconnectFrames(t *testing.T) {
	t.Parallel()
	t.Run("warning keeps the socket", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		r := b.connect()
		b.Disconnect("warning")
		if f := r.next(); f.Type != "disconnect" || f.Reason != "warning" {
			t.Errorf("frame is %+v", f)
		}
		if b.Connections() != 1 {
			t.Error("socket is gone")
		}
	})
	t.Run("link_disabled ends it and refuses new ones", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		r := b.connect()
		b.Disconnect("link_disabled")
		if f := r.next(); f.Reason != "link_disabled" {
			t.Errorf("frame is %+v", f)
		}
		if err := b.Wait(b.ctx, func() bool { return b.Connections() == 0 }); err != nil {
			t.Error(err)
		}
		open := func() reply {
			return b.do(http.MethodPost, "/api/apps.connections.open", "application/json", "xapp-sandbox", "")
		}
		if open().ok() {
			t.Error("opened while switched off")
		}
		b.EnableSocketMode()
		if !open().ok() {
			t.Error("stays switched off")
		}
	})
	t.Run("the eleventh is one too many", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		for range 10 {
			b.connect()
		}
		if f := b.dial("").next(); f.Type != "disconnect" || f.Reason != "too_many_websockets" {
			t.Errorf("frame is %+v", f)
		}
		if n := b.Connections(); n != 10 {
			t.Errorf("%d connections", n)
		}
	})
	t.Run("a life ends with a refresh", func(t *testing.T) {
		t.Parallel()
		b := start(t, func(c *slacksim.Config) { c.ConnectionLife = 50 * time.Millisecond })
		if f := b.connect().next(); f.Reason != "refresh_requested" {
			t.Errorf("frame is %+v", f)
		}
	})
	t.Run("killing cuts without a word", func(t *testing.T) {
		t.Parallel()
		b := start(t)
		r := b.connect()
		b.KillConnections()
		if f, open := <-r.frames; open {
			t.Errorf("frame %+v", f)
		}
	})
}

func TestThePingsCome(t *testing.T) {
	t.Parallel()
	b := start(t, func(c *slacksim.Config) { c.PingEvery = 10 * time.Millisecond })
	ws, res, err := websocket.DefaultDialer.DialContext(b.ctx, b.ticket(), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	defer func() { _ = ws.Close() }()
	pings := 0
	ws.SetPingHandler(func(string) error {
		if pings++; pings == 3 {
			return errors.New("enough")
		}
		return nil
	})
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			break
		}
	}
	if pings != 3 {
		t.Errorf("%d pings", pings)
	}
}

func TestEnvelopesCanBeForgedAndRepeated(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.connect().serve(func(frame) string { return "" })
	d, err := b.Send(b.ctx, "interactive", map[string]any{"type": "block_actions"})
	if err != nil || !d.Acked || string(d.Payload) != `{"type":"block_actions"}` {
		t.Fatalf("%+v, %v", d, err)
	}
	again, err := b.Redeliver(b.ctx, d.EnvelopeID)
	if err != nil || again.EnvelopeID != d.EnvelopeID || !again.Acked || !same(again.Payload, d.Payload) {
		t.Errorf("%+v, %v", again, err)
	}
	if _, err := b.Redeliver(b.ctx, "never"); err == nil {
		t.Error("repeated what never was")
	}
}
