package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"usher/catalog"
	"usher/idp"
)

// lockAfter is how long after the last end the vendor itself is to end a membership: later than Usher's own removal with a
// few tries, so that the proof of the removal stays Usher's unless Usher is gone.
const lockAfter = 15 * time.Minute

// lockTries is how often an end is tried of a membership that the vendor does not know.
const lockTries = 4

// lock wishes that the vendor's own end of each membership follows the present ends, where a role asks for a second lock
// or an earlier one has set it.
func (t *turn) lock() {
	g := t.s.Grant
	for _, gg := range g.Groups {
		m := t.member(gg.Group)
		m.Locking = m.Locking || g.Role.SecondLock
		if m.Locking && m.Given && !m.Preexisting {
			t.s.Members[m.Key()] = m
			t.wish(t.home(), t.memberEffect(EffectLock, gg.Group))
		}
	}
}

// locked says when the vendor itself will end the membership; the zero time means never.
type locked struct {
	Group catalog.Group
	At    time.Time
}

func (c locked) apply(t *turn) error {
	m := t.member(c.Group)
	if m.Lock.Equal(c.At) {
		return nil
	}
	m.Lock = c.At
	t.s.Members[m.Key()] = m
	text := c.Group.Provider + " will end the membership of " + c.Group.String() + " by itself at " + stamp(c.At) + " if Usher does not."
	if c.At.IsZero() {
		text = c.Group.Provider + " will not end the membership of " + c.Group.String() + " by itself any more."
	}
	t.event(t.home(), EventMemberLocked, Person{}, text, map[string]string{"group": c.Group.String(), "at": c.At.UTC().Format(time.RFC3339)})
	return nil
}

// unlocked says that the vendor does not set an end of its own, or does not move the one that it has. The access stays
// until then, and Usher ends it.
type unlocked struct {
	Group catalog.Group
	Why   string
}

func (c unlocked) apply(t *turn) error {
	text := "There is no second lock on " + c.Group.String() + ": " + c.Why + " Usher ends the access."
	if at := t.member(c.Group).Lock; !at.IsZero() {
		text = c.Group.Provider + " still ends the membership of " + c.Group.String() + " by itself at " + stamp(at) +
			", because that cannot be changed: " + c.Why
	}
	t.event(t.home(), EventMemberLocked, Person{}, text, map[string]string{"group": c.Group.String()})
	return nil
}

// lockMember has the vendor's own end of a membership follow the present ends, as far as the vendor does that.
func (r *Runner) lockMember(ctx context.Context, e Effect, st state, done func(command) error) error {
	m := st.Members[membershipKey(e.Group, e.User)]
	if len(m.Leases) == 0 || m.Preexisting || !m.Given {
		return done(nothing{})
	}
	p, err := r.s.provider(e)
	if err != nil {
		return err
	}
	x, ok := p.(idp.Expirer)
	if !ok {
		return done(unlocked{e.Group, e.Group.Provider + " has no expiry of its own."})
	}
	at, err := r.s.lockTime(ctx, m)
	if err != nil {
		return err
	}
	err = r.setEnd(ctx, x, e.Group, st.account(e), at)
	switch k := idp.KindOf(err); {
	case k == idp.UserNotFound && e.Attempts < lockTries:
		return fmt.Errorf("the membership of %s does not show where its end is set", e.Group) // It may be too new.
	case k == idp.UserNotFound:
		return done(unlocked{e.Group, e.Group.Provider + " knows no such membership."})
	case k == idp.NotGovernable:
		r.s.log.Warn("no second lock", "effect", e.ID, "err", err)
		return done(unlocked{e.Group, e.Group.Provider + " does not allow an end for it."})
	case k == idp.Forbidden && e.Attempts >= lockTries: // An extension tries again.
		r.s.log.Warn("no second lock", "effect", e.ID, "err", err)
		return done(unlocked{e.Group, "Usher has no right to have " + e.Group.Provider + " end it."})
	case err != nil:
		return err
	}
	return done(locked{e.Group, at})
}

// setEnd sets the vendor's own end of a membership and reads it back.
func (r *Runner) setEnd(ctx context.Context, x idp.Expirer, g catalog.Group, user idp.UserID, at time.Time) error {
	r.s.crashAt("before lock")
	if err := x.SetExpiry(ctx, idp.GroupID(g.ID), user, at); err != nil {
		return err
	}
	r.s.crashAt("after lock")
	got, err := x.Expiry(ctx, idp.GroupID(g.ID), user)
	if err != nil {
		return err
	}
	if got.IsZero() != at.IsZero() || got.Before(at.Add(-time.Minute)) {
		return fmt.Errorf("the end of the membership of %s was accepted but does not show yet", g)
	}
	return nil
}

// lockTime is when the vendor is to end a membership: after the last of the grants that hold it. If one of them has no end,
// or its role does not ask for a second lock, it is never.
func (s *Service) lockTime(ctx context.Context, m Membership) (at time.Time, err error) {
	err = s.cfg.Store.View(ctx, func(tx Tx) error {
		at = time.Time{}
		for _, id := range m.Leases {
			var g Grant
			if err := tx.Get(Grants, string(id), &g); err != nil && !errors.Is(err, ErrNotFound) {
				return err
			}
			if !g.Role.SecondLock || g.DueAt.IsZero() {
				at = time.Time{}
				return nil
			}
			if end := g.DueAt.Add(lockAfter).UTC(); end.After(at) {
				at = end
			}
		}
		return nil
	})
	return at, err
}
