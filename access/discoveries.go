package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"usher/catalog"
)

const (
	// lastDiscovery is the only record of its kind.
	lastDiscovery = "last"
	// foundMost is how many groups are remembered, those with most members first. usher catalog discover prints them all.
	foundMost = 200
	// foundText is how many characters of a text are remembered.
	foundText = 200
)

// seekers are the admins who have asked what is there beside the catalog, and wait. It is safe for concurrent use.
type seekers struct {
	asked chan struct{}

	mu   sync.Mutex
	list []SlackID
}

func newSeekers() *seekers { return &seekers{asked: make(chan struct{}, 1)} }

func (s *seekers) add(who SlackID) {
	s.mu.Lock()
	if !slices.Contains(s.list, who) {
		s.list = append(s.list, who)
	}
	s.mu.Unlock()
	select {
	case s.asked <- struct{}{}:
	default:
	}
}

func (s *seekers) waiting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.list) > 0
}

// answered returns those who wait and forgets them.
func (s *seekers) answered() []SlackID {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.list
	s.list = nil
	return list
}

// AskDiscovery has the directories looked through for groups that no catalog names, as soon as whoever calls Discover comes to
// it. Admins alone may.
func (s *Service) AskDiscovery(_ context.Context, by Person) error {
	if !s.admin(by) {
		return notForAdmins()
	}
	s.seekers.add(by.Slack)
	return nil
}

// DiscoveryAsked receives after somebody has asked; Discover is the answer.
func (s *Service) DiscoveryAsked() <-chan struct{} { return s.seekers.asked }

// Discover looks through the directories, see [Look], remembers what is there for the admins' Home tabs, and draws the
// tabs of those who wait for it anew; and once more when it is known of what is remembered when it was used last.
func (s *Service) Discover(ctx context.Context) error {
	look := Look{Providers: s.cfg.Providers, Now: s.cfg.Now, Named: s.Catalog().Groups()}
	d, err := look.Discover(ctx)
	if err == nil {
		d, err = s.remember(ctx, d)
	}
	who := s.seekers.answered()
	s.cfg.Notifier.Changed(who...)
	if err != nil {
		return fmt.Errorf("discover groups: %w", err)
	}
	before := slices.Clone(d.Found)
	if look.readUses(ctx, &d); slices.EqualFunc(before, d.Found, func(a, b FoundGroup) bool { return a.LastUse.Equal(b.LastUse) }) {
		return ctx.Err()
	}
	if _, err := s.remember(ctx, d); err != nil {
		return fmt.Errorf("discover groups: %w", err)
	}
	s.cfg.Notifier.Changed(who...)
	return nil
}

// remember writes what was found and returns it.
func (s *Service) remember(ctx context.Context, d Discovery) (kept Discovery, err error) {
	err = s.cfg.Store.Update(ctx, func(tx Tx) error {
		was, err := s.discovered(tx)
		if err != nil {
			return err
		}
		kept = d.after(was)
		return tx.Put(Discoveries, lastDiscovery, kept)
	})
	return kept, err
}

// after is what to remember: what was found before, too, where a list has not come to its end, and no more than fits a record
// that every drawing of an admin's Home tab reads.
func (d Discovery) after(was *Discovery) Discovery {
	found, more := slices.Clone(d.Found), d.More
	if was != nil {
		now := map[catalog.Group]int{}
		for i, f := range d.Found {
			now[f.Group] = i
		}
		for _, f := range d.Refused {
			now[f.Group] = -1
		}
		for _, f := range was.Found {
			whole, listed := d.whole[f.Group.Provider]
			switch i, there := now[f.Group]; {
			case there && i >= 0 && found[i].LastUse.IsZero() && found[i].AppID == f.AppID:
				found[i].LastUse = f.LastUse // Until it has been read anew.
			case !there && listed && !whole:
				found = append(found, f)
			}
		}
		if slices.Contains(slices.Collect(maps.Values(d.whole)), false) {
			more = max(more, was.More)
		}
	}
	slices.SortFunc(found, func(a, b FoundGroup) int {
		return cmp.Or(cmp.Compare(b.Members, a.Members), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Group.String(), b.Group.String()))
	})
	if extra := len(found) - foundMost; extra > 0 {
		found, more = found[:foundMost], max(more, extra)
	}
	for i := range found {
		found[i] = found[i].short()
	}
	d.Found, d.More, d.Refused, d.Vanished = found, more, nil, nil
	d.Troubles = maps.Clone(d.Troubles)
	for name, text := range d.Troubles {
		d.Troubles[name] = short(text, 500)
	}
	return d
}

func (f FoundGroup) short() FoundGroup {
	f.Name, f.Description, f.App = short(f.Name, foundText), short(f.Description, foundText), short(f.App, foundText)
	return f
}

// short cuts a text after so many characters.
func short(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

// discovered is what was found when somebody looked last, without what the catalog names by now; nil if nobody has looked yet.
func (s *Service) discovered(tx Tx) (*Discovery, error) {
	var d Discovery
	err := tx.Get(Discoveries, lastDiscovery, &d)
	if errors.Is(err, ErrNotFound) {
		return nil, nil //nolint:nilnil // Nobody has looked yet.
	}
	if err != nil {
		return nil, fmt.Errorf("read what was discovered: %w", err)
	}
	named := s.Catalog().Groups()
	d.Found = slices.DeleteFunc(d.Found, func(f FoundGroup) bool { return named[f.Group] != nil })
	return &d, nil
}

// Suggestion is a catalog entry for a group that was found, in YAML, and the group. Admins alone may see it.
func (s *Service) Suggestion(ctx context.Context, by Person, group string) (FoundGroup, string, error) {
	if !s.admin(by) {
		return FoundGroup{}, "", notForAdmins()
	}
	var found FoundGroup
	err := s.cfg.Store.View(ctx, func(tx Tx) error {
		d, err := s.discovered(tx)
		if err != nil {
			return err
		}
		if d != nil {
			if i := slices.IndexFunc(d.Found, func(f FoundGroup) bool { return f.Group.String() == group }); i >= 0 {
				found = d.Found[i]
				return nil
			}
		}
		return &Refusal{Code: NotFound, Text: "This group is in the catalog by now, or was not seen any more when the directories were looked through last."}
	})
	if err != nil {
		return FoundGroup{}, "", err
	}
	return found, Suggest(found), nil
}

func notForAdmins() error {
	return &Refusal{Code: NotAllowed, Text: "Only Usher's admins may look through the directories."}
}
