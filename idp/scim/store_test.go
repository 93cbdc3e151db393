package scim_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// store holds the users and groups of a SCIM server in memory.
type store struct {
	now func() time.Time
	lag time.Duration // of reads of memberships

	mu       sync.Mutex
	serial   int
	revision int
	users    []*person // in the order of their making
	groups   []*team
	byUser   map[string]*person
	byGroup  map[string]*team
	lists    map[string][]string // filtered lists of the present revision
}

// person and team are what SCIM calls a user and a group.
type person struct {
	id, login, email, first, last, title, department, manager string
	active                                                    bool
	teams                                                     map[string]bool // that the person ever was in
}

type team struct {
	id, name string
	version  int
	readOnly bool
	order    []string // of everybody who ever was a member
	changes  map[string][]moment
}

// moment is a change of one membership.
type moment struct {
	at time.Time
	in bool
}

func newStore(now func() time.Time) *store {
	return &store{now: now, byUser: map[string]*person{}, byGroup: map[string]*team{}, lists: map[string][]string{}}
}

// id makes an id of the shape that RFC 7643 shows.
func (s *store) id() string {
	s.serial++
	return fmt.Sprintf("2819c223-7f76-453a-%08d-scim", s.serial)
}

// changed must be called, under the lock, after every change.
func (s *store) changed() {
	s.revision++
	s.lists = map[string][]string{}
}

func (s *store) addPerson(p person) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.changed()
	p.id, p.active, p.teams = s.id(), true, map[string]bool{}
	s.users = append(s.users, &p)
	s.byUser[p.id] = &p
	return p.id
}

func (s *store) addTeam(name string, members []string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.changed()
	g := &team{id: s.id(), name: name, changes: map[string][]moment{}}
	s.groups = append(s.groups, g)
	s.byGroup[g.id] = g
	for _, m := range members {
		s.set(g, m, true, s.now().Add(-time.Hour))
	}
	return g.id
}

// set changes one membership under the lock and reports whether that was a change.
func (s *store) set(g *team, user string, in bool, at time.Time) bool {
	if g.has(user, at.Add(time.Hour)) == in {
		return false
	}
	if g.changes[user] == nil {
		g.order = append(g.order, user)
	}
	g.changes[user] = append(g.changes[user], moment{at, in})
	g.version++
	if p := s.byUser[user]; p != nil {
		p.teams[g.id] = true
	}
	return true
}

// has reports whether the user was a member at that time.
func (g *team) has(user string, at time.Time) bool {
	for _, m := range slices.Backward(g.changes[user]) {
		if !m.at.After(at) {
			return m.in
		}
	}
	return false
}

func (g *team) members(at time.Time) []string {
	var ids []string
	for _, u := range g.order {
		if g.has(u, at) {
			ids = append(ids, u)
		}
	}
	return ids
}

// seen is the time whose memberships a read shows.
func (s *store) seen() time.Time { return s.now().Add(-s.lag) }

// change changes a person or a team.
func (s *store) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	s.changed()
}

func (s *store) move(group, user string, in bool) {
	s.change(func() { s.set(s.byGroup[group], user, in, s.now()) })
}

func (s *store) truth(group string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.byGroup[group]; g != nil {
		return g.members(s.now())
	}
	return nil
}

func (s *store) deletePerson(id string) {
	s.change(func() {
		for team := range s.byUser[id].teams {
			if g := s.byGroup[team]; g != nil {
				s.set(g, id, false, s.now())
			}
		}
		delete(s.byUser, id)
		s.users = slices.DeleteFunc(s.users, func(p *person) bool { return p.id == id })
	})
}

func (s *store) deleteTeam(id string) {
	s.change(func() {
		delete(s.byGroup, id)
		s.groups = slices.DeleteFunc(s.groups, func(g *team) bool { return g.id == id })
	})
}

// values are what a filter compares, lower case where the RFC says that case does not matter.
func (s *store) values(p *person, attribute string) []string {
	switch strings.ToLower(attribute) {
	case "id":
		return []string{p.id}
	case "username":
		return []string{strings.ToLower(p.login)}
	case "emails", "emails.value":
		return []string{strings.ToLower(p.email)}
	case "groups", "groups.value":
		return s.teamsOf(p)
	}
	return nil
}

func (s *store) teamsOf(p *person) []string {
	var ids []string
	for id := range p.teams {
		if g := s.byGroup[id]; g != nil && g.has(p.id, s.seen()) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
