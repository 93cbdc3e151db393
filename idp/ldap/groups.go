package ldap

import (
	"context"
	"strconv"

	ldap "github.com/go-ldap/ldap/v3"

	"usher/idp"
)

// groupAttributes is what is read of a group, besides its members.
func (s *settings) groupAttributes() []string {
	return append([]string{"objectClass", s.schema.id, "cn", "description"}, s.schema.groupState...)
}

func (s *session) groupOf(e entry) (idp.Group, error) {
	schema := s.p.cfg.schema
	id, ok := schema.idOf(e)
	if !ok {
		return idp.Group{}, s.noID()
	}
	return idp.Group{ID: idp.GroupID(id), Name: e.first("cn"), Description: e.first("description"), Refusal: schema.refusal(e)}, nil
}

// group finds the group with this id.
func (s *session) group(ctx context.Context, id idp.GroupID) (entry, error) {
	cfg := &s.p.cfg
	found, err := s.search(ctx, query{
		base: cfg.bases.groups, scope: ldap.ScopeWholeSubtree, filter: cfg.schema.idFilter(string(id)), attributes: cfg.groupAttributes(),
	})
	switch {
	case err != nil:
		return entry{}, err
	case len(found) == 0 || !cfg.schema.isGroup(found[0]):
		return entry{}, s.fail(idp.GroupNotFound)
	case len(found) > 1:
		return entry{}, errNoSense
	}
	return found[0], nil
}

// Group returns the group by id, with the reason if it cannot be governed.
func (p *Provider) Group(ctx context.Context, id idp.GroupID) (idp.Group, error) {
	const op = "read group"
	if !isUUID(string(id)) {
		return idp.Group{}, notAnID(op, idp.GroupNotFound)
	}
	var group idp.Group
	err := p.with(ctx, op, func(s *session) error {
		e, err := s.group(ctx, id)
		if err != nil {
			return err
		}
		group, err = s.groupOf(e)
		return err
	})
	if err != nil {
		return idp.Group{}, err
	}
	return group, nil
}

// UserGroups lists the groups that list the person, and in Active Directory the primary group.
func (p *Provider) UserGroups(ctx context.Context, user idp.UserID) ([]idp.Group, error) {
	const op = "list groups of user"
	if !isUUID(string(user)) {
		return nil, notAnID(op, idp.UserNotFound)
	}
	groups := []idp.Group{}
	err := p.with(ctx, op, func(s *session) (err error) {
		groups, err = s.groupsOf(ctx, user)
		return err
	})
	if err != nil {
		return nil, err
	}
	return groups, nil
}

// renames is how often a list begins again because somebody was renamed or moved meanwhile.
const renames = 3

// groupsOf reads the groups by the person's name, and begins again if the name was another one at the end.
func (s *session) groupsOf(ctx context.Context, user idp.UserID) ([]idp.Group, error) {
	e, err := s.person(ctx, user, s.p.cfg.personState())
	if err != nil {
		return nil, err
	}
	for range renames {
		groups := []idp.Group{}
		seen := map[idp.GroupID]bool{}
		err := s.eachGroup(ctx, s.p.cfg.holding(e), s.p.cfg.groupAttributes(), func(found entry) error {
			g, err := s.groupOf(found)
			if err == nil && !seen[g.ID] {
				seen[g.ID] = true
				groups = append(groups, g)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		now, err := s.person(ctx, user, s.p.cfg.personState())
		if err != nil {
			return nil, err
		}
		if now.dn == e.dn {
			return groups, nil
		}
		e = now
	}
	return nil, errMoving
}

// personState is what must be known of a person to find and change memberships.
func (s *settings) personState() []string {
	if s.schema.kind == ActiveDirectory {
		return []string{"objectClass", s.schema.id, "objectSid", "primaryGroupID"}
	}
	return []string{"objectClass", s.schema.id}
}

// holding matches the groups that the person is in.
func (s *settings) holding(person entry) string {
	if primary, ok := primaryGroup(person); ok {
		return "(|" + s.schema.listing(person.dn) + equals("objectSid", string(primary.bytes())) + ")"
	}
	return s.schema.listing(person.dn)
}

// primaryGroup is the group of Active Directory that a person is in without being listed there.
func primaryGroup(person entry) (sid, bool) {
	rid, err := strconv.ParseUint(person.first("primaryGroupID"), 10, 32)
	own, ok := parseSID([]byte(person.first("objectSid")))
	if err != nil || !ok {
		return sid{}, false
	}
	return own.sibling(uint32(rid))
}

// isPrimary reports whether the group is the person's primary group.
func isPrimary(person, group entry) bool {
	primary, ok := primaryGroup(person)
	return ok && string(primary.bytes()) == group.first("objectSid")
}

// eachGroup calls each for every group that matches.
func (s *session) eachGroup(ctx context.Context, filter string, attributes []string, each func(entry) error) error {
	return s.pages(ctx, query{
		base: s.p.cfg.bases.groups, scope: ldap.ScopeWholeSubtree, filter: "(&" + s.p.cfg.schema.groupFilter + filter + ")", attributes: attributes,
	}, func(entries []entry) error {
		for _, e := range entries {
			if err := each(e); err != nil {
				return err
			}
		}
		return nil
	})
}
