package google

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"usher/idp"
	"usher/idp/rest"
)

const (
	roleOwner   = "OWNER"
	roleManager = "MANAGER"
	roleMember  = "MEMBER"
)

// memberRow is the part of a member that is read.
type memberRow struct {
	ID     string `json:"id"`
	Email  string `json:"email"`
	Role   string `json:"role"`
	Type   string `json:"type"`
	Status string `json:"status"`
}

func (r memberRow) user() idp.User {
	u := idp.User{ID: idp.UserID(r.ID), Login: r.Email, Email: r.Email, Status: idp.Inactive, StatusDetail: r.Status}
	if r.Status == "ACTIVE" {
		u.Status = idp.Active
	}
	if r.Status == "" {
		u.StatusDetail = "not told for people from outside"
	}
	return u
}

func notGovernable(op, refusal string) *idp.Error {
	return &idp.Error{Kind: idp.NotGovernable, Op: op, Err: errors.New(refusal)}
}

// memberRequest asks for one direct membership.
func (p *Provider) memberRequest(op, method string, group idp.GroupID, user idp.UserID) rest.Request {
	return p.directory(op, scopeMembers, method, missingUnknown, nil, "groups", string(group), "members", string(user))
}

// readMember reads a direct membership; false if there is none.
func (p *Provider) readMember(ctx context.Context, op string, group idp.GroupID, user idp.UserID) (memberRow, bool, error) {
	var row memberRow
	err := p.read(ctx, p.memberRequest(op, http.MethodGet, group, user), &row)
	switch {
	case isMissing(err):
		return memberRow{}, false, nil
	case err != nil:
		return memberRow{}, false, err
	case row.ID != string(user):
		return memberRow{}, false, &idp.Error{Kind: idp.Unavailable, Op: op, Code: "HTTP 200", Err: errors.New("the answer is not this member")}
	case row.Role == "":
		row.Role = roleMember // Google leaves it out now and then.
	}
	return row, true, nil
}

// missingUnknown marks a 404 that may mean the user, the group or the membership. It never leaves this package.
const missingUnknown idp.Kind = "missing_unknown"

func isMissing(err error) bool { return idp.KindOf(err) == missingUnknown }

// AddMember puts the user into the group with role MEMBER. It refuses groups that Group refuses, by a judgement that is at
// most a day old, so it usually costs one call. Whoever is a member already keeps the role.
//
// The user is named by the id: an address may have passed to somebody else, and one that is nobody's would be taken in as a
// guest from outside.
func (p *Provider) AddMember(ctx context.Context, group idp.GroupID, user idp.UserID) error {
	const op = "add member"
	if err := checkPair(op, group, user); err != nil {
		return err
	}
	if err := p.governable(ctx, op, group); err != nil {
		return err
	}
	ask := p.directory(op, scopeMembers, http.MethodPost, missingUnknown, nil, "groups", string(group), "members")
	a, err := p.write(ctx, ask, map[string]string{"id": string(user), "role": roleMember})
	if codeOf(err) == "duplicate" {
		p.noteRole(ctx, op, group, user)
		return nil
	}
	if err != nil {
		return p.refused(ctx, op, err, group, user)
	}
	var row memberRow
	if err := a.Decode(op, &row); err != nil {
		return err
	}
	if row.ID != string(user) {
		return a.Odd(op, "the answer does not confirm the change")
	}
	return nil
}

// noteRole tells the log of a member who was there before with a role that Usher will not take away.
func (p *Provider) noteRole(ctx context.Context, op string, group idp.GroupID, user idp.UserID) {
	row, found, err := p.readMember(ctx, op, group, user)
	if err == nil && found && row.Role != roleMember {
		p.cfg.Logger.InfoContext(ctx, "member has a higher role", "group", string(group), "user", string(user), "role", rest.Plain(row.Role))
	}
}

// RemoveMember takes the user out of the group. The role is read first: an owner or manager is refused with kind
// NotGovernable, because the role would go with the membership. It costs two calls, one more for who is no member. A group that is gone is an error of that kind, because a 404 confirms no removal.
func (p *Provider) RemoveMember(ctx context.Context, group idp.GroupID, user idp.UserID) error {
	const op = "remove member"
	if err := checkPair(op, group, user); err != nil {
		return err
	}
	row, found, err := p.readMember(ctx, op, group, user)
	if err != nil {
		return err
	}
	if found && row.Role != roleMember {
		return notGovernable(op, roleRefusal(row.Role))
	}
	// Who seems to be no member is removed all the same: reads lag.
	a, err := p.client.Do(ctx, p.memberRequest(op, http.MethodDelete, group, user))
	switch {
	case isMissing(err):
		// Google says the same of an unknown group and of somebody who is no member.
		_, err = p.readGroup(ctx, op, group)
		return err
	case err != nil:
		return p.refused(ctx, op, err, group, user)
	case !a.Blank():
		return a.Odd(op, "the answer does not confirm the change")
	}
	return nil
}

func roleRefusal(role string) string {
	name := map[string]string{roleOwner: "an owner", roleManager: "a manager"}[role]
	if name == "" {
		name = "more than a member"
	}
	return "This person is " + name + " of the group, and Usher takes away plain memberships only."
}

// refused makes the refusal of a change precise.
func (p *Provider) refused(ctx context.Context, op string, err error, group idp.GroupID, user idp.UserID) error {
	var e *idp.Error
	switch {
	case !errors.As(err, &e):
		return err
	case e.Kind == missingUnknown:
		return p.whatIsMissing(ctx, op, e, group, user)
	case e.Code == "conditionNotMet":
		e.Kind, e.Err = idp.UserNotAllowed, errors.New("a rule of the group forbids this membership, such as one against people from outside")
	case e.Kind != idp.Forbidden:
		return e
	}
	// Google says "not authorized" or "condition not met" for groups that nobody can change, too.
	p.judged.Forget(group)
	if refusal := p.governable(ctx, op, group); idp.KindOf(refusal) == idp.NotGovernable {
		return refusal
	}
	return e
}

// whatIsMissing finds out which of the two is gone. Both there means that the news has not spread yet.
func (p *Provider) whatIsMissing(ctx context.Context, op string, e *idp.Error, group idp.GroupID, user idp.UserID) error {
	if _, err := p.readGroup(ctx, op, group); err != nil {
		p.judged.Forget(group)
		return err
	}
	if _, err := p.userByKey(ctx, op, string(user)); err != nil {
		return err
	}
	e.Kind, e.Err = idp.Unavailable, errors.New("the group or the user is so new that Google does not know it everywhere")
	return e
}

// IsMember reads whether the user is a direct member of the group. With priority Removal, as the proof of a removal, it also
// looks for a membership through another group: access then goes on although the direct membership is gone, and that is an
// error of kind NotGovernable.
func (p *Provider) IsMember(ctx context.Context, group idp.GroupID, user idp.UserID) (bool, error) {
	const op = "read membership"
	if err := checkPair(op, group, user); err != nil {
		return false, err
	}
	_, found, err := p.readMember(ctx, op, group, user)
	if err != nil || found || idp.PriorityOf(ctx) != idp.Removal {
		return found, err
	}
	nested, err := p.hasMember(ctx, op, group, user)
	if err != nil {
		return false, err
	}
	if nested {
		return false, notGovernable(op, "The person is no direct member (any more), but still is one through another group that is a member, so access goes on.")
	}
	return false, nil
}

// hasMember reads whether the user is a member, directly or through other groups.
func (p *Provider) hasMember(ctx context.Context, op string, group idp.GroupID, user idp.UserID) (bool, error) {
	var answer struct {
		IsMember *bool `json:"isMember"`
	}
	ask := p.directory(op, scopeMembers, http.MethodGet, missingUnknown, nil, "groups", string(group), "hasMember", string(user))
	err := p.read(ctx, ask, &answer)
	switch {
	case isMissing(err), idp.KindOf(err) == idp.Invalid:
		return false, nil // Gone, or somebody from outside, of whom Google says nothing here.
	case err != nil:
		return false, err
	case answer.IsMember == nil:
		return false, &idp.Error{Kind: idp.Unavailable, Op: op, Code: "HTTP 200", Err: errors.New("the answer says nothing")}
	}
	return *answer.IsMember, nil
}

// Members lists the people who are direct members of the group, with any role. Groups within it, and "everybody in the
// company", are no people and not listed. Who joins or leaves while it reads may or may not be in the result; nobody is in it
// twice.
func (p *Provider) Members(ctx context.Context, group idp.GroupID) ([]idp.User, error) {
	const op = "list members"
	if !isGroupID(group) {
		return nil, notAnID(op, idp.GroupNotFound)
	}
	members, seen := []idp.User{}, map[string]bool{}
	err := p.eachMember(ctx, op, group, "", func(row memberRow) {
		if !seen[row.ID] && row.Type != "GROUP" && row.Type != "CUSTOMER" {
			members = append(members, row.user())
		}
		seen[row.ID] = true
	})
	if err != nil {
		return nil, err
	}
	return members, nil
}

// eachMember calls each for every direct member of the group, or for those of some roles.
func (p *Provider) eachMember(ctx context.Context, op string, group idp.GroupID, roles string, each func(memberRow)) error {
	query := url.Values{"maxResults": {strconv.Itoa(pageSize)}}
	if roles != "" {
		query.Set("roles", roles)
	}
	ask := p.directory(op, scopeMembers, http.MethodGet, idp.GroupNotFound, query, "groups", string(group), "members")
	return p.pages(ctx, ask, func(a *rest.Answer) (string, error) {
		var page struct {
			Kind    string      `json:"kind"`
			Members []memberRow `json:"members"`
			Next    string      `json:"nextPageToken"`
		}
		if err := a.Decode(op, &page); err != nil {
			return "", err
		}
		if page.Kind != "admin#directory#members" {
			return "", a.Odd(op, "the answer is no list of members")
		}
		for _, row := range page.Members {
			if strings.TrimSpace(row.ID) == "" {
				return "", a.Odd(op, "a member without id in the answer")
			}
			each(row)
		}
		return page.Next, nil
	})
}
