package access

import (
	"errors"
	"time"

	"usher/idp"
)

// failure is what an error means for the effect that met it.
type failure struct {
	final     bool // Trying again cannot help.
	target    bool // The whole target should be left alone for a while.
	throttled bool
	wish      time.Time  // The vendor's wish, if any.
	made      *Unsettled // The removal that was made, which waits to count.
	neither   bool       // The directory knows neither user nor group.
	slow      bool       // Only a person can mend it: try rarely.
	text      string     // For people.
	detail    string     // For admins.
}

// classify is the one place that decides between again and never.
func classify(err error, now time.Time) failure {
	f := failure{detail: err.Error(), text: "Something on our side does not work; Usher keeps trying."}
	if errors.Is(err, errLateRead) {
		f.text = "The directory still shows a membership that was just removed; Usher waits until it does not."
		return f
	}
	if errors.Is(err, errNotShown) {
		f.text = "The directory has accepted the change but does not show it yet; Usher goes on when it does."
		return f
	}
	var early *unsettledError
	if errors.As(err, &early) {
		f.text, f.wish = "The directory may still carry out an addition that it did not answer; Usher looks again before it calls the access ended.", early.made.Until
		f.made = &early.made
		return f
	}
	var nobody *nobodyError
	if errors.As(err, &nobody) {
		f.text, f.slow = nobody.Error(), true
		return f
	}
	var unproven *unprovenError
	if errors.As(err, &unproven) { // After a while it is tried rarely.
		f.text, f.slow, f.final = unproven.text(), true, unproven.long
		return f
	}
	var strange *strangeError
	f.neither = errors.Is(err, errNeither) || errors.As(err, &strange)
	if strange != nil { // After a while it is tried less often, and still within a minute of its return.
		f.text = strange.text()
		if strange.effect.Attempts >= bothGone {
			f.wish = now.Add(2 * longestPause)
		}
		return f
	}
	var none *noAccountError
	if errors.As(err, &none) {
		f.text, f.final = none.text(), true
		return f
	}
	var gone *inactiveError
	if errors.As(err, &gone) {
		f.text, f.final = gone.Error(), true
		return f
	}
	var te *TargetError
	if errors.As(err, &te) {
		name := "Slack"
		if te.Target == TargetJira {
			name = "Jira"
		}
		f.text = name + " cannot be reached or refuses the change; Usher keeps trying."
		f.final = !te.Transient
		f.target = te.Transient && !te.Only
		f.throttled = f.target && te.RetryAfter > 0
		if te.RetryAfter > 0 {
			f.wish = now.Add(te.RetryAfter)
		}
		return f
	}
	var ie *idp.Error
	if !errors.As(err, &ie) {
		return f
	}
	f.wish = ie.RetryAt
	switch ie.Kind {
	case idp.Throttled:
		f.target, f.throttled = true, true
		f.text = "The directory asks Usher to wait; it goes on by itself."
	case idp.Unavailable:
		f.target = true
		f.text = "The directory cannot be reached; Usher keeps trying and goes on as soon as it answers."
	case idp.Unauthorized:
		f.target, f.slow = true, true
		f.text = "The directory does not accept Usher's credentials. An admin has to mend that; Usher goes on by itself then."
	case idp.Forbidden:
		f.slow = true
		f.text = "The directory does not allow Usher this change. An admin has to mend that; Usher goes on by itself then."
	case idp.UserNotFound, idp.GroupNotFound, idp.NotGovernable, idp.UserNotAllowed, idp.Ambiguous, idp.Invalid:
		f.final = true
		f.text = finalText(ie.Kind)
	}
	return f
}

func finalText(k idp.Kind) string {
	switch k {
	case idp.UserNotFound:
		return "The person is not in the directory any more. Please ask IT."
	case idp.GroupNotFound:
		return "The group behind this role is not in the directory any more. Please tell the owner of the app."
	case idp.NotGovernable:
		return "The group behind this role must not be changed by Usher. Please tell the owner of the app."
	case idp.UserNotAllowed:
		return "The directory does not accept this person in their present status. Please ask IT."
	case idp.Ambiguous, idp.Invalid, idp.Forbidden, idp.Unauthorized, idp.Throttled, idp.Unavailable:
	}
	return "The directory refused the change. Please tell an admin of Usher."
}

// messageTries is how often a message is tried that Slack refuses: over about twenty minutes, for a refusal may pass. What failed
// otherwise is tried for as long as it takes.
const messageTries = 8

// finalOutcome is what follows from a final refusal; nil means that trying goes on all the same.
func finalOutcome(e Effect, f failure) command {
	switch e.Kind {
	case EffectInspect, EffectAdd:
		return refused{Group: e.Group, Why: f.text}
	case EffectLock:
		return unlocked{Group: e.Group, Why: f.text}
	case EffectAsk, EffectStatus, EffectNotice, EffectFold:
		if e.Refused >= messageTries {
			return nothing{} // The person cannot be reached there; the Home tab and the issue still tell.
		}
	case EffectOpen, EffectMirror, EffectRemove, EffectRoute:
	}
	return nil
}
