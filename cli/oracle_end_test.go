package cli_test

import (
	"strings"
	"time"

	"usher/access"
	"usher/catalog"
	"usher/sandbox/oktasim"
)

// terms checks invariant 2 on every grant: it began when the provider showed it, and it ended when what was approved says.
// When that is the oracle works out itself; the end in the grant's record is one of the things that it judges.
func (o *oracle) terms() {
	for id, r := range o.requests {
		if said := o.fact(id, access.EventRequested, "duration"); said != r.Duration.String() {
			o.wrong(2, "request %s lasts %s, and %s was asked for", id, r.Duration, said)
		}
		if r.Kind == access.KindExtension {
			o.extension(r)
		}
	}
	for id, g := range o.grants {
		end := o.end(id)
		o.beginning(id, g)
		switch {
		case end.IsZero():
			if g.EndReason == access.EndExpired {
				o.wrong(2, "grant %s, which has no end, expired", id)
			}
		case g.State == access.GrantEnded && g.EndReason == access.EndExpired && g.RevokingAt.Before(end.Add(-time.Second)):
			o.wrong(2, "grant %s expired at %s, before its end at %s", id, g.RevokingAt, end)
		case !g.RevokingAt.IsZero() && o.late(end, g.RevokingAt), g.RevokingAt.IsZero() && o.late(end, o.now), !g.State.Final() && o.late(end, o.now):
			o.wrong(2, "grant %s is %s since %s and its end was at %s", id, g.State, g.RevokingAt, end)
		}
	}
}

// beginning wants that the clock of the access started with the proof of the last membership: right after a read that the
// provider answered.
func (o *oracle) beginning(id access.RequestID, g access.Grant) {
	if g.StartedAt.IsZero() {
		return
	}
	if at := o.at(id, access.EventActive); !at.Equal(g.StartedAt) {
		o.wrong(2, "grant %s began at %s, the evidence says %s", id, g.StartedAt, at)
	}
	var read time.Time
	for _, c := range o.calls[string(g.Subject.User)] {
		if c.Name != "user.groups" || c.Status != 200 || c.At.After(g.StartedAt) {
			continue
		}
		answered := c.At
		if c.Fault != "" {
			answered = answered.Add(longestCall)
		}
		if answered.After(read) {
			read = answered
		}
	}
	for _, j := range o.jumps { // The clock may jump between the read and its record. Usher's own never goes back.
		if j.to.After(j.from) && !j.from.Before(read) && !j.from.After(read.Add(o.grace())) {
			read = read.Add(j.to.Sub(j.from))
		}
	}
	if g.StartedAt.After(read.Add(o.grace() + o.skew)) {
		o.wrong(2, "grant %s began at %s, the last read before was at %s", id, g.StartedAt, read)
	}
}

// extension wants that an approved extension took effect unless the access was over, and no other one ever.
func (o *oracle) extension(r access.Request) {
	at := o.at(r.ID, access.EventExtended)
	home := access.RequestID(r.Grant)
	g, end := o.grants[home], o.endWithout(home, r.ID)
	switch {
	case !at.IsZero() && (r.State != access.RequestApproved || o.at(r.ID, access.EventApproved).IsZero()):
		o.wrong(1, "extension %s took effect and is %s", r.ID, r.State)
	case !at.IsZero() && !at.Before(end), !at.IsZero() && !g.RevokingAt.IsZero() && at.After(g.RevokingAt):
		o.wrong(2, "extension %s took effect at %s, when the access was over", r.ID, at)
	case at.IsZero() && r.State == access.RequestApproved:
		var failed time.Time
		for _, e := range o.events[r.ID] {
			if e.Kind == access.EventTrouble && e.Text == r.Failure {
				failed = e.At
			}
		}
		over := !g.RevokingAt.IsZero() && !g.RevokingAt.After(failed) || !end.After(failed)
		if r.Failure == "" || !over {
			o.wrong(2, "extension %s was approved and did not take effect", r.ID)
		}
	}
}

// end is when the access that a request asked for must end: from its start what was approved, and every approved extension
// on top. For what was never proven, from the moment before it was given. Zero means never.
func (o *oracle) end(id access.RequestID) time.Time { return o.endWithout(id, "") }

func (o *oracle) endWithout(id, without access.RequestID) time.Time {
	r, g := o.requests[id], o.grants[id]
	start := g.StartedAt
	if start.IsZero() {
		start = o.at(id, access.EventInspected)
	}
	if start.IsZero() || r.Duration == catalog.Standing {
		return time.Time{}
	}
	length := r.Duration
	for _, e := range o.extensions[g.ID] {
		if e != without && !o.at(e, access.EventExtended).IsZero() {
			length += o.requests[e].Duration
		}
	}
	return start.Add(time.Duration(length))
}

// finish is when a grant that has ended or is ending had to.
func (o *oracle) finish(id access.RequestID) time.Time {
	if g := o.grants[id]; g.EndReason != access.EndExpired {
		return g.RevokingAt
	}
	return o.end(id)
}

// held reports whether a grant whose end has not come covers the membership.
func (o *oracle) held(group, user string) bool {
	for id, g := range o.grants {
		if string(g.Subject.User) != user || !covers(g, group) || g.State.Final() {
			continue
		}
		if end := o.end(id); end.IsZero() || !o.late(end, o.now) {
			return true
		}
	}
	return false
}

// removal wants the end of a grant, on time, and no other grant that still holds the membership.
func (o *oracle) removal(group, user string, at time.Time) {
	var ended access.GrantID
	var due time.Time
	for id, g := range o.grants {
		if string(g.Subject.User) != user || !covers(g, group) {
			continue
		}
		active := !g.StartedAt.IsZero() && g.StartedAt.Before(at) // At the same moment it may have begun just after.
		going := !g.RevokingAt.IsZero() && !g.RevokingAt.After(at.Add(o.skew))
		if active && !going {
			o.wrong(10, "%s was removed from %s at %s although grant %s held it until %s", user, group, at, g.ID, o.end(id))
		}
		if f := o.finish(id); going && (ended == "" || f.After(due)) {
			ended, due = g.ID, f
		}
	}
	if ended == "" {
		o.wrong(9, "%s was removed from %s at %s although no grant had ended", user, group, at)
		return
	}
	if at.Before(due.Add(-time.Second - o.skew)) {
		o.wrong(2, "%s was removed from %s at %s, before the end at %s", user, group, at, due)
	}
	if o.late(due, at) {
		o.wrong(2, "%s was removed from %s %s late", user, group, at.Sub(due))
	}
}

// late reports whether something that fell due came too late even with what was in its way.
func (o *oracle) late(due, at time.Time) bool { return at.After(o.excused(due).Add(o.grace())) }

// grace is how late something may be that nothing was in the way of.
func (o *oracle) grace() time.Duration {
	switch {
	case o.realTime:
		return 5 * onTime
	case o.lag: // A removal waits for the addition before it, and that for its proof.
		return 11 * onTime
	}
	return onTime
}

// excused is the latest time at which something that fell due then may be expected, by the outages.
func (o *oracle) excused(due time.Time) time.Time {
	at := due
	for _, s := range o.outages { // By their beginning.
		if !s.from.After(at.Add(o.grace())) && s.to.Add(time.Minute).After(at) {
			at = s.to.Add(time.Minute)
		}
	}
	return at
}

// longestCall is how long Usher waits for an answer of Okta's.
const longestCall = 30 * time.Second

// latest is how long Okta may go on with a call that it did not answer.
const latest = 2 * time.Minute

// lateWork are the calls about a user and a group that Okta did not answer and carried out, or will yet.
func (o *oracle) lateWork(group, user string) (list []oktasim.Call) {
	for _, c := range o.calls[user] {
		if c.Fault == string(oktasim.Late) && strings.Contains(c.Path, group) {
			list = append(list, c)
		}
	}
	return list
}

// hits are the moments in which a fault met a call to Okta.
func (o *oracle) hits() (list []span) {
	for _, c := range o.world.Okta.Calls() {
		switch {
		case c.Fault == string(oktasim.Late):
			list = append(list, span{c.At.Add(-onTime), c.At.Add(latest)})
		case c.Fault != "":
			list = append(list, span{c.At.Add(-onTime), c.At.Add(longestCall)})
		}
	}
	return list
}

// fact is a particular of the first event of a kind.
func (o *oracle) fact(id access.RequestID, kind access.EventKind, name string) string {
	for _, e := range o.events[id] {
		if e.Kind == kind {
			return e.Facts[name]
		}
	}
	return ""
}
