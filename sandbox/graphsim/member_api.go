package graphsim

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func memberRoutes() []route {
	one, write := "/v1.0/groups/{id}/members", []string{GroupMemberWrite, GroupReadWrite, DirectoryReadWrite}
	list := append(groupReadRoles(), UserRead)
	return []route{
		{name: "user.groups", method: http.MethodGet, path: "/v1.0/users/{id}/memberOf", roles: list, cost: 2, serve: (*Server).listMemberOf},
		{name: "group.members", method: http.MethodGet, path: one, roles: list, cost: 3, serve: (*Server).listMembers},
		{name: "group.members.count", method: http.MethodGet, path: one + "/$count", roles: list, serve: (*Server).countMembers},
		{name: "group.member.add", method: http.MethodPost, path: one + "/$ref", roles: write, serve: (*Server).addMember},
		{name: "group.member.remove", method: http.MethodDelete, path: one + "/{uid}/$ref", roles: write, serve: (*Server).removeMember},
		// Without /$ref the address is the person, not the membership.
		{name: "group.member.delete", method: http.MethodDelete, path: one + "/{uid}", roles: []string{UserReadWrite, DirectoryReadWrite}, serve: (*Server).deleteThroughGroup},
	}
}

// readAt is the moment that a read of memberships shows.
func (s *Server) readAt(q *request) time.Time {
	if strings.EqualFold(q.Header.Get("ConsistencyLevel"), "eventual") {
		return q.at.Add(-s.cfg.IndexLag)
	}
	return q.at.Add(-s.cfg.MemberLag)
}

func (s *Server) listMembers(q *request) reply {
	g := s.group(q.vars[0])
	if g == nil {
		return notFound(q.vars[0])
	}
	rows := s.userRows(g.memberIDsAsOf(s.readAt(q)))
	for _, id := range g.Nested {
		if n := s.group(id); n != nil {
			r := s.groupRow(n)
			r.kind = "#microsoft.graph.group"
			rows = append(rows, r)
		}
	}
	return s.list(q, objects(), sorted(rows))
}

func (s *Server) countMembers(q *request) reply {
	g := s.group(q.vars[0])
	switch {
	case g == nil:
		return notFound(q.vars[0])
	case !strings.EqualFold(q.Header.Get("ConsistencyLevel"), "eventual"):
		return badRequest("$count is not currently supported.")
	}
	return ok(strconv.Itoa(len(g.memberIDsAsOf(s.readAt(q))) + len(g.Nested)))
}

func (s *Server) listMemberOf(q *request) reply {
	u := s.userByKey(q.vars[0])
	if u == nil {
		return notFound(q.vars[0])
	}
	at := s.readAt(q)
	var rows []row
	for _, g := range s.groups {
		if g.deleted || g.HiddenMembership {
			continue
		}
		if _, is := slices.BinarySearch(g.memberIDsAsOf(at), u.ID); is {
			r := s.groupRow(g)
			r.kind = "#microsoft.graph.group"
			rows = append(rows, r)
		}
	}
	return s.list(q, objects(), sorted(rows))
}

// addMember takes {"@odata.id": ".../directoryObjects/{id}"}.
func (s *Server) addMember(q *request) reply {
	g := s.group(q.vars[0])
	if g == nil {
		return notFound(q.vars[0])
	}
	if rep := g.refusal(q.who); rep != nil {
		return *rep
	}
	var body struct {
		Ref *string `json:"@odata.id"`
	}
	if rep, valid := q.decode(&body); !valid {
		return rep
	}
	if body.Ref == nil {
		return badRequest("A valid '@odata.id' reference is required in the request payload.")
	}
	id, valid := s.reference(q, *body.Ref)
	if !valid {
		return badRequest("Invalid URL format specified in payload.")
	}
	u := s.userByID(id)
	if u == nil {
		return notFound(id)
	}
	if _, is := g.members[u.ID]; is {
		return badRequest("One or more added object references already exist for the following modified properties: 'members'.")
	}
	s.joinGroup(g, u.ID, schedule{}, q.who.ID)
	return reply{status: http.StatusNoContent, changed: true}
}

// reference reads the id out of the address of an object of this tenant.
func (s *Server) reference(q *request, text string) (string, bool) {
	rest, mine := strings.CutPrefix(text, s.url(q.Request)+"/v1.0/")
	kind, id, cut := strings.Cut(rest, "/")
	return id, mine && cut && isGUID(id) && slices.Contains([]string{"directoryObjects", "users"}, kind)
}

// removeMember answers for somebody who is no member with a 404 that names the group, as the vendor does.
func (s *Server) removeMember(q *request) reply {
	g := s.group(q.vars[0])
	if g == nil {
		return notFound(q.vars[0])
	}
	if rep := g.refusal(q.who); rep != nil {
		return *rep
	}
	u := s.userByID(q.vars[1])
	if u == nil {
		return notFound(q.vars[1])
	}
	if _, is := g.members[u.ID]; !is {
		return notFound(g.ID)
	}
	s.leaveGroup(g, u.ID, q.who.ID)
	return reply{status: http.StatusNoContent, changed: true}
}

// deleteThroughGroup deletes the person, if the app may manage people.
func (s *Server) deleteThroughGroup(q *request) reply {
	g := s.group(q.vars[0])
	u := s.userByID(q.vars[1])
	if g == nil || u == nil {
		return notFound(q.vars[1])
	}
	if _, is := g.members[u.ID]; !is {
		return notFound(q.vars[1])
	}
	s.remove(u, q.who.ID)
	return reply{status: http.StatusNoContent, changed: true}
}
