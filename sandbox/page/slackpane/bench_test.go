package slackpane_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"usher/sandbox"
	"usher/sandbox/jirasim"
	"usher/sandbox/oktasim"
	"usher/sandbox/page/slackpane"
	"usher/sandbox/slacksim"
)

const manifest = `
display_information: {name: Helper, description: Helps}
features:
  app_home: {home_tab_enabled: true, messages_tab_enabled: true, messages_tab_read_only_enabled: true}
  bot_user: {display_name: helper}
  shortcuts:
    - {name: Ask for help, type: global, callback_id: ask, description: Opens a form}
  slash_commands:
    - {command: /help, description: Ask, usage_hint: "[with what]"}
oauth_config:
  scopes:
    bot: [commands, "chat:write", "im:write", "users:read"]
settings:
  event_subscriptions: {bot_events: [app_home_opened]}
  interactivity: {is_enabled: true}
  socket_mode_enabled: true
`

// bench is a company with the pane before it and an app that is the test's own.
type bench struct {
	*sandbox.World
	t    *testing.T
	pane http.Handler
}

func start(t *testing.T, adjust ...func(*slacksim.Config)) *bench {
	t.Helper()
	w, err := sandbox.Start(sandbox.Config{Manifest: []byte(manifest), Adjust: func(c *slacksim.Config, _ *jirasim.Config, _ *oktasim.Config) {
		for _, f := range adjust {
			f(c)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return &bench{World: w, t: t, pane: slackpane.New(w).Handler()}
}

// get returns the fragment of a person; tab and more are parameters, such as "home" and "older=100".
func (b *bench) get(who, tab string, more ...string) string {
	b.t.Helper()
	q := url.Values{"who": {who}, "tab": {tab}, "tz": {"Europe/Berlin"}}.Encode()
	rec := httptest.NewRecorder()
	b.pane.ServeHTTP(rec, httptest.NewRequestWithContext(b.t.Context(), http.MethodGet, "/?"+strings.Join(append(more, q), "&"), nil))
	if rec.Code != http.StatusOK {
		b.t.Fatalf("GET %s %s: %d %s", who, tab, rec.Code, rec.Body)
	}
	return rec.Body.String()
}

// post does something as a person and returns the status and the answer.
func (b *bench) post(verb, body string) (int, any) {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), http.MethodPost, "/"+verb, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	b.pane.ServeHTTP(rec, r)
	var v any
	if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil {
		b.t.Fatalf("POST %s: %s", verb, rec.Body)
	}
	return rec.Code, v
}

// must is post of something that works; it returns the answer.
func (b *bench) must(verb, body string) any {
	b.t.Helper()
	code, v := b.post(verb, body)
	if o, ok := v.(map[string]any); code != http.StatusOK || (ok && o["failed"] != nil) {
		b.t.Fatalf("POST %s %s: %d %v", verb, body, code, v)
	}
	return v
}

// call calls the Web API as the app and returns the answer.
func (b *bench) call(method string, args map[string]any) map[string]any {
	b.t.Helper()
	body, err := json.Marshal(args)
	if err != nil {
		b.t.Fatal(err)
	}
	token := sandbox.SlackBotToken
	if method == "apps.connections.open" {
		token = sandbox.SlackAppToken
	}
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.SlackURL+method, bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	r.Close = true
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var v map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&v); err != nil || v["ok"] != true {
		b.t.Fatalf("%s: %v %v", method, err, v)
	}
	return v
}

// frame is what the app hears.
type frame struct {
	EnvelopeID string `json:"envelope_id"`
	Type       string `json:"type"`
	Payload    struct {
		Type      string
		TriggerID string `json:"trigger_id"`
		Actions   []struct {
			ActionID string `json:"action_id"`
			Value    string
		}
		Command, Text string
		CallbackID    string `json:"callback_id"`
		Value         string
		View          struct {
			ID    string
			State json.RawMessage
		}
		Event struct{ Type string }
	} `json:"payload"`
}

// app connects an app that answers each frame with the payload that answer gives, "" for none. What it hears comes out of
// the channel.
func (b *bench) app(answer func(frame) string) <-chan frame {
	b.t.Helper()
	link, _ := b.call("apps.connections.open", nil)["url"].(string)
	ws, resp, err := websocket.DefaultDialer.DialContext(b.t.Context(), link, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	_ = resp.Body.Close()
	heard, over := make(chan frame, 100), make(chan struct{})
	go func() {
		defer close(over)
		for {
			var f frame
			if ws.ReadJSON(&f) != nil {
				return
			}
			if f.EnvelopeID == "" {
				continue
			}
			ack := `{"envelope_id":"` + f.EnvelopeID + `"}`
			if p := answer(f); p != "" {
				ack = `{"envelope_id":"` + f.EnvelopeID + `","payload":` + p + `}`
			}
			if ws.WriteMessage(websocket.TextMessage, []byte(ack)) != nil {
				return
			}
			heard <- f
		}
	}()
	b.t.Cleanup(func() {
		_ = ws.Close()
		<-over
	})
	ctx, cancel := context.WithTimeout(b.t.Context(), 10*time.Second)
	defer cancel()
	if err := b.Slack.WaitConnected(ctx, 1); err != nil {
		b.t.Fatal(err)
	}
	return heard
}

// opened is an app that opens a view when somebody runs its command, and what it hears after that.
func (b *bench) opened(who, view string, answer func(frame) string) (id string, heard <-chan frame) {
	b.t.Helper()
	heard = b.app(answer)
	b.must("command", `{"who":"`+who+`","text":"/help me"}`)
	f := <-heard
	if f.Payload.Command != "/help" || f.Payload.Text != "me" {
		b.t.Fatalf("heard %+v", f)
	}
	got := b.call("views.open", map[string]any{"trigger_id": f.Payload.TriggerID, "view": json.RawMessage(view)})
	opened, _ := got["view"].(map[string]any)
	id, _ = opened["id"].(string)
	return id, heard
}

// wellFormed checks that the elements of a fragment are nested as they should be and that no id is there twice.
func wellFormed(t *testing.T, html string) {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(html))
	dec.Strict, dec.AutoClose, dec.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	depth := 0
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, html)
		}
		switch tok.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
	}
	if depth != 0 {
		t.Errorf("%d elements stay open", depth)
	}
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`\sid="([^"]*)"`).FindAllStringSubmatch(html, -1) {
		if seen[m[1]] {
			t.Errorf("the id %s is there twice", m[1])
		}
		seen[m[1]] = true
	}
	for _, bad := range []string{"<script", " style=", " onclick="} {
		if strings.Contains(html, bad) {
			t.Errorf("the fragment has %q", bad)
		}
	}
}
