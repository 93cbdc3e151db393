package entra

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"

	"usher/idp"
)

// The kinds of directory objects that are told apart.
const (
	kindUser  = "#microsoft.graph.user"
	kindGroup = "#microsoft.graph.group"
)

// groupRow is the part of a group that is read.
type groupRow struct {
	Kind            string    `json:"@odata.type"`
	ID              string    `json:"id"`
	Name            *string   `json:"displayName"`
	Description     *string   `json:"description"`
	Types           *[]string `json:"groupTypes"`
	MailEnabled     *bool     `json:"mailEnabled"`
	SecurityEnabled *bool     `json:"securityEnabled"`
	Synced          *bool     `json:"onPremisesSyncEnabled"`
	Assignable      *bool     `json:"isAssignableToRole"`
	Restricted      *bool     `json:"isManagementRestricted"`
	Rule            *string   `json:"membershipRule"`
	Visibility      *string   `json:"visibility"`
	Owners          []userRow `json:"owners"`
}

// groupFields are asked for by name: isAssignableToRole and isManagementRestricted are not among what Graph gives unasked.
const groupFields = "id,displayName,description,groupTypes,mailEnabled,securityEnabled,onPremisesSyncEnabled,isAssignableToRole,isManagementRestricted,membershipRule,visibility"

func (r groupRow) group() idp.Group {
	return idp.Group{ID: idp.GroupID(r.ID), Name: text(r.Name), Description: text(r.Description), Refusal: r.refusal()}
}

// refusal is why members of the group cannot or must not be changed. Sources: learn.microsoft.com/graph/api/resources/group,
// groups-overview, and group-post-members on groups that can hold directory roles.
func (r groupRow) refusal() string {
	types := []string{}
	if r.Types != nil {
		types = *r.Types
	}
	switch {
	case slices.Contains(types, "DynamicMembership") || text(r.Rule) != "":
		return "A membership rule fills this dynamic group, so its members cannot be changed."
	case isTrue(r.Synced):
		return "This group is mastered in the on-premises directory and cannot be changed in Entra."
	case isTrue(r.Assignable):
		return "This group can hold directory roles, and admin rights are not given out by Usher."
	case isTrue(r.MailEnabled) && !slices.Contains(types, "Unified"):
		return "This is a mail-enabled security group or distribution list, which Graph can only read."
	case isTrue(r.Restricted):
		return "This group lies in a restricted management administrative unit, where only its own admins make changes."
	case text(r.Visibility) == "HiddenMembership":
		return "The membership of this group is hidden, so a change could not be read back."
	default:
		return ""
	}
}

func isTrue(b *bool) bool { return b != nil && *b }

// Group returns the group with the reason if Usher must not govern it. It costs one call.
func (p *Provider) Group(ctx context.Context, id idp.GroupID) (idp.Group, error) {
	const op = "read group"
	if !isGUID(string(id)) {
		return idp.Group{}, notAnID(op, idp.GroupNotFound)
	}
	return p.inspect(ctx, op, id)
}

// readGroup reads the group.
func (p *Provider) readGroup(ctx context.Context, op string, id idp.GroupID) (idp.Group, error) {
	var row groupRow
	err := p.one(ctx, call{op: op, path: "/groups/" + string(id), query: url.Values{"$select": {groupFields}}, missing: idp.GroupNotFound}, &row)
	if err != nil {
		return idp.Group{}, err
	}
	if row.ID != string(id) || row.Types == nil || row.SecurityEnabled == nil {
		return idp.Group{}, &idp.Error{Kind: idp.Unavailable, Op: op, Code: "HTTP 200", Err: errors.New("the answer is not this group")}
	}
	return row.group(), nil
}

// UserGroups lists the groups that the user is a direct member of, those that fill themselves by a rule included. Directory
// roles and administrative units, which Graph lists beside them, are left out.
func (p *Provider) UserGroups(ctx context.Context, user idp.UserID) ([]idp.Group, error) {
	const op = "list groups of user"
	groups := []idp.Group{}
	seen := map[string]bool{}
	err := p.eachGroup(ctx, op, user, groupFields, func(r groupRow) bool {
		if !seen[r.ID] {
			groups = append(groups, r.group())
		}
		seen[r.ID] = true
		return true
	})
	if err != nil {
		return nil, err
	}
	return groups, nil
}

// IsMember reads the user's groups until it meets the group: people are in tens of groups and groups have thousands of people,
// so this is one call for whoever is in at most 999. It asks without the ConsistencyLevel header, because the index behind
// that lags longer, and without transitivity, because a nested membership cannot be taken away.
func (p *Provider) IsMember(ctx context.Context, group idp.GroupID, user idp.UserID) (bool, error) {
	const op = "read membership"
	if !isGUID(string(group)) {
		return false, notAnID(op, idp.GroupNotFound)
	}
	return p.isMember(ctx, op, group, user)
}

func (p *Provider) isMember(ctx context.Context, op string, group idp.GroupID, user idp.UserID) (bool, error) {
	found := false
	err := p.eachGroup(ctx, op, user, "id", func(r groupRow) bool {
		found = r.ID == string(group)
		return !found
	})
	return found && err == nil, err
}

// eachGroup calls each for every group of the user until it returns false.
func (p *Provider) eachGroup(ctx context.Context, op string, user idp.UserID, fields string, each func(groupRow) bool) error {
	if !isGUID(string(user)) {
		return notAnID(op, idp.UserNotFound)
	}
	c := call{
		op: op, path: "/users/" + string(user) + "/memberOf", missing: idp.UserNotFound, units: 2,
		query: url.Values{"$select": {fields}, "$top": {strconv.Itoa(pageSize)}},
	}
	return pages(ctx, p, c, func(rows []groupRow) (bool, error) {
		for _, r := range rows {
			if !isGUID(r.ID) || r.Kind == "" {
				return false, &idp.Error{Kind: idp.Unavailable, Op: op, Code: "HTTP 200", Err: errors.New("an object without id or kind in the answer")}
			}
			if r.Kind == kindGroup && !each(r) {
				return false, nil
			}
		}
		return true, nil
	})
}

// Members lists the people who are direct members of the group; nested groups, devices and apps are left out. People who join
// or leave while it reads may or may not be in the result; nobody is in it twice.
func (p *Provider) Members(ctx context.Context, group idp.GroupID) ([]idp.User, error) {
	const op = "list members"
	if !isGUID(string(group)) {
		return nil, notAnID(op, idp.GroupNotFound)
	}
	members := []idp.User{}
	seen := map[string]bool{}
	c := call{
		op: op, path: "/groups/" + string(group) + "/members", missing: idp.GroupNotFound, units: 3,
		query: url.Values{"$select": {userFields}, "$top": {strconv.Itoa(memberPage)}},
	}
	err := pages(ctx, p, c, func(rows []userRow) (bool, error) {
		for _, r := range rows {
			if !isGUID(r.ID) || r.Kind == "" {
				return false, &idp.Error{Kind: idp.Unavailable, Op: op, Code: "HTTP 200", Err: errors.New("a member without id or kind in the answer")}
			}
			if r.Kind == kindUser && !seen[r.ID] {
				members = append(members, r.user())
			}
			seen[r.ID] = true
		}
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	return members, nil
}

// memberPage is how many members are asked for at once: few enough that an answer stays small.
const memberPage = 200
