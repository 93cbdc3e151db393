package access

import "errors"

// Code names a refusal for programs and tests.
type Code string

// The refusals. Each reaches people as one plain sentence, see Refusal.Text.
const (
	UnknownPerson     Code = "unknown_person"     // The Slack user cannot be matched to one active directory user.
	NotRequestable    Code = "not_requestable"    // No such entitlement, or its app is not approved.
	NotEligible       Code = "not_eligible"       // The catalog does not offer it to this person.
	BadDuration       Code = "bad_duration"       // Not one of the offered durations.
	BadJustification  Code = "bad_justification"  // Missing or too long.
	AlreadyPending    Code = "already_pending"    // The same request waits already.
	NobodyCanApprove  Code = "nobody_can_approve" // A step has too few people besides the requester.
	NotFound          Code = "not_found"          // No such request or grant, or not for this person's eyes.
	NotApprover       Code = "not_approver"       // Not routed to this person.
	OwnRequest        Code = "own_request"        // Nobody decides about their own request.
	AlreadyDecided    Code = "already_decided"    // Somebody was faster.
	AlreadyApproved   Code = "already_approved"   // This person approved already.
	RequestOver       Code = "request_over"       // Canceled or expired.
	StaleMessage      Code = "stale_message"      // The button was not on this person's own message.
	ReasonMissing     Code = "reason_missing"     // Deny and revoke need a reason.
	NotAllowed        Code = "not_allowed"        // Not the holder, owner or admin.
	GrantOver         Code = "grant_over"         // The access has ended or is ending.
	CannotExtend      Code = "cannot_extend"      // No end, cap reached, or one is pending.
	DirectoryDown     Code = "directory_down"     // Nothing can be checked at the moment.
	JustificationSize      = 1000                 // Longest justification or reason, in characters.
)

// Field names the form field that a refusal is about.
type Field string

// The fields.
const (
	FieldNone          Field = ""
	FieldEntitlement   Field = "entitlement"
	FieldDuration      Field = "duration"
	FieldJustification Field = "justification"
	FieldReason        Field = "reason"
)

// Refusal is the typed error for everything that Usher will not do on somebody's word. Its text is one or two plain
// sentences for the person who asked: what is refused, why, and what they can do.
type Refusal struct {
	Code  Code
	Field Field
	Text  string
	// Request is the request concerned, where there is one, so that the caller can show its present state.
	Request RequestID
}

// Error returns the sentence.
func (r *Refusal) Error() string { return r.Text }

// CodeOf returns the code of a refusal, or "" for any other error.
func CodeOf(err error) Code {
	var r *Refusal
	if errors.As(err, &r) {
		return r.Code
	}
	return ""
}

// Sentence turns any error into what a person may read. The inner detail of an unexpected error never gets there.
func Sentence(err error) string {
	var r *Refusal
	if errors.As(err, &r) {
		return r.Text
	}
	return "Something went wrong on our side. Nothing was changed; please try again in a minute."
}
