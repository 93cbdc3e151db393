package okta

import (
	"context"
	"errors"
	"strings"

	"usher/idp"
)

// Manager returns the manager whom the profile names. The attribute managerId is only a text in Okta; directories fill
// it with an id, a login or an e-mail address, and some fill manager with an address instead. A text that names nobody
// for certain is UserNotFound. It costs two calls, up to four if the text is an address.
func (p *Provider) Manager(ctx context.Context, user idp.UserID) (idp.User, error) {
	const op = "find manager"
	u, err := p.User(ctx, user)
	if err != nil {
		return idp.User{}, err
	}
	key := strings.TrimSpace(u.Attributes["managerId"])
	if key == "" {
		if name := strings.TrimSpace(u.Attributes["manager"]); strings.Contains(name, "@") {
			key = name
		}
	}
	if key == "" {
		return idp.User{}, &idp.Error{Kind: idp.UserNotFound, Op: op, Err: errors.New("no manager is recorded")}
	}
	if key != "me" && !strings.ContainsAny(key, "/\\") && !strings.ContainsFunc(key, isControl) && strings.Trim(key, ".") != "" {
		m, err := p.userByKey(ctx, op, key)
		switch {
		case err == nil && names(key, m):
			return m, nil
		case err != nil && idp.KindOf(err) != idp.UserNotFound:
			return idp.User{}, err
		}
	}
	if strings.Contains(key, "@") {
		m, err := p.FindUser(ctx, key)
		if err == nil || idp.KindOf(err) != idp.UserNotFound {
			return m, err
		}
	}
	return idp.User{}, &idp.Error{Kind: idp.UserNotFound, Op: op, Err: errors.New("the recorded manager is no user")}
}

// names reports whether key is the id, the login or the address of u, and not merely the beginning of the login.
func names(key string, u idp.User) bool {
	return key == string(u.ID) || strings.EqualFold(key, u.Login) || strings.EqualFold(key, u.Email)
}
