package okta

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"usher/idp"
)

const (
	// preflightTTL is how long the judgement that a group may be governed is trusted. What it rests on changes by an admin's
	// hand only, and without it every addition would cost three more calls. Group judges afresh.
	preflightTTL = 24 * time.Hour
	// refusalTTL is the same for a refusal, since somebody may be busy mending it, and for the list of group rules.
	refusalTTL = 10 * time.Minute
)

// preflight remembers what keeps groups from being governed, so that it costs no call per grant. It is safe for
// concurrent use.
type preflight struct {
	now func() time.Time

	mu      sync.Mutex
	groups  map[idp.GroupID]judgement
	rules   map[idp.GroupID][]string // names of the rules that fill the group
	rulesAt time.Time
	turns   map[string]chan struct{} // one holder at a time per group, and one for the rules
}

type judgement struct {
	refusal string
	at      time.Time
}

func newPreflight(now func() time.Time) *preflight {
	return &preflight{now: now, groups: map[idp.GroupID]judgement{}, turns: map[string]chan struct{}{}}
}

// turn waits until nobody else reads what key names, so that many callers share one reading. The caller must call the
// returned function when it is done.
func (f *preflight) turn(ctx context.Context, op, key string) (func(), error) {
	f.mu.Lock()
	c := f.turns[key]
	if c == nil {
		c = make(chan struct{}, 1)
		f.turns[key] = c
	}
	f.mu.Unlock()
	select {
	case c <- struct{}{}:
		return func() { <-c }, nil
	case <-ctx.Done():
		return nil, &idp.Error{Kind: idp.Unavailable, Op: op, Err: ctx.Err()}
	}
}

func (f *preflight) fresh(at time.Time, ttl time.Duration) bool {
	age := f.now().Sub(at)
	return !at.IsZero() && age >= 0 && age < ttl
}

func (f *preflight) refusal(id idp.GroupID) (string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	j, ok := f.groups[id]
	ttl := preflightTTL
	if j.refusal != "" {
		ttl = refusalTTL
	}
	return j.refusal, ok && f.fresh(j.at, ttl)
}

func (f *preflight) keep(id idp.GroupID, refusal string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.groups[id] = judgement{refusal: refusal, at: f.now()}
}

func (f *preflight) forget(id idp.GroupID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.groups, id)
}

func (f *preflight) rulesOf(id idp.GroupID) ([]string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.rules[id], f.fresh(f.rulesAt, refusalTTL)
}

func (f *preflight) keepRules(rules map[idp.GroupID][]string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules, f.rulesAt = rules, f.now()
}

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
		p.preflight.forget(id)
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
	p.preflight.keep(id, g.Refusal)
	return g, nil
}

// governable returns an error of kind NotGovernable if members of the group must not be changed. Without a fresh
// judgement it reads the group.
func (p *Provider) governable(ctx context.Context, op string, id idp.GroupID) error {
	refusal, ok := p.preflight.refusal(id)
	if !ok {
		var err error
		if refusal, err = p.judge(ctx, op, id); err != nil {
			return err
		}
	}
	if refusal != "" {
		return notGovernable(op, refusal)
	}
	return nil
}

// judge reads the group once for all who ask at the same time.
func (p *Provider) judge(ctx context.Context, op string, id idp.GroupID) (string, error) {
	done, err := p.preflight.turn(ctx, op, string(id))
	if err != nil {
		return "", err
	}
	defer done()
	if refusal, ok := p.preflight.refusal(id); ok {
		return refusal, nil
	}
	g, err := p.inspect(ctx, op, id)
	return g.Refusal, err
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
	if names, ok := p.preflight.rulesOf(id); ok {
		return names, nil
	}
	done, err := p.preflight.turn(ctx, op, "rules")
	if err != nil {
		return nil, err
	}
	defer done()
	if names, ok := p.preflight.rulesOf(id); ok {
		return names, nil
	}
	rules, err := p.readRules(ctx, op)
	if err != nil && idp.KindOf(err) != idp.Forbidden {
		return nil, err
	}
	p.preflight.keepRules(rules)
	return rules[id], nil
}

// readRules maps groups to the names of the rules that may add people to them. Inactive rules add nobody.
func (p *Provider) readRules(ctx context.Context, op string) (map[idp.GroupID][]string, error) {
	type row struct {
		Name    string `json:"name"`
		Status  string `json:"status"`
		Actions struct {
			AssignUserToGroups struct {
				GroupIDs []string `json:"groupIds"`
			} `json:"assignUserToGroups"`
		} `json:"actions"`
	}
	rules := map[idp.GroupID][]string{}
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
