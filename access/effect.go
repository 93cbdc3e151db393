package access

import (
	"time"

	"usher/catalog"
	"usher/idp"
)

// EffectKind names what is to be done outside.
type EffectKind string

const (
	// EffectOpen opens the request's issue.
	EffectOpen EffectKind = "open"
	// EffectMirror brings the issue up to date with the request's events.
	EffectMirror EffectKind = "mirror"
	// EffectInspect reads the user's status and present membership.
	EffectInspect EffectKind = "inspect"
	// EffectAdd adds the member and reads back.
	EffectAdd EffectKind = "add"
	// EffectRemove removes the member, unless a lease is left, and reads back.
	EffectRemove EffectKind = "remove"
	// EffectLock has the vendor itself end the membership some time after its last end, and reads that back.
	EffectLock EffectKind = "lock"
	// EffectRoute finds the people of the present approval step.
	EffectRoute EffectKind = "route"
	// EffectAsk brings one approver's message up to date.
	EffectAsk EffectKind = "ask"
	// EffectStatus brings the requester's live message up to date.
	EffectStatus EffectKind = "status"
	// EffectFold leaves one line of the requester's earlier messages, which a newer one has replaced.
	EffectFold EffectKind = "fold"
	// EffectNotice tells the holder that the end is near.
	EffectNotice EffectKind = "notice"
)

// Priority orders effects: lower runs first.
type Priority int

// Removal goes before provisioning, that before second locks and Jira, that before messages. A lock that cannot be set must
// not hold up what waits in its lane.
const (
	PriorityRemoval Priority = iota
	PriorityProvision
	PriorityTracker
	PriorityMessage

	PriorityLock = PriorityTracker
)

// Effect is one thing to do outside, durable until its outcome is recorded. It is safe to repeat.
type Effect struct {
	// ID is derived from what is to be done, so that the same wish twice is one effect.
	ID   string     `json:"id"`
	Kind EffectKind `json:"kind"`
	// Target is the system it goes to: "slack", "jira" or the provider's name.
	Target string `json:"target"`
	// Lane: effects of one lane run one at a time, in order.
	Lane     string   `json:"lane"`
	Priority Priority `json:"priority"`
	// Rank orders effects of one priority: leavers first, then higher risk, see Role.Risk.
	Rank int `json:"rank"`
	// Due orders effects of one rank.
	Due     time.Time     `json:"due"`
	Request RequestID     `json:"request"`
	Grant   GrantID       `json:"grant,omitempty"`
	Group   catalog.Group `json:"group,omitzero"`
	User    idp.UserID    `json:"user,omitempty"` // The member, or the approver to ask.
	// Rev grows each time the effect is wished for again; an outcome settles only the revision that it ran.
	Rev int `json:"rev"`
	// Attempts counts the tries begun. More than the one in hand means that an earlier try may have reached the vendor.
	Attempts int `json:"attempts"`
	// Refused counts the tries that ended in a final refusal.
	Refused int `json:"refused,omitempty"`
	// Neither counts the last tries in a row to which the directory knew neither user nor group.
	Neither int `json:"neither,omitempty"`
	// Unsettled is the removal that an earlier try made.
	Unsettled *Unsettled `json:"unsettled,omitempty"`
	// NotBefore is when the next try is allowed; zero means now.
	NotBefore time.Time `json:"not_before,omitzero"`
	// LastError is the last failure, for the admin's eyes.
	LastError string `json:"last_error,omitempty"`

	// inherited says that the effect was wished for by an earlier process, which may have tried it without telling.
	inherited bool
}

// again reports whether an earlier try may have reached the vendor: look before you repeat. The wish itself is the durable
// intent: whatever is pending when a process starts may have been sent by the one before it.
func (e Effect) again() bool { return e.Attempts > 0 || e.inherited }

// inherit takes over what an earlier process left. Its clock may have been ahead: nothing waits longer than it can have been
// meant to.
func (e *Effect) inherit(now time.Time) {
	e.inherited = true
	longest := time.Hour // The longest pause, and what a vendor may ask for.
	switch {
	case e.Unsettled != nil:
		longest = mayLand
		if e.Unsettled.Until.After(now.Add(longest)) {
			u := *e.Unsettled
			u.Until = now.Add(longest)
			e.Unsettled = &u
		}
	case e.Priority == PriorityRemoval: // Late access is worth a call that comes too early.
		longest = time.Minute
	}
	if e.NotBefore.After(now.Add(longest)) {
		e.NotBefore = now.Add(longest)
	}
}

// TimerKind names what happens at a time.
type TimerKind string

const (
	// TimerDeadline expires an undecided request.
	TimerDeadline TimerKind = "deadline"
	// TimerNotice tells a holder that the end is near.
	TimerNotice TimerKind = "notice"
	// TimerDue ends a grant.
	TimerDue TimerKind = "due"
	// TimerLeaver has the directory asked about somebody whose Slack account was deactivated, until it answers.
	TimerLeaver TimerKind = "leaver"
)

// Timer is one durable point in time.
type Timer struct {
	ID      string     `json:"id"` // Kind and request, grant or user.
	Kind    TimerKind  `json:"kind"`
	At      time.Time  `json:"at"`
	Request RequestID  `json:"request"`
	Grant   GrantID    `json:"grant,omitempty"`
	User    idp.UserID `json:"user,omitempty"`  // The leaver,
	Tries   int        `json:"tries,omitempty"` // and how often the directory was asked about them.
}

// The targets that are not identity providers.
const (
	TargetJira  = "jira"
	TargetSlack = "slack"
)
