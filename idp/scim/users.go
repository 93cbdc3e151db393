package scim

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"usher/idp"
)

// User returns the user by id. It costs one call.
func (p *Provider) User(ctx context.Context, id idp.UserID) (idp.User, error) {
	row, err := p.userByID(ctx, "read user", string(id), nil)
	if err != nil {
		return idp.User{}, err
	}
	return p.user(&row), nil
}

// userByID reads one user. A server that answers to a name with a user of another id is not believed.
func (p *Provider) userByID(ctx context.Context, op, id string, query url.Values) (userRow, error) {
	if !isID(id) {
		return userRow{}, notAnID(op, idp.UserNotFound)
	}
	var row userRow
	_, err := p.read(ctx, p.request(op, http.MethodGet, idp.UserNotFound, query, "Users", id), id, &row)
	return row, err
}

// FindUser asks by the configured attribute. Of several users with the address, the one who is not departed is meant. It
// costs one call, or two for an address with capitals that is not found as it is.
func (p *Provider) FindUser(ctx context.Context, email string) (idp.User, error) {
	const op = "find user"
	email = strings.TrimSpace(email)
	if !isAddress(email) {
		return idp.User{}, &idp.Error{Kind: idp.UserNotFound, Op: op, Err: errors.New("not an e-mail address")}
	}
	found, err := p.findBy(ctx, op, p.cfg.FindBy, email)
	if err != nil {
		return idp.User{}, err
	}
	return only(op, found)
}

// findBy asks for users by an attribute, and believes only rows that really have the address there. Letter case does not matter
// by the RFC and matters to some servers, where addresses mostly are in small letters.
func (p *Provider) findBy(ctx context.Context, op, attribute, email string) ([]idp.User, error) {
	found, err := p.findExactly(ctx, op, attribute, email)
	if lower := strings.ToLower(email); err == nil && len(found) == 0 && lower != email {
		return p.findExactly(ctx, op, attribute, lower)
	}
	return found, err
}

func (p *Provider) findExactly(ctx context.Context, op, attribute, email string) ([]idp.User, error) {
	rows, err := list[userRow](ctx, p, op, "Users", "", url.Values{"filter": {equals(attribute, email)}})
	if err != nil {
		return nil, err
	}
	var found []idp.User
	for i := range rows {
		if isID(rows[i].ID) && rows[i].has(attribute, email) {
			found = append(found, p.user(&rows[i]))
		}
	}
	return found, nil
}

// has reports whether the row has the address in the attribute.
func (r *userRow) has(attribute, email string) bool {
	if strings.EqualFold(attribute, "userName") {
		return strings.EqualFold(r.UserName, email)
	}
	for _, e := range r.Emails {
		if strings.EqualFold(e.Value, email) {
			return true
		}
	}
	return false
}

// only picks the one user who is meant.
func only(op string, found []idp.User) (idp.User, error) {
	if len(found) == 1 {
		return found[0], nil
	}
	var present []idp.User
	for _, u := range found {
		if u.Status != idp.Departed {
			present = append(present, u)
		}
	}
	switch {
	case len(found) == 0:
		return idp.User{}, &idp.Error{Kind: idp.UserNotFound, Op: op}
	case len(present) == 1:
		return present[0], nil
	}
	return idp.User{}, &idp.Error{Kind: idp.Ambiguous, Op: op, Err: errors.New("several users have this e-mail address")}
}

// Manager returns the manager of the enterprise extension. The RFC wants an id there; a login or an e-mail address, as some
// synchronizations write, is taken as well if it names one user for certain. It costs two calls, or three.
func (p *Provider) Manager(ctx context.Context, user idp.UserID) (idp.User, error) {
	const op = "find manager"
	row, err := p.userByID(ctx, op, string(user), nil)
	if err != nil {
		return idp.User{}, err
	}
	key := strings.TrimSpace(string(row.Work.Manager))
	switch {
	case key == "":
		return idp.User{}, &idp.Error{Kind: idp.UserNotFound, Op: op, Err: errors.New("no manager is recorded")}
	case isAddress(key):
		return p.managerByName(ctx, op, key)
	}
	row, err = p.userByID(ctx, op, key, nil)
	if err != nil {
		return idp.User{}, err
	}
	return p.user(&row), nil
}

// managerByName looks for a login and for an e-mail address. One person may be found by both.
func (p *Provider) managerByName(ctx context.Context, op, name string) (idp.User, error) {
	byLogin, err := p.findBy(ctx, op, "userName", name)
	if err != nil {
		return idp.User{}, err
	}
	all := byLogin
	if p.cfg.FindBy != "userName" {
		byEmail, err := p.findBy(ctx, op, p.cfg.FindBy, name)
		if err != nil {
			return idp.User{}, err
		}
		for _, u := range byEmail {
			if len(byLogin) != 1 || byLogin[0].ID != u.ID {
				all = append(all, u)
			}
		}
	}
	u, err := only(op, all)
	if idp.KindOf(err) == idp.Ambiguous {
		err = &idp.Error{Kind: idp.UserNotFound, Op: op, Err: errors.New("the record fits several users")}
	}
	return u, err
}
