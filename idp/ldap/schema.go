package ldap

import (
	"fmt"
	"strings"

	ldap "github.com/go-ldap/ldap/v3"
)

// Schema is how a directory describes people and groups.
type Schema string

const (
	// OpenLDAP is entryUUID, inetOrgPerson, groupOfNames and groupOfUniqueNames: OpenLDAP, 389 Directory Server with its
	// entryUUID plug-in, and their like.
	OpenLDAP Schema = "openldap"
	// ActiveDirectory is objectGUID, user and group: Active Directory and Samba's domain controller.
	ActiveDirectory Schema = "active_directory"
)

// schema holds the names of one Schema, with the settings that change them.
type schema struct {
	kind           Schema
	id             string // attribute that never changes
	dn             string // attribute by which entries are found by their names
	userFilter     string
	groupFilter    string
	disabledFilter string
	email          string
	login          []string // the first that has a value
	department     []string
	manager        string
	owner          string
	userState      []string // attributes that tell the status, the last sign-in and the primary group
	groupState     []string // attributes from which a group is judged
}

func schemaOf(c Config) (schema, error) {
	var s schema
	switch c.Schema {
	case "", OpenLDAP:
		s = openLDAP()
	case ActiveDirectory:
		s = activeDirectory()
	default:
		return schema{}, fmt.Errorf("schema %q: must be %q or %q", c.Schema, OpenLDAP, ActiveDirectory)
	}
	s.email = or(c.EmailAttribute, "mail")
	s.manager = or(c.ManagerAttribute, "manager")
	if c.LoginAttribute != "" {
		s.login = []string{c.LoginAttribute}
	}
	if c.DepartmentAttribute != "" {
		s.department = []string{c.DepartmentAttribute}
	}
	return s, nil
}

func openLDAP() schema {
	return schema{
		kind: OpenLDAP, id: "entryUUID", dn: "entryDN",
		userFilter: "(objectClass=inetOrgPerson)",
		groupFilter: "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=groupOfMembers)" +
			"(objectClass=groupOfURLs)(objectClass=posixGroup))",
		disabledFilter: "(pwdAccountLockedTime=" + lockedForGood + ")",
		login:          []string{"uid"},
		department:     []string{"departmentNumber", "ou"},
		owner:          "owner",
		userState:      []string{"pwdAccountLockedTime", "pwdLastSuccess", "authTimestamp"},
		groupState:     []string{"memberURL"},
	}
}

func activeDirectory() schema {
	return schema{
		kind: ActiveDirectory, id: "objectGUID", dn: "distinguishedName",
		userFilter:  "(&(objectClass=user)(!(objectClass=computer)))",
		groupFilter: "(objectClass=group)",
		login:       []string{"userPrincipalName", "sAMAccountName"},
		department:  []string{"department"},
		owner:       "managedBy",
		userState: []string{
			"userAccountControl", "msDS-User-Account-Control-Computed", "accountExpires", "lastLogonTimestamp", "lastLogon",
			"objectSid", "primaryGroupID",
		},
		groupState: []string{"groupType", "isCriticalSystemObject", "adminCount", "objectSid", "msDS-AzLDAPQuery"},
	}
}

// idFilter matches the one entry with this id, which must be well-formed.
func (s schema) idFilter(id string) string {
	if s.kind != ActiveDirectory {
		return equals(s.id, strings.ToLower(id))
	}
	raw, _ := guidBytes(id)
	return equals(s.id, string(raw))
}

// idOf reads the id of an entry.
func (s schema) idOf(e entry) (string, bool) {
	raw := e.first(s.id)
	if s.kind == ActiveDirectory {
		return guidText([]byte(raw))
	}
	return strings.ToLower(raw), isUUID(raw)
}

// memberAttribute is the attribute in which the group lists the names of its members; empty if there is none.
func (s schema) memberAttribute(e entry) string {
	switch {
	case s.kind == ActiveDirectory && e.is("group"), e.is("groupOfNames"), e.is("groupOfMembers"):
		return "member"
	case e.is("groupOfUniqueNames"):
		return "uniqueMember"
	}
	return ""
}

// isGroup reports whether the entry is any kind of group.
func (s schema) isGroup(e entry) bool {
	return s.memberAttribute(e) != "" || s.kind != ActiveDirectory && (e.is("groupOfURLs") || e.is("posixGroup"))
}

// listing matches the groups that list this name.
func (s schema) listing(dn string) string {
	if s.kind == ActiveDirectory {
		return equals("member", dn)
	}
	return "(|" + equals("member", dn) + equals("uniqueMember", dn) + ")"
}

func equals(attribute, value string) string {
	return "(" + attribute + "=" + ldap.EscapeFilter(value) + ")"
}

func checkFilter(text string) error {
	_, err := ldap.CompileFilter(text)
	if err != nil {
		return fmt.Errorf("not a search filter, expected something like (objectClass=person)")
	}
	return nil
}

// entry is one entry of an answer. Names of attributes are in small letters, and values are as they came.
type entry struct {
	dn         string
	attributes map[string][]string
}

func newEntry(e *ldap.Entry) entry {
	n := entry{dn: e.DN, attributes: make(map[string][]string, len(e.Attributes))}
	for _, a := range e.Attributes {
		n.attributes[strings.ToLower(a.Name)] = a.Values
	}
	return n
}

func (e entry) all(attribute string) []string { return e.attributes[strings.ToLower(attribute)] }

// first returns the first value of the first of these attributes that has one.
func (e entry) first(attributes ...string) string {
	for _, a := range attributes {
		if values := e.all(a); len(values) > 0 {
			return values[0]
		}
	}
	return ""
}

// is reports whether the entry has this object class.
func (e entry) is(class string) bool {
	for _, c := range e.all("objectClass") {
		if strings.EqualFold(c, class) {
			return true
		}
	}
	return false
}
