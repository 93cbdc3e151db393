package graphsim

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Change is one change of the direct members of a group.
type Change struct {
	At    time.Time
	User  string
	Added bool
	// By is the client id of the app, the name given to a function that acts by hand, or "expiry".
	By string
}

// groupRec is a group with its members now and every change of them.
type groupRec struct {
	Group
	created time.Time
	deleted bool
	managed bool                // by PIM for Groups, from the first request on
	members map[string]schedule // by user id
	history []Change
}

// schedule says when PIM ends a membership; the zero value is a membership without end that PIM did not make.
type schedule struct {
	id         string
	start, end time.Time
}

func (s *Server) addGroup(g Group, created time.Time) {
	rec := &groupRec{Group: g, created: created, members: map[string]schedule{}}
	for _, id := range g.Members {
		rec.members[id] = schedule{}
	}
	rec.Members = nil
	s.groups = append(s.groups, rec)
	s.groupIDs[strings.ToLower(g.ID)] = rec
}

func (s *Server) group(id string) *groupRec {
	if g := s.groupIDs[strings.ToLower(id)]; g != nil && !g.deleted {
		return g
	}
	return nil
}

// joinGroup makes somebody a member, or gives the membership another end.
func (s *Server) joinGroup(g *groupRec, id string, plan schedule, by string) {
	_, was := g.members[id]
	g.members[id] = plan
	if !was {
		g.history = append(g.history, Change{At: s.clock(), User: id, Added: true, By: by})
	}
	s.bump()
}

func (s *Server) leaveGroup(g *groupRec, id, by string) {
	if _, was := g.members[id]; !was {
		return
	}
	delete(g.members, id)
	g.history = append(g.history, Change{At: s.clock(), User: id, By: by})
	s.bump()
}

// settle ends the memberships whose time is up.
func (s *Server) settle() {
	now := s.clock()
	for _, g := range s.groups {
		for id, plan := range g.members {
			if !plan.end.IsZero() && !now.Before(plan.end) {
				s.leaveGroup(g, id, "expiry")
			}
		}
	}
}

// memberIDs are the direct members at this moment, sorted by id.
func (g *groupRec) memberIDs() []string { return slices.Sorted(maps.Keys(g.members)) }

// memberIDsAsOf undoes the changes after t.
func (g *groupRec) memberIDsAsOf(t time.Time) []string {
	ids := g.memberIDs()
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

// refusal is why members of the group cannot be changed through the API; nil if they can.
func (g *groupRec) refusal(who *client) *reply {
	var rep reply
	switch {
	case g.Synced:
		rep = onPremises()
	case g.MailEnabled && !g.Unified:
		rep = mailReadOnly()
	case g.Dynamic, g.Restricted, g.RoleAssignable && !who.may([]string{RoleManagementWrite}):
		rep = requestDenied()
	default:
		return nil
	}
	return &rep
}

func groupJSON(g *groupRec) map[string]any {
	types := []any{}
	if g.Unified {
		types = append(types, "Unified")
	}
	var rule any
	if g.Dynamic {
		types, rule = append(types, "DynamicMembership"), `user.department -eq "Ruled"`
	}
	v := map[string]any{
		"id": g.ID, "displayName": g.DisplayName, "description": orNull(g.Description), "groupTypes": types, "mailEnabled": g.MailEnabled,
		"securityEnabled": !g.NotSecurity, "isAssignableToRole": nil, "isManagementRestricted": nil, "membershipRule": rule,
		"onPremisesSyncEnabled": nil, "visibility": nil, "mail": nil, "mailNickname": strings.ReplaceAll(strings.ToLower(g.DisplayName), " ", "-"),
		"createdDateTime": stampSeconds(g.created), "deletedDateTime": nil,
	}
	if g.RoleAssignable {
		v["isAssignableToRole"] = true
	}
	if g.Restricted {
		v["isManagementRestricted"] = true
	}
	if g.Synced {
		v["onPremisesSyncEnabled"] = true
	}
	if g.Unified {
		v["visibility"] = "Private"
	}
	if g.HiddenMembership {
		v["visibility"] = "HiddenMembership"
	}
	return v
}

// groupDefaults are the properties of an answer without $select: isAssignableToRole and isManagementRestricted are not among them.
func groupDefaults() []string {
	return []string{
		"id", "deletedDateTime", "createdDateTime", "description", "displayName", "groupTypes", "mail", "mailEnabled", "mailNickname",
		"membershipRule", "onPremisesSyncEnabled", "securityEnabled", "visibility",
	}
}
