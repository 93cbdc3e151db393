package cli_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"usher/access"
	"usher/sandbox"
	"usher/sandbox/slacksim"
)

// homes checks what people's Home tabs show: what was true when they were drawn, and no older state where Usher keeps them up
// to date.
func (o *oracle) homes() {
	if o.skew > 0 {
		return // Whose clock a tab was drawn by cannot be told then.
	}
	opened, away := o.opened(), o.slackAway()
	for _, p := range o.world.Company.People {
		v, some := o.world.Slack.Home(p.SlackID())
		at := drawnAt(v)
		if !some || at.IsZero() { // A sentence stands in its place.
			continue
		}
		parts := map[string]string{}
		for _, part := range strings.Split(v.Plain(), "\n---\n") {
			if title, _, ok := strings.Cut(strings.TrimPrefix(part, "*"), "*"); ok {
				parts[title] = part
			}
		}
		o.holding(p, at, parts["What you have"])
		o.waiting(p, at, parts["What you asked for"])
		o.deciding(p, at, parts["Waiting for your decision"])
		o.redrawn(p, at, opened[p.SlackID()], away)
	}
}

// drawnAt is as of when a Home tab says that it is; zero if it does not.
func drawnAt(v slacksim.View) time.Time {
	var blocks []struct{ Elements []struct{ Text any } }
	readJSON(v.Blocks, &blocks)
	if len(blocks) == 0 || len(blocks[len(blocks)-1].Elements) == 0 {
		return time.Time{}
	}
	text, _ := blocks[len(blocks)-1].Elements[0].Text.(string)
	found := regexp.MustCompile(`^As of <!date\^(\d+)\^`).FindStringSubmatch(text)
	if found == nil {
		return time.Time{}
	}
	n, err := strconv.ParseInt(found[1], 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

// within reports whether something began before a moment and was not over yet. A tab tells seconds only, and what happens in
// one of them may be drawn or not: then it may have been, and it may not.
func within(at, from, to time.Time) (may, must bool) {
	next := at.Add(time.Second)
	may = !from.IsZero() && from.Before(next) && (to.IsZero() || !to.Before(at))
	return may, may && from.Before(at) && (to.IsZero() || !to.Before(next))
}

// entry is the part of a section about a role; empty if there is none.
func entry(section, role string) string {
	_, after, _ := strings.Cut(section, "\n*"+role+"*\n")
	line, _, _ := strings.Cut(after, "\n")
	return line
}

// holding checks the list of what somebody has.
func (o *oracle) holding(p sandbox.Person, at time.Time, shows string) {
	may := map[string]bool{}
	for id, g := range o.grants {
		if string(g.Subject.User) != p.OktaID() {
			continue
		}
		role, ended := o.requests[id].Role.String(), o.at(id, access.EventEnded)
		if ended.IsZero() {
			ended = o.at(id, access.EventFailed)
		}
		there, _ := within(at, o.at(id, access.EventProvisioning), ended)
		may[role] = may[role] || there
		if _, active := within(at, g.StartedAt, g.RevokingAt); active && !strings.Contains(shows, ", 1 to ") {
			o.shownActive(p, id, at, entry(shows, role))
		}
	}
	for _, r := range o.requests {
		if role := r.Role.String(); string(r.Requester.User) == p.OktaID() && entry(shows, role) != "" && !may[role] {
			o.wrong(3, "the Home tab of %s shows %s at %s, which is not theirs then:\n%s", p.Handle, role, at, shows)
		}
	}
}

// shownActive wants an access that is active on the tab, with its end.
func (o *oracle) shownActive(p sandbox.Person, id access.RequestID, at time.Time, line string) {
	r, g := o.requests[id], o.grants[id]
	var ends []string
	end := g.StartedAt.Add(time.Duration(r.Duration))
	for _, e := range append(o.prolongations(g.ID), "") {
		from := o.at(e, access.EventExtended)
		if e == "" || !from.Before(at) {
			ends = append(ends, "until "+shown(end))
		}
		if end = end.Add(time.Duration(o.requests[e].Duration)); e == "" || !from.Before(at.Add(time.Second)) {
			break
		}
	}
	if r.Duration == 0 {
		ends = []string{"no end"}
	}
	if !slices.ContainsFunc(ends, func(e string) bool { return strings.Contains(line, e) }) && !strings.Contains(line, "its time is up") {
		o.wrong(3, "the Home tab of %s, drawn at %s, should show %s %v, and shows %q", p.Handle, at, r.Role, ends, line)
	}
}

// closed is when a request was decided, taken back or given up; zero if it waits.
func (o *oracle) closed(r access.Request) time.Time {
	for _, k := range []access.EventKind{access.EventApproved, access.EventDenied, access.EventCanceled, access.EventLapsed} {
		if at := o.at(r.ID, k); !at.IsZero() {
			return at
		}
	}
	return time.Time{}
}

// waiting checks the list of what somebody asked for.
func (o *oracle) waiting(p sandbox.Person, at time.Time, shows string) {
	may := map[string]bool{}
	for id, r := range o.requests {
		if string(r.Requester.User) != p.OktaID() {
			continue
		}
		role := r.Role.String()
		open, sure := within(at, o.at(id, access.EventRequested), o.closed(r))
		may[role] = may[role] || open
		if sure && entry(shows, role) == "" && !strings.Contains(shows, ", 1 to ") {
			o.wrong(3, "the Home tab of %s, drawn at %s, does not show that %s waits:\n%s", p.Handle, at, role, shows)
		}
	}
	for _, r := range o.requests {
		if role := r.Role.String(); string(r.Requester.User) == p.OktaID() && entry(shows, role) != "" && !may[role] {
			o.wrong(3, "the Home tab of %s, drawn at %s, shows that %s waits, and it does not:\n%s", p.Handle, at, role, shows)
		}
	}
}

// deciding wants that somebody is asked on the tab about nothing but what waits, and by a step that names them.
func (o *oracle) deciding(p sandbox.Person, at time.Time, shows string) {
	for _, l := range strings.Split(shows, "\n") {
		if !strings.HasPrefix(l, "*") || !strings.Contains(l, "* asks ") {
			continue
		}
		theirs := false
		for id, r := range o.requests {
			who, _ := o.person(string(r.Requester.User))
			if !strings.HasPrefix(l, "*"+who.Name+"* asks ") || !strings.Contains(l, " *"+r.Role.String()+"*") {
				continue
			}
			open, _ := within(at, o.at(id, access.EventRequested), o.closed(r))
			for step := 0; step <= r.Step; step++ {
				theirs = theirs || open && o.names(r, step, p)
			}
		}
		if !theirs {
			o.wrong(4, "the Home tab of %s, drawn at %s, asks what is not theirs to decide then: %s", p.Handle, at, l)
		}
	}
}

// keptFor is how long after its opening a Home tab is kept up to date.
const keptFor = 15 * time.Minute

// opened is when people looked at their Home tabs.
func (o *oracle) opened() map[string][]time.Time {
	all := map[string][]time.Time{}
	for _, d := range o.world.Slack.Deliveries() {
		var e struct {
			Event struct{ Type, User, Tab string }
		}
		if d.Type == "events_api" && d.Acked && json.Unmarshal(d.Payload, &e) == nil && e.Event.Type == "app_home_opened" && e.Event.Tab == "home" {
			all[e.Event.User] = append(all[e.Event.User], d.At)
		}
	}
	return all
}

// redrawn wants a Home tab that was opened lately to show what happened since, where Usher ran and nothing failed.
func (o *oracle) redrawn(p sandbox.Person, at time.Time, opened []time.Time, away []span) {
	for id, r := range o.requests {
		if string(r.Requester.User) != p.OktaID() {
			continue
		}
		for _, e := range o.events[id] {
			if !at.Add(time.Second).Before(e.At) || o.now.Before(e.At.Add(time.Minute)) {
				continue
			}
			for _, saw := range opened {
				quiet := !slices.ContainsFunc(away, func(s span) bool {
					return s.from.Before(e.At.Add(time.Minute)) && s.to.Add(time.Minute).After(saw)
				})
				if quiet && saw.Before(e.At) && e.At.Before(saw.Add(keptFor)) {
					o.wrong(3, "the Home tab of %s was opened at %s and drawn at %s last, and not when %q came about at %s", p.Handle, saw, at, e.Text, e.At)
					return
				}
			}
		}
	}
}
