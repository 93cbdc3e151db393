package access

import (
	"context"
	"errors"
	"fmt"

	"usher/idp"
)

// noAccountError says that somebody's account at another provider than the directory is not known.
type noAccountError struct {
	provider string
	err      error
}

// Error names the provider and the reason.
func (e *noAccountError) Error() string {
	return fmt.Sprintf("find account at %s: %v", e.provider, e.err)
}

// Unwrap returns the cause.
func (e *noAccountError) Unwrap() error { return e.err }

// text is what the people concerned read.
func (e *noAccountError) text() string {
	return "Usher knows no account of this person in " + e.provider + ". Please ask IT to make one with the same e-mail address, or to name it in Usher's settings."
}

// accountOf is the subject's account at the group's provider, which need not be the directory: the one that the membership
// was given to, as long as that lasts; the one that the settings name; or the one that has the directory's e-mail address. It
// is never guessed, never one that the settings name for somebody else, and there is none for who is not active in the
// directory.
func (s *Service) accountOf(ctx context.Context, p idp.Provider, e Effect, st state) (idp.User, error) {
	person, err := s.directory.User(ctx, e.User)
	if err != nil || e.Group.Provider == s.cfg.Directory {
		return person, err
	}
	if person.Status != idp.Active {
		return idp.User{}, &inactiveError{s.cfg.Directory, person.StatusDetail}
	}
	var u idp.User
	if st.Members[membershipKey(e.Group, e.User)].Given {
		u, err = p.User(ctx, st.account(e))
	} else {
		u, err = s.findAccount(ctx, p, e, person)
	}
	if k := idp.KindOf(err); k == idp.UserNotFound || k == idp.Ambiguous {
		return u, &noAccountError{e.Group.Provider, err}
	}
	return u, err
}

// inactiveError says that the directory lets somebody hold nothing anywhere, whatever their account at another provider.
type inactiveError struct{ directory, status string }

// Error names the directory and its word for the status; the people concerned read it too.
func (e *inactiveError) Error() string {
	return "The account in " + e.directory + " is not active (" + e.status + ")."
}

var (
	errNoMatch       = errors.New("not mapped under identity.accounts, and e-mail addresses do not match by the settings")
	errNotTheirs     = errors.New("the e-mail address finds somebody else in the directory")
	errSomebodyElses = errors.New("the account with this e-mail address is mapped to somebody else under identity.accounts")
)

func (s *Service) findAccount(ctx context.Context, p idp.Provider, e Effect, person idp.User) (idp.User, error) {
	accounts := s.cfg.Identity.Accounts[e.Group.Provider]
	if named, ok := accounts[e.User]; ok {
		return p.User(ctx, named)
	}
	if !s.cfg.Identity.MatchEmail || person.Email == "" || !s.ownDomain(person.Email) {
		return idp.User{}, &idp.Error{Kind: idp.UserNotFound, Op: "match account", Err: errNoMatch}
	}
	// Two people with one address would share one account, and the end of one's access would take away the other's.
	if only, err := s.directory.FindUser(ctx, person.Email); err != nil {
		return idp.User{}, err
	} else if only.ID != person.ID {
		return idp.User{}, &idp.Error{Kind: idp.Ambiguous, Op: "match account", Err: errNotTheirs}
	}
	u, err := p.FindUser(ctx, person.Email)
	if err != nil {
		return idp.User{}, err
	}
	for _, named := range accounts {
		if named == u.ID {
			return idp.User{}, &idp.Error{Kind: idp.Ambiguous, Op: "match account", Err: errSomebodyElses}
		}
	}
	return u, nil
}

// account is the id that the subject of an effect has at the group's provider, as it was found at the inspection.
func (st state) account(e Effect) idp.UserID {
	if m := st.Members[membershipKey(e.Group, e.User)]; m.Account != "" {
		return m.Account
	}
	return e.User
}
