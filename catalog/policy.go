package catalog

import (
	"errors"
	"fmt"
	"slices"
)

// Person is what the identity provider knows about a requester or subject.
type Person struct {
	ID, Email, Name, Title, Department string
	Groups                             []string // group ids as the provider spells them
	Attributes                         map[string]string
	HasManager                         bool
}

// Facts are what a route depends on. Duration is the length asked for; for an extension, the whole length with it.
type Facts struct {
	Requester, Subject Person
	Duration           Duration
}

// ApproverKind says where the people of an Approver come from.
type ApproverKind string

// The kinds of approver.
const (
	ApproverManager ApproverKind = "manager" // the subject's manager, found in the IdP by the caller
	ApproverOwner   ApproverKind = "owner"   // the app's owners
	ApproverPerson  ApproverKind = "person"  // one named person
)

// Approver is one entry of a step.
type Approver struct {
	Kind   ApproverKind `json:"kind"`
	Emails []string     `json:"emails,omitempty"` // lowercase; resolved for owner and person, empty for manager
}

// Step is one round of approval: Quorum distinct people of those named must agree. It is made to be stored with a request.
type Step struct {
	Approvers []Approver `json:"approvers"`
	Quorum    int        `json:"quorum"` // at least 1
}

// Route is what a policy asks for: either Automatic or at least one step, in order.
type Route struct {
	Automatic bool   `json:"automatic,omitempty"`
	Steps     []Step `json:"steps,omitempty"`
	Rule      string `json:"rule"`              // e.g. "low-risk, rule 2"
	Because   string `json:"because,omitempty"` // the rule's reason, for people
}

// ErrNotRequestable tells that the app of an entitlement is not approved.
var ErrNotRequestable = errors.New("app is not open for requests")

// ErrNoExtension tells that an entitlement allows no extensions.
var ErrNoExtension = errors.New("entitlement allows no extensions")

type policy struct {
	name  string
	rules []rule
}

type rule struct {
	when      *expression // nil: always
	automatic bool
	because   string
	steps     []Step // owners not filled in
}

// Route returns the approval that a request needs: the first rule that matches. An expression that cannot be evaluated
// (a missing attribute, too high a cost) is an error, never a match, so that the request fails closed.
func (e *Entitlement) Route(f Facts) (Route, error) { return e.route(e.policy, f) }

// ExtensionRoute is Route for prolonging a grant. The limits in Extension are for the caller to check, except that no extension
// at all is ErrNoExtension.
func (e *Entitlement) ExtensionRoute(f Facts) (Route, error) {
	if e.Extension.MaxCount == 0 {
		return Route{}, fmt.Errorf("route extension of %s: %w", e.ID, ErrNoExtension)
	}
	return e.route(e.extension, f)
}

func (e *Entitlement) route(p *policy, f Facts) (Route, error) {
	if e.App.Status != StatusApproved {
		return Route{}, fmt.Errorf("route %s: %w (%s is %s)", e.ID, ErrNotRequestable, e.App.Name, e.App.Status)
	}
	var vars map[string]any
	for i, r := range p.rules {
		name := fmt.Sprintf("%s, rule %d", p.name, i+1)
		if r.when != nil {
			if vars == nil {
				vars = requestVars(e, f)
			}
			ok, err := r.when.eval(vars)
			if err != nil {
				return Route{}, fmt.Errorf("route %s: evaluate %s: %w", e.ID, name, err)
			}
			if !ok {
				continue
			}
		}
		return Route{Automatic: r.automatic, Steps: resolve(r.steps, e.App.Owners), Rule: name, Because: r.because}, nil
	}
	return Route{}, fmt.Errorf("route %s: no rule of %s matches", e.ID, p.name)
}

// Eligible reports whether a person may request the entitlement, and if not, the reason to show. An expression that cannot be
// evaluated for the person counts as no.
func (e *Entitlement) Eligible(p Person) (ok bool, reason string) {
	if e.App.Status != StatusApproved {
		return false, fmt.Sprintf("%s is not open for requests (%s)", e.App.Name, e.App.Status)
	}
	if e.visible == nil {
		return true, ""
	}
	ok, err := e.visible.eval(personVars(e, p))
	switch {
	case ok && err == nil:
		return true, ""
	case e.Because != "":
		return false, e.Because
	case err != nil:
		return false, "your directory profile lacks something that the rule for " + e.Title() + " needs"
	default:
		return false, e.Title() + " is limited to other people or teams"
	}
}

// resolve copies the steps and fills in the owners, so that a caller may keep and change what it gets.
func resolve(steps []Step, owners []string) []Step {
	out := make([]Step, len(steps))
	for i, s := range steps {
		out[i] = Step{Quorum: s.Quorum, Approvers: slices.Clone(s.Approvers)}
		for j := range out[i].Approvers {
			a := &out[i].Approvers[j]
			if a.Kind == ApproverOwner {
				a.Emails = owners
			}
			a.Emails = slices.Clone(a.Emails)
		}
	}
	return out
}

// distinct counts the people who could approve a step at most; a manager counts as one more.
func (s Step) distinct(owners []string) int {
	people := map[string]bool{}
	for _, step := range resolve([]Step{s}, owners) {
		for _, a := range step.Approvers {
			if a.Kind == ApproverManager {
				people["manager"] = true
			}
			for _, email := range a.Emails {
				people[email] = true
			}
		}
	}
	return len(people)
}

func (s Step) asks(kind ApproverKind) bool {
	return slices.ContainsFunc(s.Approvers, func(a Approver) bool { return a.Kind == kind })
}

// defaultPolicy is the seed rule: low risk asks the manager, medium the owner, anything higher or elevated the owner and then security.
func defaultPolicy(risk Risk, elevated bool, security []string) *policy {
	one := func(kind ApproverKind, emails ...string) Step {
		return Step{Approvers: []Approver{{Kind: kind, Emails: emails}}, Quorum: 1}
	}
	switch {
	case elevated || risk.Rank() >= RiskHigh.Rank():
		second := Step{Quorum: 1}
		for _, email := range security {
			second.Approvers = append(second.Approvers, Approver{Kind: ApproverPerson, Emails: []string{email}})
		}
		name := "default for " + string(risk) + " risk"
		if elevated {
			name = "default for elevated access"
		}
		return &policy{name: name, rules: []rule{{steps: []Step{one(ApproverOwner), second}}}}
	case risk == RiskLow:
		return &policy{name: "default for low risk", rules: []rule{{steps: []Step{one(ApproverManager)}}}}
	default:
		return &policy{name: "default for medium risk", rules: []rule{{steps: []Step{one(ApproverOwner)}}}}
	}
}
