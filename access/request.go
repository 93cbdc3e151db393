package access

import (
	"time"

	"usher/catalog"
)

// RequestState is where a request stands.
type RequestState string

const (
	// RequestPending waits for decisions. Moved by Approve, Deny, Cancel or the deadline. A crash leaves it as it is.
	RequestPending RequestState = "pending"
	// RequestApproved has every decision it needs; its grant tells the rest. Final.
	RequestApproved RequestState = "approved"
	// RequestDenied was refused by an approver, with a reason. Final.
	RequestDenied RequestState = "denied"
	// RequestCanceled was taken back by the requester. Final.
	RequestCanceled RequestState = "canceled"
	// RequestExpired was decided by nobody before its deadline. Final.
	RequestExpired RequestState = "expired"
)

// RequestKind says what a request asks for.
type RequestKind string

const (
	// KindAccess asks for a new grant.
	KindAccess RequestKind = "access"
	// KindExtension asks for a later end of an active grant.
	KindExtension RequestKind = "extension"
)

// Verdict is one approver's word.
type Verdict string

const (
	// Approve agrees.
	Approve Verdict = "approve"
	// Deny refuses and ends the request.
	Deny Verdict = "deny"
)

// Role is the entitlement asked for, as it stood in the catalog when the request was made.
type Role struct {
	App             catalog.AppID         `json:"app"`
	AppName         string                `json:"app_name"`
	Entitlement     catalog.EntitlementID `json:"entitlement"`
	EntitlementName string                `json:"entitlement_name"`
	Description     string                `json:"description,omitempty"`
	Groups          []catalog.Group       `json:"groups"`
	Risk            catalog.Risk          `json:"risk"`
	Elevated        bool                  `json:"elevated,omitempty"`
	Owners          []string              `json:"owners,omitempty"`
	// Notice is how long before the end the holder is told; 0 means not at all.
	Notice time.Duration `json:"notice,omitempty"`
	// SecondLock: the provider is to end memberships by itself, too, in case Usher is gone.
	SecondLock bool `json:"second_lock,omitempty"`
}

// String is "App: Role" for messages.
func (r Role) String() string { return r.AppName + ": " + r.EntitlementName }

// Policy is the approval policy that a request carries with it: frozen when the request is made, so that a later
// change of the catalog never changes who decides about it.
type Policy struct {
	Version string         `json:"version"` // Of the catalog.
	Rule    string         `json:"rule"`
	Because string         `json:"because,omitempty"`
	Steps   []catalog.Step `json:"steps,omitempty"` // None means approved by the rule itself.
}

// Decision is one verdict with everything an auditor asks for.
type Decision struct {
	Step    int       `json:"step"` // From 0.
	By      Person    `json:"by"`
	Verdict Verdict   `json:"verdict"`
	Reason  string    `json:"reason,omitempty"`
	At      time.Time `json:"at"`
	Origin  Origin    `json:"origin"`
}

// Origin says where a click came from: the envelope, and the message or Home tab that carried the button.
type Origin struct {
	Envelope string     `json:"envelope,omitempty"`
	Message  MessageRef `json:"message,omitzero"`
	// Home is true when the button stood on the person's own Home tab rather than in a message.
	Home bool `json:"home,omitempty"`
	// Step is the step of the policy that was asked about where the button stood, from 1; 0 if that is not known.
	Step int `json:"step,omitempty"`
}

// MessageRef finds one message in Slack. The zero value means that no message is known.
type MessageRef struct {
	Channel string `json:"channel,omitempty"`
	TS      string `json:"ts,omitempty"`
}

// Ask is one approver who was asked, with the copy of the message that they got.
type Ask struct {
	Step     int        `json:"step"`
	Approver Person     `json:"approver"`
	Message  MessageRef `json:"message,omitzero"`
}

// Issue is the mirrored Jira issue. The zero value means that none exists yet.
type Issue struct {
	ID  string `json:"id,omitempty"`
	Key string `json:"key,omitempty"`
	// URL is the address for people.
	URL string `json:"url,omitempty"`
}

// Request is one wish for access from its making to its decision.
type Request struct {
	ID   RequestID   `json:"id"`
	Kind RequestKind `json:"kind"`
	// Key is the idempotency key of the submission; a second submission with it returns this request.
	Key       string       `json:"key,omitempty"`
	State     RequestState `json:"state"`
	Requester Person       `json:"requester"`
	Subject   Person       `json:"subject"` // Who gets the access; the requester themself for now.
	// Title and Department describe the requester when the request was made, for the approver's eyes.
	Title      string `json:"title,omitempty"`
	Department string `json:"department,omitempty"`
	Role       Role   `json:"role"`
	// Duration is how long the access lasts from its start, or how much longer for an extension; 0 means no end.
	Duration      catalog.Duration `json:"duration"`
	Justification string           `json:"justification"`
	Policy        Policy           `json:"policy"`
	Step          int              `json:"step"` // The step being decided, from 0.
	Decisions     []Decision       `json:"decisions,omitempty"`
	Asks          []Ask            `json:"asks,omitempty"`
	Issue         Issue            `json:"issue,omitzero"`
	// Mirrored is the sequence number of the last event that is written on the issue.
	Mirrored int `json:"mirrored"`
	// Status is the requester's live message.
	Status MessageRef `json:"status,omitzero"`
	// Chapter is that of the live message.
	Chapter Chapter `json:"chapter,omitempty"`
	// Outdated are the earlier ones that do not yet say that a newer one has replaced them.
	Outdated []MessageRef `json:"outdated,omitempty"`
	// Grant is the grant made for this request, or the one to be extended.
	Grant     GrantID   `json:"grant,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	DecidedAt time.Time `json:"decided_at,omitzero"`
	// Deadline is when the request expires if nobody decides.
	Deadline time.Time `json:"deadline"`
	// Extended is true once an extension has taken effect.
	Extended bool `json:"extended,omitempty"`
	// Withdrawn says why Usher itself canceled the request; empty when the requester did.
	Withdrawn string `json:"withdrawn,omitempty"`
	// Failure says why an approved extension did not take effect; final.
	Failure string `json:"failure,omitempty"`
	// Trouble says in one plain sentence what holds the request up at the moment; empty when nothing does.
	Trouble string `json:"trouble,omitempty"`
	// Wishes counts the effects wished for, see Effect.Rev.
	Wishes int `json:"wishes"`
	// Unmirrored is the sequence number of the last event that the issue must show but does not yet; 0 when none.
	Unmirrored int `json:"unmirrored,omitempty"`
	// Events is the number of events in the request's chain, Head the hash of the last.
	Events int    `json:"events"`
	Head   string `json:"head,omitempty"`
}

// Automatic reports whether the policy approves without anybody's decision.
func (r Request) Automatic() bool { return len(r.Policy.Steps) == 0 }

// DeniedBy returns the decision that denied the request.
func (r Request) DeniedBy() (Decision, bool) {
	for _, d := range r.Decisions {
		if d.Verdict == Deny {
			return d, true
		}
	}
	return Decision{}, false
}
