package oktasim

import (
	"fmt"
	"net/http"
	"strings"
)

// scopeRules is the right to edit rules: the OAuth scope is that of groups, but group admins do not have it.
const scopeRules = "okta.groups.manage.rules"

func ruleRoutes() []route {
	one := "/api/v1/groups/rules/{id}"
	return []route{
		{name: "rule.list", method: http.MethodGet, path: "/api/v1/groups/rules", bucket: BucketOther, scope: scopeGroupsRead, serve: (*Server).listRules},
		{name: "rule.create", method: http.MethodPost, path: "/api/v1/groups/rules", bucket: BucketOther, scope: scopeRules, serve: (*Server).createRule},
		{name: "rule.get", method: http.MethodGet, path: one, bucket: BucketOther, scope: scopeGroupsRead, serve: (*Server).getRule},
		{name: "rule.delete", method: http.MethodDelete, path: one, bucket: BucketOther, scope: scopeRules, serve: (*Server).deleteRule},
		{name: "rule.activate", method: http.MethodPost, path: one + "/lifecycle/activate", bucket: BucketOther, scope: scopeRules, serve: (*Server).activateRule},
		{name: "rule.deactivate", method: http.MethodPost, path: one + "/lifecycle/deactivate", bucket: BucketOther, scope: scopeRules, serve: (*Server).deactivateRule},
	}
}

func (s *Server) ruleJSON(q *request, r *ruleRec) map[string]any {
	obj := map[string]any{
		"type": "group_rule", "id": r.ID, "status": r.Status, "name": r.Name,
		"created": stamp(r.created), "lastUpdated": stamp(r.updated), "allGroupsValid": true,
		"conditions": map[string]any{
			"people":     map[string]any{"users": map[string]any{"exclude": texts(r.Exclude)}, "groups": map[string]any{"exclude": []any{}}},
			"expression": map[string]any{"value": r.Expression, "type": "urn:okta:expression:1.0"},
		},
		"actions": map[string]any{"assignUserToGroups": map[string]any{"groupIds": texts(r.Groups)}},
	}
	if q.query.Get("expand") == "groupIdToGroupNameMap" {
		names := map[string]any{}
		for _, id := range r.Groups {
			if g := s.group(id); g != nil {
				names[id] = g.Name
			}
		}
		obj["_embedded"] = map[string]any{"groupIdToGroupNameMap": names}
	}
	return obj
}

func texts(in []string) []any {
	out := make([]any, len(in))
	for i, t := range in {
		out[i] = t
	}
	return out
}

func (s *Server) listRules(q *request) reply {
	limit, valid := q.limit(50, 200)
	if !valid {
		return invalid("limit", "limit: The limit is not valid")
	}
	word := strings.ToLower(q.query.Get("search"))
	var rows []row
	for _, r := range s.rules {
		text := strings.ToLower(r.Name + " " + r.Expression + " " + strings.Join(r.Groups, " "))
		if strings.Contains(text, word) {
			rows = append(rows, row{fmt.Sprintf("%09d", r.seq), s.ruleJSON(q, r)})
		}
	}
	return s.page(q, rows, limit)
}

func (s *Server) getRule(q *request) reply {
	r := s.rule(q.vars[0])
	if r == nil {
		return notFound(q.vars[0], "GroupRule")
	}
	return ok(s.ruleJSON(q, r))
}

type ruleBody struct {
	Type       string `json:"type"`
	Name       string `json:"name"`
	Conditions struct {
		Expression struct {
			Type  string `json:"type"`
			Value string `json:"value"`
		} `json:"expression"`
		People struct {
			Users struct {
				Exclude []string `json:"exclude"`
			} `json:"users"`
		} `json:"people"`
	} `json:"conditions"`
	Actions struct {
		AssignUserToGroups struct {
			GroupIDs []string `json:"groupIds"`
		} `json:"assignUserToGroups"`
	} `json:"actions"`
}

// createRule makes an INACTIVE rule.
func (s *Server) createRule(q *request) reply {
	var body ruleBody
	if rep, decoded := q.decode(&body); !decoded {
		return rep
	}
	expression, err := parseRuleExpression(body.Conditions.Expression.Value)
	groups := body.Actions.AssignUserToGroups.GroupIDs
	switch {
	case body.Name == "" || body.Type != "group_rule":
		return invalid("name", "name: The field cannot be left blank")
	case err != nil:
		return invalid("conditions.expression", "Invalid expression: "+err.Error())
	case len(groups) == 0:
		return invalid("actions.assignUserToGroups.groupIds", "groupIds: The field cannot be left blank")
	}
	for _, id := range groups {
		if g := s.group(id); g == nil || !s.changeable(g, q.who) {
			return invalid("groupIds", "groupIds: The group cannot be assigned by a rule")
		}
	}
	r := &ruleRec{
		Rule: Rule{
			ID: s.newID("0pr"), Name: body.Name, Expression: body.Conditions.Expression.Value, Groups: groups,
			Exclude: body.Conditions.People.Users.Exclude, Status: "INACTIVE",
		},
		expression: expression, created: q.at, updated: q.at, seq: len(s.rules) + 1,
	}
	s.rules = append(s.rules, r)
	return changedTo(s.ruleJSON(q, r))
}

// deleteRule keeps the members whom the rule assigned, unless removeUsers is true.
func (s *Server) deleteRule(q *request) reply {
	r := s.rule(q.vars[0])
	if r == nil {
		return notFound(q.vars[0], "GroupRule")
	}
	if r.Status == "ACTIVE" {
		return invalid("groupRule", "Cannot delete an active group rule")
	}
	for i, other := range s.rules {
		if other == r {
			s.rules = append(s.rules[:i:i], s.rules[i+1:]...)
			break
		}
	}
	for _, g := range s.liveGroups() {
		for _, id := range s.memberIDs(g) {
			if g.members[id].rule != r.ID || r.ID == "" {
				continue
			}
			if q.query.Get("removeUsers") == "true" {
				s.remove(g, s.userByID(id), byRule(r))
			} else {
				g.members[id] = member{}
			}
		}
	}
	return reply{status: http.StatusAccepted, changed: true}
}

// activateRule assigns everybody whom the rule matches.
func (s *Server) activateRule(q *request) reply {
	r := s.rule(q.vars[0])
	if r == nil {
		return notFound(q.vars[0], "GroupRule")
	}
	changed := r.Status != "ACTIVE"
	r.Status, r.updated = "ACTIVE", q.at
	for _, u := range s.users {
		s.applyRule(r, u)
	}
	return noContent(changed)
}

// deactivateRule leaves the members where they are.
func (s *Server) deactivateRule(q *request) reply {
	r := s.rule(q.vars[0])
	if r == nil {
		return notFound(q.vars[0], "GroupRule")
	}
	changed := r.Status == "ACTIVE"
	r.Status, r.updated = "INACTIVE", q.at
	return noContent(changed)
}
