package bot

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"usher/sandbox/slacksim"
)

// crowd is the memory of people with a clock that is moved, and how often Slack was asked.
type crowd struct {
	*people
	at    time.Time
	asked int
	ask   func()
}

func newCrowd() *crowd {
	c := &crowd{at: noon()}
	c.people = &people{now: func() time.Time { return c.at }, known: map[string]knownUser{}}
	c.people.ask = func(_ context.Context, id string) (*slack.User, error) {
		c.asked++
		if c.ask != nil {
			c.ask()
		}
		return &slack.User{ID: id, TeamID: "T1"}, nil
	}
	return c
}

// look reads somebody and tells how often Slack was asked for it.
func (c *crowd) look(t *testing.T, fresh bool) int {
	t.Helper()
	before := c.asked
	if _, err := c.profile(t.Context(), "U1", place{team: "T1"}, fresh); err != nil {
		t.Fatal(err)
	}
	return c.asked - before
}

func TestPeopleAreBelievedWhileSlackWouldTellOfAChange(t *testing.T) {
	t.Parallel()
	c := newCrowd()
	c.socket(true)
	c.socket(true)
	for _, step := range []struct {
		what  string
		do    func()
		fresh bool
		want  int
	}{
		{"somebody new", func() { c.at = c.at.Add(time.Second) }, false, 1},
		{"within five minutes", func() { c.at = c.at.Add(4 * time.Minute) }, true, 0},
		{"hours later, with a socket", func() { c.at = c.at.Add(5 * time.Hour) }, false, 0},
		{"one of two sockets is renewed", func() { c.socket(false); c.socket(true) }, false, 0},
		{"a decision hours later", func() {}, true, 1},
		{"what was read for it", func() { c.at = c.at.Add(time.Hour) }, false, 0},
		{"a day later", func() { c.at = c.at.Add(watchedFor) }, false, 1},
		{"Slack tells of a change", func() { c.forget("U1") }, false, 1},
		{"no socket is up", func() { c.socket(false); c.socket(false) }, false, 1},
		{"still none, at once", func() {}, false, 0},
		{"still none, later", func() { c.at = c.at.Add(peopleFor) }, false, 1},
		{"read in the gap, after it", func() { c.at = c.at.Add(time.Second); c.socket(true); c.at = c.at.Add(peopleFor) }, false, 1},
		{"after the gap, watched again", func() { c.at = c.at.Add(peopleFor) }, false, 0},
		{"the clock goes back", func() { c.at = c.at.Add(-time.Hour) }, false, 1},
	} {
		step.do()
		if got := c.look(t, step.fresh); got != step.want {
			t.Errorf("%s: Slack was asked %d times, expected %d", step.what, got, step.want)
		}
	}
}

func TestAChangeWhileSlackIsAskedIsNotOverlooked(t *testing.T) {
	t.Parallel()
	c := newCrowd()
	c.socket(true)
	c.ask = func() { c.forget("U1") } // The answer is from before the change.
	c.look(t, false)
	c.ask = nil
	if c.look(t, false) != 1 || c.look(t, false) != 0 {
		t.Error("what was read before the change is believed")
	}
}

func TestWhoInstalledTheAppIsAPerson(t *testing.T) {
	t.Parallel()
	home := &place{team: "T1"}
	if p := profile(slack.User{ID: "U1", TeamID: "T1", IsAppUser: true}, home); p.Bot {
		t.Error("somebody who signed in to the app is taken for a bot")
	}
	if p := profile(slack.User{ID: "U1", TeamID: "T1", IsBot: true}, home); !p.Bot {
		t.Error("a bot is taken for a person")
	}
}

func TestDecisionsReadTheProfileAfresh(t *testing.T) {
	t.Parallel()
	inBubble(t, func(_ *slacksim.Config, c *Config) { c.Now = time.Now }, func(s *stage) {
		m := s.ask(pendingRequest(1))
		asked := func(do func()) int {
			before := s.called("users.info")
			do()
			return s.called("users.info") - before
		}
		open := func() {
			_, err := s.sim.Run(s.ctx, id(bob()), "/access", "")
			s.must(err)
			s.view(bob(), "App and role")
			s.must(s.sim.CloseAll(s.ctx, id(bob())))
		}
		if n := asked(open); n != 1 {
			t.Errorf("at first %d", n)
		}
		time.Sleep(30 * time.Minute)
		if n := asked(open); n != 0 {
			t.Errorf("half an hour later %d", n)
		}
		if n := asked(func() { s.click(bob(), m, actionApprove) }); n != 1 {
			t.Errorf("for a decision %d", n)
		}
	})
}

func TestWhoIsDeactivatedInSlackIsNotedOnce(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	s.must(s.sim.Deactivate(id(ann())))
	if n := s.core.count("left " + id(ann())); n != 1 {
		t.Errorf("noted %d times", n)
	}
	u, _ := s.sim.User(id(bob()))
	u.RealName = "Bob Ito-Chen" // Another change is none of its business.
	s.sim.UpdateUser(u)
	if s.core.count("left "+id(bob())) != 0 {
		t.Errorf("calls %q", s.core.calls)
	}
	for _, d := range s.sim.Deliveries() {
		if !d.Acked {
			t.Errorf("%s was not acknowledged", d.Type)
		}
	}
}

func TestALeaverIsAcknowledgedOnceNotedAndHoldsUpNothing(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	goOn := s.core.slow("left " + id(ann()))
	left := make(chan error, 1)
	go func() { left <- s.sim.Deactivate(id(ann())) }()
	<-s.core.held
	for range s.bot.cfg.Connections * 2 { // Whichever socket brought the news.
		_, err := s.sim.Run(s.ctx, id(bob()), "/access", "")
		s.must(err)
		s.view(bob(), "App and role")
		s.must(s.sim.CloseAll(s.ctx, id(bob())))
	}
	for _, d := range s.sim.Deliveries() {
		if d.Type == "events_api" && bytes.Contains(d.Payload, []byte("user_change")) && d.Acked {
			t.Error("it was acknowledged before it was noted")
		}
	}
	goOn()
	s.must(<-left)
}

func TestALeaverWhoCannotBeNotedIsToldAgain(t *testing.T) {
	t.Parallel()
	s := play(t, func(sc *slacksim.Config, _ *Config) { sc.AckTimeout = 100 * time.Millisecond })
	s.core.refuse("left "+id(ann()), errors.New("update store: no space left on device"))
	s.must(s.sim.Deactivate(id(ann())))
	s.until("Slack has sent it again", func() bool { return s.core.count("left "+id(ann())) == 2 })
}
