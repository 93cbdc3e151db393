package cli_test

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"usher/access"
	"usher/sandbox"
)

// interaction is what Slack delivered of a click or of a form that was sent.
type interaction struct {
	Type string
	User struct{ ID string }
	View struct {
		ID       string
		Callback string `json:"callback_id"`
		Metadata string `json:"private_metadata"`
		State    struct {
			Values map[string]map[string]struct {
				Value    string
				Selected struct{ Value string } `json:"selected_option"`
			}
		}
	}
	Actions []struct {
		ID       string `json:"action_id"`
		TS       string `json:"action_ts"`
		Value    string
		Selected struct{ Value string } `json:"selected_option"`
	}
	Trigger     string `json:"trigger_id"`
	ResponseURL string `json:"response_url"`

	envelope string
	first    time.Time // When it was sent first, maybe in another envelope,
	at       time.Time // and when this time.
	acked    bool
	ack      json.RawMessage
}

// interactions are all of them, in order.
func (o *oracle) interactions() (list []interaction) {
	first := map[string]time.Time{}
	for _, d := range o.world.Slack.Deliveries() {
		in := interaction{first: d.At, envelope: d.EnvelopeID, at: d.At, acked: d.Acked, ack: d.Ack}
		if d.Type != "interactive" || json.Unmarshal(d.Payload, &in) != nil {
			continue
		}
		same := d.EnvelopeID
		if len(in.Actions) == 1 { // A press is the same one in whatever envelope it comes.
			same = in.User.ID + in.Actions[0].ID + in.Actions[0].TS
		}
		if at, again := first[same]; again {
			in.first = at
		}
		first[same] = in.first
		list = append(list, in)
	}
	return list
}

// key is the idempotency key that a form carries.
func (in interaction) key() string {
	var m struct{ K string }
	_ = json.Unmarshal([]byte(in.View.Metadata), &m) // Other views carry none.
	return m.K
}

// input is what an input of a view held.
func (in interaction) input(action string) string {
	for _, block := range in.View.State.Values {
		if v, ok := block[action]; ok {
			return v.Selected.Value + v.Value
		}
	}
	return ""
}

// asked checks each request against what was asked for in Slack and against the catalog: who, what, for how long, by whose
// leave and until when.
func (o *oracle) asked() {
	list := o.interactions()
	for id, r := range o.requests {
		who, known := o.person(string(r.Requester.User))
		role := o.book.role(string(r.Role.Entitlement))
		if !known || role == nil || !r.Subject.Is(r.Requester) {
			o.wrong(1, "request %s of %s for %s: no such person or role, or for somebody else (%s)", id, r.Requester, r.Role, r.Subject)
			continue
		}
		if !holds(role.Visible, who, 0) || role.app.Status != "approved" {
			o.wrong(4, "request %s: %s may not ask for %s", id, who.Handle, role.ID)
		}
		if r.Role.String() != role.app.Name+": "+role.Name || !slices.Equal(groupsOf(r.Role), role.groups()) {
			o.wrong(1, "request %s for %s gives %v, the catalog says %v", id, r.Role, groupsOf(r.Role), role.groups())
		}
		o.waits(r)
		o.submission(r, role, who, list)
		if !sameSteps(r.Policy.Steps, o.steps(r), role.app.Owners) {
			o.wrong(4, "request %s goes by the steps %v, the catalog says %v", id, r.Policy.Steps, o.steps(r))
		}
	}
	for id, g := range o.grants {
		var groups []string
		for _, x := range g.Groups {
			groups = append(groups, x.Group.ID)
		}
		slices.Sort(groups)
		if role := o.book.role(string(o.requests[id].Role.Entitlement)); role != nil && !slices.Equal(groups, role.groups()) {
			o.wrong(1, "grant %s of %s gives %v, the catalog says %v", g.ID, role.ID, groups, role.groups())
		}
	}
}

func (o *oracle) person(user string) (sandbox.Person, bool) {
	for _, p := range o.world.Company.People {
		if p.OktaID() == user {
			return p, true
		}
	}
	return sandbox.Person{}, false
}

// waits checks the deadline: that of the catalog, from the moment of asking, and no decision of Usher's own before it.
func (o *oracle) waits(r access.Request) {
	const planning = time.Minute // Between the plan of a request and its record.
	from, to := r.CreatedAt.Add(o.book.deadline()-planning-o.skew), r.CreatedAt.Add(o.book.deadline()+o.skew)
	for _, j := range o.jumps {
		if j.from.Before(j.to) && !j.to.Before(r.CreatedAt.Add(-planning)) && !j.to.After(r.CreatedAt) {
			from = from.Add(j.from.Sub(j.to))
		}
	}
	if r.Deadline.Before(from) || r.Deadline.After(to) {
		o.wrong(4, "request %s of %s may wait until %s, the catalog says %s", r.ID, r.CreatedAt, r.Deadline, to)
	}
	switch lapsed := o.at(r.ID, access.EventLapsed); {
	case (r.State == access.RequestExpired) != !lapsed.IsZero(), !lapsed.IsZero() && lapsed.Before(from):
		o.wrong(4, "request %s is %s, asked for at %s and given up at %s", r.ID, r.State, r.CreatedAt, lapsed)
	case r.State == access.RequestPending && o.late(to, o.now):
		o.wrong(11, "request %s still waits, its time was up at %s", r.ID, to)
	}
}

// submission wants the form or the button by which somebody asked, and what they chose there.
func (o *oracle) submission(r access.Request, role *bookRole, who sandbox.Person, list []interaction) {
	want := o.extra(r, role)
	switch home, button := strings.CutPrefix(r.Key, "extend/"); {
	case r.Key == "" && o.byCore:
		if r.Kind == access.KindAccess && !slices.Contains(role.lengths(), time.Duration(r.Duration)) {
			o.wrong(2, "request %s lasts %s, which is not on offer", r.ID, r.Duration)
		}
	case button:
		pressed := slices.ContainsFunc(list, func(in interaction) bool {
			return in.presses("extend", strings.Split(home, "/")[0]) && in.User.ID == who.SlackID() && !in.at.After(r.CreatedAt.Add(o.skew))
		})
		if !pressed || r.Kind != access.KindExtension || !strings.HasPrefix(home, string(r.Grant)) {
			o.wrong(1, "request %s: %s did not ask to extend %s", r.ID, who.Handle, r.Grant)
		}
	default:
		sent := slices.IndexFunc(list, func(in interaction) bool {
			return in.View.Callback == "access_form" && in.key() == r.Key && in.User.ID == who.SlackID() && in.input("entitlement") == role.ID &&
				strings.TrimSpace(in.input("reason")) == r.Justification && !in.at.After(r.CreatedAt.Add(o.skew))
		})
		if sent < 0 {
			o.wrong(1, "request %s: nobody sent a form in which %s asks for %s because %q", r.ID, who.Handle, role.ID, r.Justification)
			return
		}
		if chosen := list[sent].input("duration"); r.Kind == access.KindAccess {
			if want = role.usual(); chosen != "" {
				want = length(chosen)
			}
		}
	}
	if (r.Kind == access.KindExtension || r.Key != "") && time.Duration(r.Duration) != want {
		o.wrong(2, "request %s lasts %s, and %s was asked for", r.ID, r.Duration, want)
	}
}

// presses reports whether it is a click on the button with that value.
func (in interaction) presses(action, value string) bool {
	return in.Type == "block_actions" && len(in.Actions) == 1 && in.Actions[0].ID == action && strings.HasPrefix(in.Actions[0].Value, value)
}

// extra is by how much an extension prolongs: the first length again, within the cap of the catalog.
func (o *oracle) extra(r access.Request, role *bookRole) time.Duration {
	if r.Kind != access.KindExtension {
		return 0
	}
	times := 2
	if n := o.book.Settings.Extensions; n != nil {
		times = *n
	}
	longest := slices.Max(role.lengths()) * time.Duration(1+times)
	return min(time.Duration(o.requests[access.RequestID(r.Grant)].Duration), min(longest, 365*24*time.Hour)-o.before(r))
}

// before is how long the access that an extension prolongs was for, at that time.
func (o *oracle) before(r access.Request) time.Duration {
	total := o.requests[access.RequestID(r.Grant)].Duration
	for _, e := range o.extensions[r.Grant] {
		if at := o.at(e, access.EventExtended); e != r.ID && !at.IsZero() && !at.After(r.CreatedAt) {
			total += o.requests[e].Duration
		}
	}
	return time.Duration(total)
}

// steps are the approvals that the request needs by the catalog.
func (o *oracle) steps(r access.Request) []bookStep { return o.rule(r).Steps }

// rule is the one of the catalog that decides about the request. An extension counts for the whole length.
func (o *oracle) rule(r access.Request) bookRule {
	role := o.book.role(string(r.Role.Entitlement))
	who, _ := o.person(string(r.Requester.User))
	if role == nil {
		return bookRule{}
	}
	total := time.Duration(r.Duration)
	if r.Kind == access.KindExtension {
		total += o.before(r)
	}
	return o.book.rule(role, who, total)
}

func groupsOf(r access.Role) (ids []string) {
	for _, g := range r.Groups {
		ids = append(ids, g.ID)
	}
	slices.Sort(ids)
	return ids
}
