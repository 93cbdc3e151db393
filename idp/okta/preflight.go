package okta

import (
	"context"
	"fmt"
	"strings"
	"time"

	"usher/idp"
)

// groupRules are the names of the rules that fill each group.
type groupRules map[idp.GroupID][]string

// lasts is how long the list is trusted: somebody may be busy mending it.
func (groupRules) lasts() time.Duration { return idp.RefusedFor }

// typeRefusal judges the type: Okta changes members of OKTA_GROUP only.
func typeRefusal(kind string) string {
	switch kind {
	case "OKTA_GROUP":
		return ""
	case "BUILT_IN":
		return "Okta itself fills this built-in group, so its members cannot be changed."
	case "APP_GROUP":
		return "The members of this group are imported from an app or directory and cannot be changed in Okta."
	default:
		return fmt.Sprintf("Okta calls the type of this group %q, and only members of type OKTA_GROUP can be changed.", kind)
	}
}

// inspect reads the group and everything that may keep Usher from governing it, and remembers the judgement.
func (p *Provider) inspect(ctx context.Context, op string, id idp.GroupID) (idp.Group, error) {
	g, err := p.readGroup(ctx, op, id)
	if err != nil {
		p.judged.Forget(id)
		return idp.Group{}, err
	}
	if g.Refusal == "" {
		if g.Refusal, err = p.adminRefusal(ctx, op, id); err != nil {
			return idp.Group{}, err
		}
	}
	if g.Refusal == "" {
		if g.Refusal, err = p.ruleRefusal(ctx, op, id); err != nil {
			return idp.Group{}, err
		}
	}
	p.judged.Keep(id, g.Refusal)
	return g, nil
}

// governable returns an error of kind NotGovernable if members of the group must not be changed. Without a fresh
// judgement it reads the group, once for all who ask at the same time.
func (p *Provider) governable(ctx context.Context, op string, id idp.GroupID) error {
	refusal, err := p.judged.Learn(ctx, op, id, func() (string, error) {
		g, err := p.inspect(ctx, op, id)
		return g.Refusal, err
	})
	if err == nil && refusal != "" {
		return notGovernable(op, refusal)
	}
	return err
}

// adminRefusal refuses groups that hold an admin role. A token that may not read roles cannot know; Check says so.
func (p *Provider) adminRefusal(ctx context.Context, op string, id idp.GroupID) (string, error) {
	roles, err := p.groupRoles(ctx, op, id)
	switch {
	case idp.KindOf(err) == idp.Forbidden:
		return "", nil
	case err != nil:
		return "", err
	case len(roles) > 0:
		return fmt.Sprintf("This group holds the admin role %s, and admin rights are not given out by Usher.", strings.Join(roles, ", ")), nil
	}
	return "", nil
}

// groupRoles lists the types of the admin roles that the group holds.
func (p *Provider) groupRoles(ctx context.Context, op string, id idp.GroupID) ([]string, error) {
	x, err := p.do(ctx, call{op: op, bucket: bucketRoles, missing: idp.GroupNotFound}, func(ctx context.Context) error {
		_, _, err := p.api.RoleAssignmentAPI.ListGroupAssignedRoles(ctx, string(id)).Execute()
		return err
	})
	if err != nil {
		return nil, err
	}
	return x.roles(op)
}

func (x *exchange) roles(op string) ([]string, error) {
	var rows []struct {
		Type  string `json:"type"`
		Label string `json:"label"`
	}
	if err := x.read(op, &rows); err != nil {
		return nil, err
	}
	var roles []string
	for _, row := range rows {
		switch {
		case row.Type != "":
			roles = append(roles, row.Type)
		case row.Label != "":
			roles = append(roles, row.Label)
		default:
			roles = append(roles, "of unknown type")
		}
	}
	return roles, nil
}

// ruleRefusal refuses groups that a group rule fills: removing a person whom the rule added puts the person on the
// rule's list of exceptions, which holds 100 people and is edited by hand. A token that may not read rules cannot know.
func (p *Provider) ruleRefusal(ctx context.Context, op string, id idp.GroupID) (string, error) {
	names, err := p.rulesOf(ctx, op, id)
	if err != nil {
		return "", err
	}
	if len(names) == 0 {
		return "", nil
	}
	return fmt.Sprintf("The group rule %q fills this group, and taking people out by hand would break that rule.", names[0]), nil
}

// rulesOf returns the names of the rules that fill the group, by a list that is at most ten minutes old.
func (p *Provider) rulesOf(ctx context.Context, op string, id idp.GroupID) ([]string, error) {
	rules, err := p.rules.Learn(ctx, op, struct{}{}, func() (groupRules, error) {
		rules, err := p.readRules(ctx, op)
		if idp.KindOf(err) == idp.Forbidden {
			return nil, nil //nolint:nilnil // None that Usher may know of.
		}
		return rules, err
	})
	return rules[id], err
}

// readRules maps groups to the names of the rules that may add people to them. Inactive rules add nobody.
func (p *Provider) readRules(ctx context.Context, op string) (groupRules, error) {
	type row struct {
		Name    string `json:"name"`
		Status  string `json:"status"`
		Actions struct {
			AssignUserToGroups struct {
				GroupIDs []string `json:"groupIds"`
			} `json:"assignUserToGroups"`
		} `json:"actions"`
	}
	rules := groupRules{}
	err := pages(ctx, p, call{op: op, bucket: "GET groups/rules"}, func(ctx context.Context, after string) error {
		r := p.api.GroupAPI.ListGroupRules(ctx).Limit(pageSize)
		if after != "" {
			r = r.After(after)
		}
		_, _, err := r.Execute()
		return err
	}, func(rows []row) bool {
		for _, r := range rows {
			if r.Status == "INACTIVE" {
				continue
			}
			for _, id := range r.Actions.AssignUserToGroups.GroupIDs {
				rules[idp.GroupID(id)] = append(rules[idp.GroupID(id)], r.Name)
			}
		}
		return true
	})
	return rules, err
}
