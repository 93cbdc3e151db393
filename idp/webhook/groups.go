package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"usher/idp"
)

// groupRow is a group as the receiver writes it.
type groupRow struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Refusal     string `json:"refusal"`
}

// group translates a row; false if the receiver wrote no group.
func (p *Provider) group(r groupRow) (idp.Group, bool) {
	g := idp.Group{ID: idp.GroupID(r.ID), Name: r.Name, Description: r.Description, Refusal: r.Refusal}
	if g.Refusal != "" && !isSentence(g.Refusal) {
		g.Refusal = "The app does not let Usher change this group."
	}
	return g, p.isGroupID(r.ID)
}

// Group returns the group by id. It costs one call.
func (p *Provider) Group(ctx context.Context, id idp.GroupID) (idp.Group, error) {
	const op = "read group"
	if !p.isGroupID(string(id)) {
		return idp.Group{}, notAnID(op, idp.GroupNotFound)
	}
	var row groupRow
	if err := p.read(ctx, p.request(op, http.MethodGet, nil, "groups", string(id)), &row); err != nil {
		return idp.Group{}, err
	}
	g, fine := p.group(row)
	if !fine || g.ID != id {
		return idp.Group{}, odd(op, "the answer is not this group")
	}
	return g, nil
}

// UserGroups lists the groups that the user is a member of. It costs a call per page.
func (p *Provider) UserGroups(ctx context.Context, user idp.UserID) ([]idp.Group, error) {
	const op = "list groups of user"
	if !p.isUserID(string(user)) {
		return nil, notAnID(op, idp.UserNotFound)
	}
	groups, seen := []idp.Group{}, map[idp.GroupID]bool{}
	err := p.eachGroup(ctx, op, func(g idp.Group) error {
		if !seen[g.ID] {
			groups = append(groups, g)
			seen[g.ID] = true
		}
		return nil
	}, "users", string(user), "groups")
	if err != nil {
		return nil, err
	}
	return groups, nil
}

// Discover calls found for every group. How many members they have, and who owns them, the receiver is not asked. A receiver
// need not list its groups: that is of kind Invalid.
func (p *Provider) Discover(ctx context.Context, found func(idp.Discovered) error) error {
	const op = "discover groups"
	var told error
	err := p.eachGroup(ctx, op, func(g idp.Group) error {
		told = found(idp.Discovered{Group: g, Members: -1})
		return told
	}, "groups")
	if told == nil && notDone(err) {
		return &idp.Error{Kind: idp.Invalid, Op: op, Code: codeOf(err), Err: fmt.Errorf("%w: name them in the catalog by the ids that the app has for them", idp.ErrNoList)}
	}
	return err
}

// eachGroup calls each for every group of a list, and ends with the first error.
func (p *Provider) eachGroup(ctx context.Context, op string, each func(idp.Group) error, segments ...string) error {
	return p.list(ctx, p.request(op, http.MethodGet, nil, segments...), "groups", func(raw json.RawMessage) error {
		var row groupRow
		if json.Unmarshal(raw, &row) != nil {
			return odd(op, "the answer is no list of groups")
		}
		g, fine := p.group(row)
		if !fine {
			return odd(op, "the answer is no list of groups")
		}
		return each(g)
	})
}

// IsMember reads whether the user is a member of the group. It costs one call.
func (p *Provider) IsMember(ctx context.Context, group idp.GroupID, user idp.UserID) (bool, error) {
	const op = "read membership"
	if err := p.checkPair(op, group, user); err != nil {
		return false, err
	}
	var answer struct {
		Member *bool `json:"member"`
	}
	r := p.request(op, http.MethodGet, nil, "groups", string(group), "members", string(user))
	if err := p.read(ctx, r, &answer); err != nil {
		return false, err
	}
	if answer.Member == nil {
		return false, odd(op, "the answer says nothing about the membership")
	}
	return *answer.Member, nil
}

// Members lists the members of the group, as far as the receiver describes them. It costs a call per page.
func (p *Provider) Members(ctx context.Context, group idp.GroupID) ([]idp.User, error) {
	const op = "list members"
	if !p.isGroupID(string(group)) {
		return nil, notAnID(op, idp.GroupNotFound)
	}
	users, seen := []idp.User{}, map[idp.UserID]bool{}
	r := p.request(op, http.MethodGet, nil, "groups", string(group), "members")
	err := p.list(ctx, r, "members", func(raw json.RawMessage) error {
		var row userRow
		if json.Unmarshal(raw, &row) != nil || !p.isUserID(row.ID) {
			return odd(op, "the answer is no list of users")
		}
		u := idp.User{ID: idp.UserID(row.ID)}
		if whole, fine := p.user(row); fine {
			u = whole
		}
		if !seen[u.ID] {
			users = append(users, u)
			seen[u.ID] = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return users, nil
}
