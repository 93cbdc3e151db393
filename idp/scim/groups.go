package scim

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"usher/idp"
)

// Group returns the group by id. SCIM has no mark for groups that must not be changed, so Refusal is always empty; a change
// that the server refuses as read-only is of kind NotGovernable. It costs one call.
func (p *Provider) Group(ctx context.Context, id idp.GroupID) (idp.Group, error) {
	row, err := p.readGroup(ctx, "read group", id, withoutMembers())
	return row.group(), err
}

// withoutMembers and onlyMembers say which part of a group is wanted. Servers may send all the same.
func withoutMembers() url.Values { return url.Values{"excludedAttributes": {"members"}} }

func onlyMembers() url.Values { return url.Values{"attributes": {"members"}} }

// readGroup reads the group and remembers its version.
func (p *Provider) readGroup(ctx context.Context, op string, id idp.GroupID, query url.Values) (groupRow, error) {
	if !isID(string(id)) {
		return groupRow{}, notAnID(op, idp.GroupNotFound)
	}
	var row groupRow
	a, err := p.read(ctx, p.request(op, http.MethodGet, idp.GroupNotFound, query, "Groups", string(id)), string(id), &row)
	if err != nil {
		if idp.KindOf(err) == idp.GroupNotFound {
			p.versions.keep(id, "")
		}
		return groupRow{}, err
	}
	p.versions.keep(id, versionIn(a, row.Meta.Version))
	return row, nil
}

// UserGroups lists the groups that the user is a member of, by filter or from the user's own attribute. Where that attribute
// tells, memberships through other groups are left out. It costs a call per page, and one more for who is in no group.
func (p *Provider) UserGroups(ctx context.Context, user idp.UserID) ([]idp.Group, error) {
	const op = "list groups of user"
	if !isID(string(user)) {
		return nil, notAnID(op, idp.UserNotFound)
	}
	if p.cfg.MembersFrom == FromUser {
		groups, _, err := p.groupsOfUser(ctx, op, user)
		return groups, err
	}
	groups, err := p.groupsByFilter(ctx, op, user)
	if (p.cfg.MembersFrom == Auto || p.cfg.MembersFrom == FromGroup) && isFilterRefused(err) {
		if own, told, second := p.groupsOfUser(ctx, op, user); second != nil || told {
			return own, second
		}
		return nil, err
	}
	if err == nil && len(groups) == 0 {
		_, err = p.userByID(ctx, op, string(user), nil) // Nobody is in no group, either.
	}
	if err != nil {
		return nil, err
	}
	return groups, nil
}

func (p *Provider) groupsByFilter(ctx context.Context, op string, user idp.UserID) ([]idp.Group, error) {
	if err := p.heeded(ctx, op, "Groups", "", p.cfg.MemberAttribute); err != nil {
		return nil, err
	}
	query := withoutMembers()
	query.Set("filter", equals(p.cfg.MemberAttribute, string(user)))
	rows, err := list[groupRow](ctx, p, op, "Groups", idp.UserNotFound, query) // AWS says 404 of a member that it does not know.
	if err != nil {
		return nil, err
	}
	groups := make([]idp.Group, len(rows))
	for i := range rows {
		groups[i] = rows[i].group()
	}
	return groups, nil
}

// groupsOfUser reads the user's own attribute, and reports whether the server shows it.
func (p *Provider) groupsOfUser(ctx context.Context, op string, user idp.UserID) (groups []idp.Group, told bool, err error) {
	row, err := p.userByID(ctx, op, string(user), url.Values{"attributes": {"groups"}})
	if err != nil {
		return nil, false, err
	}
	groups = []idp.Group{}
	if row.Groups == nil {
		return groups, false, nil
	}
	seen := map[string]bool{}
	for _, g := range *row.Groups {
		if g.Value == "" {
			return nil, false, &idp.Error{Kind: idp.Unavailable, Op: op, Code: "HTTP 200", Err: errors.New("a group without id in the answer")}
		}
		if g.Type != "indirect" && !seen[g.Value] {
			groups = append(groups, idp.Group{ID: idp.GroupID(g.Value), Name: g.Display})
			seen[g.Value] = true
		}
	}
	return groups, true, nil
}
