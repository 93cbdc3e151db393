package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"usher/access"
	"usher/sandbox/jirasim"
	"usher/sandbox/oktasim"
	"usher/sandbox/slacksim"
)

// oddities are how a history may be unlike the others: reads at Okta trail behind writes, admins change groups by hand, or
// the wall clock is put back now and then. Each blunts the oracle somewhere, so most histories have none.
func oddities() []string { return []string{"lag", "hands", "back"} }

// oddity is the one of a history: the first deed says.
func oddity(h []deed) string {
	if len(h) > 0 && h[0].Do == "world" && h[0].N%10 < len(oddities()) {
		return oddities()[h[0].N%10]
	}
	return ""
}

// setting is the town in which a history plays.
func setting(h []deed) setup {
	lag := time.Duration(0)
	if oddity(h) == "lag" {
		lag = time.Duration(1+h[0].N/10%6) * time.Second
	}
	return setup{oddity: oddity(h), adjust: func(_ *slacksim.Config, _ *jirasim.Config, o *oktasim.Config) { o.MemberLag = lag }}
}

// do lets one thing happen. What a person tries may fail, as in life; only what Usher makes of it counts.
func (w *town) do(ctx context.Context, d deed) {
	short, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	w.trace = append(w.trace, d.String())
	x := w.world
	switch d.Do {
	case "ask":
		k := wishes()[d.N%len(wishes())]
		p, _ := x.Company.Person(k.who)
		_ = x.Slack.CloseAll(short, p.SlackID())
		_ = x.Request(short, k.who, k.words, k.role, k.length, "Because "+d.String())
	case "approve":
		w.answer(short, d.N, "Approve")
	case "deny":
		w.answer(short, d.N, "Deny")
	case "cancel", "release", "extend":
		words := map[string]string{"cancel": "Cancel request", "release": "Release", "extend": "Extend"}[d.Do]
		k := wishes()[d.N%len(wishes())]
		_ = x.PressHome(short, k.who, words)
	case "revoke":
		w.revokeOne(short, d.N)
	case "wait":
		if d := []time.Duration{time.Minute, 20 * time.Minute, time.Hour, 7 * time.Hour, 30 * time.Hour, 80 * time.Hour}[d.N%6]; d > time.Hour {
			w.leap(ctx, d)
		} else {
			w.sleep(ctx, d)
		}
	case "crash":
		w.life.dieAfter(1 + d.N%40)
	case "restart":
		from := x.Clock.Now()
		w.end()
		w.start(ctx)
		w.outages = append(w.outages, span{from, x.Clock.Now()})
	case "fault":
		part := strings.Split(faultCalls()[d.N%len(faultCalls())], " ")
		w.inject(part[0], part[1], faultKinds()[d.N/20%len(faultKinds())], 1+d.N%3)
	case "outage":
		vendor := []string{"okta", "jira", "slack"}[d.N%3]
		mend := w.outage(vendor, []string{"down", "error_503", "hang_after", "rate_limit_bare", "error_500"}[d.N/3%5])
		w.sleep(ctx, time.Duration(d.N%50)*time.Minute)
		mend()
	case "jump":
		w.advance(time.Duration(d.N%10) * time.Hour)
	case "stranger":
		apart(func() { w.stranger(short, d.N) })
	case "leave":
		w.leave(d.N)
	case "sockets":
		x.Slack.KillConnections()
	case "roads":
		w.badRoads(d)
	case "forge":
		w.forge(short, d)
	case "again":
		if list := x.Slack.Deliveries(); len(list) > 0 {
			_, _ = x.Slack.Redeliver(short, list[len(list)-1-d.N%min(len(list), 40)].EnvelopeID)
		}
	case "full":
		w.fill(ctx, time.Duration(1+d.N%9)*time.Minute)
	case "late": // Okta goes on with what it did not answer.
		x.Okta.Inject(oktasim.Fault{Name: "group.member.add", Kind: oktasim.Late, Times: 1, After: time.Duration(1+d.N%100) * time.Second})
	case "odd":
		w.odd(d.N)
	}
	if w.life.dead.Load() {
		w.restart(ctx)
	}
}

// leave has somebody leave the company, be suspended, or come back: holders and approvers. For some, Slack follows.
func (w *town) leave(n int) {
	list := []string{"paul", "quinn", "priya", "samuel", "kenji", "grace"}
	p, _ := w.world.Company.Person(list[n%len(list)])
	u, _ := w.world.Okta.User(p.OktaID())
	switch {
	case u.Status != oktasim.StatusActive:
		_ = w.world.Okta.Reactivate(p.OktaID())
	case n/6%3 == 0:
		_ = w.world.Okta.Suspend(p.OktaID())
	default:
		_ = w.world.Okta.Deactivate(p.OktaID())
	}
	if s, _ := w.world.Slack.User(p.SlackID()); s.Deleted || n/18%2 == 0 {
		s.Deleted = u.Status == oktasim.StatusActive // It was until now.
		w.off[p.Handle] = true
		w.world.Slack.UpdateUser(s)
	}
}

// homecoming has everybody return who decides, for a request that nobody can decide is looked into until its deadline.
func (w *town) homecoming() {
	for _, who := range []string{"priya", "samuel", "grace"} {
		p, _ := w.world.Company.Person(who)
		_ = w.world.Okta.Reactivate(p.OktaID())
		if s, _ := w.world.Slack.User(p.SlackID()); s.Deleted {
			s.Deleted = false
			w.world.Slack.UpdateUser(s)
		}
	}
}

// badRoads has the next envelopes travel late, several times, or without their acknowledgements.
func (w *town) badRoads(d deed) {
	rng := dice(d.String())
	upTo := func(d time.Duration) time.Duration { return time.Duration(rng.Int64N(int64(d))) }
	w.mu.Lock()
	defer w.mu.Unlock()
	for range 1 + rng.IntN(6) {
		var c slacksim.Carriage
		switch rng.IntN(5) {
		case 0:
			c.Delay = upTo(4 * time.Second)
		case 1:
			c.Delay = upTo(2 * time.Hour)
		}
		for range rng.IntN(4) {
			c.Again = append(c.Again, upTo([]time.Duration{time.Millisecond, time.Second, 10 * time.Minute}[rng.IntN(3)]))
		}
		c.LoseAcks, c.Cut = max(0, rng.IntN(6)-3), rng.IntN(8) == 0
		w.roads = append(w.roads, c)
	}
}

// carry is how the next envelope travels.
func (w *town) carry(string, json.RawMessage) (c slacksim.Carriage) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.roads) > 0 {
		c, w.roads = w.roads[0], w.roads[1:]
	}
	return c
}

// forge has somebody send what somebody else had pressed, or press it about another request. Slack vouches for who sends;
// everything else in it can be made up.
func (w *town) forge(ctx context.Context, d deed) {
	rng := dice(d.String())
	var presses []map[string]any
	for _, e := range w.world.Slack.Deliveries() {
		var p map[string]any
		readJSON(e.Payload, &p)
		if e.Type == "interactive" && p["type"] == "block_actions" && forgeable(e.Payload) {
			presses = append(presses, p)
		}
	}
	if len(presses) == 0 {
		return
	}
	p := presses[rng.IntN(len(presses))]
	user, _ := p["user"].(map[string]any)
	actions, _ := p["actions"].([]any)
	who := w.world.Company.People[rng.IntN(len(w.world.Company.People))]
	user["id"] = who.SlackID()
	if a, ok := actions[0].(map[string]any); ok && rng.IntN(2) == 0 {
		a["value"] = string(w.newest(wishes()[rng.IntN(len(wishes()))].role).ID) + []string{"", ".1", ".2"}[rng.IntN(3)]
		a["action_ts"] = d.String()
	}
	_, _ = w.world.Slack.Send(ctx, "interactive", p)
}

// forgeable reports whether a press is of a button that changes something.
func forgeable(payload []byte) bool {
	for _, id := range []string{"approve", "deny", "cancel", "release", "extend"} {
		if bytes.Contains(payload, []byte(`"action_id":"`+id+`"`)) {
			return true
		}
	}
	return false
}

// noRoomFor has the disk full for a while, from now on.
func (w *town) noRoomFor(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cleared = time.Now().Add(d)
}

// fill has the disk full for a while, and waits for its end.
func (w *town) fill(ctx context.Context, d time.Duration) {
	from := w.world.Clock.Now()
	w.noRoomFor(d)
	w.sleep(ctx, d+time.Second)
	w.mu.Lock()
	w.cleared = time.Time{}
	w.mu.Unlock()
	w.outages = append(w.outages, span{from, w.world.Clock.Now()})
}

// odd does what only some histories have.
func (w *town) odd(n int) {
	switch w.oddity {
	case "back":
		w.skew += time.Duration(1+n%3) * time.Minute
		w.advance(-time.Duration(1+n%3) * time.Minute)
	case "hands":
		k := wishes()[[]int{0, 2, 6, 9}[n%4]]
		p, _ := w.world.Company.Person(k.who)
		for _, r := range w.book.Apps {
			for _, e := range r.Entitlements {
				if r.Name+": "+e.Name == k.role {
					w.byHand(e.groups()[0], p.OktaID())
				}
			}
		}
	}
}

// byHand has an admin of Okta change a membership.
func (w *town) byHand(group, user string) {
	w.hands[group+"/"+user] = true
	if slices.Contains(w.world.Okta.Members(group), user) {
		_ = w.world.Okta.RemoveMemberByHand(group, user, "noor")
	} else {
		_ = w.world.Okta.AddMemberByHand(group, user, "noor")
	}
}

// answer has an approver press a button on one of the questions that are open.
func (w *town) answer(ctx context.Context, n int, verdict string) {
	type open struct {
		who string
		m   slacksim.Message
	}
	var list []open
	for _, p := range w.world.Company.People {
		for _, m := range w.world.Slack.Messages(p.SlackID()) {
			if kind, _ := markOf(m.Metadata); kind == "ask" && bytes.Contains(m.Blocks, []byte(`"text":"Approve"`)) {
				list = append(list, open{p.Handle, m})
			}
		}
	}
	if len(list) == 0 {
		return
	}
	o := list[n%len(list)]
	p, _ := w.world.Company.Person(o.who)
	_ = w.world.Slack.CloseAll(ctx, p.SlackID())
	if w.world.Press(ctx, o.who, o.m, verdict) != nil || verdict == "Approve" {
		return
	}
	if _, err := w.world.WaitView(ctx, o.who, "deny"); err != nil {
		return
	}
	_ = w.world.Fill(ctx, o.who, "plain_text_input", "Not now.")
	_, _ = w.world.Submit(ctx, o.who)
}

// stranger has somebody who was not asked press a button of somebody else's message: a forged or forwarded click.
func (w *town) stranger(ctx context.Context, n int) {
	people := w.world.Company.People
	who := people[n%len(people)]
	by := access.SlackProfile{ID: access.SlackID(who.SlackID()), Email: who.Email(), EmailConfirmed: true, Name: who.Name}
	s := w.life.prog.Service()
	for _, p := range people {
		for _, m := range w.world.Slack.Messages(p.SlackID()) {
			if kind, id := markOf(m.Metadata); kind == "ask" && p.Handle != who.Handle {
				person, err := s.Identify(ctx, by)
				if err != nil {
					return
				}
				var r access.Request
				w.read(func(tx access.Tx) bool { return tx.Get(access.Requests, string(id), &r) == nil })
				if !slices.ContainsFunc(r.Asks, func(a access.Ask) bool { return a.Step == r.Step && a.Approver.Is(person) }) {
					o := access.Origin{Envelope: "forged", Message: access.MessageRef{Channel: m.Channel, TS: m.TS}, Home: n%2 == 0}
					_, _ = s.Decide(ctx, person, id, access.Approve, "", o)
				}
				return
			}
		}
	}
}

// revokeOne has the admin revoke one of the grants.
func (w *town) revokeOne(ctx context.Context, n int) {
	k := wishes()[n%len(wishes())]
	if g := w.grantOf(k.who, k.role); g.ID != "" {
		_ = w.revokeBySlack(ctx, "noor", g, "A history wants it")
	}
}
