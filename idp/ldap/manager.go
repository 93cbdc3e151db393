package ldap

import (
	"context"
	"errors"
	"strings"

	ldap "github.com/go-ldap/ldap/v3"

	"usher/idp"
)

// Manager returns the person whom the manager attribute names: by distinguished name, as directories do by themselves, or by
// id, login or e-mail address, as synchronizations write it. What names nobody for certain is UserNotFound.
func (p *Provider) Manager(ctx context.Context, user idp.UserID) (idp.User, error) {
	const op = "find manager"
	if !isUUID(string(user)) {
		return idp.User{}, notAnID(op, idp.UserNotFound)
	}
	var manager idp.User
	err := p.with(ctx, op, func(s *session) error {
		for range renames {
			e, err := s.person(ctx, user, []string{"objectClass", p.cfg.schema.id, p.cfg.schema.manager})
			if err != nil {
				return err
			}
			manager, err = s.manager(ctx, strings.TrimSpace(e.first(p.cfg.schema.manager)))
			if !hasResult(err, codeNoSuchObject) {
				return err
			}
		}
		return s.noManager("the recorded manager is no person in this directory")
	})
	if err != nil {
		return idp.User{}, err
	}
	return manager, nil
}

func (s *session) noManager(why string) error {
	return &idp.Error{Kind: idp.UserNotFound, Op: s.op, Err: errors.New(why)}
}

// manager finds the person whom the text names.
func (s *session) manager(ctx context.Context, text string) (idp.User, error) {
	cfg := &s.p.cfg
	switch {
	case text == "":
		return idp.User{}, s.noManager("no manager is recorded")
	case isDN(text):
		return s.managerAt(ctx, text)
	case isUUID(text):
		e, err := s.person(ctx, idp.UserID(text), nil)
		if err != nil {
			return idp.User{}, err
		}
		users, err := s.usersOf([]entry{e})
		if err != nil {
			return idp.User{}, err
		}
		return users[0], nil
	}
	return s.named(ctx, text, append([]string{cfg.schema.email}, cfg.schema.login...)...)
}

// managerAt reads the person of this name. If there is none the error is the server's noSuchObject: the person may have been
// renamed just now.
func (s *session) managerAt(ctx context.Context, dn string) (idp.User, error) {
	cfg := &s.p.cfg
	if !isUnder(cfg.bases.usersDN, dn) {
		return idp.User{}, s.noManager("the recorded manager is not below the user base")
	}
	found, err := s.search(ctx, query{base: dn, scope: ldap.ScopeBaseObject, filter: cfg.UserFilter, attributes: cfg.userAttributes()})
	if err != nil {
		return idp.User{}, err
	}
	if len(found) != 1 {
		return idp.User{}, s.noManager("the recorded manager is no person")
	}
	users, err := s.usersOf(found)
	if err != nil {
		return idp.User{}, err
	}
	return users[0], nil
}
