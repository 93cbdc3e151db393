package slacksim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"usher/sandbox/slacksim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const manifest = `
display_information: {name: Access}
features:
  app_home: {home_tab_enabled: true, messages_tab_enabled: true, messages_tab_read_only_enabled: true}
  bot_user: {display_name: access}
  shortcuts:
    - {name: Request access, type: global, callback_id: request_access, description: Open}
  slash_commands:
    - {command: /access, description: Open, should_escape: false}
    - {command: /escaped, description: Open, should_escape: true}
oauth_config:
  scopes:
    bot: [commands, "chat:write", "im:write", "im:history", "users:read", "users:read.email"]
settings:
  event_subscriptions: {bot_events: [app_home_opened, user_change]}
  interactivity: {is_enabled: true}
  socket_mode_enabled: true
`

// bench is a workspace that is being served, with Ann, Bob and a few odd people in it.
type bench struct {
	*slacksim.Server
	t    *testing.T
	http *http.Client
	url  string
	ctx  context.Context //nolint:containedctx // lives as long as the test
}

func people() []slacksim.User {
	return []slacksim.User{
		{ID: "U1ANN", Name: "ann", RealName: "Ann Lee", Email: "ann@example.com", EmailConfirmed: true},
		{ID: "U2BOB", Name: "bob", RealName: "Bob Ray", Email: "bob@example.com", EmailConfirmed: true},
		{ID: "U3OLD", Name: "old", RealName: "Otto Old", Email: "old@example.com", Deleted: true},
		{ID: "U4OUT", TeamID: "T9OTHER", Name: "out", RealName: "Olga Out", Email: "olga@other.example"},
		{ID: "U5FAR", TeamID: "T9OTHER", Name: "far", RealName: "Far Off", Stranger: true},
		{ID: "U6GST", Name: "guest", RealName: "Gus Guest", Email: "gus@example.com", Guest: true},
		{ID: "U7BOT", Name: "robot", RealName: "Robot", IsBot: true},
	}
}

func start(t *testing.T, change ...func(*slacksim.Config)) *bench {
	t.Helper()
	cfg := slacksim.Config{Manifest: []byte(manifest), Users: people(), Channels: []slacksim.Channel{
		{ID: "C1IT", Name: "it", Members: []string{"U1ANN", "U0BOT"}},
		{ID: "C2NOBOT", Name: "nobot", Members: []string{"U1ANN"}},
		{ID: "G1SECRET", Name: "secret", Private: true, Members: []string{"U1ANN"}},
		{ID: "C3OLD", Name: "archive", Archived: true, Members: []string{"U0BOT"}},
	}}
	for _, f := range change {
		f(&cfg)
	}
	s, err := slacksim.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s)
	s.SetURL(web.URL)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	transport := &http.Transport{}
	b := &bench{Server: s, t: t, url: web.URL, ctx: ctx, http: &http.Client{Transport: transport}}
	t.Cleanup(func() {
		s.Close()
		transport.CloseIdleConnections()
		web.Close()
		cancel()
	})
	return b
}

type reply struct {
	status int
	header http.Header
	raw    []byte
	fields map[string]any
}

func (r reply) ok() bool { return r.fields["ok"] == true }

func (r reply) code() string { s, _ := r.fields["error"].(string); return s }

// at follows names into the reply.
func (r reply) at(path ...string) any {
	var v any = r.fields
	for _, p := range path {
		o, _ := v.(map[string]any)
		v = o[p]
	}
	return v
}

func (r reply) text(path ...string) string { s, _ := r.at(path...).(string); return s }

func (b *bench) do(method, path, kind, token, body string) reply {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.ctx, method, b.url+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := b.http.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	out := reply{status: res.StatusCode, header: res.Header, raw: raw}
	_ = json.Unmarshal(raw, &out.fields) // some replies are no JSON
	return out
}

// form calls a method as Bolt does.
func (b *bench) form(method string, args url.Values) reply {
	b.t.Helper()
	return b.do(http.MethodPost, "/api/"+method, "application/x-www-form-urlencoded", "xoxb-sandbox", args.Encode())
}

// call calls a method with JSON, as slack-go does for views.
func (b *bench) call(method string, args map[string]any) reply {
	b.t.Helper()
	body, err := json.Marshal(args)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(http.MethodPost, "/api/"+method, "application/json; charset=utf-8", "xoxb-sandbox", string(body))
}

func (b *bench) mustCall(method string, args map[string]any) reply {
	b.t.Helper()
	r := b.call(method, args)
	if !r.ok() {
		b.t.Fatalf("%s: %s", method, r.raw)
	}
	return r
}

// frame is one frame from Slack.
type frame struct {
	Type         string          `json:"type"`
	Reason       string          `json:"reason"`
	EnvelopeID   string          `json:"envelope_id"`
	Accepts      bool            `json:"accepts_response_payload"`
	RetryAttempt *int            `json:"retry_attempt"`
	RetryReason  string          `json:"retry_reason"`
	Payload      json.RawMessage `json:"payload"`
	Connections  int             `json:"num_connections"`
	Debug        map[string]any  `json:"debug_info"`
}

// at follows names into the payload.
func (f frame) at(path ...string) any {
	var o map[string]any
	_ = json.Unmarshal(f.Payload, &o)
	return reply{fields: o}.at(path...)
}

func (f frame) text(path ...string) string { s, _ := f.at(path...).(string); return s }

// raw is a bot made of nothing but a socket.
type raw struct {
	t      *testing.T
	ws     *websocket.Conn
	frames chan frame
	write  sync.Mutex
}

func (b *bench) ticket() string {
	b.t.Helper()
	r := b.do(http.MethodPost, "/api/apps.connections.open", "application/x-www-form-urlencoded", "xapp-sandbox", "")
	if !r.ok() {
		b.t.Fatalf("open: %s", r.raw)
	}
	return r.text("url")
}

// dial opens a socket and reads it until it ends, then closes frames.
func (b *bench) dial(more string) *raw {
	b.t.Helper()
	dialer := websocket.Dialer{WriteBufferSize: 32 << 10} // a smaller one breaks big acknowledgements into pieces
	ws, res, err := dialer.DialContext(b.ctx, b.ticket()+more, http.Header{"Origin": {"https://api.slack.com"}})
	if err != nil {
		b.t.Fatal(err)
	}
	_ = res.Body.Close()
	r := &raw{t: b.t, ws: ws, frames: make(chan frame, 100)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(r.frames)
		for {
			var f frame
			if ws.ReadJSON(&f) != nil {
				return
			}
			r.frames <- f
		}
	}()
	b.t.Cleanup(func() {
		_ = ws.Close()
		<-done
	})
	return r
}

// connect is dial past the hello.
func (b *bench) connect() *raw {
	b.t.Helper()
	r := b.dial("")
	if f := r.next(); f.Type != "hello" {
		b.t.Fatalf("first frame is %q", f.Type)
	}
	return r
}

func (r *raw) next() frame {
	r.t.Helper()
	select {
	case f, ok := <-r.frames:
		if !ok {
			r.t.Fatal("socket ended")
		}
		return f
	case <-time.After(10 * time.Second):
		r.t.Fatal("no frame came")
	}
	return frame{}
}

func (r *raw) send(text string) {
	r.write.Lock()
	defer r.write.Unlock()
	_ = r.ws.WriteMessage(websocket.TextMessage, []byte(text))
}

func (r *raw) ack(f frame, payload string) {
	if payload == "" {
		r.send(`{"envelope_id":"` + f.EnvelopeID + `"}`)
		return
	}
	r.send(`{"envelope_id":"` + f.EnvelopeID + `","payload":` + payload + `}`)
}

// serve answers every envelope with what handle returns, until the test ends.
func (r *raw) serve(handle func(frame) string) {
	r.work(func(f frame) { r.ack(f, handle(f)) })
}

// serveSome acknowledges those envelopes for which yes says so, until the test ends.
func (r *raw) serveSome(yes func(frame) bool) {
	r.work(func(f frame) {
		if yes(f) {
			r.ack(f, "")
		}
	})
}

func (r *raw) work(do func(frame)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for f := range r.frames {
			if f.EnvelopeID != "" {
				do(f)
			}
		}
	}()
	r.t.Cleanup(func() {
		_ = r.ws.Close()
		<-done
	})
}

func (b *bench) contains(s, part string) {
	b.t.Helper()
	if !strings.Contains(s, part) {
		b.t.Errorf("%q lacks %q", s, part)
	}
}

func same(a, b []byte) bool { return bytes.Equal(bytes.TrimSpace(a), bytes.TrimSpace(b)) }

// virtual is a clock that stands still until told.
type virtual struct {
	mu  sync.Mutex
	now time.Time
}

func (v *virtual) Now() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now
}

func (v *virtual) add(d time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now = v.now.Add(d)
}
