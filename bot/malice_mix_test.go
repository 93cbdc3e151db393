package bot

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/access"
	"usher/catalog"
	"usher/sandbox/battery"
	"usher/sandbox/slacksim"
)

// melee is a town in which people decide about four requests while others try what they must not, at the same moments.
type melee struct {
	*town
	scenes    []*scene
	dialogs   map[string]payload // Of denying, by request and person, opened before.
	suspended time.Duration      // When Mona's account is, after the beginning; 0 is never.
	began     time.Time

	mu     sync.Mutex
	honest []deed
	sent   []string // Every envelope there was.
}

// deed is something that somebody did who may.
type deed struct {
	who, action string
	id          access.RequestID
	step        int // From 1; 0 where no step is decided.
	envelope    string
	at          time.Time
}

// plea is what somebody asks for, who may decide each step of it, and how many must.
type plea struct {
	requester string
	role      catalog.EntitlementID
	steps     [][]string // The attackers get hold of the message to the first of the first step.
	quorum    int
}

func pleas() []plea {
	return []plea{
		{"rita", "write", [][]string{{"mona"}}, 1},
		{"rob", "pair", [][]string{{"olga", "owen"}}, 2},
		{"rob", "two", [][]string{{"mona"}, {"owen", "olga"}}, 1},
		{"rita", "both", [][]string{{"mona", "owen"}, {"owen", "mona"}}, 1}, // Each of them decides once.
	}
}

// gather files the requests and opens what the attackers and the honest need.
func gather(w *town) *melee {
	c := &melee{town: w, dialogs: map[string]payload{}}
	for _, k := range pleas() {
		c.scenes = append(c.scenes, &scene{town: w, id: w.asked(k.requester, k.role)})
	}
	for i, k := range pleas() {
		s := c.scenes[i]
		for _, who := range k.steps[0] {
			c.dialogs[string(s.id)+who] = c.dialog(s.id, who)
		}
		s.ask = w.question(s.id, k.steps[0][0])
		s.dialog = c.dialogs[string(s.id)+k.steps[0][0]]
	}
	form := c.scenes[0].formOf("write")
	for _, s := range c.scenes {
		s.form = form
	}
	for _, u := range w.sim.Users() {
		_ = w.sim.CloseAll(w.ctx, u.ID)
	}
	w.settle()
	c.began = time.Now()
	return c
}

func (c *melee) dialog(id access.RequestID, who string) payload {
	p := access.Person{Slack: access.SlackID(slackOf(who))}
	c.click(p, c.question(id, who), actionDeny)
	v := c.view(p, "Deny")
	c.must(c.sim.SetInput(c.ctx, slackOf(who), v.ID, blockReason, actionReason, "No."))
	defer func() { _ = c.sim.CloseAll(c.ctx, slackOf(who)) }()
	return c.scenes[0].read(c.sim.Submitted(slackOf(who), v.ID))
}

// send delivers and keeps the envelope for those who repeat it.
func (c *melee) send(p payload) slacksim.Delivery {
	d := c.scenes[0].send(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = append(c.sent, d.EnvelopeID)
	return d
}

// does is a click of somebody who may, or might have if it had come in time. What is acknowledged must have been done.
func (c *melee) does(who, action string, id access.RequestID, p payload) {
	h := deed{who: who, action: action, id: id, at: time.Now()}
	if action == actionApprove || action == actionDeny {
		h.step = 1
		if actions, ok := p["actions"].([]any); ok { // A dialog was opened at the first step.
			_, h.step, _ = parseDecide(fmt.Sprint(actions[0].(map[string]any)["value"]))
		}
	}
	d := c.send(p)
	h.envelope = d.EnvelopeID
	c.mu.Lock()
	c.honest = append(c.honest, h)
	c.mu.Unlock()
	now := c.request(id)
	decided := slices.ContainsFunc(now.Decisions, func(d access.Decision) bool { return d.Step+1 == h.step && d.By.Slack == access.SlackID(slackOf(who)) })
	if h.step == now.Step+1 && now.State == access.RequestPending && !decided && !c.barred(who, time.Now()) {
		c.t.Errorf("%s by %s was acknowledged and not done: %s, answered %s", action, who, now.Role.Entitlement, d.Ack)
	}
}

// barred reports whether somebody's account was suspended before.
func (c *melee) barred(who string, at time.Time) bool {
	return who == "mona" && c.suspended > 0 && !at.Before(c.began.Add(c.suspended))
}

// decides has somebody press a button of the question that they have in front of them, if there is one.
func (c *melee) decides(who, action string, id access.RequestID) {
	for _, a := range c.request(id).Asks {
		if string(a.Approver.Slack) != slackOf(who) {
			continue
		}
		m, ok := c.sim.Message(a.Message.Channel, a.Message.TS)
		if !ok {
			continue
		}
		if action == actionDeny {
			if p := c.dialogs[string(id)+who]; p != nil {
				c.does(who, action, id, c.scenes[0].again(p))
			}
			return
		}
		if f, err := c.sim.PressedStale(slackOf(who), m, action); err == nil {
			c.does(who, action, id, c.scenes[0].read(f, nil))
		}
	}
}

// touches has the requester press a button of the message about the request, if it has that.
func (c *melee) touches(who, action string, id access.RequestID) {
	r := c.request(id)
	if m, ok := c.sim.Message(r.Status.Channel, r.Status.TS); ok {
		if f, err := c.sim.PressedStale(slackOf(who), m, action); err == nil {
			c.does(who, action, id, c.scenes[0].read(f, nil))
		}
	}
}

// again repeats an envelope that was sent before.
func (c *melee) again(n int) {
	c.mu.Lock()
	sent := slices.Clone(c.sent)
	c.mu.Unlock()
	if len(sent) > 0 {
		_, err := c.sim.Redeliver(c.ctx, sent[n%len(sent)])
		c.must(err)
	}
}

// tricks are all attacks that need nothing but a click, on any of the requests.
func tricks() []attack {
	by := func(who, action string) func(*scene) {
		return func(s *scene) { s.send(s.press(who, actionApprove).set("actions.0.action_id", action)) }
	}
	list := slices.Concat(impostors(), forgeries(), tamperedForms(), tamperedDialogs())
	// What these try is the right of whoever made the request, or of an owner, whose dialog it may be; others try it below.
	list = slices.DeleteFunc(list, func(a attack) bool {
		return strings.HasPrefix(a.name, "giving back") || strings.HasPrefix(a.name, "extending") || a.name == "revoking a request"
	})
	for _, who := range []string{"mona", "lone", "guest", "outsider", "owen"} {
		list = append(list, attack{"giving back by " + who, by(who, actionRelease), ""}, attack{"extending by " + who, by(who, actionExtend), ""},
			attack{"canceling by " + who, by(who, actionCancel), ""})
	}
	for _, who := range []string{"rob", "rita", "mona", "guest"} {
		list = append(list, attack{"revoking by " + who, func(s *scene) { s.send(holder(who, string(s.id), "because")) }, ""})
	}
	return list
}

// moves are what happens, in random order and largely at the same moments.
func (c *melee) moves(dice *rand.Rand) (list []func()) {
	var moments []time.Duration
	for range 4 {
		moments = append(moments, time.Duration(dice.Int64N(int64(150*time.Minute))))
	}
	at := func(f func()) {
		wait := moments[dice.IntN(len(moments))] + time.Duration(dice.Int64N(int64(60*time.Millisecond)))
		list = append(list, func() { time.Sleep(wait); f() })
	}
	if dice.IntN(4) == 0 {
		c.suspended = moments[dice.IntN(len(moments))] + time.Millisecond
		list = append(list, func() { time.Sleep(c.suspended); c.dir.suspend("mona") })
	}
	for i, k := range pleas() {
		for range dice.IntN(5) {
			at(c.right(dice, k, c.scenes[i].id))
		}
	}
	all := tricks()
	for range 30 {
		at(c.wrong(dice, all))
	}
	return list
}

// right is something that somebody may do about a request, at least at some time.
func (c *melee) right(dice *rand.Rand, k plea, id access.RequestID) func() {
	step := k.steps[dice.IntN(len(k.steps))]
	who := step[dice.IntN(len(step))]
	switch dice.IntN(10) {
	case 0:
		return func() { c.decides(who, actionDeny, id) }
	case 1:
		return func() { c.touches(k.requester, actionCancel, id) }
	case 2:
		return func() { c.touches(k.requester, actionRelease, id) }
	}
	return func() { c.decides(who, actionApprove, id) }
}

// wrong is something that nobody may do.
func (c *melee) wrong(dice *rand.Rand, all []attack) func() {
	n, other := dice.IntN(len(c.scenes)), dice.IntN(len(c.scenes))
	s, repeated, a := c.scenes[n], dice.IntN(1000), all[dice.IntN(len(all))]
	switch kind := dice.IntN(8); {
	case kind == 0:
		return func() { c.again(repeated) }
	case kind == 1 && n != other: // The button of one request under the message about another.
		who, to := pleas()[n].steps[0][0], c.scenes[other].id
		return func() {
			r := c.request(to)
			d := c.send(s.press(who, actionApprove).set("actions.0.value", decideValue(r)))
			if slices.ContainsFunc(r.Asks, func(a access.Ask) bool {
				return a.Step == r.Step && string(a.Approver.Slack) == slackOf(who) && a.Message != access.MessageRef{}
			}) {
				return // They have a copy of their own.
			}
			c.mu.Lock()
			defer c.mu.Unlock() // It counts at most if the same person is asked and their own copy is on its way.
			c.honest = append(c.honest, deed{who: who, action: actionApprove, id: to, step: r.Step + 1, envelope: d.EnvelopeID, at: time.Now()})
		}
	}
	return func() { a.play(s) }
}

// did finds the click by which something was done.
func (c *melee) did(id access.RequestID, action string, ok func(deed) bool) bool {
	return slices.ContainsFunc(c.honest, func(h deed) bool { return h.id == id && h.action == action && ok(h) })
}

// judgeAll looks at what came of all this.
func (c *melee) judgeAll() {
	if c.tracker.opens != len(c.scenes) {
		c.t.Errorf("%d issues", c.tracker.opens)
	}
	for i, k := range pleas() {
		r := c.request(c.scenes[i].id)
		for _, p := range slices.Concat(c.decisions(r, k.steps, k.quorum), c.outcome(r, "g"+string(k.role)+" u-"+k.requester)) {
			c.t.Errorf("%s: %s", k.role, p)
		}
	}
	for g, m := range c.dir.members {
		if len(m) > 0 {
			c.t.Errorf("%v are still in %s", m, g)
		}
	}
}

// decisions judges each decision, and whether they are what the state says.
func (c *melee) decisions(r access.Request, steps [][]string, quorum int) (wrong []string) {
	approvals, denials := make([]int, len(steps)), 0
	seen := map[string]bool{}
	for _, d := range r.Decisions {
		who := strings.ToLower(strings.TrimPrefix(string(d.By.Slack), "U1"))
		action := actionApprove
		if d.Verdict == access.Deny {
			action, denials = actionDeny, denials+1
		} else {
			approvals[d.Step]++
		}
		if seen[who] {
			wrong = append(wrong, who+" decided twice")
		}
		seen[who] = true
		if !slices.Contains(steps[d.Step], who) || !c.did(r.ID, action, func(h deed) bool {
			return h.who == who && h.envelope == d.Origin.Envelope && h.step == d.Step+1
		}) {
			wrong = append(wrong, fmt.Sprintf("nobody who may did this: %+v", d))
		}
		if c.barred(who, d.At.Add(-5*time.Minute-time.Second)) { // What the directory says is believed for five minutes.
			wrong = append(wrong, who+" decided long after the account was suspended")
		}
	}
	whole := denials == 0
	for _, n := range approvals {
		whole = whole && n == quorum
	}
	if whole != (r.State == access.RequestApproved) || (denials > 0) != (r.State == access.RequestDenied) || denials > 1 {
		wrong = append(wrong, fmt.Sprintf("%s after %v approvals and %d denials", r.State, approvals, denials))
	}
	return wrong
}

// outcome judges the end of a request and of what it gave.
func (c *melee) outcome(r access.Request, member string) (wrong []string) {
	before := func(t time.Time) func(deed) bool { return func(h deed) bool { return !h.at.After(t) } }
	given := 0
	switch r.State {
	case access.RequestApproved:
		given = 1
		g := c.grant(r.ID)
		byHolder := g.EndReason == access.EndReleased && c.did(r.ID, actionRelease, before(g.RevokingAt))
		if onTime := g.EndReason == access.EndExpired && !g.EndedAt.Before(g.DueAt); g.State != access.GrantEnded || !byHolder && !onTime {
			wrong = append(wrong, fmt.Sprintf("the access is %s: %s at %s, due %s", g.State, g.EndReason, g.EndedAt, g.DueAt))
		}
	case access.RequestCanceled:
		if r.Withdrawn != "" || !c.did(r.ID, actionCancel, before(r.DecidedAt)) {
			wrong = append(wrong, "canceled by nobody who may "+r.Withdrawn)
		}
	case access.RequestExpired:
		if r.DecidedAt.Before(r.Deadline) {
			wrong = append(wrong, "expired before its time")
		}
	case access.RequestPending:
		wrong = append(wrong, "still waits")
	}
	if n := c.dir.adds[member]; n != given {
		wrong = append(wrong, fmt.Sprintf("%s, and access was given %d times", r.State, n))
	}
	return wrong
}

// Attacks of every kind fall among honest clicks, in every order and at the same moments.
func TestAttacksAmongHonestClicksDecideNothing(t *testing.T) {
	t.Parallel()
	n := 100
	if raceOn {
		n = 10
	}
	played, became := 0, map[string]int{}
	first := battery.Seed(t)
	battery.Entries{Commit: battery.Numbers(first, n), Night: battery.Numbers(first, 5_000)}.Play(t, func(t *testing.T, entry string) {
		dice := rand.New(rand.NewPCG(battery.Number(t, entry), 11)) //nolint:gosec // Dice.
		inTown(t, nil, func(w *town) {
			c := gather(w)
			var work sync.WaitGroup
			for _, f := range c.moves(dice) {
				work.Go(f)
			}
			work.Wait()
			time.Sleep(12 * time.Hour)
			w.settle()
			c.judgeAll()
			for _, s := range c.scenes {
				became[fmt.Sprint(c.request(s.id).Role.Entitlement, " ", c.request(s.id).State)]++
			}
			played++
		})
	})
	t.Logf("%d played: %v", played, became)
	if most := len(pleas()) * 4; played >= 100 && len(became) < most-2 {
		t.Errorf("only %d of %d ends of requests came about", len(became), most)
	}
}
