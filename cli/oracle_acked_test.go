package cli_test

import (
	"strings"
	"time"

	"usher/access"
	"usher/sandbox/slacksim"
)

// answerFor is how long Usher may take to say what became of a click.
const answerFor = time.Minute

// acknowledged wants that whatever Usher acknowledged to Slack was done, or that whoever sent it was told why not: nothing
// that was answered may be lost (invariant 7).
func (o *oracle) acknowledged() {
	calls := o.world.Slack.Calls()
	for _, in := range o.interactions() {
		if !in.acked || len(calls) > 0 && calls[0].Seq > 1 && in.first.Before(calls[0].At) {
			continue // What was answered so long ago is not on record any more.
		}
		switch {
		case in.Type == "view_submission":
			o.sentForm(in, calls)
		case in.Type == "block_actions" && len(in.Actions) == 1:
			kept, judged := o.pressed(in)
			if judged && !kept && !o.answered(in, calls) && !o.disturbed(in.at) {
				o.wrong(7, "%s pressed %s (%s) at %s, which was acknowledged, and nothing came of it", in.User.ID, in.Actions[0].ID, in.Actions[0].Value, in.at)
			}
		}
	}
}

// pressed reports whether a click has had its effect. Only clicks that change something are judged.
func (o *oracle) pressed(in interaction) (kept, judged bool) {
	id, _, _ := strings.Cut(in.Actions[0].Value, ".")
	home := access.RequestID(id)
	switch in.Actions[0].ID {
	case "approve":
		return o.decided(home, in, access.Approve), true
	case "cancel":
		r := o.requests[home]
		return r.State == access.RequestCanceled && o.led(in, r.DecidedAt), true
	case "release":
		return o.led(in, o.grants[home].RevokingAt), true
	case "extend":
		return o.prolonged(access.GrantID(id), in), true
	}
	return false, false
}

// led reports whether something happened in time to have come of the click, or before.
func (o *oracle) led(in interaction, to time.Time) bool {
	return !to.IsZero() && !to.After(in.at.Add(answerFor+o.skew))
}

// decided reports whether somebody has decided by this click or had decided before.
func (o *oracle) decided(id access.RequestID, in interaction, v access.Verdict) bool {
	for _, d := range o.requests[id].Decisions {
		if string(d.By.Slack) == in.User.ID && (d.Origin.Envelope == in.envelope && d.Verdict == v || d.At.Before(in.at)) {
			return true
		}
	}
	return false
}

// prolonged reports whether an extension of the grant was asked for by this click, or waited when it was sent.
func (o *oracle) prolonged(id access.GrantID, in interaction) bool {
	for _, e := range o.extensions[id] {
		r := o.requests[e]
		if !r.CreatedAt.After(in.at.Add(answerFor+o.skew)) && (r.DecidedAt.IsZero() || !r.DecidedAt.Before(in.first)) {
			return true
		}
	}
	return false
}

// sentForm judges a form that was acknowledged.
func (o *oracle) sentForm(in interaction, calls []slacksim.Call) {
	var m struct{ R, G string }
	readJSON([]byte(in.View.Metadata), &m)
	kept := false
	switch in.View.Callback {
	case "access_form":
		for _, r := range o.requests {
			kept = kept || r.Key == in.key() && r.Key != ""
		}
	case "access_deny":
		kept = o.decided(access.RequestID(m.R), in, access.Deny)
	case "access_revoke":
		kept = o.led(in, o.grants[access.RequestID(m.G)].RevokingAt)
	default:
		return
	}
	shown := string(in.ack)
	switch {
	case kept, strings.Contains(shown, `"errors"`):
	case shown == "" || shown == "null" || strings.Contains(shown, "Request filed") || strings.Contains(shown, "is denied") || strings.Contains(shown, "is being removed"):
		o.wrong(7, "%s sent %s at %s, was shown %q, and nothing came of it", in.User.ID, in.View.Callback, in.at, shown)
	case strings.Contains(shown, "Filing your request") || strings.Contains(shown, "Working on it"):
		if !o.answered(in, calls) && !o.disturbed(in.at) {
			o.wrong(7, "%s sent %s at %s, and never saw what became of it", in.User.ID, in.View.Callback, in.at)
		}
	}
}

// answered reports whether Usher told somebody what became of a click or form, or tried to.
func (o *oracle) answered(in interaction, calls []slacksim.Call) bool {
	for _, c := range calls {
		switch {
		case c.At.Before(in.first) || c.At.After(in.at.Add(answerFor)):
		case c.Name == "response_url" && in.ResponseURL != "" && strings.HasSuffix(in.ResponseURL, c.Path),
			c.Name == "views.update" && in.View.ID != "" && strings.Contains(c.Body, in.View.ID),
			(c.Name == "views.open" || c.Name == "views.push") && strings.Contains(c.Body, in.Trigger),
			c.Name == "chat.postMessage" && strings.Contains(c.Body, in.User.ID) && !strings.Contains(c.Body, "metadata"): // No message about a request.
			return true
		}
	}
	return false
}

// disturbed reports whether Usher died, or its clock jumped, or Slack failed, soon after a moment.
func (o *oracle) disturbed(at time.Time) bool {
	for _, s := range o.outages {
		if !s.from.After(at.Add(answerFor)) && !s.to.Before(at.Add(-time.Second)) {
			return true
		}
	}
	return false
}
