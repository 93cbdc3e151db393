package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"usher/access"
	"usher/bot"
	"usher/sandbox/slacksim"
)

// desk is Slack as the bot meets it: envelopes come over the simulator's sockets, and who sent them waits for their
// acknowledgement. Messages are taken by a stub that answers at once and remembers the questions, for a click brings along the
// message in which it was made.
type desk struct {
	x    *bench
	v    *vendors
	far  *distant
	site *site
	sim  *slacksim.Server
	note *bot.Notifier
	stop context.CancelFunc
	done chan error
	sent atomic.Int64

	mu        sync.Mutex
	posted    int
	questions map[string]json.RawMessage // By time.
	asks      map[access.RequestID]access.MessageRef
	askers    map[access.RequestID]access.SlackID
}

var _ access.Notifier = (*desk)(nil)

// newDesk runs the bot, the core and the production adapters for n people and their boss.
func newDesk(b *testing.B, n int) *desk {
	b.Helper()
	v := newVendors()
	k := &desk{
		v: v, far: newDistant(b, v), done: make(chan error, 1), questions: map[string]json.RawMessage{},
		asks: map[access.RequestID]access.MessageRef{}, askers: map[access.RequestID]access.SlackID{},
	}
	sc := slacksim.Config{NoRateLimits: true, CallsMax: 100, AckTimeout: time.Minute, Users: []slacksim.User{deskUser("boss")}}
	for i := range n {
		sc.Users = append(sc.Users, deskUser(fmt.Sprintf("p%d", i)))
	}
	var err error
	if k.sim, err = slacksim.New(sc); err != nil {
		b.Fatal(err)
	}
	srv := httptest.NewServer(k)
	b.Cleanup(func() {
		k.sim.Close()
		srv.Close()
	})
	k.sim.SetURL(srv.URL)
	quiet := slog.New(slog.DiscardHandler)
	cfg := bot.Config{AppToken: "xapp-sandbox", BotToken: "xoxb-sandbox", APIURL: srv.URL + "/api/", Logger: quiet}
	if k.note, err = bot.NewNotifier(cfg); err != nil {
		b.Fatal(err)
	}
	filed := newBoard(b, v)
	k.site = filed.site
	k.x = newBench(b, v, outside{provider: k.far.adapter(b), tracker: filed, notifier: k})
	served, err := bot.New(cfg, k.x.service, k.note)
	if err != nil {
		b.Fatal(err)
	}
	k.x.run()
	ctx, stop := context.WithCancel(b.Context())
	k.stop = stop
	go func() { k.done <- served.Run(ctx) }()
	if err := k.sim.WaitConnected(ctx, 2); err != nil {
		b.Fatal(err)
	}
	return k
}

func deskUser(name string) slacksim.User {
	return slacksim.User{ID: "U" + name, Name: name, RealName: name, Email: name + "@x.example", EmailConfirmed: true}
}

func (k *desk) close() {
	k.stop()
	if err := <-k.done; err != nil {
		k.x.b.Error(err)
	}
	k.x.close()
}

// ServeHTTP takes messages itself and leaves everything else to the simulator.
func (k *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/api/chat.") {
		k.sim.ServeHTTP(w, r)
		return
	}
	channel, ts, blocks := r.FormValue("channel"), r.FormValue("ts"), r.FormValue("blocks")
	if ts == "" {
		k.mu.Lock()
		k.posted++
		channel, ts = "D"+channel, fmt.Sprintf("1700000000.%06d", k.posted)
		if strings.Contains(blocks, `"action_id":"approve"`) {
			k.questions[ts] = json.RawMessage(blocks)
		}
		k.mu.Unlock()
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"ok":true,"channel":%q,"ts":%q}`, channel, ts) // Who has gone needs no answer.
}

// posts is how many messages are new; those that changed are not counted.
func (k *desk) posts() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.posted
}

// Send notes where the question is, and tells whoever clicks.
func (k *desk) Send(ctx context.Context, m access.Message) (access.Receipt, error) {
	got, err := k.note.Send(ctx, m)
	if err == nil && m.Kind == access.MessageAsk && m.Open {
		k.mu.Lock()
		k.asks[m.Request.ID], k.askers[m.Request.ID] = got.At, m.Request.Subject.Slack
		k.mu.Unlock()
		k.v.asked(m.Request.ID)
	}
	return got, err
}

// Find and Changed are the notifier's.
func (k *desk) Find(ctx context.Context, email string) (access.SlackProfile, error) {
	return k.note.Find(ctx, email)
}

// Changed is the notifier's.
func (k *desk) Changed(people ...access.SlackID) { k.note.Changed(people...) }

// ask sends the form, filled in.
func (k *desk) ask(i int) error {
	chosen := map[string]any{"type": "external_select", "selected_option": map[string]any{"value": "role"}}
	reason := map[string]any{"type": "plain_text_input", "value": "bench"}
	_, err := k.send(access.SlackID(fmt.Sprintf("Up%d", i)), map[string]any{"type": "view_submission", "view": map[string]any{
		"id": fmt.Sprintf("V%d", i), "type": "modal", "callback_id": "access_form", "hash": "1",
		"private_metadata": fmt.Sprintf(`{"v":1,"k":"bench-%d","e":"role"}`, i),
		"state": map[string]any{"values": map[string]any{
			"entitlement": map[string]any{"entitlement": chosen}, "reason": map[string]any{"reason": reason},
		}},
	}})
	return err
}

// approve and release press buttons.
func (k *desk) approve(id access.RequestID) (time.Duration, error) {
	k.mu.Lock()
	at := k.asks[id]
	blocks := k.questions[at.TS]
	delete(k.questions, at.TS)
	k.mu.Unlock()
	if blocks == nil {
		return 0, fmt.Errorf("no question about %s has a button", id)
	}
	return k.press("Uboss", at, blocks, "approve", string(id)+".1")
}

func (k *desk) release(id access.RequestID) error {
	k.mu.Lock()
	who := k.askers[id]
	k.mu.Unlock()
	_, err := k.press(who, access.MessageRef{Channel: "D" + string(who), TS: "1700000000.000000"}, nil, "release", string(id))
	return err
}

func (k *desk) press(by access.SlackID, at access.MessageRef, blocks json.RawMessage, action, value string) (time.Duration, error) {
	return k.send(by, map[string]any{
		"type":      "block_actions",
		"container": map[string]any{"type": "message", "message_ts": at.TS, "channel_id": at.Channel},
		"channel":   map[string]any{"id": at.Channel}, "message": map[string]any{"type": "message", "ts": at.TS, "blocks": blocks},
		"actions": []any{map[string]any{"type": "button", "action_id": action, "block_id": "b", "value": value, "action_ts": value}},
	})
}

// send has Slack deliver an interaction and returns how long it took until it was acknowledged.
func (k *desk) send(by access.SlackID, payload map[string]any) (time.Duration, error) {
	payload["api_app_id"], payload["team"] = "A0SANDBOX", map[string]any{"id": "T0SANDBOX"}
	payload["user"], payload["trigger_id"] = map[string]any{"id": by, "team_id": "T0SANDBOX"}, fmt.Sprintf("1.2.%d", k.sent.Add(1))
	raw, err := json.Marshal(payload)
	if err != nil {
		return 0, err
	}
	got, err := k.sim.Burst(k.x.b.Context(), []slacksim.Frame{{Type: "interactive", Payload: raw}})
	if err != nil {
		return 0, err
	}
	if !got[0].Acked {
		return 0, errors.New("slack was not answered")
	}
	if bytes.Contains(got[0].Ack, []byte(`"response_action":"errors"`)) {
		return 0, fmt.Errorf("the form was refused: %s", got[0].Ack)
	}
	return got[0].AckedIn, nil
}
