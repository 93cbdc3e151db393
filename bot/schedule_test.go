package bot

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"usher/access"
	"usher/idp"
	"usher/sandbox/battery"
	"usher/sandbox/slacksim"
)

// lifetime is one request from the command to its end, driven by two people whose envelopes travel badly: late, doubled,
// out of order, cut off, and with acknowledgements that get lost. The people do what people do: look at the screen, and
// try again when Slack shows an error.
type lifetime struct {
	*town
	n   int
	way string // What the people are up to.

	mu   sync.Mutex
	rand *rand.Rand

	again    atomic.Int64 // Buttons pressed again because Slack showed an error.
	filed    bool
	problems []string
	others   map[access.RequestID]bool // Requests of others, so that each is read once.
}

// lives is how many lifetimes share a town, two sockets and some hours of virtual time.
const lives = 50

// late is how late an envelope or its repetition arrives at the most.
const late = 2 * time.Hour

func (l *lifetime) asker() access.Person {
	return access.Person{User: idp.UserID(fmt.Sprintf("u-r%02d", l.n)), Slack: access.SlackID(fmt.Sprintf("U9R%02d", l.n))}
}

func (l *lifetime) boss() access.Person {
	return access.Person{User: idp.UserID(fmt.Sprintf("u-m%02d", l.n)), Slack: access.SlackID(fmt.Sprintf("U9M%02d", l.n))}
}

func (l *lifetime) wrong(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.problems = append(l.problems, fmt.Sprintf(format, args...))
}

// chance is true once in n times.
func (l *lifetime) chance(n int) bool { return l.below(n) == 0 }

func (l *lifetime) below(n int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rand.IntN(n)
}

func (l *lifetime) upTo(d time.Duration) time.Duration { return time.Duration(l.below(int(d))) }

// carriage is how the next envelope of this lifetime travels.
func (l *lifetime) carriage() slacksim.Carriage {
	var c slacksim.Carriage
	switch l.below(10) {
	case 0:
		c.Delay = l.upTo(time.Second)
	case 1:
		c.Delay = l.upTo(4 * time.Second)
	case 2:
		c.Delay = l.upTo(late)
	}
	if l.chance(2) {
		for range 1 + l.below(4) {
			c.Again = append(c.Again, l.upTo([]time.Duration{time.Millisecond, time.Second, 10 * time.Minute, late - c.Delay}[l.below(4)]))
		}
	}
	if l.chance(5) {
		c.LoseAcks = 1 + l.below(2)
	}
	c.Cut = l.chance(15)
	return c
}

// owner reads whose envelope a payload is.
func owner(payload json.RawMessage) int {
	var p struct {
		UserID string          `json:"user_id"`
		User   json.RawMessage `json:"user"`
		Event  json.RawMessage `json:"event"`
	}
	if json.Unmarshal(payload, &p) != nil {
		return -1
	}
	for _, s := range []string{p.UserID, string(p.User), string(p.Event)} {
		for _, mark := range []string{"U9R", "U9M"} {
			if i := strings.Index(s, mark); i >= 0 && len(s) >= i+5 {
				if n, err := strconv.Atoi(s[i+3 : i+5]); err == nil {
					return n
				}
			}
		}
	}
	return -1
}

func (l *lifetime) pause() { time.Sleep(200*time.Millisecond + l.upTo(5*time.Second)) }

// sees waits a while for a window with these words.
func (l *lifetime) sees(who access.Person, patience time.Duration, words ...string) (slacksim.View, bool) {
	for end := time.Now().Add(patience); ; time.Sleep(500 * time.Millisecond) {
		if v, ok := l.sim.View(id(who)); ok && holds(v.Plain(), words) {
			return v, true
		}
		if time.Now().After(end) {
			return slacksim.View{}, false
		}
	}
}

// file opens the form and sends it. It reports false when the person gave up.
func (l *lifetime) file() bool {
	who := id(l.asker())
	for range 30 {
		l.pause()
		if _, open := l.sim.View(who); !open {
			_, _ = l.sim.Run(l.ctx, who, "/access", "")
		}
		v, ok := l.sees(l.asker(), 5*time.Second, "App and role")
		if !ok {
			_ = l.sim.CloseAll(l.ctx, who) // "Opening…" for ever, or nothing.
			continue
		}
		if _, err := l.sim.Options(l.ctx, who, v.ID, blockEntitlement, actionEntitlement, ""); err != nil {
			continue
		}
		_ = l.sim.SetInput(l.ctx, who, v.ID, blockEntitlement, actionEntitlement, "write")
		if v, ok = l.sees(l.asker(), 5*time.Second, "Who decides"); !ok {
			continue
		}
		if l.sim.SetInput(l.ctx, who, v.ID, blockReason, actionReason, "Because") != nil {
			continue
		}
		if l.submit(v) {
			return true
		}
	}
	return false
}

// submit presses the button until the form is gone or says that it is filed.
func (l *lifetime) submit(v slacksim.View) bool {
	for range 10 {
		got, err := l.sim.SubmitView(l.ctx, id(l.asker()), v.ID)
		if err == nil && got.Delivery.Acked {
			if len(got.Errors) > 0 {
				l.wrong("the form was refused: %v", got.Errors)
				return false
			}
			if _, ok := l.sees(l.asker(), 30*time.Second, "Request filed"); ok {
				l.filed = true
				_ = l.sim.CloseAll(l.ctx, id(l.asker()))
				return true
			}
			last, _ := l.sim.View(id(l.asker()))
			if strings.Contains(last.Plain(), "asked for") { // An earlier sending of the same form was faster.
				l.wrong("the same form was taken for another: %s", last.Plain())
			}
		}
		if now, open := l.sim.View(id(l.asker())); !open || now.ID != v.ID {
			break
		}
		l.again.Add(1)
		l.pause()
	}
	return false
}

func (l *lifetime) requests() []access.Request {
	var list []access.Request
	for _, id := range l.tracker.ids() {
		if l.isOther(id) {
			continue
		}
		if r := l.request(id); r.Requester.User == l.asker().User {
			list = append(list, r)
		} else {
			l.mu.Lock()
			l.others[id] = true
			l.mu.Unlock()
		}
	}
	return list
}

func (l *lifetime) isOther(id access.RequestID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.others[id]
}

// press clicks until Slack shows no error. What was acknowledged must have been done.
func (l *lifetime) press(who access.Person, m slacksim.Message, action string) {
	for range 8 {
		got, err := l.sim.Click(l.ctx, id(who), slacksim.InMessage(m.Channel, m.TS), action)
		if err == nil {
			if rs := l.requests(); action != actionDeny && len(rs) == 1 && rs[0].State == access.RequestPending {
				l.wrong("%s was acknowledged (%s) and the request still waits", action, got.Delivery.EnvelopeID)
			}
			return
		}
		if now, ok := l.sim.Message(m.Channel, m.TS); !ok || !strings.Contains(now.Plain(), "Approve]") && action != actionCancel {
			return // The button is gone: it was done.
		}
		l.again.Add(1)
		l.pause()
	}
}

func (l *lifetime) deny(m slacksim.Message) {
	for range 8 {
		_, _ = l.sim.Click(l.ctx, id(l.boss()), slacksim.InMessage(m.Channel, m.TS), actionDeny)
		v, ok := l.sees(l.boss(), 5*time.Second, "Why not?")
		if !ok {
			l.again.Add(1)
			l.pause()
			continue
		}
		for range 5 {
			if l.sim.SetInput(l.ctx, id(l.boss()), v.ID, blockReason, actionReason, "No.") != nil {
				return
			}
			got, err := l.sim.SubmitView(l.ctx, id(l.boss()), v.ID)
			if err == nil && got.Delivery.Acked {
				if rs := l.requests(); got.Closed && len(rs) == 1 && rs[0].State == access.RequestPending {
					l.wrong("the denial closed and the request still waits")
				}
				_ = l.sim.CloseAll(l.ctx, id(l.boss()))
				return
			}
			l.again.Add(1)
			l.pause()
		}
	}
}

// play lives the lifetime.
func (l *lifetime) play() {
	_ = l.sim.OpenHome(l.ctx, id(l.boss()))
	if !l.file() {
		return
	}
	var ask slacksim.Message
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Second) {
		if rs := l.requests(); len(rs) == 1 && len(rs[0].Asks) == 1 {
			if m, ok := l.sim.Message(rs[0].Asks[0].Message.Channel, rs[0].Asks[0].Message.TS); ok {
				ask = m
				break
			}
		}
		if time.Now().After(end) {
			l.wrong("nobody was asked")
			return
		}
	}
	l.pause()
	switch l.way = []string{"approve", "approve twice", "deny", "cancel", "approve and cancel", "approve and deny"}[l.below(6)]; l.way {
	case "approve":
		l.press(l.boss(), ask, actionApprove)
	case "approve twice":
		l.again.Add(2)
		together(func() { l.press(l.boss(), ask, actionApprove) }, func() { l.press(l.boss(), ask, actionApprove) })
	case "deny":
		l.deny(ask)
	case "cancel":
		l.cancel()
	case "approve and cancel":
		l.again.Add(2)
		together(func() { l.press(l.boss(), ask, actionApprove) }, l.cancel)
	case "approve and deny":
		l.again.Add(2)
		together(func() { l.press(l.boss(), ask, actionApprove) }, func() { l.deny(ask) })
	}
}

func (l *lifetime) cancel() {
	rs := l.requests()
	if m, ok := l.sim.Message(rs[0].Status.Channel, rs[0].Status.TS); ok {
		l.press(l.asker(), m, actionCancel)
	}
}

// judge looks at the end, when everything late has arrived.
func (l *lifetime) judge() {
	rs := l.requests()
	if len(rs) > 1 || l.filed && len(rs) == 0 {
		l.wrong("%d requests, filed %t", len(rs), l.filed)
	}
	for _, r := range rs {
		if r.State == access.RequestPending || len(r.Decisions) > 1 {
			l.wrong("%s with %d decisions", r.State, len(r.Decisions))
		}
		most := 0
		if r.State == access.RequestApproved {
			most = 1
		}
		if n := l.dir.adds["gwrite "+string(l.asker().User)]; n != most {
			l.wrong("%s, and access was given %d times", r.State, n)
		}
	}
	told := 0
	for _, who := range []access.Person{l.asker(), l.boss()} {
		for _, m := range l.sim.Messages(id(who)) {
			if m.Ephemeral {
				told++
			}
			if m.Ephemeral && strings.Contains(m.Plain(), "wrong on our side") {
				l.wrong("%s was told: %s", who.User, m.Plain())
			}
		}
	}
	if again := int(l.again.Load()); told > again {
		l.wrong("%d sentences for %d further tries: a repetition was taken for a click", told, again)
	}
}

// playSchedules lives many lifetimes in one town.
func playSchedules(t *testing.T, seed uint64) {
	t.Helper()
	var all []*lifetime
	for n := range lives {
		all = append(all, &lifetime{n: n, rand: rand.New(rand.NewPCG(seed, uint64(n))), others: map[access.RequestID]bool{}})
	}
	adjust := func(sc *slacksim.Config, _ *Config) {
		for _, l := range all {
			for _, p := range []access.Person{l.asker(), l.boss()} {
				name := strings.TrimPrefix(string(p.User), "u-")
				sc.Users = append(sc.Users, slacksim.User{ID: id(p), Name: name, Email: name + "@x.example", EmailConfirmed: true})
			}
		}
		sc.Carry = func(_ string, payload json.RawMessage) slacksim.Carriage {
			if n := owner(payload); n >= 0 && n < lives {
				return all[n].carriage()
			}
			return slacksim.Carriage{}
		}
	}
	inTown(t, adjust, func(w *town) {
		w.dir.mu.Lock()
		for _, l := range all {
			l.town = w
			w.dir.people[l.asker().User] = l.boss().User
			for _, p := range []access.Person{l.asker(), l.boss()} {
				email := strings.TrimPrefix(string(p.User), "u-") + "@x.example"
				w.dir.users[p.User] = idp.User{ID: p.User, Name: email, Email: email, Department: "Eng", Status: idp.Active}
			}
		}
		w.dir.mu.Unlock()
		var work sync.WaitGroup
		for _, l := range all {
			work.Go(l.play)
		}
		work.Wait()
		time.Sleep(late + time.Hour) // Everything late arrives, what nobody decided expires.
		w.settle()
		for _, l := range all {
			l.judge()
			for _, p := range l.problems {
				t.Errorf("seed %d, lifetime %d (%s): %s", seed, l.n, l.way, p)
			}
		}
		oneWindowPerTrigger(t, w)
	})
}

// oneWindowPerTrigger makes sure that no window was asked for twice.
func oneWindowPerTrigger(t *testing.T, w *town) {
	t.Helper()
	opened := map[string]int{}
	for _, c := range w.sim.Calls() {
		var body struct {
			Trigger string `json:"trigger_id"`
		}
		if c.Name == "views.open" && json.Unmarshal([]byte(c.Body), &body) == nil {
			if opened[body.Trigger]++; opened[body.Trigger] == 2 {
				t.Errorf("a window was opened twice for one trigger: %.200s", c.Body)
			}
		}
	}
}

func TestRequestsSurviveEverySchedule(t *testing.T) {
	t.Parallel()
	towns := 4 // Times fifty lifetimes.
	if raceOn {
		towns = 1
	}
	first := uint64(time.Now().UnixNano())
	if os.Getenv("USHER_SEED") != "" {
		first = battery.Seed(t)
	}
	battery.Entries{Commit: battery.Numbers(first, towns), Night: battery.Numbers(battery.Seed(t), 400)}.Play(t, func(t *testing.T, entry string) {
		t.Parallel()
		playSchedules(t, battery.Number(t, entry))
	})
}
