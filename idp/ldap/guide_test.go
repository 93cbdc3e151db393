package ldap_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	vendor "github.com/go-ldap/ldap/v3"

	"usher/idp"
	"usher/idp/ldap"
)

const (
	guideSuffix  = "dc=corp,dc=example"
	guideAccount = "cn=usher,ou=services," + guideSuffix
	guideOther   = "cn=wiki,ou=services," + guideSuffix
	guideTeam    = "cn=Team,ou=groups," + guideSuffix
	guidePat     = "uid=pat,ou=people," + guideSuffix
	guideKim     = "uid=kim,ou=people," + guideSuffix
)

// guideLines are the lines for slapd.conf that the guide tells people to write.
func guideLines(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile(filepath.FromSlash("../../docs/providers/ldap.md"))
	must(t, "read the guide", err)
	block := regexp.MustCompile("(?ms)^ *```\n( *access to .*?)^ *```$").FindSubmatch(page)
	if block == nil {
		t.Fatal("the guide has no access line")
	}
	return regexp.MustCompile("(?m)^ {3}").ReplaceAllString(string(block[1]), "")
}

// guideSlapd is a company's server: what was there before is behind the lines of the guide.
func guideSlapd(t *testing.T, lines, before string) *slapd {
	t.Helper()
	directory(t) // Skips where there is no slapd.
	s := &slapd{dir: t.TempDir()}
	var err error
	s.pki, err = newPKI(s.dir)
	must(t, "make certificates", err)
	must(t, "make a folder", os.Mkdir(s.pki.file("data"), 0o700))
	conf := fmt.Sprintf("include %[1]s/core.schema\ninclude %[1]s/cosine.schema\ninclude %[1]s/inetorgperson.schema\n", slapdSchemas) +
		"modulepath /usr/lib/ldap\nmoduleload back_mdb\n" +
		fmt.Sprintf("TLSCACertificateFile %s\nTLSCertificateFile %s\nTLSCertificateKeyFile %s\n", s.pki.file("ca.pem"), s.pki.file("server.pem"), s.pki.file("server.key")) +
		fmt.Sprintf("database mdb\nsuffix %s\nrootdn cn=admin,%s\nrootpw %s\ndirectory %s\n", guideSuffix, guideSuffix, adminPassword, s.pki.file("data")) +
		"access to attrs=userPassword by anonymous auth by * none\n" + lines + before
	must(t, "write slapd.conf", os.WriteFile(s.pki.file("slapd.conf"), []byte(conf), 0o600))
	must(t, "fill slapd", s.load(guideSuffix, func(w io.Writer) error {
		_, err := io.WriteString(w, guideEntries())
		return err
	}))
	must(t, "start slapd", s.run())
	t.Cleanup(s.stop)
	return s
}

func guideEntries() string {
	var b strings.Builder
	put := func(dn string, lines ...string) {
		b.WriteString("dn: " + dn + "\n" + strings.Join(lines, "\n") + "\n\n")
	}
	put(guideSuffix, "objectClass: domain", "dc: corp")
	for _, unit := range []string{"services", "people", "groups"} {
		put("ou="+unit+","+guideSuffix, "objectClass: organizationalUnit")
	}
	for _, account := range []string{guideAccount, guideOther} {
		put(account, "objectClass: person", "sn: account", "userPassword: "+robotPassword)
	}
	for _, dn := range []string{guidePat, guideKim} {
		put(dn, "objectClass: inetOrgPerson", "cn: Pat", "sn: Suite", "mail: "+dn[4:7]+"@corp.example")
	}
	put(guideTeam, "objectClass: groupOfNames", "member: "+guideAccount, "member: "+guidePat)
	return b.String()
}

func (s *slapd) as(t *testing.T, dn string) *vendor.Conn {
	t.Helper()
	conn, err := vendor.DialURL("ldap://" + s.plain)
	must(t, "connect", err)
	t.Cleanup(func() { _ = conn.Close() })
	must(t, "sign in as "+dn, conn.Bind(dn, robotPassword))
	return conn
}

func seenMembers(t *testing.T, conn *vendor.Conn) []string {
	t.Helper()
	found, err := conn.Search(vendor.NewSearchRequest(guideTeam, vendor.ScopeBaseObject, 0, 0, 0, false, "(objectClass=*)", []string{"member"}, nil))
	must(t, "read the group", err)
	return found.Entries[0].GetAttributeValues("member")
}

// TestTheGuidesAccessLineGivesUsherTheMembersAndTakesThemFromNobody starts servers with the very lines of the guide.
func TestTheGuidesAccessLineGivesUsherTheMembersAndTakesThemFromNobody(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]string{
		"before other lines": "access to dn.subtree=\"ou=groups," + guideSuffix + "\" by users read\naccess to * by users read by * none\n",
		"before no line":     "access to * by * read\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := guideSlapd(t, guideLines(t), before)
			other, usher := s.as(t, guideOther), s.as(t, guideAccount)
			if got := seenMembers(t, other); len(got) != 2 {
				t.Errorf("another account sees %d of 2 members", len(got))
			}
			p, err := ldap.New(ldap.Config{URLs: []string{"ldap://" + s.plain}, BaseDN: guideSuffix, BindDN: guideAccount, Password: robotPassword, InsecurePlain: true})
			must(t, "ldap.New", err)
			t.Cleanup(p.Close)
			for _, f := range p.Check(t.Context()) {
				if !f.OK {
					t.Errorf("%+v", f)
				}
			}
			var team idp.GroupID
			must(t, "Discover", p.Discover(t.Context(), func(d idp.Discovered) error { team = d.ID; return nil }))
			kim, err := p.FindUser(t.Context(), "kim@corp.example")
			must(t, "FindUser", err)
			must(t, "AddMember", p.AddMember(t.Context(), team, kim.ID))
			if got := seenMembers(t, other); len(got) != 3 {
				t.Errorf("after adding one, another account sees %d of 3 members", len(got))
			}
			must(t, "RemoveMember", p.RemoveMember(t.Context(), team, kim.ID))
			for what, refused := range map[string]error{
				"another attribute of a group": modify(usher, guideTeam, "description"),
				"a person":                     modify(usher, guidePat, "title"),
				"a new group":                  usher.Add(newGroup("cn=New,ou=groups," + guideSuffix)),
				"a group's end":                usher.Del(vendor.NewDelRequest(guideTeam, nil)),
				"members, by another account":  modify(other, guideTeam, "member"),
			} {
				if !vendor.IsErrorWithCode(refused, vendor.LDAPResultInsufficientAccessRights) {
					t.Errorf("%s: %v", what, refused)
				}
			}
		})
	}
}

func modify(conn *vendor.Conn, dn, attribute string) error {
	r := vendor.NewModifyRequest(dn, nil)
	r.Add(attribute, []string{guideKim})
	return conn.Modify(r)
}

func newGroup(dn string) *vendor.AddRequest {
	r := vendor.NewAddRequest(dn, nil)
	r.Attribute("objectClass", []string{"groupOfNames"})
	r.Attribute("member", []string{guidePat})
	return r
}

// TestTheGuideNamesWhatIsRead holds the guide against the attributes that the adapter asks for.
func TestTheGuideNamesWhatIsRead(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.FromSlash("../../docs/providers/ldap.md"))
	code, other := os.ReadFile("schema.go")
	must(t, "read", errors.Join(err, other))
	states := regexp.MustCompile(`(?s)(?:user|group)State: +\[\]string\{(.*?)\}`).FindAllSubmatch(code, -1)
	if len(states) != 4 {
		t.Fatalf("%d lists of attributes in schema.go, want 4", len(states))
	}
	for _, list := range states {
		for _, name := range regexp.MustCompile(`"([^"]+)"`).FindAllSubmatch(list[1], -1) {
			if !strings.Contains(string(page), "`"+string(name[1])+"`") {
				t.Errorf("the guide does not say that %s is read", name[1])
			}
		}
	}
}
