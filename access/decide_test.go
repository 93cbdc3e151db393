package access

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"usher/catalog"
	"usher/idp"
)

func day0() time.Time { return time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC) }

func named(n string) Person { return Person{User: idp.UserID(n), Slack: SlackID("U" + n), Name: n} }

// asked is a request as the service hands it to submit: manager first, then security, on two groups.
func asked() submit {
	steps := []catalog.Step{{Quorum: 1}, {Quorum: 1}}
	role := Role{
		App: "app", AppName: "App", Entitlement: "role", EntitlementName: "Role", Risk: catalog.RiskHigh,
		Groups: []catalog.Group{{Provider: "okta", ID: "a"}, {Provider: "okta", ID: "b"}}, Notice: 10 * time.Minute,
	}
	r := Request{
		ID: "r1", Kind: KindAccess, Requester: named("rita"), Subject: named("rita"), Role: role, Duration: catalog.Duration(time.Hour),
		Justification: "work", Policy: Policy{Version: "v", Rule: "two", Steps: steps}, Deadline: day0().Add(72 * time.Hour),
	}
	return submit{Request: r, Asks: []Ask{{Step: 0, Approver: named("mona")}}}
}

// history plays commands from nothing, checking every step; a refused command changes nothing and is passed over.
type history struct {
	t      rapid.TB
	s      state
	now    time.Time
	events []Event
	timers map[string]Timer
}

func newHistory(t rapid.TB) *history {
	return &history{t: t, now: day0(), timers: map[string]Timer{}}
}

// do decides one command, checks what must always hold, and reports whether it was accepted.
func (h *history) do(c command) bool {
	before, kept := h.s.clone(), h.s.clone()
	out, err := decide(h.s, c, h.now)
	again, errAgain := decide(before, c, h.now)
	if !reflect.DeepEqual(h.s.clone(), kept) {
		h.t.Fatalf("%T changed its argument", c)
	}
	if (err == nil) != (errAgain == nil) || !reflect.DeepEqual(out, again) {
		h.t.Fatalf("%T decides twice in two ways", c)
	}
	if err != nil {
		return false
	}
	h.check(c, kept, out)
	h.s = out.State
	h.events = append(h.events, out.Events...)
	for _, id := range out.Clear {
		delete(h.timers, id)
	}
	for _, t := range out.Timers {
		h.timers[t.ID] = t
	}
	if err := VerifyChain(h.events); err != nil {
		h.t.Fatalf("after %T: %v", c, err)
	}
	h.checkTimers(c)
	h.checkLeases(c)
	return true
}

// check compares a step with the tables and with what may be wished for.
func (h *history) check(c command, was state, out outcome) {
	now := out.State
	if a, b := was.Request.State, now.Request.State; a != "" && a != b && !slices.Contains(requestMoves()[a], b) {
		h.t.Fatalf("%T moves the request from %s to %s", c, a, b)
	}
	kinds := map[EventKind]int{}
	for _, e := range out.Events {
		kinds[e.Kind]++
	}
	if a, b := was.Request.State, now.Request.State; a != b && b != RequestPending {
		want := map[RequestState]EventKind{RequestApproved: EventApproved, RequestDenied: EventDenied, RequestCanceled: EventCanceled, RequestExpired: EventLapsed}[b]
		if kinds[want] != 1 {
			h.t.Fatalf("%T: request became %s with %d events %s", c, b, kinds[want], want)
		}
	}
	if was.Grant != nil && now.Grant.State != was.Grant.State {
		if !slices.Contains(grantMoves()[was.Grant.State], now.Grant.State) {
			// Two moves in one step are fine if both are in the table: revoking and ended at once.
			if was.Grant.State != GrantActive || now.Grant.State != GrantEnded {
				h.t.Fatalf("%T moves the grant from %s to %s", c, was.Grant.State, now.Grant.State)
			}
		}
		want := map[GrantState]EventKind{GrantActive: EventActive, GrantRevoking: EventRevoking, GrantEnded: EventEnded, GrantFailed: EventFailed}[now.Grant.State]
		if kinds[want] != 1 {
			h.t.Fatalf("%T: grant became %s with %d events %s", c, now.Grant.State, kinds[want], want)
		}
	}
	for _, e := range out.Effects {
		switch e.Kind {
		case EffectInspect, EffectAdd:
			if now.Request.State != RequestApproved || now.Request.Issue.Key == "" || now.Grant.Failure != "" {
				h.t.Fatalf("%T wishes for %s without approval, issue or while giving up", c, e.Kind)
			}
		case EffectRemove:
			if m := now.Members[membershipKey(e.Group, e.User)]; len(m.Leases) > 0 || m.Preexisting {
				h.t.Fatalf("%T wishes to remove a membership that is held or not ours: %+v", c, m)
			}
		case EffectAsk:
			if now.Request.Issue.Key == "" {
				h.t.Fatalf("%T asks before the issue exists", c)
			}
		case EffectOpen, EffectMirror, EffectRoute, EffectStatus, EffectNotice, EffectFold:
		}
	}
}

// checkTimers holds the timers against the states they are for.
func (h *history) checkTimers(c command) {
	_, deadline := h.timers["deadline/r1"]
	if want := h.s.Request.State == RequestPending; deadline != want {
		h.t.Fatalf("after %T in %s: deadline timer %t", c, h.s.Request.State, deadline)
	}
	g := h.s.Grant
	if g == nil {
		return
	}
	at, ends := h.timers["due/r1"]
	if want := g.Live() && !g.DueAt.IsZero() && g.Failure == ""; ends != want || ends && !at.At.Equal(g.DueAt) {
		h.t.Fatalf("after %T in %s: due timer %t at %s, due %s", c, g.State, ends, at.At, g.DueAt)
	}
	for _, gg := range g.Groups {
		if gg.Phase == PhaseAdd && g.DueAt.IsZero() && g.Duration != catalog.Standing {
			h.t.Fatalf("after %T: a membership may exist that has no end", c)
		}
	}
}

// checkLeases holds the memberships against the grant.
func (h *history) checkLeases(c command) {
	g := h.s.Grant
	if g == nil {
		return
	}
	for _, gg := range g.Groups {
		m := h.s.Members[membershipKey(gg.Group, g.Subject.User)]
		held := slices.Contains(m.Leases, g.ID)
		if want := g.Live() && g.Failure == ""; held != want {
			h.t.Fatalf("after %T in %s: lease on %s is %t", c, g.State, gg.Group, held)
		}
		if g.State == GrantActive && gg.Phase != PhaseMember {
			h.t.Fatalf("after %T: active with %s in phase %s", c, gg.Group, gg.Phase)
		}
		if g.State.Final() && m.Given && len(m.Leases) == 0 {
			h.t.Fatalf("after %T: the grant is over and a membership of ours is left in %s", c, gg.Group)
		}
	}
}

func TestAnyOrderOfCommandsKeepsWhatMustHold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory(t)
		if !h.do(asked()) {
			t.Fatal("the submission was refused")
		}
		groups := asked().Request.Role.Groups
		active := idp.User{ID: "rita", Status: idp.Active, StatusDetail: "ACTIVE"}
		gone := idp.User{ID: "rita", Status: idp.Departed, StatusDetail: "DEPROVISIONED"}
		someone := func() Person {
			return named(rapid.SampledFrom([]string{"rita", "mona", "sec", "stranger"}).Draw(t, "who"))
		}
		group := func() catalog.Group { return rapid.SampledFrom(groups).Draw(t, "group") }
		home := Origin{Home: true}
		commands := map[string]func() command{
			"open":  func() command { return issueOpened{Issue: Issue{ID: "1", Key: "A-1"}, Written: h.s.Request.Events} },
			"route": func() command { return routed{Step: 1, Asks: []Ask{{Step: 1, Approver: named("sec")}}} },
			"approve": func() command {
				return verdict{By: someone(), Verdict: Approve, Origin: home, Step: h.s.Request.Step, Allowed: []Person{named("mona"), named("sec")}}
			},
			"deny": func() command {
				return verdict{By: someone(), Verdict: Deny, Reason: "no", Origin: home, Step: h.s.Request.Step, Allowed: []Person{named("mona")}}
			},
			"cancel":  func() command { return cancel{By: someone()} },
			"lapse":   func() command { return lapse{} },
			"inspect": func() command { return inspected{Group: group(), User: active, Member: rapid.Bool().Draw(t, "member")} },
			"left":    func() command { return inspected{Group: group(), User: gone} },
			"added":   func() command { return added{Group: group()} },
			"refused": func() command { return refused{Group: group(), Why: "no such group."} },
			"due":     func() command { return due{} },
			"notice":  func() command { return notice{} },
			"release": func() command { return release{By: someone()} },
			"revoke":  func() command { return takeaway{By: someone(), May: true, Reason: "audit"} },
			"removed": func() command { return removed{Group: group()} },
			"trouble": func() command { return trouble{Kind: EffectAdd, Text: "down"} },
			"mirror":  func() command { return mirrored{UpTo: h.s.Request.Events} },
		}
		names := make([]string, 0, len(commands))
		for n := range commands {
			names = append(names, n)
		}
		slices.Sort(names)
		needGrant := []string{"inspect", "left", "added", "refused", "due", "notice", "release", "revoke", "removed"}
		for range rapid.IntRange(5, 60).Draw(t, "length") {
			name := rapid.SampledFrom(names).Draw(t, "command")
			if h.s.Grant == nil && slices.Contains(needGrant, name) {
				continue
			}
			// A removal is reported only where one is under way, as the runner does.
			c := commands[name]()
			if r, ok := c.(removed); ok && h.s.Grant.group(r.Group).Phase != PhaseRemove {
				continue
			}
			h.do(c)
			if rapid.IntRange(0, 4).Draw(t, "wait") == 0 {
				h.now = h.now.Add(rapid.SampledFrom([]time.Duration{time.Minute, 50 * time.Minute, time.Hour, 80 * time.Hour}).Draw(t, "by"))
			}
		}
	})
}

func TestStepsNeedDifferentPeopleToBePassable(t *testing.T) {
	t.Parallel()
	a, b, c := named("a"), named("b"), named("c")
	one, two := catalog.Step{Quorum: 1}, catalog.Step{Quorum: 2}
	for name, x := range map[string]struct {
		people [][]Person
		steps  []catalog.Step
		want   bool
	}{
		"one person for one step":     {[][]Person{{a}}, []catalog.Step{one}, true},
		"one person for two steps":    {[][]Person{{a}, {a}}, []catalog.Step{one, one}, false},
		"the first can step aside":    {[][]Person{{a, b}, {a}}, []catalog.Step{one, one}, true},
		"a chain of stepping aside":   {[][]Person{{a}, {a, b}, {b, c}}, []catalog.Step{one, one, one}, true},
		"two of two and one more":     {[][]Person{{a, b}, {a, b, c}}, []catalog.Step{two, one}, true},
		"two of two and none left":    {[][]Person{{a, b}, {a, b}}, []catalog.Step{two, one}, false},
		"nobody for the second":       {[][]Person{{a}, {}}, []catalog.Step{one, one}, false},
		"no quorum written means one": {[][]Person{{a}}, []catalog.Step{{}}, true},
	} {
		if got := passable(x.people, x.steps); got != x.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestAlteredChainIsFound(t *testing.T) {
	t.Parallel()
	h := newHistory(t)
	h.do(asked())
	h.do(issueOpened{Issue: Issue{ID: "1", Key: "A-1"}, Written: 1})
	h.do(cancel{By: named("rita")})
	for name, change := range map[string]func([]Event) []Event{
		"text":    func(e []Event) []Event { e[1].Text = "other"; return e },
		"removed": func(e []Event) []Event { return append(e[:1], e[2:]...) },
		"swapped": func(e []Event) []Event { e[0], e[1] = e[1], e[0]; return e },
		"actor":   func(e []Event) []Event { e[2].Actor = named("eve"); return e },
	} {
		if VerifyChain(change(slices.Clone(h.events))) == nil {
			t.Errorf("%s: not found", name)
		}
	}
	if err := VerifyChain(h.events); err != nil {
		t.Error(err)
	}
}
