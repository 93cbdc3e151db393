package access

import (
	"slices"
	"time"
)

// state is what one command is decided on: a request, its grant, and the memberships of the grant's groups.
type state struct {
	Request Request
	// Grant is the request's grant, or for an extension the grant to be extended; nil while there is none.
	Grant *Grant
	// Origin is the request whose chain holds the grant's events when that is not Request (extensions).
	Origin *Request
	// Members are the memberships of the grant's groups by key; absent ones are zero.
	Members map[string]Membership
}

// outcome is what a command leads to. Everything in it becomes durable in one transaction.
type outcome struct {
	State   state
	Events  []Event
	Effects []Effect
	Drop    []Effect // By ID and lane.
	Timers  []Timer
	Clear   []string
	// Withdraw is an extension request that lost its grant.
	Withdraw RequestID
}

// command is one thing that happened or is wished for.
type command interface {
	apply(t *turn) error
}

// decide is the whole of Usher's judgment: given a state, a command and the time it returns what follows. It is pure:
// it reads no clock, does no I/O and leaves its arguments alone. An error means that nothing changes.
func decide(s state, c command, now time.Time) (outcome, error) {
	t := &turn{now: now, s: s.clone()}
	if err := c.apply(t); err != nil {
		return outcome{}, err
	}
	t.mirror()
	t.out.State = t.s
	return t.out, nil
}

func (s state) clone() state {
	s.Request = s.Request.clone()
	if s.Grant != nil {
		g := *s.Grant
		g.Groups = slices.Clone(g.Groups)
		s.Grant = &g
	}
	if s.Origin != nil {
		o := s.Origin.clone()
		s.Origin = &o
	}
	members := make(map[string]Membership, len(s.Members))
	for k, m := range s.Members {
		m.Leases = slices.Clone(m.Leases)
		members[k] = m
	}
	s.Members = members
	return s
}

func (r Request) clone() Request {
	r.Decisions = slices.Clone(r.Decisions)
	r.Asks = slices.Clone(r.Asks)
	return r
}

// turn is one run of decide.
type turn struct {
	now time.Time
	s   state
	out outcome
}

func (t *turn) req() *Request { return &t.s.Request }

// home is the request whose chain holds the grant's events.
func (t *turn) home() *Request {
	if t.s.Origin != nil {
		return t.s.Origin
	}
	return &t.s.Request
}

// event appends one event to the chain of r.
func (t *turn) event(r *Request, kind EventKind, actor Person, text string, facts map[string]string) {
	r.Events++
	e := Event{
		Request: r.ID, Seq: r.Events, At: t.now.UTC(), Kind: kind, Actor: actor, Text: text, Facts: facts, Prev: r.Head,
	}
	// Sum fails only if JSON cannot encode strings, which it can; an empty hash would be caught by VerifyChain.
	e.Hash, _ = e.Sum()
	r.Head = e.Hash
	t.out.Events = append(t.out.Events, e)
	if kind.milestone() {
		r.Unmirrored = r.Events
	}
}

// milestone reports whether the issue must show the event by itself; other events ride along with the next that does.
func (k EventKind) milestone() bool {
	switch k {
	case EventStepApproved, EventApproved, EventDenied, EventCanceled, EventLapsed, EventActive, EventFailed,
		EventExtended, EventEnded, EventTrouble, EventTroubleOver, EventMemberLocked:
		return true
	case EventRequested, EventIssueOpened, EventProvisioning, EventInspected, EventMemberAdded, EventRevoking,
		EventMemberJoined, EventMemberRemoved, EventMemberKept:
	}
	return false
}

// wish adds an effect of request r; a second wish for the same thing in one turn replaces the first.
func (t *turn) wish(r *Request, e Effect) {
	r.Wishes++
	e.Request, e.Rev = r.ID, r.Wishes
	e.Rank = r.Role.Risk.Rank()
	if g := t.s.Grant; e.Kind == EffectRemove && g != nil && g.EndReason == EndOffboarded {
		e.Rank += leaverRank
	}
	if e.Due.IsZero() {
		e.Due = t.now
	}
	t.out.Effects = slices.DeleteFunc(t.out.Effects, func(o Effect) bool { return o.ID == e.ID })
	t.out.Drop = slices.DeleteFunc(t.out.Drop, func(o Effect) bool { return o.ID == e.ID })
	t.out.Effects = append(t.out.Effects, e)
}

func (t *turn) drop(e Effect) {
	t.out.Effects = slices.DeleteFunc(t.out.Effects, func(o Effect) bool { return o.ID == e.ID })
	t.out.Drop = append(t.out.Drop, e)
}

func (t *turn) timer(kind TimerKind, r RequestID, g GrantID, at time.Time) {
	t.out.Timers = append(t.out.Timers, Timer{ID: timerID(kind, string(r)), Kind: kind, At: at, Request: r, Grant: g})
}

func (t *turn) clear(kind TimerKind, r RequestID) {
	t.out.Clear = append(t.out.Clear, timerID(kind, string(r)))
}

func timerID(kind TimerKind, id string) string { return string(kind) + "/" + id }

// mirror wishes for the issues to catch up with their milestones.
func (t *turn) mirror() {
	for _, r := range []*Request{t.s.Origin, &t.s.Request} {
		if r == nil || r.Issue.Key == "" || r.Unmirrored <= r.Mirrored || r.Unmirrored == 0 {
			continue
		}
		touched := slices.ContainsFunc(t.out.Events, func(e Event) bool { return e.Request == r.ID && e.Kind.milestone() })
		if touched {
			t.wish(r, mirrorEffect(r))
		}
	}
}

func mirrorEffect(r *Request) Effect {
	return Effect{
		ID: "mirror/" + string(r.ID), Kind: EffectMirror, Target: TargetJira, Lane: "jira/" + string(r.ID),
		Priority: PriorityTracker, Grant: r.Grant,
	}
}
