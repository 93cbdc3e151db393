package graphsim

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// appRoutes go by the tables of permissions under https://learn.microsoft.com/graph/api/serviceprincipal-list,
// serviceprincipal-get and serviceprincipal-list-approleassignedto, which differ.
func appRoutes() []route {
	read := []string{ApplicationRead, ApplicationOwned, ApplicationWrite, DirectoryRead}
	assigned := append(slices.Clone(read), DirectoryReadWrite)
	return []route{
		{name: "app.list", method: http.MethodGet, path: "/v1.0/servicePrincipals", roles: read, serve: (*Server).listApps},
		{name: "app.get", method: http.MethodGet, path: "/v1.0/servicePrincipals/{id}", roles: read, serve: (*Server).getApp},
		{name: "app.assigned", method: http.MethodGet, path: "/v1.0/servicePrincipals/{id}/appRoleAssignedTo", roles: assigned, serve: (*Server).listAssigned},
	}
}

func appJSON(a *App) map[string]any {
	return map[string]any{
		"id": a.ID, "appId": a.AppID, "displayName": a.DisplayName, "appDisplayName": a.DisplayName, "accountEnabled": true,
		"servicePrincipalType": kindOfApp(a), "tags": []any{},
	}
}

func kindOfApp(a *App) string {
	if a.ManagedIdentity {
		return "ManagedIdentity"
	}
	return "Application"
}

func apps() listing {
	known, names := map[string]bool{}, []string{}
	for name := range appJSON(&App{}) {
		known[name] = true
		names = append(names, name)
	}
	return listing{
		context: "servicePrincipals", resource: "ServicePrincipal", known: known, defaults: names, top: 100, most: 999, directory: true,
		filters: map[string]string{"id": "eq", "appId": "eq", "displayName": "eq startswith", "servicePrincipalType": "eq", "tags": "any"},
	}
}

func (s *Server) appByID(id string) *App {
	for i := range s.apps {
		if strings.EqualFold(s.apps[i].ID, id) {
			return &s.apps[i]
		}
	}
	return nil
}

func (s *Server) appByAppID(id string) *App {
	for i := range s.apps {
		if strings.EqualFold(s.apps[i].AppID, id) {
			return &s.apps[i]
		}
	}
	return nil
}

func (s *Server) listApps(q *request) reply {
	var rows []row
	for i := range s.apps {
		rows = append(rows, row{key: s.apps[i].ID, value: func() map[string]any { return appJSON(&s.apps[i]) }})
	}
	return s.list(q, apps(), sorted(rows))
}

func (s *Server) getApp(q *request) reply {
	a := s.appByID(q.vars[0])
	if a == nil {
		return notFound(q.vars[0])
	}
	return s.one(q, apps(), row{key: a.ID, value: func() map[string]any { return appJSON(a) }})
}

func assignments() listing {
	names := []string{"id", "deletedDateTime", "appRoleId", "createdDateTime", "principalDisplayName", "principalId", "principalType", "resourceDisplayName", "resourceId"}
	known := map[string]bool{}
	for _, name := range names {
		known[name] = true
	}
	return listing{
		context: "appRoleAssignments", resource: "AppRoleAssignment", known: known, defaults: names, top: 100, most: 999, directory: true,
		// Source: https://learn.microsoft.com/graph/api/resources/approleassignment
		filters: map[string]string{"resourceId": "eq", "principalDisplayName": "eq startswith"},
	}
}

// assignmentRow is the assignment of a group or a user.
func assignmentRow(a *App, kind, id, name string, at time.Time) row {
	value := map[string]any{
		"id": a.ID[:8] + id[8:], "deletedDateTime": nil, "appRoleId": "00000000-0000-0000-0000-000000000000", "createdDateTime": stampSeconds(at),
		"principalDisplayName": name, "principalId": id, "principalType": kind, "resourceDisplayName": a.DisplayName, "resourceId": a.ID,
	}
	return row{key: a.ID + id, value: func() map[string]any { return value }}
}

func groupAssignment(a *App, g *groupRec) row {
	return assignmentRow(a, "Group", g.ID, g.DisplayName, g.created)
}

func (s *Server) listGroupApps(q *request) reply {
	g := s.group(q.vars[0])
	if g == nil {
		return notFound(q.vars[0])
	}
	var rows []row
	for i := range s.apps {
		if slices.Contains(s.apps[i].Groups, g.ID) {
			rows = append(rows, groupAssignment(&s.apps[i], g))
		}
	}
	return s.list(q, assignments(), sorted(rows))
}

func (s *Server) listAssigned(q *request) reply {
	a := s.appByID(q.vars[0])
	if a == nil {
		return notFound(q.vars[0])
	}
	var rows []row
	for _, id := range a.Groups {
		if g := s.group(id); g != nil {
			rows = append(rows, groupAssignment(a, g))
		}
	}
	for _, id := range a.Users {
		if u := s.userByID(id); u != nil {
			rows = append(rows, assignmentRow(a, "User", u.ID, u.DisplayName, u.created))
		}
	}
	return s.list(q, assignments(), sorted(rows))
}
