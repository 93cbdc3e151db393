package entra

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"usher/idp"
)

// refSuffix makes an address mean the membership. Without it Graph takes the same address for the person and deletes the account
// if the app may manage people. Source: the caution in learn.microsoft.com/graph/api/group-delete-members.
const refSuffix = "/$ref"

// membershipPath is the address of one membership. Nothing else in this package builds an address that is deleted.
func membershipPath(group idp.GroupID, user idp.UserID) string {
	return "/groups/" + string(group) + "/members/" + string(user) + refSuffix
}

// missingUnknown marks a 404 that may mean the user, the group or the membership. It never leaves this file.
const missingUnknown idp.Kind = "missing_unknown"

// rounds is how often a change is tried whose refusal and whose read-back contradict each other.
const rounds = 5

// AddMember puts the user into the group. It refuses groups that Group refuses, by a judgement that is at most a day old, so it
// usually costs one call. That somebody is a member already is an error for Graph; it is believed when a read says so too.
func (p *Provider) AddMember(ctx context.Context, group idp.GroupID, user idp.UserID) error {
	const op = "add member"
	if err := checkPair(op, group, user); err != nil {
		return err
	}
	if err := p.governable(ctx, op, group); err != nil {
		return err
	}
	c := call{
		op: op, method: http.MethodPost, path: "/groups/" + string(group) + "/members" + refSuffix, class: writes, missing: missingUnknown,
		body: map[string]string{"@odata.id": p.where.graph.String() + "/v1.0/directoryObjects/" + string(user)},
	}
	for round := range rounds {
		refused, err := p.change(ctx, c)
		switch {
		case err == nil:
			return nil
		case refused == nil || !refused.alreadyMember():
			return p.explain(ctx, op, refused, err, group, user)
		}
		is, err := p.isMember(ctx, op, group, user)
		if err != nil || is {
			return err
		}
		if err := pause(ctx, op, round); err != nil {
			return err
		}
	}
	return &idp.Error{Kind: idp.Unavailable, Op: op, Err: errors.New("Graph calls the user a member already and does not list the membership")} //nolint:staticcheck // a name.
}

// RemoveMember takes the user out of the group, in one call. It asks for no judgement first: a removal must not wait for reads.
// Graph answers 404 for a membership, a user and a group that are not there alike, so a 404 is looked into.
func (p *Provider) RemoveMember(ctx context.Context, group idp.GroupID, user idp.UserID) error {
	const op = "remove member"
	if err := checkPair(op, group, user); err != nil {
		return err
	}
	c := call{op: op, method: http.MethodDelete, path: membershipPath(group, user), class: writes, missing: missingUnknown}
	for round := range rounds {
		refused, err := p.change(ctx, c)
		switch {
		case err == nil:
			return nil
		case idp.KindOf(err) != missingUnknown:
			return p.explain(ctx, op, refused, err, group, user)
		}
		is, err := p.isMember(ctx, op, group, user)
		switch {
		case err != nil:
			return err
		case !is:
			return p.groupThere(ctx, op, group)
		}
		if err := pause(ctx, op, round); err != nil {
			return err
		}
	}
	return &idp.Error{Kind: idp.Unavailable, Op: op, Err: errors.New("Graph does not find the membership and lists it still")} //nolint:staticcheck // a name.
}

// change sends a change of a membership. If Graph refused it, the refusal comes along with the error.
func (p *Provider) change(ctx context.Context, c call) (*failure, error) {
	var refused *failure
	c.refused = func(a *answer) {
		f := readFailure(a.body)
		refused = &f
	}
	a, err := p.do(ctx, c)
	if err != nil {
		return refused, err
	}
	return nil, a.done(c.op)
}

// alreadyMember recognizes the refusal by code and phrase, for the code alone is that of any bad request. The phrase is that of
// learn.microsoft.com/graph/api/group-post-members in the words that the service uses.
func (f *failure) alreadyMember() bool {
	return f.Code == codeBadRequest && strings.Contains(strings.ToLower(f.Message), "added object references already exist")
}

// explain makes the refusal of a change precise.
func (p *Provider) explain(ctx context.Context, op string, refused *failure, err error, group idp.GroupID, user idp.UserID) error {
	var e *idp.Error
	if refused == nil || !errors.As(err, &e) {
		return err
	}
	switch {
	case e.Kind == missingUnknown:
		return p.whatIsMissing(ctx, op, e, group, user)
	case e.Kind == idp.Invalid && strings.Contains(strings.ToLower(refused.Message), "source resource object"):
		// A group that was made a moment ago is not known everywhere.
		e.Kind = idp.Unavailable
	case e.Kind == idp.Forbidden, e.Kind == idp.Invalid:
		// Graph refuses groups of the wrong kind with the same words as an app that lacks a right.
		p.judged.Forget(group)
		if refusal := p.governable(ctx, op, group); refusal != nil && idp.KindOf(refusal) == idp.NotGovernable {
			return refusal
		}
	}
	return e
}

// whatIsMissing asks for user and group, because the text of a 404 is no help: it names the group when the membership is missing.
func (p *Provider) whatIsMissing(ctx context.Context, op string, e *idp.Error, group idp.GroupID, user idp.UserID) error {
	if _, err := p.readUser(ctx, op, "/users/"+string(user)); err != nil {
		return err
	}
	if err := p.groupThere(ctx, op, group); err != nil {
		return err
	}
	e.Kind = idp.Unavailable
	e.Err = errors.New("Graph does not find what it lists; it may not be known everywhere yet") //nolint:staticcheck // a name.
	return e
}

// groupThere returns an error of kind GroupNotFound if the group is gone.
func (p *Provider) groupThere(ctx context.Context, op string, group idp.GroupID) error {
	_, err := p.inspect(ctx, op, group)
	return err
}

// pause lets replicas come together between two rounds, a little longer each time.
func pause(ctx context.Context, op string, round int) error {
	timer := time.NewTimer(time.Duration(round) * 50 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return &idp.Error{Kind: idp.Unavailable, Op: op, Err: ctx.Err()}
	}
}
