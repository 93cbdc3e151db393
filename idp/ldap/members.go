package ldap

import (
	"context"
	"strconv"
	"strings"

	ldap "github.com/go-ldap/ldap/v3"

	"usher/idp"
)

const (
	// batch is how many people are looked up by name with one search.
	batch = 100
	// readings is how often the list of a group is read to see that nobody slipped through while it changed.
	readings = 6
)

// Members lists the people whom the group lists. People who join or leave while it reads may or may not be in the result;
// nobody is in it twice, and nobody who stays is missing, even if renamed meanwhile.
func (p *Provider) Members(ctx context.Context, group idp.GroupID) ([]idp.User, error) {
	const op = "list members"
	if !isUUID(string(group)) {
		return nil, notAnID(op, idp.GroupNotFound)
	}
	var list *roll
	err := p.with(ctx, op, func(s *session) error {
		list = &roll{s: s, names: map[string]bool{}, seen: map[idp.UserID]bool{}, users: []idp.User{}}
		return list.read(ctx, group)
	})
	if err != nil {
		return nil, err
	}
	return list.users, nil
}

// roll collects the members of a group.
type roll struct {
	s     *session
	names map[string]bool // names that have been looked up
	seen  map[idp.UserID]bool
	users []idp.User
}

// read reads the list until it brings nothing new: ranges of a list that changes may overlap or leave gaps, and whoever is
// renamed between the reading of the list and the looking up is found under the new name only.
func (r *roll) read(ctx context.Context, id idp.GroupID) error {
	for reading := range readings {
		group, err := r.s.group(ctx, id)
		if err != nil {
			return err
		}
		if reading == 0 {
			if err := r.primary(ctx, group); err != nil {
				return err
			}
		}
		names, ranges, err := r.s.values(ctx, group)
		if hasResult(err, codeNoSuchObject) {
			continue // renamed or moved
		}
		if err != nil {
			return err
		}
		fresh := r.fresh(names)
		if reading > 0 && len(fresh) == 0 {
			return nil
		}
		nobody, err := r.resolve(ctx, fresh)
		if err != nil {
			return err
		}
		if ranges <= 1 && nobody == 0 {
			return nil
		}
	}
	return errMoving
}

// fresh returns the names that were not looked up yet.
func (r *roll) fresh(names []string) []string {
	var fresh []string
	for _, name := range names {
		if !r.names[name] && !r.s.p.cfg.isPlaceholder(name) {
			fresh = append(fresh, name)
		}
		r.names[name] = true
	}
	return fresh
}

// resolve looks up the people of these names. It returns how many names belong to nobody: nested groups and entries outside
// the user base, what was deleted, and what was renamed just now.
func (r *roll) resolve(ctx context.Context, names []string) (int, error) {
	nobody := 0
	for len(names) > 0 {
		n := min(batch, len(names))
		found, err := r.s.people(ctx, r.s.p.cfg.byName(names[:n]), nil)
		if err != nil {
			return 0, err
		}
		if err := r.add(found); err != nil {
			return 0, err
		}
		nobody += max(0, n-len(found))
		names = names[n:]
	}
	return nobody, nil
}

func (r *roll) add(found []entry) error {
	users, err := r.s.usersOf(found)
	if err != nil {
		return err
	}
	for _, u := range users {
		if !r.seen[u.ID] {
			r.seen[u.ID] = true
			r.users = append(r.users, u)
		}
	}
	return nil
}

// primary adds those whose primary group this is in Active Directory; they are not on its list.
func (r *roll) primary(ctx context.Context, group entry) error {
	id, ok := parseSID([]byte(group.first("objectSid")))
	if r.s.p.cfg.schema.kind != ActiveDirectory || !ok {
		return nil
	}
	q := query{
		base: r.s.p.cfg.bases.users, scope: ldap.ScopeWholeSubtree, attributes: r.s.p.cfg.userAttributes(),
		filter: "(&" + r.s.p.cfg.UserFilter + equals("primaryGroupID", strconv.FormatUint(uint64(id.rid()), 10)) + ")",
	}
	return r.s.pages(ctx, q, r.add)
}

// byName matches the entries of these names.
func (s *settings) byName(names []string) string {
	var b strings.Builder
	b.WriteString("(|")
	for _, name := range names {
		b.WriteString(equals(s.schema.dn, name))
	}
	b.WriteString(")")
	return b.String()
}

// values reads the names on the group's list, and in how many ranges they came: a domain controller gives 1500 at a time
// ([MS-ADTS] 3.1.1.3.1.3.3).
func (s *session) values(ctx context.Context, group entry) (names []string, ranges int, err error) {
	attribute := s.p.cfg.schema.memberAttribute(group)
	if attribute == "" {
		return nil, 0, nil
	}
	ask, from := attribute, 0
	for {
		found, err := s.search(ctx, query{base: group.dn, scope: ldap.ScopeBaseObject, filter: "(objectClass=*)", attributes: []string{ask}})
		if err != nil {
			return nil, 0, err
		}
		if len(found) != 1 {
			return nil, 0, ldap.NewError(codeNoSuchObject, nil)
		}
		part, last, err := rangeOf(found[0], attribute, from)
		if err != nil {
			return nil, 0, err
		}
		names = append(names, part...)
		ranges++
		if last {
			return plainNames(names), ranges, nil
		}
		from += len(part)
		ask = attribute + ";range=" + strconv.Itoa(from) + "-*"
	}
}

// rangeOf returns the values of the attribute that begin at index from, and whether they are the last ones. A range that is
// not the one that was asked for is an error, since it would leave a gap.
func rangeOf(e entry, attribute string, from int) (values []string, last bool, err error) {
	prefix := strings.ToLower(attribute) + ";range="
	for name, values := range e.attributes {
		bounds, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		low, high, _ := strings.Cut(bounds, "-")
		start, err := strconv.Atoi(low)
		if err != nil || start != from {
			return nil, false, errNoSense
		}
		if high == "*" {
			return values, true, nil
		}
		end, err := strconv.Atoi(high)
		if err != nil || end-start+1 != len(values) || len(values) == 0 {
			return nil, false, errNoSense
		}
		return values, false, nil
	}
	// Without a range everything is there, or nothing more.
	return e.all(attribute), true, nil
}

// plainNames takes the optional unique identifier off values of uniqueMember, "dc=example#'0101'B" (RFC 4517, 3.3.21).
func plainNames(names []string) []string {
	for i, name := range names {
		if at := strings.LastIndex(name, "#'"); at >= 0 && strings.HasSuffix(name, "'B") {
			names[i] = name[:at]
		}
	}
	return names
}
