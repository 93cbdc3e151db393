package scim_test

import (
	"fmt"
	"net/http"
	"strings"

	vendor "github.com/elimity-com/scim"
	vendorerrors "github.com/elimity-com/scim/errors"
	"github.com/elimity-com/scim/optional"
	"github.com/elimity-com/scim/schema"
	grammar "github.com/scim2/filter-parser/v2"
)

// manners are the ways in which servers differ. Those of AWS, Entra's counterparts and others were met in the wild.
type manners struct {
	emptyMembers    bool // a group shows an empty list of members, whoever is in it (AWS IAM Identity Center)
	noMembers       bool // a group shows no list at all
	noGroups        bool // users do not show their groups
	noMemberFilter  bool // "invalidFilter" for filters by members or groups
	ignoreFilter    bool // filters are ignored
	versions        bool // ETag and If-Match
	insist          bool // on If-Match (428)
	noContent       bool // 204 rather than 200 with the group
	conflictOnAgain bool // 409 on adding a member, 400 noTarget on removing nobody
	bareMissing     bool // 404 rather than 400 for a member who is nobody
	capitalOps      bool // knows "Add" and "Remove" only
	listRemoval     bool // removes by a list of values only
	pageLimit       int  // rows in a page at most
}

// newElimity is elimity-com's server (github.com/elimity-com/scim) over the store: it routes, parses and validates requests and
// writes answers and errors; what is in the store, and the version, is ours to say.
func newElimity(s *store, m manners) (http.Handler, error) {
	limit := m.pageLimit
	if limit == 0 {
		limit = 200
	}
	server, err := vendor.NewServer(&vendor.ServerArgs{
		ServiceProviderConfig: &vendor.ServiceProviderConfig{MaxResults: limit, SupportFiltering: true, SupportPatch: true},
		ResourceTypes: []vendor.ResourceType{
			{
				ID: optional.NewString("User"), Name: "User", Endpoint: "/Users", Schema: schema.CoreUserSchema(),
				SchemaExtensions: []vendor.SchemaExtension{{Schema: schema.ExtensionEnterpriseUser()}}, Handler: users{frozen{}, s, m},
			},
			{ID: optional.NewString("Group"), Name: "Group", Endpoint: "/Groups", Schema: schema.CoreGroupSchema(), Handler: groups{frozen{}, s, m}},
		},
	})
	if err != nil {
		return nil, err
	}
	return http.StripPrefix("/scim", server), nil
}

// frozen refuses everything that Usher must never do.
type frozen struct{}

func (frozen) Create(*http.Request, vendor.ResourceAttributes) (vendor.Resource, error) {
	return vendor.Resource{}, vendorerrors.ScimError{Status: http.StatusNotImplemented}
}

func (frozen) Replace(*http.Request, string, vendor.ResourceAttributes) (vendor.Resource, error) {
	return vendor.Resource{}, vendorerrors.ScimError{Status: http.StatusNotImplemented}
}

func (frozen) Delete(*http.Request, string) error {
	return vendorerrors.ScimError{Status: http.StatusNotImplemented}
}

func (frozen) Patch(*http.Request, string, []vendor.PatchOperation) (vendor.Resource, error) {
	return vendor.Resource{}, vendorerrors.ScimError{Status: http.StatusNotImplemented}
}

type users struct {
	frozen
	s *store
	m manners
}

func (h users) Get(_ *http.Request, id string) (vendor.Resource, error) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	p := h.s.byUser[id]
	if p == nil {
		return vendor.Resource{}, vendorerrors.ScimErrorResourceNotFound(id)
	}
	return h.show(p), nil
}

func (h users) GetAll(r *http.Request, params vendor.ListRequestParams) (vendor.Page, error) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	ids, err := h.s.find("user "+r.URL.Query().Get("filter"), h.m, params, func(match func(func(string) []string) bool) []string {
		var ids []string
		for _, p := range h.s.users {
			if match(func(a string) []string { return h.s.values(p, a) }) {
				ids = append(ids, p.id)
			}
		}
		return ids
	})
	return cutPage(ids, params, func(id string) vendor.Resource { return h.show(h.s.byUser[id]) }), err
}

func (h users) show(p *person) vendor.Resource {
	work := map[string]any{}
	if p.department != "" {
		work["department"] = p.department
	}
	if p.manager != "" {
		work["manager"] = map[string]any{"value": p.manager}
	}
	a := vendor.ResourceAttributes{
		"userName": p.login, "active": p.active, "name": map[string]any{"givenName": p.first, "familyName": p.last},
		"emails": []any{map[string]any{"value": "old@elsewhere.example", "type": "home"}, map[string]any{"value": p.email, "type": "work", "primary": true}},
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": work,
	}
	if p.title != "" {
		a["title"] = p.title
	}
	if !h.m.noGroups {
		groups := []any{}
		for _, id := range h.s.teamsOf(p) {
			groups = append(groups, map[string]any{"value": id, "display": h.s.byGroup[id].name, "type": "direct"})
		}
		a["groups"] = groups
	}
	return vendor.Resource{ID: p.id, Attributes: a}
}

type groups struct {
	frozen
	s *store
	m manners
}

func (h groups) Get(r *http.Request, id string) (vendor.Resource, error) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	g := h.s.byGroup[id]
	if g == nil {
		return vendor.Resource{}, vendorerrors.ScimErrorResourceNotFound(id)
	}
	return h.show(g, !strings.Contains(r.URL.Query().Get("excludedAttributes"), "members")), nil
}

func (h groups) GetAll(r *http.Request, params vendor.ListRequestParams) (vendor.Page, error) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	ids, err := h.s.find("group "+r.URL.Query().Get("filter"), h.m, params, func(match func(func(string) []string) bool) []string {
		var ids []string
		for _, g := range h.s.groups {
			if match(func(a string) []string {
				if a == "id" {
					return []string{g.id}
				}
				return g.members(h.s.seen())
			}) {
				ids = append(ids, g.id)
			}
		}
		return ids
	})
	return cutPage(ids, params, func(id string) vendor.Resource { return h.show(h.s.byGroup[id], false) }), err
}

func (h groups) show(g *team, members bool) vendor.Resource {
	a := vendor.ResourceAttributes{"displayName": g.name}
	if members && !h.m.noMembers {
		list := []any{}
		if !h.m.emptyMembers {
			for _, id := range g.members(h.s.seen()) {
				list = append(list, map[string]any{"value": id, "type": "User"})
			}
		}
		a["members"] = list
	}
	res := vendor.Resource{ID: g.id, Attributes: a}
	if h.m.versions {
		res.Meta.Version = version(g)
	}
	return res
}

func version(g *team) string { return fmt.Sprintf(`W/"%s.%d"`, g.id, g.version) }

// Patch applies the operations on members, all or none.
func (h groups) Patch(r *http.Request, id string, operations []vendor.PatchOperation) (vendor.Resource, error) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	g := h.s.byGroup[id]
	switch {
	case g == nil:
		return vendor.Resource{}, vendorerrors.ScimErrorResourceNotFound(id)
	case g.readOnly:
		return vendor.Resource{}, vendorerrors.ScimErrorMutability
	case h.m.versions && r.Header.Get("If-Match") != "" && r.Header.Get("If-Match") != version(g):
		return vendor.Resource{}, vendorerrors.ScimError{Status: http.StatusPreconditionFailed, Detail: "Failed to update. Resource has changed on the server."}
	}
	for _, op := range operations {
		if err := h.apply(g, op); err != nil {
			return vendor.Resource{}, err
		}
	}
	if h.m.noContent {
		return vendor.Resource{}, nil
	}
	return h.show(g, true), nil
}

func (h groups) apply(g *team, op vendor.PatchOperation) error {
	ids, err := h.targets(g, op)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if op.Op == vendor.PatchOperationAdd && h.s.byUser[id] == nil {
			if h.m.bareMissing {
				return vendorerrors.ScimErrorResourceNotFound(id)
			}
			return vendorerrors.ScimErrorInvalidValue
		}
		moved := h.s.set(g, id, op.Op == vendor.PatchOperationAdd, h.s.now())
		if moved {
			h.s.changed()
		} else if h.m.conflictOnAgain {
			if op.Op == vendor.PatchOperationAdd {
				return vendorerrors.ScimError{Status: http.StatusConflict, ScimType: vendorerrors.ScimTypeUniqueness, Detail: "Is a member: " + h.s.byUser[id].email}
			}
			return vendorerrors.ScimErrorNoTarget
		}
	}
	return nil
}

// targets are the members that an operation names. A removal of the path "members" takes out everybody, as the RFC says,
// except with servers that look at the values.
func (h groups) targets(g *team, op vendor.PatchOperation) ([]string, error) {
	if op.Path == nil || op.Path.AttributePath.AttributeName != "members" {
		return nil, vendorerrors.ScimErrorInvalidPath
	}
	if e, ok := op.Path.ValueExpression.(*grammar.AttributeExpression); ok && !h.m.listRemoval {
		return []string{fmt.Sprint(e.CompareValue)}, nil
	}
	if op.Op == vendor.PatchOperationRemove && !h.m.listRemoval {
		return g.members(h.s.now()), nil
	}
	var ids []string
	values, _ := op.Value.([]any)
	for _, v := range values {
		if member, ok := v.(map[string]any); ok {
			ids = append(ids, fmt.Sprint(member["value"]))
		}
	}
	if len(ids) == 0 {
		return nil, vendorerrors.ScimErrorInvalidValue
	}
	return ids, nil
}
