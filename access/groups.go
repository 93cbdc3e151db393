package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"usher/catalog"
	"usher/idp"
)

// KnownGroup is what Usher remembers of a group that the catalog names. The id decides what is changed; the name is
// remembered for people only, who may have approved the role for what its group was called.
type KnownGroup struct {
	Group catalog.Group `json:"group"`
	// Name is what the directory called the group when it was looked at last; empty if it was never there.
	Name string `json:"name"`
	// Was is the name before that, until about Renamed; empty if the group was always called the same.
	Was     string    `json:"was,omitempty"`
	Renamed time.Time `json:"renamed,omitzero"`
	// Gone is since when the directory does not know the group; zero while it does.
	Gone time.Time `json:"gone,omitzero"`
}

// RenamedFor is how long people are told that a group was renamed.
const RenamedFor = 14 * 24 * time.Hour

// News reports whether admins should look at the group: it is gone, or was renamed lately.
func (k KnownGroup) News(now time.Time) bool {
	return !k.Gone.IsZero() || k.RenamedLately(now)
}

// RenamedLately reports whether the group was found under another name within RenamedFor.
func (k KnownGroup) RenamedLately(now time.Time) bool {
	return k.Was != "" && now.Before(k.Renamed.Add(RenamedFor))
}

// Seen is what is known after a look that found the group under this name.
func (k KnownGroup) Seen(name string, now time.Time) KnownGroup {
	if k.Gone = (time.Time{}); k.Name == name {
		return k
	}
	if k.Was, k.Renamed = k.Name, now; k.Was == "" {
		k.Renamed = time.Time{}
	}
	k.Name = name
	return k
}

// Missed is what is known after a look that did not find the group.
func (k KnownGroup) Missed(now time.Time) KnownGroup {
	if k.Gone.IsZero() {
		k.Gone = now
	}
	return k
}

// RoleGroup is a group with the title of a role that it is mapped to.
type RoleGroup struct {
	KnownGroup

	Role string
}

// indexChanged holds the groups that were renamed or are gone.
const indexChanged = "changed"

// GroupSeen remembers that the directory knows the group by this name and returns what is known of it now. It writes only
// what is new.
func (s *Service) GroupSeen(ctx context.Context, g catalog.Group, name string) (KnownGroup, error) {
	return s.known(ctx, g, func(k KnownGroup, now time.Time) KnownGroup { return k.Seen(name, now) })
}

// GroupMissed remembers that the directory does not know the group and returns what is known of it now. It writes only what
// is new.
func (s *Service) GroupMissed(ctx context.Context, g catalog.Group) (KnownGroup, error) {
	return s.known(ctx, g, KnownGroup.Missed)
}

// confirmMissed remembers that a group is gone if the directory says so a second time.
func (s *Service) confirmMissed(ctx context.Context, e Effect) {
	p, err := s.provider(e)
	if err == nil {
		_, err = p.Group(ctx, idp.GroupID(e.Group.ID))
	}
	if idp.KindOf(err) != idp.GroupNotFound {
		return
	}
	if _, err := s.GroupMissed(ctx, e.Group); err != nil {
		s.log.Error("remember that a group is gone", "group", e.Group, "err", err)
	}
}

// notMissed remembers that a group is there: a member was just added.
func (s *Service) notMissed(ctx context.Context, g catalog.Group) {
	there := func(k KnownGroup, _ time.Time) KnownGroup {
		k.Gone = time.Time{}
		return k
	}
	if _, err := s.known(ctx, g, there); err != nil {
		s.log.Error("remember that a group is there", "group", g, "err", err)
	}
}

func (s *Service) known(ctx context.Context, g catalog.Group, change func(KnownGroup, time.Time) KnownGroup) (KnownGroup, error) {
	var was, is KnownGroup
	now := s.Now()
	look := func(tx Tx) error {
		was = KnownGroup{Group: g}
		if err := tx.Get(Groups, g.String(), &was); err != nil && !errors.Is(err, ErrNotFound) {
			return fmt.Errorf("read group %s: %w", g, err)
		}
		is = change(was, now)
		return nil
	}
	if err := s.cfg.Store.View(ctx, look); err != nil || is == was {
		return is, err
	}
	err := s.cfg.Store.Update(ctx, func(tx Tx) error {
		if err := look(tx); err != nil {
			return err
		}
		var index []string
		if is.Was != "" || !is.Gone.IsZero() {
			index = append(index, indexChanged)
		}
		if err := tx.Put(Groups, g.String(), is, index...); err != nil {
			return fmt.Errorf("write group %s: %w", g, err)
		}
		return nil
	})
	return is, err
}

// changedGroups lists the groups that the catalog names and that are gone, and then those that were renamed lately.
func (s *Service) changedGroups(tx Tx, now time.Time) ([]RoleGroup, error) {
	ids, err := tx.IDs(Groups, indexChanged, "", 0)
	if err != nil {
		return nil, fmt.Errorf("list groups: %w", err)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	role := map[string]string{}
	for g, e := range s.Catalog().Groups() {
		role[g.String()] = e.Title()
	}
	var list []RoleGroup
	for _, id := range ids {
		x := RoleGroup{Role: role[id]}
		if err := tx.Get(Groups, id, &x.KnownGroup); err != nil {
			return nil, fmt.Errorf("read group %s: %w", id, err)
		}
		if x.Role != "" && x.News(now) {
			list = append(list, x)
		}
	}
	slices.SortFunc(list, func(a, b RoleGroup) int {
		switch gone := !a.Gone.IsZero(); {
		case gone == !b.Gone.IsZero():
			return strings.Compare(a.Group.String(), b.Group.String())
		case gone:
			return -1
		}
		return 1
	})
	return list, nil
}

// Remembered returns what the store remembers of these groups; those that were never looked at are left out.
func Remembered(tx Tx, groups []catalog.Group) (map[catalog.Group]KnownGroup, error) {
	known := map[catalog.Group]KnownGroup{}
	for _, g := range groups {
		var k KnownGroup
		err := tx.Get(Groups, g.String(), &k)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read group %s: %w", g, err)
		}
		known[g] = k
	}
	return known, nil
}
