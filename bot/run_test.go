package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"usher/access"
	"usher/sandbox/slacksim"
)

func TestHopelessTroubleAtTheStartIsOneSentence(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		adjust func(*slacksim.Config, *Config)
		refuse [2]string
		want   string
	}{
		"wrong bot token":  {adjust: func(_ *slacksim.Config, c *Config) { c.BotToken = "xoxb-other" }, want: "does not know this token"},
		"wrong app token":  {adjust: func(_ *slacksim.Config, c *Config) { c.AppToken = "xapp-other" }, want: "does not know this token"},
		"revoked":          {refuse: [2]string{"xoxb-sandbox", "token_revoked"}, want: "revoked"},
		"account inactive": {refuse: [2]string{"xoxb-sandbox", "account_inactive"}, want: "deactivated"},
		"missing scope":    {refuse: [2]string{"xapp-sandbox", "missing_scope"}, want: "lacks the scope"},
		"exchanged":        {refuse: [2]string{"xapp-sandbox", "not_allowed_token_type"}, want: "exchanged"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := build(t, c.adjust)
			if c.refuse[0] != "" {
				s.sim.RefuseToken(c.refuse[0], c.refuse[1])
			}
			err := s.bot.Run(s.ctx)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "-sandbox") {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestPassingTroubleAtTheStartIsWaitedOut(t *testing.T) {
	t.Parallel()
	s := build(t, nil)
	s.sim.Inject(slacksim.Fault{Name: "auth.test", Kind: slacksim.Down, Times: 1})
	s.run()
	s.must(s.sim.WaitConnected(s.ctx, 2))
}

func TestStoppingWhileSlackIsAwayIsNoError(t *testing.T) {
	t.Parallel()
	s := build(t, nil)
	s.sim.Inject(slacksim.Fault{Name: "auth.test", Kind: slacksim.Error503})
	ctx, cancel := context.WithCancel(s.ctx)
	done := make(chan error, 1)
	go func() { done <- s.bot.Run(ctx) }()
	s.until("it asks", func() bool { return len(s.sim.Calls()) > 0 })
	cancel()
	s.must(<-done)
}

func TestOneSocketServesWhileTheOtherIsGone(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	m := s.ask(pendingRequest(1))
	s.sim.Inject(slacksim.Fault{Name: "apps.connections.open", Kind: slacksim.Error503, Times: 3}) // It stays away for a while.
	s.mu.Lock()
	s.must(s.sockets[0].Close())
	s.mu.Unlock()
	s.until("one socket is left", func() bool { return s.sim.Connections() == 1 })
	for range 5 {
		got := s.click(bob(), m, actionApprove)
		if !got.Delivery.Acked {
			t.Error("a click was lost")
		}
	}
	s.until("all clicks arrived", func() bool { return s.core.count("decide") == 5 })
	s.sim.ClearFaults()
	s.must(s.sim.WaitConnected(s.ctx, 2))
}

func TestSocketsAreRenewedWhenSlackWantsIt(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	s.sim.Disconnect("refresh_requested")
	s.until("both sockets are new", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.sockets) >= 4
	})
	s.must(s.sim.WaitConnected(s.ctx, 2))
	_, err := s.sim.Run(s.ctx, id(ann()), "/access", "")
	s.must(err)
	s.view(ann(), "App and role")
}

func TestStoppingFinishesWhatWasTakenOn(t *testing.T) {
	t.Parallel()
	s := play(t, func(_ *slacksim.Config, c *Config) { c.AckWithin = 2 * time.Second })
	var views []slacksim.View
	for _, p := range []access.Person{ann(), bob(), cyd()} {
		v := s.form(p, "GitHub: Write")
		s.must(s.sim.SetInput(s.ctx, id(p), v.ID, blockReason, actionReason, "Because"))
		views = append(views, v)
	}
	goOn := s.core.slow("submit")
	var all sync.WaitGroup
	results := make([]slacksim.SubmitResult, len(views))
	for i, v := range views {
		all.Go(func() {
			var err error
			if results[i], err = s.sim.SubmitView(s.ctx, v.User, v.ID); err != nil {
				t.Errorf("%s: %v", v.User, err)
			}
		})
	}
	for range views {
		<-s.core.held
	}
	s.stop()
	goOn()
	all.Wait()
	for _, r := range results {
		if !r.Delivery.Acked || r.View == nil || !strings.Contains(r.View.Plain(), "Request filed") {
			t.Errorf("acknowledged %t: %s", r.Delivery.Acked, r.Delivery.Ack)
		}
	}
	err := <-s.done
	s.done <- err
	if err != nil || s.sim.Connections() != 0 && s.sim.Wait(s.ctx, func() bool { return s.sim.Connections() == 0 }) != nil {
		t.Errorf("%v, %d sockets left", err, s.sim.Connections())
	}
}

func TestWhatCannotBeReadIsAcknowledged(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	for _, kind := range []string{"interactive", "slash_commands", "events_api", "something_new"} {
		d, err := s.sim.Send(s.ctx, kind, []int{1})
		s.must(err)
		if !d.Acked {
			t.Errorf("%s was not acknowledged", kind)
		}
	}
}

func TestUserChangesAreNoticed(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	m := s.ask(pendingRequest(1))
	s.click(bob(), m, actionApprove)
	s.until("the first click counts", func() bool { return s.core.count("decide") == 1 })
	asked := func() int {
		n := 0
		for _, c := range s.sim.Calls() {
			if c.Name == "users.info" {
				n++
			}
		}
		return n
	}
	s.click(bob(), m, actionApprove)
	s.until("the second click counts", func() bool { return s.core.count("decide") == 2 })
	if n := asked(); n != 1 {
		t.Errorf("Slack was asked %d times who Bob is", n)
	}
	u, _ := s.sim.User(id(bob()))
	u.Guest = true
	s.sim.UpdateUser(u)
	s.until("Bob is a guest", func() bool {
		if _, err := s.sim.Click(s.ctx, id(bob()), slacksim.InMessage(m.Channel, m.TS), actionApprove); err != nil {
			t.Error(err)
		}
		for _, x := range s.sim.Messages(id(bob())) {
			if strings.Contains(x.Plain(), "full members") {
				return true
			}
		}
		return false
	})
}

func TestWhatIsTooMuchIsNotTakenOn(t *testing.T) {
	t.Parallel()
	s := build(t, nil)
	s.bot.backlog = newBacklog(1)
	sock := s.bot.newSocket(0)
	for i := range 3 {
		sock.accept(s.ctx, socketmode.Event{
			Data:    slack.InteractionCallback{Type: slack.InteractionTypeShortcut, ActionTs: fmt.Sprint(i)},
			Request: &socketmode.Request{EnvelopeID: fmt.Sprint(i)},
		})
	}
	if n := len(s.bot.backlog.show); n != 1 {
		t.Errorf("%d jobs", n)
	}
	if s.bot.seen.knows("envelope/1") || s.bot.seen.knows("shortcut//1") {
		t.Error("the repetition of what was not taken on would be dropped")
	}
	if !s.bot.seen.knows("envelope/0") {
		t.Error("what was taken on was forgotten")
	}
}

func TestDeliveriesAreRememberedForADayAndNotForEver(t *testing.T) {
	t.Parallel()
	now := noon()
	s := newSeen(func() time.Time { return now })
	r := &reply{}
	if _, first := s.first(r, "a", "b"); !first {
		t.Error("new ones are known")
	}
	if known, first := s.first(&reply{}, "c", "b"); first || known != r {
		t.Error("a repetition under another envelope is new")
	}
	now = now.Add(seenFor)
	if _, first := s.first(r, "a"); !first {
		t.Error("yesterday's is still known")
	}
	for i := range seenMax + 100 {
		s.first(nil, fmt.Sprint(i), fmt.Sprint("other ", i))
	}
	if s.order.Len() != seenMax || len(s.byKey) != 2*seenMax {
		t.Errorf("%d and %d in mind", len(s.byKey), s.order.Len())
	}
}

func TestAReplyIsGivenOnceToAll(t *testing.T) {
	t.Parallel()
	var got []any
	send := func(p any) { got = append(got, p) }
	r := &reply{send: []func(any){send}}
	r.repeat(send)
	if !r.give("x") || r.give("y") {
		t.Error("given twice, or never")
	}
	r.repeat(send)
	if fmt.Sprint(got) != "[x x x]" {
		t.Errorf("%v", got)
	}
}

func TestHugeSearchesFitIntoAnAcknowledgement(t *testing.T) {
	t.Parallel()
	var many []access.Choice
	for range 300 {
		r := writeRole()
		r.Entitlement, r.AppName, r.Description = "e", strings.Repeat("é", 100), strings.Repeat("& ", 100)
		many = append(many, access.Choice{Entitlement: "e", Role: r})
	}
	raw := pretty(t, optionsFor(many))
	if len(raw) == 0 || strings.Count(string(raw), `"value"`) < 30 {
		t.Errorf("%d options", strings.Count(string(raw), `"value"`))
	}
	compact, err := json.Marshal(optionsFor(many))
	if err != nil || len(compact) > ackMax {
		t.Errorf("%d bytes, %v", len(compact), err)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	good := Config{AppToken: "xapp-1", BotToken: "xoxb-1"}
	for want, change := range map[string]func(*Config){
		"bot token":       func(c *Config) { c.BotToken = "xapp-1" },
		"app-level token": func(c *Config) { c.AppToken = "" },
		"API URL":         func(c *Config) { c.APIURL = "http://slack.example/api/" },
		"10 connections":  func(c *Config) { c.Connections = 11 },
	} {
		c := good
		change(&c)
		if _, err := NewNotifier(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	n, err := NewNotifier(good)
	if err != nil || n.cfg.APIURL != slack.APIURL || n.cfg.Command != "/access" || n.cfg.Connections != 2 || n.cfg.HTTP.Timeout == 0 {
		t.Errorf("%+v %v", n.cfg, err)
	}
	if _, err := New(good, nil, n); err == nil {
		t.Error("a bot without a core")
	}
}

func TestTriggersThatExpiredAreExplained(t *testing.T) {
	t.Parallel()
	if got := sentenceFor(fmt.Errorf("open: %w", slack.SlackErrorResponse{Err: "expired_trigger_id"})); !strings.Contains(got, "try again") {
		t.Error(got)
	}
	if got := sentenceFor(errors.New("secret detail")); strings.Contains(got, "secret") {
		t.Error(got)
	}
}
