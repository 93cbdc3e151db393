package idptest_test

import (
	"context"
	"errors"
	"maps"
	"slices"

	"usher/idp"
	"usher/idp/idptest"
)

// Discover reads pages of 200.
func (m *memory) Discover(ctx context.Context, found func(idp.Discovered) error) error {
	switch {
	case m.bug == "discovers without leave":
		ctx = context.WithoutCancel(ctx)
	case m.bug == "discovers by wrong credentials":
		m = &memory{bug: m.bug, state: m.state}
	}
	for last := idp.GroupID(""); ; {
		page, more, err := m.groupsAfter(ctx, last)
		switch {
		case err != nil && (m.bug == "discovers what it can" || m.bug == "takes a cancellation for the end" && ctx.Err() != nil && last != ""):
			return nil
		case err != nil:
			return err
		}
		for _, d := range page {
			err := found(d)
			switch {
			case err != nil && m.bug == "goes on after the listener's error":
			case err != nil && m.bug == "hides the listener's error":
				return m.fail(idp.Unavailable, "discover groups", errors.New("stopped"))
			case err != nil:
				return err
			}
			last = d.ID
		}
		if !more || m.bug == "discovers one page" {
			return nil
		}
		if m.bug == "does not stop discovering" {
			ctx = context.WithoutCancel(ctx)
		}
	}
}

// groupsAfter is one page.
func (m *memory) groupsAfter(ctx context.Context, last idp.GroupID) (page []idp.Discovered, more bool, err error) {
	err = m.request(ctx, "discover groups", idptest.Reads, func() error {
		for _, id := range slices.Sorted(maps.Keys(m.groups)) {
			switch {
			case id <= last && last != "":
			case len(page) == 200:
				more = true
				return nil
			default:
				page = append(page, m.discovered(m.groups[id]))
			}
		}
		return nil
	})
	return page, more, err
}

func (m *memory) discovered(g *memoryGroup) idp.Discovered {
	d := idp.Discovered{Group: g.Group, Members: len(g.members)}
	switch m.bug {
	case "forgets the names of groups":
		d.Name = ""
	case "miscounts":
		d.Members++
	case "does not count":
		d.Members = -1
	case "discovers no refusals":
		d.Refusal = ""
	case "refuses some silently":
		if d.Name == "Secret" {
			d.Refusal = ""
		}
	case "discovers and changes":
		m.changes++
	}
	return d
}
