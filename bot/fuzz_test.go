package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"

	"usher/access"
)

// bench is a bot without a network: Slack says yes to every call, acknowledgements are counted, panics are found in the log.
type bench struct {
	bot  *Bot
	sock *socket
	core *fakeCore

	mu     sync.Mutex
	acks   map[string]int
	bodies [][]byte
	panics []string
}

// RoundTrip implements http.RoundTripper: a Slack that always says yes.
func (b *bench) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		b.mu.Lock()
		b.bodies = append(b.bodies, body)
		b.mu.Unlock()
	}
	who := "U1BOB"
	answer := `{"ok":true,"channel":"D1","ts":"1.1","view":{"id":"V1"},"user":{"id":"` + who + `","team_id":"T0SANDBOX","is_email_confirmed":true}}`
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(answer)), Request: r,
	}, nil
}

// AckCtx implements acker.
func (b *bench) AckCtx(_ context.Context, envelope string, payload any) error {
	raw, err := json.Marshal(payload)
	if err != nil {
		return err
	}
	if len(raw) > ackMax {
		return io.ErrShortBuffer
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.acks[envelope]++
	return nil
}

// Write implements io.Writer for the log.
func (b *bench) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("msg=panic")) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.panics = append(b.panics, string(p))
	}
	return len(p), nil
}

func newBench(t testing.TB) *bench {
	t.Helper()
	b := &bench{core: newFakeCore(), acks: map[string]int{}}
	b.core.set(pendingRequest(1), nil)
	cfg := Config{
		AppToken: "xapp-1", BotToken: "xoxb-1", HTTP: &http.Client{Transport: b}, Logger: slog.New(slog.NewTextHandler(b, nil)), Now: noonNow,
	}
	n, err := NewNotifier(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if b.bot, err = New(cfg, b.core, n); err != nil {
		t.Fatal(err)
	}
	b.bot.where.Store(&place{team: "T0SANDBOX", botUser: "U0BOT"})
	app := "A0SANDBOX"
	b.bot.appID.Store(&app)
	b.bot.backlog = newBacklog(10)
	b.sock = b.bot.newSocket(0)
	b.sock.acker = b
	b.sock.up.Store(true)
	return b
}

// deliver does with a raw frame what slack-go and the bot do with it, and everything that follows from it.
func (b *bench) deliver(ctx context.Context, frame []byte) (envelope string) {
	var req socketmode.Request
	bad := func(err error) {
		b.sock.take(ctx, socketmode.Event{Type: socketmode.EventTypeErrorBadMessage, Data: &socketmode.ErrorBadMessage{Cause: err, Message: frame}})
	}
	if err := json.Unmarshal(frame, &req); err != nil {
		bad(err)
		return ""
	}
	e := socketmode.Event{Request: &req}
	var err error
	switch req.Type {
	case socketmode.RequestTypeEventsAPI:
		e.Type = socketmode.EventTypeEventsAPI
		e.Data, err = slackevents.ParseEvent(req.Payload, slackevents.OptionNoVerifyToken())
	case socketmode.RequestTypeSlashCommands:
		var c slack.SlashCommand
		e.Type, err = socketmode.EventTypeSlashCommand, json.Unmarshal(req.Payload, &c)
		e.Data = c
	case socketmode.RequestTypeInteractive:
		var c slack.InteractionCallback
		e.Type, err = socketmode.EventTypeInteractive, json.Unmarshal(req.Payload, &c)
		e.Data = c
	case socketmode.RequestTypeHello:
		e.Type = socketmode.EventTypeHello
	case socketmode.RequestTypeDisconnect:
		e.Type = socketmode.EventTypeDisconnect
	default:
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		bad(err)
	} else {
		b.sock.take(ctx, e)
	}
	b.work(ctx)
	return req.EnvelopeID
}

func (b *bench) work(ctx context.Context) {
	for {
		select {
		case j := <-b.bot.backlog.show:
			b.bot.do(ctx, j)
			b.bot.backlog.done(j)
		case j := <-b.bot.backlog.decide:
			b.bot.do(ctx, j)
			b.bot.backlog.done(j)
		default:
			return
		}
	}
}

// judge fails on panics, on deliveries without an acknowledgement, and on calls to Slack that are not JSON or a form.
func (b *bench) judge(t *testing.T, envelope string) {
	t.Helper()
	acked := func() int {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.acks[envelope]
	}
	for end := time.Now().Add(5 * time.Second); envelope != "" && acked() == 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond) // On a slow machine the stand-in is under way in a goroutine of its own.
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.panics {
		t.Error(p)
	}
	if envelope != "" && b.acks[envelope] != 1 {
		t.Errorf("acknowledged %d times", b.acks[envelope])
	}
	if b.bot.backlog.bytes != 0 {
		t.Errorf("%d bytes are thought to be in hand", b.bot.backlog.bytes)
	}
	for _, body := range b.bodies {
		if bytes.HasPrefix(body, []byte("{")) && !json.Valid(body) {
			t.Errorf("a call that is not JSON: %.300q", body)
		}
	}
}

func frameOf(kind, payload string) []byte {
	return []byte(`{"envelope_id":"e1","type":"` + kind + `","accepts_response_payload":true,"payload":` + payload + `}`)
}

const fuzzWho = `"team":{"id":"T0SANDBOX"},"user":{"id":"U1BOB","team_id":"T0SANDBOX"},"api_app_id":"A0SANDBOX","trigger_id":"1.2.x"`

// envelopeSeeds are frames of every type, right ones and twisted ones.
func envelopeSeeds() [][]byte {
	id := testID(1)
	seeds := [][]byte{
		[]byte(``), []byte(`null`), []byte(`[]`), []byte(`{}`), []byte(`{"type":"hello","connection_info":{"app_id":"A0SANDBOX"}}`),
		[]byte(`{"type":"disconnect","reason":"warning"}`), []byte(`{"envelope_id":"e1","type":"telepathy"}`), []byte(`{"envelope_id":7,"type":"interactive"}`),
		[]byte(`{"envelope_id":"e1","type":"interactive"}`), []byte(`{"envelope_id":"e1","type":"events_api","payload":null}`),
		[]byte("{\"envelope_id\":\"\xff\",\"type\":\"slash_commands\",\"payload\":{}}"),
	}
	for _, p := range []string{
		`{}`, `null`, `[]`, `"x"`, `{"type":"event_callback"}`,
		`{"type":"event_callback","team_id":"T0SANDBOX","api_app_id":"A0SANDBOX","event_id":"Ev1","event":{"type":"app_home_opened","user":"U1BOB","tab":"home"}}`,
		`{"type":"event_callback","team_id":"T0SANDBOX","api_app_id":"A0SANDBOX","event_id":"Ev1","event":{"type":"user_change","user":{"id":"U1BOB"}}}`,
		`{"type":"event_callback","event":{"type":"user_change","user":null}}`, `{"type":"event_callback","event":{"type":7}}`,
		`{"type":"url_verification","challenge":"x"}`, `{"type":"app_rate_limited"}`, `{"type":"event_callback","event":null}`,
	} {
		seeds = append(seeds, frameOf("events_api", p))
	}
	for _, p := range []string{
		`{}`, `null`, `{"command":"/access","team_id":"T0SANDBOX","api_app_id":"A0SANDBOX","user_id":"U1BOB","trigger_id":"1.2.x","text":"git write"}`,
		`{"command":"/sudo","team_id":"T0SANDBOX","api_app_id":"A0SANDBOX","user_id":"U1BOB","is_enterprise_install":"false"}`, `{"is_enterprise_install":7}`,
	} {
		seeds = append(seeds, frameOf("slash_commands", p))
	}
	for _, action := range []string{
		`{"type":"button","action_id":"approve","value":"` + id + `","block_id":"b","action_ts":"1.1"}`, `{"type":"button","action_id":"deny","value":"` + id + `"}`,
		`{"type":"button","action_id":"release","value":"` + id + `"}`, `{"type":"button","action_id":"extend","value":"` + id + `"}`,
		`{"type":"overflow","action_id":"admin","selected_option":{"value":"show:` + id + `"}}`, `{"type":"users_select","action_id":"holder","selected_user":"U1ANN"}`,
		`{"type":"external_select","action_id":"home_search","selected_option":{"value":"github-write"}}`, `{"type":"button","action_id":"page","value":"grants:1"}`,
		`{"type":"button","action_id":"suggestion_1","value":"github-write"}`, `{"action_id":"request"}`, `{"action_id":"revoke"}`, `null`, `7`, `{}`,
	} {
		seeds = append(seeds,
			frameOf("interactive", `{"type":"block_actions",`+fuzzWho+`,"container":{"type":"message","channel_id":"D1","message_ts":"1.1"},"actions":[`+action+`]}`),
			frameOf("interactive", `{"type":"block_actions",`+fuzzWho+`,"view":{"id":"V1","type":"home"},"actions":[`+action+`]}`),
			frameOf("interactive", `{"type":"block_actions",`+fuzzWho+`,"view":{"id":"V1","type":"modal","private_metadata":"{\"v\":1,\"k\":\"x\"}"},"actions":[`+action+`]}`))
	}
	for _, p := range []string{
		`{"type":"shortcut","callback_id":"request_access",` + fuzzWho + `}`, `{"type":"shortcut","callback_id":"else",` + fuzzWho + `}`, `{"type":"view_closed",` + fuzzWho + `}`,
		`{"type":"block_suggestion","action_id":"entitlement","value":"git",` + fuzzWho + `}`, `{"type":"message_action",` + fuzzWho + `}`, `{"type":"dialog_submission",` + fuzzWho + `}`,
		`{"type":"block_actions","user":null,"team":null,"actions":null}`, `{"type":"interactive_message",` + fuzzWho + `,"actions":[{"name":"x","type":"button"}]}`, `{"type":7}`,
		`{"type":"view_submission",` + fuzzWho + `,"view":null}`, `{"type":"view_submission",` + fuzzWho + `,"view":{"callback_id":"access_form","blocks":[{"type":"telepathy"}]}}`,
		`{"type":"block_actions",` + fuzzWho + `,"message":{"blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"x"}]}]}]},"actions":[]}`,
	} {
		seeds = append(seeds, frameOf("interactive", p))
	}
	for _, callback := range []string{callbackForm, callbackDeny, callbackRevoke, callbackHolder, callbackDone, "else"} {
		seeds = append(seeds, frameOf("interactive", `{"type":"view_submission",`+fuzzWho+`,"view":{"id":"V1","callback_id":"`+callback+
			`","private_metadata":"{\"v\":1,\"k\":\"x\",\"e\":\"github-write\",\"r\":\"`+id+`\",\"g\":\"`+id+`\"}","state":{"values":`+stateSeeds()[0]+`}}}`))
	}
	return seeds
}

func FuzzEnvelope(f *testing.F) {
	for _, s := range envelopeSeeds() {
		f.Add(s)
	}
	views, err := filepath.Glob("testdata/*.golden.json") // Views as Slack sends them back.
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range views {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(frameOf("interactive", `{"type":"view_submission",`+fuzzWho+`,"view":`+string(raw)+`}`))
		f.Add(frameOf("interactive", `{"type":"block_actions",`+fuzzWho+`,"message":`+string(raw)+`,"actions":[]}`))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		b := newBench(t)
		envelope := b.deliver(t.Context(), frame)
		b.judge(t, envelope)
	})
}

func FuzzActionValue(f *testing.F) {
	for _, action := range []string{
		actionApprove, actionDeny, actionCancel, actionRelease, actionExtend, actionAdmin, actionPage, actionPagePrev, actionRequest, actionLink,
		actionEntitlement, actionSuggestion + "_1", actionDuration, actionHomeSearch, actionRevoke, actionHolder, "", "explode",
	} {
		for _, value := range []string{testID(1), "", "x", menuRevoke + ":" + testID(1), "grants:20", "github-write", strings.Repeat("a", 2000), "\x00", "../" + testID(1)[3:]} {
			f.Add(action, value, value)
		}
	}
	f.Fuzz(func(t *testing.T, action, value, option string) {
		p, err := json.Marshal(map[string]any{
			"type": "block_actions", "team": map[string]any{"id": "T0SANDBOX"}, "user": map[string]any{"id": "U1BOB", "team_id": "T0SANDBOX"}, "api_app_id": "A0SANDBOX",
			"container": map[string]any{"type": "message", "channel_id": "D1", "message_ts": "1.1"}, "trigger_id": "1.2.x",
			"actions": []any{map[string]any{
				"type": "button", "action_id": action, "value": value, "block_id": "b", "action_ts": "1.1", "selected_user": option,
				"selected_option": map[string]any{"value": option},
			}},
		})
		if err != nil {
			t.Skip()
		}
		b := newBench(t)
		b.judge(t, b.deliver(t.Context(), frameOf("interactive", string(p))))
		for _, d := range b.core.decided {
			if action != actionApprove || string(d.ID) != value || d.Verdict != access.Approve {
				t.Errorf("%q with %q decided %+v", action, value, d)
			}
		}
		for _, c := range b.core.calls {
			for _, verb := range []string{"release ", "cancel ", "extend ", "revoke "} {
				if id, ok := strings.CutPrefix(c, verb); ok && (action != strings.TrimSpace(verb) || !strings.HasPrefix(id, value)) {
					t.Errorf("%q with %q called %q", action, value, c)
				}
			}
		}
	})
}

// stateSeeds are state.values of forms and dialogs.
func stateSeeds() []string {
	return []string{
		`{"entitlement":{"entitlement":{"type":"external_select","selected_option":{"value":"github-write"}}},"duration/github-write":{"duration":{"selected_option":{"value":"1h"}}},"reason":{"reason":{"type":"plain_text_input","value":"Because"}}}`,
		`{"holder":{"holder":{"selected_user":"U1ANN"}},"grant/U1ANN":{"grant":{"selected_option":{"value":"` + testID(1) + `"}}},"reason":{"reason":{"value":"No."}}}`,
		`{"entitlement":{"entitlement":{"selected_option":null}},"reason":{"reason":{"value":null}}}`, `{}`, `null`, `{"entitlement":null}`, `{"entitlement":{"entitlement":null}}`,
		`{"a":{"entitlement":{"selected_option":{"value":"github-write"}}},"b":{"entitlement":{"selected_option":{"value":"github-admin"}}}}`,
		`{"duration/":{"duration":{"selected_option":{"value":"1h"}}}}`, `{"entitlement":{"entitlement":{"selected_option":{"value":"github-write"}}},"duration/github-write":{"duration":{"selected_option":{"value":"9999999h"}}}}`,
	}
}

func FuzzViewState(f *testing.F) {
	for _, callback := range []string{callbackForm, callbackDeny, callbackRevoke, callbackHolder, "else"} {
		for _, s := range stateSeeds() {
			f.Add(callback, `{"v":1,"k":"x","e":"github-write","r":"`+testID(1)+`"}`, s)
			f.Add(callback, `{"v":1,"k":"x","g":"`+testID(1)+`"}`, s)
		}
	}
	f.Fuzz(func(t *testing.T, callback, metadata, values string) {
		if !json.Valid([]byte(values)) {
			t.Skip()
		}
		p, err := json.Marshal(map[string]any{
			"type": "view_submission", "team": map[string]any{"id": "T0SANDBOX"}, "user": map[string]any{"id": "U1BOB", "team_id": "T0SANDBOX"}, "api_app_id": "A0SANDBOX",
			"view": map[string]any{"id": "V1", "type": "modal", "callback_id": callback, "private_metadata": metadata, "state": map[string]any{"values": json.RawMessage(values)}},
		})
		if err != nil {
			t.Skip()
		}
		b := newBench(t)
		b.judge(t, b.deliver(t.Context(), frameOf("interactive", string(p))))
		for _, d := range b.core.drafts {
			if _, ok := parseEntitlement(string(d.Entitlement)); !ok || callback != callbackForm || d.Key == "" || clean(d.Justification) == "" {
				t.Errorf("filed %+v", d)
			}
		}
		for _, d := range b.core.decided {
			if callback != callbackDeny || d.Verdict != access.Deny || wrongReason(d.Reason) != "" {
				t.Errorf("decided %+v", d)
			}
		}
	})
}
