package oktasim

import (
	"fmt"
	"net/http"
	"strings"
)

const (
	scopeGroupsRead = "okta.groups.read"
	scopeGroups     = "okta.groups.manage"
)

func groupRoutes() []route {
	one := "/api/v1/groups/{id}"
	return []route{
		{name: "group.list", method: http.MethodGet, path: "/api/v1/groups", bucket: BucketGroups, scope: scopeGroupsRead, serve: (*Server).listGroups},
		{name: "group.create", method: http.MethodPost, path: "/api/v1/groups", bucket: BucketGroups, scope: scopeGroups, serve: (*Server).createGroup},
		{name: "group.get", method: http.MethodGet, path: one, bucket: BucketGroup, scope: scopeGroupsRead, serve: (*Server).getGroup},
		{name: "group.update", method: http.MethodPut, path: one, bucket: BucketGroup, scope: scopeGroups, serve: (*Server).updateGroup},
		{name: "group.delete", method: http.MethodDelete, path: one, bucket: BucketGroup, scope: scopeGroups, serve: (*Server).deleteGroup},
		{name: "group.members", method: http.MethodGet, path: one + "/users", bucket: BucketOther, scope: scopeGroupsRead, serve: (*Server).listMembers},
		{name: "group.member.add", method: http.MethodPut, path: one + "/users/{uid}", bucket: BucketOther, scope: scopeGroups, serve: (*Server).addMember},
		{name: "group.member.remove", method: http.MethodDelete, path: one + "/users/{uid}", bucket: BucketOther, scope: scopeGroups, serve: (*Server).removeMember},
		{name: "group.roles", method: http.MethodGet, path: one + "/roles", bucket: BucketOther, scope: "okta.roles.read", serve: (*Server).listRoles},
	}
}

func (s *Server) groupJSON(q *request, g groupState) map[string]any {
	base := s.url(q.Request)
	self := base + "/api/v1/groups/" + g.ID
	class := "okta:user_group"
	if g.Type == AppGroup {
		class = "okta:app_group"
	}
	return map[string]any{
		"id": g.ID, "created": stamp(g.created), "lastUpdated": stamp(g.lastUpdated),
		"lastMembershipUpdated": stamp(g.lastMember), "objectClass": []any{class}, "type": g.Type,
		"profile": map[string]any{"name": g.Name, "description": textOrNull(g.Description)},
		"_links": map[string]any{
			"users": href(self + "/users"), "apps": href(self + "/apps"),
			"logo": []any{map[string]any{"name": "medium", "href": base + "/img/groups.png", "type": "image/png"}},
		},
	}
}

// statsJSON is what expand=stats embeds. The live service writes hasAdminPrivilege, its document hasAdminPrivlege.
func (s *Server) statsJSON(q *request, g *groupRec) map[string]any {
	apps := 0
	for _, a := range s.apps {
		if oneOf(g.ID, a.Groups...) {
			apps++
		}
	}
	return map[string]any{"stats": map[string]any{
		"usersCount": len(s.memberIDsAsOf(g, q.at.Add(-s.cfg.MemberLag))), "appsCount": apps, "groupPushMappingsCount": 0,
		"hasAdminPrivilege": g.adminRole,
		"_links":            map[string]any{},
	}}
}

// listGroups: search and q read the lagging index, filter and the plain list the truth.
func (s *Server) listGroups(q *request) reply {
	limit, valid := q.limit(10000, 10000)
	if !valid {
		return invalid("limit", "limit: The limit is not valid")
	}
	keep, lag, err := groupCondition(q)
	if err != nil {
		return badSearch()
	}
	by := ""
	if q.query.Get("search") != "" {
		by = q.query.Get("sortBy")
	}
	var rows []row
	for _, g := range s.groups {
		state, seen := g.groupState, g.deleted.IsZero()
		if lag {
			state, seen = g.indexed(q.at.Add(-s.cfg.SearchLag))
		}
		if !seen {
			continue
		}
		obj := s.groupJSON(q, state)
		if !keep(obj) {
			continue
		}
		if q.query.Get("expand") == "stats" {
			obj["_embedded"] = s.statsJSON(q, g)
		}
		rows = append(rows, row{sortKey(obj, by, g.seq), obj})
	}
	return s.sorted(q, rows, limit)
}

func groupCondition(q *request) (keep func(map[string]any) bool, lag bool, err error) {
	switch {
	case q.query.Get("search") != "":
		e, err := parseExpr(q.query.Get("search"), groupSearchAllows)
		return func(obj map[string]any) bool { return e.matches(obj, true) }, true, err
	case q.query.Get("filter") != "":
		e, err := parseExpr(q.query.Get("filter"), groupFilterAllows)
		return func(obj map[string]any) bool { return e.matches(obj, true) }, false, err
	case q.query.Get("q") != "":
		text := strings.ToLower(q.query.Get("q"))
		return func(obj map[string]any) bool {
			name := fmt.Sprint(lookup(obj, []string{"profile", "name"})...)
			return strings.HasPrefix(strings.ToLower(name), text)
		}, true, nil
	}
	return func(map[string]any) bool { return true }, false, nil
}

func groupFilterAllows(attr, op string) bool {
	switch attr {
	case "id", "type", "profile.name":
		return op == "eq"
	case "lastUpdated", "lastMembershipUpdated":
		return oneOf(op, "eq", "gt", "ge", "lt", "le")
	}
	return false
}

func groupSearchAllows(attr, op string) bool {
	switch attr {
	case "id", "type", "created", "lastUpdated", "lastMembershipUpdated":
		return oneOf(op, "eq", "gt", "ge", "lt", "le", "sw", "pr")
	case "profile.name", "profile.description":
		return oneOf(op, "eq", "gt", "ge", "lt", "le", "sw", "co", "pr")
	}
	return false
}

func (s *Server) getGroup(q *request) reply {
	g := s.group(q.vars[0])
	if g == nil {
		return notFound(q.vars[0], "UserGroup")
	}
	obj := s.groupJSON(q, g.groupState)
	if q.query.Get("expand") == "stats" {
		obj["_embedded"] = s.statsJSON(q, g)
	}
	return ok(obj)
}

type groupBody struct {
	Profile map[string]any `json:"profile"`
}

// profile reads name and description; custom group attributes do not exist in this organization.
func (s *Server) groupProfile(b groupBody, self string) (name, description string, causes []string) {
	for key, value := range b.Profile {
		text, isText := value.(string)
		switch {
		case key == "name" && isText:
			name = text
		case key == "description" && (isText || value == nil):
			description = text
		default:
			causes = append(causes, key+": The property is not defined in the group schema")
		}
	}
	if name == "" {
		causes = append(causes, "name: The field cannot be left blank")
	}
	if g := s.groupByName(name); g != nil && g.ID != self {
		causes = append(causes, "name: An object with this field already exists in the current organization")
	}
	return name, description, causes
}

func (s *Server) createGroup(q *request) reply {
	var body groupBody
	if rep, decoded := q.decode(&body); !decoded {
		return rep
	}
	name, description, causes := s.groupProfile(body, "")
	if len(causes) > 0 {
		return invalid("name", causes...)
	}
	g := s.makeGroup(name, description, s.byToken(q))
	return changedTo(s.groupJSON(q, g.groupState))
}

func (s *Server) makeGroup(name, description string, by actor) *groupRec {
	now := s.clock()
	g := &groupRec{members: map[string]member{}, groupState: groupState{
		ID: s.newID("00g"), Name: name, Description: description, Type: OktaGroup, created: now, lastMember: now,
	}}
	s.addGroup(g)
	s.touchGroup(g)
	s.recordGroupEvent("group.lifecycle.create", "Create Okta group", g, by)
	return g
}

func (s *Server) updateGroup(q *request) reply {
	g := s.group(q.vars[0])
	if g == nil {
		return notFound(q.vars[0], "UserGroup")
	}
	var body groupBody
	if rep, decoded := q.decode(&body); !decoded {
		return rep
	}
	if !s.changeable(g, q.who) {
		return forbidden()
	}
	name, description, causes := s.groupProfile(body, g.ID)
	if len(causes) > 0 {
		return invalid("name", causes...)
	}
	g.Name, g.Description = name, description
	s.touchGroup(g)
	s.recordGroupEvent("group.profile.update", "Okta group profile update", g, s.byToken(q))
	return changedTo(s.groupJSON(q, g.groupState))
}

func (s *Server) deleteGroup(q *request) reply {
	g := s.group(q.vars[0])
	if g == nil {
		return notFound(q.vars[0], "UserGroup")
	}
	if !s.changeable(g, q.who) {
		return forbidden()
	}
	s.dropGroup(g, s.byToken(q))
	return noContent(true)
}

func (s *Server) dropGroup(g *groupRec, by actor) {
	g.deleted = s.clock()
	s.touchGroup(g)
	s.recordGroupEvent("group.lifecycle.delete", "Delete Okta group", g, by)
}
