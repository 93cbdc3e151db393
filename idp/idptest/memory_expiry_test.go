package idptest_test

import (
	"context"
	"maps"
	"slices"
	"time"

	"usher/idp"
	"usher/idp/idptest"
)

// SetExpiry keeps the end beside the membership.
func (m *memory) SetExpiry(ctx context.Context, group idp.GroupID, user idp.UserID, at time.Time) error {
	const op = "set expiry"
	err := m.request(ctx, op, idptest.Changes, func() error {
		g, ok := m.groups[group]
		switch {
		case !ok:
			return m.fail(idp.GroupNotFound, op, nil)
		case g.Refusal != "" && m.bug == "ends what it must not govern":
			return nil
		case g.Refusal != "":
			return m.fail(idp.NotGovernable, op, nil)
		case !g.members[user] && (m.bug != "makes a membership for an end" || m.users[user].ID == ""):
			return m.fail(idp.UserNotFound, op, nil)
		}
		m.changes++
		g.members[user] = true
		m.end(g, user, at)
		return nil
	})
	if m.bug == "claims an end" && idp.KindOf(err) == idp.Unavailable {
		return nil
	}
	return err
}

func (m *memory) end(g *memoryGroup, user idp.UserID, at time.Time) {
	had := !g.ends[user].IsZero()
	switch {
	case m.bug == "keeps the first end" && had, m.bug == "cannot take an end away" && at.IsZero():
	case m.bug == "has one end for all":
		for u := range g.members {
			g.ends[u] = at
		}
	default:
		g.ends[user] = at
	}
}

// Expiry reads the end.
func (m *memory) Expiry(ctx context.Context, group idp.GroupID, user idp.UserID) (at time.Time, err error) {
	err = m.request(ctx, "read expiry", idptest.Reads, func() error {
		if g, ok := m.groups[group]; ok {
			at = g.ends[user]
		}
		if m.bug == "forgets the zone" && !at.IsZero() {
			at = at.Add(time.Hour)
		}
		return nil
	})
	return at, err
}

// settle ends what has come to its end. The caller holds the lock.
func (m *memory) settle() {
	for _, g := range m.groups {
		for _, u := range slices.Collect(maps.Keys(g.ends)) {
			switch end := g.ends[u]; {
			case end.IsZero() || m.now().Before(end) || m.bug == "never ends":
			case m.bug == "ends everybody":
				clear(g.members)
			default:
				delete(g.members, u)
				delete(g.ends, u)
			}
		}
	}
}
