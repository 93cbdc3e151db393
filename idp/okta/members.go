package okta

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"usher/idp"
)

func notGovernable(op, refusal string) error {
	return &idp.Error{Kind: idp.NotGovernable, Op: op, Err: errors.New(refusal)}
}

// AddMember puts the user into the group. It refuses groups that Group refuses, by a judgement that is at most a
// day old, so it usually costs one call. Okta answers the same whether the user was a member before or not.
func (p *Provider) AddMember(ctx context.Context, group idp.GroupID, user idp.UserID) error {
	const op = "add member"
	if err := checkPair(op, group, user); err != nil {
		return err
	}
	if err := p.governable(ctx, op, group); err != nil {
		return err
	}
	return p.change(ctx, op, bucketAdd, group, user, func(ctx context.Context) error {
		_, err := p.api.GroupAPI.AssignUserToGroup(ctx, string(group), string(user)).Execute()
		return err
	})
}

// RemoveMember takes the user out of the group, in one call. It asks for no judgement first: a removal must not wait
// for reads. A user or group that is gone is an error of that kind, because a 404 confirms no removal.
func (p *Provider) RemoveMember(ctx context.Context, group idp.GroupID, user idp.UserID) error {
	const op = "remove member"
	if err := checkPair(op, group, user); err != nil {
		return err
	}
	return p.change(ctx, op, bucketRemove, group, user, func(ctx context.Context) error {
		_, err := p.api.GroupAPI.UnassignUserFromGroup(ctx, string(group), string(user)).Execute()
		return err
	})
}

func checkPair(op string, group idp.GroupID, user idp.UserID) error {
	if !isGroupID(group) {
		return notAnID(op, idp.GroupNotFound)
	}
	if !isUserID(user) {
		return notAnID(op, idp.UserNotFound)
	}
	return nil
}

// change sends a membership change and makes a refusal precise.
func (p *Provider) change(ctx context.Context, op, bucket string, group idp.GroupID, user idp.UserID, execute func(context.Context) error) error {
	var refused *exchange
	x, err := p.do(ctx, call{op: op, bucket: bucket, missing: missingUnknown, change: true}, func(ctx context.Context) error {
		refused, _ = ctx.Value(exchangeKey{}).(*exchange)
		return execute(ctx)
	})
	var e *idp.Error
	switch {
	case err == nil:
		return x.done(op)
	case !errors.As(err, &e):
		return err
	case e.Kind == missingUnknown:
		e.Kind = p.whatIsMissing(ctx, op, refused, group, user)
	case e.Kind == idp.Forbidden && refused.status == http.StatusForbidden:
		// Okta says "no permission" for groups that nobody can change, too.
		p.judged.Forget(group)
		if refusal := p.governable(ctx, op, group); idp.KindOf(refusal) == idp.NotGovernable && refusal != nil {
			return refusal
		}
	}
	return e
}

// missingUnknown marks a 404 that may mean the user or the group. It never leaves this file.
const missingUnknown idp.Kind = "missing_unknown"

// whatIsMissing reads from a 404 which of the two is gone, and asks for the group if the text does not say.
func (p *Provider) whatIsMissing(ctx context.Context, op string, x *exchange, group idp.GroupID, user idp.UserID) idp.Kind {
	summary := readFailure(x.body).Summary
	aboutGroup := strings.Contains(summary, "(UserGroup)") || strings.Contains(summary, string(group))
	aboutUser := strings.Contains(summary, "(User)") || strings.Contains(summary, string(user))
	if aboutGroup == aboutUser {
		_, err := p.readGroup(ctx, op, group)
		switch {
		case err == nil:
			aboutGroup = false
		case idp.KindOf(err) == idp.GroupNotFound:
			aboutGroup = true
		default:
			return idp.Unavailable
		}
	}
	if aboutGroup {
		p.judged.Forget(group)
		return idp.GroupNotFound
	}
	return idp.UserNotFound
}
