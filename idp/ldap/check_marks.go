package ldap

import (
	"context"
	"strings"

	ldap "github.com/go-ldap/ldap/v3"

	"usher/idp"
)

// domainAdmins is the last part of the identifier of the group Domain Admins ([MS-DTYP] 2.4.2.4).
const domainAdmins = 512

// checkMarks sees whether the marks can be read by which groups with rights over the domain are told from others. A domain
// controller treats what may not be read as not there ([MS-ADTS] 3.1.1.4.4), so at any group their absence proves nothing. Domain
// Admins has both marks: Windows made it, and it is protected ([MS-ADTS] 3.1.1.6.1.2). Windows puts the same access rights on all
// protected groups, wherever they are, so what can be read there can be read of them
// (https://learn.microsoft.com/windows-server/identity/ad-ds/plan/security-best-practices/appendix-c--protected-accounts-and-groups-in-active-directory).
func (s *session) checkMarks(ctx context.Context, root entry, groups []entry) idp.Finding {
	const subject = "marks of protected groups"
	const fix = "Allow the account to read objectSid, isCriticalSystemObject and adminCount of all groups of the domain, Domain Admins among them."
	admins, ok := domainAdminsOf(groups)
	if !ok {
		return idp.Finding{Subject: subject, Detail: "The security identifier of no group can be read, so none may be governed.", Fix: fix}
	}
	found, err := s.search(ctx, query{
		base: or(root.first("defaultNamingContext"), s.p.cfg.bases.root), scope: ldap.ScopeWholeSubtree,
		filter: "(&" + s.p.cfg.schema.groupFilter + equals("objectSid", string(admins.bytes())) + ")", attributes: []string{"isCriticalSystemObject", "adminCount"},
	})
	if err != nil {
		return finding(subject, translate(s.op, err), fix)
	}
	if len(found) == 0 {
		return idp.Finding{Subject: subject, Detail: "The group Domain Admins cannot be seen, so nobody knows whether the marks of protected groups can be read.", Fix: fix}
	}
	var hidden []string
	for _, mark := range []string{"isCriticalSystemObject", "adminCount"} {
		if found[0].first(mark) == "" {
			hidden = append(hidden, mark)
		}
	}
	if len(hidden) > 0 {
		return idp.Finding{Subject: subject, Detail: "Domain Admins shows no " + strings.Join(hidden, " and no ") + ", so protected groups look like any other and would be governed.", Fix: fix}
	}
	return idp.Finding{Subject: subject, OK: true, Detail: "isCriticalSystemObject and adminCount can be read."}
}

// domainAdminsOf is the identifier of Domain Admins in the domain of the groups.
func domainAdminsOf(groups []entry) (sid, bool) {
	for _, e := range groups {
		if id, ok := parseSID([]byte(e.first("objectSid"))); ok && id.ofDomain() {
			return id.sibling(domainAdmins)
		}
	}
	return sid{}, false
}
