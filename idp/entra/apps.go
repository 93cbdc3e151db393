package entra

import (
	"context"
	"net/url"

	"usher/idp"
)

const (
	// appsRight is the least permission by which the apps are listed and the groups that are assigned to each.
	// Source: https://learn.microsoft.com/graph/api/serviceprincipal-list-approleassignedto
	appsRight = "Application.Read.All"
	// appsPage is how many apps, or assignments of one, are asked for at once: the most that Graph gives.
	appsPage = "999"

	assignedGroup   = "Group"           // the kind of what is assigned to an app
	managedIdentity = "ManagedIdentity" // the kind of a service principal that is no app: nobody can be assigned to it
)

// appRow is a service principal, as far as it is read.
type appRow struct {
	ID    string `json:"id"`
	AppID string `json:"appId"` // by which sign-ins are recorded
	Name  string `json:"displayName"`
	Kind  string `json:"servicePrincipalType"`
}

// appsByGroup lists the apps that groups are assigned to. It asks each app, since asking each group takes Directory.Read.All,
// which shows the whole directory, and more calls: a company has more groups than apps. The result is empty without the right.
func (p *Provider) appsByGroup(ctx context.Context) (map[string][]idp.App, error) {
	var rows []appRow
	c := call{op: opDiscover, path: "/servicePrincipals", gently: true, query: url.Values{"$select": {"id,appId,displayName,servicePrincipalType"}, "$top": {appsPage}}}
	err := pages(ctx, p, c, func(page []appRow) (bool, error) {
		rows = append(rows, page...)
		return true, nil
	})
	apps := map[string][]idp.App{}
	for i := 0; err == nil && i < len(rows); i++ {
		if rows[i].Kind != managedIdentity {
			err = p.groupsOf(ctx, rows[i], apps)
		}
	}
	if idp.KindOf(err) == idp.Forbidden {
		p.cfg.Logger.ErrorContext(ctx, "apps may not be read, so none is shown for any group", "provider", Name, "grant", appsRight)
		return nil, nil
	}
	return apps, err
}

// groupsOf enters the app at each group that is assigned to it, once whatever the number of its roles.
func (p *Provider) groupsOf(ctx context.Context, row appRow, apps map[string][]idp.App) error {
	if !isGUID(row.ID) || !isGUID(row.AppID) {
		return &idp.Error{Kind: idp.Unavailable, Op: opDiscover, Code: "HTTP 200", Err: errNoApp}
	}
	type assignment struct {
		ID   string `json:"principalId"`
		Kind string `json:"principalType"`
	}
	seen := map[string]bool{}
	c := call{
		op: opDiscover, path: assignedPath(row.ID), gently: true,
		query: url.Values{"$select": {"id,principalId,principalType"}, "$top": {appsPage}},
	}
	err := pages(ctx, p, c, func(page []assignment) (bool, error) {
		for _, a := range page {
			if a.Kind == assignedGroup && !seen[a.ID] {
				seen[a.ID] = true
				apps[a.ID] = append(apps[a.ID], idp.App{ID: row.AppID, Name: row.Name})
			}
		}
		return true, nil
	})
	if codeOf(err) == codeNotFound {
		return nil // deleted since it was listed
	}
	return err
}

func assignedPath(app string) string { return "/servicePrincipals/" + app + "/appRoleAssignedTo" }

// checkApps reads who is assigned to some app, as discovery does: what a permission is called proves nothing.
func (p *Provider) checkApps(ctx context.Context) idp.Finding {
	const op = "check apps"
	var page struct {
		Value []appRow `json:"value"`
	}
	err := p.one(ctx, call{op: op, path: "/servicePrincipals", query: url.Values{"$select": {"id"}, "$top": {"1"}}}, &page)
	if err == nil && len(page.Value) > 0 && isGUID(page.Value[0].ID) {
		_, err = p.do(ctx, call{op: op, path: assignedPath(page.Value[0].ID), query: url.Values{"$top": {"1"}}})
	}
	if codeOf(err) == codeNotFound {
		err = nil // deleted since it was listed
	}
	f := finding("reading apps", err, "The apps that groups open can be read.", "Grant the application permission "+appsRight+".")
	return f.Optional(err, "knowledge of the apps that discovered groups open")
}
