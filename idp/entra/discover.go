package entra

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"usher/idp"
)

const (
	// expanded is how many owners Graph shows within a list of groups; who has as many may have more.
	expanded = 20
	// discoverPage is how many groups are asked for at once, so that found is called early.
	discoverPage = 100
)

// Discover calls found for every group. It costs one call per hundred groups and one per group, and before those one per app; one
// after the other, marked as the first to be refused when there is not enough for all, and it waits then. Without
// Application.Read.All the apps stay empty, which the log tells once.
func (p *Provider) Discover(ctx context.Context, found func(idp.Discovered) error) error {
	d := &discovery{p: p}
	var err error
	if d.apps, err = p.appsByGroup(ctx); err != nil {
		return err
	}
	c := call{
		op: opDiscover, path: "/groups", gently: true,
		query: url.Values{"$select": {groupFields}, "$expand": {"owners($select=" + userFields + ")"}, "$top": {strconv.Itoa(discoverPage)}},
	}
	return pages(ctx, p, c, func(rows []groupRow) (bool, error) {
		for _, row := range rows {
			one, err := d.describe(ctx, row)
			if idp.KindOf(err) == idp.GroupNotFound {
				continue // deleted since it was listed
			}
			if err != nil {
				return false, err
			}
			if err := found(one); err != nil {
				return false, err
			}
		}
		return true, nil
	})
}

const opDiscover = "discover groups"

// discovery is one run of Discover.
type discovery struct {
	p    *Provider
	apps map[string][]idp.App // by the id of the group
}

func (d *discovery) describe(ctx context.Context, row groupRow) (idp.Discovered, error) {
	out := idp.Discovered{Group: row.group(), Members: -1, Apps: d.apps[row.ID]}
	if !isGUID(row.ID) {
		return out, &idp.Error{Kind: idp.Unavailable, Op: opDiscover, Code: "HTTP 200", Err: errNoGroup}
	}
	owners := row.Owners
	if len(owners) >= expanded {
		owners = nil
		c := call{op: opDiscover, path: "/groups/" + row.ID + "/owners", query: url.Values{"$select": {userFields}, "$top": {"100"}}, missing: idp.GroupNotFound, gently: true}
		if err := pages(ctx, d.p, c, func(rows []userRow) (bool, error) {
			owners = append(owners, rows...)
			return true, nil
		}); err != nil {
			return out, err
		}
	}
	for _, o := range owners {
		if (o.Kind == "" || o.Kind == kindUser) && isGUID(o.ID) {
			out.Owners = append(out.Owners, o.user())
		}
	}
	var err error
	out.Members, err = d.count(ctx, row.ID)
	return out, err
}

// count reads the number of direct members from the index.
func (d *discovery) count(ctx context.Context, group string) (int, error) {
	a, err := d.p.do(ctx, call{op: opDiscover, path: "/groups/" + group + "/members/$count", missing: idp.GroupNotFound, index: true, gently: true})
	switch {
	case err != nil && idp.KindOf(err) == idp.Forbidden:
		return -1, nil
	case err != nil:
		return -1, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(string(a.body), "\ufeff")))
	if err != nil || n < 0 {
		return -1, a.odd(opDiscover, "the answer is no number")
	}
	return n, nil
}
