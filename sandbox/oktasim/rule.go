package oktasim

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

type ruleRec struct {
	Rule
	expression [][]ruleTerm
	created    time.Time
	updated    time.Time
	seq        int
}

// ruleTerm is user.attribute == "value"; rules are an OR of ANDs of them.
type ruleTerm struct {
	attr  string
	value string
	not   bool
}

var errRuleExpression = errors.New("unknown rule expression")

// parseRuleExpression knows user.x == "y" and != joined by AND (&&) and OR (||), where AND binds tighter.
func parseRuleExpression(text string) ([][]ruleTerm, error) {
	var out [][]ruleTerm
	for _, alternative := range cutWords(text, "OR", "||") {
		var terms []ruleTerm
		for _, part := range cutWords(alternative, "AND", "&&") {
			t, err := parseRuleTerm(part)
			if err != nil {
				return nil, err
			}
			terms = append(terms, t)
		}
		out = append(out, terms)
	}
	return out, nil
}

func cutWords(text, word, sign string) []string {
	text = strings.ReplaceAll(text, " "+strings.ToLower(word)+" ", sign)
	return strings.Split(strings.ReplaceAll(text, " "+word+" ", sign), sign)
}

func parseRuleTerm(text string) (ruleTerm, error) {
	t := ruleTerm{}
	attr, value, found := strings.Cut(text, "==")
	if !found {
		attr, value, found = strings.Cut(text, "!=")
		t.not = true
	}
	attr, isUser := strings.CutPrefix(strings.TrimSpace(attr), "user.")
	value = strings.TrimSpace(value)
	if !found || !isUser || len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
		return t, fmt.Errorf("%w: %s", errRuleExpression, text)
	}
	t.attr, t.value = attr, value[1:len(value)-1]
	return t, nil
}

func (r *ruleRec) matches(u *userRec) bool {
	if u.Status == StatusDeprovisioned || oneOf(u.ID, r.Exclude...) {
		return false
	}
	profile := profileJSON(u.userState)
	for _, terms := range r.expression {
		all := true
		for _, t := range terms {
			all = all && (fmt.Sprint(profile[t.attr]) == t.value) != t.not
		}
		if all {
			return true
		}
	}
	return false
}

func (s *Server) seedRule(r Rule, start time.Time) {
	if r.Status == "" {
		r.Status = "ACTIVE"
	}
	terms, _ := parseRuleExpression(r.Expression) // checked with the configuration
	r.Exclude = append([]string(nil), r.Exclude...)
	r.Groups = append([]string(nil), r.Groups...)
	for _, g := range s.cfg.Groups {
		if oneOf(r.ID, g.RuleIDs...) && !oneOf(g.ID, r.Groups...) {
			r.Groups = append(r.Groups, g.ID)
		}
	}
	rec := &ruleRec{Rule: r, expression: terms, seq: len(s.rules) + 1, created: start.AddDate(-1, 0, 0), updated: start.AddDate(-1, 0, 0)}
	s.rules = append(s.rules, rec)
	for _, u := range s.users {
		for _, id := range rec.Groups {
			g := s.group(id)
			if _, in := g.members[u.ID]; !in && r.Status == "ACTIVE" && rec.matches(u) {
				g.members[u.ID] = member{rule: r.ID}
			}
		}
	}
}

func (s *Server) rule(id string) *ruleRec {
	for _, r := range s.rules {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// applyRules assigns and unassigns one user by all active rules. Deactivated users keep what they have.
func (s *Server) applyRules(u *userRec) {
	for _, r := range s.rules {
		s.applyRule(r, u)
	}
}

func (s *Server) applyRule(r *ruleRec, u *userRec) {
	if r.Status != "ACTIVE" || u.Status == StatusDeprovisioned || !u.deleted.IsZero() {
		return
	}
	by := byRule(r)
	for _, id := range r.Groups {
		g := s.group(id)
		if g == nil {
			continue
		}
		if r.matches(u) {
			s.add(g, u, by)
		} else if g.members[u.ID].rule == r.ID {
			s.remove(g, u, by)
		}
	}
}
