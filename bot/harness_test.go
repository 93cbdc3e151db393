package bot

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"usher/access"
	"usher/sandbox/page/browser"
	"usher/sandbox/slacksim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(browser.Tests(m)) }

// stage is a bot at work in a simulated workspace.
type stage struct {
	t    testing.TB
	sim  *slacksim.Server
	core *fakeCore
	bot  *Bot
	note *Notifier
	ctx  context.Context //nolint:containedctx // The patience of one test.

	stop func()
	done chan error

	mu      sync.Mutex
	sockets []net.Conn // Hijacked ones, in the order of their coming.
}

func manifestFile(t testing.TB) []byte {
	t.Helper()
	raw, err := os.ReadFile("../manifest.yml")
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func simConfig(t testing.TB) slacksim.Config {
	t.Helper()
	user := func(p access.Person) slacksim.User {
		return slacksim.User{ID: string(p.Slack), Name: string(p.User), RealName: p.Name, Email: p.Email, EmailConfirmed: true}
	}
	guest := slacksim.User{ID: "U1GUEST", Name: "guest", Guest: true}
	out := slacksim.User{ID: "U1OUT", Name: "out", TeamID: "T0OTHER"}
	gone := slacksim.User{ID: "U1GONE", Name: "gone", Deleted: true}
	return slacksim.Config{
		Manifest: manifestFile(t), NoRateLimits: true, RetryScale: 0.001, Now: noonNow,
		Users: []slacksim.User{user(ann()), user(bob()), user(cyd()), guest, out, gone},
	}
}

// build makes everything but does not run the bot yet.
func build(t testing.TB, adjust func(*slacksim.Config, *Config)) *stage {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return buildOn(t, ln, 20*time.Second, adjust)
}

func buildOn(t testing.TB, ln net.Listener, patience time.Duration, adjust func(*slacksim.Config, *Config)) *stage {
	t.Helper()
	sc := simConfig(t)
	bc := Config{AppToken: "xapp-sandbox", BotToken: "xoxb-sandbox", Logger: slog.New(slog.DiscardHandler)}
	if adjust != nil {
		adjust(&sc, &bc)
	}
	s := &stage{t: t, core: newFakeCore()}
	var err error
	if s.sim, err = slacksim.New(sc); err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: s.sim, ReadHeaderTimeout: time.Minute, ConnState: func(c net.Conn, state http.ConnState) {
		if state == http.StateHijacked {
			s.mu.Lock()
			s.sockets = append(s.sockets, c)
			s.mu.Unlock()
		}
	}}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	url := "http://" + ln.Addr().String()
	s.sim.SetURL(url)
	bc.APIURL = url + "/api" // The slash is put right.
	if s.note, err = NewNotifier(bc); err != nil {
		t.Fatal(err)
	}
	if s.bot, err = New(bc, s.core, s.note); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	s.ctx = ctx
	t.Cleanup(func() {
		cancel()
		s.note.cfg.HTTP.CloseIdleConnections()
		s.sim.Close()
		_ = srv.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serve: %v", err)
		}
	})
	return s
}

func play(t *testing.T, adjust func(*slacksim.Config, *Config)) *stage {
	t.Helper()
	s := build(t, adjust)
	s.run()
	s.must(s.sim.WaitConnected(s.ctx, s.bot.cfg.Connections))
	return s
}

// run starts the bot; it is stopped at the end of the test at the latest.
func (s *stage) run() {
	ctx, stop := context.WithCancel(context.Background())
	s.done = make(chan error, 1)
	go func() { s.done <- s.bot.Run(ctx) }()
	var once sync.Once
	s.stop = func() { once.Do(stop) }
	s.t.Cleanup(func() {
		s.stop()
		if err := <-s.done; err != nil {
			s.t.Errorf("run: %v", err)
		}
		s.done <- nil
	})
}

// send has the notifier send a message and returns where it is.
func (s *stage) send(m access.Message) (access.MessageRef, error) {
	got, err := s.note.Send(s.ctx, m)
	return got.At, err
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func id(p access.Person) string { return string(p.Slack) }

// view waits until the person has a modal that shows all the words.
func (s *stage) view(p access.Person, words ...string) slacksim.View {
	s.t.Helper()
	v, err := s.sim.WaitView(s.ctx, id(p), func(v slacksim.View) bool { return holds(v.Plain(), words) })
	if err != nil {
		last, _ := s.sim.View(id(p))
		s.t.Fatalf("no view with %q; the last is:\n%s", words, last.Plain())
	}
	return v
}

func (s *stage) homeTab(user string, words ...string) slacksim.View {
	s.t.Helper()
	v, err := s.sim.WaitHome(s.ctx, user, func(v slacksim.View) bool { return holds(v.Plain(), words) })
	if err != nil {
		last, _ := s.sim.Home(user)
		s.t.Fatalf("no Home tab with %q; the last is:\n%s", words, last.Plain())
	}
	return v
}

func (s *stage) message(user string, words ...string) slacksim.Message {
	s.t.Helper()
	m, err := s.sim.WaitMessage(s.ctx, user, func(m slacksim.Message) bool { return holds(m.Plain()+m.Text, words) })
	if err != nil {
		s.t.Fatalf("no message to %s with %q", user, words)
	}
	return m
}

func holds(s string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(s, w) {
			return false
		}
	}
	return true
}

// form opens the form of the command and chooses the role.
func (s *stage) form(p access.Person, role string) slacksim.View {
	s.t.Helper()
	_, err := s.sim.Run(s.ctx, id(p), "/access", "")
	s.must(err)
	v := s.view(p, "App and role")
	s.options(p, v, role)
	s.must(s.sim.SetInput(s.ctx, id(p), v.ID, blockEntitlement, actionEntitlement, role))
	return s.view(p, "Who decides", role)
}

func (s *stage) options(p access.Person, v slacksim.View, words string) []slacksim.Option {
	s.t.Helper()
	o, err := s.sim.Options(s.ctx, id(p), v.ID, blockEntitlement, actionEntitlement, words)
	s.must(err)
	return o
}

// ask posts the question about a request to Bob and makes the core know it.
func (s *stage) ask(r access.Request) slacksim.Message {
	s.t.Helper()
	at, err := s.send(access.Message{Kind: access.MessageAsk, To: bob(), Request: r, Open: true})
	s.must(err)
	r.Asks = []access.Ask{{Approver: bob(), Message: at}}
	s.core.set(r, nil)
	m, ok := s.sim.Message(at.Channel, at.TS)
	if !ok {
		s.t.Fatal("the question is not in Slack")
	}
	return m
}

func (s *stage) click(p access.Person, m slacksim.Message, action string) slacksim.ClickResult {
	s.t.Helper()
	got, err := s.sim.Click(s.ctx, id(p), slacksim.InMessage(m.Channel, m.TS), action)
	s.must(err)
	return got
}

// forged is a payload that no client of Slack sends by itself.
func (s *stage) forged(user, team, userTeam, app string, m slacksim.Message, action, value string) json.RawMessage {
	s.t.Helper()
	raw, err := json.Marshal(map[string]any{
		"type": "block_actions", "api_app_id": app, "team": map[string]any{"id": team}, "trigger_id": "1.2.forged",
		"user":      map[string]any{"id": user, "team_id": userTeam},
		"container": map[string]any{"type": "message", "message_ts": m.TS, "channel_id": m.Channel},
		"channel":   map[string]any{"id": m.Channel},
		"actions":   []any{map[string]any{"type": "button", "action_id": action, "block_id": "b", "value": value, "action_ts": "1.2" + user + value}},
	})
	s.must(err)
	return raw
}

func (s *stage) until(what string, cond func() bool) {
	s.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-s.ctx.Done():
			s.t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}
