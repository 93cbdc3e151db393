package scim

import (
	"context"
	"errors"
	"net/url"

	"usher/idp"
)

// IsMember reads whether the user is a direct member of the group. It costs one call; one more where the group shows no
// members and the server is asked by filter.
func (p *Provider) IsMember(ctx context.Context, group idp.GroupID, user idp.UserID) (bool, error) {
	const op = "read membership"
	if err := checkPair(op, group, user); err != nil {
		return false, err
	}
	return p.isMember(ctx, op, group, user)
}

func (p *Provider) isMember(ctx context.Context, op string, group idp.GroupID, user idp.UserID) (bool, error) {
	switch p.cfg.MembersFrom {
	case FromFilter:
		return p.memberByFilter(ctx, op, group, user)
	case FromUser:
		groups, _, err := p.groupsOfUser(ctx, op, user)
		return holdsGroup(groups, group), err
	default:
	}
	row, err := p.readGroup(ctx, op, group, onlyMembers())
	if err != nil {
		return false, err
	}
	people := row.people()
	for _, m := range people {
		if m.Value == string(user) {
			return true, nil
		}
	}
	if p.cfg.MembersFrom == FromGroup || len(people) > 0 {
		return false, nil
	}
	is, err := p.memberByFilter(ctx, op, group, user)
	return is, silent(op, err)
}

// silent explains why a group without members, whose server cannot be asked by filter, is no answer: there are servers whose
// groups always show an empty list.
func silent(op string, err error) error {
	if r := refusalOf(err); isFilterRefused(err) && r.status != 0 {
		return &idp.Error{
			Kind: idp.Invalid, Op: op, Code: r.scimType,
			Err: errors.New("the group shows no members, and the server does not filter by them; if it hides none, set members_from to group"),
		}
	}
	return err
}

func holdsGroup(groups []idp.Group, id idp.GroupID) bool {
	for _, g := range groups {
		if g.ID == id {
			return true
		}
	}
	return false
}

// memberByFilter asks for this group if it has this member.
func (p *Provider) memberByFilter(ctx context.Context, op string, group idp.GroupID, user idp.UserID) (bool, error) {
	this := equals("id", string(group))
	if err := p.heeded(ctx, op, "Groups", this, p.cfg.MemberAttribute); err != nil {
		return false, err
	}
	query := url.Values{
		"filter":     {this + " and " + equals(p.cfg.MemberAttribute, string(user))},
		"attributes": {"id"},
	}
	rows, err := list[groupRow](ctx, p, op, "Groups", idp.UserNotFound, query)
	switch {
	case idp.KindOf(err) == idp.UserNotFound: // AWS says 404 of a member that it does not know; it may mean the group, too.
		_, err = p.userByID(ctx, op, string(user), nil)
		return false, err
	case err != nil:
		return false, err
	case len(rows) == 0:
		return false, nil
	case len(rows) > 1 || rows[0].ID != string(group):
		return false, &idp.Error{Kind: idp.Unavailable, Op: op, Code: "HTTP 200", Err: errors.New("the answer is not about this group")}
	}
	return true, nil
}

// Members lists the people who are direct members of the group; groups within it are not listed. Where the group shows its
// members only ids and names are known, where users are asked by filter all is. It costs one call, or one per page.
func (p *Provider) Members(ctx context.Context, group idp.GroupID) ([]idp.User, error) {
	const op = "list members"
	if !isID(string(group)) {
		return nil, notAnID(op, idp.GroupNotFound)
	}
	if p.cfg.MembersFrom == FromFilter || p.cfg.MembersFrom == FromUser {
		return p.usersOfGroup(ctx, op, group, true)
	}
	row, err := p.readGroup(ctx, op, group, onlyMembers())
	if err != nil {
		return nil, err
	}
	people := row.people()
	if len(people) == 0 && p.cfg.MembersFrom == Auto {
		users, err := p.usersOfGroup(ctx, op, group, false)
		return users, silent(op, err)
	}
	users, seen := []idp.User{}, map[string]bool{}
	for _, m := range people {
		switch {
		case m.Value == "":
			return nil, &idp.Error{Kind: idp.Unavailable, Op: op, Code: "HTTP 200", Err: errors.New("a member without id in the answer")}
		case !seen[m.Value]:
			users = append(users, idp.User{ID: idp.UserID(m.Value), Name: m.Display})
			seen[m.Value] = true
		}
	}
	return users, nil
}

// usersOfGroup asks for users by their groups. A group without any may not be there at all, so it is looked for if the caller
// has not done so.
func (p *Provider) usersOfGroup(ctx context.Context, op string, group idp.GroupID, look bool) ([]idp.User, error) {
	const attribute = "groups.value"
	if err := p.heeded(ctx, op, "Users", "", attribute); err != nil {
		return nil, err
	}
	query := url.Values{"filter": {equals(attribute, string(group))}}
	rows, err := list[userRow](ctx, p, op, "Users", idp.GroupNotFound, query)
	if err != nil {
		return nil, err
	}
	users := make([]idp.User, len(rows))
	for i := range rows {
		users[i] = p.user(&rows[i])
	}
	if len(users) == 0 && look {
		_, err = p.readGroup(ctx, op, group, withoutMembers())
	}
	if err != nil {
		return nil, err
	}
	return users, nil
}
