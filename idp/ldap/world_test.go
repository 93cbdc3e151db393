package ldap_test

import (
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	vendor "github.com/go-ldap/ldap/v3"

	"usher/idp"
	"usher/idp/idptest"
	"usher/idp/ldap"
)

// flavor is one way to keep people and groups, and one way to connect.
type flavor struct {
	suffix string
	schema ldap.Schema
	scheme string // ldaps, ldap with StartTLS, or plain
}

const plainScheme = "plain"

func names() flavor   { return flavor{namesSuffix, ldap.OpenLDAP, "ldaps"} }
func unique() flavor  { return flavor{uniqueSuffix, ldap.OpenLDAP, "ldap"} }
func windows() flavor { return flavor{windowsSuffix, ldap.ActiveDirectory, plainScheme} }

// site is a part of the tree for one case, with a connection of the database's administrator and a proxy.
type site struct {
	flavor
	slapd *slapd
	base  string
	admin *vendor.Conn
	proxy *proxy
	logs  *idptest.Log
	made  atomic.Int64
	adm   sync.Mutex // one administrator's step at a time
}

// sites numbers the parts.
var sites atomic.Int64 //nolint:gochecknoglobals // all cases share one server

func newSite(t *testing.T, f flavor) *site {
	t.Helper()
	d := directory(t)
	s := &site{flavor: f, slapd: d, logs: &idptest.Log{}}
	s.admin = d.admin(t, f.suffix)
	s.base = fmt.Sprintf("ou=case%d,%s", sites.Add(1), f.suffix)
	for _, dn := range []string{s.base, "ou=people," + s.base, "ou=groups," + s.base, "ou=moved,ou=people," + s.base} {
		s.add(t, dn, map[string][]string{"objectClass": {"organizationalUnit"}})
	}
	s.addUser(t, idptest.Person{Email: "resident@suite.example", First: "Re", Last: "Sident"})
	s.proxy = startProxy(t, d.plain, func(p *proxy) {
		p.windows = f.schema == ldap.ActiveDirectory
		p.startTLS = f.scheme == "ldap"
		if f.scheme != plainScheme {
			pair, err := tls.X509KeyPair([]byte(d.pki.server), []byte(d.pki.serverKey))
			if err != nil {
				t.Fatal(err)
			}
			p.conf = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
		}
	})
	return s
}

func (s *site) add(t *testing.T, dn string, attributes map[string][]string) {
	t.Helper()
	request := vendor.NewAddRequest(dn, nil)
	for name, values := range attributes {
		request.Attribute(name, values)
	}
	s.adm.Lock()
	defer s.adm.Unlock()
	if err := s.admin.Add(request); err != nil {
		t.Fatalf("add %s: %v", dn, err)
	}
}

// config is what the robot account needs.
func (s *site) config() ldap.Config {
	c := ldap.Config{
		Schema: s.schema, BaseDN: s.base, BindDN: robotName + "," + s.suffix, Password: robotPassword, RootsPEM: s.slapd.pki.roots,
		ManagerAttribute: "employeeType", Timeout: 5 * time.Second,
		Logger: slog.New(slog.NewJSONHandler(s.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if s.schema == ldap.ActiveDirectory {
		c.LoginAttribute = "userPrincipalName"
	}
	addr := s.proxy.listener.Addr().String()
	switch s.scheme {
	case plainScheme:
		c.URLs, c.InsecurePlain = []string{"ldap://" + addr}, true
	default:
		c.URLs = []string{s.scheme + "://" + addr}
	}
	return c
}

func (s *site) provider(t *testing.T, change func(*ldap.Config)) *ldap.Provider {
	t.Helper()
	c := s.config()
	if change != nil {
		change(&c)
	}
	p, err := ldap.New(c)
	if err != nil {
		t.Fatalf("ldap.New: %v", err)
	}
	t.Cleanup(p.Close)
	return p
}

// idAttribute is what never changes.
func (s *site) idAttribute() string {
	if s.schema == ldap.ActiveDirectory {
		return "objectGUID"
	}
	return "entryUUID"
}

func (s *site) idOf(e *vendor.Entry) string {
	raw := e.GetRawAttributeValue(s.idAttribute())
	if s.schema != ldap.ActiveDirectory {
		return string(raw)
	}
	return fmt.Sprintf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%x-%x", raw[3], raw[2], raw[1], raw[0], raw[5], raw[4], raw[7], raw[6], raw[8:10], raw[10:16])
}

// find returns the entries that match, below the case's part of the tree.
func (s *site) find(filter string, attributes ...string) []*vendor.Entry {
	s.adm.Lock()
	defer s.adm.Unlock()
	found, err := s.admin.Search(vendor.NewSearchRequest(s.base, vendor.ScopeWholeSubtree, 0, 0, 0, false, filter, append(attributes, s.idAttribute()), nil))
	if err != nil {
		return nil
	}
	return found.Entries
}

// dn returns the present name of the entry with this id.
func (s *site) dn(id string) string {
	filter := "(entryUUID=" + vendor.EscapeFilter(id) + ")"
	if s.schema == ldap.ActiveDirectory {
		for _, e := range s.find("(objectGUID=*)") {
			if s.idOf(e) == id {
				return e.DN
			}
		}
		return "cn=nobody," + s.base
	}
	for _, e := range s.find(filter) {
		return e.DN
	}
	return "cn=nobody," + s.base
}

func (s *site) idAt(t *testing.T, dn string) string {
	t.Helper()
	s.adm.Lock()
	defer s.adm.Unlock()
	found, err := s.admin.Search(vendor.NewSearchRequest(dn, vendor.ScopeBaseObject, 0, 0, 0, false, "(objectClass=*)", []string{s.idAttribute()}, nil))
	if err != nil || len(found.Entries) != 1 {
		t.Fatalf("read %s: %v", dn, err)
	}
	return s.idOf(found.Entries[0])
}

func guid() string {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw)
	return string(raw)
}

// top is what every entry of Active Directory must have.
func top(attributes map[string][]string) map[string][]string {
	attributes["instanceType"] = []string{"4"}
	attributes["nTSecurityDescriptor"] = []string{"x"}
	attributes["objectCategory"] = []string{windowsSuffix}
	attributes["objectGUID"] = []string{guid()}
	return attributes
}

// securityID is an objectSid of the test's domain.
func securityID(rid uint32) string {
	return "\x01\x05\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00" +
		string([]byte{byte(rid), byte(rid >> 8), byte(rid >> 16), byte(rid >> 24)})
}

func (s *site) addUser(t *testing.T, p idptest.Person) idp.UserID {
	t.Helper()
	if p.Login == "" {
		p.Login = p.Email
	}
	attributes := map[string][]string{"cn": {p.First + " " + p.Last}, "sn": {p.Last}, "givenName": {p.First}, "mail": {p.Email}}
	if p.Title != "" {
		attributes["title"] = []string{p.Title}
	}
	department := "departmentNumber"
	n := s.made.Add(1)
	dn := fmt.Sprintf("cn=person%d,ou=people,%s", n, s.base)
	if s.schema == ldap.ActiveDirectory {
		department = "department"
		attributes["objectClass"] = []string{"user", "securityPrincipal"}
		attributes["userPrincipalName"] = []string{p.Login}
		attributes["userAccountControl"] = []string{"512"}
		attributes["accountExpires"] = []string{"9223372036854775807"}
		attributes["primaryGroupID"] = []string{"513"}
		attributes["objectSid"] = []string{securityID(uint32(100000 + n))}
		attributes = top(attributes)
		attributes["cn"] = append(attributes["cn"], fmt.Sprintf("person%d", n))
	} else {
		attributes["objectClass"] = []string{"inetOrgPerson"}
		attributes["uid"] = []string{p.Login}
		dn = fmt.Sprintf("uid=%s,ou=people,%s", vendor.EscapeDN(p.Login), s.base)
	}
	if p.Department != "" {
		attributes[department] = []string{p.Department}
	}
	s.add(t, dn, attributes)
	return idp.UserID(s.idAt(t, dn))
}

func (s *site) memberAttribute() string {
	if s.suffix == uniqueSuffix {
		return "uniqueMember"
	}
	return "member"
}

func (s *site) placeholder() string { return robotName + "," + s.suffix }

func (s *site) addGroup(t *testing.T, name string, members ...idp.UserID) idp.GroupID {
	t.Helper()
	var dns []string
	for _, m := range members {
		dns = append(dns, s.dn(string(m)))
	}
	return s.group(t, name, dns)
}

// group makes a group that may be governed. Those that must not be empty get the placeholder.
func (s *site) group(t *testing.T, name string, members []string) idp.GroupID {
	t.Helper()
	if s.schema != ldap.ActiveDirectory {
		members = append([]string{s.placeholder()}, members...)
	}
	return s.bareGroup(t, name, members)
}

func (s *site) bareGroup(t *testing.T, name string, members []string) idp.GroupID {
	t.Helper()
	attributes := map[string][]string{"objectClass": {"groupOfNames"}, "cn": {name}}
	switch s.suffix {
	case uniqueSuffix:
		attributes["objectClass"] = []string{"groupOfUniqueNames"}
	case windowsSuffix:
		attributes["objectClass"] = []string{"group", "securityPrincipal"}
		attributes["groupType"] = []string{"-2147483646"} // global, security
		attributes["objectSid"] = []string{securityID(uint32(1200000 + s.made.Add(1)))}
		attributes = top(attributes)
	}
	if len(members) > 0 {
		attributes[s.memberAttribute()] = members
	}
	dn := fmt.Sprintf("cn=%s,ou=groups,%s", vendor.EscapeDN(name), s.base)
	s.add(t, dn, attributes)
	return idp.GroupID(s.idAt(t, dn))
}

// members is the truth, without the placeholder.
func (s *site) members(group idp.GroupID) []idp.UserID {
	ids := map[string]string{}
	for _, e := range s.find("(objectClass=person)") {
		ids[strings.ToLower(e.DN)] = s.idOf(e)
	}
	var users []idp.UserID
	for _, dn := range s.values(s.dn(string(group)), s.memberAttribute()) {
		if id := ids[strings.ToLower(dn)]; id != "" {
			users = append(users, idp.UserID(id))
		}
	}
	return users
}

// values reads an attribute of the entry of this name.
func (s *site) values(dn, attribute string) []string {
	s.adm.Lock()
	defer s.adm.Unlock()
	found, err := s.admin.Search(vendor.NewSearchRequest(dn, vendor.ScopeBaseObject, 0, 0, 0, false, "(objectClass=*)", []string{attribute}, nil))
	if err != nil || len(found.Entries) != 1 {
		return nil
	}
	return found.Entries[0].GetAttributeValues(attribute)
}

// change modifies an entry by hand.
func (s *site) change(t *testing.T, dn string, changes ...func(*vendor.ModifyRequest)) {
	t.Helper()
	request := vendor.NewModifyRequest(dn, nil)
	for _, c := range changes {
		c(request)
	}
	s.adm.Lock()
	defer s.adm.Unlock()
	if err := s.admin.Modify(request); err != nil {
		t.Errorf("change %s: %v", dn, err)
	}
}

func set(attribute string, values ...string) func(*vendor.ModifyRequest) {
	return func(r *vendor.ModifyRequest) { r.Replace(attribute, values) }
}

// move renames an entry, and moves it to another parent unless that is empty.
func (s *site) move(t *testing.T, dn, rdn, parent string) {
	t.Helper()
	s.adm.Lock()
	defer s.adm.Unlock()
	if err := s.admin.ModifyDN(vendor.NewModifyDNRequest(dn, rdn, true, parent)); err != nil {
		t.Errorf("move %s: %v", dn, err)
	}
}

func (s *site) remove(t *testing.T, dn string) {
	t.Helper()
	s.adm.Lock()
	defer s.adm.Unlock()
	if err := s.admin.Del(vendor.NewDelRequest(dn, nil)); err != nil {
		t.Errorf("delete %s: %v", dn, err)
	}
}

// crowd makes n people and returns their names.
func (s *site) crowd(t *testing.T, n int) []string {
	t.Helper()
	dns := make([]string, n)
	for i := range dns {
		k := s.made.Add(1)
		attributes := map[string][]string{"objectClass": {"inetOrgPerson"}, "cn": {"Crowd"}, "sn": {"Member"}}
		if s.schema == ldap.ActiveDirectory {
			attributes = top(map[string][]string{"objectClass": {"user", "securityPrincipal"}, "sn": {"Member"}, "userAccountControl": {"512"}})
		}
		name := fmt.Sprintf("crowd%d", k)
		attributes["cn"] = []string{name}
		dns[i] = "cn=" + name + ",ou=people," + s.base
		s.add(t, dns[i], attributes)
	}
	return dns
}
