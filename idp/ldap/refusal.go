package ldap

import (
	"strconv"
	"strings"
)

// Bits of groupType ([MS-ADTS] 2.2.12).
const (
	groupBuiltin  = 0x1
	groupAppBasic = 0x10
	groupAppQuery = 0x20
)

// firstOwnRID is the first relative id that a domain gives to what people make; those below are Windows' own, Domain Admins (512)
// and Schema Admins (518) among them ([MS-DTYP] 2.4.2.4).
const firstOwnRID = 1000

// refusal says in one sentence why the group must not be governed.
func (s schema) refusal(e entry) string {
	switch {
	case e.is("dynamicObject"):
		return "The directory deletes this group by itself after a while (dynamicObject), so it cannot hold access."
	case e.is("groupOfURLs"), e.first("memberURL") != "":
		return "A search fills this dynamic group, so its members cannot be changed one by one."
	case s.kind == ActiveDirectory:
		return windowsRefusal(e)
	case s.memberAttribute(e) == "":
		return "This group lists login names instead of entries (posixGroup), and names may be given to somebody else."
	}
	return ""
}

// windowsRefusal keeps Usher from what gives rights over the domain itself.
func windowsRefusal(e entry) string {
	id, known := parseSID([]byte(e.first("objectSid")))
	kind, err := strconv.ParseInt(e.first("groupType"), 10, 64)
	admins, _ := strconv.ParseInt(e.first("adminCount"), 10, 64)
	switch {
	case strings.EqualFold(e.first("isCriticalSystemObject"), "TRUE"), kind&groupBuiltin != 0:
		return "This is one of Windows' own groups (isCriticalSystemObject), which Usher does not change."
	case known && id.builtin():
		return "This is one of Windows' own groups by its security identifier, which Usher does not change."
	case admins > 0:
		return "This group is or was in an administrators' group (adminCount), and admin rights are not given out by Usher."
	case kind&(groupAppBasic|groupAppQuery) != 0, e.first("msDS-AzLDAPQuery") != "":
		return "A query or an application fills this group, so its members cannot be changed one by one."
	case err != nil:
		return "What kind of group this is cannot be read (groupType), so it might be one of Windows' own."
	case !known:
		return "The security identifier of this group cannot be read (objectSid), so it might be one of Windows' own."
	}
	return ""
}

// builtin reports whether Windows made the group: by a domain's low relative id, or outside of any domain (S-1-5-32-544,
// Administrators, for example).
func (s sid) builtin() bool {
	return !s.ofDomain() || s.rid() < firstOwnRID
}

// ofDomain reports whether a domain gave the identifier, S-1-5-21-x-y-z-rid.
func (s sid) ofDomain() bool {
	const ntAuthority, domain = 5, 21
	return s.authority == ntAuthority && len(s.parts) == 5 && s.parts[0] == domain
}
