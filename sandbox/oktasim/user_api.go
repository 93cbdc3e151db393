package oktasim

import (
	"fmt"
	"net/http"
	"strings"
)

const (
	scopeUsersRead = "okta.users.read"
	scopeUsers     = "okta.users.manage"
)

func userRoutes() []route {
	one := "/api/v1/users/{id}"
	act := one + "/lifecycle/"
	return []route{
		{name: "user.list", method: http.MethodGet, path: "/api/v1/users", bucket: BucketUsers, scope: scopeUsersRead, serve: (*Server).listUsers},
		{name: "user.create", method: http.MethodPost, path: "/api/v1/users", bucket: BucketUsers, scope: scopeUsers, serve: (*Server).createUser},
		{name: "user.get", method: http.MethodGet, path: one, bucket: BucketUser, scope: scopeUsersRead, serve: (*Server).getUser},
		{name: "user.update", method: http.MethodPost, path: one, bucket: BucketUser, scope: scopeUsers, serve: (*Server).updateUser},
		{name: "user.delete", method: http.MethodDelete, path: one, bucket: BucketUser, scope: scopeUsers, serve: (*Server).deleteUser},
		{name: "user.groups", method: http.MethodGet, path: one + "/groups", bucket: BucketOther, scope: scopeUsersRead, serve: (*Server).listUserGroups},
		{name: "user.sessions.clear", method: http.MethodDelete, path: one + "/sessions", bucket: BucketOther, scope: scopeUsers, serve: (*Server).clearSessions},
		{name: "user.activate", method: http.MethodPost, path: act + "activate", bucket: BucketOther, scope: scopeUsers, serve: (*Server).activateUser},
		{name: "user.deactivate", method: http.MethodPost, path: act + "deactivate", bucket: BucketOther, scope: scopeUsers, serve: (*Server).deactivateUser},
		{name: "user.suspend", method: http.MethodPost, path: act + "suspend", bucket: BucketOther, scope: scopeUsers, serve: (*Server).suspendUser},
		{name: "user.unsuspend", method: http.MethodPost, path: act + "unsuspend", bucket: BucketOther, scope: scopeUsers, serve: (*Server).unsuspendUser},
	}
}

// listUsers hides DEPROVISIONED users unless search or filter is used. search reads the lagging index, the others the truth.
func (s *Server) listUsers(q *request) reply {
	limit, valid := q.limit(200, 200)
	if !valid {
		return invalid("limit", "limit: The limit is not valid")
	}
	switch {
	case q.query.Get("search") != "":
		return s.searchUsers(q, limit)
	case q.query.Get("filter") != "":
		e, err := parseExpr(q.query.Get("filter"), userFilterAllows)
		if err != nil {
			return badSearch()
		}
		may := func(u *userRec) bool { return e.mayMatch(u.userState) }
		return s.page(q, s.userRows(q, may, func(obj map[string]any) bool { return e.matches(obj, true) }), limit)
	case q.query.Get("q") != "":
		return s.queryUsers(q)
	}
	return s.page(q, s.userRows(q, func(u *userRec) bool { return u.Status != StatusDeprovisioned }, nil), limit)
}

// userRows are the users that may be wanted, as JSON, of which keep, if there is one, takes those that are.
func (s *Server) userRows(q *request, may func(*userRec) bool, keep func(map[string]any) bool) []row {
	var rows []row
	for _, u := range s.users {
		if !u.deleted.IsZero() || !may(u) {
			continue
		}
		obj := userJSON(u.userState, s.url(q.Request), false)
		if keep == nil || keep(obj) {
			rows = append(rows, row{fmt.Sprintf("%09d", u.seq), obj})
		}
	}
	return rows
}

// queryUsers finds users by the start of a name or address. It never gives a next page.
func (s *Server) queryUsers(q *request) reply {
	limit, valid := q.limit(10, 200)
	if !valid {
		return invalid("limit", "limit: The limit is not valid")
	}
	text := strings.ToLower(q.query.Get("q"))
	rows := s.userRows(q, func(u *userRec) bool {
		for _, have := range []string{u.First, u.Last, u.Email, u.fullName()} {
			if strings.HasPrefix(strings.ToLower(have), text) {
				return u.Status != StatusDeprovisioned
			}
		}
		return false
	}, nil)
	return s.page(q, rows[:min(limit, len(rows))], limit)
}

func (s *Server) searchUsers(q *request, limit int) reply {
	e, err := parseExpr(q.query.Get("search"), s.userSearchAllows)
	if err != nil {
		return badSearch()
	}
	by := q.query.Get("sortBy")
	var rows []row
	for _, u := range s.users {
		state, seen := u.indexed(q.at.Add(-s.cfg.SearchLag))
		if !seen || !e.mayMatch(state) {
			continue
		}
		if obj := userJSON(state, s.url(q.Request), false); e.matches(obj, true) {
			rows = append(rows, row{sortKey(obj, by, u.seq), obj})
		}
	}
	return s.sorted(q, rows, limit)
}

// sortKey orders by one property, then by age of the object.
func sortKey(obj map[string]any, by string, seq int) string {
	text := ""
	if by != "" {
		if found := lookup(obj, strings.Split(by, ".")); len(found) > 0 {
			text = fmt.Sprint(found[0])
		}
	}
	return fmt.Sprintf("%s\x00%09d", text, seq)
}

// sorted pages rows in the order that sortOrder asks for, when sortBy is given.
func (s *Server) sorted(q *request, rows []row, limit int) reply {
	down := q.query.Get("sortBy") != "" && strings.EqualFold(q.query.Get("sortOrder"), "desc")
	order(rows, down)
	return s.pageInOrder(q, rows, limit)
}

func userFilterAllows(attr, op string) bool {
	switch attr {
	case "lastUpdated":
		return oneOf(op, "eq", "gt", "ge", "lt", "le")
	case "id", "status", "type.id", "profile.login", "profile.email", "profile.firstName", "profile.lastName":
		return op == "eq"
	}
	return false
}

// userSearchAllows knows the base attributes and the custom ones that any user has. ne and not are no search operators.
func (s *Server) userSearchAllows(attr, op string) bool {
	if !oneOf(op, "eq", "gt", "ge", "lt", "le", "sw", "co", "pr") {
		return false
	}
	switch attr {
	case "id", "status", "type.id", "created", "activated", "statusChanged", "lastUpdated":
		return op != "co"
	}
	name, isProfile := strings.CutPrefix(attr, "profile.")
	return isProfile && s.knownAttribute(name)
}

func (s *Server) getUser(q *request) reply {
	u := s.findUser(q, q.vars[0])
	if u == nil {
		return notFound(q.vars[0], "User")
	}
	return ok(userJSON(u.userState, s.url(q.Request), true))
}

func (s *Server) listUserGroups(q *request) reply {
	u := s.findUser(q, q.vars[0])
	if u == nil {
		return notFound(q.vars[0], "User")
	}
	limit, valid := q.limit(200, 200)
	if !valid {
		return invalid("limit", "limit: The limit is not valid")
	}
	var rows []row
	for _, g := range s.liveGroups() {
		if s.memberAsOf(g, u, q.at.Add(-s.cfg.MemberLag)) {
			rows = append(rows, row{fmt.Sprintf("%09d", g.seq), s.groupJSON(q, g.groupState)})
		}
	}
	return s.page(q, rows, limit)
}

func (s *Server) clearSessions(q *request) reply {
	u := s.findUser(q, q.vars[0])
	if u == nil {
		return notFound(q.vars[0], "User")
	}
	s.recordUserEvent(q, "user.session.clear", "Clear user session", u)
	return noContent(true)
}
