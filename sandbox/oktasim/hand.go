package oktasim

import (
	"errors"
	"fmt"
	"time"
)

// Errors of the functions that act as an admin in the console.
var (
	// ErrNotFound: there is no such user, group, app or token.
	ErrNotFound = errors.New("not found")
	// ErrRefused: the console would not allow it either.
	ErrRefused = errors.New("refused")
)

// onMember runs do on a group that can be changed by hand and a user.
func (s *Server) onMember(groupID, userID string, do func(*groupRec, *userRec) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, u := s.group(groupID), s.userByID(userID)
	if g == nil || u == nil {
		return fmt.Errorf("group %q, user %q: %w", groupID, userID, ErrNotFound)
	}
	if g.Type != OktaGroup {
		return fmt.Errorf("group %q is %s: %w", groupID, g.Type, ErrRefused)
	}
	return do(g, u)
}

// AddMemberByHand assigns a user in the admin console. adminName is the id, login or name of a user, or any name.
func (s *Server) AddMemberByHand(groupID, userID, adminName string) error {
	return s.onMember(groupID, userID, func(g *groupRec, u *userRec) error {
		if u.Status == StatusDeprovisioned {
			return fmt.Errorf("user %q is %s: %w", userID, u.Status, ErrRefused)
		}
		s.add(g, u, s.byConsole(adminName))
		return nil
	})
}

// RemoveMemberByHand unassigns a user in the admin console. A member who came by a rule is excluded from it.
func (s *Server) RemoveMemberByHand(groupID, userID, adminName string) error {
	return s.onMember(groupID, userID, func(g *groupRec, u *userRec) error {
		s.remove(g, u, s.byConsole(adminName))
		return nil
	})
}

// byHand is the admin of the console functions that name none.
const byHand = "Console Admin"

// Deactivate makes a user DEPROVISIONED. The user stays in all groups, as with Okta.
func (s *Server) Deactivate(userID string) error {
	return s.handStatus(userID, StatusDeprovisioned, "user.lifecycle.deactivate", "Deactivate Okta user")
}

// Reactivate makes a user ACTIVE again.
func (s *Server) Reactivate(userID string) error {
	return s.handStatus(userID, StatusActive, "user.lifecycle.activate", "Activate Okta user")
}

// Suspend makes a user SUSPENDED.
func (s *Server) Suspend(userID string) error {
	return s.handStatus(userID, StatusSuspended, "user.lifecycle.suspend", "Suspend Okta user")
}

func (s *Server) handStatus(userID, status, kind, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userByID(userID)
	if u == nil {
		return fmt.Errorf("user %q: %w", userID, ErrNotFound)
	}
	if u.Status == status {
		return nil
	}
	s.setStatus(u, status)
	s.record(eventSpec{kind: kind, text: text, by: s.byConsole(byHand), targets: []any{userTarget(u)}})
	s.applyRules(u)
	return nil
}

// SetProfile changes one attribute of a user by its API name, such as "login", "department" or a custom one. Nil clears it.
func (s *Server) SetProfile(userID, attribute string, value any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userByID(userID)
	if u == nil {
		return fmt.Errorf("user %q: %w", userID, ErrNotFound)
	}
	st := u.userState
	for _, cause := range s.applyProfile(&st, map[string]any{attribute: value}) {
		return fmt.Errorf("user %q: %s: %w", userID, cause, ErrRefused)
	}
	u.userState = st
	s.touchUser(u)
	s.record(eventSpec{
		kind: "user.account.update_profile", text: "Update user profile for Okta", by: s.byConsole(byHand), targets: []any{userTarget(u)},
	})
	s.applyRules(u)
	return nil
}

// DeleteUser deactivates and deletes a user at once.
func (s *Server) DeleteUser(userID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userByID(userID)
	if u == nil {
		return fmt.Errorf("user %q: %w", userID, ErrNotFound)
	}
	by := s.byConsole(byHand)
	u.Status = StatusDeprovisioned
	s.dropUser(u, by)
	s.record(eventSpec{kind: "user.lifecycle.delete.initiated", text: "Delete Okta user", by: by, targets: []any{userTarget(u)}})
	return nil
}

// CreateGroup makes an OKTA_GROUP and returns its id, which is never that of an earlier group of the same name.
func (s *Server) CreateGroup(name, description string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name == "" || s.groupByName(name) != nil {
		return "", fmt.Errorf("group named %q exists or has no name: %w", name, ErrRefused)
	}
	return s.makeGroup(name, description, s.byConsole(byHand)).ID, nil
}

// RenameGroup gives a group another name.
func (s *Server) RenameGroup(groupID, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.group(groupID)
	if g == nil {
		return fmt.Errorf("group %q: %w", groupID, ErrNotFound)
	}
	if other := s.groupByName(name); g.Type != OktaGroup || name == "" || (other != nil && other != g) {
		return fmt.Errorf("group %q to %q: %w", groupID, name, ErrRefused)
	}
	g.Name = name
	s.touchGroup(g)
	s.recordGroupEvent("group.profile.update", "Okta group profile update", g, s.byConsole(byHand))
	return nil
}

// DeleteGroup deletes a group.
func (s *Server) DeleteGroup(groupID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.group(groupID)
	if g == nil {
		return fmt.Errorf("group %q: %w", groupID, ErrNotFound)
	}
	if g.Type != OktaGroup {
		return fmt.Errorf("group %q is %s: %w", groupID, g.Type, ErrRefused)
	}
	s.dropGroup(g, s.byConsole(byHand))
	return nil
}

// SSO signs a user on to an app. A time in the past makes an event that arrives late: it appears now and is published at that time.
func (s *Server) SSO(userID, appID string, at time.Time) error {
	return s.signOn(SSO{User: userID, App: appID, At: at})
}

// FailedSSO is a sign-on to an app that Okta refuses; the log has it all the same.
func (s *Server) FailedSSO(userID, appID string, at time.Time) error {
	return s.signOn(SSO{User: userID, App: appID, At: at, Result: "FAILURE"})
}

func (s *Server) signOn(l SSO) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.userByID(l.User) == nil || s.app(l.App) == nil {
		return fmt.Errorf("user %q, app %q: %w", l.User, l.App, ErrNotFound)
	}
	appears := s.clock()
	if l.At.After(appears) {
		appears = l.At
	}
	s.recordSSO(l, appears)
	return nil
}

// RevokeToken makes a token invalid, by its id.
func (s *Server) RevokeToken(tokenID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for secret, p := range s.tokens {
		if p.token == tokenID {
			delete(s.tokens, secret)
			return nil
		}
	}
	return fmt.Errorf("token %q: %w", tokenID, ErrNotFound)
}

// SetTokenRole changes the admin role that a token acts with, as when its owner loses one. The empty role may do nothing.
func (s *Server) SetTokenRole(tokenID, role string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if role != "" && !validRole(role) {
		return fmt.Errorf("role %q: %w", role, ErrRefused)
	}
	for _, p := range s.tokens {
		if p.token == tokenID {
			p.role = role
			return nil
		}
	}
	return fmt.Errorf("token %q: %w", tokenID, ErrNotFound)
}
