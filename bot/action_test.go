package bot

import (
	"strings"
	"testing"
	"time"

	"usher/access"
	"usher/sandbox/slacksim"
)

func TestAnApprovalPassesWhoAndWhere(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	m := s.ask(pendingRequest(1))
	got := s.click(bob(), m, actionApprove)
	s.until("the decision arrives", func() bool { return s.core.count("decide") == 1 })
	want := decision{
		By: bob(), ID: access.RequestID(testID(1)), Verdict: access.Approve,
		Origin: access.Origin{Envelope: got.Delivery.EnvelopeID, Message: access.MessageRef{Channel: m.Channel, TS: m.TS}, Step: 1},
	}
	s.until("it is as clicked", func() bool {
		s.core.mu.Lock()
		defer s.core.mu.Unlock()
		return len(s.core.decided) == 1 && s.core.decided[0] == want
	})
}

func TestADenialAsksForTheReason(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	m := s.ask(pendingRequest(1))
	s.click(bob(), m, actionDeny)
	v := s.view(bob(), "Deny this request", "GitHub: Write", "Ann Chen")
	s.must(s.sim.SetInput(s.ctx, id(bob()), v.ID, blockReason, actionReason, " "))
	got, err := s.sim.SubmitView(s.ctx, id(bob()), v.ID)
	s.must(err)
	if got.Errors[blockReason] == "" {
		t.Errorf("%+v", got)
	}
	s.must(s.sim.SetInput(s.ctx, id(bob()), v.ID, blockReason, actionReason, "Use the viewer role."))
	got, err = s.sim.SubmitView(s.ctx, id(bob()), v.ID)
	s.must(err)
	if !got.Closed {
		t.Errorf("%+v", got)
	}
	d := s.core.decided[0]
	if d.Verdict != access.Deny || d.Reason != "Use the viewer role." || d.Origin.Message.TS != m.TS || d.Origin.Envelope != got.Delivery.EnvelopeID {
		t.Errorf("%+v", d)
	}
}

func TestARefusedDenialIsSaidInTheDialog(t *testing.T) {
	t.Parallel()
	for name, slow := range map[string]bool{"in time": false, "late": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := play(t, func(_ *slacksim.Config, c *Config) {
				if slow {
					c.AckWithin = 20 * time.Millisecond
				}
			})
			m := s.ask(pendingRequest(1))
			s.click(bob(), m, actionDeny)
			v := s.view(bob(), "Deny this request")
			s.must(s.sim.SetInput(s.ctx, id(bob()), v.ID, blockReason, actionReason, "No."))
			s.core.refuse("decide", &access.Refusal{Code: access.NotApprover, Text: "This request is not routed to you."})
			goOn := func() {}
			if slow {
				goOn = s.core.slow("decide")
			}
			_, err := s.sim.SubmitView(s.ctx, id(bob()), v.ID)
			s.must(err)
			goOn()
			s.view(bob(), "not routed to you")
		})
	}
}

func TestAnOldButtonAnswersWithThePresentState(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	m := s.ask(pendingRequest(1))
	r := s.core.requests[access.RequestID(testID(1))]
	s.core.set(ended(r, access.RequestApproved, approvedBy(cyd())), nil)
	s.core.refuse("decide", &access.Refusal{Code: access.AlreadyDecided, Text: "Already approved by Cyd O'Hara.", Request: r.ID})
	s.click(bob(), m, actionApprove)
	if got := s.message(id(bob()), "Already approved by Cyd O'Hara."); !got.Ephemeral {
		t.Error("the answer is not only for the person")
	}
	s.until("the question shows the decision", func() bool {
		now, _ := s.sim.Message(m.Channel, m.TS)
		return holds(now.Plain(), []string{"Approved by Cyd O'Hara"}) && !strings.Contains(now.Plain(), "[Approve]")
	})
}

func TestUnknownButtonsSaySo(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	m := s.ask(pendingRequest(1))
	for _, c := range [][2]string{{"explode", testID(1)}, {actionApprove, "../1"}, {actionRelease, ""}, {actionAdmin, testID(1)}} {
		n := len(s.sim.Messages(id(bob())))
		_, err := s.sim.Send(s.ctx, "interactive", s.forged(id(bob()), "T0SANDBOX", "T0SANDBOX", "A0SANDBOX", m, c[0], c[1]))
		s.must(err)
		s.until("an answer to "+c[0], func() bool { return len(s.sim.Messages(id(bob()))) > n })
	}
	s.message(id(bob()), "of another version of Usher")
	if len(s.core.decided) != 0 || s.core.count("identify") != 0 {
		t.Errorf("the core was asked: %v", s.core.calls)
	}
}

func TestNobodyFromOutsideIsServed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string][4]string{ // User, team, user's team, app.
		"other app":         {"U1BOB", "T0SANDBOX", "T0SANDBOX", "A0OTHER"},
		"other team":        {"U1BOB", "T0OTHER", "T0SANDBOX", "A0SANDBOX"},
		"slack connect":     {"U1OUT", "T0SANDBOX", "T0OTHER", "A0SANDBOX"},
		"hidden outsider":   {"U1OUT", "T0SANDBOX", "", "A0SANDBOX"},
		"guest":             {"U1GUEST", "T0SANDBOX", "T0SANDBOX", "A0SANDBOX"},
		"deactivated":       {"U1GONE", "T0SANDBOX", "T0SANDBOX", "A0SANDBOX"},
		"the bot itself":    {"U0BOT", "T0SANDBOX", "T0SANDBOX", "A0SANDBOX"},
		"nobody known":      {"U1NOBODY", "T0SANDBOX", "T0SANDBOX", "A0SANDBOX"},
		"no team whatever":  {"U1BOB", "", "", "A0SANDBOX"},
		"no app id at all":  {"U1BOB", "T0SANDBOX", "T0SANDBOX", ""},
		"an enterprise id?": {"U1BOB", "E0OTHER", "E0OTHER", "A0SANDBOX"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := play(t, func(_ *slacksim.Config, c *Config) { c.Workers = 1 })
			m := s.ask(pendingRequest(1))
			d, err := s.sim.Send(s.ctx, "interactive", s.forged(c[0], c[1], c[2], c[3], m, actionApprove, testID(1)))
			s.must(err)
			if !d.Acked {
				t.Error("not acknowledged")
			}
			// The only worker has done the forged click when it has done this one.
			s.click(bob(), m, actionApprove)
			s.until("the good click counts", func() bool { return s.core.count("decide") > 0 })
			if n := s.core.count("decide"); n != 1 {
				t.Errorf("%d decisions", n)
			}
			// What the payload itself gives away is refused before anybody is asked who that is.
			plain := c[1] != "T0SANDBOX" || c[2] == "T0OTHER" || c[3] != "A0SANDBOX"
			if n := s.core.count("identify"); plain && n != 1 {
				t.Errorf("%d people were looked up", n)
			}
		})
	}
}

func TestGuestsGetASentenceInsteadOfTheForm(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	_, err := s.sim.Run(s.ctx, "U1GUEST", "/access", "")
	s.must(err)
	m, err := s.sim.WaitMessage(s.ctx, slacksim.GeneralChannel, func(m slacksim.Message) bool { return m.To == "U1GUEST" })
	s.must(err)
	if !m.Ephemeral || !strings.Contains(m.Plain(), "full members") {
		t.Errorf("%+v", m)
	}
	if _, open := s.sim.View("U1GUEST"); open {
		t.Error("a window was opened")
	}
}

func TestARepeatedDeliveryIsDoneOnce(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	m := s.ask(pendingRequest(1))
	got := s.click(bob(), m, actionApprove)
	for range 3 {
		d, err := s.sim.Redeliver(s.ctx, got.Delivery.EnvelopeID)
		s.must(err)
		if !d.Acked {
			t.Error("a repetition was not acknowledged")
		}
	}
	// The same click in another envelope.
	d, err := s.sim.Send(s.ctx, "interactive", got.Delivery.Payload)
	s.must(err)
	if !d.Acked {
		t.Error("a repetition was not acknowledged")
	}
	s.click(bob(), m, actionApprove) // A second click is another one.
	s.until("two clicks", func() bool { return s.core.count("decide") == 2 })
}

func TestARepeatedSubmissionGetsTheSameAnswer(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	v := s.form(ann(), "GitHub: Write")
	s.must(s.sim.SetInput(s.ctx, id(ann()), v.ID, blockReason, actionReason, "Because"))
	got, err := s.sim.SubmitView(s.ctx, id(ann()), v.ID)
	s.must(err)
	d, err := s.sim.Redeliver(s.ctx, got.Delivery.EnvelopeID)
	s.must(err)
	if !d.Acked || string(d.Ack) != string(got.Delivery.Ack) || len(s.core.drafts) != 1 {
		t.Errorf("acked %t with %s, %d requests", d.Acked, d.Ack, len(s.core.drafts))
	}
}

func TestExtendingIsOneClickWithTheOldReason(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	r, g := granted(1, access.GrantActive, nil)
	s.core.set(r, g)
	at, err := s.send(access.Message{Kind: access.MessageNotice, To: ann(), Request: r, Grant: g, Extension: access.ExtensionOffer{By: day}})
	s.must(err)
	_, err = s.sim.Click(s.ctx, id(ann()), slacksim.InMessage(at.Channel, at.TS), actionExtend)
	s.must(err)
	s.message(id(ann()), "You asked for 1 day more")
	// The first try with this key had come to nothing, so another key was taken.
	keys := s.core.keys
	if len(keys) != 2 || keys[0] == keys[1] || !strings.HasPrefix(keys[1], keys[0]) || s.core.count("extend "+testID(1)+" Fix the checkout bug") != 2 {
		t.Errorf("keys %q, calls %q", keys, s.core.calls)
	}
}

func TestTheRequesterCancelsAndReleases(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	at, err := s.send(access.Message{Kind: access.MessageStatus, To: ann(), Request: pendingRequest(1)})
	s.must(err)
	_, err = s.sim.Click(s.ctx, id(ann()), slacksim.InMessage(at.Channel, at.TS), actionCancel)
	s.must(err)
	s.until("canceled", func() bool { return s.core.count("cancel "+testID(1)) == 1 })
	r, g := granted(1, access.GrantActive, nil)
	_, err = s.send(access.Message{Kind: access.MessageStatus, To: ann(), At: at, Request: r, Grant: g})
	s.must(err)
	got, err := s.sim.Click(s.ctx, id(ann()), slacksim.InMessage(at.Channel, at.TS), actionRelease)
	s.must(err)
	s.until("released", func() bool { return s.core.count("release "+testID(1)) == 1 })
	if got.Confirm == nil || !strings.Contains(got.Confirm.Text, "GitHub: Write") {
		t.Errorf("releasing asks %+v", got.Confirm)
	}
}

func TestAPanicInTheCoreEndsNothing(t *testing.T) {
	t.Parallel()
	s := play(t, func(sc *slacksim.Config, c *Config) { c.Workers, sc.AckTimeout = 1, 300*time.Millisecond })
	m := s.ask(pendingRequest(1))
	s.core.refuse("decide", &access.Refusal{Text: "panic"})
	got, err := s.sim.Click(s.ctx, id(bob()), slacksim.InMessage(m.Channel, m.TS), actionApprove)
	if err == nil || got.Delivery.Acked {
		t.Error("a click that came to nothing looks done")
	}
	d, err := s.sim.Redeliver(s.ctx, got.Delivery.EnvelopeID) // A repetition is another chance.
	s.must(err)
	if !d.Acked || s.core.count("decide") != 2 {
		t.Errorf("acknowledged %t, decided %d times", d.Acked, s.core.count("decide"))
	}
}
