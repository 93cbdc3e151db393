package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

const (
	// lastDiscovery is the only record of its kind.
	lastDiscovery = "last"
	// foundMost is how many groups are remembered, those with most members first. usher catalog discover prints them all.
	foundMost = 200
	// foundText is how many characters of a description are remembered.
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
// tabs of those who wait for it anew.
func (s *Service) Discover(ctx context.Context) error {
	d, err := Look{Providers: s.cfg.Providers, Now: s.cfg.Now, Named: s.Catalog().Groups(), Uses: true}.Discover(ctx)
	if err == nil {
		err = s.cfg.Store.Update(ctx, func(tx Tx) error {
			was, err := s.discovered(tx)
			if err != nil {
				return err
			}
			return tx.Put(Discoveries, lastDiscovery, d.after(was))
		})
	}
	s.cfg.Notifier.Changed(s.seekers.answered()...)
	if err != nil {
		return fmt.Errorf("discover groups: %w", err)
	}
	return nil
}

// after is what to remember: what was found before, too, where a list has not come to its end, and no more than fits a record
// that every drawing of an admin's Home tab reads.
func (d Discovery) after(was *Discovery) Discovery {
	d.Found, d.Refused = slices.Clone(d.Found), nil
	if was != nil {
		for _, f := range was.Found {
			there := func(g FoundGroup) bool { return g.Group == f.Group }
			if whole, listed := d.whole[f.Group.Provider]; listed && !whole && !slices.ContainsFunc(d.Found, there) {
				d.Found = append(d.Found, f)
			}
		}
	}
	slices.SortFunc(d.Found, func(a, b FoundGroup) int {
		return cmp.Or(cmp.Compare(b.Members, a.Members), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Group.String(), b.Group.String()))
	})
	if d.More = max(0, len(d.Found)-foundMost); d.More > 0 {
		d.Found = d.Found[:foundMost]
	}
	for i := range d.Found {
		if r := []rune(d.Found[i].Description); len(r) > foundText {
			d.Found[i].Description = string(r[:foundText])
		}
	}
	return d
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
