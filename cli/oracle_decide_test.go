package cli_test

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"usher/access"
	"usher/sandbox"
	"usher/sandbox/oktasim"
)

// click is what somebody sent to Usher by Slack, or what a test handed to the core in its stead.
type click struct {
	by   string // Slack id.
	said string // The whole payload; empty when no Slack was in between.
}

// decisions checks invariant 4 against the company, who is whose manager and who owns what, and against Slack, who clicked.
func (o *oracle) decisions() {
	clicks := o.clicks()
	for id, r := range o.requests {
		seen := map[string]bool{}
		step := 0
		for _, d := range r.Decisions {
			who := string(d.By.User)
			if d.By.Is(r.Requester) || d.By.Is(r.Subject) {
				o.wrong(4, "request %s was decided by its own requester", id)
			}
			if seen[who] {
				o.wrong(4, "request %s was decided twice by %s", id, who)
			}
			seen[who] = true
			if !o.entitled(r, d) {
				o.wrong(4, "request %s was decided by %s, whom step %d does not name", id, d.By, d.Step+1)
			}
			if !d.At.Before(r.Deadline) || d.Step < step {
				o.wrong(4, "request %s: step %d was decided at %s, after step %d or the deadline at %s", id, d.Step+1, d.At, step+1, r.Deadline)
			}
			step = d.Step
			o.click(r, d, clicks)
		}
		o.outcome(r)
	}
}

// outcome wants that the decisions lead to what the request is: every step has its approvals, and after a denial there is
// no access.
func (o *oracle) outcome(r access.Request) {
	steps := o.steps(r)
	approvals, denials := make([]int, len(steps)), 0
	for _, d := range r.Decisions {
		switch {
		case d.Verdict == access.Deny:
			denials++
		case d.Verdict == access.Approve && d.Step < len(approvals):
			approvals[d.Step]++
		}
	}
	given := !o.at(r.ID, access.EventProvisioning).IsZero() || !o.at(r.ID, access.EventExtended).IsZero() || o.grants[r.ID].ID != ""
	switch approved := o.at(r.ID, access.EventApproved); {
	case (r.State == access.RequestDenied) != (denials > 0):
		o.wrong(4, "request %s is %s with %d denials", r.ID, r.State, denials)
	case (r.State == access.RequestApproved) != !approved.IsZero(), given && approved.IsZero():
		o.wrong(4, "request %s is %s, was approved at %s, and led to access: %v", r.ID, r.State, approved, given)
	case !approved.Before(r.Deadline):
		o.wrong(4, "request %s was approved at %s, after its deadline at %s", r.ID, approved, r.Deadline)
	}
	if r.State != access.RequestApproved {
		return
	}
	for i, s := range steps {
		if approvals[i] < max(1, s.Quorum) {
			o.wrong(4, "request %s is approved with %d of %d approvals in step %d", r.ID, approvals[i], max(1, s.Quorum), i+1)
		}
	}
}

// clicks are what people sent, by envelope.
func (o *oracle) clicks() map[string]click {
	all := map[string]click{}
	for envelope, slackID := range o.direct {
		all[envelope] = click{by: slackID}
	}
	for _, d := range o.world.Slack.Deliveries() {
		var p struct {
			User struct {
				ID string `json:"id"`
			} `json:"user"`
		}
		if d.Type == "interactive" && json.Unmarshal(d.Payload, &p) == nil {
			all[d.EnvelopeID] = click{by: p.User.ID, said: string(d.Payload)}
		}
	}
	return all
}

// click wants that the decision was somebody's click about this request, and that the evidence says which.
func (o *oracle) click(r access.Request, d access.Decision, clicks map[string]click) {
	c, sent := clicks[d.Origin.Envelope]
	word := map[access.Verdict]string{access.Approve: `"action_id":"approve"`, access.Deny: `"access_deny"`}[d.Verdict]
	switch {
	case d.Origin.Envelope == "" || r.Policy.Version == "":
		o.wrong(4, "request %s: the decision does not say which click and which catalog it came from", r.ID)
	case !sent:
		o.wrong(4, "request %s: nobody sent the envelope %s by which %s decided", r.ID, d.Origin.Envelope, d.By)
	case c.by != string(d.By.Slack):
		o.wrong(4, "request %s: the envelope %s was sent by %s, and %s decided by it", r.ID, d.Origin.Envelope, c.by, d.By.Slack)
	case c.said != "" && (!strings.Contains(c.said, string(r.ID)) || !strings.Contains(strings.ReplaceAll(c.said, " ", ""), word)):
		o.wrong(4, "request %s: %s decided (%s) by a click that says something else: %s", r.ID, d.By, d.Verdict, c.said)
	}
	told := slices.ContainsFunc(o.events[r.ID], func(e access.Event) bool {
		kinds := []access.EventKind{access.EventStepApproved, access.EventApproved}
		if d.Verdict == access.Deny {
			kinds = []access.EventKind{access.EventDenied}
		}
		return slices.Contains(kinds, e.Kind) && e.At.Equal(d.At) && e.Actor.Is(d.By) && e.Facts["user"] == string(d.By.User) &&
			e.Facts["envelope"] == d.Origin.Envelope && e.Facts["catalog"] == r.Policy.Version && e.Facts["reason"] == d.Reason
	})
	if !told {
		o.wrong(4, "request %s: the evidence does not tell the decision of %s at %s by the envelope %s", r.ID, d.By, d.At, d.Origin.Envelope)
	}
}

// believedFor is how long Usher takes the directory's word that somebody is active, see docs/security.md.
const believedFor = 5 * time.Minute

// entitled works out from the company file and the catalog whether the step names the person, and whether they were still
// there.
func (o *oracle) entitled(r access.Request, d access.Decision) bool {
	who := string(d.By.User)
	there := false
	for ago := -o.skew; ago <= believedFor+o.skew; ago += time.Second { // Whenever Usher may have looked.
		there = there || o.world.Okta.StatusAt(who, d.At.Add(-ago)) == oktasim.StatusActive
	}
	decider, _ := o.person(who)
	return there && o.names(r, d.Step, decider)
}

// names reports whether a step names somebody, by the catalog and the company file.
func (o *oracle) names(r access.Request, step int, who sandbox.Person) bool {
	steps := o.steps(r)
	if step >= len(steps) {
		return false
	}
	subject, _ := o.person(string(r.Subject.User))
	for _, a := range steps[step].Approvers {
		switch {
		case a == "manager" && subject.Manager != "" && subject.Manager == who.Handle,
			a == "owner" && slices.Contains(o.book.role(string(r.Role.Entitlement)).app.Owners, who.Email()),
			a == who.Email():
			return true
		}
	}
	return false
}
