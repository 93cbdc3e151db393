package googlesim

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// userRec is a person with what only the server knows.
type userRec struct {
	User
	created  time.Time
	deleted  time.Time
	signOuts int
}

func userRoutes() []route {
	read := []string{"admin.directory.user", "admin.directory.user.readonly"}
	return []route{
		{name: "user.list", method: http.MethodGet, path: "/admin/directory/v1/users", api: apiAdmin, scopes: read, serve: (*Server).listUsers},
		{name: "user.get", method: http.MethodGet, path: "/admin/directory/v1/users/{key}", api: apiAdmin, scopes: read, serve: (*Server).getUser},
		{
			name: "user.signout", method: http.MethodPost, path: "/admin/directory/v1/users/{key}/signOut", api: apiAdmin, super: true,
			scopes: []string{"admin.directory.user.security"}, serve: (*Server).signOut,
		},
	}
}

func (s *Server) makeUser(u User, created time.Time) *userRec {
	if u.ID == "" {
		u.ID = s.userID()
	}
	rec := &userRec{User: u, created: created}
	rec.Aliases, rec.Custom = slices.Clone(u.Aliases), maps.Clone(u.Custom)
	s.users = append(s.users, rec)
	s.keys[u.ID] = rec
	for _, address := range append([]string{u.Primary}, u.Aliases...) {
		s.keys[strings.ToLower(address)] = rec
	}
	return rec
}

// userByKey finds a living user by id, address or alias, letter case aside.
func (s *Server) userByKey(key string) *userRec {
	u, _ := s.keys[strings.ToLower(key)].(*userRec)
	if u == nil || !u.deleted.IsZero() {
		return nil
	}
	return u
}

func (s *Server) getUser(q *request) reply {
	projection := q.query.Get("projection")
	if !slices.Contains([]string{"", "basic", "custom", "full"}, projection) {
		return invalid("projection")
	}
	key := q.vars[0]
	u := s.userByKey(key)
	switch {
	case u != nil:
		return ok(s.userJSON(u, projection == "full"))
	case strings.Contains(key, "@") && !s.ourDomain(key):
		return forbidden(apiAdmin) // Addresses of other companies are not said to be missing.
	}
	return notFound("userKey")
}

func (s *Server) ourDomain(address string) bool {
	_, domain, _ := strings.Cut(address, "@")
	return slices.ContainsFunc(s.cfg.Domains, func(d string) bool { return strings.EqualFold(d, domain) })
}

// listUsers knows of the search language only email:VALUE and email=VALUE, in single quotes or not.
func (s *Server) listUsers(q *request) reply {
	size, fine := q.number("maxResults", 100, 500)
	if !fine {
		return invalid("maxResults")
	}
	if q.query.Get("customer") == "" && q.query.Get("domain") == "" {
		return adminError(http.StatusBadRequest, "badRequest", "Bad Request")
	}
	wanted, fine := searched(q.query.Get("query"))
	if !fine {
		return invalid("query")
	}
	var rows []*userRec
	for _, u := range s.users {
		if u.deleted.IsZero() && (wanted == "" || s.keys[strings.ToLower(wanted)] == u) {
			rows = append(rows, u)
		}
	}
	slices.SortFunc(rows, func(a, b *userRec) int { return strings.Compare(a.ID, b.ID) })
	rows, next, fine := page(rows, func(u *userRec) string { return u.ID }, q.query.Get("pageToken"), size)
	if !fine {
		return invalid("pageToken")
	}
	var out []any
	for _, u := range rows {
		out = append(out, s.userJSON(u, q.query.Get("projection") == "full"))
	}
	return ok(listed("admin#directory#users", "users", out, next))
}

func searched(query string) (string, bool) {
	if query == "" {
		return "", true
	}
	value, fine := strings.CutPrefix(query, "email=")
	if !fine {
		if value, fine = strings.CutPrefix(query, "email:"); !fine {
			return "", false
		}
	}
	if len(value) >= 2 && value[0] == '\'' && value[len(value)-1] == '\'' {
		value = strings.ReplaceAll(value[1:len(value)-1], `\'`, "'")
	}
	return value, value != ""
}

func (s *Server) signOut(q *request) reply {
	u := s.userByKey(q.vars[0])
	if u == nil {
		return notFound("userKey")
	}
	u.signOuts++
	return reply{status: http.StatusNoContent, changed: true}
}

// userJSON is a person as the API shows them. What is not set is left out, except the last login, which is then 1970.
func (s *Server) userJSON(u *userRec, full bool) object {
	last := time.Unix(0, 0)
	if !u.LastLogin.IsZero() {
		last = u.LastLogin
	}
	emails := []any{object{"address": u.Primary, "primary": true}}
	for _, a := range u.Aliases {
		emails = append(emails, object{"address": a})
	}
	out := object{
		"kind": "admin#directory#user", "id": u.ID, "etag": etag(u.User), "primaryEmail": u.Primary, "emails": emails,
		"name":    object{"givenName": u.Given, "familyName": u.Family, "fullName": strings.TrimSpace(u.Given + " " + u.Family)},
		"isAdmin": u.Admin == SuperAdmin, "isDelegatedAdmin": u.Admin == GroupsAdmin, "lastLoginTime": stamp(last),
		"creationTime": stamp(u.created), "agreedToTerms": !u.LastLogin.IsZero(), "suspended": u.Suspended, "archived": u.Archived,
		"changePasswordAtNextLogin": false, "ipWhitelisted": false, "isMailboxSetup": true, "isEnrolledIn2Sv": false,
		"isEnforcedIn2Sv": false, "includeInGlobalAddressList": true, "orgUnitPath": "/", "customerId": s.cfg.Customer,
	}
	if len(u.Aliases) > 0 {
		out["aliases"] = u.Aliases
	}
	if u.Suspended {
		out["suspensionReason"] = "ADMIN"
	}
	if u.Title != "" || u.Department != "" {
		entry := object{"primary": true, "customType": ""}
		if u.Title != "" {
			entry["title"] = u.Title
		}
		if u.Department != "" {
			entry["department"] = u.Department
		}
		out["organizations"] = []any{entry}
	}
	if u.Manager != "" {
		out["relations"] = []any{object{"value": u.Manager, "type": "manager"}}
	}
	if full && len(u.Custom) > 0 {
		out["customSchemas"] = u.Custom
	}
	return out
}
