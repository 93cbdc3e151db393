package googlesim

import (
	"slices"
	"strings"
	"time"
)

const (
	kindUser     = "USER"
	kindGroup    = "GROUP"
	kindExternal = "EXTERNAL"
)

// memberKeyed is somebody who can be a member: a user, a group, or somebody from outside by their address.
type memberKeyed struct {
	id, email, kind string
}

// memberState is what a member was from some time on.
type memberState struct {
	present bool
	role    string
	expires time.Time // zero = never
}

// memberRec is the history of one member of one group, oldest first.
type memberRec struct {
	memberKeyed
	since  []time.Time
	states []memberState
}

// Change is one change of a group's members.
type Change struct {
	At       time.Time
	MemberID string
	Added    bool
	By       string
}

// at is the state at a time. A membership that has expired is none.
func (m *memberRec) at(t time.Time) memberState {
	for i := len(m.states) - 1; i >= 0; i-- {
		if m.since[i].After(t) {
			continue
		}
		st := m.states[i]
		if !st.expires.IsZero() && !st.expires.After(t) {
			return memberState{}
		}
		return st
	}
	return memberState{}
}

// memberByKey finds a living user or group by id or address.
func (s *Server) memberByKey(key string) (memberKeyed, bool) {
	if u := s.userByKey(key); u != nil {
		return memberKeyed{u.ID, u.Primary, kindUser}, true
	}
	if g := s.groupByKey(key); g != nil {
		return memberKeyed{g.ID, g.Email, kindGroup}, true
	}
	return memberKeyed{}, false
}

// memberOf finds a member of the group by id or address, people from outside included; nil if it never was one.
func (s *Server) memberOf(g *groupRec, key string) *memberRec {
	if who, found := s.memberByKey(key); found {
		return g.members[who.id]
	}
	for _, m := range g.members {
		if m.kind == kindExternal && (m.id == key || strings.EqualFold(m.email, key)) {
			return m
		}
	}
	return nil
}

// setMember writes a new state down. The zero time stands for "since ever".
func (s *Server) setMember(g *groupRec, who memberKeyed, st memberState, at time.Time) {
	m := g.members[who.id]
	if m == nil {
		m = &memberRec{memberKeyed: who}
		g.members[who.id] = m
	}
	m.since, m.states = append(m.since, at), append(m.states, st)
	if !st.expires.IsZero() {
		s.ending = append(s.ending, ending{g, m, st.expires})
	}
}

// join and part change a membership and note who did it.
func (s *Server) join(g *groupRec, who memberKeyed, role, by string) {
	now := s.clock()
	s.setMember(g, who, memberState{present: true, role: role}, now)
	g.history = append(g.history, Change{At: now, MemberID: who.id, Added: true, By: by})
}

func (s *Server) part(g *groupRec, m *memberRec, by string) {
	now := s.clock()
	s.setMember(g, m.memberKeyed, memberState{}, now)
	g.history = append(g.history, Change{At: now, MemberID: m.id, By: by})
}

// remover is who ends memberships that expire, as the audit log of Google names it.
const remover = "cloud-support@google.com"

// expire writes down what has ended by itself since the last look.
func (s *Server) expire() {
	now := s.clock()
	for _, e := range s.ending {
		if st := e.m.last(); !st.expires.Equal(e.at) || e.at.After(now) {
			continue
		}
		s.setMember(e.g, e.m.memberKeyed, memberState{}, e.at)
		e.g.history = append(e.g.history, Change{At: e.at, MemberID: e.m.id, By: remover})
		s.bump()
	}
	s.ending = slices.DeleteFunc(s.ending, func(e ending) bool { return !e.m.last().expires.Equal(e.at) })
}

// ending is a membership with an end.
type ending struct {
	g  *groupRec
	m  *memberRec
	at time.Time
}

// last is the newest state.
func (m *memberRec) last() memberState { return m.states[len(m.states)-1] }

// nested reports whether the member is in the group, directly or by groups within it.
func (s *Server) nested(g *groupRec, id string, at time.Time, seen map[string]bool) bool {
	if seen[g.ID] {
		return false
	}
	seen[g.ID] = true
	if m := g.members[id]; m != nil && m.at(at).present {
		return true
	}
	for _, m := range g.members {
		if m.kind != kindGroup || !m.at(at).present {
			continue
		}
		if inner := s.groupByKey(m.id); inner != nil && s.nested(inner, id, at, seen) {
			return true
		}
	}
	return false
}
