package googlesim

import (
	"slices"
	"strings"
	"time"
)

// Members are the ids of the true direct members of a group now, sorted, whatever MemberLag makes readers see. Nil for an
// unknown group.
func (s *Server) Members(group string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groupByKey(group)
	if g == nil {
		return nil
	}
	var ids []string
	for id, m := range g.members {
		if m.at(s.clock()).present {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Membership is one true membership; false if there is none now. A zero expiry means never.
func (s *Server) Membership(group, member string) (role string, expires time.Time, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groupByKey(group)
	if g == nil {
		return "", time.Time{}, false
	}
	m := s.memberOf(g, member)
	if m == nil {
		return "", time.Time{}, false
	}
	st := m.at(s.clock())
	return st.role, st.expires, st.present
}

// MemberHistory is every change of a group's members since the start, in order, also of a group deleted since.
func (s *Server) MemberHistory(group string) []Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	if g, is := s.keys[strings.ToLower(group)].(*groupRec); is {
		return append([]Change(nil), g.history...)
	}
	return nil
}

// User is a user as it is now, by id or address; false when there is none.
func (s *Server) User(key string) (User, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userByKey(key)
	if u == nil {
		return User{}, false
	}
	out := u.User
	out.Aliases = slices.Clone(out.Aliases)
	return out, true
}

// Users are all users as they are now, oldest first.
func (s *Server) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []User
	for _, u := range s.users {
		if u.deleted.IsZero() {
			v := u.User
			v.Aliases = slices.Clone(v.Aliases)
			out = append(out, v)
		}
	}
	return out
}

// Groups are all groups with their members by role as they are now, oldest first.
func (s *Server) Groups() []Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Group
	for _, g := range s.groups {
		if !g.deleted.IsZero() {
			continue
		}
		v := g.Group
		v.Members, v.Owners, v.Managers = nil, nil, nil
		for id, m := range g.members {
			switch st := m.at(s.clock()); {
			case !st.present:
			case st.role == Owner:
				v.Owners = append(v.Owners, id)
			case st.role == Manager:
				v.Managers = append(v.Managers, id)
			default:
				v.Members = append(v.Members, id)
			}
		}
		slices.Sort(v.Members)
		slices.Sort(v.Owners)
		slices.Sort(v.Managers)
		out = append(out, v)
	}
	return out
}

// SignOuts is how often a user's sessions were ended.
func (s *Server) SignOuts(user string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u, is := s.keys[strings.ToLower(user)].(*userRec); is {
		return u.signOuts
	}
	return 0
}
