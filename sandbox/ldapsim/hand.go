package ldapsim

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrNotFound says that there is no such person or group.
var ErrNotFound = errors.New("not found")

// Change is one change of a group's members.
type Change struct {
	At    time.Time
	User  string
	Added bool
	// By is the name of the account, or the one given to a function that acts by hand.
	By string
}

// Members are the ids of the people who are in a group now, sorted, as slapd has it. Nil for an unknown group.
func (s *Server) Members(groupID string) []string {
	dn := s.dns[groupID]
	if dn == "" || s.admin == nil {
		return nil
	}
	names, err := s.admin.values(dn, "member")
	if err != nil {
		return nil
	}
	var ids []string
	for _, name := range names {
		if id := s.idOf(name); id != "" {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// MemberHistory is every change of a group's members since the start, in order.
func (s *Server) MemberHistory(groupID string) []Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.history[groupID])
}

// Locked reports whether an administrator has locked the account.
func (s *Server) Locked(userID string) bool {
	if s.admin == nil {
		return false
	}
	values, err := s.admin.values(s.dns[userID], "pwdAccountLockedTime")
	return err == nil && len(values) > 0
}

// AddMemberByHand puts somebody into a group as an administrator; by is any name. Who is there already stays.
func (s *Server) AddMemberByHand(groupID, userID, by string) error {
	return s.byHand(groupID, userID, changeAdd, by)
}

// RemoveMemberByHand takes somebody out of a group.
func (s *Server) RemoveMemberByHand(groupID, userID, by string) error {
	return s.byHand(groupID, userID, changeDelete, by)
}

func (s *Server) byHand(groupID, userID string, change int64, by string) error {
	group, user := s.dns[groupID], s.dns[userID]
	if group == "" || user == "" || s.admin == nil {
		return fmt.Errorf("group %q, person %q: %w", groupID, userID, ErrNotFound)
	}
	if slices.Contains(s.Members(groupID), userID) == (change == changeAdd) {
		return nil
	}
	if err := s.admin.modify(group, change, "member", user); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.history[groupID] = append(s.history[groupID], Change{At: s.now(), User: userID, Added: change == changeAdd, By: by})
	s.bump()
	return nil
}

// SetLocked locks an account for good, or opens it again.
func (s *Server) SetLocked(userID string, locked bool) error {
	dn := s.dns[userID]
	if dn == "" || s.admin == nil {
		return fmt.Errorf("person %q: %w", userID, ErrNotFound)
	}
	var values []string
	if locked {
		values = []string{lockedForGood}
	}
	err := s.admin.modify(dn, changeReplace, "pwdAccountLockedTime", values...)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bump()
	return err
}
