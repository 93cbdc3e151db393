package scim

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"usher/idp"
	"usher/idp/rest"
)

// patchOp is the body of a PATCH (RFC 7644 section 3.5.2).
type patchOp struct {
	Schemas    []string    `json:"schemas"`
	Operations []operation `json:"Operations"`
}

type operation struct {
	Op    string      `json:"op"`
	Path  string      `json:"path"`
	Value []memberRef `json:"value,omitempty"`
}

type memberRef struct {
	Value string `json:"value"`
}

// change is one change of one membership.
type change struct {
	op    string
	group idp.GroupID
	user  idp.UserID
	add   bool
}

// body writes the change in the form that the server wants.
func (p *Provider) body(c change) []byte {
	o := operation{Op: "add", Path: "members", Value: []memberRef{{string(c.user)}}}
	if !c.add {
		o.Op = "remove"
		if p.cfg.Remove == RemoveByPath {
			o.Path, o.Value = "members["+equals("value", string(c.user))+"]", nil
		}
	}
	if p.cfg.CapitalOps {
		o.Op = map[string]string{"add": "Add", "remove": "Remove"}[o.Op]
	}
	raw, _ := json.Marshal(patchOp{ // Texts can always be written.
		Schemas: []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, Operations: []operation{o},
	})
	return raw
}

// AddMember puts the user into the group. It costs one call, and more if the server refuses, to find out why.
func (p *Provider) AddMember(ctx context.Context, group idp.GroupID, user idp.UserID) error {
	return p.change(ctx, change{op: "add member", group: group, user: user, add: true})
}

// RemoveMember takes the user out of the group. It costs one call, and more if the server refuses, to find out why. A group or
// user that is gone is an error of that kind, because a 404 confirms no removal.
func (p *Provider) RemoveMember(ctx context.Context, group idp.GroupID, user idp.UserID) error {
	return p.change(ctx, change{op: "remove member", group: group, user: user})
}

// versionTries is how often a change is based on a new version of the group.
const versionTries = 4

// change makes the change, based on the version of the group if the server has told one. If somebody else was faster (412), or
// the server insists on a version (428), nothing was done, so it is tried again with the present one.
func (p *Provider) change(ctx context.Context, c change) error {
	if err := checkPair(c.op, c.group, c.user); err != nil {
		return err
	}
	if !p.cfg.NoVersions && p.versions.get(c.group) != "" {
		leave, err := p.versions.enter(ctx, c.op, c.group)
		if err != nil {
			return err
		}
		defer leave()
	}
	for try := 1; ; try++ {
		version := ""
		if !p.cfg.NoVersions {
			version = p.versions.get(c.group)
		}
		a, err := p.patch(ctx, c.op, c.group, p.body(c), version)
		if err == nil {
			return p.confirmed(c, a)
		}
		status := refusalOf(err).status
		switch {
		case status != http.StatusPreconditionFailed && status != http.StatusPreconditionRequired:
			return p.refused(ctx, c, err)
		case p.cfg.NoVersions || try == versionTries:
			return &idp.Error{Kind: idp.Unavailable, Op: c.op, Code: "HTTP 412", Err: errors.New("the group changes faster than it can be read")}
		}
		if _, err := p.readGroup(ctx, c.op, c.group, withoutMembers()); err != nil {
			return err
		}
	}
}

// confirmed takes 204, or 200 with the group, for the server's word that the change was made.
func (p *Provider) confirmed(c change, a *rest.Answer) error {
	if a.Status == http.StatusNoContent {
		p.versions.keep(c.group, versionIn(a, ""))
		return nil
	}
	p.versions.keep(c.group, "")
	if a.Status != http.StatusOK {
		return a.Odd(c.op, "the answer does not confirm the change")
	}
	var row groupRow
	if err := a.Decode(c.op, &row); err != nil {
		return err
	}
	if row.ID != string(c.group) {
		return a.Odd(c.op, "the answer is about something else")
	}
	p.versions.keep(c.group, versionIn(a, row.Meta.Version))
	return nil
}

// refused finds out what a refusal means, by reading. Servers say 404 of a group, of a user and of a membership; 409 and 400 of
// who is a member already; 400 of who is none.
func (p *Provider) refused(ctx context.Context, c change, err error) error {
	var e *idp.Error
	status := refusalOf(err).status
	if !errors.As(err, &e) || status != http.StatusNotFound && status != http.StatusConflict && status != http.StatusBadRequest {
		return err
	}
	if _, err := p.readGroup(ctx, c.op, c.group, withoutMembers()); err != nil {
		return err
	}
	is, err := p.isMember(ctx, c.op, c.group, c.user)
	if err != nil && idp.KindOf(err) != idp.UserNotFound {
		return err
	}
	if err == nil && is == c.add {
		return nil
	}
	if _, err := p.userByID(ctx, c.op, string(c.user), nil); err != nil {
		return err
	}
	if status == http.StatusNotFound {
		e.Kind, e.Err = idp.Unavailable, errors.New("the server knows the group and the user, and yet says that something is missing")
	}
	return e
}
