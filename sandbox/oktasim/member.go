package oktasim

import (
	"time"
)

// Change is one change of a group's members, by whomever.
type Change struct {
	At    time.Time
	User  string
	Added bool
	// Actor is the id of the token, of the service app or of the rule, or the name of the admin, as Via tells.
	Actor string
	// Via is ViaAPI, ViaConsole or ViaRule.
	Via string
}

// The ways in which a membership changes.
const (
	ViaAPI     = "api"
	ViaConsole = "console"
	ViaRule    = "rule"
)

// exclusionCap is the most users that a rule can exclude.
const exclusionCap = 100

// listMembers shows the members as they were MemberLag ago. Deactivated users stay in their groups and are listed with their status.
func (s *Server) listMembers(q *request) reply {
	g := s.group(q.vars[0])
	if g == nil {
		return notFound(q.vars[0], "UserGroup")
	}
	limit, valid := q.limit(1000, 1000)
	if !valid {
		return invalid("limit", "limit: The limit is not valid")
	}
	var rows []row
	for _, id := range s.memberIDsAsOf(g, q.at.Add(-s.cfg.MemberLag)) {
		if u := s.userByID(id); u != nil {
			rows = append(rows, row{id, userJSON(u.userState, s.url(q.Request), false)})
		}
	}
	return s.page(q, rows, limit)
}

// pair finds group and user of a membership call and checks the right to change them.
func (s *Server) pair(q *request) (*groupRec, *userRec, reply) {
	g := s.group(q.vars[0])
	if g == nil {
		return nil, nil, notFound(q.vars[0], "UserGroup")
	}
	u := s.userByID(q.vars[1])
	if u == nil {
		return nil, nil, notFound(q.vars[1], "User")
	}
	if !s.changeable(g, q.who) {
		return nil, nil, forbidden()
	}
	return g, u, reply{}
}

func (s *Server) addMember(q *request) reply {
	g, u, refusal := s.pair(q)
	if refusal.fail != nil {
		return refusal
	}
	if u.Status == StatusDeprovisioned {
		return wrongStatus()
	}
	changed := s.add(g, u, s.byToken(q))
	if !changed {
		s.changeless++
	}
	return noContent(changed)
}

func (s *Server) removeMember(q *request) reply {
	g, u, refusal := s.pair(q)
	if refusal.fail != nil {
		return refusal
	}
	if m, in := g.members[u.ID]; in && m.rule != "" {
		if r := s.rule(m.rule); r != nil && len(r.Exclude) >= exclusionCap {
			return invalid("groupRule", "The number of users excluded from the rule exceeds the limit")
		}
	}
	changed := s.remove(g, u, s.byToken(q))
	if !changed {
		s.changeless++
	}
	return noContent(changed)
}

// add makes u a member; false when that was so. A member who came by a rule and is added by an admin stays when the rule lets go.
func (s *Server) add(g *groupRec, u *userRec, by actor) bool {
	if m, in := g.members[u.ID]; in {
		if m.rule != "" && by.via != ViaRule {
			g.members[u.ID] = member{}
		}
		return false
	}
	m := member{}
	if by.via == ViaRule {
		m.rule = by.label
	}
	g.members[u.ID] = m
	s.memberChanged(g, u, true, by)
	return true
}

// remove ends a membership; false when there was none. A member who came by a rule lands on the rule's exclusion list.
func (s *Server) remove(g *groupRec, u *userRec, by actor) bool {
	m, in := g.members[u.ID]
	if !in {
		return false
	}
	delete(g.members, u.ID)
	if r := s.rule(m.rule); r != nil && by.via != ViaRule && !oneOf(u.ID, r.Exclude...) {
		r.Exclude = append(r.Exclude, u.ID)
	}
	s.memberChanged(g, u, false, by)
	return true
}

func (s *Server) memberChanged(g *groupRec, u *userRec, added bool, by actor) {
	now := s.clock()
	g.lastMember = now
	g.past = append(g.past, groupAt{now, g.groupState})
	g.history = append(g.history, Change{At: now, User: u.ID, Added: added, Actor: by.label, Via: by.via})
	s.bump()
	kind, text := "group.user_membership.add", "Add user to group membership"
	if !added {
		kind, text = "group.user_membership.remove", "Remove user from group membership"
	}
	s.record(eventSpec{kind: kind, text: text, by: by, targets: []any{userTarget(u), groupTarget(g)}})
}

// listRoles shows the administrator role of a group.
func (s *Server) listRoles(q *request) reply {
	g := s.group(q.vars[0])
	if g == nil {
		return notFound(q.vars[0], "UserGroup")
	}
	roles := []any{}
	if g.adminRole {
		roles = append(roles, map[string]any{
			"id": "grp" + g.ID, "label": "Help Desk Administrator", "type": "HELP_DESK_ADMIN", "status": "ACTIVE",
			"created": stamp(g.created), "lastUpdated": stamp(g.created), "assignmentType": "GROUP",
			"_links": map[string]any{"assignee": href(s.url(q.Request) + "/api/v1/groups/" + g.ID)},
		})
	}
	return ok(roles)
}
