package oktasim

import (
	"maps"
	"time"
)

// Members are the ids of the true members of a group now, sorted, whatever MemberLag makes readers see. Nil for an unknown group.
func (s *Server) Members(groupID string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.group(groupID)
	if g == nil {
		return nil
	}
	return s.memberIDs(g)
}

// MemberHistory is every change of a group's members since the start, in order, also of a group deleted since.
func (s *Server) MemberHistory(groupID string) []Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.groupIDs[groupID]; g != nil {
		return append([]Change(nil), g.history...)
	}
	return nil
}

// User is a user as it is now; false when there is none of that id.
func (s *Server) User(id string) (User, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userByID(id)
	if u == nil {
		return User{}, false
	}
	out := u.User
	out.Custom = maps.Clone(out.Custom)
	return out, true
}

// StatusAt is the status that a user had at a moment, by the directory itself; empty while there was no such user.
func (s *Server) StatusAt(id string, at time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userIDs[id]
	if u == nil {
		return ""
	}
	st, there := u.indexed(at)
	if !there {
		return ""
	}
	return st.Status
}

// Users are all users as they are now, oldest first.
func (s *Server) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []User
	for _, u := range s.users {
		if u.deleted.IsZero() {
			v := u.User
			v.Custom = maps.Clone(v.Custom)
			out = append(out, v)
		}
	}
	return out
}

// Groups are all groups with their members as they are now, oldest first, Everyone included.
func (s *Server) Groups() []Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Group
	for _, g := range s.liveGroups() {
		v := Group{
			ID: g.ID, Name: g.Name, Description: g.Description, Type: g.Type, AdminRole: g.adminRole, Members: s.memberIDs(g),
		}
		for _, r := range s.rules {
			if oneOf(g.ID, r.Groups...) {
				v.RuleIDs = append(v.RuleIDs, r.ID)
			}
		}
		out = append(out, v)
	}
	return out
}

// Rule is a group rule as it is now, with the users whom it excludes; false when there is none of that id.
func (s *Server) Rule(id string) (Rule, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rule(id)
	if r == nil {
		return Rule{}, false
	}
	out := r.Rule
	out.Groups = append([]string(nil), r.Groups...)
	out.Exclude = append([]string(nil), r.Exclude...)
	return out, true
}

// ChangelessCalls counts the membership PUT and DELETE calls that were answered 204 and changed nothing.
func (s *Server) ChangelessCalls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changeless
}
