package entra

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"usher/idp"
)

// pageSize is the most that Graph gives of people and groups at once.
const pageSize = 999

// userRow is the part of a user that is read.
type userRow struct {
	Kind    string   `json:"@odata.type"`
	ID      string   `json:"id"`
	UPN     string   `json:"userPrincipalName"`
	Mail    *string  `json:"mail"`
	Proxies []string `json:"proxyAddresses"`
	Name    *string  `json:"displayName"`
	Title   *string  `json:"jobTitle"`
	Dept    *string  `json:"department"`
	Number  *string  `json:"employeeId"`
	Sort    *string  `json:"employeeType"`
	Guest   *string  `json:"userType"`
	Enabled *bool    `json:"accountEnabled"`
	Deleted *string  `json:"deletedDateTime"`
	SignIn  *struct {
		Last *time.Time `json:"lastSuccessfulSignInDateTime"`
	} `json:"signInActivity"`
}

// userFields are asked for by name: department and accountEnabled are not among what Graph gives unasked.
const userFields = "id,userPrincipalName,mail,proxyAddresses,displayName,jobTitle,department,employeeId,employeeType,userType,accountEnabled,deletedDateTime"

// user translates the row. An account that is neither known as enabled nor deleted is inactive, never active.
func (r userRow) user() idp.User {
	u := idp.User{
		ID: idp.UserID(r.ID), Login: r.UPN, Email: text(r.Mail), Name: text(r.Name), Title: text(r.Title), Department: text(r.Dept),
		Status: idp.Inactive, StatusDetail: "blocked", Attributes: map[string]string{},
	}
	switch {
	case r.Deleted != nil:
		// Graph puts the id before the name of a deleted account, so that the name can be given to somebody else.
		u.Login = strings.TrimPrefix(r.UPN, strings.ReplaceAll(r.ID, "-", ""))
		u.Status, u.StatusDetail = idp.Departed, "deleted"
	case r.Enabled != nil && *r.Enabled:
		u.Status, u.StatusDetail = idp.Active, "enabled"
	}
	for name, value := range map[string]*string{
		"userPrincipalName": &u.Login, "mail": r.Mail, "displayName": r.Name, "jobTitle": r.Title, "department": r.Dept, "employeeId": r.Number,
		"employeeType": r.Sort, "userType": r.Guest,
	} {
		if text(value) != "" {
			u.Attributes[name] = *value
		}
	}
	if r.SignIn != nil && r.SignIn.Last != nil {
		u.LastLogin = *r.SignIn.Last
	}
	return u
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// checked refuses a row that is no user.
func (r userRow) checked(op string) (idp.User, error) {
	if !isGUID(r.ID) || r.UPN == "" {
		return idp.User{}, &idp.Error{Kind: idp.Unavailable, Op: op, Code: "HTTP 200", Err: errors.New("the answer is no user")}
	}
	return r.user(), nil
}

// User returns the user by id. Who is in the deleted items, where Entra keeps accounts for 30 days, is departed; who is blocked
// is inactive. It costs one call, two for who is not there or with SignInActivity.
func (p *Provider) User(ctx context.Context, id idp.UserID) (idp.User, error) {
	const op = "read user"
	if !isGUID(string(id)) {
		return idp.User{}, notAnID(op, idp.UserNotFound)
	}
	u, err := p.readUser(ctx, op, "/users/"+string(id))
	switch {
	case idp.KindOf(err) == idp.UserNotFound && err != nil:
		if deleted, gone := p.readUser(ctx, op, "/directory/deletedItems/"+string(id)); gone == nil {
			return deleted, nil
		} else if kind := idp.KindOf(gone); kind != idp.UserNotFound && kind != idp.Forbidden {
			return idp.User{}, gone
		}
		return idp.User{}, err
	case err != nil:
		return idp.User{}, err
	case u.ID != id:
		return idp.User{}, &idp.Error{Kind: idp.Unavailable, Op: op, Code: "HTTP 200", Err: errors.New("the answer is another user")}
	}
	if p.cfg.SignInActivity {
		u.LastLogin, err = p.lastLogin(ctx, op, id)
	}
	return u, err
}

func (p *Provider) readUser(ctx context.Context, op, path string) (idp.User, error) {
	var row userRow
	err := p.one(ctx, call{op: op, path: path, query: url.Values{"$select": {userFields}}, missing: idp.UserNotFound}, &row)
	if err != nil {
		return idp.User{}, err
	}
	return row.checked(op)
}

// lastLogin asks by a list, which has a far higher limit than asking for the one user. A tenant without a license, or an app
// without the right, knows no last sign-in; Check says so.
func (p *Provider) lastLogin(ctx context.Context, op string, id idp.UserID) (time.Time, error) {
	var last time.Time
	query := url.Values{"$filter": {"id eq " + quote(string(id))}, "$select": {"id,userPrincipalName,signInActivity"}}
	err := pages(ctx, p, call{op: op, path: "/users", query: query, units: 2}, func(rows []userRow) (bool, error) {
		for _, row := range rows {
			if row.ID == string(id) {
				last = row.user().LastLogin
			}
		}
		return true, nil
	})
	if err != nil && idp.KindOf(err) != idp.Forbidden {
		return time.Time{}, err
	}
	return last, nil
}

// FindUser returns the user who has the address as mail, as userPrincipalName or among the proxyAddresses. Guests, blocked
// accounts and shared mailboxes count as anybody does, so that a doubtful address is ambiguous. It costs two calls.
func (p *Provider) FindUser(ctx context.Context, email string) (idp.User, error) {
	const op = "find user"
	email = strings.TrimSpace(email)
	if !strings.Contains(email, "@") || len(email) > 320 || strings.ContainsFunc(email, isControl) {
		return idp.User{}, &idp.Error{Kind: idp.UserNotFound, Op: op, Err: errors.New("not an e-mail address")}
	}
	found := map[string]idp.User{}
	for _, filter := range []string{
		"mail eq " + quote(email) + " or userPrincipalName eq " + quote(email),
		"proxyAddresses/any(p:p eq " + quote("smtp:"+email) + ")",
	} {
		query := url.Values{"$filter": {filter}, "$select": {userFields}, "$top": {strconv.Itoa(50)}}
		err := pages(ctx, p, call{op: op, path: "/users", query: query, units: 2}, func(rows []userRow) (bool, error) {
			for _, row := range rows {
				u, err := row.checked(op)
				if err != nil {
					return false, err
				}
				if row.has(email) {
					found[row.ID] = u
				}
			}
			return true, nil
		})
		if err != nil {
			return idp.User{}, err
		}
	}
	switch len(found) {
	case 0:
		return idp.User{}, &idp.Error{Kind: idp.UserNotFound, Op: op}
	case 1:
		for _, u := range found {
			return u, nil
		}
	}
	return idp.User{}, &idp.Error{Kind: idp.Ambiguous, Op: op, Err: errors.New("several accounts have this e-mail address")}
}

// has looks again at what the filters asked for.
func (r userRow) has(email string) bool {
	if strings.EqualFold(text(r.Mail), email) || strings.EqualFold(r.UPN, email) {
		return true
	}
	for _, proxy := range r.Proxies {
		if kind, address, cut := strings.Cut(proxy, ":"); cut && strings.EqualFold(kind, "smtp") && strings.EqualFold(address, email) {
			return true
		}
	}
	return false
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// Manager returns the manager whom the directory records. Graph's 404 means that there is none or no such user, which is the
// same here. It costs one call.
func (p *Provider) Manager(ctx context.Context, user idp.UserID) (idp.User, error) {
	const op = "find manager"
	if !isGUID(string(user)) {
		return idp.User{}, notAnID(op, idp.UserNotFound)
	}
	var row userRow
	err := p.one(ctx, call{op: op, path: "/users/" + string(user) + "/manager", query: url.Values{"$select": {userFields}}, missing: idp.UserNotFound}, &row)
	if err != nil {
		return idp.User{}, err
	}
	if row.Kind != "" && row.Kind != kindUser {
		return idp.User{}, &idp.Error{Kind: idp.UserNotFound, Op: op, Err: errors.New("the recorded manager is no user but a contact")}
	}
	return row.checked(op)
}

// RevokeSessions makes the refresh tokens and session cookies of the user invalid. Access tokens that apps hold already live on
// for up to an hour where the app does not check continuously. It needs User.RevokeSessions.All, which nothing asks for yet.
func (p *Provider) RevokeSessions(ctx context.Context, user idp.UserID) error {
	const op = "revoke sessions"
	if !isGUID(string(user)) {
		return notAnID(op, idp.UserNotFound)
	}
	a, err := p.do(ctx, call{op: op, method: "POST", path: "/users/" + string(user) + "/revokeSignInSessions", missing: idp.UserNotFound, class: writes})
	if err != nil {
		return err
	}
	var answer struct {
		Value bool `json:"value"`
	}
	if err := a.read(op, &answer); err != nil {
		return err
	}
	if !answer.Value {
		return a.odd(op, "the answer does not confirm the change")
	}
	return nil
}
