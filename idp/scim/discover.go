package scim

import (
	"context"
	"time"

	"usher/idp"
)

// Discover calls found for every group. The members are counted where the groups show them, which takes a call per group. SCIM
// knows neither owners nor apps.
func (p *Provider) Discover(ctx context.Context, found func(idp.Discovered) error) error {
	const op = "discover groups"
	var rows []groupRow
	err := p.patiently(ctx, func() (err error) {
		rows, err = list[groupRow](ctx, p, op, "Groups", "", withoutMembers())
		return err
	})
	if err != nil {
		return err
	}
	for i := range rows {
		d := idp.Discovered{Group: rows[i].group(), Members: -1}
		err := p.patiently(ctx, func() (err error) {
			d.Members, err = p.count(ctx, op, d.ID)
			return err
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

// count counts the members that the group shows; -1 means that it may have others.
func (p *Provider) count(ctx context.Context, op string, id idp.GroupID) (int, error) {
	if p.cfg.MembersFrom != Auto && p.cfg.MembersFrom != FromGroup || !isID(string(id)) {
		return -1, nil
	}
	row, err := p.readGroup(ctx, op, id, onlyMembers())
	if err != nil {
		return -1, err
	}
	people := row.people()
	if len(people) == 0 && p.cfg.MembersFrom == Auto {
		return -1, nil
	}
	return len(people), nil
}

// patience is how often one step waits for a spent budget.
const patience = 20

// patiently repeats a step that reads as long as the server, or the budget, asks to wait.
func (p *Provider) patiently(ctx context.Context, step func() error) error {
	for try := 0; ; try++ {
		err := step()
		if idp.KindOf(err) != idp.Throttled || try == patience {
			return err
		}
		timer := time.NewTimer(max(time.Millisecond, min(idp.RetryAt(err).Sub(p.cfg.Now()), time.Minute)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}
