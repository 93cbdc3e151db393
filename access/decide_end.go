package access

import (
	"fmt"
	"time"

	"usher/catalog"
)

// due ends a grant whose time is up.
type due struct{}

func (due) apply(t *turn) error {
	g := t.s.Grant
	if g.DueAt.IsZero() || (g.State != GrantActive && g.State != GrantProvisioning) {
		t.clear(TimerDue, g.Request)
		return nil
	}
	if t.now.Before(g.DueAt) {
		return errTooEarly
	}
	if g.State == GrantProvisioning {
		return t.fail("The time asked for passed before access could be proven.")
	}
	return t.revoke(EndExpired, Person{}, "")
}

// release is the holder giving access back early.
type release struct{ By Person }

func (c release) apply(t *turn) error {
	g := t.s.Grant
	if !c.By.Is(g.Subject) {
		return &Refusal{Code: NotAllowed, Text: "Only the person who holds the access can give it back.", Request: g.Request}
	}
	return t.endEarly(EndReleased, c.By, "")
}

// takeaway is an owner or admin ending somebody's access. The service has checked which of the two By is.
type takeaway struct {
	By     Person
	May    bool
	Reason string
}

func (c takeaway) apply(t *turn) error {
	g := t.s.Grant
	switch {
	case !c.May:
		return &Refusal{Code: NotAllowed, Text: "Only an owner of " + g.Role.AppName + " or an admin can revoke this access.", Request: g.Request}
	case c.Reason == "":
		return &Refusal{Code: ReasonMissing, Field: FieldReason, Text: "Please say why; the holder and the record will show it.", Request: g.Request}
	}
	return t.endEarly(EndRevoked, c.By, c.Reason)
}

func (t *turn) endEarly(why EndReason, by Person, note string) error {
	g := t.s.Grant
	switch {
	case g.State == GrantProvisioning && g.Failure == "":
		g.EndedBy, g.EndNote = by, note
		return t.fail(fmt.Sprintf("%s stopped it before access was given.", by))
	case g.State != GrantActive:
		return &Refusal{Code: GrantOver, Text: "This access has ended or is ending already.", Request: g.Request}
	}
	return t.revoke(why, by, note)
}

// revoke starts the removal. It needs neither Jira nor Slack.
func (t *turn) revoke(why EndReason, by Person, note string) error {
	g := t.s.Grant
	if err := g.move(GrantRevoking); err != nil {
		return err
	}
	g.EndReason, g.EndedBy, g.EndNote, g.RevokingAt = why, by, note, t.now.UTC()
	t.clear(TimerDue, g.Request)
	t.clear(TimerNotice, g.Request)
	text := map[EndReason]string{
		EndExpired:    "The time is up; Usher is removing the access.",
		EndReleased:   by.String() + " gave the access back; Usher is removing it.",
		EndRevoked:    by.String() + " revoked the access: " + note,
		EndOffboarded: "The account of " + g.Subject.String() + " is not active any more; Usher is removing the access.",
	}[why]
	t.event(t.home(), EventRevoking, by, text, map[string]string{"reason": string(why), "note": note})
	if g.Extending != "" {
		t.out.Withdraw, g.Extending = g.Extending, ""
	}
	t.takeBack()
	return t.maybeEnded()
}

// Met is what a removal met.
type Met string

const (
	// MetMember means a membership, as far as Usher knows.
	MetMember Met = ""
	// MetNothing means that it was found absent: an earlier try may have removed it, or there is no such user or group.
	MetNothing Met = "nothing"
	// MetNever means that it was never seen there, and not right before the removal either.
	MetNever Met = "never"
	// MetUnknown means that it was never seen there, and could not be read right before the removal.
	MetUnknown Met = "unknown"
)

// removed says that the membership was removed and its absence read back.
type removed struct {
	Group catalog.Group
	Met   Met
	// Doubt is when an earlier process may have sent an addition; zero means never.
	Doubt time.Time
}

func (c removed) apply(t *turn) error {
	g := t.s.Grant
	gg := g.group(c.Group)
	if gg == nil || gg.Phase != PhaseRemove {
		return nil
	}
	gg.Phase = PhaseGone
	m := t.member(c.Group)
	again := !m.Given // The removal was told by another grant, which ended a moment before.
	// What was given up and may still come about is Usher's for whoever waits to be given it.
	m.Given = len(m.Leases) > 0 && !m.Preexisting
	m.Shown, m.Locking, m.Lock, m.RemovedAt = false, false, time.Time{}, t.now.UTC()
	if c.Doubt.After(m.Unanswered) {
		m.Unanswered = c.Doubt.UTC()
	}
	if !t.now.Before(m.Unanswered.Add(mayLand)) {
		m.Unanswered = time.Time{}
	}
	t.s.Members[m.Key()] = m
	text, facts := "Removed "+g.Subject.String()+" from "+c.Group.String()+" and read the absence back.", map[string]string{"group": c.Group.String()}
	met := c.Met
	if again && met != MetNever {
		met = MetNothing
	}
	switch met {
	case MetMember:
	case MetNever:
		text = "Read that " + g.Subject.String() + " is not a member of " + c.Group.String() + "; asked for the removal all the same and read the absence back."
		facts["found"] = "true"
	case MetUnknown:
		text = "Asked for the removal of " + g.Subject.String() + " from " + c.Group.String() + " without knowing of a membership, and read the absence back."
		facts["found"] = "unknown"
	case MetNothing:
		text, facts["found"] = "Read that "+g.Subject.String()+" is not a member of "+c.Group.String()+"; there was nothing left to remove.", "true"
	}
	t.event(t.home(), EventMemberRemoved, Person{}, text, facts)
	return t.maybeEnded()
}

// kept says that a removal was not carried out because a lease was taken meanwhile; if Blind, that it may have been all the
// same, by an earlier try, and could not be looked into.
type kept struct {
	Group catalog.Group
	Blind bool
}

func (c kept) apply(t *turn) error {
	gg := t.s.Grant.group(c.Group)
	if gg == nil || gg.Phase != PhaseRemove {
		return nil
	}
	if !c.Blind {
		t.keep(gg, "another grant needs it")
		return t.maybeEnded()
	}
	gg.Phase = PhaseKept
	t.event(t.home(), EventMemberKept, Person{}, "Another grant needs the membership of "+c.Group.String()+", so Usher asks for its removal no"+
		" more; whether an earlier try has removed it could not be read.", map[string]string{"group": c.Group.String(), "found": "unknown"})
	return t.maybeEnded()
}

// maybeEnded closes the grant when no group is left to be removed.
func (t *turn) maybeEnded() error {
	g := t.s.Grant
	for _, gg := range g.Groups {
		if gg.Phase != PhaseGone && gg.Phase != PhaseKept {
			return nil
		}
	}
	r := t.home()
	if g.State == GrantProvisioning {
		if err := g.move(GrantFailed); err != nil {
			return err
		}
		g.EndedAt = t.now.UTC()
		t.event(r, EventFailed, g.EndedBy, "Access was not given: "+g.Failure, nil)
		t.askAll() // Who approved should know.
	} else {
		if err := g.move(GrantEnded); err != nil {
			return err
		}
		g.EndedAt = t.now.UTC()
		t.event(r, EventEnded, g.EndedBy, t.endedText(), map[string]string{
			"reason": string(g.EndReason), "late": g.Lateness().Round(time.Millisecond).String(),
		})
		t.renotify()
	}
	t.recovered(r, g)
	t.statusOf(r)
	return nil
}

func (t *turn) endedText() string {
	g := t.s.Grant
	switch g.EndReason {
	case EndReleased:
		return "Access has ended: given back by " + g.EndedBy.String() + "."
	case EndRevoked:
		return "Access has ended: revoked by " + g.EndedBy.String() + "."
	case EndExpired:
		late := "on time"
		if l := g.Lateness(); l >= time.Minute {
			late = l.Round(time.Second).String() + " late"
		}
		return "Access has ended: its time was up (" + late + ")."
	case EndOffboarded:
		return "Access has ended: the account is not active any more."
	case EndReview, EndReclaimed, EndLost:
	}
	return "Access has ended."
}

// notice tells the holder that the end is near.
type notice struct{}

func (notice) apply(t *turn) error {
	g := t.s.Grant
	t.clear(TimerNotice, g.Request)
	if g.State != GrantActive || g.DueAt.IsZero() || t.now.After(g.DueAt) {
		return nil
	}
	if t.now.Before(g.DueAt.Add(-g.Role.Notice)) {
		return errTooEarly
	}
	t.outdate(t.home(), MessageRef{}, g.Notice) // A later notice is a message of its own.
	g.Notice = MessageRef{}
	g.Notices++
	t.notify()
	return nil
}

// notify wishes for the notice to be posted or brought up to date.
func (t *turn) notify() {
	r, g := t.home(), t.s.Grant
	t.wish(r, Effect{
		ID: "notice/" + string(g.ID), Kind: EffectNotice, Target: TargetSlack, Lane: "slack/" + string(r.ID),
		Priority: PriorityMessage, Grant: g.ID, User: r.Requester.User,
	})
}

// renotify brings the notice up to date if there is one: what it said of the end is not true any more.
func (t *turn) renotify() {
	if t.s.Grant.Notice != (MessageRef{}) {
		t.notify()
	}
}

// extend moves the end of the present grant.
func (t *turn) extend() error {
	r, g := t.req(), t.s.Grant
	if g.Extending == r.ID {
		g.Extending = ""
	}
	if !g.extendable(t.now) {
		r.Trouble, r.Failure = "", "The access had ended before the extension took effect."
		t.event(r, EventTrouble, Person{}, r.Failure, nil)
		t.status()
		return nil
	}
	r.Extended = true
	g.Extensions++
	g.Duration += r.Duration
	g.DueAt = g.DueAt.Add(time.Duration(r.Duration))
	t.renotify()
	t.armEnd()
	t.lock()
	text := "Access is extended until " + stamp(g.DueAt) + "."
	facts := map[string]string{"due": g.DueAt.Format(time.RFC3339), "extension": string(r.ID)}
	t.event(t.home(), EventExtended, r.Requester, text, facts)
	t.event(r, EventExtended, r.Requester, text, facts)
	t.statusOf(t.home())
	t.status()
	return nil
}
