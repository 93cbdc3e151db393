package catalog

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	maxRules = 20
	maxSteps = 5
)

// policyRef reads the policy of an entitlement: a name or a policy written in place. It is nil when there is a problem.
func (p *parser) policyRef(at place, e *Entitlement, inlineName string) *policy {
	if at.node.Kind == yaml.MappingNode {
		out := p.readPolicy(at, inlineName)
		p.checkOwners(at, out, e.App)
		return out
	}
	name, ok := at.scalar("the name of a policy, or a policy with rules", "name one of the policies", "!!str")
	if !ok {
		return nil
	}
	out, known := p.policies[name]
	if !known {
		var names []string
		for n := range p.policies {
			names = append(names, n)
		}
		slices.Sort(names)
		fix := "add it under policies:, or use one of: " + strings.Join(names, ", ")
		if near := nearest(name, names); near != "" {
			fix = "did you mean " + near + "?"
		} else if len(names) == 0 {
			fix = "add it under policies:"
		}
		at.problem(fix, "there is no policy %q", name)
		return nil
	}
	p.checkOwners(at, out, e.App)
	return out
}

// checkOwners reports steps that ask more people than an app has. Steps without owners are checked where they stand.
func (p *parser) checkOwners(at place, pol *policy, app *App) {
	if pol == nil || len(app.Owners) == 0 { // the lack of owners is reported at the app
		return
	}
	for i, r := range pol.rules {
		for j, s := range r.steps {
			if n := s.distinct(app.Owners); s.asks(ApproverOwner) && s.Quorum > n {
				at.problem("add owners or approvers, or lower the quorum",
					"%s, rule %d, step %d needs %d people, but for %s at most %d can approve", pol.name, i+1, j+1, s.Quorum, app.ID, n)
			}
		}
	}
}

func (p *parser) readPolicy(at place, name string) *policy {
	before := len(p.report.problems)
	f, ok := at.fields("rules")
	if !ok {
		return nil
	}
	rules, ok := f.need("rules", "add rules:, the first that matches decides")
	if !ok {
		return nil
	}
	out := &policy{name: name}
	items := rules.items(maxRules)
	if len(items) == 0 && rules.node.Kind == yaml.SequenceNode {
		rules.problem("add a rule with steps", "the policy has no rules")
	}
	for i, item := range items {
		r, ok := p.readRule(item)
		if !ok {
			continue
		}
		out.rules = append(out.rules, r.rule)
		last, always := i == len(items)-1, !r.conditional
		switch {
		case last && !always:
			item.problem("end with a rule that has no when, such as steps that ask the owner", "the last rule has a condition, so a request might match no rule")
		case !last && always:
			item.problem("give it a when, or move it to the end", "this rule always matches, so the rules after it never do")
		}
	}
	if len(p.report.problems) > before {
		return nil
	}
	return out
}

// writtenRule knows of a condition even when it has problems.
type writtenRule struct {
	rule
	conditional bool
}

func (p *parser) readRule(at place) (r writtenRule, ok bool) {
	f, ok := at.fields("when", "automatic", "because", "steps")
	if !ok {
		return r, false
	}
	var when place
	if when, r.conditional = f.get("when"); r.conditional {
		r.when = readExpression(when, p.conditions, "requester, subject, app, entitlement and duration")
	}
	if at, ok := f.get("automatic"); ok {
		if r.automatic, ok = at.flag(); ok && !r.automatic {
			at.problem("remove the line and add steps", "automatic: false says nothing")
		}
	}
	read(f, "because", &r.because, text(maxDescription))
	_, explained := f.get("because")
	steps, hasSteps := f.get("steps")
	_, hasAutomatic := f.get("automatic")
	switch {
	case hasAutomatic && hasSteps:
		steps.problem("keep one of the two", "a rule is either automatic or has steps")
	case !hasAutomatic && !hasSteps:
		f.problem("add steps: with approvers, or automatic: true with because:", "the rule does not say who approves")
	case hasAutomatic && !explained:
		f.problem("add because: with the reason, for the record", "an automatic rule needs a reason")
	}
	if hasSteps {
		items := steps.items(maxSteps)
		if len(items) == 0 && steps.node.Kind == yaml.SequenceNode {
			steps.problem("add a step with approvers", "there are no steps")
		}
		for _, item := range items {
			r.steps = append(r.steps, readStep(item))
		}
	}
	return r, true
}

func readStep(at place) Step {
	out := Step{Quorum: 1}
	f, ok := at.fields("approvers", "quorum")
	if !ok {
		return out
	}
	list, ok := f.need("approvers", "add approvers: [manager], [owner] or e-mail addresses")
	if !ok {
		return out
	}
	named := unique(list, maxList, readApprover)
	for _, name := range named {
		switch name {
		case string(ApproverManager), string(ApproverOwner):
			out.Approvers = append(out.Approvers, Approver{Kind: ApproverKind(name)})
		default:
			out.Approvers = append(out.Approvers, Approver{Kind: ApproverPerson, Emails: []string{name}})
		}
	}
	if list.node.Kind == yaml.SequenceNode && len(list.node.Content) == 0 {
		list.problem("add manager, owner or an e-mail address", "the step has no approvers")
	}
	quorum, ok := f.get("quorum")
	if !ok {
		return out
	}
	if n, ok := quorum.number(1, maxList); ok {
		out.Quorum = n
		possible := out.distinct(nil)
		if !out.asks(ApproverOwner) && n > possible && len(named) == len(list.node.Content) {
			quorum.problem("add approvers or lower the quorum", "the step needs %d people, but at most %d can approve", n, possible)
		}
	}
	return out
}

// readApprover is the seam for further kinds of approver: groups and people on call will be spelled "group:…" and "oncall:…".
func readApprover(at place) (string, bool) {
	s, ok := at.scalar("manager, owner or an e-mail address", "put it in quotes", "!!str")
	if !ok {
		return "", false
	}
	if s == string(ApproverManager) || s == string(ApproverOwner) {
		return s, true
	}
	if prefix, _, found := strings.Cut(s, ":"); found {
		at.problem("name the people by e-mail address", "approval by %s is not supported yet", prefix)
		return "", false
	}
	if !strings.Contains(s, "@") {
		fix := "write manager, owner or an e-mail address"
		if near := nearest(s, []string{string(ApproverManager), string(ApproverOwner)}); near != "" {
			fix = "did you mean " + near + "?"
		}
		at.problem(fix, "%q is not an approver", s)
		return "", false
	}
	return at.email()
}

// readExpression compiles a condition and puts its problems where they stand in the file.
func readExpression(at place, c *compiler, variables string) *expression {
	text, ok := at.scalar("an expression", "put the expression in quotes", "!!str", "!!bool")
	if !ok {
		return nil
	}
	if len(text) > maxExpression {
		at.problem("shorten it, or split it into rules", "the expression has %d characters, but %d is the limit", len(text), maxExpression)
		return nil
	}
	x, problems := c.compile(text)
	for _, e := range problems {
		line, column := at.inside(e.Location.Line(), e.Location.Column())
		message := strings.TrimSuffix(strings.ReplaceAll(e.Message, " (in container '')", ""), ".")
		at.problemAt(line, column, "expressions know "+variables+"; see the example file", "in the expression: "+message)
	}
	return x
}

// inside turns a position in the text of a scalar (line from 1, column from 0) into one in the file. Folded and broken scalars
// lose their positions, so there it is the start of the scalar.
func (p place) inside(line, column int) (int, int) {
	switch {
	case line < 1 || column < 0:
	case p.node.Style&yaml.LiteralStyle != 0:
		rows := strings.Split(string(p.source.Data), "\n")
		if n := p.node.Line + line; n <= len(rows) {
			row := rows[n-1]
			return n, len(row) - len(strings.TrimLeft(row, " ")) + column + 1
		}
	case p.node.Style&yaml.FoldedStyle != 0 || line > 1:
	case p.node.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		return p.node.Line, p.node.Column + 1 + column
	default:
		return p.node.Line, p.node.Column + column
	}
	return p.node.Line, p.node.Column
}
