package googlesim

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// groupRec is a group with its members and their history.
type groupRec struct {
	Group
	created time.Time
	updated time.Time
	deleted time.Time
	members map[string]*memberRec // by the member's id
	history []Change
}

func groupRoutes() []route {
	read := []string{"admin.directory.group", "admin.directory.group.readonly"}
	return []route{
		{name: "group.list", method: http.MethodGet, path: "/admin/directory/v1/groups", api: apiAdmin, scopes: read, serve: (*Server).listGroups},
		{name: "group.get", method: http.MethodGet, path: "/admin/directory/v1/groups/{key}", api: apiAdmin, scopes: read, serve: (*Server).getGroup},
		{
			name: "roleassignment.list", method: http.MethodGet, path: "/admin/directory/v1/customer/{customer}/roleassignments", api: apiAdmin,
			scopes: []string{"admin.directory.rolemanagement", "admin.directory.rolemanagement.readonly"}, super: true,
			serve: (*Server).listRoleAssignments,
		},
	}
}

func (s *Server) makeGroup(g Group, created time.Time) *groupRec {
	if g.ID == "" {
		g.ID = s.groupID()
	}
	rec := &groupRec{Group: g, created: created, updated: created, members: map[string]*memberRec{}}
	s.groups = append(s.groups, rec)
	s.keys[g.ID] = rec
	s.keys[strings.ToLower(g.Email)] = rec
	return rec
}

func (s *Server) groupByKey(key string) *groupRec {
	g, _ := s.keys[strings.ToLower(key)].(*groupRec)
	if g == nil || !g.deleted.IsZero() {
		return nil
	}
	return g
}

// visibleGroup finds a group, or says as Google does why not.
func (s *Server) visibleGroup(key string) (*groupRec, reply) {
	g := s.groupByKey(key)
	switch {
	case g != nil:
		return g, reply{}
	case strings.Contains(key, "@") && !s.ourDomain(key):
		return nil, forbidden(apiAdmin)
	}
	return nil, notFound("groupKey")
}

func (s *Server) getGroup(q *request) reply {
	g, no := s.visibleGroup(q.vars[0])
	if g == nil {
		return no
	}
	return ok(s.groupJSON(g))
}

func (s *Server) groupJSON(g *groupRec) object {
	direct := 0
	for _, m := range g.members {
		if st := m.at(s.clock()); st.present && m.kind != kindGroup {
			direct++
		}
	}
	return object{
		"kind": "admin#directory#group", "id": g.ID, "etag": etag(g.ID, g.updated), "email": g.Email, "name": g.Name,
		"description": g.Description, "adminCreated": true, "directMembersCount": strconv.Itoa(direct),
	}
}

// listGroups lists the company's groups, or with userKey those that the user is a direct member of.
func (s *Server) listGroups(q *request) reply {
	size, fine := q.number("maxResults", 200, 200)
	if !fine {
		return invalid("maxResults")
	}
	who := q.query.Get("userKey")
	if who == "" && q.query.Get("customer") == "" && q.query.Get("domain") == "" || who != "" && q.query.Get("customer") != "" {
		return adminError(http.StatusBadRequest, "badRequest", "Bad Request")
	}
	member, found := s.memberByKey(who)
	if who != "" && !found {
		return notFound("userKey")
	}
	seen := s.clock().Add(-s.cfg.MemberLag)
	var rows []*groupRec
	for _, g := range s.groups {
		if !g.deleted.IsZero() {
			continue
		}
		if who == "" || g.members[member.id] != nil && g.members[member.id].at(seen).present {
			rows = append(rows, g)
		}
	}
	slices.SortFunc(rows, func(a, b *groupRec) int { return strings.Compare(a.ID, b.ID) })
	rows, next, fine := page(rows, func(g *groupRec) string { return g.ID }, q.query.Get("pageToken"), size)
	if !fine {
		return invalid("pageToken")
	}
	var out []any
	for _, g := range rows {
		out = append(out, s.groupJSON(g))
	}
	return ok(listed("admin#directory#groups", "groups", out, next))
}

// listRoleAssignments shows who holds administrator roles.
func (s *Server) listRoleAssignments(q *request) reply {
	if c := q.vars[0]; c != "my_customer" && c != s.cfg.Customer {
		return notFound("customer")
	}
	only := q.query.Get("userKey")
	var holder any
	if only != "" {
		if holder = s.keys[strings.ToLower(only)]; holder == nil {
			return notFound("userKey")
		}
	}
	var out []any
	for i, g := range s.groups {
		if g.AdminRole && g.deleted.IsZero() && (only == "" || holder == g) {
			out = append(out, object{
				"kind": "admin#directory#roleAssignment", "etag": etag(g.ID, i), "roleAssignmentId": strconv.Itoa(9000 + i),
				"roleId": "77", "assignedTo": g.ID, "assigneeType": "group", "scopeType": "CUSTOMER",
			})
		}
	}
	return ok(listed("admin#directory#roleAssignments", "items", out, ""))
}
