package cli_test

import (
	"context"
	"strings"
	"time"

	"usher/access"
	"usher/sandbox/slacksim"
)

// live plays one life of a grant: ask, approve, have, and the end of its time. It returns what the oracle finds.
func (w *town) live(ctx context.Context) []string {
	x := w.world
	w.ask(ctx, "maya", "github write", "GitHub: Write", "1 hour")
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
	has := func() bool {
		return w.read(func(tx access.Tx) bool {
			ids, err := tx.IDs(access.Requests, "undone/"+p.OktaID(), "", 0)
			return err == nil && len(ids) > 0
		})
	}
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

// approve has somebody press Approve on the question about a role until its button is gone.
func (w *town) approve(ctx context.Context, who, role string) {
	w.t.Helper()
	p, _ := w.world.Company.Person(who)
	find := func() (slacksim.Message, bool) {
		for _, m := range w.world.Slack.Messages(p.SlackID()) {
			if kind, _ := markOf(m.Metadata); kind == "ask" && strings.Contains(m.Plain(), strings.Split(role, ": ")[1]) {
				return m, true
			}
		}
		return slacksim.Message{}, false
	}
	w.until(ctx, who+" is asked", func() bool { _, ok := find(); return ok })
	w.try(ctx, who+" approves", func(ctx context.Context) error {
		m, _ := find()
		if !strings.Contains(m.Plain(), "[Approve]") {
			return nil
		}
		return w.world.Press(ctx, who, m, "approve")
	})
	w.promise(who+" approved "+role, func(o *oracle) bool {
		for _, r := range o.requests {
			for _, d := range r.Decisions {
				if string(d.By.User) == p.OktaID() && r.Role.String() == role {
					return true
				}
			}
		}
		return false
	})
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

// settle waits until nothing is left to do, and a while longer.
func (w *town) settle(ctx context.Context) {
	w.t.Helper()
	w.until(ctx, "nothing is left to do", func() bool {
		return w.read(func(tx access.Tx) bool {
			list, err := tx.Effects()
			return err == nil && len(list) == 0
		})
	})
	w.sleep(ctx, 2*time.Minute)
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
	o := &oracle{
		world: w.world, store: w.life.prog.Store(), outages: w.outages, repeats: w.repeats, promises: w.promises, hands: map[string]bool{},
	}
	return o.judge(ctx)
}
