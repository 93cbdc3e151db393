package cli_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"usher/access"
	"usher/sandbox/jirasim"
)

// fields checks what the issue says of the request, beyond its events: who asks for what, for how long and why, and who is to
// decide, by the catalog and by what was asked for in Slack; who decided; and where the issue has stood, and when.
func (o *oracle) fields(r access.Request, is jirasim.Issue) {
	who, known := o.person(string(r.Requester.User))
	role := o.book.role(string(r.Role.Entitlement))
	if !known || role == nil {
		return // Another check tells.
	}
	long, more := inWords(time.Duration(r.Duration)), ""
	if r.Kind == access.KindExtension {
		more = " more"
	}
	if want := fmt.Sprintf("%s: %s, %s, %s%s", who.Name, role.app.Name, role.Name, long, more); is.Summary != want {
		o.wrong(3, "issue %s is called %q, want %q", is.Key, is.Summary, want)
	}
	if is.Reporter != who.AccountID() && is.Reporter != is.Creator {
		o.wrong(3, "issue %s is of %s, and %s asked", is.Key, is.Reporter, who.Handle)
	}
	lines := strings.Split(jirasim.RenderWiki(is.Description), "\n")
	for _, want := range o.facts(r, role, who.Name+" ("+who.Email()+")") {
		if !slices.Contains(lines, want) {
			o.wrong(3, "issue %s should say %q, and says\n%s", is.Key, want, strings.Join(lines, "\n"))
		}
	}
	var why []string
	for _, l := range lines {
		if said, quoted := strings.CutPrefix(l, "> "); quoted {
			why = append(why, said)
		}
	}
	if oneLine(strings.Join(why, " ")) != oneLine(o.reason(r)) {
		o.wrong(3, "issue %s gives the reason %q, and %q was written", is.Key, why, o.reason(r))
	}
	o.policy(r, is.Key, lines)
	o.decidedBy(r, is)
	o.course(r, is)
}

// facts are lines that the description must have.
func (o *oracle) facts(r access.Request, role *bookRole, who string) []string {
	long, risk := inWords(time.Duration(r.Duration)), role.Risk
	if r.Kind == access.KindExtension {
		long = "extension by " + long
	}
	if risk == "" {
		risk = role.app.Risk
	}
	if role.Elevated {
		risk += ", elevated"
	}
	what := role.app.Name + ": " + role.Name
	if d, ok := role.Rest["description"].(string); ok {
		what += " (" + d + ")"
	}
	return []string{"Who: " + who, "What: " + what, "How long: " + long, "Risk: " + risk, "Request: " + string(r.ID)}
}

// policy wants the steps of the catalog in the description, and no others, and why it has them.
func (o *oracle) policy(r access.Request, key string, lines []string) {
	rule := o.rule(r)
	var want []string
	for i, s := range rule.Steps {
		var people []string
		for _, a := range s.Approvers {
			switch a {
			case "manager":
				a = "the manager"
			case "owner":
				a = "an owner of the app (" + strings.Join(o.book.role(string(r.Role.Entitlement)).app.Owners, ", ") + ")"
			}
			people = append(people, a)
		}
		want = append(want, fmt.Sprintf("Step %d: %d of: %s", i+1, max(1, s.Quorum), strings.Join(people, ", ")))
	}
	var got []string
	for _, l := range lines {
		if strings.HasPrefix(l, "Step ") {
			got = append(got, l)
		}
		by, is := strings.CutPrefix(l, "Policy: ")
		if is && (!strings.Contains(by, rule.Because) || strings.Contains(by, "approved by the rule itself") != (len(rule.Steps) == 0)) {
			o.wrong(3, "issue %s says %q, and the rule of the catalog is %+v", key, l, rule)
		}
	}
	if !slices.Equal(got, want) {
		o.wrong(3, "issue %s names the steps %q, want %q", key, got, want)
	}
}

// decidedBy wants each decision told on the issue by the name of whoever took it, and none of anybody else.
func (o *oracle) decidedBy(r access.Request, is jirasim.Issue) {
	text := jirasim.RenderWiki(is.Description)
	for _, c := range is.Comments {
		text += "\n" + jirasim.RenderWiki(c.Body)
	}
	names := []string{"the policy"}
	for _, d := range r.Decisions {
		p, _ := o.person(string(d.By.User))
		names = append(names, p.Name)
		want := d.At.UTC().Format("2006-01-02 15:04:05 UTC ") + p.Name + " approved"
		if d.Verdict == access.Deny {
			want = d.At.UTC().Format("2006-01-02 15:04:05 UTC ") + p.Name + " denied: " + d.Reason
		}
		if !strings.Contains(oneLine(text), oneLine(want)) {
			o.wrong(3, "issue %s should tell %q:\n%s", is.Key, want, text)
		}
	}
	for _, l := range strings.Split(text, "\n") {
		if len(l) < 24 || l[19:24] != " UTC " {
			continue
		}
		by, _, ok := strings.Cut(l[24:], " approved")
		if !ok {
			by, _, ok = strings.Cut(l[24:], " denied: ")
		}
		if ok && !strings.Contains(by, " asked ") && !slices.Contains(names, by) {
			o.wrong(4, "issue %s says that %s decided, and nobody of that name did", is.Key, by)
		}
	}
}

// course wants that the issue never stood where the request did not: no status came before what it says.
func (o *oracle) course(r access.Request, is jirasim.Issue) {
	since := map[string][]access.EventKind{
		"Approved": {access.EventApproved}, "Active": {access.EventActive}, "Denied": {access.EventDenied},
		"Done": {access.EventEnded, access.EventExtended}, "Canceled": {access.EventCanceled, access.EventLapsed},
		"Failed": {access.EventFailed, access.EventTrouble},
	}
	if r.Kind == access.KindAccess {
		since["Done"], since["Failed"] = since["Done"][:1], since["Failed"][:1]
	}
	for _, c := range is.Changelog {
		for _, item := range c.Items {
			if item.Field != "status" {
				continue
			}
			came := slices.ContainsFunc(since[item.To], func(k access.EventKind) bool {
				at := o.at(r.ID, k)
				return !at.IsZero() && !at.After(c.At.Add(o.skew))
			})
			if !came {
				o.wrong(3, "issue %s came to %q at %s, and the request had not", is.Key, item.To, c.At)
			}
		}
	}
}
