package sandbox

import (
	"fmt"
	"regexp"
	"strings"

	"usher/sandbox/ldapsim"
)

const (
	ldapName = "ldap"
	// LDAPPassword opens nothing but the sandbox's own slapd.
	LDAPPassword = "sandbox-ldap-password"
)

// makeLDAP makes the company's LDAP directory. It needs slapd on this machine when it is opened.
func (w *World) makeLDAP() (Directory, error) {
	sim, err := ldapsim.New(ldapConfig(w))
	if err != nil {
		return nil, fmt.Errorf("make ldap directory: %w", err)
	}
	return &ldapDirectory{Server: sim, company: w.Company}, nil
}

// ldapDirectory is slapd as a Directory.
type ldapDirectory struct {
	*ldapsim.Server
	company *Company
	url     string
}

func (d *ldapDirectory) Name() string  { return ldapName }
func (d *ldapDirectory) Label() string { return "LDAP" }
func (d *ldapDirectory) URL() string   { return d.url }

func (d *ldapDirectory) Environment() map[string]string {
	return map[string]string{"USHER_LDAP_URLS": d.url, "USHER_LDAP_PASSWORD": LDAPPassword}
}

func (d *ldapDirectory) Settings() string {
	root := ldapSuffix(d.company)
	return fmt.Sprintf("ldap: {urls: [%q], schema: openldap, base_dn: %q, user_base: %q, group_base: %q, bind_dn: %q}\n",
		d.url, root, "ou=people,"+root, "ou=groups,"+root, d.AccountDN())
}

func (d *ldapDirectory) open(w *World, addr string) error {
	if addr == "" {
		addr = freePort
	}
	if err := loopbackOnly(addr); err != nil {
		return err
	}
	l, err := w.open(addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", addr, err)
	}
	d.url = "ldap://" + l.Addr().String()
	return d.Start(l)
}

func (d *ldapDirectory) UserID(handle string) string { return guid("person", handle) }

func (d *ldapDirectory) GroupID(group string) string { return groupGUID(group) }

func (d *ldapDirectory) User(id string) (Account, bool) {
	for _, p := range d.company.People {
		if guid("person", p.Handle) == id && !p.Outsider {
			return Account{id, p.Name, p.Title, !d.Locked(id)}, true
		}
	}
	return Account{}, false
}

func (d *ldapDirectory) Groups() []DirectoryGroup {
	var out []DirectoryGroup
	for _, g := range d.company.Groups {
		one := DirectoryGroup{ID: groupGUID(g.ID), Name: g.Name, Members: d.Members(g.ID)}
		if g.Rule != "" {
			one.Kind = "filled by a search"
		}
		out = append(out, one)
	}
	return out
}

func (d *ldapDirectory) Members(group string) []string { return d.Server.Members(groupGUID(group)) }

func (d *ldapDirectory) History(group string) []Change {
	var out []Change
	for _, c := range d.MemberHistory(groupGUID(group)) {
		by := c.By + byHand
		if c.By == d.AccountDN() {
			by = "Usher, by its account"
		}
		out = append(out, Change{At: c.At, User: c.User, Added: c.Added, By: by})
	}
	return out
}

func (d *ldapDirectory) AddByHand(group, user, by string) error {
	return d.AddMemberByHand(groupGUID(group), user, by)
}

func (d *ldapDirectory) RemoveByHand(group, user, by string) error {
	return d.RemoveMemberByHand(groupGUID(group), user, by)
}

func (d *ldapDirectory) Deactivate(user string) error { return d.SetLocked(user, true) }

func (d *ldapDirectory) Reactivate(user string) error { return d.SetLocked(user, false) }

func (d *ldapDirectory) Calls() []Call {
	list := d.Server.Calls()
	out := make([]Call, len(list))
	for i, c := range list {
		out[i] = Call{
			Received: Received{Seq: c.Seq, At: c.At, Method: c.Method, Path: c.Base, Query: c.Query, Name: c.Name, Fault: c.Fault, Changed: c.Changed},
			Answer:   c.Result, OK: c.Result == "success", Touch: Touch{ldapDoes(c.Name), c.Group, c.User},
		}
	}
	return out
}

func ldapDoes(operation string) Doing {
	switch operation {
	case ldapsim.OpMemberAdd:
		return Adds
	case ldapsim.OpMemberRemove:
		return Removes
	case ldapsim.OpMemberRead, ldapsim.OpMembers, ldapsim.OpUserGroups:
		return Reads
	}
	return ""
}

func (d *ldapDirectory) Inject(f Fault) {
	d.Server.Inject(ldapsim.Fault{Name: f.Name, Kind: ldapsim.FaultKind(f.Kind), Times: f.Times, Skip: f.Skip, After: f.After})
}

func (d *ldapDirectory) FaultKinds() []string { return names(ldapsim.FaultKinds()) }

func (d *ldapDirectory) Doing(what Doing) []string {
	var list []string
	for _, name := range d.Operations() {
		if ldapDoes(name) == what {
			list = append(list, name)
		}
	}
	return list
}

// ldapSuffix is dc=acme,dc=example for acme.example.
func ldapSuffix(c *Company) string { return "dc=" + strings.ReplaceAll(c.Domain, ".", ",dc=") }

// ldapRule takes the rules apart of which a search can be made.
func ldapRule(rule string) (filter string, ok bool) {
	m := regexp.MustCompile(`^user\.department == "([\w ]+)"$`).FindStringSubmatch(rule)
	if m == nil {
		return "", rule == ""
	}
	return "(departmentNumber=" + m[1] + ")", true
}

// forLDAP is the company without the groups that LDAP has not: those imported from apps, and those of other rules.
func (c *Company) forLDAP() *Company {
	out := *c
	out.Groups = nil
	for _, g := range c.Groups {
		if _, ok := ldapRule(g.Rule); ok && !g.Imported {
			out.Groups = append(out.Groups, g)
		}
	}
	return &out
}

func ldapConfig(w *World) ldapsim.Config {
	c := w.Company
	cfg := ldapsim.Config{Now: w.Clock.Now, Suffix: ldapSuffix(c), Account: "cn=usher", Password: LDAPPassword}
	for _, p := range c.People {
		if p.Outsider {
			continue
		}
		first, last := splitName(p.Name)
		lp := ldapsim.Person{
			ID: guid("person", p.Handle), UID: p.Handle, Name: p.Name, Given: first, Family: last, Mail: p.Email(), Title: p.Title,
			Department: p.Department, Locked: p.Left,
		}
		if m, ok := c.Person(p.Manager); ok && !m.Outsider {
			lp.Manager = m.Handle
		}
		cfg.People = append(cfg.People, lp)
	}
	for _, g := range c.Groups {
		filter, _ := ldapRule(g.Rule)
		cfg.Groups = append(cfg.Groups, ldapsim.Group{ID: groupGUID(g.ID), Name: g.Name, Members: g.Members, Filter: filter})
	}
	return cfg
}
