package google

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"usher/idp"
	"usher/idp/rest"
)

// Discover calls found for every group of the company, with the number of its direct members, its owners and the reason if it
// must not be governed (by its labels; Group also looks for admin roles). Which apps a group opens Google does not tell. It
// costs a call per group and one more per 200 groups, and waits whenever the budget is spent.
func (p *Provider) Discover(ctx context.Context, found func(idp.Discovered) error) error {
	const op = "discover groups"
	var rows []groupRow
	query := url.Values{"customer": {"my_customer"}, "maxResults": {strconv.Itoa(pageSize)}}
	err := patiently(ctx, p.cfg.Now, func() error {
		rows = nil
		return p.eachGroup(ctx, op, "", query, func(row groupRow) error {
			rows = append(rows, row)
			return nil
		})
	})
	if err != nil || len(rows) == 0 {
		return err
	}
	var all map[string]labels
	err = patiently(ctx, p.cfg.Now, func() (err error) {
		all, err = p.allLabels(ctx, op, rows[0].Email)
		return err
	})
	if err != nil {
		return err
	}
	for _, row := range rows {
		d := idp.Discovered{Group: row.group(), Members: row.members()}
		d.Refusal = all[strings.ToLower(row.Email)].refusal()
		err := patiently(ctx, p.cfg.Now, func() error {
			d.Owners = nil
			return p.eachMember(ctx, op, d.ID, roleOwner, func(m memberRow) {
				if m.Type != "GROUP" && m.Type != "CUSTOMER" {
					d.Owners = append(d.Owners, m.user())
				}
			})
		})
		if idp.KindOf(err) == idp.GroupNotFound {
			continue // It went while the list was read.
		}
		if err != nil {
			return err
		}
		if err := found(d); err != nil {
			return err
		}
	}
	return nil
}

// allLabels reads the labels of all groups, by address. Some group of the company tells which company it is.
func (p *Provider) allLabels(ctx context.Context, op, some string) (map[string]labels, error) {
	one, err := p.identityGroup(ctx, op, some)
	if err != nil {
		return nil, err
	}
	all := map[string]labels{}
	query := url.Values{"parent": {one.Parent}, "view": {"FULL"}, "pageSize": {"500"}}
	err = p.pages(ctx, p.identity(op, scopeLabels, http.MethodGet, "", query, "groups"), func(a *rest.Answer) (string, error) {
		var page struct {
			Groups []identityRow `json:"groups"`
			Next   string        `json:"nextPageToken"`
		}
		if err := a.Decode(op, &page); err != nil {
			return "", err
		}
		for _, row := range page.Groups {
			all[strings.ToLower(row.GroupKey.ID)] = row.Labels
		}
		return page.Next, nil
	})
	return all, err
}

// patience is how often one step waits for a spent budget.
const patience = 20

// patiently repeats a step that reads as long as Google, or the budget, asks to wait.
func patiently(ctx context.Context, now func() time.Time, step func() error) error {
	for try := 0; ; try++ {
		err := step()
		if idp.KindOf(err) != idp.Throttled || try == patience {
			return err
		}
		timer := time.NewTimer(max(time.Millisecond, min(idp.RetryAt(err).Sub(now()), time.Minute)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}
