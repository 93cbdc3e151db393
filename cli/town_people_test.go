package cli_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"usher/access"
	"usher/sandbox/slacksim"
)

// live plays one life of a grant: ask, approve, have, and the end of its time. It returns what the oracle finds.
func (w *town) live(ctx context.Context) []string {
	x := w.world
	w.ask(ctx, "maya", "github write", "GitHub: Write", "1 hour")
	w.sleep(ctx, 5*time.Second) // Priya thinks, and Maya is told that her request waits.
	w.approve(ctx, "priya", "GitHub: Write")
	w.until(ctx, "Maya is a member", func() bool { return x.Member(githubWrite, "maya") })
	w.until(ctx, "Maya is told", func() bool { return w.told("maya", "active") })
	w.sleep(ctx, time.Hour)
	w.until(ctx, "Maya is no member", func() bool { return !x.Member(githubWrite, "maya") })
	w.settle(ctx)
	return w.judge(ctx)
}

// ask has somebody ask for a role until Usher says that it has the request.
func (w *town) ask(ctx context.Context, who, words, role, duration string) {
	w.t.Helper()
	p, _ := w.world.Company.Person(who)
	before := w.newestOf(p.OktaID(), role).ID
	has := func() bool { return w.newestOf(p.OktaID(), role).ID != before }
	w.try(ctx, who+" asks for "+role, func(ctx context.Context) error {
		if has() {
			return nil // The message or the Home tab says so to a person whose form was lost.
		}
		if _, open := w.world.Slack.View(p.SlackID()); open {
			if err := w.world.Slack.CloseAll(ctx, p.SlackID()); err != nil {
				return err
			}
		}
		return w.world.Request(ctx, who, words, role, duration, "A fix")
	})
	w.promise(who+" asked for "+role, func(o *oracle) bool {
		for _, r := range o.requests {
			if string(r.Requester.User) == p.OktaID() && r.Role.String() == role {
				return true
			}
		}
		return false
	})
}

// approve has somebody press Approve on the newest question about a role, until Usher has their word.
func (w *town) approve(ctx context.Context, who, role string) {
	w.t.Helper()
	p, _ := w.world.Company.Person(who)
	said := func() bool {
		r := w.newest(role)
		return r.State == access.RequestApproved || slices.ContainsFunc(r.Decisions, func(d access.Decision) bool { return string(d.By.User) == p.OktaID() })
	}
	w.until(ctx, who+" is asked", func() bool {
		m, ok := w.question(who, role)
		return ok && strings.Contains(m.Plain(), "[Approve]") || said()
	})
	w.try(ctx, who+" approves", func(ctx context.Context) error {
		m, ok := w.question(who, role)
		if !ok || !strings.Contains(m.Plain(), "[Approve]") {
			return nil
		}
		if err := w.world.Press(ctx, who, m, "approve"); err != nil {
			return err
		}
		for range 40 {
			if said() {
				return nil
			}
			w.sleep(ctx, 50*time.Millisecond)
		}
		return errors.New("the press was not taken; whoever pressed is told to do it again")
	})
	id := w.newest(role).ID
	w.promise(who+" approved "+role, func(o *oracle) bool {
		return slices.ContainsFunc(o.requests[id].Decisions, func(d access.Decision) bool { return string(d.By.User) == p.OktaID() })
	})
}

// newest is the newest request for a role.
func (w *town) newest(role string) (newest access.Request) {
	for _, p := range w.world.Company.People {
		if r := w.newestOf(p.OktaID(), role); r.ID > newest.ID {
			newest = r
		}
	}
	return newest
}

// newestOf is the newest request of a user for a role.
func (w *town) newestOf(user, role string) (newest access.Request) {
	w.read(func(tx access.Tx) bool {
		ids, err := tx.IDs(access.Requests, "requester/"+user, "", 0)
		for _, id := range ids {
			var r access.Request
			if tx.Get(access.Requests, id, &r) == nil && r.Role.String() == role && r.ID > newest.ID {
				newest = r
			}
		}
		return err == nil
	})
	return newest
}

func (w *town) promise(what string, kept func(*oracle) bool) {
	w.promises = append(w.promises, promise{what, kept})
}

// read looks into the file.
func (w *town) read(f func(access.Tx) bool) (yes bool) {
	err := w.life.prog.Store().View(context.Background(), func(tx access.Tx) error {
		yes = f(tx)
		return nil
	})
	return yes && err == nil
}

// sleep lets time pass; a product that dies meanwhile is started again.
func (w *town) sleep(ctx context.Context, d time.Duration) {
	w.t.Helper()
	end := time.Now().Add(d)
	for left := d; left > 0; left = time.Until(end) {
		select {
		case <-w.life.died:
			w.restart(ctx)
		case <-time.After(left):
		}
	}
}

// apart runs f in a goroutine of its own and waits for it: the product may die in the middle of it, and then it ends there.
func apart(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// settle waits until nothing is left to do, and a while longer; what fell due in that while is waited for, too.
func (w *town) settle(ctx context.Context) {
	w.t.Helper()
	for range 5 {
		w.until(ctx, "nothing is left to do", w.nothingToDo)
		w.sleep(ctx, 2*time.Minute)
		if w.nothingToDo() {
			return
		}
	}
}

func (w *town) nothingToDo() bool {
	return w.read(func(tx access.Tx) bool {
		list, err := tx.Effects()
		w.why = nil
		for _, e := range list {
			w.why = fmt.Errorf("%s is left, %d tries, not before %s: %s", e.ID, e.Attempts, e.NotBefore, e.LastError)
		}
		timers, err2 := tx.Due(time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC), 0)
		soon := w.world.Clock.Now().Add(w.skew + time.Second) // What falls due in this very moment is not at rest.
		asking := slices.ContainsFunc(timers, func(t access.Timer) bool { return t.Kind == access.TimerLeaver || t.At.Before(soon) })
		return errors.Join(err, err2) == nil && len(list) == 0 && !asking
	})
}

func (w *town) told(handle, words string) bool {
	p, _ := w.world.Company.Person(handle)
	for _, m := range w.world.Slack.Messages(p.SlackID()) {
		if strings.Contains(m.Plain(), words) {
			return true
		}
	}
	return false
}

// judge has the oracle judge what there is now.
func (w *town) judge(ctx context.Context) []string {
	deaths, _ := w.counts()
	o := &oracle{
		world: w.world, book: w.book, byCore: w.byCore, store: w.life.prog.Store(), outages: w.outages, jumps: w.jumps, promises: w.promises, direct: w.direct, skew: w.skew,
		hands: w.hands, off: w.off, slow: w.lag != nil, lag: w.oddity == "lag" || w.oddity == "back", // Okta's clock goes back with the wall's.
	}
	w.mu.Lock()
	if !w.cleared.IsZero() {
		o.outages = append(slices.Clone(o.outages), span{w.cleared.Add(-fullFor), w.cleared})
	}
	w.mu.Unlock()
	o.judge(ctx)
	o.leftovers(ctx, w)
	w.tally = o.tally()
	w.tally.deaths = deaths
	return o.faults
}

// revokeBySlack has an admin or an owner revoke a grant by the form on the Home tab.
func (w *town) revokeBySlack(ctx context.Context, who string, g access.Grant, why string) error {
	by, _ := w.world.Company.Person(who)
	_ = w.world.Slack.CloseAll(ctx, by.SlackID())
	defer func() { _ = w.world.Slack.CloseAll(ctx, by.SlackID()) }()
	if err := w.world.PressHome(ctx, who, "Revoke access"); err != nil {
		return err
	}
	for _, step := range []struct{ shown, kind, value string }{
		{"Whose access?", "users_select", string(g.Subject.Slack)},
		{"Which?", "static_select", g.Role.String()},
		{"Why?", "plain_text_input", why},
	} {
		if _, err := w.world.WaitView(ctx, who, step.shown); err != nil {
			return err
		}
		if err := w.world.Fill(ctx, who, step.kind, step.value); err != nil {
			return err
		}
	}
	_, err := w.world.Submit(ctx, who)
	return err
}

// press has somebody press a button on the newest message or Home tab of theirs that has it, until done says that it
// has worked.
func (w *town) press(ctx context.Context, who, words string, done func() bool) {
	w.t.Helper()
	w.try(ctx, who+" presses "+words, func(ctx context.Context) error {
		if done() {
			return nil
		}
		return w.world.PressHome(ctx, who, words)
	})
	w.until(ctx, "what "+who+" pressed has worked: "+words, done)
}

// deny has somebody deny with a reason.
func (w *town) deny(ctx context.Context, who, role string) {
	w.t.Helper()
	p, _ := w.world.Company.Person(who)
	w.until(ctx, who+" is asked", func() bool { _, ok := w.question(who, role); return ok })
	w.try(ctx, who+" denies", func(ctx context.Context) error {
		m, _ := w.question(who, role)
		if !strings.Contains(m.Plain(), "[Deny") {
			return nil
		}
		if _, open := w.world.Slack.View(p.SlackID()); open {
			if err := w.world.Slack.CloseAll(ctx, p.SlackID()); err != nil {
				return err
			}
		}
		if err := w.world.Press(ctx, who, m, "deny"); err != nil {
			return err
		}
		if _, err := w.world.WaitView(ctx, who, "deny"); err != nil {
			return err
		}
		if err := w.world.Fill(ctx, who, "plain_text_input", "Not now."); err != nil {
			return err
		}
		_, err := w.world.Submit(ctx, who)
		return err
	})
}

// question is the newest message that asks somebody about a role.
func (w *town) question(who, role string) (slacksim.Message, bool) {
	p, _ := w.world.Company.Person(who)
	for _, m := range slices.Backward(w.world.Slack.Messages(p.SlackID())) {
		if kind, _ := markOf(m.Metadata); kind == "ask" && strings.Contains(m.Plain(), strings.Split(role, ": ")[1]) {
			return m, true
		}
	}
	return slacksim.Message{}, false
}

// asks waits for that message.
func (w *town) asks(ctx context.Context, who, role string) (m slacksim.Message) {
	w.t.Helper()
	w.until(ctx, who+" is asked", func() (ok bool) { m, ok = w.question(who, role); return ok })
	return m
}

func (w *town) grantOf(who, role string) (g access.Grant) {
	p, _ := w.world.Company.Person(who)
	w.read(func(tx access.Tx) bool {
		ids, err := tx.IDs(access.Requests, "requester/"+p.OktaID(), "", 0)
		for _, id := range ids {
			var r access.Request
			if tx.Get(access.Requests, id, &r) == nil && r.Role.String() == role && r.Kind == access.KindAccess && r.Grant != "" {
				_ = tx.Get(access.Grants, string(r.Grant), &g) // Not there yet: the zero grant.
			}
		}
		return err == nil
	})
	return g
}

func (w *town) state(who, role string, want access.GrantState) func() bool {
	return func() bool { return w.grantOf(who, role).State == want }
}

// day plays what can happen in a company: several people, overlapping grants, memberships from before, two groups, two
// steps, denial, extension, release.
func (w *town) day(ctx context.Context) []string {
	const active, ended = access.GrantActive, access.GrantEnded
	w.ask(ctx, "petra", "salesforce user", "Salesforce: User", "7 days")
	w.approve(ctx, "grace", "Salesforce: User")
	w.until(ctx, "Petra has Salesforce", w.state("petra", "Salesforce: User", active))
	w.ask(ctx, "petra", "salesforce reports", "Salesforce: Reports", "1 day")
	w.approve(ctx, "grace", "Salesforce: Reports")
	w.ask(ctx, "kenji", "datadog", "Datadog: Viewer", "1 hour")
	w.ask(ctx, "jonas", "github admin", "GitHub: Administrator", "1 hour")
	w.approve(ctx, "tomas", "GitHub: Administrator")
	w.approve(ctx, "ingrid", "GitHub: Administrator")
	w.ask(ctx, "carla", "figma", "Figma: Editor", "")
	w.sleep(ctx, 5*time.Second) // Lin thinks, and Carla is told that her request waits.
	w.deny(ctx, "lin", "Figma: Editor")
	w.ask(ctx, "hugo", "zoom", "Zoom: Webinar host", "1 day")
	w.until(ctx, "Petra has reports", w.state("petra", "Salesforce: Reports", active))
	w.until(ctx, "Kenji has Datadog", w.state("kenji", "Datadog: Viewer", active))
	w.until(ctx, "Jonas is administrator", w.state("jonas", "GitHub: Administrator", active))
	w.until(ctx, "Hugo has Zoom", w.state("hugo", "Zoom: Webinar host", active))
	w.press(ctx, "petra", "Release", w.state("petra", "Salesforce: Reports", ended))
	w.press(ctx, "hugo", "Extend", func() bool { return w.grantOf("hugo", "Zoom: Webinar host").Extensions > 0 })
	w.sleep(ctx, 2*time.Hour)
	w.until(ctx, "Jonas is administrator no more", w.state("jonas", "GitHub: Administrator", ended))
	w.settle(ctx)
	faults := w.judge(ctx)
	w.leap(ctx, 46*time.Hour)
	if w.grantOf("hugo", "Zoom: Webinar host").Extensions > 1 {
		w.leap(ctx, 24*time.Hour) // He pressed again because Slack showed him no answer.
	}
	w.until(ctx, "Hugo's days are over", w.state("hugo", "Zoom: Webinar host", ended))
	w.settle(ctx)
	return append(faults, w.judge(ctx)...)
}
