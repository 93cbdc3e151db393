package googlesim

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

func identityRoutes() []route {
	read := []string{"cloud-identity.groups", "cloud-identity.groups.readonly", "cloud-platform"}
	write := []string{"cloud-identity.groups", "cloud-platform"}
	const members = "/v1/groups/{group}/memberships"
	return []route{
		{name: "identity.group.lookup", method: http.MethodGet, path: "/v1/groups:lookup", api: apiIdentity, scopes: read, serve: (*Server).lookupGroup},
		{name: "identity.group.list", method: http.MethodGet, path: "/v1/groups", api: apiIdentity, scopes: read, serve: (*Server).listIdentityGroups},
		{name: "identity.group.get", method: http.MethodGet, path: "/v1/groups/{group}", api: apiIdentity, scopes: read, serve: (*Server).getIdentityGroup},
		{name: "identity.membership.lookup", method: http.MethodGet, path: members + ":lookup", api: apiIdentity, scopes: read, serve: (*Server).lookupMembership},
		{
			name: "identity.membership.transitive", method: http.MethodGet, path: members + ":searchTransitiveMemberships", api: apiIdentity,
			scopes: read, serve: (*Server).searchTransitive,
		},
		{name: "identity.membership.get", method: http.MethodGet, path: members + "/{member}", api: apiIdentity, scopes: read, serve: (*Server).getMembership},
		{name: "identity.membership.create", method: http.MethodPost, path: members, api: apiIdentity, scopes: write, serve: (*Server).createMembership},
		{
			name: "identity.membership.modify", method: http.MethodPost, path: members + "/{member}:modifyMembershipRoles",
			api: apiIdentity, scopes: write, serve: (*Server).modifyMembership,
		},
	}
}

func (s *Server) lookupGroup(q *request) reply {
	key := q.query.Get("groupKey.id")
	g := s.groupByKey(key)
	if g == nil || !strings.Contains(key, "@") {
		return hidden("groups/" + key)
	}
	return ok(object{"name": "groups/" + g.ID})
}

func (s *Server) getIdentityGroup(q *request) reply {
	g := s.groupByKey(q.vars[0])
	if g == nil || strings.Contains(q.vars[0], "@") {
		return hidden("groups/" + q.vars[0])
	}
	return ok(s.identityGroupJSON(g, true))
}

// identityGroupJSON is a group as the Cloud Identity API shows it; the basic view leaves out times and parent.
func (s *Server) identityGroupJSON(g *groupRec, full bool) object {
	labels := object{LabelForum: ""}
	for label, has := range map[string]bool{LabelSecurity: g.Security, LabelDynamic: g.Dynamic, LabelLocked: g.Locked} {
		if has {
			labels[label] = ""
		}
	}
	out := object{
		"name": "groups/" + g.ID, "groupKey": object{"id": g.Email}, "displayName": g.Name, "description": g.Description, "labels": labels,
	}
	if full {
		out["parent"] = "customers/" + s.cfg.Customer
		out["createTime"], out["updateTime"] = precise(g.created), precise(g.updated)
		if g.Dynamic {
			out["dynamicGroupMetadata"] = object{
				"queries": []any{object{"resourceType": "USER", "query": "user.is_mailbox_setup == true"}},
				"status":  object{"status": "UP_TO_DATE", "statusTime": precise(g.updated)},
			}
		}
	}
	return out
}

func (s *Server) listIdentityGroups(q *request) reply {
	parent, view := q.query.Get("parent"), q.query.Get("view")
	if parent == "" || !slices.Contains([]string{"", "VIEW_UNSPECIFIED", "BASIC", "FULL"}, view) {
		return badArgument("Request contains an invalid argument.")
	}
	if parent != "customers/"+s.cfg.Customer {
		return hidden(parent)
	}
	usual, most := 200, 1000
	if view == "FULL" {
		usual, most = 50, 500
	}
	size, fine := q.number("pageSize", usual, most)
	if !fine {
		return badArgument("Request contains an invalid argument.")
	}
	var rows []*groupRec
	for _, g := range s.groups {
		if g.deleted.IsZero() {
			rows = append(rows, g)
		}
	}
	slices.SortFunc(rows, func(a, b *groupRec) int { return strings.Compare(a.ID, b.ID) })
	rows, next, fine := page(rows, func(g *groupRec) string { return g.ID }, q.query.Get("pageToken"), size)
	if !fine {
		return badArgument("Invalid page token.")
	}
	body := object{}
	var out []any
	for _, g := range rows {
		out = append(out, s.identityGroupJSON(g, view == "FULL"))
	}
	if len(out) > 0 {
		body["groups"] = out
	}
	if next != "" {
		body["nextPageToken"] = next
	}
	return ok(body)
}

// precise formats a time as the Cloud Identity API does: UTC with microseconds.
func precise(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
