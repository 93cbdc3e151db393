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

// accountOf is the subject's account at the group's provider, which need not be the directory: the one that was found
// before, the one that the settings name, or the one that has the directory's e-mail address. It is never guessed.
func (s *Service) accountOf(ctx context.Context, p idp.Provider, e Effect, st state) (idp.User, error) {
	if e.Group.Provider == s.cfg.Directory {
		return p.User(ctx, e.User)
	}
	if known := st.Members[membershipKey(e.Group, e.User)].Account; known != "" {
		return p.User(ctx, known)
	}
	u, err := s.findAccount(ctx, p, e)
	if k := idp.KindOf(err); k == idp.UserNotFound || k == idp.Ambiguous {
		return u, &noAccountError{e.Group.Provider, err}
	}
	return u, err
}

var errNoMatch = errors.New("not mapped under identity.accounts, and e-mail addresses do not match by the settings")

func (s *Service) findAccount(ctx context.Context, p idp.Provider, e Effect) (idp.User, error) {
	if named, ok := s.cfg.Identity.Accounts[e.Group.Provider][e.User]; ok {
		return p.User(ctx, named)
	}
	u, err := s.directory.User(ctx, e.User)
	if err != nil {
		return idp.User{}, err
	}
	if !s.cfg.Identity.MatchEmail || u.Email == "" || !s.ownDomain(u.Email) {
		return idp.User{}, &idp.Error{Kind: idp.UserNotFound, Op: "match account", Err: errNoMatch}
	}
	return p.FindUser(ctx, u.Email)
}

// account is the id that the subject of an effect has at the group's provider, as it was found at the inspection.
func (st state) account(e Effect) idp.UserID {
	if m := st.Members[membershipKey(e.Group, e.User)]; m.Account != "" {
		return m.Account
	}
	return e.User
}
