package bot

import (
	"errors"
	"strings"
	"testing"
	"time"

	"usher/access"
	"usher/sandbox/slacksim"
)

func TestARequestIsMadeWithTheForm(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	v := s.form(ann(), "GitHub: Write")
	if !holds(v.Plain(), []string{"Push to every repository", "medium risk", "6 hours", "Bob Ito or Cyd O'Hara", "Your manager knows"}) {
		t.Errorf("the form shows:\n%s", v.Plain())
	}
	s.must(s.sim.SetInput(s.ctx, id(ann()), v.ID, "duration/github-write", actionDuration, "1 day"))
	v = s.view(ann(), "<1 day>", "*Who decides*\nCyd O'Hara")
	s.must(s.sim.SetInput(s.ctx, id(ann()), v.ID, blockReason, actionReason, "Fix the checkout bug"))
	got, err := s.sim.SubmitView(s.ctx, id(ann()), v.ID)
	s.must(err)
	if got.View == nil || !holds(got.View.Plain(), []string{"Request filed", "GitHub: Write", "for 1 day", "ACCESS-1"}) {
		t.Fatalf("after the submission: %+v", got)
	}
	d := s.core.drafts[0]
	if d.By != ann() || d.Entitlement != "github-write" || d.Duration != day || d.Justification != "Fix the checkout bug" || len(d.Key) < 16 {
		t.Errorf("draft %+v", d)
	}
}

func TestWordsOfTheCommandChooseTheRole(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	_, err := s.sim.Run(s.ctx, id(ann()), "/access", "github admin")
	s.must(err)
	s.view(ann(), "<GitHub: Administrator>", "critical risk", "Who decides")
}

func TestSeveralHitsBecomeSuggestions(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	_, err := s.sim.Run(s.ctx, id(ann()), "/access", "github")
	s.must(err)
	v := s.view(ann(), "[GitHub: Write] [GitHub: Administrator]")
	_, err = s.sim.Click(s.ctx, id(ann()), slacksim.InView(v.ID), "suggestion_1")
	s.must(err)
	v = s.view(ann(), "<GitHub: Administrator>", "Who decides")
	// The choice of a button can be changed by searching.
	block := blockEntitlement + "/github-admin"
	_, err = s.sim.Options(s.ctx, id(ann()), v.ID, block, actionEntitlement, "write")
	s.must(err)
	s.must(s.sim.SetInput(s.ctx, id(ann()), v.ID, block, actionEntitlement, "GitHub: Write"))
	s.view(ann(), "<GitHub: Write>", "medium risk")
}

func TestSearchWithoutHitsAnswersAnEmptyList(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	_, err := s.sim.Run(s.ctx, id(ann()), "/access", "nothing like it")
	s.must(err)
	v := s.view(ann(), "Nothing that you can ask for fits")
	if o := s.options(ann(), v, "zzz"); len(o) != 0 {
		t.Errorf("%v", o)
	}
	if o := s.options(ann(), v, ""); len(o) != 2 || o[0].Text != "GitHub: Write" || o[0].Description != "Push to every repository" {
		t.Errorf("%v", o)
	}
}

func TestTheShortcutOpensTheForm(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	_, err := s.sim.Shortcut(s.ctx, id(ann()), callbackShortcut)
	s.must(err)
	s.view(ann(), "App and role")
}

func TestMistakesAreShownBesideTheirInputs(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	v := s.form(ann(), "GitHub: Write")
	submit := func(reason string) slacksim.SubmitResult {
		s.must(s.sim.SetInput(s.ctx, id(ann()), v.ID, blockReason, actionReason, reason))
		got, err := s.sim.SubmitView(s.ctx, id(ann()), v.ID)
		s.must(err)
		return got
	}
	if got := submit("   "); got.Errors[blockReason] == "" || got.Closed || len(s.core.drafts) != 0 {
		t.Errorf("blank reason: %+v", got)
	}
	for _, c := range []struct {
		field access.Field
		block string
	}{
		{access.FieldJustification, blockReason},
		{access.FieldDuration, "duration/github-write"},
		{access.FieldEntitlement, blockEntitlement},
	} {
		s.core.refuse("submit", &access.Refusal{Code: access.BadJustification, Field: c.field, Text: "Not like this."})
		if got := submit("Because"); got.Errors[c.block] != "Not like this." {
			t.Errorf("%s: %+v", c.field, got)
		}
	}
	// The same form, sent once more without a change, is not taken for a repetition.
	if got := submit("Because"); got.View == nil || !strings.Contains(got.View.Plain(), "Request filed") {
		t.Errorf("%+v", got)
	}
}

func TestARefusalWithoutAFieldKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	v := s.form(ann(), "GitHub: Write")
	s.must(s.sim.SetInput(s.ctx, id(ann()), v.ID, blockReason, actionReason, "Because *I* say so"))
	s.core.refuse("submit", errors.New("disk on fire at /var/lib"))
	got, err := s.sim.SubmitView(s.ctx, id(ann()), v.ID)
	s.must(err)
	text := got.View.Plain()
	if !holds(text, []string{"Something went wrong on our side", "Because *I* say so", "[Send request]"}) || strings.Contains(text, "disk") {
		t.Errorf("%s", text)
	}
	got, err = s.sim.SubmitView(s.ctx, id(ann()), v.ID)
	s.must(err)
	if !strings.Contains(got.View.Plain(), "Request filed") {
		t.Errorf("%s", got.View.Plain())
	}
}

func TestARefusedRoleIsExplainedInTheForm(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	s.core.refuse("preview", &access.Refusal{Code: access.NotEligible, Field: access.FieldEntitlement, Text: "You cannot ask for this: only Finance may."})
	_, err := s.sim.Run(s.ctx, id(ann()), "/access", "github write")
	s.must(err)
	v := s.view(ann(), "only Finance may")
	if strings.Contains(v.Plain(), "Reason") {
		t.Errorf("the form goes on asking:\n%s", v.Plain())
	}
}

func TestASlowCoreIsCoveredByAStandIn(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	v := s.form(ann(), "GitHub: Write")
	s.must(s.sim.SetInput(s.ctx, id(ann()), v.ID, blockReason, actionReason, "Because"))
	goOn := s.core.slow("submit")
	got, err := s.sim.SubmitView(s.ctx, id(ann()), v.ID)
	s.must(err)
	if got.Delivery.AckedIn > time.Second+200*time.Millisecond || !strings.Contains(got.View.Plain(), "Filing your request") {
		t.Errorf("after %v:\n%s", got.Delivery.AckedIn, got.View.Plain())
	}
	goOn()
	s.view(ann(), "Request filed")
}

func TestASlowCoreThatRefusesBringsTheFormBack(t *testing.T) {
	t.Parallel()
	s := play(t, func(_ *slacksim.Config, c *Config) { c.AckWithin = 20 * time.Millisecond })
	v := s.form(ann(), "GitHub: Write")
	s.must(s.sim.SetInput(s.ctx, id(ann()), v.ID, blockReason, actionReason, "Typed words"))
	goOn := s.core.slow("submit")
	s.core.refuse("submit", &access.Refusal{Code: access.AlreadyPending, Field: access.FieldEntitlement, Text: "You asked already."})
	_, err := s.sim.SubmitView(s.ctx, id(ann()), v.ID)
	s.must(err)
	goOn()
	s.view(ann(), "You asked already.", "Typed words")
}

func TestASlowSearchAnswersInTime(t *testing.T) {
	t.Parallel()
	s := play(t, func(_ *slacksim.Config, c *Config) { c.AckWithin = 20 * time.Millisecond })
	_, err := s.sim.Run(s.ctx, id(ann()), "/access", "")
	s.must(err)
	v := s.view(ann(), "App and role")
	goOn := s.core.slow("choices")
	defer goOn()
	if o := s.options(ann(), v, "git"); len(o) != 0 {
		t.Errorf("%v", o)
	}
}

func TestADecisionIsAcknowledgedWhenItIsDurableAndHoldsUpNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, func(_ *slacksim.Config, c *Config) { c.Workers = 1 }, func(s *stage) {
		m := s.ask(pendingRequest(1))
		goOn := s.core.slow("decide")
		clicked := make(chan slacksim.Delivery, 1)
		go func() {
			got, err := s.sim.Click(s.ctx, id(bob()), slacksim.InMessage(m.Channel, m.TS), actionApprove)
			if err != nil {
				t.Error(err)
			}
			clicked <- got.Delivery
		}()
		<-s.core.held // The only worker for decisions is busy.
		_, err := s.sim.Run(s.ctx, id(ann()), "/access", "")
		s.must(err)
		s.view(ann(), "App and role")
		s.must(s.sim.OpenHome(s.ctx, id(ann())))
		time.Sleep(2 * time.Second)
		for _, d := range s.sim.Deliveries() {
			if click := d.Type == "interactive"; d.Acked == click || d.AckedIn > time.Second {
				t.Errorf("%s was acknowledged (%t) after %v", d.Type, d.Acked, d.AckedIn)
			}
		}
		goOn()
		if d := <-clicked; !d.Acked || d.AckedIn < 2*time.Second {
			t.Errorf("the click was acknowledged (%t) after %v", d.Acked, d.AckedIn)
		}
	})
}

func TestAPreviewThatComesLateChangesNothing(t *testing.T) {
	t.Parallel()
	o := newForms().of("V1")
	o.clicked("2.0")
	ran := false
	o.ifCurrent("1.0", func() { ran = true })
	if ran {
		t.Error("an older click won")
	}
	o.send(true)
	o.ifCurrent("2.0", func() { ran = true })
	if ran {
		t.Error("the form was drawn after it was sent")
	}
	o.send(false)
	o.ifCurrent("2.0", func() { ran = true })
	if !ran {
		t.Error("the newest click was not drawn")
	}
}

func TestSubmittingBeforeTheFormIsDrawnShowsTheForm(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	_, err := s.sim.Run(s.ctx, id(ann()), "/access", "")
	s.must(err)
	v := s.view(ann(), "App and role")
	s.options(ann(), v, "write")
	goOn := s.core.slow("preview")
	s.must(s.sim.SetInput(s.ctx, id(ann()), v.ID, blockEntitlement, actionEntitlement, "GitHub: Write"))
	<-s.core.held
	type result struct {
		got slacksim.SubmitResult
		err error
	}
	done := make(chan result, 1)
	go func() {
		got, err := s.sim.SubmitView(s.ctx, id(ann()), v.ID)
		done <- result{got, err}
	}()
	<-s.core.held
	goOn()
	r := <-done
	s.must(r.err)
	s.view(ann(), "Who decides", "[Send request]")
	if len(s.core.drafts) != 0 {
		t.Error("a request was made without a reason")
	}
}
