package access

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"usher/idp"
)

// submit makes a new request. The service has checked the catalog, the person and that somebody can approve.
type submit struct {
	Request Request
	// Asks are the approvers of the first step; empty when the policy approves by itself.
	Asks []Ask
}

func (c submit) apply(t *turn) error {
	t.s.Request = c.Request.clone()
	r := t.req()
	r.State, r.CreatedAt, r.Asks = RequestPending, t.now.UTC(), slices.Clone(c.Asks)
	if t.s.Grant != nil {
		if t.s.Grant.State != GrantActive || t.s.Grant.Extending != "" {
			return &Refusal{Code: CannotExtend, Text: "This access cannot be extended at the moment.", Request: r.ID}
		}
		t.s.Grant.Extending = r.ID
		r.Grant = t.s.Grant.ID
	}
	t.event(r, EventRequested, r.Requester, requestedText(r), map[string]string{
		"entitlement": string(r.Role.Entitlement), "duration": r.Duration.String(), "catalog": r.Policy.Version,
		"rule": r.Policy.Rule, "justification": r.Justification, "kind": string(r.Kind),
	})
	t.wish(r, Effect{
		ID: "open/" + string(r.ID), Kind: EffectOpen, Target: TargetJira, Lane: "jira/" + string(r.ID),
		Priority: PriorityTracker,
	})
	if r.Automatic() {
		return t.approved(Person{})
	}
	t.timer(TimerDeadline, r.ID, "", r.Deadline)
	t.status()
	return nil
}

// issueOpened records the mirrored issue; only now are approvers asked and is access given.
type issueOpened struct {
	Issue Issue
	// Written is the number of events that the new issue shows.
	Written int
	// Reporter is the requester's Jira account, if it was found.
	Reporter AccountID
}

func (c issueOpened) apply(t *turn) error {
	r := t.req()
	if r.Issue.Key != "" {
		return nil // A repeat.
	}
	r.Issue, r.Mirrored = c.Issue, c.Written
	if c.Reporter != "" {
		r.Requester.Account = c.Reporter
	}
	t.event(r, EventIssueOpened, Person{}, "Issue "+c.Issue.Key+" holds the record.", map[string]string{"issue": c.Issue.Key})
	t.recovered(r, nil)
	if r.Unmirrored > r.Mirrored {
		t.wish(r, mirrorEffect(r))
	}
	switch r.State {
	case RequestPending:
		t.askStep()
	case RequestApproved:
		if err := t.begin(); err != nil {
			return err
		}
	case RequestDenied, RequestCanceled, RequestExpired:
	}
	t.status()
	return nil
}

// askStep wishes for a message to everybody who may decide the present step.
func (t *turn) askStep() {
	for _, a := range t.req().Asks {
		if a.Step == t.req().Step {
			t.ask(a.Approver.User)
		}
	}
}

// askAll brings every copy of the question up to date.
func (t *turn) askAll() {
	for _, a := range t.req().Asks {
		t.ask(a.Approver.User)
	}
}

func (t *turn) ask(approver idp.UserID) {
	r := t.req()
	if r.Issue.Key == "" {
		return // Nobody is asked before there is a record, so there is no copy either.
	}
	id := string(r.ID) + "/" + string(approver)
	t.wish(r, Effect{
		ID: "ask/" + id, Kind: EffectAsk, Target: TargetSlack, Lane: "slack/" + id, Priority: PriorityMessage, User: approver,
	})
}

// status wishes for the requester's live message to be brought up to date.
func (t *turn) status() { t.statusOf(t.req()) }

func (t *turn) statusOf(r *Request) {
	id := string(r.ID)
	t.wish(r, Effect{
		ID: "status/" + id, Kind: EffectStatus, Target: TargetSlack, Lane: "slack/" + id, Priority: PriorityMessage,
		User: r.Requester.User, Grant: r.Grant,
	})
}

// verdict is one person's decision. Allowed are the people whom the policy routes the present step to right now.
type verdict struct {
	By      Person
	Verdict Verdict
	Reason  string
	Origin  Origin
	Step    int
	Allowed []Person
}

func (c verdict) apply(t *turn) error {
	r := t.req()
	if err := c.check(t); err != nil {
		return err
	}
	t.remember(c)
	r.Decisions = append(r.Decisions, Decision{
		Step: r.Step, By: c.By, Verdict: c.Verdict, Reason: c.Reason, At: t.now.UTC(), Origin: c.Origin,
	})
	if c.Verdict == Deny {
		return t.denied(c)
	}
	got := 0
	for _, d := range r.Decisions {
		if d.Step == r.Step && d.Verdict == Approve {
			got++
		}
	}
	if want := max(1, r.Policy.Steps[r.Step].Quorum); got < want {
		t.event(r, EventStepApproved, c.By, fmt.Sprintf("%s approved; %d of %d needed in this step.", c.By, got, want), c.facts(r))
		t.askStep()
		t.status()
		return nil
	}
	if r.Step+1 < len(r.Policy.Steps) {
		t.event(r, EventStepApproved, c.By, fmt.Sprintf("%s approved step %d of %d.", c.By, r.Step+1, len(r.Policy.Steps)), c.facts(r))
		t.askStep() // Brings the copies of this step to their end.
		r.Step++
		t.wish(r, routeEffect(r))
		t.status()
		return nil
	}
	t.askAll()
	return t.approved(c.By)
}

func routeEffect(r *Request) Effect {
	return Effect{
		ID: "route/" + string(r.ID) + "/" + strconv.Itoa(r.Step), Kind: EffectRoute, Target: TargetSlack,
		Lane: "route/" + string(r.ID), Priority: PriorityMessage,
	}
}

func (c verdict) facts(r *Request) map[string]string {
	f := map[string]string{
		"step": strconv.Itoa(r.Step + 1), "catalog": r.Policy.Version, "slack": string(c.By.Slack), "user": string(c.By.User),
		"envelope": c.Origin.Envelope, "message": c.Origin.Message.TS,
	}
	if c.Reason != "" {
		f["reason"] = c.Reason
	}
	return f
}

// check refuses everybody who may not decide, in the order in which a person would want to be told.
func (c verdict) check(t *turn) error {
	r := t.req()
	no := func(code Code, text string) error { return &Refusal{Code: code, Text: text, Request: r.ID} }
	if c.By.Is(r.Requester) || c.By.Is(r.Subject) {
		return no(OwnRequest, "This is your own request; somebody else has to decide about it.")
	}
	if r.State != RequestPending || !t.now.Before(r.Deadline) {
		return over(r, c.By)
	}
	routed := slices.ContainsFunc(c.Allowed, c.By.Is)
	for _, d := range r.Decisions {
		if d.By.Is(c.By) && d.Verdict == Approve {
			return no(AlreadyApproved, "You approved this request already. Somebody else has to give the next approval.")
		}
	}
	switch {
	case !routed:
		return no(NotApprover, "This request is not routed to you, so your decision would not count. Nothing was changed.")
	case c.Step != r.Step:
		return no(AlreadyDecided, "Somebody else has decided about that step meanwhile, so your click did not count. If the next step is yours, too, you are asked about it.")
	case !c.ownMessage(r):
		return no(StaleMessage, "This button belongs to another copy of the message. Open Usher's Home tab to decide.")
	case c.Verdict == Deny && c.Reason == "":
		return &Refusal{Code: ReasonMissing, Field: FieldReason, Text: "Please say why, so that the requester knows what to change.", Request: r.ID}
	case c.Verdict == Approve && t.s.Grant != nil && !t.s.Grant.extendable(t.now):
		return no(GrantOver, "The access that this would extend has ended, so there is nothing left to extend.")
	}
	return nil
}

// ownMessage accepts a click on the person's own copy, on their Home tab, or on a copy whose address is not recorded yet.
func (c verdict) ownMessage(r *Request) bool {
	if c.Origin.Home {
		return true
	}
	for _, a := range r.Asks {
		if a.Step == r.Step && a.Approver.Is(c.By) {
			return a.Message == c.Origin.Message || a.Message == (MessageRef{}) && !r.elsewhere(c.Origin.Message, c.By)
		}
	}
	return false
}

// elsewhere reports whether a message stands in somebody else's channel, as far as the channels are known.
func (r *Request) elsewhere(m MessageRef, who Person) bool {
	if r.Status.Channel == m.Channel && !r.Requester.Is(who) {
		return true
	}
	return slices.ContainsFunc(r.Asks, func(a Ask) bool { return a.Message.Channel == m.Channel && !a.Approver.Is(who) })
}

// remember keeps the address of a copy that was clicked before its posting was recorded, and makes sure that somebody
// who decided without having been asked is on the list.
func (t *turn) remember(c verdict) {
	r := t.req()
	for i, a := range r.Asks {
		if a.Step == r.Step && a.Approver.Is(c.By) {
			if a.Message == (MessageRef{}) && !c.Origin.Home {
				r.Asks[i].Message = c.Origin.Message
			}
			return
		}
	}
}

// over says how the request ended, to somebody who came late.
func over(r *Request, by Person) error {
	when := r.DecidedAt.UTC().Format("2 Jan 15:04 UTC")
	switch r.State {
	case RequestApproved, RequestDenied:
		word, who := "approved", "the policy"
		if r.State == RequestDenied {
			word = "denied"
		}
		if n := len(r.Decisions); n > 0 {
			who = r.Decisions[n-1].By.String()
			if r.Decisions[n-1].By.Is(by) {
				who = "you"
			}
		}
		return &Refusal{Code: AlreadyDecided, Text: fmt.Sprintf("Already %s by %s on %s.", word, who, when), Request: r.ID}
	case RequestCanceled:
		if r.Withdrawn != "" {
			return &Refusal{Code: RequestOver, Text: r.Withdrawn, Request: r.ID}
		}
		return &Refusal{Code: RequestOver, Text: "This request was canceled by " + r.Requester.String() + ".", Request: r.ID}
	case RequestExpired, RequestPending:
	}
	return &Refusal{Code: RequestOver, Text: "This request has expired: nobody decided in time. It can be made again.", Request: r.ID}
}

// approved ends the deciding; access follows as soon as the issue exists. by is zero when the policy approved.
func (t *turn) approved(by Person) error {
	r := t.req()
	if err := r.move(RequestApproved); err != nil {
		return err
	}
	r.DecidedAt, r.Trouble = t.now.UTC(), ""
	t.clear(TimerDeadline, r.ID)
	text, facts := "Approved by the policy ("+r.Policy.Rule+").", map[string]string{"rule": r.Policy.Rule, "catalog": r.Policy.Version}
	if by.User != "" {
		last := r.Decisions[len(r.Decisions)-1]
		text = by.String() + " approved."
		facts = verdict{By: by, Reason: last.Reason, Origin: last.Origin}.facts(r)
	}
	t.event(r, EventApproved, by, text, facts)
	t.status()
	if r.Issue.Key == "" {
		return nil
	}
	return t.begin()
}

func (t *turn) denied(c verdict) error {
	r := t.req()
	if err := r.move(RequestDenied); err != nil {
		return err
	}
	r.DecidedAt = t.now.UTC()
	t.closed()
	t.event(r, EventDenied, c.By, c.By.String()+" denied: "+c.Reason, c.facts(r))
	return nil
}

// closed brings every message of an undecided or refused request to its end.
func (t *turn) closed() {
	r := t.req()
	r.Trouble = ""
	t.clear(TimerDeadline, r.ID)
	if t.s.Grant != nil && t.s.Grant.Extending == r.ID {
		t.s.Grant.Extending = ""
	}
	t.askAll()
	t.status()
}

// cancel takes a request back: the requester's wish, or an extension's grant that is over (System).
type cancel struct {
	By     Person
	System string
}

func (c cancel) apply(t *turn) error {
	r := t.req()
	switch {
	case c.System == "" && !c.By.Is(r.Requester):
		return &Refusal{Code: NotAllowed, Text: "Only the requester can cancel a request.", Request: r.ID}
	case r.State != RequestPending:
		return over(r, c.By)
	}
	if err := r.move(RequestCanceled); err != nil {
		return err
	}
	r.DecidedAt = t.now.UTC()
	t.closed()
	text := c.By.String() + " canceled the request."
	if c.System != "" {
		text, r.Withdrawn = c.System, c.System
	}
	t.event(r, EventCanceled, c.By, text, nil)
	return nil
}

// lapse expires an undecided request whose deadline has passed.
type lapse struct{}

func (lapse) apply(t *turn) error {
	r := t.req()
	if r.State != RequestPending {
		t.clear(TimerDeadline, r.ID)
		return nil
	}
	if t.now.Before(r.Deadline) {
		return errTooEarly
	}
	if err := r.move(RequestExpired); err != nil {
		return err
	}
	r.DecidedAt = t.now.UTC()
	t.closed()
	t.event(r, EventLapsed, Person{}, "The request expired: nobody decided before "+stamp(r.Deadline)+".", nil)
	return nil
}

// routed records the people of a later step.
type routed struct {
	Step int
	Asks []Ask
}

func (c routed) apply(t *turn) error {
	r := t.req()
	if r.State != RequestPending || r.Step != c.Step {
		return nil
	}
	for _, a := range c.Asks {
		known := slices.ContainsFunc(r.Asks, func(o Ask) bool { return o.Step == a.Step && o.Approver.Is(a.Approver) })
		if !known {
			r.Asks = append(r.Asks, a)
		}
	}
	t.recovered(r, nil)
	t.askStep()
	t.status()
	return nil
}

// sent records where a message is.
type sent struct {
	Kind EffectKind
	User idp.UserID
	At   MessageRef
	// Chapter is for EffectStatus what the message told, Old earlier messages that nobody knew of.
	Chapter Chapter
	Old     []MessageRef
	// State and DueAt are what the message said of the grant.
	State GrantState
	DueAt time.Time
}

func (c sent) apply(t *turn) error {
	r := t.req()
	switch c.Kind {
	case EffectAsk:
		for i, a := range r.Asks {
			if a.Approver.User == c.User && a.Message == (MessageRef{}) {
				r.Asks[i].Message = c.At
			}
		}
		if r.State == RequestPending && r.asked() {
			t.recovered(r, nil)
		}
	case EffectStatus:
		t.replace(r, c)
	case EffectNotice:
		t.noticed(r, c)
	case EffectOpen, EffectMirror, EffectInspect, EffectAdd, EffectRemove, EffectLock, EffectRoute, EffectFold:
	}
	return nil
}

// replace takes a message for the live one. What stood there before is folded.
func (t *turn) replace(r *Request, c sent) {
	t.outdate(r, c.At, append([]MessageRef{r.Status}, c.Old...)...)
	r.Status, r.Chapter = c.At, c.Chapter
}

// outdate has messages folded that the live one has replaced.
func (t *turn) outdate(r *Request, live MessageRef, list ...MessageRef) {
	for _, old := range list {
		if old != (MessageRef{}) && old != live && !slices.Contains(r.Outdated, old) {
			r.Outdated = append(slices.Clone(r.Outdated), old)
			id := string(r.ID)
			t.wish(r, Effect{ID: "fold/" + id, Kind: EffectFold, Target: TargetSlack, Lane: "fold/" + id, Priority: PriorityMessage})
		}
	}
}

// noticed records where the notice is. What has become of the grant while it was posted for the first time is told now:
// nobody knew yet that there was a message to be brought up to date.
func (t *turn) noticed(r *Request, c sent) {
	g := t.s.Grant
	if g == nil {
		return
	}
	t.outdate(r, c.At, c.Old...)
	first := g.Notice == MessageRef{}
	if g.Notice = c.At; first && (c.State != g.State || !c.DueAt.Equal(g.DueAt)) {
		t.renotify()
	}
}

// folded says that these messages point to a newer one.
type folded struct{ At []MessageRef }

func (c folded) apply(t *turn) error {
	r := t.req()
	r.Outdated = slices.DeleteFunc(slices.Clone(r.Outdated), func(m MessageRef) bool { return slices.Contains(c.At, m) })
	if len(r.Outdated) == 0 {
		r.Outdated = nil
	}
	return nil
}

// asked reports whether everybody of the present step has the question.
func (r *Request) asked() bool {
	some := false
	for _, a := range r.Asks {
		if a.Step != r.Step {
			continue
		}
		if some = true; a.Message == (MessageRef{}) {
			return false
		}
	}
	return some
}

// mirrored records how far the issue is.
type mirrored struct{ UpTo int }

func (c mirrored) apply(t *turn) error {
	t.req().Mirrored = max(t.req().Mirrored, c.UpTo)
	return nil
}

func requestedText(r *Request) string {
	length := r.Duration.String()
	if r.Kind == KindExtension {
		return fmt.Sprintf("%s asked to extend %s by %s. Reason given: %s", r.Requester, r.Role, length, r.Justification)
	}
	return fmt.Sprintf("%s asked for %s, %s. Reason given: %s", r.Requester, r.Role, length, r.Justification)
}

func stamp(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04 UTC") }
