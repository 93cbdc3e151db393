package graphsim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Errors of the functions that act as an admin in the portal.
var (
	// ErrNotFound: there is no such user, group, app or client.
	ErrNotFound = errors.New("not found")
	// ErrRefused: the portal would not allow it either.
	ErrRefused = errors.New("refused")
)

// onUser runs do on a person who is not deleted.
func (s *Server) onUser(id string, do func(*userRec) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	u := s.userByID(id)
	if u == nil {
		return fmt.Errorf("user %q: %w", id, ErrNotFound)
	}
	defer s.bump()
	return do(u)
}

// onGroup runs do on a group that is not deleted.
func (s *Server) onGroup(id string, do func(*groupRec) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	g := s.group(id)
	if g == nil {
		return fmt.Errorf("group %q: %w", id, ErrNotFound)
	}
	defer s.bump()
	return do(g)
}

// AddMemberByHand makes somebody a member in the portal. admin is any name.
func (s *Server) AddMemberByHand(groupID, userID, admin string) error {
	return s.onGroup(groupID, func(g *groupRec) error {
		u := s.userByID(userID)
		switch {
		case u == nil:
			return fmt.Errorf("user %q: %w", userID, ErrNotFound)
		case g.Dynamic || g.Synced:
			return fmt.Errorf("group %q fills itself: %w", groupID, ErrRefused)
		}
		if _, is := g.members[u.ID]; !is {
			s.joinGroup(g, u.ID, schedule{}, admin)
		}
		return nil
	})
}

// RemoveMemberByHand takes somebody out of a group in the portal.
func (s *Server) RemoveMemberByHand(groupID, userID, admin string) error {
	return s.onGroup(groupID, func(g *groupRec) error {
		if g.Dynamic || g.Synced {
			return fmt.Errorf("group %q fills itself: %w", groupID, ErrRefused)
		}
		s.leaveGroup(g, userID, admin)
		return nil
	})
}

// CreateUser makes a person and returns the id.
func (s *Server) CreateUser(u User) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.ID == "" {
		u.ID = s.newID()
	}
	if !isGUID(u.ID) || s.userIDs[strings.ToLower(u.ID)] != nil || u.UserPrincipalName == "" || s.userByKey(u.UserPrincipalName) != nil {
		return "", fmt.Errorf("user %q: id or name is in use or missing: %w", u.ID, ErrRefused)
	}
	s.addUser(u, s.clock())
	s.bump()
	return u.ID, nil
}

// SetEnabled opens or blocks the account (accountEnabled).
func (s *Server) SetEnabled(userID string, enabled bool) error {
	return s.onUser(userID, func(u *userRec) error {
		u.Disabled = !enabled
		return nil
	})
}

// DeleteUser moves the account to the deleted items, where it stays for 30 days in a real tenant.
func (s *Server) DeleteUser(userID string) error {
	return s.onUser(userID, func(u *userRec) error {
		s.remove(u, "portal")
		return nil
	})
}

// RestoreUser brings an account back from the deleted items. The memberships that ended with it stay ended; whether Entra
// brings them back is unverified.
func (s *Server) RestoreUser(userID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userIDs[strings.ToLower(userID)]
	if u == nil || u.purged || u.Deleted.IsZero() {
		return fmt.Errorf("deleted user %q: %w", userID, ErrNotFound)
	}
	name := strings.TrimPrefix(u.UserPrincipalName, strings.ReplaceAll(u.ID, "-", ""))
	if s.userByKey(name) != nil {
		return fmt.Errorf("name %q is in use: %w", name, ErrRefused)
	}
	u.Deleted = time.Time{}
	s.rename(u, name)
	s.bump()
	return nil
}

// PurgeUser deletes the account for good, from wherever it is.
func (s *Server) PurgeUser(userID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userIDs[strings.ToLower(userID)]
	if u == nil || u.purged {
		return fmt.Errorf("user %q: %w", userID, ErrNotFound)
	}
	if u.Deleted.IsZero() {
		s.remove(u, "portal")
	}
	u.purged = true
	s.bump()
	return nil
}

// SetName gives a person another userPrincipalName and mail address; the old address stays as an alias unless forget is true.
func (s *Server) SetName(userID, address string, forget bool) error {
	return s.onUser(userID, func(u *userRec) error {
		if other := s.userByKey(address); other != nil && other != u {
			return fmt.Errorf("name %q is in use: %w", address, ErrRefused)
		}
		proxies := []string{"SMTP:" + address}
		if u.Mail != "" && !forget {
			proxies = append(proxies, "smtp:"+u.Mail)
		}
		s.rename(u, address)
		u.Mail, u.ProxyAddresses = address, proxies
		return nil
	})
}

// SetDepartment changes the department of a person.
func (s *Server) SetDepartment(userID, department string) error {
	return s.onUser(userID, func(u *userRec) error {
		u.Department = department
		return nil
	})
}

// SetManager records who manages a person; the empty id takes the record away.
func (s *Server) SetManager(userID, managerID string) error {
	return s.onUser(userID, func(u *userRec) error {
		if managerID != "" && s.userByID(managerID) == nil {
			return fmt.Errorf("manager %q: %w", managerID, ErrNotFound)
		}
		u.ManagerID = managerID
		return nil
	})
}

// CreateGroup makes a group and returns its id. Names need not be unique.
func (s *Server) CreateGroup(g Group) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g.ID == "" {
		g.ID = s.newID()
	}
	if !isGUID(g.ID) || s.groupIDs[strings.ToLower(g.ID)] != nil || g.DisplayName == "" {
		return "", fmt.Errorf("group %q: id in use or no name: %w", g.ID, ErrRefused)
	}
	s.addGroup(g, s.clock())
	s.bump()
	return g.ID, nil
}

// RenameGroup gives a group another name.
func (s *Server) RenameGroup(groupID, name string) error {
	return s.onGroup(groupID, func(g *groupRec) error {
		g.DisplayName = name
		return nil
	})
}

// SetOwners replaces the owners of a group.
func (s *Server) SetOwners(groupID string, owners []string) error {
	return s.onGroup(groupID, func(g *groupRec) error {
		g.Owners = slices.Clone(owners)
		return nil
	})
}

// DeleteGroup deletes a group.
func (s *Server) DeleteGroup(groupID string) error {
	return s.onGroup(groupID, func(g *groupRec) error {
		g.deleted = true
		return nil
	})
}

// SignIn records a sign-in of a user to an app, now or in the past. errorCode 0 is success.
func (s *Server) SignIn(userID, appID string, at time.Time, errorCode int) error {
	return s.onUser(userID, func(u *userRec) error {
		s.recordSignIn(SignIn{User: u.ID, AppID: appID, At: at, ErrorCode: errorCode})
		return nil
	})
}

// SetRoles replaces the application permissions of a client. As with Entra, tokens that were given out before show the old
// ones until they end.
func (s *Server) SetRoles(clientID string, roles ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.clients[strings.ToLower(clientID)]
	if c == nil {
		return fmt.Errorf("client %q: %w", clientID, ErrNotFound)
	}
	next := *c
	next.Roles = slices.Clone(roles)
	s.clients[strings.ToLower(clientID)] = &next
	s.bump()
	return nil
}

// SetNoGovernance lets the tenant lose or buy its licenses of Entra ID P2 and Governance; see [Config.NoGovernance].
func (s *Server) SetNoGovernance(without bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg.NoGovernance = without
	s.bump()
}

// RevokeTokens makes every token invalid that was given out so far.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
	s.bump()
}
