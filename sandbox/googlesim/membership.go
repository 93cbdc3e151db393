package googlesim

import (
	"fmt"
	"net/http"
	"time"
)

// noMembership is what is said of somebody who is no member; the exact words are unverified.
func noMembership(group string) reply {
	return identityError(http.StatusNotFound, "NOT_FOUND", fmt.Sprintf("Error(4001): Membership of groups/%s does not exist.", group))
}

// seenMembership finds a present member by key, as the API sees it: without lag.
func (s *Server) seenMembership(groupID, key string) (*groupRec, *memberRec, reply) {
	g := s.groupByKey(groupID)
	if g == nil {
		return nil, nil, hidden("groups/" + groupID)
	}
	m := s.memberOf(g, key)
	if m == nil || !m.at(s.clock()).present {
		return nil, nil, noMembership(g.ID)
	}
	return g, m, reply{}
}

func (s *Server) lookupMembership(q *request) reply {
	g, m, no := s.seenMembership(q.vars[0], q.query.Get("memberKey.id"))
	if m == nil {
		return no
	}
	return ok(object{"name": "groups/" + g.ID + "/memberships/" + m.id})
}

func (s *Server) getMembership(q *request) reply {
	g, m, no := s.seenMembership(q.vars[0], q.vars[1])
	if m == nil {
		return no
	}
	return ok(s.membershipJSON(g, m))
}

func (s *Server) membershipJSON(g *groupRec, m *memberRec) object {
	st := m.at(s.clock())
	member := object{"name": Member}
	if !st.expires.IsZero() {
		member["expiryDetail"] = object{"expireTime": st.expires.UTC().Format(time.RFC3339)}
	}
	roles := []any{member}
	if st.role != Member {
		roles = append(roles, object{"name": st.role})
	}
	kind := m.kind
	if kind == kindExternal {
		kind = kindUser
	}
	return object{
		"name": "groups/" + g.ID + "/memberships/" + m.id, "preferredMemberKey": object{"id": m.email}, "roles": roles, "type": kind,
		"createTime": precise(m.since[0]), "updateTime": precise(m.since[len(m.since)-1]),
	}
}

// role is a MembershipRole on the wire.
type role struct {
	Name         string
	ExpiryDetail *struct{ ExpireTime string }
}

// expiry reads when the role is to end; false if that cannot be.
func (s *Server) expiry(r role) (time.Time, bool) {
	if r.ExpiryDetail == nil || r.ExpiryDetail.ExpireTime == "" {
		return time.Time{}, true
	}
	at, err := time.Parse(time.RFC3339, r.ExpiryDetail.ExpireTime)
	return at, err == nil && at.After(s.clock())
}

// open reports whether the members of the group may be changed over this API.
func (s *Server) open(g *groupRec, q *request) reply {
	switch {
	case g.Locked && q.who.role != SuperAdmin:
		return hidden("groups/" + g.ID)
	case g.Dynamic:
		return identityError(http.StatusBadRequest, "FAILED_PRECONDITION", "Precondition check failed.")
	}
	return reply{}
}

func (s *Server) createMembership(q *request) reply {
	g := s.groupByKey(q.vars[0])
	if g == nil {
		return hidden("groups/" + q.vars[0])
	}
	if no := s.open(g, q); no.status != 0 {
		return no
	}
	var body struct {
		PreferredMemberKey struct{ ID string }
		Roles              []role
	}
	if !q.decode(&body) {
		return badArgument("Request contains an invalid argument.")
	}
	who, no := s.newcomer(g, "", body.PreferredMemberKey.ID)
	switch m := g.members[who.id]; {
	case no.status != 0:
		return badArgument("Invalid member.")
	case m != nil && m.at(s.clock()).present:
		return identityError(http.StatusConflict, "ALREADY_EXISTS", "Error(4003): Cannot create membership in groups/"+g.ID+" because it already exists.")
	}
	st := memberState{present: true, role: Member}
	for _, r := range body.Roles {
		at, fine := s.expiry(r)
		switch {
		case !fine || !at.IsZero() && r.Name != Member:
			return badArgument("Request contains an invalid argument.")
		case !at.IsZero() && s.cfg.PlainEdition:
			return premiumOnly()
		case !at.IsZero():
			st.expires = at
		case r.Name != Member:
			st.role = r.Name
		}
	}
	s.join(g, who, st.role, q.who.name())
	s.setMember(g, who, st, s.clock())
	made := s.membershipJSON(g, g.members[who.id])
	made["@type"] = "type.googleapis.com/google.apps.cloudidentity.groups.v1.Membership"
	return reply{status: http.StatusOK, body: object{"done": true, "response": made}, changed: true}
}

func (s *Server) modifyMembership(q *request) reply {
	g, m, no := s.seenMembership(q.vars[0], q.vars[1])
	if m == nil {
		return no
	}
	if no := s.open(g, q); no.status != 0 {
		return no
	}
	var body struct {
		AddRoles          []role
		RemoveRoles       []string
		UpdateRolesParams []struct {
			FieldMask      string
			MembershipRole role
		}
	}
	if !q.decode(&body) || len(body.UpdateRolesParams) > 0 == (len(body.AddRoles)+len(body.RemoveRoles) > 0) {
		return badArgument("Request contains an invalid argument.")
	}
	st := m.at(s.clock())
	for _, r := range body.AddRoles {
		if r.Name != Owner && r.Name != Manager || !st.expires.IsZero() {
			return badArgument("Invalid role.")
		}
		st.role = r.Name
	}
	for _, name := range body.RemoveRoles {
		if name != st.role || name == Member {
			return badArgument("Invalid role.")
		}
		st.role = Member
	}
	for _, p := range body.UpdateRolesParams {
		at, fine := s.expiry(p.MembershipRole)
		mask := p.FieldMask == "expiry_detail.expire_time" || p.FieldMask == "expiryDetail.expireTime" || p.FieldMask == "expiryDetail.expire_time"
		switch {
		case !mask || !fine || p.MembershipRole.Name != Member || st.role != Member:
			return badArgument("Request contains an invalid argument.")
		case s.cfg.PlainEdition:
			return premiumOnly()
		}
		st.expires = at
	}
	s.setMember(g, m.memberKeyed, st, s.clock())
	return reply{status: http.StatusOK, body: object{"membership": s.membershipJSON(g, m)}, changed: true}
}
