package okta

import (
	"context"
	"errors"

	"usher/idp"
)

// groupRow is the part of a group that is read.
type groupRow struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Profile struct {
		Name        string  `json:"name"`
		Description *string `json:"description"`
	} `json:"profile"`
}

func (r groupRow) group() idp.Group {
	g := idp.Group{ID: idp.GroupID(r.ID), Name: r.Profile.Name, Refusal: typeRefusal(r.Type)}
	if r.Profile.Description != nil {
		g.Description = *r.Profile.Description
	}
	return g
}

// Group returns the group with the reason if Usher must not govern it. It costs two calls, and one more per 200 group
// rules unless they were read within the last ten minutes.
func (p *Provider) Group(ctx context.Context, id idp.GroupID) (idp.Group, error) {
	const op = "read group"
	if !isGroupID(id) {
		return idp.Group{}, notAnID(op, idp.GroupNotFound)
	}
	return p.inspect(ctx, op, id)
}

// readGroup reads the group itself.
func (p *Provider) readGroup(ctx context.Context, op string, id idp.GroupID) (idp.Group, error) {
	x, err := p.do(ctx, call{op: op, bucket: "GET groups/id", missing: idp.GroupNotFound}, func(ctx context.Context) error {
		_, _, err := p.api.GroupAPI.GetGroup(ctx, string(id)).Execute()
		return err
	})
	if err != nil {
		return idp.Group{}, err
	}
	var row groupRow
	if err := x.read(op, &row); err != nil {
		return idp.Group{}, err
	}
	if row.ID != string(id) || row.Type == "" {
		return idp.Group{}, &idp.Error{Kind: idp.Unavailable, Op: op, Code: "HTTP 200", Err: errors.New("the answer is not this group")}
	}
	return row.group(), nil
}

// UserGroups lists the user's groups. Refusal is judged by the type of the group alone; Group tells the whole truth.
func (p *Provider) UserGroups(ctx context.Context, user idp.UserID) ([]idp.Group, error) {
	const op = "list groups of user"
	groups := []idp.Group{}
	seen := map[idp.GroupID]bool{}
	err := p.eachGroup(ctx, op, user, func(g idp.Group) bool {
		if !seen[g.ID] {
			groups = append(groups, g)
		}
		seen[g.ID] = true
		return true
	})
	if err != nil {
		return nil, err
	}
	return groups, nil
}

// IsMember reads the user's groups until it meets the group: people are in tens of groups and groups have thousands of
// people, so this is one call for whoever is in at most 200 groups. Asking for one member is no call that Okta has, and
// searching among the members reads an index that lags much longer.
func (p *Provider) IsMember(ctx context.Context, group idp.GroupID, user idp.UserID) (bool, error) {
	const op = "read membership"
	if !isGroupID(group) {
		return false, notAnID(op, idp.GroupNotFound)
	}
	found := false
	err := p.eachGroup(ctx, op, user, func(g idp.Group) bool {
		found = g.ID == group
		return !found
	})
	return found && err == nil, err
}

// eachGroup calls each for every group of the user until it returns false.
func (p *Provider) eachGroup(ctx context.Context, op string, user idp.UserID, each func(idp.Group) bool) error {
	if !isUserID(user) {
		return notAnID(op, idp.UserNotFound)
	}
	var odd error
	err := pages(ctx, p, call{op: op, bucket: bucketMemberships, missing: idp.UserNotFound}, func(ctx context.Context, after string) error {
		r := p.api.UserAPI.ListUserGroups(ctx, string(user)).Limit(pageSize)
		if after != "" {
			r = r.After(after)
		}
		_, _, err := r.Execute()
		return err
	}, func(rows []groupRow) bool {
		for _, row := range rows {
			if row.ID == "" {
				odd = &idp.Error{Kind: idp.Unavailable, Op: op, Err: errors.New("a group without id in the answer")}
				return false
			}
			if !each(row.group()) {
				return false
			}
		}
		return true
	})
	return errors.Join(odd, err)
}

// Members lists the members of the group. People who join or leave while it reads may or may not be in the result;
// nobody is in it twice.
func (p *Provider) Members(ctx context.Context, group idp.GroupID) ([]idp.User, error) {
	const op = "list members"
	if !isGroupID(group) {
		return nil, notAnID(op, idp.GroupNotFound)
	}
	members := []idp.User{}
	seen := map[string]bool{}
	var odd error
	err := pages(ctx, p, call{op: op, bucket: bucketMembers, missing: idp.GroupNotFound}, func(ctx context.Context, after string) error {
		r := p.api.GroupAPI.ListGroupUsers(ctx, string(group)).Limit(pageSize)
		if after != "" {
			r = r.After(after)
		}
		_, _, err := r.Execute()
		return err
	}, func(rows []userRow) bool {
		for _, row := range rows {
			if row.ID == "" {
				odd = &idp.Error{Kind: idp.Unavailable, Op: op, Err: errors.New("a member without id in the answer")}
				return false
			}
			if !seen[row.ID] {
				members = append(members, row.user(p.cfg.EmailAttribute))
			}
			seen[row.ID] = true
		}
		return true
	})
	if err := errors.Join(odd, err); err != nil {
		return nil, err
	}
	return members, nil
}
