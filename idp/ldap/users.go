package ldap

import (
	"context"
	"errors"
	"strings"

	ldap "github.com/go-ldap/ldap/v3"

	"usher/idp"
)

// userAttributes is what is read of a person.
func (s *settings) userAttributes() []string {
	names := []string{"objectClass", s.schema.id, "displayName", "cn", "givenName", "sn", "title", s.schema.email, s.schema.manager}
	names = append(names, s.schema.login...)
	names = append(names, s.schema.department...)
	names = append(names, s.schema.userState...)
	names = append(names, s.disabled.attributes()...)
	return append(names, s.Attributes...)
}

// userOf makes a user of an entry; ok is false if the entry does not show its id.
func (s *settings) userOf(e entry) (idp.User, bool) {
	id, ok := s.schema.idOf(e)
	if !ok {
		return idp.User{}, false
	}
	name := e.first("displayName")
	if given := e.first("givenName"); name == "" && given != "" {
		name = strings.TrimSpace(given + " " + e.first("sn"))
	}
	status, detail := s.status(e)
	u := idp.User{
		ID: idp.UserID(id), Login: e.first(s.schema.login...), Email: e.first(s.schema.email), Name: or(name, e.first("cn")), Title: e.first("title"),
		Department: e.first(s.schema.department...), Status: status, StatusDetail: detail, LastLogin: lastLogin(e),
	}
	for _, attribute := range s.Attributes {
		if values := e.all(attribute); len(values) > 0 {
			if u.Attributes == nil {
				u.Attributes = map[string]string{}
			}
			u.Attributes[attribute] = strings.Join(values, "; ")
		}
	}
	return u, true
}

// usersOf makes users of entries.
func (s *session) usersOf(entries []entry) ([]idp.User, error) {
	users := make([]idp.User, 0, len(entries))
	for _, e := range entries {
		u, ok := s.p.cfg.userOf(e)
		if !ok {
			return nil, s.noID()
		}
		users = append(users, u)
	}
	return users, nil
}

// noID is the error for an entry without its id, which the account may not be allowed to read.
func (s *session) noID() error {
	return &idp.Error{Kind: idp.Forbidden, Op: s.op, Err: errors.New("an entry does not show its id; the account must be allowed to read " + s.p.cfg.schema.id)}
}

// people finds people by a filter; attributes nil = all that make a user.
func (s *session) people(ctx context.Context, filter string, attributes []string) ([]entry, error) {
	if attributes == nil {
		attributes = s.p.cfg.userAttributes()
	}
	return s.search(ctx, query{
		base: s.p.cfg.bases.users, scope: ldap.ScopeWholeSubtree, filter: "(&" + s.p.cfg.UserFilter + filter + ")", attributes: attributes,
	})
}

// person finds the person with this id.
func (s *session) person(ctx context.Context, id idp.UserID, attributes []string) (entry, error) {
	found, err := s.people(ctx, s.p.cfg.schema.idFilter(string(id)), attributes)
	switch {
	case err != nil:
		return entry{}, err
	case len(found) == 0:
		return entry{}, s.fail(idp.UserNotFound)
	case len(found) > 1:
		return entry{}, errNoSense
	}
	return found[0], nil
}

func (s *session) fail(kind idp.Kind) error { return &idp.Error{Kind: kind, Op: s.op} }

// User returns the user by id.
func (p *Provider) User(ctx context.Context, id idp.UserID) (idp.User, error) {
	const op = "read user"
	if !isUUID(string(id)) {
		return idp.User{}, notAnID(op, idp.UserNotFound)
	}
	var user idp.User
	err := p.with(ctx, op, func(s *session) error {
		e, err := s.person(ctx, id, nil)
		if err != nil {
			return err
		}
		users, err := s.usersOf([]entry{e})
		if err == nil {
			user = users[0]
		}
		return err
	})
	if err != nil {
		return idp.User{}, err
	}
	return user, nil
}

// FindUser returns the one user whose e-mail address, or one of several, is exactly email. Somebody who has left does not
// stand in the way of a namesake who is present.
func (p *Provider) FindUser(ctx context.Context, email string) (idp.User, error) {
	const op = "find user"
	if !strings.Contains(email, "@") {
		return idp.User{}, &idp.Error{Kind: idp.UserNotFound, Op: op, Err: errors.New("not an e-mail address")}
	}
	var user idp.User
	err := p.with(ctx, op, func(s *session) (err error) {
		user, err = s.named(ctx, email, p.cfg.schema.email)
		return err
	})
	if err != nil {
		return idp.User{}, err
	}
	return user, nil
}

// named finds the one person who has this text in one of the attributes, letter case aside. The server's own comparison may
// be more lenient, so it is made again here.
func (s *session) named(ctx context.Context, text string, attributes ...string) (idp.User, error) {
	filter := ""
	for _, a := range attributes {
		filter += equals(a, text)
	}
	found, err := s.people(ctx, "(|"+filter+")", nil)
	if err != nil {
		return idp.User{}, err
	}
	var exact, present []entry
	for _, e := range found {
		if !has(e, text, attributes) {
			continue
		}
		exact = append(exact, e)
		if status, _ := s.p.cfg.status(e); status != idp.Departed {
			present = append(present, e)
		}
	}
	if len(present) > 0 {
		exact = present
	}
	switch len(exact) {
	case 0:
		return idp.User{}, s.fail(idp.UserNotFound)
	case 1:
		users, err := s.usersOf(exact)
		if err != nil {
			return idp.User{}, err
		}
		return users[0], nil
	}
	return idp.User{}, s.fail(idp.Ambiguous)
}

func has(e entry, text string, attributes []string) bool {
	for _, a := range attributes {
		for _, value := range e.all(a) {
			if strings.EqualFold(value, text) {
				return true
			}
		}
	}
	return false
}
