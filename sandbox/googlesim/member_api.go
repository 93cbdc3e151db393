package googlesim

import (
	"net/http"
	"slices"
	"strings"
)

func memberRoutes() []route {
	write := []string{"admin.directory.group", "admin.directory.group.member"}
	read := append(slices.Clone(write), "admin.directory.group.member.readonly", "admin.directory.group.readonly")
	const base = "/admin/directory/v1/groups/{group}"
	return []route{
		{name: "member.list", method: http.MethodGet, path: base + "/members", api: apiAdmin, scopes: read, serve: (*Server).listMembers},
		{name: "member.get", method: http.MethodGet, path: base + "/members/{member}", api: apiAdmin, scopes: read, serve: (*Server).getMember},
		{name: "member.has", method: http.MethodGet, path: base + "/hasMember/{member}", api: apiAdmin, scopes: read, serve: (*Server).hasMember},
		{name: "member.insert", method: http.MethodPost, path: base + "/members", api: apiAdmin, scopes: write, serve: (*Server).insertMember},
		{name: "member.patch", method: http.MethodPatch, path: base + "/members/{member}", api: apiAdmin, scopes: write, serve: (*Server).patchMember},
		{name: "member.delete", method: http.MethodDelete, path: base + "/members/{member}", api: apiAdmin, scopes: write, serve: (*Server).deleteMember},
	}
}

func (s *Server) memberJSON(m *memberRec, st memberState) object {
	out := object{
		"kind": "admin#directory#member", "etag": etag(m.id, st.role), "id": m.id, "email": m.email, "role": st.role, "type": m.kind,
	}
	if u := s.userByKey(m.id); u != nil {
		out["email"] = u.Primary
		out["status"] = "ACTIVE"
		if u.Suspended {
			out["status"] = "SUSPENDED"
		}
	}
	return out
}

// seenMember is a member as reads see it: late by the lag.
func (s *Server) seenMember(q *request) (*groupRec, *memberRec, memberState, reply) {
	g, no := s.visibleGroup(q.vars[0])
	if g == nil {
		return nil, nil, memberState{}, no
	}
	m := s.memberOf(g, q.vars[1])
	if m == nil {
		return nil, nil, memberState{}, notFound("memberKey")
	}
	st := m.at(s.clock().Add(-s.cfg.MemberLag))
	if !st.present {
		return nil, nil, memberState{}, notFound("memberKey")
	}
	return g, m, st, reply{}
}

func (s *Server) getMember(q *request) reply {
	_, m, st, no := s.seenMember(q)
	if m == nil {
		return no
	}
	return ok(s.memberJSON(m, st))
}

func (s *Server) hasMember(q *request) reply {
	g, no := s.visibleGroup(q.vars[0])
	if g == nil {
		return no
	}
	u := s.userByKey(q.vars[1])
	switch {
	case u == nil && strings.Contains(q.vars[1], "@") && !s.ourDomain(q.vars[1]):
		return invalid("memberKey")
	case u == nil:
		return notFound("memberKey")
	}
	return ok(object{"isMember": s.nested(g, u.ID, s.clock().Add(-s.cfg.MemberLag), map[string]bool{})})
}

func (s *Server) listMembers(q *request) reply {
	g, no := s.visibleGroup(q.vars[0])
	if g == nil {
		return no
	}
	size, fine := q.number("maxResults", 200, 200)
	if !fine {
		return invalid("maxResults")
	}
	var roles []string
	if text := q.query.Get("roles"); text != "" {
		roles = strings.Split(text, ",")
	}
	seen := s.clock().Add(-s.cfg.MemberLag)
	var rows []*memberRec
	for _, m := range g.members {
		if st := m.at(seen); st.present && (roles == nil || slices.Contains(roles, st.role)) {
			rows = append(rows, m)
		}
	}
	slices.SortFunc(rows, func(a, b *memberRec) int { return strings.Compare(a.id, b.id) })
	rows, next, fine := page(rows, func(m *memberRec) string { return m.id }, q.query.Get("pageToken"), size)
	if !fine {
		return invalid("pageToken")
	}
	var out []any
	for _, m := range rows {
		out = append(out, s.memberJSON(m, m.at(seen)))
	}
	return ok(listed("admin#directory#members", "members", out, next))
}

// changeable finds a group whose members the caller may change.
func (s *Server) changeable(q *request) (*groupRec, reply) {
	g, no := s.visibleGroup(q.vars[0])
	switch {
	case g == nil:
		return nil, no
	case g.Locked && q.who.role != SuperAdmin:
		return nil, forbidden(apiAdmin)
	case g.Dynamic:
		return nil, conditionNotMet() // unverified: that members of dynamic groups cannot be changed is sure, the answer is not
	}
	return g, reply{}
}

// insertMember takes the member by id or by address. The documents name the address only; that an id is taken as well is
// what GAM, the widest used client, relies on.
func (s *Server) insertMember(q *request) reply {
	g, no := s.changeable(q)
	if g == nil {
		return no
	}
	var body struct {
		ID, Email, Role string
	}
	if !q.decode(&body) {
		return required("member")
	}
	if body.Role == "" {
		body.Role = Member
	}
	if !slices.Contains([]string{Owner, Manager, Member}, body.Role) {
		return invalid("role")
	}
	who, no := s.newcomer(g, body.ID, body.Email)
	if no.status != 0 {
		return no
	}
	if m := g.members[who.id]; m != nil && m.at(s.clock()).present {
		return adminError(http.StatusConflict, "duplicate", "Member already exists.")
	}
	s.join(g, who, body.Role, q.who.name())
	m := g.members[who.id]
	return reply{status: http.StatusOK, body: s.memberJSON(m, m.at(s.clock())), changed: true}
}

// newcomer finds whom an insert means.
func (s *Server) newcomer(g *groupRec, id, email string) (memberKeyed, reply) {
	key := id
	if email != "" {
		key = email
	}
	if key == "" {
		return memberKeyed{}, required("memberKey")
	}
	who, found := s.memberByKey(key)
	switch {
	case found && who.kind == kindGroup && (who.id == g.ID || s.contains(who.id, g.ID)):
		return memberKeyed{}, adminError(http.StatusBadRequest, "cyclicMembershipsNotAllowed", "Cyclic memberships not allowed")
	case found:
		return who, reply{}
	case !strings.Contains(key, "@") || s.ourDomain(key):
		return memberKeyed{}, notFound("memberKey")
	case g.Inside:
		return memberKeyed{}, conditionNotMet()
	}
	for _, m := range g.members {
		if m.kind == kindExternal && strings.EqualFold(m.email, key) {
			return m.memberKeyed, reply{}
		}
	}
	return memberKeyed{id: s.userID(), email: key, kind: kindExternal}, reply{}
}

// contains reports whether the group of that id holds the other one, directly or not.
func (s *Server) contains(outer, inner string) bool {
	g := s.groupByKey(outer)
	return g != nil && s.nested(g, inner, s.clock(), map[string]bool{})
}

func (s *Server) patchMember(q *request) reply {
	g, no := s.changeable(q)
	if g == nil {
		return no
	}
	var body struct{ Role string }
	if !q.decode(&body) || !slices.Contains([]string{Owner, Manager, Member}, body.Role) {
		return invalid("role")
	}
	m := s.memberOf(g, q.vars[1])
	if m == nil || !m.at(s.clock()).present {
		return notFound("memberKey")
	}
	s.setMember(g, m.memberKeyed, memberState{present: true, role: body.Role}, s.clock())
	return reply{status: http.StatusOK, body: s.memberJSON(m, m.at(s.clock())), changed: true}
}

func (s *Server) deleteMember(q *request) reply {
	g, no := s.changeable(q)
	if g == nil {
		return no
	}
	m := s.memberOf(g, q.vars[1])
	if m == nil || !m.at(s.clock()).present {
		return notFound("memberKey")
	}
	s.part(g, m, q.who.name())
	return reply{status: http.StatusNoContent, changed: true}
}
