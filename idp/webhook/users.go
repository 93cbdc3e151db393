package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"usher/idp"
)

// userRow is a user as the receiver writes it.
type userRow struct {
	ID         string `json:"id"`
	Login      string `json:"login"`
	Email      string `json:"email"`
	Name       string `json:"name"`
	Title      string `json:"title"`
	Department string `json:"department"`
	Status     string `json:"status"`
}

// user translates a row; false if the receiver wrote no user.
func (p *Provider) user(r userRow) (idp.User, bool) {
	u := idp.User{
		ID: idp.UserID(r.ID), Login: r.Login, Email: r.Email, Name: r.Name, Title: r.Title, Department: r.Department,
		Status: idp.UserStatus(r.Status), StatusDetail: r.Status,
	}
	if u.Login == "" {
		u.Login = r.Email
	}
	switch u.Status {
	case idp.Active, idp.Inactive, idp.Departed:
		return u, p.isUserID(r.ID)
	default:
		return idp.User{}, false
	}
}

// User returns the user by id. It costs one call.
func (p *Provider) User(ctx context.Context, id idp.UserID) (idp.User, error) {
	const op = "read user"
	if !p.isUserID(string(id)) {
		return idp.User{}, notAnID(op, idp.UserNotFound)
	}
	var row userRow
	if err := p.read(ctx, p.request(op, http.MethodGet, nil, "users", string(id)), &row); err != nil {
		return idp.User{}, err
	}
	u, fine := p.user(row)
	if !fine || u.ID != id {
		return idp.User{}, odd(op, "the answer is not this user")
	}
	return u, nil
}

// FindUser asks for everybody with the address. Of several, the one who is not departed is meant. It costs one call.
func (p *Provider) FindUser(ctx context.Context, email string) (idp.User, error) {
	const op = "find user"
	email = strings.TrimSpace(email)
	if !isAddress(email) {
		return idp.User{}, &idp.Error{Kind: idp.UserNotFound, Op: op, Err: errors.New("not an e-mail address")}
	}
	var found, present []idp.User
	r := p.request(op, http.MethodGet, url.Values{"email": {email}}, "users")
	err := p.list(ctx, r, "users", func(raw json.RawMessage) error {
		var row userRow
		if json.Unmarshal(raw, &row) != nil {
			return odd(op, "the answer is no list of users")
		}
		u, fine := p.user(row)
		if !fine {
			return odd(op, "the answer is no list of users")
		}
		if !strings.EqualFold(u.Email, email) {
			return nil // The receiver was generous.
		}
		found = append(found, u)
		if u.Status != idp.Departed {
			present = append(present, u)
		}
		return nil
	})
	switch {
	case err != nil:
		return idp.User{}, err
	case len(found) == 1:
		return found[0], nil
	case len(present) == 1:
		return present[0], nil
	case len(found) == 0:
		return idp.User{}, &idp.Error{Kind: idp.UserNotFound, Op: op}
	}
	return idp.User{}, &idp.Error{Kind: idp.Ambiguous, Op: op, Err: errors.New("several users have this e-mail address")}
}

// isAddress accepts what can be an e-mail address.
func isAddress(s string) bool {
	local, domain, found := strings.Cut(s, "@")
	return found && local != "" && domain != "" && len(s) <= 320 && !strings.Contains(domain, "@") &&
		!strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f })
}
