package google

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"usher/idp"
	"usher/idp/rest"
)

// userRow is the part of a user that is read.
type userRow struct {
	ID           string   `json:"id"`
	PrimaryEmail string   `json:"primaryEmail"`
	Aliases      []string `json:"aliases"`
	OtherAliases []string `json:"nonEditableAliases"`
	Name         struct {
		Given  string `json:"givenName"`
		Family string `json:"familyName"`
		Full   string `json:"fullName"`
	} `json:"name"`
	Suspended        bool           `json:"suspended"`
	SuspensionReason string         `json:"suspensionReason"`
	Archived         bool           `json:"archived"`
	LastLogin        string         `json:"lastLoginTime"`
	OrgUnit          string         `json:"orgUnitPath"`
	Customer         string         `json:"customerId"`
	Organizations    []organization `json:"organizations"`
	Relations        []struct {
		Value string `json:"value"`
		Type  string `json:"type"`
	} `json:"relations"`
	Custom map[string]map[string]json.RawMessage `json:"customSchemas"`
}

type organization struct {
	Title      string `json:"title"`
	Department string `json:"department"`
	CostCenter string `json:"costCenter"`
	Primary    bool   `json:"primary"`
}

// organization is the primary entry, or else the first.
func (r userRow) organization() organization {
	for _, o := range r.Organizations {
		if o.Primary {
			return o
		}
	}
	if len(r.Organizations) > 0 {
		return r.Organizations[0]
	}
	return organization{}
}

// manager is the text of the relation of that type.
func (r userRow) manager() string {
	for _, rel := range r.Relations {
		if rel.Type == "manager" && strings.TrimSpace(rel.Value) != "" {
			return strings.TrimSpace(rel.Value)
		}
	}
	return ""
}

// hasAddress reports whether the address is one of the user's, letter case aside.
func (r userRow) hasAddress(email string) bool {
	is := func(a string) bool { return strings.EqualFold(a, email) }
	return is(r.PrimaryEmail) || slices.ContainsFunc(r.Aliases, is) || slices.ContainsFunc(r.OtherAliases, is)
}

// user translates the row.
func (p *Provider) user(r userRow) idp.User {
	org := r.organization()
	u := idp.User{
		ID: idp.UserID(r.ID), Login: r.PrimaryEmail, Email: r.PrimaryEmail, Name: r.Name.Full, Title: org.Title, Department: org.Department,
		Status: idp.Active, StatusDetail: "active", Attributes: map[string]string{},
	}
	if u.Name == "" {
		u.Name = strings.TrimSpace(r.Name.Given + " " + r.Name.Family)
	}
	switch {
	case r.Archived:
		u.Status, u.StatusDetail = idp.Departed, "archived"
	case r.Suspended:
		u.Status, u.StatusDetail = idp.Inactive, "suspended"
		if reason := rest.Plain(r.SuspensionReason); reason != "" {
			u.StatusDetail += " (" + strings.ToLower(reason) + ")"
		}
		if p.cfg.SuspendedMeansDeparted {
			u.Status = idp.Departed
		}
	}
	// Who never signed in did so in 1970, by Google's account.
	if at, err := time.Parse(time.RFC3339, r.LastLogin); err == nil && at.Unix() > 0 {
		u.LastLogin = at
	}
	for name, value := range map[string]string{"orgUnitPath": r.OrgUnit, "manager": r.manager(), "costCenter": org.CostCenter} {
		if value != "" {
			u.Attributes[name] = value
		}
	}
	for schema, fields := range r.Custom {
		for field, raw := range fields {
			if text, plain := attributeText(raw); plain {
				u.Attributes[schema+"."+field] = text
			}
		}
	}
	return u
}

// attributeText returns strings, numbers and truth values, and lists of entries with a value, as text.
func attributeText(raw json.RawMessage) (string, bool) {
	var text string
	if json.Unmarshal(raw, &text) == nil && text != "" {
		return text, true
	}
	var list []struct {
		Value json.RawMessage `json:"value"`
	}
	if json.Unmarshal(raw, &list) == nil {
		var parts []string
		for _, item := range list {
			if part, fine := attributeText(item.Value); fine {
				parts = append(parts, part)
			}
		}
		return strings.Join(parts, ", "), len(parts) > 0
	}
	switch s := strings.TrimSpace(string(raw)); {
	case s == "", s == "null", s[0] == '{', s[0] == '[', s[0] == '"':
		return "", false
	default:
		return s, true
	}
}

// User returns the user by id, whatever the status. An address is not an id and is not found.
func (p *Provider) User(ctx context.Context, id idp.UserID) (idp.User, error) {
	const op = "read user"
	if !isUserID(id) {
		return idp.User{}, notAnID(op, idp.UserNotFound)
	}
	row, err := p.userByKey(ctx, op, string(id))
	if err != nil {
		return idp.User{}, err
	}
	if row.ID != string(id) {
		return idp.User{}, &idp.Error{Kind: idp.UserNotFound, Op: op, Err: errors.New("google knows this id as somebody else's")}
	}
	return p.user(row), nil
}

// userByKey reads one user by id, address or alias. Callers must compare what they get.
func (p *Provider) userByKey(ctx context.Context, op, key string) (userRow, error) {
	var row userRow
	err := p.read(ctx, p.directory(op, scopeUsers, http.MethodGet, idp.UserNotFound, url.Values{"projection": {"full"}}, "users", key), &row)
	if err != nil {
		return userRow{}, err
	}
	if !isUserID(idp.UserID(row.ID)) || row.PrimaryEmail == "" {
		return userRow{}, &idp.Error{Kind: idp.Unavailable, Op: op, Code: "HTTP 200", Err: errors.New("the answer is no user")}
	}
	return row, nil
}

// FindUser returns the user whose primary address or alias it is; User.Email is the primary one then. Addresses belong to one
// user at a time, so nothing is ambiguous. It costs one call, two for addresses of other companies.
func (p *Provider) FindUser(ctx context.Context, email string) (idp.User, error) {
	row, err := p.findRow(ctx, "find user", strings.TrimSpace(email))
	if err != nil {
		return idp.User{}, err
	}
	return p.user(row), nil
}

func (p *Provider) findRow(ctx context.Context, op, email string) (userRow, error) {
	if !isAddress(email) {
		return userRow{}, &idp.Error{Kind: idp.UserNotFound, Op: op, Err: errors.New("not an e-mail address")}
	}
	row, err := p.userByKey(ctx, op, email)
	if kind := idp.KindOf(err); kind == idp.Invalid || kind == idp.Forbidden && codeOf(err) == "forbidden" {
		// So Google answers for addresses of other companies, too. A search tells that from a lack of rights.
		return p.searchRow(ctx, op, email)
	}
	if err != nil {
		return userRow{}, err
	}
	if !row.hasAddress(email) {
		return userRow{}, &idp.Error{Kind: idp.UserNotFound, Op: op, Err: errors.New("google takes this address for somebody else's")}
	}
	return row, nil
}

// searchRow looks the address up in the index of people, which lags.
func (p *Provider) searchRow(ctx context.Context, op, email string) (userRow, error) {
	var page struct {
		Kind  string    `json:"kind"`
		Users []userRow `json:"users"`
	}
	quoted := "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(email) + "'"
	query := url.Values{"customer": {"my_customer"}, "query": {"email=" + quoted}, "projection": {"full"}, "maxResults": {"10"}}
	if err := p.read(ctx, p.directory(op, scopeUsers, http.MethodGet, "", query, "users"), &page); err != nil {
		return userRow{}, err
	}
	if page.Kind != "admin#directory#users" {
		return userRow{}, &idp.Error{Kind: idp.Unavailable, Op: op, Code: "HTTP 200", Err: errors.New("the answer is no list of users")}
	}
	var found []userRow
	for _, row := range page.Users {
		if isUserID(idp.UserID(row.ID)) && row.hasAddress(email) {
			found = append(found, row)
		}
	}
	switch len(found) {
	case 0:
		return userRow{}, &idp.Error{Kind: idp.UserNotFound, Op: op}
	case 1:
		return found[0], nil
	default:
		return userRow{}, &idp.Error{Kind: idp.Ambiguous, Op: op, Err: errors.New("several accounts have this e-mail address")}
	}
}

// Manager returns the manager whom the relation of that type names. It is a free text in Google, normally an address; an id is
// taken as well. A text that names nobody for certain is UserNotFound. It costs two calls.
func (p *Provider) Manager(ctx context.Context, user idp.UserID) (idp.User, error) {
	const op = "find manager"
	if !isUserID(user) {
		return idp.User{}, notAnID(op, idp.UserNotFound)
	}
	row, err := p.userByKey(ctx, op, string(user))
	if err != nil {
		return idp.User{}, err
	}
	key := row.manager()
	switch {
	case key == "":
		return idp.User{}, &idp.Error{Kind: idp.UserNotFound, Op: op, Err: errors.New("no manager is recorded")}
	case isUserID(idp.UserID(key)):
		return p.User(ctx, idp.UserID(key))
	}
	row, err = p.findRow(ctx, op, key)
	if err != nil {
		return idp.User{}, err
	}
	return p.user(row), nil
}

// RevokeSessions signs the user out of Google in all browsers and devices. Sessions inside apps live on until the app asks
// Google again. It needs the scope admin.directory.user.security, which nothing asks for yet.
func (p *Provider) RevokeSessions(ctx context.Context, user idp.UserID) error {
	const op = "revoke sessions"
	if !isUserID(user) {
		return notAnID(op, idp.UserNotFound)
	}
	a, err := p.client.Do(ctx, p.directory(op, scopeSessions, http.MethodPost, idp.UserNotFound, nil, "users", string(user), "signOut"))
	if err != nil {
		return err
	}
	if !a.Blank() {
		return a.Odd(op, "the answer does not confirm the change")
	}
	return nil
}
