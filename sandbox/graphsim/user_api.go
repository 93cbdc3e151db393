package graphsim

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
)

func userRoutes() []route {
	read := []string{UserRead, UserReadWrite, DirectoryRead, DirectoryReadWrite}
	one := "/v1.0/users/{id}"
	return []route{
		{name: "user.list", method: http.MethodGet, path: "/v1.0/users", roles: read, cost: 2, serve: (*Server).listUsers},
		{name: "user.get", method: http.MethodGet, path: one, roles: read, serve: (*Server).getUser},
		{name: "user.manager", method: http.MethodGet, path: one + "/manager", roles: read, serve: (*Server).getManager},
		{name: "user.sessions.revoke", method: http.MethodPost, path: one + "/revokeSignInSessions", roles: []string{UserRevokeSessions, DirectoryReadWrite}, serve: (*Server).revokeSessions},
		{name: "deleted.get", method: http.MethodGet, path: "/v1.0/directory/deletedItems/{id}", roles: read, serve: (*Server).getDeleted},
		{name: "signin.list", method: http.MethodGet, path: "/v1.0/auditLogs/signIns", roles: []string{AuditLogRead}, report: true, serve: (*Server).listSignIns},
	}
}

func users() listing {
	known := map[string]bool{"signInActivity": true}
	for name := range userJSON(&userRec{}) {
		known[name] = true
	}
	return listing{
		context: "users", resource: "User", known: known, defaults: userDefaults(), expands: []string{"manager"},
		top: 100, most: 999, directory: true,
		filters: map[string]string{
			"id": "eq", "userPrincipalName": "eq startswith ge le", "mail": "eq startswith ge le", "displayName": "eq startswith ge le", "givenName": "eq startswith",
			"surname": "eq startswith", "department": "eq startswith", "jobTitle": "eq startswith", "accountEnabled": "eq", "userType": "eq",
			"employeeId": "eq startswith", "proxyAddresses": "any", "createdDateTime": "eq ge le",
		},
	}
}

// signInData refuses signInActivity without the right or the license.
func (s *Server) signInData(q *request) reply {
	switch {
	case !slices.Contains(strings.Split(q.query.Get("$select"), ","), "signInActivity"):
		return reply{}
	case !q.who.may([]string{AuditLogRead}):
		return requestDenied()
	case s.cfg.NoPremium:
		return notPremium()
	}
	return reply{}
}

func (s *Server) userRow(u *userRec) row {
	return row{key: strings.ToLower(u.ID), value: func() map[string]any { return userJSON(u) }, expand: func(string) any {
		if m := s.userByID(u.ManagerID); m != nil {
			v := map[string]any{"@odata.type": "#microsoft.graph.user"}
			pick(v, userJSON(m), userDefaults())
			return v
		}
		return nil
	}}
}

func (s *Server) listUsers(q *request) reply {
	if rep := s.signInData(q); rep.fail != nil {
		return rep
	}
	var rows []row
	for _, u := range s.users {
		if u.live() {
			rows = append(rows, s.userRow(u))
		}
	}
	return s.list(q, users(), sorted(rows))
}

func (s *Server) getUser(q *request) reply {
	if rep := s.signInData(q); rep.fail != nil {
		return rep
	}
	u := s.userByKey(q.vars[0])
	if u == nil {
		return notFound(q.vars[0])
	}
	return s.one(q, users(), s.userRow(u))
}

func (s *Server) getManager(q *request) reply {
	u := s.userByKey(q.vars[0])
	if u == nil {
		return notFound(q.vars[0])
	}
	m := s.userByID(u.ManagerID)
	if m == nil {
		return notFound("manager")
	}
	r := s.userRow(m)
	r.kind = "#microsoft.graph.user"
	l := users()
	l.context = "directoryObjects"
	return s.one(q, l, r)
}

func (s *Server) getDeleted(q *request) reply {
	u := s.userIDs[strings.ToLower(q.vars[0])]
	if u == nil || u.purged || u.Deleted.IsZero() {
		return notFound(q.vars[0])
	}
	r := s.userRow(u)
	r.kind = "#microsoft.graph.user"
	l := users()
	l.context = "directoryObjects"
	return s.one(q, l, r)
}

func (s *Server) revokeSessions(q *request) reply {
	u := s.userByKey(q.vars[0])
	if u == nil {
		return notFound(q.vars[0])
	}
	u.revoked++
	u.revokeAt = q.at
	rep := ok(map[string]any{"@odata.context": s.url(q.Request) + "/v1.0/$metadata#Edm.Boolean", "value": true})
	rep.changed = true
	return rep
}

// sorted orders rows by their keys.
func sorted(rows []row) []row {
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.key, b.key) })
	return rows
}

func skipToken(after string) string {
	return base64.RawURLEncoding.EncodeToString([]byte("m~" + after))
}

func readSkipToken(token string) (string, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	after, marked := strings.CutPrefix(string(raw), "m~")
	return after, err == nil && marked
}
