package entra

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"usher/idp"
)

const (
	pimPath = "/identityGovernance/privilegedAccess/group/"
	// shortestAssignment is the least time that PIM gives a membership, and shortestMargin what is added for clocks that differ.
	shortestAssignment = 5 * time.Minute
	shortestMargin     = 30 * time.Second
)

// The codes of PIM. Source: learn.microsoft.com/rest/api/authorization, common errors of privileged role requests, which PIM for
// Groups shares.
const (
	codeExists      = "RoleAssignmentExists"
	codeNoSuch      = "RoleAssignmentDoesNotExist"
	codePending     = "PendingRoleAssignmentRequest"
	codePolicy      = "RoleAssignmentRequestPolicyValidationFailed"
	codeNoSubject   = "SubjectNotFound"
	codeUnsupported = "ResourceTypeNotSupported"
)

// SetExpiry has PIM for Groups end the membership at the given time, or never for the zero time. PIM gives at least five
// minutes, so an earlier end becomes that: it is a second lock, and the first one is not late. The group comes under PIM with
// the first call. It needs PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup and Entra ID P2 or Governance.
func (p *Provider) SetExpiry(ctx context.Context, group idp.GroupID, user idp.UserID, at time.Time) error {
	const op = "set expiry"
	if err := checkPair(op, group, user); err != nil {
		return err
	}
	if err := p.governable(ctx, op, group); err != nil {
		return err
	}
	// An update makes no membership, so it comes first.
	code, err := p.schedule(ctx, op, "adminUpdate", group, user, at)
	if code != codeNoSuch {
		return err
	}
	// PIM does not know the membership: there is none, or the group is not under PIM yet.
	is, err := p.isMember(ctx, op, group, user)
	switch {
	case err != nil:
		return err
	case !is:
		return &idp.Error{Kind: idp.UserNotFound, Op: op, Code: code, Err: errors.New("the user is no member of the group")}
	case at.IsZero():
		return nil // what PIM does not know it does not end
	}
	_, err = p.schedule(ctx, op, "adminAssign", group, user, at)
	return err
}

// schedule sends a request to PIM. The code is that of a refusal.
func (p *Provider) schedule(ctx context.Context, op, action string, group idp.GroupID, user idp.UserID, at time.Time) (string, error) {
	now := p.cfg.Now().UTC()
	expiration := map[string]string{"type": "noExpiration"}
	if !at.IsZero() {
		if least := now.Add(shortestAssignment + shortestMargin); at.Before(least) {
			at = least
		}
		expiration = map[string]string{"type": "afterDateTime", "endDateTime": at.UTC().Add(time.Second - 1).Truncate(time.Second).Format(time.RFC3339)}
	}
	var refused failure
	a, err := p.do(ctx, call{
		op: op, method: http.MethodPost, path: pimPath + "assignmentScheduleRequests", class: writes, missing: idp.GroupNotFound,
		body: map[string]any{
			"accessId": "member", "action": action, "principalId": string(user), "groupId": string(group), "justification": "Usher: end of the granted time",
			"scheduleInfo": map[string]any{"startDateTime": now.Format(time.RFC3339), "expiration": expiration},
		},
		refused: func(a *answer) { refused = readFailure(a.body) },
	})
	if err != nil {
		return refused.Code, refused.pimError(err)
	}
	var answer struct {
		Status string `json:"status"`
	}
	if err := a.read(op, &answer); err != nil {
		return "", err
	}
	if a.status != http.StatusCreated || answer.Status != "Provisioned" {
		return "", a.odd(op, "PIM has not confirmed the end")
	}
	return "", nil
}

// pimError gives the refusals of PIM their kinds and their reasons.
func (f failure) pimError(err error) error {
	var e *idp.Error
	if !errors.As(err, &e) {
		return err
	}
	switch f.Code {
	case codePolicy:
		e.Kind, e.Err = idp.NotGovernable, errors.New("the PIM policy of this group does not allow this end: "+f.rules())
	case codeUnsupported:
		e.Kind, e.Err = idp.NotGovernable, errors.New("PIM cannot manage a group of this kind")
	case codeNoSubject:
		e.Kind = idp.UserNotFound
	case codePending, codeExists:
		e.Kind = idp.Unavailable
	}
	return e
}

// rules names the rules of a policy that were not met, which stand in the message as ["ExpirationRule"].
func (f failure) rules() string {
	var names []string
	for _, rule := range []string{"ExpirationRule", "JustificationRule", "TicketingRule", "MfaRule", "EligibilityRule", "ApprovalRule"} {
		if strings.Contains(f.Message, rule) {
			names = append(names, rule)
		}
	}
	if names == nil {
		return "see the settings of the role Member"
	}
	return strings.Join(names, ", ")
}

// instanceRow is the part of an assignment that is read.
type instanceRow struct {
	User   string     `json:"principalId"`
	Group  string     `json:"groupId"`
	Access string     `json:"accessId"`
	End    *time.Time `json:"endDateTime"`
}

// Expiry reads when PIM ends the membership; zero for never, and for who is no member.
func (p *Provider) Expiry(ctx context.Context, group idp.GroupID, user idp.UserID) (time.Time, error) {
	const op = "read expiry"
	if err := checkPair(op, group, user); err != nil {
		return time.Time{}, err
	}
	filter := "groupId eq " + quote(string(group)) + " and principalId eq " + quote(string(user))
	var end time.Time
	c := call{op: op, path: pimPath + "assignmentScheduleInstances", query: url.Values{"$filter": {filter}}}
	err := pages(ctx, p, c, func(rows []instanceRow) (bool, error) {
		for _, r := range rows {
			if r.User == string(user) && r.Group == string(group) && r.Access == "member" && r.End != nil && r.End.After(end) {
				end = *r.End
			}
		}
		return true, nil
	})
	return end, err
}
