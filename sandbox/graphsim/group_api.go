package graphsim

import (
	"net/http"
	"strings"
)

// groupAppRoles is narrower than the tables of the apps themselves: Application.Read.All does not do.
// Source: https://learn.microsoft.com/graph/api/group-list-approleassignments#permissions
func groupAppRoles() []string { return []string{DirectoryRead, AppAssignmentWrite, DirectoryReadWrite} }

func groupReadRoles() []string {
	return []string{GroupMemberRead, GroupMemberWrite, GroupRead, GroupReadWrite, DirectoryRead, DirectoryReadWrite}
}

func groupRoutes() []route {
	one := "/v1.0/groups/{id}"
	return []route{
		{name: "group.list", method: http.MethodGet, path: "/v1.0/groups", roles: groupReadRoles(), serve: (*Server).listGroups},
		{name: "group.get", method: http.MethodGet, path: one, roles: groupReadRoles(), serve: (*Server).getGroup},
		{name: "group.owners", method: http.MethodGet, path: one + "/owners", roles: groupReadRoles(), serve: (*Server).listOwners},
		{name: "group.apps", method: http.MethodGet, path: one + "/appRoleAssignments", roles: groupAppRoles(), serve: (*Server).listGroupApps},
	}
}

func groups() listing {
	known := map[string]bool{}
	for name := range groupJSON(&groupRec{}) {
		known[name] = true
	}
	return listing{
		context: "groups", resource: "Group", known: known, defaults: groupDefaults(), expands: []string{"owners", "members"},
		top: 100, most: 999, directory: true,
		filters: map[string]string{
			"id": "eq", "displayName": "eq startswith ge le", "mailEnabled": "eq", "securityEnabled": "eq", "groupTypes": "any", "isAssignableToRole": "eq",
			"onPremisesSyncEnabled": "eq", "mailNickname": "eq startswith", "mail": "eq startswith", "visibility": "", "createdDateTime": "eq ge le",
		},
	}
}

// mostExpanded is how many objects $expand shows of a relationship.
const mostExpanded = 20

func (s *Server) groupRow(g *groupRec) row {
	return row{key: strings.ToLower(g.ID), value: func() map[string]any { return groupJSON(g) }, expand: func(name string) any {
		ids := g.Owners
		if name == "members" {
			ids = g.memberIDs()
		}
		list := []any{}
		for _, id := range ids {
			if u := s.userByID(id); u != nil && len(list) < mostExpanded {
				v := map[string]any{"@odata.type": "#microsoft.graph.user"}
				pick(v, userJSON(u), append(userDefaults(), "accountEnabled"))
				list = append(list, v)
			}
		}
		return list
	}}
}

func (s *Server) listGroups(q *request) reply {
	var rows []row
	for _, g := range s.groups {
		if !g.deleted {
			rows = append(rows, s.groupRow(g))
		}
	}
	return s.list(q, groups(), sorted(rows))
}

func (s *Server) getGroup(q *request) reply {
	g := s.group(q.vars[0])
	if g == nil {
		return notFound(q.vars[0])
	}
	return s.one(q, groups(), s.groupRow(g))
}

// objects is the listing of directory objects of several kinds.
func objects() listing {
	l := users()
	for name := range groups().known {
		l.known[name] = true
	}
	l.context, l.resource, l.expands = "directoryObjects", "DirectoryObject", nil
	l.defaults = append(userDefaults(), groupDefaults()...)
	l.byAdvanced = true
	return l
}

func (s *Server) listOwners(q *request) reply {
	g := s.group(q.vars[0])
	if g == nil {
		return notFound(q.vars[0])
	}
	return s.list(q, objects(), s.userRows(g.Owners))
}

// userRows are people as directory objects.
func (s *Server) userRows(ids []string) []row {
	var rows []row
	for _, id := range ids {
		if u := s.userByID(id); u != nil {
			r := s.userRow(u)
			r.kind = "#microsoft.graph.user"
			rows = append(rows, r)
		}
	}
	return sorted(rows)
}
