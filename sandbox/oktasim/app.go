package oktasim

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

type appRec struct {
	App
	created time.Time
}

const scopeAppsRead = "okta.apps.read"

func appRoutes() []route {
	one := "/api/v1/apps/{id}"
	return []route{
		// Okta documents this one among the groups, with their scope.
		{name: "group.apps", method: http.MethodGet, path: "/api/v1/groups/{id}/apps", bucket: BucketOther, scope: scopeGroupsRead, serve: (*Server).listGroupApps},
		{name: "app.list", method: http.MethodGet, path: "/api/v1/apps", bucket: BucketApps, scope: scopeAppsRead, serve: (*Server).listApps},
		{name: "app.get", method: http.MethodGet, path: one, bucket: BucketApps, scope: scopeAppsRead, serve: (*Server).getApp},
		{name: "app.users", method: http.MethodGet, path: one + "/users", bucket: BucketApps, scope: scopeAppsRead, serve: (*Server).listAppUsers},
		{name: "app.groups", method: http.MethodGet, path: one + "/groups", bucket: BucketApps, scope: scopeAppsRead, serve: (*Server).listAppGroups},
	}
}

func (s *Server) app(id string) *appRec {
	for _, a := range s.apps {
		if a.ID == id {
			return a
		}
	}
	return nil
}

func (a *appRec) signOn() string {
	if a.SignOnMode == "" {
		return "SAML_2_0"
	}
	return a.SignOnMode
}

func (s *Server) appJSON(q *request, a *appRec) map[string]any {
	base := s.url(q.Request)
	self := base + "/api/v1/apps/" + a.ID
	name := a.Name
	if name == "" {
		name = "custom_" + a.ID
	}
	obj := map[string]any{
		"id": a.ID, "name": name, "label": a.Label, "status": "ACTIVE", "signOnMode": a.signOn(),
		"created": stamp(a.created), "lastUpdated": stamp(a.created), "features": []any{},
		"accessibility": map[string]any{"selfService": false, "errorRedirectUrl": nil, "loginRedirectUrl": nil},
		"visibility": map[string]any{
			"autoLaunch": false, "autoSubmitToolbar": false, "hide": map[string]any{"iOS": false, "web": false},
			"appLinks": map[string]any{"login": true},
		},
		"credentials": map[string]any{
			"userNameTemplate": map[string]any{"template": "${source.login}", "type": "BUILT_IN"}, "signing": map[string]any{},
		},
		"settings": map[string]any{"app": map[string]any{}},
		"_links":   map[string]any{"self": href(self), "users": href(self + "/users"), "groups": href(self + "/groups")},
	}
	switch a.signOn() {
	case "BOOKMARK":
		obj["name"] = "bookmark"
		obj["settings"] = map[string]any{"app": map[string]any{"requestIntegration": false, "url": base + "/bookmark/" + a.ID}}
	case "OPENID_CONNECT":
		obj["name"] = "oidc_client"
		obj["credentials"] = map[string]any{"oauthClient": map[string]any{
			"client_id": a.ID, "autoKeyRotation": true, "token_endpoint_auth_method": "client_secret_basic",
		}}
		obj["settings"] = map[string]any{"oauthClient": map[string]any{
			"application_type": "web", "grant_types": []any{"authorization_code"}, "response_types": []any{"code"},
			"redirect_uris": []any{base + "/callback"},
		}}
	}
	return obj
}

// listApps filters by status, name, user.id and group.id; these are compared as if they were attributes of the app.
func (s *Server) listApps(q *request) reply {
	limit, valid := q.limit(20, 200)
	if !valid {
		return invalid("limit", "limit: The limit is not valid")
	}
	var filter *expr
	if text := q.query.Get("filter"); text != "" {
		e, err := parseExpr(text, func(attr, op string) bool {
			return op == "eq" && oneOf(attr, "status", "name", "user.id", "group.id")
		})
		if err != nil {
			return badSearch()
		}
		filter = e
	}
	word := strings.ToLower(q.query.Get("q"))
	var rows []row
	for i, a := range s.apps {
		facts := map[string]any{"status": "ACTIVE", "name": a.Name, "user.id": texts(s.appUserIDs(a)), "group.id": texts(a.Groups)}
		if filter != nil && !filter.matches(facts, false) {
			continue
		}
		if strings.HasPrefix(strings.ToLower(a.Label), word) || strings.HasPrefix(strings.ToLower(a.Name), word) {
			rows = append(rows, row{fmt.Sprintf("%09d", i), s.appJSON(q, a)})
		}
	}
	return s.page(q, rows, limit)
}

func (s *Server) getApp(q *request) reply {
	a := s.app(q.vars[0])
	if a == nil {
		return notFound(q.vars[0], "AppInstance")
	}
	return ok(s.appJSON(q, a))
}

// appUserIDs are those assigned directly, then those assigned through groups; deactivated users lose their apps.
func (s *Server) appUserIDs(a *appRec) []string {
	var ids []string
	take := func(id string) {
		if u := s.userByID(id); u != nil && u.Status != StatusDeprovisioned && !oneOf(id, ids...) {
			ids = append(ids, id)
		}
	}
	for _, id := range a.AssignedUsers {
		take(id)
	}
	for _, gid := range a.Groups {
		if g := s.group(gid); g != nil {
			for _, id := range s.memberIDs(g) {
				take(id)
			}
		}
	}
	return ids
}

func (s *Server) listAppUsers(q *request) reply {
	a := s.app(q.vars[0])
	if a == nil {
		return notFound(q.vars[0], "AppInstance")
	}
	limit, valid := q.limit(50, 500)
	if !valid {
		return invalid("limit", "limit: The limit is not valid")
	}
	word := strings.ToLower(q.query.Get("q"))
	base := s.url(q.Request)
	var rows []row
	for _, id := range s.appUserIDs(a) {
		u := s.userByID(id)
		if !strings.HasPrefix(strings.ToLower(u.Login), word) && !strings.HasPrefix(strings.ToLower(u.First), word) {
			continue
		}
		scope := "GROUP"
		if oneOf(id, a.AssignedUsers...) {
			scope = "USER"
		}
		rows = append(rows, row{id, map[string]any{
			"id": id, "externalId": nil, "created": stamp(u.Created), "lastUpdated": stamp(u.lastUpdated), "scope": scope,
			"status": "ACTIVE", "statusChanged": stamp(u.Created), "passwordChanged": nil, "syncState": "DISABLED",
			"credentials": map[string]any{"userName": u.Login},
			"profile":     map[string]any{"email": u.Email, "firstName": u.First, "lastName": u.Last},
			"_links":      map[string]any{"app": href(base + "/api/v1/apps/" + a.ID), "user": href(base + "/api/v1/users/" + id)},
		}})
	}
	return s.page(q, rows, limit)
}

func (s *Server) listAppGroups(q *request) reply {
	a := s.app(q.vars[0])
	if a == nil {
		return notFound(q.vars[0], "AppInstance")
	}
	limit, valid := q.limit(20, 200)
	if !valid {
		return invalid("limit", "limit: The limit is not valid")
	}
	base := s.url(q.Request)
	var rows []row
	for i, id := range a.Groups {
		if s.group(id) == nil {
			continue
		}
		self := base + "/api/v1/apps/" + a.ID
		rows = append(rows, row{fmt.Sprintf("%09d", i), map[string]any{
			"id": id, "lastUpdated": stamp(a.created), "priority": i, "profile": map[string]any{},
			"_links": map[string]any{"app": href(self), "self": href(self + "/groups/" + id), "group": href(base + "/api/v1/groups/" + id)},
		}})
	}
	return s.page(q, rows, limit)
}

// listGroupApps lists the apps that a group is assigned to, each as the list of all apps shows it.
func (s *Server) listGroupApps(q *request) reply {
	if s.group(q.vars[0]) == nil {
		return notFound(q.vars[0], "UserGroup")
	}
	limit, valid := q.limit(20, 200)
	if !valid {
		return invalid("limit", "limit: The limit is not valid")
	}
	var rows []row
	for i, a := range s.apps {
		if oneOf(q.vars[0], a.Groups...) {
			rows = append(rows, row{fmt.Sprintf("%09d", i), s.appJSON(q, a)})
		}
	}
	return s.page(q, rows, limit)
}
