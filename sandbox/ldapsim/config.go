package ldapsim

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Config is the directory as it stands at the start. Ids are UUIDs in small letters, which become the entries' entryUUID.
type Config struct {
	// Now is the clock of the log and of the history; slapd itself has the machine's. Nil means time.Now.
	Now func() time.Time
	// Suffix is the root, such as dc=acme,dc=example.
	Suffix string
	People []Person
	Groups []Group
	// Account and Password are the account of a program: its name below the suffix, such as cn=usher. It may read everything and
	// change who is in a group. It stands in groups without members too, since groupOfNames must have one.
	Account, Password string
}

// Person is an inetOrgPerson below ou=people. Empty optional fields are left out.
type Person struct {
	ID, UID, Name, Given, Family string
	Mail, Title, Department      string
	Manager                      string // UID of another person
	Locked                       bool   // for good, as an administrator does
}

// Group is a groupOfNames below ou=groups.
type Group struct {
	ID, Name string
	Members  []string // UIDs
	// Filter makes a groupOfURLs instead, which is filled by a search among the people.
	Filter string
}

// lockedForGood is the value of pwdAccountLockedTime that only an administrator takes away
// (draft-behera-ldap-password-policy-11, 5.3.3).
const lockedForGood = "000001010000Z"

func (c Config) person(uid string) string { return "uid=" + uid + ",ou=people," + c.Suffix }
func (c Config) group(name string) string { return "cn=" + name + ",ou=groups," + c.Suffix }
func (c Config) account() string          { return c.Account + "," + c.Suffix }

// check finds the first thing in the configuration that a directory could not be. Names need no escaping then.
func (c Config) check() error {
	if !strings.HasPrefix(c.Suffix, "dc=") || !strings.HasPrefix(c.Account, "cn=") || c.Password == "" {
		return errors.New("suffix, account and password are needed, such as dc=acme,dc=example and cn=program")
	}
	ids, uids := map[string]bool{}, map[string]bool{}
	for _, p := range c.People {
		if p.ID == "" || ids[p.ID] || uids[p.UID] || !plain(p.UID) || p.Family == "" {
			return fmt.Errorf("person %q: id, uid and family name must be set, the first two unique, the uid without any of ,+\"\\<>;#=", p.UID)
		}
		ids[p.ID], uids[p.UID] = true, true
	}
	for _, p := range c.People {
		if p.Manager != "" && !uids[p.Manager] {
			return fmt.Errorf("manager %q of %q does not exist", p.Manager, p.UID)
		}
	}
	groupNames := map[string]bool{}
	for _, g := range c.Groups {
		if g.ID == "" || ids[g.ID] || groupNames[g.Name] || !plain(g.Name) {
			return fmt.Errorf("group %q: id and name must be set and unique, the name without any of ,+\"\\<>;#=", g.Name)
		}
		ids[g.ID], groupNames[g.Name] = true, true
		for _, m := range g.Members {
			if !uids[m] {
				return fmt.Errorf("member %q of group %q does not exist", m, g.Name)
			}
		}
	}
	return nil
}

// plain is a name that means itself in a distinguished name (RFC 4514, 2.4).
func plain(s string) bool {
	return s != "" && s == strings.Join(strings.Fields(s), " ") && !strings.ContainsAny(s, `,+"\\<>;#=`)
}

// entries writes everything in LDIF. Values may be any text, so they are in base64 where they must.
func (c Config) entries(w io.Writer) error {
	out := ldif{w: w}
	_, root, _ := strings.Cut(c.Suffix, "=")
	root, _, _ = strings.Cut(root, ",")
	out.entry(c.Suffix, "objectClass", "domain", "dc", root)
	out.entry("ou=people,"+c.Suffix, "objectClass", "organizationalUnit", "ou", "people")
	out.entry("ou=groups,"+c.Suffix, "objectClass", "organizationalUnit", "ou", "groups")
	out.entry(c.account(), "objectClass", "person", "cn", strings.TrimPrefix(c.Account, "cn="), "sn", "account", "userPassword", c.Password)
	for _, p := range c.People {
		lines := []string{
			"objectClass", "inetOrgPerson", "uid", p.UID, "cn", p.Name, "displayName", p.Name, "givenName", p.Given, "sn", p.Family,
			"mail", p.Mail, "title", p.Title, "departmentNumber", p.Department, "entryUUID", p.ID,
		}
		if p.Manager != "" {
			lines = append(lines, "manager", c.person(p.Manager))
		}
		if p.Locked {
			lines = append(lines, "pwdAccountLockedTime", lockedForGood)
		}
		out.entry(c.person(p.UID), lines...)
	}
	for _, g := range c.Groups {
		lines := []string{"objectClass", "groupOfNames", "cn", g.Name, "member", c.account()}
		if g.Filter != "" {
			lines = []string{"objectClass", "groupOfURLs", "cn", g.Name, "memberURL", "ldap:///ou=people," + c.Suffix + "??sub?" + g.Filter}
		}
		for _, m := range g.Members {
			if g.Filter == "" {
				lines = append(lines, "member", c.person(m))
			}
		}
		out.entry(c.group(g.Name), append(lines, "entryUUID", g.ID)...)
	}
	return out.err
}
