package cli_test

import (
	"slices"
	"strings"
	"time"

	"usher/access"
	"usher/sandbox/oktasim"
)

// causes wants a reason outside of Usher for whatever ended before its time: a click or a form of somebody who may, or an
// account that was not active. What the record says about it must be that.
func (o *oracle) causes() {
	list := o.interactions()
	for id, g := range o.grants {
		if g.RevokingAt.IsZero() {
			continue
		}
		switch g.EndReason {
		case access.EndExpired:
			if g.EndedBy.User != "" {
				o.wrong(6, "grant %s expired, and %s is said to have ended it", g.ID, g.EndedBy)
			}
		case access.EndReleased:
			who, _ := o.person(string(g.Subject.User))
			if !o.sent(list, g.RevokingAt, who.SlackID(), func(in interaction) bool { return in.presses("release", string(g.ID)) }) {
				o.wrong(4, "grant %s was released, and %s did not press that", g.ID, who.Handle)
			}
		case access.EndRevoked:
			o.revoked(id, g, list)
		case access.EndOffboarded:
			if o.thereAt(string(g.Subject.User), g.RevokingAt) {
				o.wrong(2, "grant %s ended because %s had left, who had not", g.ID, g.Subject)
			}
		case access.EndReview, access.EndReclaimed, access.EndLost:
			o.wrong(2, "grant %s ended for a reason that there is not yet: %s", g.ID, g.EndReason)
		}
	}
	for id, r := range o.requests {
		who, _ := o.person(string(r.Requester.User))
		pressed := func(in interaction) bool { return in.presses("cancel", string(id)) }
		switch {
		case r.State != access.RequestCanceled:
		case r.Withdrawn == "" && !o.sent(list, r.DecidedAt, who.SlackID(), pressed):
			o.wrong(4, "request %s was canceled, and %s did not press that", id, who.Handle)
		case r.Withdrawn != "" && r.Kind == access.KindAccess && o.thereAt(string(r.Requester.User), r.DecidedAt):
			o.wrong(2, "request %s was closed because %s had left, who had not", id, r.Requester)
		}
		for _, d := range r.Decisions {
			if d.Verdict == access.Deny && !o.byCore && !o.sent(list, d.At, string(d.By.Slack), func(in interaction) bool {
				return in.View.Callback == "access_deny" && strings.TrimSpace(in.input("reason")) == d.Reason && d.Reason != ""
			}) {
				o.wrong(4, "request %s was denied because %q, and %s did not write that", id, d.Reason, d.By)
			}
		}
	}
}

// sent reports whether somebody sent this before a moment.
func (o *oracle) sent(list []interaction, before time.Time, slackID string, this func(interaction) bool) bool {
	return slices.ContainsFunc(list, func(in interaction) bool {
		return in.User.ID == slackID && !in.at.After(before.Add(o.skew)) && this(in)
	})
}

// revoked wants the form of an admin or of an owner of the app, with the reason that is on record.
func (o *oracle) revoked(id access.RequestID, g access.Grant, list []interaction) {
	by, _ := o.person(string(g.EndedBy.User))
	role := o.book.role(string(o.requests[id].Role.Entitlement))
	if !slices.Contains(o.world.Company.Admins, by.Handle) && (role == nil || !slices.Contains(role.app.Owners, by.Email())) {
		o.wrong(4, "grant %s was revoked by %s, who is neither admin nor owner", g.ID, g.EndedBy)
	}
	form := func(in interaction) bool {
		var m struct{ G string }
		readJSON([]byte(in.View.Metadata), &m)
		return m.G+in.input("grant") == string(g.ID) && strings.TrimSpace(in.input("reason")) == g.EndNote && g.EndNote != ""
	}
	if !o.sent(list, g.RevokingAt, by.SlackID(), form) && !o.byCore {
		o.wrong(4, "grant %s was revoked because %q, and %s did not write that", g.ID, g.EndNote, g.EndedBy)
	}
}

// thereAt reports whether the directory had somebody as active at a moment, by what Usher may have read until then.
func (o *oracle) thereAt(user string, at time.Time) bool {
	for ago := -o.skew; ago <= believedFor+o.skew; ago += time.Second {
		if o.world.Okta.StatusAt(user, at.Add(-ago)) != oktasim.StatusActive {
			return false
		}
	}
	return true
}

// complete checks invariant 6: everything that happened has its event, by whoever did it, and not only that none is there twice.
func (o *oracle) complete() {
	for id, r := range o.requests {
		want := map[access.EventKind]int{access.EventRequested: 1}
		if g, given := o.grants[id]; given {
			want[access.EventProvisioning] = 1
			if !g.StartedAt.IsZero() {
				want[access.EventActive], want[access.EventInspected] = 1, len(g.Groups)
			}
			if g.State == access.GrantEnded {
				want[access.EventRevoking], want[access.EventEnded] = 1, 1
			}
			for _, e := range o.extensions[g.ID] {
				if o.requests[e].Extended {
					want[access.EventExtended]++
				}
			}
			o.extended(r, want[access.EventExtended])
		}
		if r.Kind == access.KindExtension && r.Extended {
			want[access.EventExtended] = 1
		}
		got := map[access.EventKind]int{}
		for _, e := range o.events[id] {
			got[e.Kind]++
			if (e.Kind == access.EventRequested || e.Kind == access.EventCanceled && r.Withdrawn == "") && !e.Actor.Is(r.Requester) {
				o.wrong(6, "request %s: %s is said to be of %q", id, e.Kind, e.Actor)
			}
		}
		for kind, n := range want {
			if got[kind] != n {
				o.wrong(6, "request %s: %d events %s, want %d", id, got[kind], kind, n)
			}
		}
		if gone := got[access.EventMemberRemoved] + got[access.EventMemberKept]; o.grants[id].State == access.GrantEnded && gone != len(o.grants[id].Groups) {
			o.wrong(6, "request %s: %d of %d groups are told as removed or kept", id, gone, len(o.grants[id].Groups))
		}
		for fact, value := range map[string]string{"justification": r.Justification, "entitlement": string(r.Role.Entitlement), "catalog": r.Policy.Version} {
			if o.fact(id, access.EventRequested, fact) != value {
				o.wrong(6, "request %s: the evidence does not tell the %s", id, fact)
			}
		}
	}
}

// extended wants no more extensions than the catalog allows, and none that waits when the access is over.
func (o *oracle) extended(home access.Request, n int) {
	most := 2
	if set := o.book.Settings.Extensions; set != nil {
		most = *set
	}
	if n > most {
		o.wrong(2, "the access of request %s was extended %d times, the catalog says %d", home.ID, n, most)
	}
	for _, e := range o.extensions[home.Grant] {
		if o.requests[e].State == access.RequestPending && o.grants[home.ID].State.Final() {
			o.wrong(11, "the extension %s waits, and the access is over", e)
		}
	}
}

// single wants no two open requests of one person for one role.
func (o *oracle) single() {
	open := map[string]access.RequestID{}
	for id, r := range o.requests {
		if key := string(r.Requester.User) + " " + string(r.Role.Entitlement); r.State == access.RequestPending {
			if other := open[key]; other != "" {
				o.wrong(7, "%s waits twice: %s and %s", key, id, other)
			}
			open[key] = id
		}
	}
}
