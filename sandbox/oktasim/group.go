package oktasim

import (
	"maps"
	"slices"
	"time"
)

// groupRec is a group with its members now, every change of them, and the states that the search index may still show.
type groupRec struct {
	groupState
	seq     int
	members map[string]member // by user id
	history []Change
	past    []groupAt
}

type groupState struct {
	ID, Name, Description, Type string

	adminRole   bool
	everyone    bool // holds every user without being told
	created     time.Time
	lastUpdated time.Time
	lastMember  time.Time
	deleted     time.Time // zero: exists
}

type groupAt struct {
	at    time.Time
	state groupState
}

// member says how somebody came to be in a group.
type member struct {
	rule string // the rule that assigned the member; empty: assigned one by one
}

func (s *Server) seedGroup(g Group, start time.Time) {
	if g.Type == "" {
		g.Type = OktaGroup
	}
	created := start.AddDate(-1, 0, 0)
	rec := &groupRec{members: map[string]member{}, groupState: groupState{
		ID: g.ID, Name: g.Name, Description: g.Description, Type: g.Type, adminRole: g.AdminRole,
		everyone: g.Type == BuiltIn && g.Name == "Everyone",
		created:  created, lastUpdated: created, lastMember: created,
	}}
	for _, id := range g.Members {
		rec.members[id] = member{}
	}
	rec.past = []groupAt{{state: rec.groupState}}
	s.addGroup(rec)
}

// seedEveryone adds the group that every organization has.
func (s *Server) seedEveryone(start time.Time) {
	for _, g := range s.groups {
		if g.everyone {
			return
		}
	}
	s.seedGroup(Group{ID: s.newID("00g"), Name: "Everyone", Description: "All users in your organization", Type: BuiltIn}, start)
}

func (s *Server) touchGroup(g *groupRec) {
	now := s.clock()
	g.lastUpdated = now
	g.past = append(g.past, groupAt{now, g.groupState})
	s.bump()
}

func (g *groupRec) indexed(t time.Time) (groupState, bool) {
	for i := len(g.past) - 1; i >= 0; i-- {
		if p := g.past[i]; !p.at.After(t) {
			return p.state, p.state.deleted.IsZero()
		}
	}
	return groupState{}, false
}

func (s *Server) liveGroups() []*groupRec {
	var out []*groupRec
	for _, g := range s.groups {
		if g.deleted.IsZero() {
			out = append(out, g)
		}
	}
	return out
}

func (s *Server) group(id string) *groupRec {
	if g := s.groupIDs[id]; g != nil && g.deleted.IsZero() {
		return g
	}
	return nil
}

func (s *Server) addGroup(g *groupRec) {
	g.seq = len(s.groups) + 1
	s.groups = append(s.groups, g)
	s.groupIDs[g.ID] = g
}

func (s *Server) groupByName(name string) *groupRec {
	for _, g := range s.groups {
		if g.Name == name && g.Type == OktaGroup && g.deleted.IsZero() {
			return g
		}
	}
	return nil
}

// changeable tells whether the caller may change the group or its members through the API.
func (s *Server) changeable(g *groupRec, who *principal) bool {
	return g.Type == OktaGroup && (!g.adminRole || who.role == SuperAdmin)
}

// memberIDs are the members at this moment, sorted by id.
func (s *Server) memberIDs(g *groupRec) []string {
	if g.everyone {
		var ids []string
		for _, u := range s.users {
			if u.deleted.IsZero() {
				ids = append(ids, u.ID)
			}
		}
		slices.Sort(ids)
		return ids
	}
	return slices.Sorted(maps.Keys(g.members))
}

// memberIDsAsOf undoes the changes after t.
func (s *Server) memberIDsAsOf(g *groupRec, t time.Time) []string {
	ids := s.memberIDs(g)
	for i := len(g.history) - 1; i >= 0 && g.history[i].At.After(t); i-- {
		c := g.history[i]
		at, found := slices.BinarySearch(ids, c.User)
		switch {
		case c.Added && found:
			ids = slices.Delete(ids, at, at+1)
		case !c.Added && !found:
			ids = slices.Insert(ids, at, c.User)
		}
	}
	return ids
}

// memberAsOf is memberIDsAsOf for one user.
func (s *Server) memberAsOf(g *groupRec, u *userRec, t time.Time) bool {
	_, is := g.members[u.ID]
	if g.everyone {
		is = u.deleted.IsZero()
	}
	for i := len(g.history) - 1; i >= 0 && g.history[i].At.After(t); i-- {
		if c := g.history[i]; c.User == u.ID {
			is = !c.Added
		}
	}
	return is
}
