package cli_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"usher/access"
)

// What the people of the village do, all of it in Slack. What somebody tries may fail, as in life; only what
// Usher makes of it counts.

// tries gives somebody half a minute, and starts the product again if it has died of it.
func (c *course) tries(ctx context.Context, what string, f func(context.Context) error) {
	short, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if f(short) == nil {
		c.did[what]++
	}
	if c.life.dead.Load() {
		c.restart(ctx)
	}
}

// someone is a villager who is there: every other time one who has asked before.
func (c *course) someone() string {
	for {
		who := villager(c.rng.IntN(c.people))
		if len(c.known) > 0 && c.rng.IntN(2) == 0 {
			who = pick(c.rng, c.known)
		}
		if !c.gone[who] {
			return who
		}
	}
}

func (c *course) ask(ctx context.Context) {
	who, role := c.someone(), fmt.Sprintf("role %02d", c.rng.IntN(villageRoles))
	length := pick(c.rng, lengths())
	c.known = append(c.known, who)
	p, _ := c.world.Company.Person(who)
	before := c.last(p.OktaID())
	c.tries(ctx, "asked", func(ctx context.Context) error {
		defer func() { _ = c.world.Slack.CloseAll(ctx, p.SlackID()) }()
		if _, err := c.world.Slack.Run(ctx, p.SlackID(), "/access", role); err != nil {
			return err
		}
		if _, err := c.world.WaitView(ctx, who, "reason", role); err != nil {
			return err
		}
		_ = c.world.Fill(ctx, who, durationKinds, length) // Who asks for what they have is offered one length.
		if err := c.world.Fill(ctx, who, "plain_text_input", "For the village"); err != nil {
			return err
		}
		got, err := c.world.Submit(ctx, who)
		if err == nil && len(got.Errors) > 0 {
			err = fmt.Errorf("the form was refused: %v", got.Errors)
		}
		return err
	})
	if id := c.last(p.OktaID()); id != before {
		c.open = append(c.open, id)
	}
}

// durationKinds are the elements of a form by which a length is chosen.
const durationKinds = "radio_buttons static_select"

// last is the newest request of a user.
func (c *course) last(user string) (id access.RequestID) {
	c.read(func(tx access.Tx) bool {
		ids, err := tx.IDs(access.Requests, "requester/"+user, "", 0)
		if len(ids) > 0 {
			id = access.RequestID(slices.Max(ids))
		}
		return err == nil
	})
	return id
}

// ruleNext has one of those who are asked about the oldest open request decide, mostly. Some nobody decides.
func (c *course) ruleNext(ctx context.Context) {
	for range min(2, len(c.open)) {
		id := c.open[0]
		c.open = c.open[1:]
		r := c.request(id)
		if r.State != access.RequestPending || c.rng.IntN(10) == 0 {
			continue
		}
		c.open = append(c.open, id) // In case that it is not taken, or that there is another step.
		for _, a := range r.Asks {
			if a.Step == r.Step {
				c.rule(ctx, c.bySlack[string(a.Approver.Slack)], id)
				return
			}
		}
	}
}

func (c *course) request(id access.RequestID) (r access.Request) {
	c.read(func(tx access.Tx) bool { return tx.Get(access.Requests, string(id), &r) == nil })
	return r
}

// rule has somebody press a button of the question about a request.
func (c *course) rule(ctx context.Context, who string, id access.RequestID) {
	p, _ := c.world.Company.Person(who)
	for _, m := range slices.Backward(c.world.Slack.Messages(p.SlackID())) {
		if kind, of := markOf(m.Metadata); kind != "ask" || of != id || !strings.Contains(m.Plain(), "[Approve]") {
			continue
		}
		if c.rng.IntN(7) > 0 {
			c.tries(ctx, "approved", func(ctx context.Context) error { return c.world.Press(ctx, who, m, "approve") })
			return
		}
		c.tries(ctx, "denied", func(ctx context.Context) error {
			defer func() { _ = c.world.Slack.CloseAll(ctx, p.SlackID()) }()
			if err := c.world.Press(ctx, who, m, "deny"); err != nil {
				return err
			}
			if _, err := c.world.WaitView(ctx, who, "deny"); err != nil {
				return err
			}
			if err := c.world.Fill(ctx, who, "plain_text_input", "Not now."); err != nil {
				return err
			}
			_, err := c.world.Submit(ctx, who)
			return err
		})
		return
	}
}

func (c *course) cancel(ctx context.Context) {
	if len(c.open) == 0 {
		return
	}
	who := c.bySlack[string(c.request(pick(c.rng, c.open)).Requester.Slack)]
	if who != "" && !c.gone[who] {
		c.tries(ctx, "canceled", func(ctx context.Context) error { return c.world.PressHome(ctx, who, "Cancel request") })
	}
}

// held is one of the grants that are active now.
func (c *course) held() (g access.Grant, who string) {
	c.read(func(tx access.Tx) bool {
		ids, err := tx.IDs(access.Grants, "open", "", 0)
		if err != nil || len(ids) == 0 {
			return false
		}
		return tx.Get(access.Grants, pick(c.rng, ids), &g) == nil
	})
	return g, c.bySlack[string(g.Subject.Slack)]
}

func (c *course) extend(ctx context.Context) { c.pressHeld(ctx, "extended", "Extend") }

func (c *course) release(ctx context.Context) { c.pressHeld(ctx, "released", "Release") }

func (c *course) pressHeld(ctx context.Context, what, button string) {
	g, who := c.held()
	if g.State != access.GrantActive || c.gone[who] {
		return
	}
	p, _ := c.world.Company.Person(who)
	before := c.last(p.OktaID())
	c.tries(ctx, what, func(ctx context.Context) error { return c.world.PressHome(ctx, who, button) })
	if id := c.last(p.OktaID()); id != before {
		c.open = append(c.open, id)
	}
}

// revoke has the owner or the admin take something away.
func (c *course) revoke(ctx context.Context) {
	g, _ := c.held()
	if g.State != access.GrantActive {
		return
	}
	c.tries(ctx, "revoked", func(ctx context.Context) error {
		return c.revokeBySlack(ctx, pick(c.rng, []string{"noor", "owen"}), g, "The village wants it")
	})
}

// leave has one of those who hold something leave: their accounts are turned off everywhere.
func (c *course) leave() {
	_, who := c.held()
	p, ok := c.world.Company.Person(who)
	if !ok || c.gone[who] || p.Manager == "noor" || p.Manager == "" {
		return
	}
	c.gone[who] = true
	_ = c.world.Okta.Deactivate(p.OktaID())
	_ = c.world.Jira.SetActive(p.AccountID(), false)
	_ = c.world.Slack.Deactivate(p.SlackID())
	c.left = append(c.left, leaver{who, time.Now()})
	c.did["left"]++
}

func (c *course) join() {
	if len(c.coming) == 0 {
		return
	}
	p, _ := c.world.Company.Person(c.coming[0])
	c.coming = c.coming[1:]
	_ = c.world.Okta.Reactivate(p.OktaID())
	_ = c.world.Jira.SetActive(p.AccountID(), true)
	u, _ := c.world.Slack.User(p.SlackID())
	u.Deleted = false
	c.world.Slack.UpdateUser(u)
	delete(c.gone, p.Handle)
	c.known = append(c.known, p.Handle)
	c.did["joined"]++
}
