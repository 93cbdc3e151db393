package okta

import (
	"context"
	"errors"

	"usher/idp"
)

const (
	opDiscover = "discover groups"
	appsRight  = "okta.apps.read"
)

// Discover calls found for every group of the org, with the number of its members, the apps that it gives access to, and the
// reason if it must not be governed. It costs one call per 200 groups and one per group that has apps, all of them ordinary
// ones whatever the priority of ctx, one after the other; when their share of a rate window is spent it waits for the next.
// A token that may not read the apps of groups sees none, which is logged once. Owners stay empty: Okta Identity Governance alone knows them.
func (p *Provider) Discover(ctx context.Context, found func(idp.Discovered) error) error {
	ctx = idp.WithPriority(ctx, idp.Normal)
	d := &discovery{p: p, found: found, seen: map[string]bool{}, readApps: true}
	var failed error
	c := call{op: opDiscover, bucket: bucketGroups, patient: true}
	err := pages(ctx, p, c, func(ctx context.Context, after string) error {
		r := p.api.GroupAPI.ListGroups(ctx).Expand("stats").Limit(pageSize)
		if after != "" {
			r = r.After(after)
		}
		_, _, err := r.Execute()
		return err
	}, func(rows []discoveredRow) bool {
		for _, row := range rows {
			if failed = d.tell(ctx, row); failed != nil {
				return false
			}
		}
		return true
	})
	if failed != nil {
		return failed
	}
	return err
}

// discoveredRow is a group with what expand=stats adds, as far as it is read.
type discoveredRow struct {
	groupRow
	Embedded struct {
		Stats struct {
			Users *int `json:"usersCount"`
			Apps  *int `json:"appsCount"`
			// Admin is what the live service writes, AdminInDocument how Okta's OpenAPI document spells it.
			Admin           *bool `json:"hasAdminPrivilege"`
			AdminInDocument *bool `json:"hasAdminPrivlege"`
		} `json:"stats"`
	} `json:"_embedded"`
}

// members is the number of members, or -1 if Okta does not tell it.
func (r discoveredRow) members() int {
	if n := r.Embedded.Stats.Users; n != nil && *n >= 0 {
		return *n
	}
	return -1
}

// admin reports whether the group holds an admin role, as far as Okta tells it.
func (r discoveredRow) admin() (holds, known bool) {
	s := r.Embedded.Stats
	for _, flag := range []*bool{s.Admin, s.AdminInDocument} {
		if flag != nil {
			holds, known = holds || *flag, true
		}
	}
	return holds, known
}

// discovery is one run of Discover.
type discovery struct {
	p        *Provider
	found    func(idp.Discovered) error
	seen     map[string]bool // groups move between pages when others come and go
	readApps bool            // until Okta refuses it
}

// tell describes the group and calls found. A group that was deleted since it was listed is left out.
func (d *discovery) tell(ctx context.Context, row discoveredRow) error {
	if err := ctx.Err(); err != nil {
		return &idp.Error{Kind: idp.Unavailable, Op: opDiscover, Err: err}
	}
	if !isGroupID(idp.GroupID(row.ID)) || row.Type == "" {
		return &idp.Error{Kind: idp.Unavailable, Op: opDiscover, Code: "HTTP 200", Err: errors.New("a group without id or type in the answer")}
	}
	if d.seen[row.ID] {
		return nil
	}
	d.seen[row.ID] = true
	out := idp.Discovered{Group: row.group(), Members: row.members()}
	var err error
	if out.Refusal == "" {
		out.Refusal, err = d.refusal(ctx, row)
	}
	if err == nil {
		out.Apps, err = d.apps(ctx, row)
	}
	switch {
	case idp.KindOf(err) == idp.GroupNotFound:
		return nil
	case err != nil:
		return err
	}
	return d.found(out)
}

// refusal judges a group as Group does, but asks for its roles only if Okta has not said already that there are none.
func (d *discovery) refusal(ctx context.Context, row discoveredRow) (string, error) {
	id := idp.GroupID(row.ID)
	var refusal string
	holds, known := row.admin()
	err := d.p.patiently(ctx, opDiscover, func() (err error) {
		if holds || !known {
			refusal, err = d.p.adminRefusal(ctx, opDiscover, id)
		}
		if refusal == "" && holds && err == nil {
			refusal = "This group holds an admin role, and admin rights are not given out by Usher."
		}
		if refusal == "" && err == nil {
			refusal, err = d.p.ruleRefusal(ctx, opDiscover, id)
		}
		return err
	})
	return refusal, err
}

// appRow is the part of an app that is read. The SDK's own type is a union that fails on kinds of apps that it does not know.
type appRow struct {
	ID     string `json:"id"`
	Label  string `json:"label"`
	Status string `json:"status"`
}

// apps lists the apps that the group is assigned to, without those that are switched off.
func (d *discovery) apps(ctx context.Context, row discoveredRow) ([]idp.App, error) {
	if n := row.Embedded.Stats.Apps; !d.readApps || n != nil && *n == 0 {
		return nil, nil
	}
	var apps []idp.App
	var odd error
	seen := map[string]bool{}
	c := call{op: opDiscover, bucket: bucketApps, missing: idp.GroupNotFound, patient: true}
	err := pages(ctx, d.p, c, func(ctx context.Context, after string) error {
		r := d.p.api.GroupAPI.ListAssignedApplicationsForGroup(ctx, row.ID).Limit(pageSize)
		if after != "" {
			r = r.After(after)
		}
		_, _, err := r.Execute()
		return err
	}, func(rows []appRow) bool {
		for _, a := range rows {
			if a.ID == "" {
				odd = &idp.Error{Kind: idp.Unavailable, Op: opDiscover, Code: "HTTP 200", Err: errors.New("an app without id in the answer")}
				return false
			}
			if !seen[a.ID] && a.Status != "INACTIVE" && a.Status != "DELETED" {
				apps = append(apps, idp.App{ID: a.ID, Name: a.Label})
			}
			seen[a.ID] = true
		}
		return true
	})
	switch {
	case idp.KindOf(err) == idp.Forbidden:
		d.readApps = false
		d.p.cfg.Logger.ErrorContext(ctx, "apps may not be read, so none is shown for any group", "provider", Name, "grant", appsRight)
		return nil, nil
	case err != nil:
		return nil, err
	case odd != nil:
		return nil, odd
	}
	return apps, nil
}
