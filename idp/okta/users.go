package okta

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"usher/idp"
)

const (
	attributeEmail = "email"
	attributeLogin = "login"
	// pageSize is what Okta recommends for people, and the most that it allows for the groups of a person.
	pageSize = 200
)

// userRow is the part of a user that is read.
type userRow struct {
	ID        string                     `json:"id"`
	Status    string                     `json:"status"`
	LastLogin *string                    `json:"lastLogin"`
	Profile   map[string]json.RawMessage `json:"profile"`
}

// statusOf maps Okta's status. PASSWORD_EXPIRED counts as active: the person signs in and is then asked for a new
// password, and losing access every time a password ages helps nobody. RECOVERY and LOCKED_OUT do not: the account is
// shut until a reset is complete, which is also how a stolen account looks. Unknown words are inactive, never active.
func statusOf(status string) idp.UserStatus {
	switch status {
	case "ACTIVE", "PASSWORD_EXPIRED":
		return idp.Active
	case "DEPROVISIONED":
		return idp.Departed
	default: // STAGED, PROVISIONED, RECOVERY, LOCKED_OUT, SUSPENDED
		return idp.Inactive
	}
}

// user translates the row.
func (r userRow) user(emailAttribute string) idp.User {
	attributes := make(map[string]string, len(r.Profile))
	for name, raw := range r.Profile {
		if text, ok := attributeText(raw); ok {
			attributes[name] = text
		}
	}
	u := idp.User{
		ID: idp.UserID(r.ID), Login: attributes[attributeLogin], Email: attributes[emailAttribute],
		Name: attributes["displayName"], Title: attributes["title"], Department: attributes["department"],
		Status: statusOf(r.Status), StatusDetail: r.Status, Attributes: attributes,
	}
	if u.Name == "" {
		u.Name = strings.TrimSpace(attributes["firstName"] + " " + attributes["lastName"])
	}
	if r.LastLogin != nil {
		if at, err := time.Parse(time.RFC3339, *r.LastLogin); err == nil {
			u.LastLogin = at
		}
	}
	return u
}

// attributeText returns strings, numbers, truth values and lists of them as text; null, empty and nested values not.
func attributeText(raw json.RawMessage) (string, bool) {
	var text string
	if json.Unmarshal(raw, &text) == nil && text != "" {
		return text, true
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil {
		var parts []string
		for _, item := range list {
			if part, ok := attributeText(item); ok {
				parts = append(parts, part)
			}
		}
		return strings.Join(parts, ", "), len(parts) > 0
	}
	switch s := strings.TrimSpace(string(raw)); {
	case s == "", s == "null", s == `""`, s[0] == '{', s[0] == '[', s[0] == '"':
		return "", false
	default:
		return s, true
	}
}

// User returns the user by id, whatever the status. A login is not an id and is not found.
func (p *Provider) User(ctx context.Context, id idp.UserID) (idp.User, error) {
	const op = "read user"
	if !isUserID(id) {
		return idp.User{}, notAnID(op, idp.UserNotFound)
	}
	u, err := p.userByKey(ctx, op, string(id))
	if err != nil {
		return idp.User{}, err
	}
	if u.ID != id {
		return idp.User{}, &idp.Error{Kind: idp.UserNotFound, Op: op, Err: errors.New("okta knows this id as the login of somebody")}
	}
	return u, nil
}

// userByKey reads one user by id or login. Okta also takes the part of a login before the @ if it is unambiguous, so
// callers must compare what they get.
func (p *Provider) userByKey(ctx context.Context, op, key string) (idp.User, error) {
	x, err := p.do(ctx, call{op: op, bucket: "GET users/id", missing: idp.UserNotFound}, func(ctx context.Context) error {
		_, _, err := p.api.UserAPI.GetUser(ctx, key).Execute()
		return err
	})
	if err != nil {
		return idp.User{}, err
	}
	var row userRow
	if err := x.read(op, &row); err != nil {
		return idp.User{}, err
	}
	if row.ID == "" || row.Status == "" {
		return idp.User{}, &idp.Error{Kind: idp.Unavailable, Op: op, Code: "HTTP 200", Err: errors.New("the answer is no user")}
	}
	return row.user(p.cfg.EmailAttribute), nil
}

// FindUser returns the user with the e-mail address. Deactivated accounts count only if there is no other, so that a
// returned colleague's old account does not stand in the way. It costs one call, two if nobody is found: the filter
// reads an index that lags, the second call reads the account whose login is the address.
func (p *Provider) FindUser(ctx context.Context, email string) (idp.User, error) {
	const op = "find user"
	email = strings.TrimSpace(email)
	if email == "" || len(email) > 320 || strings.ContainsFunc(email, isControl) {
		return idp.User{}, &idp.Error{Kind: idp.UserNotFound, Op: op, Err: errors.New("not an e-mail address")}
	}
	var present, departed []idp.User
	ids := map[idp.UserID]bool{}
	keep := func(u idp.User) {
		switch {
		case u.ID == "" || ids[u.ID] || !strings.EqualFold(u.Email, email):
			return
		case u.Status == idp.Departed:
			departed = append(departed, u)
		default:
			present = append(present, u)
		}
		ids[u.ID] = true
	}
	filter := "profile." + p.cfg.EmailAttribute + " eq " + quote(email)
	err := pages(ctx, p, call{op: op, bucket: "GET users"}, func(ctx context.Context, after string) error {
		r := p.api.UserAPI.ListUsers(ctx).Filter(filter).Limit(pageSize)
		if after != "" {
			r = r.After(after)
		}
		_, _, err := r.Execute()
		return err
	}, func(rows []userRow) bool {
		for _, row := range rows {
			keep(row.user(p.cfg.EmailAttribute))
		}
		return true
	})
	if err != nil {
		return idp.User{}, err
	}
	if len(present) == 0 && strings.Contains(email, "@") && !strings.ContainsAny(email, "/\\") {
		switch u, err := p.userByKey(ctx, op, email); {
		case err == nil:
			keep(u)
		case idp.KindOf(err) != idp.UserNotFound:
			return idp.User{}, err
		}
	}
	return onlyOne(op, present, departed)
}

// onlyOne picks the single candidate.
func onlyOne(op string, present, departed []idp.User) (idp.User, error) {
	candidates := present
	if len(candidates) == 0 {
		candidates = departed
	}
	switch len(candidates) {
	case 0:
		return idp.User{}, &idp.Error{Kind: idp.UserNotFound, Op: op}
	case 1:
		return candidates[0], nil
	default:
		return idp.User{}, &idp.Error{Kind: idp.Ambiguous, Op: op, Err: errors.New("several accounts have this e-mail address")}
	}
}

// RevokeSessions ends the user's Okta sessions and the OAuth tokens that Okta gave out for them. Sessions inside apps
// live on until the app asks Okta again. A service app needs the scope okta.users.manage, which nothing asks for yet.
func (p *Provider) RevokeSessions(ctx context.Context, user idp.UserID) error {
	const op = "revoke sessions"
	if !isUserID(user) {
		return notAnID(op, idp.UserNotFound)
	}
	x, err := p.do(ctx, call{op: op, bucket: "DELETE users/id/sessions", missing: idp.UserNotFound}, func(ctx context.Context) error {
		_, err := p.api.UserAPI.RevokeUserSessions(ctx, string(user)).OauthTokens(true).Execute()
		return err
	})
	if err != nil {
		return err
	}
	return x.done(op)
}

// quote writes a value into a filter expression. Okta reads the strings there as JSON.
func quote(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(s) != nil {
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

func notAnID(op string, kind idp.Kind) error {
	return &idp.Error{Kind: kind, Op: op, Err: errors.New("not an Okta id")}
}
