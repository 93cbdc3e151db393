package ldap

import (
	"context"
	"errors"
	"strings"

	ldap "github.com/go-ldap/ldap/v3"

	"usher/idp"
)

// errMoving is the end of patience with entries that are renamed again and again.
var errMoving = &idp.Error{Kind: idp.Unavailable, Op: "read names", Err: errors.New("the entry was renamed or moved while it was read")}

// pair is a person and a group as they are at the moment.
type pair struct {
	person, group entry
}

// find looks both up with one search, so that a change costs one search and the change.
func (s *session) find(ctx context.Context, group idp.GroupID, user idp.UserID) (pair, error) {
	cfg := &s.p.cfg
	base, byID := cfg.bases.root, cfg.schema.idFilter
	if sameDN(cfg.bases.users, cfg.bases.groups) {
		base = cfg.bases.users
	}
	found, err := s.search(ctx, query{
		base: base, scope: ldap.ScopeWholeSubtree,
		filter:     "(|(&" + cfg.UserFilter + byID(string(user)) + ")" + byID(string(group)) + ")",
		attributes: append(cfg.groupAttributes(), cfg.personState()...),
	})
	if err != nil {
		return pair{}, err
	}
	var both pair
	for _, e := range found {
		id, ok := cfg.schema.idOf(e)
		switch isGroup := cfg.schema.isGroup(e); {
		case !ok:
			return pair{}, s.noID()
		case isGroup && sameID(id, string(group)) && isUnder(cfg.bases.groupsDN, e.dn):
			both.group = e
		case !isGroup && sameID(id, string(user)) && isUnder(cfg.bases.usersDN, e.dn):
			both.person = e
		}
	}
	switch {
	case both.group.dn == "":
		return pair{}, s.fail(idp.GroupNotFound)
	case both.person.dn == "":
		return pair{}, s.fail(idp.UserNotFound)
	}
	return both, nil
}

// change finds both and executes f, once more if one of them was renamed or moved between.
func (p *Provider) change(ctx context.Context, op string, group idp.GroupID, user idp.UserID, f func(s *session, both pair) error) error {
	switch {
	case !isUUID(string(group)):
		return notAnID(op, idp.GroupNotFound)
	case !isUUID(string(user)):
		return notAnID(op, idp.UserNotFound)
	}
	return p.with(ctx, op, func(s *session) error {
		for range renames {
			both, err := s.find(ctx, group, user)
			if err != nil {
				return err
			}
			if err := f(s, both); !hasResult(err, codeNoSuchObject) {
				return err
			}
		}
		return errMoving
	})
}

// AddMember adds the person's name to the group's list.
func (p *Provider) AddMember(ctx context.Context, group idp.GroupID, user idp.UserID) error {
	return p.change(ctx, "add member", group, user, func(s *session, both pair) error {
		if refusal := p.cfg.schema.refusal(both.group); refusal != "" {
			return s.refuse(refusal)
		}
		if p.cfg.isPlaceholder(both.person.dn) {
			return &idp.Error{Kind: idp.UserNotAllowed, Op: s.op, Err: errors.New("this entry is the placeholder for groups without members")}
		}
		if isPrimary(both.person, both.group) {
			return nil
		}
		err := s.modify(ctx, both.group.dn, change{attribute: p.cfg.schema.memberAttribute(both.group), add: both.person.dn})
		// A domain controller calls a member who is there already an entry that exists.
		if hasResult(err, codeValueExists) || p.cfg.schema.kind == ActiveDirectory && hasResult(err, codeEntryExists) {
			return nil
		}
		return err
	})
}

// RemoveMember takes the person's name off the group's list.
func (p *Provider) RemoveMember(ctx context.Context, group idp.GroupID, user idp.UserID) error {
	return p.change(ctx, "remove member", group, user, func(s *session, both pair) error {
		attribute := p.cfg.schema.memberAttribute(both.group)
		switch {
		case attribute == "":
			return s.refuse(p.cfg.schema.refusal(both.group))
		case p.cfg.isPlaceholder(both.person.dn):
			return nil
		case isPrimary(both.person, both.group):
			return s.refuse("This is the person's primary group in Active Directory, which somebody must change first.")
		}
		return s.remove(ctx, both, change{attribute: attribute, remove: both.person.dn})
	})
}

func (s *session) refuse(refusal string) error {
	return &idp.Error{Kind: idp.NotGovernable, Op: s.op, Err: errors.New(refusal)}
}

// remove deletes the value, with the placeholder in its place if the group would be empty.
func (s *session) remove(ctx context.Context, both pair, c change) error {
	err := s.modify(ctx, both.group.dn, c)
	if hasResult(err, codeClassViolation) {
		if s.p.cfg.Placeholder == "" {
			return s.refuse("The last member of this group can only go if a placeholder is configured.")
		}
		with := c
		with.add = s.p.cfg.Placeholder
		if err = s.modify(ctx, both.group.dn, with); hasResult(err, codeValueExists) {
			err = s.modify(ctx, both.group.dn, c) // Somebody else has put the placeholder there meanwhile.
		}
	}
	switch {
	case hasResult(err, codeNoSuchValue):
		return nil
	case s.p.cfg.schema.kind == ActiveDirectory && hasResult(err, codeUnwilling):
		// So a domain controller answers when there is nothing to remove, but not only then. Samba's gives no code of Windows.
		if _, diagnosis, _ := resultOf(err); windowsCode(diagnosis) == memberNotInGroup {
			return nil
		}
		is, reading := s.lists(ctx, both)
		if reading == nil && !is {
			return nil
		}
	}
	return err
}

// change is one value to be added, one to be removed, or one in place of the other.
type change struct {
	attribute, add, remove string
}

func (s *session) modify(ctx context.Context, dn string, c change) error {
	request := ldap.NewModifyRequest(dn, nil)
	if c.add != "" {
		request.Add(c.attribute, []string{c.add})
	}
	if c.remove != "" {
		request.Delete(c.attribute, []string{c.remove})
	}
	if err := idp.Wanted(ctx); err != nil {
		return err
	}
	return s.do(ctx, "modify", func() error { return s.link.conn.Modify(request) })
}

// IsMember reads whether the group lists the person, or is the person's primary group in Active Directory.
func (p *Provider) IsMember(ctx context.Context, group idp.GroupID, user idp.UserID) (bool, error) {
	is := false
	err := p.change(ctx, "read membership", group, user, func(s *session, both pair) (err error) {
		switch {
		case p.cfg.isPlaceholder(both.person.dn):
			is = false
		case isPrimary(both.person, both.group):
			is = true
		default:
			is, err = s.lists(ctx, both)
		}
		return err
	})
	return is && err == nil, err
}

// lists reads whether the name is on the list. The server compares, so the size of the list does not matter.
func (s *session) lists(ctx context.Context, both pair) (bool, error) {
	attribute := s.p.cfg.schema.memberAttribute(both.group)
	if attribute == "" {
		return false, nil
	}
	found, err := s.search(ctx, query{
		base: both.group.dn, scope: ldap.ScopeBaseObject, filter: equals(attribute, both.person.dn), attributes: []string{nothing},
	})
	return len(found) == 1 && err == nil, err
}

func (s *settings) isPlaceholder(dn string) bool {
	return s.Placeholder != "" && sameDN(s.Placeholder, dn)
}

func sameID(a, b string) bool { return strings.EqualFold(a, b) }
