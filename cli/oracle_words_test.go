package cli_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"usher/access"
	"usher/sandbox"
	"usher/sandbox/slacksim"
)

// words checks what the messages about requests say, beyond the one word that told wants: who, what, how long, why, until
// when, by whose leave. All of it the oracle knows from the catalog, the company and what Slack delivered.
func (o *oracle) words() {
	for _, p := range o.world.Company.People {
		if u, _ := o.world.Slack.User(p.SlackID()); u.Deleted || o.off[p.Handle] {
			continue // Nobody could change their messages then.
		}
		for _, m := range o.world.Slack.Messages(p.SlackID()) {
			kind, id := markOf(m.Metadata)
			r, known := o.requests[id]
			if !known || kind != "status" && kind != "ask" {
				continue
			}
			key := kind + " of " + string(id) + " to " + p.Handle
			o.past(key, r, m)
			if chapterOf(m.Metadata) == "over" {
				continue
			}
			shows, says := o.state(r), []string{r.Role.String()}
			if kind == "ask" {
				shows, says = o.questioned(key, r, p, m)
			} else if end := o.end(id); r.Kind == access.KindAccess && o.grants[id].State == access.GrantActive && !end.IsZero() {
				says = append(says, "active until "+spoken(end))
			}
			o.holds(key, "shows", m.Plain(), shows)
			o.holds(key, "says aloud", m.Text, says)
			o.askedOf(key, r, m)
		}
	}
}

// holds wants words in a text, wherever its lines break.
func (o *oracle) holds(key, how, text string, want []string) {
	one := oneLine(text)
	for _, w := range want {
		if !strings.Contains(one, oneLine(w)) {
			o.wrong(3, "the message %s should say %q, and %s\n%s", key, w, how, text)
		}
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// state is what the message to whoever asked must say now.
func (o *oracle) state(r access.Request) []string {
	role := r.Role.String() + ": "
	switch r.State {
	case access.RequestPending:
		return []string{role + "waits for approval", o.lasts(r), "It expires " + shown(r.Deadline)}
	case access.RequestDenied:
		want := []string{role + "denied by " + o.deciders(r, access.Deny, "")}
		for _, d := range r.Decisions {
			want = append(want, d.Reason)
		}
		return want
	case access.RequestCanceled:
		return []string{role + "request canceled"}
	case access.RequestExpired:
		return []string{role + "request expired", "Nobody decided before " + shown(r.Deadline)}
	case access.RequestApproved:
	}
	by := o.deciders(r, access.Approve, "the policy")
	switch {
	case r.Kind == access.KindExtension && !o.at(r.ID, access.EventExtended).IsZero():
		return []string{role + "extended by " + inWords(time.Duration(r.Duration)) + ", approved by " + by}
	case r.Kind == access.KindExtension:
		return []string{role + "extension approved by " + by + ", but the access has ended"}
	}
	return o.access(r.ID, role, by)
}

// access is what that message must say of an access that was approved.
func (o *oracle) access(id access.RequestID, role, by string) []string {
	g, end := o.grants[id], "It has no end."
	if at := o.end(id); !at.IsZero() {
		end = "Until *" + shown(at) + "*"
	}
	switch g.State {
	case access.GrantProvisioning:
		return []string{role + "approved by " + by + ", not there yet"}
	case access.GrantActive:
		return []string{role + "active", end, "Approved by " + by + "."}
	case access.GrantFailed:
		return []string{role + "could not be given"}
	case access.GrantRevoking, access.GrantEnded:
	}
	want := []string{role + map[access.GrantState]string{access.GrantRevoking: "is ending", access.GrantEnded: "ended"}[g.State]}
	switch g.EndReason {
	case access.EndExpired:
		want = append(want, "Its time was up "+shown(o.end(id)))
	case access.EndReleased:
		want = append(want, "You gave it back.")
	case access.EndRevoked:
		by, _ := o.person(string(g.EndedBy.User))
		want = append(want, "Taken away by "+by.Name+".", g.EndNote)
	case access.EndOffboarded:
		want = append(want, "Your account in the company directory is not active any more.")
	case access.EndReview, access.EndReclaimed, access.EndLost:
	}
	return want
}

// lasts is how long a request is for, as messages say it.
func (o *oracle) lasts(r access.Request) string {
	switch {
	case r.Kind == access.KindExtension:
		return "xtended by " + inWords(time.Duration(r.Duration)) + "."
	case r.Duration == 0:
		return "ithout an end."
	}
	return "or " + inWords(time.Duration(r.Duration)) + "." // The first letter may be large.
}

// inWords spells a length: 1 hour, 7 days, 1 day 12 hours.
func inWords(d time.Duration) string {
	if d == 0 {
		return "no end"
	}
	var list []string
	for _, u := range []struct {
		name string
		size time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}} {
		if n := d / u.size; n > 0 {
			list = append(list, fmt.Sprintf("%d %s", n, u.name+map[bool]string{true: "s"}[n > 1]))
			d %= u.size
		}
	}
	return strings.Join(list, " ")
}

// deciders are the names of those who decided so.
func (o *oracle) deciders(r access.Request, v access.Verdict, nobody string) string {
	var list []string
	for _, d := range r.Decisions {
		if p, _ := o.person(string(d.By.User)); d.Verdict == v {
			list = append(list, p.Name)
		}
	}
	if len(list) == 0 {
		return nobody
	}
	return strings.Join(list, " and ")
}

// reason is why somebody asked, as they wrote it in the form; whoever extends by a button is taken at their first word.
func (o *oracle) reason(r access.Request) string {
	if strings.HasPrefix(r.Key, "extend/") {
		return o.requests[access.RequestID(r.Grant)].Justification
	}
	return r.Justification
}

// questioned is what the question to an approver must show and say, and afterwards what became of it.
func (o *oracle) questioned(key string, r access.Request, to sandbox.Person, m slacksim.Message) (shows, says []string) {
	who, _ := o.person(string(r.Requester.User))
	role := o.book.role(string(r.Role.Entitlement))
	name, long := role.app.Name+": "+role.Name, inWords(time.Duration(r.Duration))
	asks, aloud := "asks for "+name, "asks for "+name+", for "+long
	switch {
	case r.Kind == access.KindExtension:
		asks, aloud, long = "asks to extend "+name, "asks to extend "+name+" by "+long, long+" more"
	case r.Duration == 0:
		aloud, long = "asks for "+name+", without an end", "No end"
	}
	shows = []string{who.Name + " " + asks, long, "Reason given by " + who.Name + " > " + o.reason(r)}
	says = []string{who.Name, aloud, "Reason given: " + o.reason(r)}
	decided := slices.ContainsFunc(r.Decisions, func(d access.Decision) bool { return string(d.By.User) == to.OktaID() })
	open := strings.Contains(m.Plain(), "[Approve]")
	switch {
	case open && (r.State != access.RequestPending || decided || !o.names(r, r.Step, to)):
		o.wrong(3, "the message %s asks, and %s has nothing to decide now:\n%s", key, to.Handle, m.Plain())
	case open:
		shows = append(shows, "[Deny", "Expires "+shown(r.Deadline))
	}
	switch r.State {
	case access.RequestApproved:
		shows = append(shows, "Approved by "+o.deciders(r, access.Approve, "the policy"))
	case access.RequestDenied:
		shows = append(shows, "Denied by "+o.deciders(r, access.Deny, ""))
	case access.RequestCanceled:
		shows = append(shows, "Canceled: no decision is needed any more")
	case access.RequestExpired:
		shows = append(shows, "Expired: nobody decided in time")
	case access.RequestPending:
	}
	return shows, says
}

// askedOf wants that whoever is said to have been asked is named by the present step, and has not decided.
func (o *oracle) askedOf(key string, r access.Request, m slacksim.Message) {
	for _, line := range strings.Split(m.Plain(), "\n") {
		if !strings.HasSuffix(line, " was asked.") {
			continue
		}
		for _, p := range o.world.Company.People {
			if strings.Contains(" "+strings.ReplaceAll(line, ",", " "), " "+p.Name+" ") && !o.names(r, r.Step, p) {
				o.wrong(3, "the message %s says that %s was asked, whom step %d does not name", key, p.Name, r.Step+1)
			}
		}
	}
}

// past wants that no version of the requester's message said more than was true at its time.
func (o *oracle) past(key string, r access.Request, m slacksim.Message) {
	since := map[string]access.EventKind{
		": active": access.EventActive, ": ended": access.EventEnded, ": is ending": access.EventRevoking, ": denied by": access.EventDenied,
		": extended by": access.EventExtended, ": request expired": access.EventLapsed, ": request canceled": access.EventCanceled, ": approved by": access.EventApproved,
	}
	for _, v := range o.world.Slack.Versions(m.Channel, m.TS) {
		at := v.PostedAt
		if !v.EditedAt.IsZero() {
			at = v.EditedAt
		}
		said, ok := strings.CutPrefix(v.Text, r.Role.String())
		if !ok {
			continue
		}
		for word, kind := range since {
			if first := o.at(r.ID, kind); strings.HasPrefix(said, word) && (first.IsZero() || at.Add(o.skew).Before(first)) {
				o.wrong(3, "the message %s said at %s what came about at %s: %s", key, at, first, v.Text)
			}
		}
		if strings.HasPrefix(said, ": active") && !o.foretold(r.ID, said, at) {
			o.wrong(3, "the message %s said at %s of the end what nobody had decided: %s", key, at, v.Text)
		}
	}
}

// foretold reports whether the end that a message tells was the one of the access at that time, or an earlier one.
func (o *oracle) foretold(id access.RequestID, said string, at time.Time) bool {
	r, g := o.requests[id], o.grants[id]
	if r.Duration == 0 {
		return !strings.Contains(said, "until")
	}
	end := g.StartedAt.Add(time.Duration(r.Duration))
	ok := strings.HasPrefix(said, ": active until "+spoken(end))
	for _, e := range o.prolongations(g.ID) {
		end = end.Add(time.Duration(o.requests[e].Duration))
		ok = ok || strings.HasPrefix(said, ": active until "+spoken(end)) && !o.at(e, access.EventExtended).After(at.Add(o.skew))
	}
	return ok
}
