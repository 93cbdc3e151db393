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

// cacheFor is how long what the directory said about a person is believed without asking again. Status is read afresh
// before every group change.
const cacheFor = 5 * time.Minute

// cached is one answer with its time.
type cached[T any] struct {
	value T
	err   error
	at    time.Time
}

// remember returns a young answer from the cache, or asks. Passing failures are not kept.
func remember[T any](s *Service, m map[idp.UserID]cached[T], id idp.UserID, ask func() (T, error)) (T, error) {
	now := s.Now()
	s.cacheMu.Lock()
	c, ok := m[id]
	s.cacheMu.Unlock()
	if ok && now.Sub(c.at) < cacheFor {
		return c.value, c.err
	}
	v, err := ask()
	if k := idp.KindOf(err); err == nil || k == idp.UserNotFound {
		s.cacheMu.Lock()
		m[id] = cached[T]{v, err, now}
		s.cacheMu.Unlock()
	}
	return v, err
}

func (s *Service) user(ctx context.Context, id idp.UserID) (idp.User, error) {
	return remember(s, s.users, id, func() (idp.User, error) { return s.directory.User(ctx, id) })
}

func (s *Service) userGroups(ctx context.Context, id idp.UserID) ([]idp.Group, error) {
	return remember(s, s.groups, id, func() ([]idp.Group, error) { return s.directory.UserGroups(ctx, id) })
}

// manager returns the manager of a user, of kind UserNotFound if there is none.
func (s *Service) manager(ctx context.Context, id idp.UserID) (idp.User, error) {
	return remember(s, s.bosses, id, func() (idp.User, error) {
		f, ok := s.directory.(idp.ManagerFinder)
		if !ok {
			return idp.User{}, &idp.Error{Kind: idp.UserNotFound, Op: "find manager"}
		}
		return f.Manager(ctx, id)
	})
}

// Identify finds the one active directory user behind a Slack user, by the configured identity rules, and remembers the
// pair for good: a later change of an e-mail address moves nobody's identity. A refusal of code UnknownPerson says what
// is missing. While the directory does not answer, somebody known before is still let in: they may look, give back and
// take away. Asking and deciding look into the directory again and are refused then.
func (s *Service) Identify(ctx context.Context, p SlackProfile) (Person, error) {
	if p.Deleted || p.Bot || p.Guest || p.Outsider || p.ID == "" {
		return Person{}, &Refusal{Code: UnknownPerson, Text: "Usher serves full members of this workspace only."}
	}
	person, err := s.pinned(ctx, p.ID)
	known := err == nil
	if errors.Is(err, ErrNotFound) {
		if person, err = s.match(ctx, p); err == nil {
			err = s.pin(ctx, person)
		}
	}
	if err != nil {
		return Person{}, err
	}
	u, err := s.user(ctx, person.User)
	if k := idp.KindOf(err); known && err != nil && k != idp.UserNotFound {
		return person, nil // Known before; see the comment.
	}
	if err != nil {
		return Person{}, s.directoryRefusal(err, "your account")
	}
	if u.Status != idp.Active {
		return Person{}, &Refusal{Code: UnknownPerson, Text: "Your directory account is not active (" + u.StatusDetail + "), so Usher cannot act for you. Please ask your IT team."}
	}
	if p.Email != "" && person.Email != "" && !strings.EqualFold(p.Email, person.Email) {
		s.log.Warn("slack e-mail differs from pinned identity", "slack", p.ID, "user", person.User)
	}
	return person, nil
}

func (s *Service) pinned(ctx context.Context, id SlackID) (Person, error) {
	var p Person
	err := s.cfg.Store.View(ctx, func(tx Tx) error {
		p = Person{}
		return tx.Get(People, "slack/"+string(id), &p)
	})
	if want, ok := s.cfg.Identity.Explicit[id]; ok && err == nil && p.User != want {
		return Person{}, ErrNotFound // The configuration was changed; it wins over what was remembered.
	}
	return p, err
}

func (s *Service) match(ctx context.Context, p SlackProfile) (Person, error) {
	var u idp.User
	var err error
	id, explicit := s.cfg.Identity.Explicit[p.ID]
	switch {
	case explicit:
		u, err = s.user(ctx, id)
	case !s.cfg.Identity.MatchEmail:
		return Person{}, &Refusal{Code: UnknownPerson, Text: "Usher does not know your Slack account yet. Please ask your IT team to add it to the people list."}
	case !p.EmailConfirmed || p.Email == "":
		return Person{}, &Refusal{Code: UnknownPerson, Text: "Your e-mail address is not confirmed in Slack, so Usher cannot tell who you are. Please confirm it in your Slack profile."}
	case !s.ownDomain(p.Email):
		return Person{}, &Refusal{Code: UnknownPerson, Text: "Your e-mail address in Slack is not one of the company's, so Usher cannot tell who you are. Please ask your IT team."}
	default:
		u, err = s.directory.FindUser(ctx, p.Email)
	}
	if err != nil {
		return Person{}, s.directoryRefusal(err, "an account for your Slack e-mail address")
	}
	return Person{User: u.ID, Slack: p.ID, Email: strings.ToLower(u.Email), Name: u.Name}, nil
}

func (s *Service) ownDomain(email string) bool {
	at := strings.LastIndexByte(email, '@')
	return slices.ContainsFunc(s.cfg.Identity.Domains, func(d string) bool { return strings.EqualFold(d, email[at+1:]) })
}

// pin remembers a person under the Slack id, the directory id and the e-mail address.
func (s *Service) pin(ctx context.Context, p Person) error {
	return s.cfg.Store.Update(ctx, func(tx Tx) error {
		if p.Slack != "" {
			if err := tx.Put(People, "slack/"+string(p.Slack), p); err != nil {
				return err
			}
		}
		old := Person{}
		err := tx.Get(People, "user/"+string(p.User), &old)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if old.Slack != "" && p.Slack != old.Slack {
			return nil // A second Slack user of one human: messages keep going to the first.
		}
		return tx.Put(People, "user/"+string(p.User), p, "email/"+p.Email)
	})
}

// contact returns a directory user as somebody who can be reached in Slack and may decide. A refusal of code
// UnknownPerson says why not.
func (s *Service) contact(ctx context.Context, u idp.User) (Person, error) {
	if u.Status != idp.Active {
		return Person{}, &Refusal{Code: UnknownPerson, Text: u.Name + " has left or is suspended"}
	}
	var p Person
	err := s.cfg.Store.View(ctx, func(tx Tx) error {
		p = Person{}
		return tx.Get(People, "user/"+string(u.ID), &p)
	})
	if err == nil && p.Slack != "" {
		return p, nil
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Person{}, err
	}
	profile, err := s.cfg.Notifier.Find(ctx, u.Email)
	if err != nil {
		var te *TargetError
		if errors.As(err, &te) && te.Transient {
			return Person{}, err
		}
		return Person{}, &Refusal{Code: UnknownPerson, Text: u.Name + " cannot be found in Slack"}
	}
	if p, err = s.Identify(ctx, profile); err != nil {
		return Person{}, &Refusal{Code: UnknownPerson, Text: u.Name + " cannot be matched to a full Slack member"}
	}
	if p.User != u.ID {
		return Person{}, &Refusal{Code: UnknownPerson, Text: u.Name + "'s Slack account belongs to another directory user"}
	}
	return p, nil
}

// directoryRefusal turns a provider's error about a person into a refusal.
func (s *Service) directoryRefusal(err error, what string) error {
	switch idp.KindOf(err) {
	case idp.UserNotFound:
		return &Refusal{Code: UnknownPerson, Text: "Usher cannot find " + what + " in the company directory. Please ask your IT team."}
	case idp.Ambiguous:
		return &Refusal{Code: UnknownPerson, Text: "More than one directory account fits " + what + ". Please ask your IT team."}
	case idp.GroupNotFound, idp.NotGovernable, idp.UserNotAllowed, idp.Forbidden, idp.Unauthorized, idp.Throttled,
		idp.Unavailable, idp.Invalid:
	}
	s.log.Warn("directory lookup", "err", err)
	return &Refusal{Code: DirectoryDown, Text: "The company directory does not answer at the moment, so nothing can be checked. Please try again in a few minutes."}
}

// facts describes a person to the catalog's expressions.
func (s *Service) facts(ctx context.Context, p Person) (catalog.Person, idp.User, error) {
	u, err := s.user(ctx, p.User)
	if err != nil {
		return catalog.Person{}, idp.User{}, s.directoryRefusal(err, "your account")
	}
	groups, err := s.userGroups(ctx, p.User)
	if err != nil {
		return catalog.Person{}, idp.User{}, s.directoryRefusal(err, "your groups")
	}
	_, err = s.manager(ctx, p.User)
	if err != nil && idp.KindOf(err) != idp.UserNotFound {
		return catalog.Person{}, idp.User{}, s.directoryRefusal(err, "your manager")
	}
	f := catalog.Person{
		ID: string(u.ID), Email: u.Email, Name: u.Name, Title: u.Title, Department: u.Department,
		Attributes: u.Attributes, HasManager: err == nil,
	}
	for _, g := range groups {
		f.Groups = append(f.Groups, string(g.ID))
	}
	return f, u, nil
}

// admin reports whether the person is one of the configured admins.
func (s *Service) admin(p Person) bool {
	return slices.ContainsFunc(s.cfg.Admins, func(a string) bool { return strings.EqualFold(a, p.Email) })
}

// owner reports whether the person owns the app of the role, by the catalog in force, or by the frozen one when the
// entitlement is gone.
func (s *Service) owner(p Person, r Role) bool {
	owners := r.Owners
	if e, ok := s.Catalog().Entitlement(r.Entitlement); ok {
		owners = e.App.Owners
	}
	return slices.ContainsFunc(owners, func(o string) bool { return strings.EqualFold(o, p.Email) })
}

// account returns the Jira account of a person and remembers it; empty when there is none to be seen.
func (s *Service) account(ctx context.Context, p Person) (AccountID, error) {
	if p.Account != "" {
		return p.Account, nil
	}
	var known Person
	err := s.cfg.Store.View(ctx, func(tx Tx) error {
		known = Person{}
		return tx.Get(People, "user/"+string(p.User), &known)
	})
	if err == nil && known.Account != "" {
		return known.Account, nil
	}
	a, err := s.cfg.Tracker.Account(ctx, p.Email)
	if err != nil {
		return "", fmt.Errorf("find account: %w", err)
	}
	if a != "" && known.User != "" {
		known.Account = a
		if err := s.pin(ctx, known); err != nil {
			return "", err
		}
	}
	return a, nil
}
