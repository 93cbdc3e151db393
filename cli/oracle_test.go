package cli_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"usher/access"
	"usher/sandbox"
	"usher/sandbox/jirasim"
	"usher/sandbox/oktasim"
)

// oracle judges a run that has come to rest by what the simulators hold and what the file says, never by what the product
// believes. It knows eleven invariants; docs/reliability.md numbers them the same way.
type oracle struct {
	world *sandbox.World
	store access.Store
	book  *book // The town's catalog.
	// byCore says that people of this town may ask past Slack.
	byCore bool
	// outages are the times in which the product was dead or Okta was out of reach: a removal that fell due then may come up
	// to a minute after. Okta's calls that a fault hit are added, see read.
	outages []span
	// breaks are those alone, without Okta's calls that a fault hit.
	breaks []span
	// jumps are those of the clock.
	jumps []span
	// slow says that answers are long under way.
	slow bool
	// realTime says that the product runs in a process of its own, on a machine that may be busy.
	realTime bool
	// lag says that reads at Okta trail behind writes: a look before a repetition may then show too little.
	lag bool
	// skew is by how much the vendors' clock may be behind Usher's, after the wall clock went back.
	skew time.Duration
	// hands are memberships that somebody changed by hand; they are not Usher's to answer for.
	hands map[string]bool
	// off are people whose Slack account was off for a while: what their messages say could not be changed then.
	off map[string]bool
	// promises are checks of what the product acknowledged to a person.
	promises []promise
	// direct are clicks that a test handed to the core without Slack in between: who, in Slack, by envelope.
	direct map[string]string

	requests map[access.RequestID]access.Request
	grants   map[access.RequestID]access.Grant
	events   map[access.RequestID][]access.Event
	effects  []access.Effect
	timers   []access.Timer
	next     time.Time
	now      time.Time
	// extensions are the requests to extend each grant, calls what Okta was asked about each user.
	extensions map[access.GrantID][]access.RequestID
	calls      map[string][]oktasim.Call

	faults []string
}

type span struct{ from, to time.Time }

// promise is something that was acknowledged and therefore must be found in the file.
type promise struct {
	what string
	kept func(o *oracle) bool
}

// onTime is how late a removal may be when nothing was in its way.
const onTime = time.Second

// wrong notes a violation under the number of its invariant.
func (o *oracle) wrong(invariant int, format string, args ...any) {
	o.faults = append(o.faults, fmt.Sprintf("invariant %d: %s", invariant, fmt.Sprintf(format, args...)))
}

// judge returns every violation found.
func (o *oracle) judge(ctx context.Context) []string {
	if err := o.read(ctx); err != nil {
		o.faults = append(o.faults, err.Error())
		return o.faults
	}
	o.asked()
	o.single()
	o.causes()
	o.left()
	o.memberships()
	o.terms()
	o.records()
	o.decisions()
	o.issues()
	o.evidence()
	o.complete()
	for _, p := range o.promises {
		if !p.kept(o) {
			o.wrong(7, "acknowledged but lost: %s", p.what)
		}
	}
	o.acknowledged()
	if n, known := o.world.Okta.ChangelessCalls(), o.explained(); n > known && !o.lag {
		o.wrong(8, "%d calls to Okta changed nothing, at most %d can be explained", n, known)
	}
	o.rest()
	o.told()
	o.notices()
	o.words()
	o.homes()
	o.waited()
	return o.faults
}

// read takes everything out of the file.
func (o *oracle) read(ctx context.Context) error {
	o.now, o.calls, o.extensions = o.world.Clock.Now(), o.callsByUser(), map[access.GrantID][]access.RequestID{}
	o.breaks, o.outages = o.outages, slices.Concat(o.outages, o.hits())
	slices.SortFunc(o.outages, func(a, b span) int { return a.from.Compare(b.from) })
	return o.store.View(ctx, func(tx access.Tx) (err error) {
		o.requests, o.grants = map[access.RequestID]access.Request{}, map[access.RequestID]access.Grant{}
		o.events = map[access.RequestID][]access.Event{}
		for _, p := range o.world.Company.People {
			ids, err := tx.IDs(access.Requests, "requester/"+p.OktaID(), "", 0)
			if err != nil {
				return err
			}
			for _, id := range ids {
				if err := o.readRequest(tx, access.RequestID(id)); err != nil {
					return err
				}
			}
		}
		if o.effects, err = tx.Effects(); err != nil {
			return err
		}
		if o.timers, err = tx.Due(time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC), 0); err != nil {
			return err
		}
		o.next, _, err = tx.NextDue()
		return err
	})
}

func (o *oracle) readRequest(tx access.Tx, id access.RequestID) (err error) {
	var r access.Request
	if err = tx.Get(access.Requests, string(id), &r); err != nil {
		return err
	}
	o.requests[id] = r
	if r.Kind == access.KindExtension {
		o.extensions[r.Grant] = append(o.extensions[r.Grant], id)
	}
	if r.Grant != "" && r.Kind == access.KindAccess {
		var g access.Grant
		if err = tx.Get(access.Grants, string(r.Grant), &g); err != nil {
			return err
		}
		o.grants[id] = g
	}
	o.events[id], err = tx.Events(id, 0)
	return err
}

// at is when an event of the kind first happened; zero if it did not.
func (o *oracle) at(id access.RequestID, kind access.EventKind) time.Time {
	for _, e := range o.events[id] {
		if e.Kind == kind {
			return e.At
		}
	}
	return time.Time{}
}

// memberships checks invariants 1, 2, 9 and 10 on every change of every group.
func (o *oracle) memberships() {
	for _, g := range o.world.Company.Groups {
		if g.Rule != "" {
			continue
		}
		first := map[string]bool{}
		for _, h := range g.Members {
			if p, ok := o.world.Company.Person(h); ok {
				first[p.OktaID()] = true
			}
		}
		byUser := map[string][]oktasim.Change{}
		for _, c := range o.world.Okta.MemberHistory(g.ID) {
			byUser[c.User] = append(byUser[c.User], c)
		}
		for user, list := range byUser {
			if !o.hands[g.ID+"/"+user] {
				o.membership(g.ID, user, first[user], list)
			}
		}
		now := o.world.Okta.Members(g.ID)
		for user := range first {
			if !slices.Contains(now, user) && !o.hands[g.ID+"/"+user] {
				o.wrong(10, "%s was in %s before Usher and is not any more", user, g.ID)
			}
		}
		for _, user := range now {
			if !first[user] && !o.hands[g.ID+"/"+user] && !o.held(g.ID, user) {
				o.wrong(2, "%s is in %s and no grant holds that", user, g.ID)
			}
		}
	}
}

func covers(g access.Grant, group string) bool {
	return slices.ContainsFunc(g.Groups, func(x access.GrantGroup) bool { return x.Group.ID == group })
}

// membership checks the history of one user in one group.
func (o *oracle) membership(group, user string, before bool, list []oktasim.Change) {
	member := before
	for _, c := range list {
		if c.Via != oktasim.ViaAPI {
			continue
		}
		switch {
		case c.Added && member, !c.Added && !member:
			o.wrong(9, "%s in %s: changed to what it was, at %s", user, group, c.At)
		case c.Added:
			o.addition(group, user, c.At)
		case before:
			o.wrong(10, "%s was removed from %s, where they were before Usher", user, group)
		default:
			o.removal(group, user, c.At)
		}
		member = c.Added
	}
}

// explained counts the calls that may have changed nothing: a change is tried without a look if the look told nothing, and
// what may have been added is taken back if its grant was given up. A death or a lost answer explains none: before a change
// is tried again Usher looks.
func (o *oracle) explained() (n int) {
	lost, removed := map[string]time.Time{}, map[string]time.Time{}
	for _, c := range o.world.Okta.Calls() {
		if c.Fault != "" && (c.Name == "user.groups" || c.Name == "group.member.remove" && o.givenUp(c)) {
			n++
		}
		switch {
		case c.Fault == string(oktasim.Late):
			n++ // It may land when the next try has done it.
		case c.Name == "group.member.remove" && c.At.Before(lost[c.Path].Add(latest)):
			n++ // A look proves nothing while an addition without an answer may still come about,
		case c.Name == "group.member.remove" && c.At.Before(removed[c.Path].Add(latest)) && o.givenUp(c):
			n++ // which the process may have sent that died after its removal.
		}
		if c.Name == "group.member.remove" {
			removed[c.Path] = c.At
		}
		if c.Name == "group.member.add" && c.Fault != "" {
			lost[c.Path] = c.At
		}
		for pair := range o.hands { // Somebody else may have done it before.
			if group, user, _ := strings.Cut(pair, "/"); strings.HasSuffix(c.Path, group+"/users/"+user) {
				n++
			}
		}
	}
	for _, g := range o.grants {
		if g.StartedAt.IsZero() && g.State.Final() {
			n += len(g.Groups)
		}
	}
	return n
}

// givenUp reports whether a call takes back what a grant may have added that never came to be: such a removal is repeated
// without a look, for what was never seen may still come to be seen.
func (o *oracle) givenUp(c oktasim.Call) bool {
	for _, g := range o.grants {
		if g.StartedAt.IsZero() && g.State.Final() && strings.Contains(c.Path, string(g.Subject.User)) {
			return true
		}
	}
	return false
}

// addition wants a grant of an approved request with an issue that was being given at that moment.
func (o *oracle) addition(group, user string, at time.Time) {
	for id, g := range o.grants {
		if string(g.Subject.User) != user || !covers(g, group) {
			continue
		}
		approved, recorded, begun := o.at(id, access.EventApproved), o.at(id, access.EventIssueOpened), o.at(id, access.EventProvisioning)
		over, ahead := g.RevokingAt, at.Add(o.skew)
		if !approved.IsZero() && !recorded.IsZero() && !begun.After(ahead) && !approved.After(ahead) && (over.IsZero() || !over.Before(at)) {
			return
		}
	}
	for _, c := range o.lateWork(group, user) {
		if !at.Before(c.At) && !at.After(c.At.Add(latest)) {
			return // Sent in time; when it lands is Okta's affair. That it is taken back is judged by who is a member at rest.
		}
	}
	o.wrong(1, "%s was added to %s at %s without an approval and an issue before it", user, group, at)
}

// records checks invariant 3: the proofs in the file, the changes at Okta and the lines on the issue are the same ones.
func (o *oracle) records() {
	changes := map[string]int{}
	for _, g := range o.world.Company.Groups {
		for _, c := range o.world.Okta.MemberHistory(g.ID) {
			if c.Via == oktasim.ViaAPI {
				changes[fmt.Sprint(c.User, g.ID, c.Added)]++
			}
		}
	}
	o.readBacks()
	proofs := map[string]int{}
	givenUp := map[string]int{} // What was added by a try whose grant was given up has a removal as its only proof.
	for id, list := range o.events {
		for _, e := range list {
			_, group, _ := strings.Cut(e.Facts["group"], ":")
			if e.Kind == access.EventMemberKept && e.Facts["found"] == "unknown" { // The record says that nobody could look.
				givenUp[fmt.Sprint(o.requests[id].Subject.User, group, false)]++
			}
			if e.Kind != access.EventMemberAdded && e.Kind != access.EventMemberRemoved {
				continue
			}
			proofs[fmt.Sprint(o.requests[id].Subject.User, group, e.Kind == access.EventMemberAdded)]++
		}
	}
	for _, g := range o.grants {
		for _, group := range g.Role.Groups {
			if g.StartedAt.IsZero() && g.State.Final() {
				givenUp[fmt.Sprint(g.Subject.User, group.ID, true)]++
			}
		}
	}
	for pair := range o.hands {
		group, user, _ := strings.Cut(pair, "/")
		for _, added := range []bool{true, false} {
			delete(proofs, fmt.Sprint(user, group, added))
			delete(changes, fmt.Sprint(user, group, added))
		}
	}
	for user := range o.calls {
		for _, g := range o.world.Company.Groups { // What lands late is taken back without a word of its own.
			for _, added := range []bool{true, false} {
				givenUp[fmt.Sprint(user, g.ID, added)] += len(o.lateWork(g.ID, user))
			}
		}
	}
	for key, n := range proofs {
		if changes[key] > n+givenUp[key] || changes[key] < n && !strings.HasSuffix(key, "false") && o.skew == 0 {
			o.wrong(3, "%s: %d changes at Okta, %d proofs in the evidence", key, changes[key], n)
		}
	}
	for key, n := range changes {
		if proofs[key] == 0 && n > givenUp[key] {
			o.wrong(3, "%s: %d changes at Okta and no proof", key, n)
		}
	}
}

// callsByUser are the calls that Okta got about each user.
func (o *oracle) callsByUser() map[string][]oktasim.Call {
	byUser := map[string][]oktasim.Call{}
	for _, c := range o.world.Okta.Calls() {
		for _, part := range strings.Split(c.Path, "/") {
			if strings.HasPrefix(part, "00u") {
				byUser[part] = append(byUser[part], c)
			}
		}
	}
	return byUser
}

// readBacks wants a read of the membership, answered well, after each change and before the proof of it.
func (o *oracle) readBacks() {
	for id, list := range o.events {
		for _, e := range list {
			kind, judged := map[access.EventKind]string{
				access.EventMemberAdded: "group.member.add", access.EventMemberRemoved: "group.member.remove", access.EventMemberJoined: "",
			}[e.Kind]
			if !judged {
				continue
			}
			if e.Facts["found"] != "" {
				kind = "" // The last change may be of either kind, or none.
			}
			_, group, _ := strings.Cut(e.Facts["group"], ":")
			if !readAfterChange(o.calls[string(o.requests[id].Subject.User)], group, kind, e.At, o.skew) {
				o.wrong(3, "%q was told at %s without a read after the change", e.Text, e.At)
			}
		}
	}
}

// readAfterChange reports whether a change that was told at some moment was read back before: the last one of its kind, or
// one at that very moment, since in virtual time the opposite may follow within the same. Of no kind, a read after the last
// change is enough. The calls are those about the user; their clock may be behind by the skew, and then any change will do.
func readAfterChange(calls []oktasim.Call, group, kind string, at time.Time, skew time.Duration) bool {
	changed, read := kind == "", false // Whether the last change was of this kind; whether it was read since.
	for _, c := range calls {
		if c.At.After(at.Add(skew)) {
			break
		}
		switch change := strings.HasPrefix(c.Name, "group.member.") && strings.Contains(c.Path, group) && (c.Status/100 == 2 || c.Changed); {
		case change && (c.Name != kind || kind == "") && read && (c.At.Equal(at) || skew > 0):
			return true
		case change:
			changed, read = c.Name == kind || kind == "", false
		case c.Name == "user.groups" && c.Status == 200, c.Status == 404: // 404: nobody is a member of what is gone.
			read = changed
		}
	}
	return read
}

// issues checks invariants 3 and 5 on the issues.
func (o *oracle) issues() {
	count := map[access.RequestID]int{}
	for _, is := range o.world.Jira.Issues() {
		id := requestOf(is)
		r, known := o.requests[id]
		if !known {
			o.wrong(5, "issue %s belongs to no request", is.Key)
			continue
		}
		count[id]++
		if r.Issue.Key != is.Key {
			o.wrong(5, "issue %s says it is of request %s, whose issue is %q", is.Key, id, r.Issue.Key)
		}
		if want := o.status(r); is.Status != want {
			o.wrong(3, "issue %s is %q and must be %q", is.Key, is.Status, want)
		}
		o.lines(r, is)
		o.fields(r, is)
	}
	for id := range o.requests {
		if count[id] != 1 {
			o.wrong(5, "request %s has %d issues", id, count[id])
		}
	}
}

// status is where the issue must stand, by the settings of the town, see testSettings.
func (o *oracle) status(r access.Request) string {
	g, given := o.grants[r.ID]
	switch {
	case r.State == access.RequestPending:
		return "Waiting for approval"
	case r.State == access.RequestDenied:
		return "Denied"
	case r.State == access.RequestCanceled, r.State == access.RequestExpired:
		return "Canceled"
	case r.Kind == access.KindExtension && !o.at(r.ID, access.EventExtended).IsZero():
		return "Done"
	case r.Kind == access.KindExtension && r.Failure != "", g.State == access.GrantFailed:
		return "Failed"
	case g.State == access.GrantActive, g.State == access.GrantRevoking:
		return "Active"
	case given && g.State == access.GrantEnded:
		return "Done"
	}
	return "Approved"
}

func requestOf(is jirasim.Issue) access.RequestID {
	for _, l := range is.Labels {
		if id, ok := strings.CutPrefix(l, "usher-"); ok {
			return access.RequestID(id)
		}
	}
	return ""
}

// lines compares the issue with the events: each event that should stand there does, once, and nothing else does.
func (o *oracle) lines(r access.Request, is jirasim.Issue) {
	texts := []string{jirasim.RenderWiki(is.Description)}
	for _, c := range is.Comments {
		texts = append(texts, jirasim.RenderWiki(c.Body))
	}
	found := map[string]int{}
	for _, t := range texts {
		for _, line := range strings.Split(t, "\n") {
			if len(line) > 20 && strings.HasPrefix(line[19:], " UTC ") {
				found[strings.TrimSpace(line)]++
			}
		}
	}
	for _, e := range o.events[r.ID] {
		if e.Seq > r.Mirrored {
			break
		}
		line := e.At.UTC().Format("2006-01-02 15:04:05 UTC ") + strings.TrimSpace(e.Text)
		if found[line] == 0 {
			o.wrong(3, "issue %s lacks the line %q", is.Key, line)
		}
		found[line]--
	}
	for line, n := range found {
		if n > 0 {
			o.wrong(3, "issue %s has %d times too often: %q", is.Key, n, line)
		}
	}
}

// evidence checks invariant 6: chains are whole, each fact is there once, and a chain that was tampered with is noticed.
func (o *oracle) evidence() {
	single := map[access.EventKind]bool{
		access.EventRequested: true, access.EventIssueOpened: true, access.EventApproved: true, access.EventDenied: true,
		access.EventCanceled: true, access.EventLapsed: true, access.EventProvisioning: true, access.EventActive: true,
		access.EventFailed: true, access.EventRevoking: true, access.EventEnded: true,
	}
	for id, list := range o.events {
		r := o.requests[id]
		o.chain(list)
		if len(list) != r.Events || len(list) == 0 || list[len(list)-1].Hash != r.Head {
			o.wrong(6, "request %s: %d events, the head speaks of %d", id, len(list), r.Events)
		}
		count := map[string]int{}
		for _, e := range list {
			key := string(e.Kind)
			switch e.Kind {
			case access.EventInspected, access.EventMemberAdded, access.EventMemberJoined, access.EventMemberRemoved, access.EventMemberKept:
				key += e.Facts["group"]
			default:
				if !single[e.Kind] {
					continue
				}
			}
			if count[key]++; count[key] == 2 {
				o.wrong(6, "request %s: %s is there twice", id, key)
			}
		}
	}
}

// rest checks invariant 11: nothing is left to do, and the timers are those of the states.
func (o *oracle) rest() {
	for _, e := range o.effects {
		o.wrong(11, "effect %s is left, %d tries, last error %q", e.ID, e.Attempts, e.LastError)
	}
	want := map[string]time.Time{}
	for id, r := range o.requests {
		if r.State == access.RequestPending {
			want["deadline/"+string(id)] = r.Deadline
		}
		if r.Mirrored < r.Unmirrored {
			o.wrong(3, "request %s: the issue shows %d events, it must show %d", id, r.Mirrored, r.Unmirrored)
		}
	}
	for id, g := range o.grants {
		switch {
		case g.State == access.GrantProvisioning || g.State == access.GrantRevoking:
			o.wrong(11, "grant %s is still %s", id, g.State)
		case g.State == access.GrantActive && !o.end(id).IsZero():
			want["due/"+string(id)] = o.end(id)
		}
	}
	var first time.Time
	for _, t := range o.timers {
		at, ok := want[t.ID]
		if t.Kind != access.TimerNotice && (!ok || !at.Equal(t.At)) {
			o.wrong(11, "timer %s at %s, the state says %s", t.ID, t.At, at)
		}
		if g, ok := o.grants[access.RequestID(t.Grant)]; t.Kind == access.TimerNotice && (!ok || g.State != access.GrantActive || t.At.After(o.end(access.RequestID(t.Grant)))) {
			o.wrong(11, "a notice of grant %s is due at %s, which is %s", t.Grant, t.At, g.State)
		}
		delete(want, t.ID)
		if first.IsZero() || t.At.Before(first) {
			first = t.At
		}
	}
	for id, at := range want {
		o.wrong(11, "no timer %s at %s", id, at)
	}
	if !first.Equal(o.next) {
		o.wrong(11, "the next due time is %s, the index says %s", o.next, first)
	}
}

// tally counts what there is to judge.
func (o *oracle) tally() (t tally) {
	t.requests, t.grants = len(o.requests), len(o.grants)
	for _, r := range o.requests {
		t.decided += len(r.Decisions)
	}
	for _, g := range o.grants {
		if g.State == access.GrantEnded {
			t.ended++
		}
	}
	return t
}
