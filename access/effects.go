package access

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"usher/idp"
)

// open creates the issue, or finds the one that an earlier try created.
func (r *Runner) open(ctx context.Context, e Effect, done func(command) error) error {
	s := r.s
	// What happened since the effect was wished for goes into the issue too.
	rec, err := s.record(ctx, e.Request)
	if err != nil {
		return err
	}
	if rec.Request.Issue.Key != "" {
		return done(nothing{})
	}
	account, err := s.account(ctx, rec.Request.Requester)
	if err != nil {
		return err
	}
	before, err := s.started(ctx, e)
	if err != nil {
		return err
	}
	if rec, err = s.record(ctx, e.Request); err != nil {
		return err
	}
	rec.Request.Requester.Account, rec.Again = account, before > 0
	s.crashAt("before open")
	issue, err := s.cfg.Tracker.Open(ctx, rec)
	if err != nil {
		return err
	}
	s.crashAt("after open")
	return done(issueOpened{Issue: issue, Written: lastSeq(rec), Reporter: account})
}

// mirror writes the events that the issue does not show yet and moves its status.
func (r *Runner) mirror(ctx context.Context, e Effect, done func(command) error) error {
	s := r.s
	rec, err := s.record(ctx, e.Request)
	if err != nil {
		return err
	}
	if rec.Request.Unmirrored <= rec.Request.Mirrored {
		return done(nothing{})
	}
	rec.Again = e.again()
	s.crashAt("before mirror")
	if err := s.cfg.Tracker.Update(ctx, rec.Request.Issue, rec); err != nil {
		return err
	}
	s.crashAt("after mirror")
	return done(mirrored{UpTo: lastSeq(rec)})
}

func lastSeq(rec IssueRecord) int {
	if n := len(rec.Events); n > 0 {
		return rec.Events[n-1].Seq
	}
	return rec.Request.Mirrored
}

// record reads what the issue should show now.
func (s *Service) record(ctx context.Context, id RequestID) (IssueRecord, error) {
	var rec IssueRecord
	err := s.cfg.Store.View(ctx, func(tx Tx) error {
		st, err := s.records.load(tx, id)
		if err != nil {
			return err
		}
		events, err := tx.Events(id, st.Request.Mirrored)
		if err != nil {
			return err
		}
		rec = IssueRecord{Request: st.Request, Grant: st.Grant, Status: issueStatus(st.Request, st.Grant), Events: events}
		return nil
	})
	return rec, err
}

func (s *Service) provider(e Effect) (idp.Provider, error) {
	p, ok := s.cfg.Providers[e.Group.Provider]
	if !ok {
		return nil, &idp.Error{Kind: idp.Forbidden, Op: "find provider " + e.Group.Provider, Err: ErrNotFound}
	}
	return p, nil
}

// inspect reads the user's status and membership before anything is changed.
func (r *Runner) inspect(ctx context.Context, e Effect, st state, done func(command) error) error {
	if st.Grant == nil {
		return done(nothing{})
	}
	p, err := r.s.provider(e)
	if err != nil {
		return err
	}
	u, err := r.s.accountOf(ctx, p, e, st)
	if err != nil {
		return err
	}
	member, err := p.IsMember(ctx, idp.GroupID(e.Group.ID), u.ID)
	if err != nil {
		return err
	}
	return done(inspected{Group: e.Group, User: u, Member: member})
}

// addMember adds the member unless the grant was given up meanwhile, and reads the membership back.
func (r *Runner) addMember(ctx context.Context, e Effect, done func(command) error) error {
	h := r.take(e) // First, so that whatever is decided from here on is noticed.
	defer h.leave()
	st, err := r.s.stateOf(ctx, e.Request)
	if err != nil {
		return err
	}
	if st.Grant == nil || st.Grant.State != GrantProvisioning || st.Grant.Failure != "" || st.Request.Issue.Key == "" {
		return done(nothing{})
	}
	if st.Grant.over(r.s.Now()) {
		return done(due{}) // The end came first: never add what is to be removed.
	}
	p, err := r.s.provider(e)
	if err != nil {
		return err
	}
	shown := st.Members[membershipKey(e.Group, e.User)].Shown
	member := e.User
	e.User = st.account(e)
	if shown { // Another grant has added it since this one looked.
		is, err := p.IsMember(ctx, idp.GroupID(e.Group.ID), e.User)
		if err != nil {
			return err
		}
		if is {
			return done(joined{Group: e.Group})
		}
	} else if already(ctx, p, e, true) {
		return done(added{Group: e.Group, Found: true, Doubt: r.before(e, st.Request.DecidedAt)})
	}
	r.s.crashAt("before add")
	err = h.send(ctx, *st.Grant, func(ctx context.Context) error { return p.AddMember(ctx, idp.GroupID(e.Group.ID), e.User) })
	switch {
	case errors.Is(err, idp.ErrGivenUp) && st.Grant.over(r.s.Now()):
		return done(due{})
	case errors.Is(err, idp.ErrGivenUp) && h.givenUp():
		return done(nothing{})
	case idp.KindOf(err) == idp.Unavailable:
		return r.doubt(ctx, e, member, err)
	case err != nil:
		return err
	}
	r.s.crashAt("after add")
	if err := r.readBack(ctx, p, e, true); err != nil {
		return r.doubt(ctx, e, member, err)
	}
	r.s.notMissed(ctx, e.Group)
	return done(added{Group: e.Group, Doubt: r.before(e, st.Request.DecidedAt)})
}

// removeMember removes the member unless a lease was taken meanwhile, and reads the absence back.
func (r *Runner) removeMember(ctx context.Context, e Effect, st state, done func(command) error) error {
	m := st.Members[membershipKey(e.Group, e.User)]
	var started time.Time
	if st.Grant != nil {
		started = st.Grant.StartedAt
	}
	needed := len(m.Leases) > 0 || m.Preexisting
	if needed && !e.again() {
		return done(kept{Group: e.Group})
	}
	p, err := r.s.provider(e)
	if err != nil {
		return err
	}
	ctx = idp.WithPriority(ctx, idp.Removal)
	e.User = st.account(e)
	if needed {
		return r.letBe(ctx, p, e, st, done)
	}
	settled := r.settled(e, m, st.Request.DecidedAt, started)
	if already(ctx, p, e, false) {
		if !settled.IsZero() { // A clock that jumped may have woken it early, or an earlier process have removed it.
			return &unsettledError{Unsettled{Until: settled, Met: e.told().Met}}
		}
		return done(e.told())
	}
	met, seen := MetMember, m.Shown || !started.IsZero() || e.Unsettled != nil && e.Unsettled.Met == MetMember
	if !seen {
		met = meets(ctx, p, e)
	}
	r.s.crashAt("before remove")
	err = p.RemoveMember(ctx, idp.GroupID(e.Group.ID), e.User)
	k := idp.KindOf(err)
	missing := err != nil && (k == idp.UserNotFound || k == idp.GroupNotFound)
	if err != nil && !missing {
		return err
	} // Nobody can be a member of what is gone, or when gone; but that is a claim until it is read back.
	if missing && met != MetNever {
		met = MetNothing
	}
	r.s.crashAt("after remove")
	if err := r.readBack(ctx, p, e, false); err != nil {
		return err
	}
	if !settled.IsZero() {
		return &unsettledError{Unsettled{Until: settled, Met: met}}
	}
	return done(removed{Group: e.Group, Met: met})
}

// letBe gives up a removal that is not wanted any more. An earlier try may have made it all the same; then that is what the record
// has to say.
func (r *Runner) letBe(ctx context.Context, p idp.Provider, e Effect, st state, done func(command) error) error {
	if e.Unsettled != nil {
		return done(e.told())
	}
	err := r.readBack(ctx, p, e, false)
	switch {
	case err == nil:
		c := removed{Group: e.Group, Met: MetNothing}
		if st.Grant.StartedAt.IsZero() {
			c.Doubt = r.before(e, st.Request.DecidedAt)
		}
		return done(c)
	case errors.Is(err, errNotShown):
		return done(kept{Group: e.Group})
	case e.Attempts >= triesToLook: // Nobody who was given it waits for a look for ever.
		return done(kept{Group: e.Group, Blind: true})
	}
	return err
}

// triesToLook is how often a removal that is not wanted any more is looked into before it is let be.
const triesToLook = 5

// already looks before a change is repeated whether an earlier try did it: the answer or the proof of that may have been
// lost. If it cannot look, the change is simply tried.
func already(ctx context.Context, p idp.Provider, e Effect, want bool) bool {
	if !e.again() {
		return false
	}
	is, err := p.IsMember(ctx, idp.GroupID(e.Group.ID), e.User)
	return err == nil && is == want
}

// meets looks what a removal will meet of what was never seen.
func meets(ctx context.Context, p idp.Provider, e Effect) Met {
	is, err := p.IsMember(ctx, idp.GroupID(e.Group.ID), e.User)
	switch {
	case err != nil:
		return MetUnknown
	case is:
		return MetMember
	}
	return MetNever
}

// errNotShown says that a change was accepted and cannot be proven.
var errNotShown = errors.New("it was accepted but does not show yet")

// readBack proves a change. Reads may lag writes, so it asks again a few times before it calls the proof missing.
func (r *Runner) readBack(ctx context.Context, p idp.Provider, e Effect, want bool) error {
	for _, wait := range []time.Duration{0, 200 * time.Millisecond, 800 * time.Millisecond, 2 * time.Second, 5 * time.Second} {
		if wait > 0 {
			t := time.NewTimer(wait)
			select {
			case <-ctx.Done():
				t.Stop()
				return ctx.Err()
			case <-t.C:
			}
		}
		ok, err := r.shows(ctx, p, e, want)
		if err != nil {
			return err
		}
		if ok {
			return nil
		}
	}
	return fmt.Errorf("prove the change of %s: %w", e.Group, errNotShown)
}

// shows reads whether the membership is, or is not, as it is wanted: nobody is a member of what is gone, or when gone.
func (r *Runner) shows(ctx context.Context, p idp.Provider, e Effect, want bool) (bool, error) {
	is, err := p.IsMember(ctx, idp.GroupID(e.Group.ID), e.User)
	if k := idp.KindOf(err); err != nil && !want && (k == idp.UserNotFound || k == idp.GroupNotFound) {
		return true, r.reallyGone(ctx, p, e, k)
	}
	return is == want, err
}

var errNeither = errors.New("the directory knows neither user nor group")

// bothGone is how often in a row it is tried again before a directory is believed that knows neither the user nor the group: with
// the pauses between, some ten minutes. What answers like that is more often a wrong address or a proxy than the truth.
const bothGone = 30

// reallyGone takes "not found" for a proof of absence only if the directory says so twice, in answer to two questions, and
// knows the other of user and group; or at least another group of the catalog, if there is one, and says so for long.
func (r *Runner) reallyGone(ctx context.Context, p idp.Provider, e Effect, k idp.Kind) error {
	_, user := p.User(ctx, e.User)
	_, group := p.Group(ctx, idp.GroupID(e.Group.ID))
	this, other := user, group
	if k == idp.GroupNotFound {
		this, other = group, user
	}
	switch {
	case this == nil:
		return fmt.Errorf("the directory contradicts itself about %s in %s", e.User, e.Group)
	case idp.KindOf(this) != k:
		return this
	case other == nil:
		return nil
	}
	switch idp.KindOf(other) {
	case idp.UserNotFound, idp.GroupNotFound:
	case idp.Forbidden:
		return &unprovenError{missing: k, long: e.Attempts >= bothGone, err: other}
	default:
		return other
	}
	if err := r.s.knowsAnother(ctx, p, e); err != nil {
		return err
	}
	if e.Neither >= bothGone {
		return nil
	}
	return fmt.Errorf("%w: %s, %s", errNeither, e.User, e.Group)
}

// nobodyError says that a later step has lost everybody who could decide it.
type nobodyError struct {
	step    int
	missing []string
}

// Error names who is missing; the people concerned read it too.
func (e *nobodyError) Error() string {
	return fmt.Sprintf("Nobody can decide step %d at the moment: %s. The request expires if that stays so.", e.step, strings.Join(e.missing, "; "))
}

// route finds the people of the present step.
func (r *Runner) route(ctx context.Context, st state, done func(command) error) error {
	req := st.Request
	if req.State != RequestPending {
		return done(nothing{})
	}
	people, missing, err := r.s.approvers(ctx, req, req.Policy.Steps[req.Step])
	if err != nil {
		return err
	}
	if len(people) == 0 {
		return &nobodyError{step: req.Step + 1, missing: missing}
	}
	return done(routed{Step: req.Step, Asks: asksOf(req.Step, people)})
}

// send brings one message up to date.
func (r *Runner) send(ctx context.Context, e Effect, st state, done func(command) error) error {
	s := r.s
	m, ok := s.message(e, st)
	if !ok {
		return done(nothing{})
	}
	if m.At == (MessageRef{}) {
		m.Again = e.again()
	}
	s.crashAt("before send " + string(e.Kind))
	got, err := s.cfg.Notifier.Send(ctx, m)
	if err != nil {
		return err
	}
	s.crashAt("after send " + string(e.Kind))
	c := sent{Kind: e.Kind, User: e.User, At: got.At, Old: got.Old, Chapter: m.Chapter}
	if m.Grant != nil {
		c.State, c.DueAt = m.Grant.State, m.Grant.DueAt
	}
	return done(c)
}

// fold takes what is over out of the requester's earlier messages.
func (r *Runner) fold(ctx context.Context, e Effect, st state, done func(command) error) error {
	s := r.s
	for _, at := range st.Request.Outdated {
		s.crashAt("before send " + string(e.Kind))
		m := Message{Kind: MessageFolded, To: st.Request.Requester, At: at, Request: st.Request, Grant: st.Grant}
		if _, err := s.cfg.Notifier.Send(ctx, m); err != nil {
			return err
		}
		s.crashAt("after send " + string(e.Kind))
	}
	return done(folded{st.Request.Outdated})
}

// message is what the effect's message must show now; false if there is nothing to say.
func (s *Service) message(e Effect, st state) (Message, bool) {
	m := Message{Request: st.Request, Grant: st.Grant}
	switch e.Kind {
	case EffectAsk:
		m.Kind = MessageAsk
		for _, a := range st.Request.Asks {
			if a.Approver.User == e.User {
				m.To = a.Approver
				if a.Message != (MessageRef{}) {
					m.At = a.Message
				}
			}
		}
		m.Open = st.Request.WaitsFor(m.To)
		return m, m.To.Slack != "" && (m.Open || m.At != (MessageRef{}) || e.again())
	case EffectStatus:
		m.Kind, m.To, m.At = MessageStatus, st.Request.Requester, st.Request.Status
		m.Chapter = max(st.Request.Chapter, chapterOf(st.Request, st.Grant))
		if m.Chapter > st.Request.Chapter {
			m.At = MessageRef{}
		}
		if st.Grant != nil {
			m.Extension = s.offerFor(*st.Grant)
		}
		return m, m.To.Slack != ""
	case EffectNotice:
		m.Kind, m.To = MessageNotice, st.Request.Requester
		if st.Grant == nil {
			return m, false
		}
		m.At, m.Extension = st.Grant.Notice, s.offerFor(*st.Grant)
		m.Chapter = Chapter(max(0, st.Grant.Notices-1))
		return m, m.To.Slack != "" && (!m.Over() || m.At != (MessageRef{}) || e.again())
	case EffectOpen, EffectMirror, EffectInspect, EffectAdd, EffectRemove, EffectLock, EffectRoute, EffectFold:
	}
	return m, false
}
