package ldap

import (
	"context"
	"strings"

	"usher/idp"
)

// Discover lists the groups below the group base, page by page. Members is -1 for groups so large that a domain controller
// gives their list in ranges. LDAP knows no apps. It keeps one connection for as long as it takes.
func (p *Provider) Discover(ctx context.Context, found func(idp.Discovered) error) error {
	cfg := &p.cfg
	attributes := append(cfg.groupAttributes(), "member", "uniqueMember", cfg.schema.owner)
	var told error
	err := p.with(ctx, "discover groups", func(s *session) error {
		return s.eachGroup(ctx, "", attributes, func(e entry) error {
			d, err := s.discovered(ctx, e)
			if err != nil {
				return err
			}
			if told = found(d); told != nil {
				return told
			}
			return nil
		})
	})
	if told != nil {
		return told
	}
	return err
}

func (s *session) discovered(ctx context.Context, e entry) (idp.Discovered, error) {
	g, err := s.groupOf(e)
	if err != nil {
		return idp.Discovered{}, err
	}
	d := idp.Discovered{Group: g, Members: s.count(e)}
	owners := e.all(s.p.cfg.schema.owner)
	if len(owners) > batch {
		owners = owners[:batch]
	}
	if len(owners) == 0 {
		return d, nil
	}
	people, err := s.people(ctx, s.p.cfg.byName(owners), nil)
	if err != nil {
		return idp.Discovered{}, err
	}
	d.Owners, err = s.usersOf(people)
	return d, err
}

// count counts the values of a group's list without the placeholder; -1 = unknown.
func (s *session) count(e entry) int {
	attribute := s.p.cfg.schema.memberAttribute(e)
	if attribute == "" {
		return -1
	}
	for name := range e.attributes {
		if strings.HasPrefix(name, strings.ToLower(attribute)+";range=") {
			return -1
		}
	}
	n := 0
	for _, name := range plainNames(e.all(attribute)) {
		if !s.p.cfg.isPlaceholder(name) {
			n++
		}
	}
	return n
}
