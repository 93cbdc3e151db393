package access

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"usher/catalog"
	"usher/idp"
)

// errTooEarly means that a timer fired before its time; it is set again, never obeyed.
var errTooEarly = errors.New("too early")

// lateRead is how long after Usher's own removal a read that still shows the member is taken for a late read.
const lateRead = 2 * time.Minute

// begin turns an approved request with an issue into access: a new grant, or a later end of the present one.
func (t *turn) begin() error {
	r := t.req()
	if r.Kind == KindExtension {
		return t.extend()
	}
	g := &Grant{
		ID: GrantID(r.ID), Request: r.ID, State: GrantProvisioning, Subject: r.Subject, Role: r.Role, Duration: r.Duration,
	}
	t.s.Grant, r.Grant = g, g.ID
	if t.s.Members == nil {
		t.s.Members = map[string]Membership{}
	}
	t.event(r, EventProvisioning, Person{}, "Usher is giving access.", nil)
	for _, group := range r.Role.Groups {
		g.Groups = append(g.Groups, GrantGroup{Group: group, Phase: PhaseInspect})
		m := t.member(group)
		m.Leases = append(m.Leases, g.ID)
		t.s.Members[m.Key()] = m
		t.wish(r, t.memberEffect(EffectInspect, group))
	}
	return nil
}

func (t *turn) member(group catalog.Group) Membership {
	m, ok := t.s.Members[membershipKey(group, t.s.Grant.Subject.User)]
	if !ok {
		m = Membership{Group: group, User: t.s.Grant.Subject.User}
	}
	return m
}

// memberEffect is one provider call; all of one membership share a lane, so that they never overtake each other.
func (t *turn) memberEffect(kind EffectKind, group catalog.Group) Effect {
	g := t.s.Grant
	key := membershipKey(group, g.Subject.User)
	e := Effect{
		ID: string(kind) + "/" + string(g.ID) + "/" + key, Kind: kind, Target: group.Provider, Lane: "idp/" + key,
		Priority: PriorityProvision, Grant: g.ID, Group: group, User: g.Subject.User,
	}
	switch kind { //nolint:exhaustive // The others give access.
	case EffectRemove:
		e.Priority = PriorityRemoval
		e.Due = g.DueAt
		if g.EndReason != EndExpired {
			e.Due = t.now
		}
	case EffectLock:
		e.Priority = PriorityLock
	}
	return e
}

func (g *Grant) group(id catalog.Group) *GrantGroup {
	for i := range g.Groups {
		if g.Groups[i].Group == id {
			return &g.Groups[i]
		}
	}
	return nil
}

// inspected is what the provider said before anything was changed.
type inspected struct {
	Group  catalog.Group
	User   idp.User
	Member bool
}

func (c inspected) apply(t *turn) error {
	g := t.s.Grant
	gg := g.group(c.Group)
	if gg == nil || gg.Phase != PhaseInspect {
		return nil
	}
	if c.User.Status != idp.Active {
		return t.fail(fmt.Sprintf("%s's account in %s is not active (%s).", g.Subject, c.Group.Provider, c.User.StatusDetail))
	}
	m := t.member(c.Group)
	if m.Account = c.User.ID; m.Account == m.User {
		m.Account = ""
	}
	if c.Member && !m.Shown && t.now.Sub(m.RemovedAt) < lateRead {
		return errLateRead
	}
	facts := map[string]string{"group": c.Group.String(), "member": fmt.Sprint(c.Member), "status": c.User.StatusDetail}
	if m.Account != "" {
		facts["account"] = string(m.Account)
	}
	switch {
	case c.Member && !m.Given:
		m.Preexisting = true
		t.event(t.home(), EventInspected, Person{}, g.Subject.String()+" was a member of "+c.Group.String()+
			" before; Usher will not remove that membership.", facts)
	default:
		m.Preexisting, m.Given, m.Shown = false, true, m.Shown && c.Member
		t.event(t.home(), EventInspected, Person{}, "Read "+c.Group.String()+" before the change.", facts)
	}
	if c.Member && m.Given && !m.Shown { // An addition for a grant that was given up has come about, and nobody has told of it.
		m.Shown = true
		t.event(t.home(), EventMemberAdded, Person{}, "Read that "+g.Subject.String()+" is a member of "+c.Group.String()+
			" by an addition that was made for an earlier grant; there was nothing left to add.", map[string]string{"group": c.Group.String(), "found": "true"})
	}
	t.s.Members[m.Key()] = m
	gg.Preexisting = m.Preexisting
	if c.Member {
		gg.Phase = PhaseMember
		return t.maybeActive()
	}
	gg.Phase = PhaseAdd
	t.wish(t.home(), t.memberEffect(EffectAdd, c.Group))
	// From here on the membership may exist: it gets an end before it is made, replaced when the clock really starts.
	if g.DueAt.IsZero() && g.Duration != catalog.Standing {
		g.DueAt = t.now.Add(time.Duration(g.Duration)).UTC()
		t.timer(TimerDue, g.Request, g.ID, g.DueAt)
	}
	return nil
}

// errLateRead asks the runner to inspect again a little later.
var errLateRead = errors.New("the directory still shows a membership that was just removed")

// added says that the member was added and read back; if Found, that it was found there before an earlier try, which may
// have added it, was repeated.
type added struct {
	Group catalog.Group
	Found bool
	// Doubt is when an earlier process may have sent the addition, too; zero means never.
	Doubt time.Time
}

func (c added) apply(t *turn) error {
	g := t.s.Grant
	if m := t.member(c.Group); c.Doubt.After(m.Unanswered) {
		m.Unanswered = c.Doubt.UTC()
		t.s.Members[m.Key()] = m
	}
	gg := g.group(c.Group)
	if gg == nil || gg.Phase != PhaseAdd {
		return nil // Given up meanwhile; the removal waits in the same lane.
	}
	gg.Phase = PhaseMember
	m := t.member(c.Group)
	m.Shown = true
	t.s.Members[m.Key()] = m
	text, facts := "Added "+g.Subject.String()+" to "+c.Group.String()+" and read the membership back.", map[string]string{"group": c.Group.String()}
	if c.Found {
		text, facts["found"] = "Read that "+g.Subject.String()+" is a member of "+c.Group.String()+"; there was nothing left to add.", "true"
	}
	t.event(t.home(), EventMemberAdded, Person{}, text, facts)
	return t.maybeActive()
}

// joined says that another grant added the member after this one had looked, which was read again.
type joined struct{ Group catalog.Group }

func (c joined) apply(t *turn) error {
	g := t.s.Grant
	gg := g.group(c.Group)
	if gg == nil || gg.Phase != PhaseAdd {
		return nil
	}
	gg.Phase = PhaseMember
	t.event(t.home(), EventMemberJoined, Person{}, "Another grant has added "+g.Subject.String()+" to "+c.Group.String()+
		" meanwhile; read the membership again.", map[string]string{"group": c.Group.String()})
	return t.maybeActive()
}

// maybeActive starts the clock when every membership is proven.
func (t *turn) maybeActive() error {
	g := t.s.Grant
	for _, gg := range g.Groups {
		if gg.Phase != PhaseMember {
			return nil
		}
	}
	if err := g.move(GrantActive); err != nil {
		return err
	}
	g.StartedAt = t.now.UTC()
	text := "Access is active, with no end."
	if g.Duration != catalog.Standing {
		g.DueAt = g.StartedAt.Add(time.Duration(g.Duration))
		t.armEnd()
		text = "Access is active until " + stamp(g.DueAt) + "."
	}
	t.event(t.home(), EventActive, Person{}, text, map[string]string{"due": g.DueAt.UTC().Format(time.RFC3339)})
	t.lock()
	t.recovered(t.home(), g)
	t.statusOf(t.home())
	return nil
}

func (t *turn) armEnd() {
	g := t.s.Grant
	t.timer(TimerDue, g.Request, g.ID, g.DueAt)
	if n := g.Role.Notice; n > 0 && g.DueAt.Add(-n).After(t.now) {
		t.timer(TimerNotice, g.Request, g.ID, g.DueAt.Add(-n))
	} else {
		t.clear(TimerNotice, g.Request)
	}
}

// refused is a permanent refusal by the provider while access is being given.
type refused struct {
	Group catalog.Group
	Why   string
}

func (c refused) apply(t *turn) error {
	gg := t.s.Grant.group(c.Group)
	if gg == nil || (gg.Phase != PhaseInspect && gg.Phase != PhaseAdd) || t.s.Grant.State != GrantProvisioning {
		return nil
	}
	return t.fail(c.Why)
}

// fail gives provisioning up. What may have been added is taken back first; only then has the grant failed.
func (t *turn) fail(why string) error {
	g := t.s.Grant
	if g.Failure != "" {
		return t.maybeEnded()
	}
	g.Failure, g.RevokingAt = why, t.now.UTC()
	t.clear(TimerDue, g.Request)
	t.takeBack()
	t.statusOf(t.home())
	return t.maybeEnded()
}

// takeBack ends the grant's leases and removes every membership that no other lease holds and that Usher gave.
func (t *turn) takeBack() {
	g := t.s.Grant
	for i := range g.Groups {
		gg := &g.Groups[i]
		m := t.member(gg.Group)
		m.Leases = slices.DeleteFunc(m.Leases, func(id GrantID) bool { return id == g.ID })
		untouched := gg.Phase == PhaseInspect && !m.Given
		t.drop(t.memberEffect(EffectInspect, gg.Group))
		t.drop(t.memberEffect(EffectAdd, gg.Group))
		t.drop(t.memberEffect(EffectLock, gg.Group))
		switch {
		case m.Preexisting:
			t.keep(gg, "it was there before Usher")
		case len(m.Leases) > 0:
			t.keep(gg, "another grant still needs it")
			if m.Locking {
				t.wish(t.home(), t.memberEffect(EffectLock, gg.Group))
			}
		case untouched:
			gg.Phase = PhaseGone // Nothing was changed, so nothing is to be undone.
		default:
			gg.Phase = PhaseRemove
			t.wish(t.home(), t.memberEffect(EffectRemove, gg.Group))
		}
		if len(m.Leases) == 0 && m.Preexisting {
			m.Preexisting = false // The next request looks afresh.
		}
		t.s.Members[m.Key()] = m
	}
}

func (t *turn) keep(gg *GrantGroup, why string) {
	gg.Phase = PhaseKept
	t.event(t.home(), EventMemberKept, Person{}, "Left the membership of "+gg.Group.String()+" in place: "+why+".",
		map[string]string{"group": gg.Group.String()})
}
