package google

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"usher/idp"
	"usher/idp/rest"
)

// membershipRow is a membership as the Cloud Identity API shows it.
type membershipRow struct {
	Name  string           `json:"name"`
	Roles []membershipRole `json:"roles"`
}

type membershipRole struct {
	Name         string        `json:"name"`
	ExpiryDetail *expiryDetail `json:"expiryDetail,omitempty"`
}

type expiryDetail struct {
	ExpireTime string `json:"expireTime,omitempty"`
}

// expiry is when the role MEMBER ends; false if the answer cannot be read.
func (r membershipRow) expiry() (time.Time, bool) {
	for _, role := range r.Roles {
		if role.Name != roleMember {
			continue
		}
		if role.ExpiryDetail == nil || role.ExpiryDetail.ExpireTime == "" {
			return time.Time{}, true
		}
		at, err := time.Parse(time.RFC3339, role.ExpiryDetail.ExpireTime)
		return at, err == nil
	}
	return time.Time{}, false
}

// SetExpiry has Google end the membership at the given time, to the second; the zero time takes the end away. Google refuses it
// for owners and managers, and in editions without expiring memberships; both are NotGovernable with the reason. The group's
// owners get a mail three days ahead, or at once if the end is nearer. It costs three calls.
func (p *Provider) SetExpiry(ctx context.Context, group idp.GroupID, user idp.UserID, at time.Time) error {
	const op = "set expiry"
	row, resource, name, err := p.membership(ctx, op, group, user)
	if err != nil {
		return err
	}
	if row.Role != roleMember {
		return notGovernable(op, "Only a plain membership can end by itself, and this person is an owner or manager of the group.")
	}
	role := membershipRole{Name: roleMember, ExpiryDetail: &expiryDetail{}}
	if at = at.Truncate(time.Second); !at.IsZero() {
		role.ExpiryDetail.ExpireTime = at.UTC().Format(time.RFC3339)
	}
	body := map[string]any{"updateRolesParams": []any{map[string]any{"fieldMask": "expiry_detail.expire_time", "membershipRole": role}}}
	ask := p.identity(op, scopeExpiry, http.MethodPost, idp.UserNotFound, nil, "groups", resource, "memberships", name+":modifyMembershipRoles")
	a, err := p.write(ctx, ask, body)
	if err != nil {
		return err
	}
	var answer struct {
		Membership membershipRow `json:"membership"`
	}
	if err := a.Decode(op, &answer); err != nil {
		return err
	}
	if set, fine := answer.Membership.expiry(); !fine || !set.Equal(at) {
		return a.Odd(op, "the answer does not confirm the change")
	}
	return nil
}

// Expiry reads when Google itself will end the membership; the zero time means never. It costs three calls.
func (p *Provider) Expiry(ctx context.Context, group idp.GroupID, user idp.UserID) (time.Time, error) {
	const op = "read expiry"
	row, resource, name, err := p.membership(ctx, op, group, user)
	if err != nil || row.Role != roleMember {
		return time.Time{}, err // Owners and managers never end by themselves.
	}
	var answer membershipRow
	ask := p.identity(op, scopeLabels, http.MethodGet, idp.UserNotFound, nil, "groups", resource, "memberships", name)
	if err := p.read(ctx, ask, &answer); err != nil {
		return time.Time{}, err
	}
	at, fine := answer.expiry()
	if !fine {
		return time.Time{}, &idp.Error{Kind: idp.Unavailable, Op: op, Code: "HTTP 200", Err: errors.New("the answer is no membership")}
	}
	return at, nil
}

// membership finds a direct membership in both APIs: what the Directory API says of it, and the names of group and membership
// in the Cloud Identity API.
func (p *Provider) membership(ctx context.Context, op string, group idp.GroupID, user idp.UserID) (row memberRow, resource, name string, err error) {
	if err := checkPair(op, group, user); err != nil {
		return row, "", "", err
	}
	j, err := p.judge(ctx, op, group)
	switch {
	case err != nil:
		return row, "", "", err
	case j.refusal != "":
		return row, "", "", notGovernable(op, j.refusal)
	}
	row, found, err := p.readMember(ctx, op, group, user)
	switch {
	case err != nil:
		return row, "", "", err
	case !found:
		if _, err := p.readGroup(ctx, op, group); err != nil {
			return row, "", "", err
		}
		return row, "", "", &idp.Error{Kind: idp.UserNotFound, Op: op, Err: errors.New("the user is no direct member of the group")}
	}
	var answer struct {
		Name string `json:"name"`
	}
	ask := p.identity(op, scopeLabels, http.MethodGet, idp.UserNotFound, url.Values{"memberKey.id": {row.Email}}, "groups", j.resource, "memberships:lookup")
	if err := p.read(ctx, ask, &answer); err != nil {
		return row, "", "", laggingMembership(op, err)
	}
	name, fine := strings.CutPrefix(answer.Name, "groups/"+j.resource+"/memberships/")
	if !fine || rest.Plain(name) == "" {
		return row, "", "", &idp.Error{Kind: idp.Unavailable, Op: op, Code: "HTTP 200", Err: errors.New("the answer is no membership")}
	}
	return row, j.resource, name, nil
}

// laggingMembership takes "no such member" for a matter of time: the Directory API has just shown the membership.
func laggingMembership(op string, err error) error {
	if idp.KindOf(err) != idp.UserNotFound {
		return err
	}
	return &idp.Error{Kind: idp.Unavailable, Op: op, Code: codeOf(err), Err: errors.New("the membership is so new that Google does not know it everywhere")}
}
