package graphsim

import (
	"slices"
	"strings"
	"time"
)

// Members are the ids of the true direct members of a group now, sorted, whatever a lag makes readers see. Nil for an unknown
// group.
func (s *Server) Members(groupID string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	g := s.group(groupID)
	if g == nil {
		return nil
	}
	return g.memberIDs()
}

// MemberHistory is every change of a group's members since the start, in order, also of a group deleted since.
func (s *Server) MemberHistory(groupID string) []Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	if g := s.groupIDs[strings.ToLower(groupID)]; g != nil {
		return slices.Clone(g.history)
	}
	return nil
}

// Expiry is when the tenant itself ends a membership; zero for never and for who is no member.
func (s *Server) Expiry(groupID, userID string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	if g := s.group(groupID); g != nil {
		return g.members[userID].end
	}
	return time.Time{}
}

// User is a person as it is now, in the deleted items too; false when there is none of that id.
func (s *Server) User(id string) (User, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userIDs[strings.ToLower(id)]
	if u == nil || u.purged {
		return User{}, false
	}
	return u.copy(), true
}

func (u *userRec) copy() User {
	out := u.User
	out.ProxyAddresses = slices.Clone(out.ProxyAddresses)
	return out
}

// Users are all people who are not deleted, oldest first.
func (s *Server) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []User
	for _, u := range s.users {
		if u.live() {
			out = append(out, u.copy())
		}
	}
	return out
}

// Groups are all groups with their members as they are now, oldest first.
func (s *Server) Groups() []Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	var out []Group
	for _, g := range s.groups {
		if !g.deleted {
			v := g.Group
			v.Members, v.Owners, v.Nested = g.memberIDs(), slices.Clone(g.Owners), slices.Clone(g.Nested)
			out = append(out, v)
		}
	}
	return out
}

// Sessions tells how often the sessions of a person were ended, and when last.
func (s *Server) Sessions(userID string) (int, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.userIDs[strings.ToLower(userID)]; u != nil {
		return u.revoked, u.revokeAt
	}
	return 0, time.Time{}
}
