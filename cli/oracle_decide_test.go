package cli_test

import (
	"slices"

	"usher/access"
	"usher/sandbox"
)

// decisions checks invariant 4 against the company: who is whose manager and who owns what.
func (o *oracle) decisions() {
	for id, r := range o.requests {
		seen := map[string]bool{}
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
			if d.Origin.Envelope == "" || r.Policy.Version == "" {
				o.wrong(4, "request %s: the decision does not say which click and which catalog it came from", id)
			}
		}
		if r.State == access.RequestApproved && !r.Automatic() && len(r.Decisions) < len(r.Policy.Steps) {
			o.wrong(4, "request %s is approved with %d decisions for %d steps", id, len(r.Decisions), len(r.Policy.Steps))
		}
	}
}

// entitled works out from the company file whether the step names the person.
func (o *oracle) entitled(r access.Request, d access.Decision) bool {
	if d.Step >= len(r.Policy.Steps) {
		return false
	}
	var subject sandbox.Person
	for _, p := range o.world.Company.People {
		if p.OktaID() == string(r.Subject.User) {
			subject = p
		}
	}
	manager, _ := o.world.Company.Person(subject.Manager)
	for _, a := range r.Policy.Steps[d.Step].Approvers {
		if len(a.Emails) == 0 && manager.OktaID() == string(d.By.User) || slices.Contains(a.Emails, d.By.Email) {
			return true
		}
	}
	return false
}
