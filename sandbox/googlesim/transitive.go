package googlesim

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// premiumOnly is the refusal of what only the larger editions have. Number and words are those that GAM, the widest used client,
// reports from setting an end. For the search of transitive memberships Google documents the status 403 (PERMISSION_DENIED)
// alone, so there the words are unverified.
// Source: https://docs.cloud.google.com/identity/docs/reference/rest/v1/groups.memberships/searchTransitiveMemberships
func premiumOnly() reply {
	return identityError(http.StatusForbidden, "PERMISSION_DENIED", "Error(3005): Non-premium customers do not have access to certain premium features.")
}

// relation is how somebody is in a group: directly, by groups within it, or both.
type relation struct {
	memberKeyed
	role             string
	direct, indirect bool
}

// searchTransitive lists everybody and every group within a group. Every admin of the simulator sees all memberships, so that
// only the edition can refuse it.
func (s *Server) searchTransitive(q *request) reply {
	g := s.groupByKey(q.vars[0])
	switch {
	case g == nil || strings.Contains(q.vars[0], "@"):
		return hidden("groups/" + q.vars[0])
	case s.cfg.PlainEdition:
		return premiumOnly()
	}
	size, fine := q.number("pageSize", 200, 1000)
	if !fine {
		return badArgument("Request contains an invalid argument.")
	}
	found := map[string]*relation{}
	s.relate(g, s.clock(), true, found, map[string]bool{})
	var rows []*relation
	for _, r := range found {
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b *relation) int { return strings.Compare(a.id, b.id) })
	rows, next, fine := page(rows, func(r *relation) string { return r.id }, q.query.Get("pageToken"), size)
	if !fine {
		return badArgument("Invalid page token.")
	}
	body := object{}
	var out []any
	for _, r := range rows {
		out = append(out, r.json())
	}
	if len(out) > 0 {
		body["memberships"] = out
	}
	if next != "" {
		body["nextPageToken"] = next
	}
	return ok(body)
}

// relate collects the members of a group and of those within it.
func (s *Server) relate(g *groupRec, at time.Time, direct bool, found map[string]*relation, seen map[string]bool) {
	if seen[g.ID] {
		return
	}
	seen[g.ID] = true
	for id, m := range g.members {
		st := m.at(at)
		if !st.present {
			continue
		}
		r := found[id]
		if r == nil {
			r = &relation{memberKeyed: m.memberKeyed, role: Member}
			found[id] = r
		}
		if direct {
			r.direct, r.role = true, st.role
		} else {
			r.indirect = true
		}
		if inner := s.groupByKey(id); m.kind == kindGroup && inner != nil {
			s.relate(inner, at, false, found, seen)
		}
	}
}

func (r *relation) json() object {
	kind, resource := "DIRECT", "users/"+r.id
	switch {
	case r.direct && r.indirect:
		kind = "DIRECT_AND_INDIRECT"
	case r.indirect:
		kind = "INDIRECT"
	}
	if r.kind == kindGroup {
		resource = "groups/" + r.id
	}
	return object{
		"member": resource, "preferredMemberKey": []any{object{"id": r.email}}, "relationType": kind, "roles": []any{object{"role": r.role}},
	}
}
