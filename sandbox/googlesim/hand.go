package googlesim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Errors of the functions that act as an admin in the console.
var (
	// ErrNotFound: there is no such user, group or member.
	ErrNotFound = errors.New("not found")
	// ErrRefused: the console would not allow it either.
	ErrRefused = errors.New("refused")
)

// CreateUser makes a person and returns the id.
func (s *Server) CreateUser(u User) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, address := range append([]string{u.Primary}, u.Aliases...) {
		if !strings.Contains(address, "@") || s.userByKey(address) != nil || s.groupByKey(address) != nil {
			return "", fmt.Errorf("address %q is taken or none: %w", address, ErrRefused)
		}
	}
	defer s.bump()
	return s.makeUser(u, s.clock()).ID, nil
}

// CreateGroup makes a group without members and returns the id, which is never that of an earlier group of the same address.
func (s *Server) CreateGroup(g Group) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !strings.Contains(g.Email, "@") || s.userByKey(g.Email) != nil || s.groupByKey(g.Email) != nil {
		return "", fmt.Errorf("address %q is taken or none: %w", g.Email, ErrRefused)
	}
	defer s.bump()
	return s.makeGroup(g, s.clock()).ID, nil
}

// onMember runs do on a group and somebody who can be a member.
func (s *Server) onMember(group, member string, do func(*groupRec, memberKeyed) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groupByKey(group)
	who, found := s.memberByKey(member)
	if g == nil || !found {
		return fmt.Errorf("group %q, member %q: %w", group, member, ErrNotFound)
	}
	defer s.bump()
	return do(g, who)
}

// AddMemberByHand puts a user or group into a group with a role, or changes the role, as an admin in the console.
func (s *Server) AddMemberByHand(group, member, role, admin string) error {
	return s.onMember(group, member, func(g *groupRec, who memberKeyed) error {
		s.join(g, who, role, admin)
		return nil
	})
}

// RemoveMemberByHand takes a member out, whatever the role.
func (s *Server) RemoveMemberByHand(group, member, admin string) error {
	return s.onMember(group, member, func(g *groupRec, who memberKeyed) error {
		if m := g.members[who.id]; m != nil && m.at(s.clock()).present {
			s.part(g, m, admin)
		}
		return nil
	})
}

// onUser runs do on a user.
func (s *Server) onUser(key string, do func(*userRec)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userByKey(key)
	if u == nil {
		return fmt.Errorf("user %q: %w", key, ErrNotFound)
	}
	do(u)
	s.bump()
	return nil
}

// SetStatus suspends, archives, or brings back.
func (s *Server) SetStatus(user string, suspended, archived bool) error {
	return s.onUser(user, func(u *userRec) { u.Suspended, u.Archived = suspended, archived })
}

// SetManager writes the text of the relation of type manager; empty takes it away.
func (s *Server) SetManager(user, text string) error {
	return s.onUser(user, func(u *userRec) { u.Manager = text })
}

// SetLogin notes a sign-in to the account itself.
func (s *Server) SetLogin(user string, at time.Time) error {
	return s.onUser(user, func(u *userRec) { u.LastLogin = at })
}

// Rename gives a user another primary address. The old one stays as an alias, as with Google.
func (s *Server) Rename(user, primary string) error {
	return s.onUser(user, func(u *userRec) {
		u.Aliases = append(u.Aliases, u.Primary)
		u.Primary = primary
		s.keys[strings.ToLower(primary)] = u
	})
}

// DeleteAlias takes an alias from its user.
func (s *Server) DeleteAlias(alias string) error {
	return s.onUser(alias, func(u *userRec) {
		u.Aliases = slices.DeleteFunc(u.Aliases, func(a string) bool { return strings.EqualFold(a, alias) })
		delete(s.keys, strings.ToLower(alias))
	})
}

// DeleteUser deletes a user, who leaves all groups.
func (s *Server) DeleteUser(user string) error {
	return s.onUser(user, func(u *userRec) {
		for _, g := range s.groups {
			if m := g.members[u.ID]; m != nil && m.at(s.clock()).present {
				s.part(g, m, "deletion of the account")
			}
		}
		u.deleted = s.clock()
	})
}

// DeleteGroup deletes a group.
func (s *Server) DeleteGroup(group string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groupByKey(group)
	if g == nil {
		return fmt.Errorf("group %q: %w", group, ErrNotFound)
	}
	g.deleted = s.clock()
	s.bump()
	return nil
}

// SetGroup lets do change name, description and kind of a group; id, address and members stay.
func (s *Server) SetGroup(group string, do func(*Group)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groupByKey(group)
	if g == nil {
		return fmt.Errorf("group %q: %w", group, ErrNotFound)
	}
	changed := g.Group
	do(&changed)
	changed.ID, changed.Email = g.ID, g.Email
	g.Group, g.updated = changed, s.clock()
	s.bump()
	return nil
}

// Record writes a line into a report. It appears now even if it happened earlier: reports are late.
func (s *Server) Record(report, name, user string, at time.Time, params map[string]string) error {
	return s.onUser(user, func(u *userRec) {
		s.events = append(s.events, &event{seq: len(s.events) + 1, at: at.UTC(), appears: s.clock(), report: report, name: name, user: u, params: params})
	})
}

// RevokeTokens makes all access tokens given out so far invalid.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// SetPlainEdition lets the company buy a smaller or a larger edition; see [Config.PlainEdition].
func (s *Server) SetPlainEdition(plain bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg.PlainEdition = plain
	s.bump()
}

// Delegate replaces the scopes that the company has delegated to a service account.
func (s *Server) Delegate(account string, scopes ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, a := range s.cfg.ServiceAccounts {
		if a.Email == account {
			s.cfg.ServiceAccounts[i].Delegated = scopes
			clear(s.tokens)
			return nil
		}
	}
	return fmt.Errorf("service account %q: %w", account, ErrNotFound)
}
