package ldap

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	ldap "github.com/go-ldap/ldap/v3"

	"usher/idp"
)

const (
	// maxSkew is how far the clocks may be apart; Windows itself tolerates five minutes.
	maxSkew = 5 * time.Minute
	// samples is how many groups are looked at for the right to change members.
	samples = 5
)

// What a domain controller says about itself ([MS-ADTS] 3.1.1.3.4.3).
const (
	capabilityAD       = "1.2.840.113556.1.4.800"
	capabilityReadOnly = "1.2.840.113556.1.4.1920"
)

// Check judges the connection, the credentials and their rights, and the clock. It changes nothing: where the server does not
// tell what may be written, it asks a group to delete a random value that cannot be there, and the refusal tells.
func (p *Provider) Check(ctx context.Context) []idp.Finding {
	p.pool.forgive()
	var findings []idp.Finding
	err := p.with(ctx, "check", func(s *session) error {
		root, err := s.root(ctx)
		if err != nil {
			return err
		}
		findings = []idp.Finding{s.checkConnection(), p.checkKind(root), s.checkPeople(ctx)}
		all, groups, f := s.checkGroups(ctx)
		findings = append(findings, f)
		if p.cfg.schema.kind == ActiveDirectory {
			findings = append(findings, s.checkMarks(ctx, root, all))
		}
		findings = append(findings, s.checkRight(ctx, groups))
		findings = append(findings, p.checkPlaceholder(), s.checkClock(ctx, root))
		return nil
	})
	if err != nil {
		return []idp.Finding{finding("credentials", err, "Look at the account's name and password, and whether it may sign in.")}
	}
	return findings
}

// root reads what the server says about itself (RFC 4512, 5.1).
func (s *session) root(ctx context.Context) (entry, error) {
	found, err := s.search(ctx, query{scope: ldap.ScopeBaseObject, filter: "(objectClass=*)", attributes: []string{
		"supportedControl", "supportedCapabilities", "currentTime", "monitorContext", "defaultNamingContext",
	}})
	if err != nil || len(found) != 1 {
		return entry{}, err
	}
	return found[0], nil
}

func (s *session) checkConnection() idp.Finding {
	f := idp.Finding{Subject: "credentials", OK: true, Detail: "The server " + s.link.server + " accepts them"}
	if state, ok := s.link.conn.TLSConnectionState(); ok {
		f.Detail += "; the connection is encrypted with " + tlsName(state.Version) + "."
	} else {
		f.Detail += "; the connection is not encrypted and stays on this machine."
	}
	return f
}

func tlsName(version uint16) string {
	if version == 0x0304 {
		return "TLS 1.3"
	}
	return "TLS 1.2"
}

// checkKind sees whether the setting fits the server, and whether the server can do what is asked of it.
func (p *Provider) checkKind(root entry) idp.Finding {
	const subject = "kind of directory"
	capabilities := root.all("supportedCapabilities")
	isAD, wantAD := slices.Contains(capabilities, capabilityAD), p.cfg.schema.kind == ActiveDirectory
	switch {
	case isAD && !wantAD:
		return idp.Finding{Subject: subject, Detail: "This is Active Directory, but the schema is set to OpenLDAP.", Fix: "Set the schema to active_directory."}
	case !isAD && wantAD:
		return idp.Finding{Subject: subject, Detail: "This is not Active Directory, but the schema is set to it.", Fix: "Set the schema to openldap."}
	case slices.Contains(capabilities, capabilityReadOnly):
		return idp.Finding{Subject: subject, Detail: "This is a read-only domain controller.", Fix: "Give the address of a writable one."}
	case !slices.Contains(root.all("supportedControl"), ldap.ControlTypePaging):
		return idp.Finding{Subject: subject, OK: true, Detail: "The server does not say that it gives long lists page by page; lists beyond its size limit will be errors."}
	}
	return idp.Finding{Subject: subject, OK: true, Detail: "The server is what the schema says and gives long lists page by page."}
}

func (s *session) checkPeople(ctx context.Context) idp.Finding {
	const subject = "right to read people"
	cfg := &s.p.cfg
	fix := "Allow the account to read the people below the user base, with " + strings.Join([]string{cfg.schema.id, cfg.schema.email, cfg.schema.manager}, ", ") + " and the attributes that tell the status."
	found, err := s.search(ctx, query{
		base: cfg.bases.users, scope: ldap.ScopeWholeSubtree, filter: cfg.UserFilter, attributes: cfg.userAttributes(), atMost: samples,
	})
	if err != nil {
		return finding(subject, translate(s.op, err), fix)
	}
	if len(found) == 0 {
		return idp.Finding{Subject: subject, Detail: "Nobody is to be seen below the user base.", Fix: fix}
	}
	if _, err := s.usersOf(found); err != nil {
		return finding(subject, err, fix)
	}
	if cfg.schema.kind == ActiveDirectory && found[0].first("userAccountControl") == "" {
		return idp.Finding{Subject: subject, Detail: "userAccountControl cannot be read, so everybody looks inactive.", Fix: fix}
	}
	return idp.Finding{Subject: subject, OK: true, Detail: "People can be read."}
}

// checkGroups also returns the groups that it has seen, and some of them that may be governed.
func (s *session) checkGroups(ctx context.Context) (found, governable []entry, f idp.Finding) {
	const subject = "right to read groups"
	cfg := &s.p.cfg
	fix := "Allow the account to read the groups below the group base, with " + cfg.schema.id + " and their members."
	found, err := s.search(ctx, query{
		base: cfg.bases.groups, scope: ldap.ScopeWholeSubtree, filter: cfg.schema.groupFilter, attributes: cfg.groupAttributes(), atMost: 20 * samples,
	})
	if err != nil {
		return nil, nil, finding(subject, translate(s.op, err), fix)
	}
	for _, e := range found {
		g, err := s.groupOf(e)
		if err != nil {
			return nil, nil, finding(subject, err, fix)
		}
		if g.Refusal == "" && len(governable) < samples {
			governable = append(governable, e)
		}
	}
	if len(found) == 0 {
		return nil, nil, idp.Finding{Subject: subject, Detail: "No group is to be seen below the group base.", Fix: fix}
	}
	return found, governable, idp.Finding{Subject: subject, OK: true, Detail: "Groups can be read."}
}

// checkRight looks at a few groups. The rights may differ from group to group, so one that may be changed is enough.
func (s *session) checkRight(ctx context.Context, groups []entry) idp.Finding {
	const subject = "right to change members"
	if len(groups) == 0 {
		return idp.Finding{Subject: subject, OK: true, Detail: "Cannot be judged: there is no group that may be governed."}
	}
	writable, unknown := 0, 0
	for _, g := range groups {
		may, err := s.mayWrite(ctx, g)
		switch {
		case err != nil:
			unknown++
		case may:
			writable++
		}
	}
	f := idp.Finding{Subject: subject, OK: writable > 0 || unknown == len(groups), Detail: fmt.Sprintf("Of %d groups below the group base that were looked at, %d may be changed.", len(groups), writable)}
	if unknown > 0 {
		f.Detail += fmt.Sprintf(" For %d the server does not tell.", unknown)
	}
	if !f.OK {
		f.Fix = "Allow the account to write the list of members (member, uniqueMember) of the governed groups, nothing else, and set the group base to where they are."
	}
	return f
}

// mayWrite asks whether the account may change the members of the group. Active Directory computes the answer
// (allowedAttributesEffective, [MS-ADTS] 3.1.1.4.5.7); elsewhere the kind of refusal tells.
func (s *session) mayWrite(ctx context.Context, group entry) (bool, error) {
	attribute := s.p.cfg.schema.memberAttribute(group)
	if s.p.cfg.schema.kind == ActiveDirectory {
		found, err := s.search(ctx, query{base: group.dn, scope: ldap.ScopeBaseObject, filter: "(objectClass=*)", attributes: []string{"allowedAttributesEffective"}})
		if err != nil || len(found) != 1 {
			return false, err
		}
		return has(found[0], attribute, []string{"allowedAttributesEffective"}), nil
	}
	err := s.modify(ctx, group.dn, change{attribute: attribute, remove: "cn=usher-probe-" + strings.ToLower(rand.Text()) + "," + s.p.cfg.bases.root})
	switch {
	case hasResult(err, codeNoSuchValue):
		return true, nil
	case hasResult(err, ldap.LDAPResultInsufficientAccessRights, ldap.LDAPResultReferral):
		return false, nil
	}
	return false, err
}

func (p *Provider) checkPlaceholder() idp.Finding {
	const subject = "last member of a group"
	switch {
	case p.cfg.schema.kind == ActiveDirectory:
		return idp.Finding{Subject: subject, OK: true, Detail: "Groups may be empty."}
	case p.cfg.Placeholder == "":
		return idp.Finding{Subject: subject, Detail: "No placeholder is set, so the last member of a groupOfNames cannot be taken out.", Fix: "Set a placeholder, for example the account that Usher signs in as."}
	}
	return idp.Finding{Subject: subject, OK: true, Detail: "The placeholder takes the place of the last member."}
}

// checkClock reads the clock of a domain controller from what it says about itself, that of slapd from its monitor.
func (s *session) checkClock(ctx context.Context, root entry) idp.Finding {
	text := root.first("currentTime")
	if monitor := root.first("monitorContext"); text == "" && monitor != "" {
		found, err := s.search(ctx, query{base: "cn=Current,cn=Time," + monitor, scope: ldap.ScopeBaseObject, filter: "(objectClass=*)", attributes: []string{"monitorTimestamp"}})
		if err == nil && len(found) == 1 {
			text = found[0].first("monitorTimestamp")
		}
	}
	at, ok := parseGeneralizedTime(text)
	if !ok {
		return idp.Finding{Subject: "clock", OK: true, Detail: "The server does not tell its time, which matters only for accounts that run out."}
	}
	skew := at.Sub(s.p.cfg.Now()).Round(time.Second)
	s.p.skew.Store(&skew)
	f := idp.Finding{Subject: "clock", OK: skew.Abs() <= maxSkew, Detail: fmt.Sprintf("The server's clock minus ours is %v.", skew)}
	if !f.OK {
		f.Fix = "Set the clock of this machine by NTP."
	}
	return f
}

// finding turns a failure into a finding.
func finding(subject string, err error, fix string) idp.Finding {
	if kind := idp.KindOf(err); kind == idp.Throttled || kind == idp.Unavailable {
		fix = "The directory could not be asked; check the address, the certificate and the network, then try again."
	}
	return idp.Finding{Subject: subject, Detail: err.Error(), Fix: fix}
}
