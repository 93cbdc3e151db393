package ldap_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	vendor "github.com/go-ldap/ldap/v3"
	"go.uber.org/goleak"
)

const (
	slapdProgram   = "/usr/sbin/slapd"
	slapdSchemas   = "/etc/ldap/schema"
	adminPassword  = "admin-password-never-to-be-seen"
	robotPassword  = "robot-password-never-to-be-seen"
	wrongPassword  = "wrong-password-never-to-be-seen"
	namesSuffix    = "dc=names"   // groupOfNames, with memberof and refint
	uniqueSuffix   = "dc=unique"  // groupOfUniqueNames, with refint
	windowsSuffix  = "dc=windows" // Active Directory's schema, with refint
	bigSuffix      = "dc=big"     // filled offline
	frozenSuffix   = "dc=frozen"  // read-only
	robotName      = "cn=usher"
	limitedName    = "cn=limited" // may see five entries
	readerName     = "cn=reader"  // may change nothing
	blindName      = "cn=blind"   // sees no marks of Active Directory's protected groups
	halfBlindName  = "cn=half"    // sees but one of them
	outsiderName   = "cn=outside" // does not see Windows' own groups
	clientCertName = "usher-client"
)

// slapd is one running server of OpenLDAP with a database per suffix.
type slapd struct {
	dir   string
	plain string // host and port
	tls   string
	pki   pki
	stop  func()
}

// shared is started by the first test that asks and stopped by TestMain.
var shared = struct { //nolint:gochecknoglobals // one server for all tests of the process
	once  sync.Once
	slapd *slapd
	err   error
}{}

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if shared.slapd != nil {
			shared.slapd.stop()
		}
		os.Exit(code)
	}))
}

// directory returns the shared server.
func directory(t *testing.T) *slapd {
	t.Helper()
	if _, err := os.Stat(slapdProgram); err != nil && os.Getenv("USHER_SLAPD") != "required" {
		t.Skip("There is no slapd on this machine; the Debian package slapd has it.")
	}
	shared.once.Do(func() { shared.slapd, shared.err = startSlapd() })
	if shared.err != nil {
		t.Fatalf("start slapd: %v", shared.err)
	}
	return shared.slapd
}

// startSlapd runs a server on loopback ports, in a folder that stop removes.
func startSlapd() (*slapd, error) {
	dir, err := os.MkdirTemp("", "usher-slapd-")
	if err != nil {
		return nil, err
	}
	s := &slapd{dir: dir}
	if err := s.start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

func (s *slapd) start() (err error) {
	if s.pki, err = newPKI(s.dir); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(s.dir, "slapd.conf"), []byte(s.conf()), 0o600); err != nil {
		return err
	}
	if err := s.fill(); err != nil {
		return err
	}
	// Another process may take the free ports first.
	for range 3 {
		if err = s.run(); err == nil {
			return nil
		}
	}
	return err
}

// run starts the process under a shell that ends it when this process is gone, however that happens.
func (s *slapd) run() error {
	s.plain, s.tls = freePort(), freePort()
	const script = `"$@" & pid=$!; cat >/dev/null; kill "$pid"; wait "$pid"`
	cmd := exec.CommandContext(context.Background(), "sh", "-c", script, "sh", slapdProgram, "-d", "0", "-f", filepath.Join(s.dir, "slapd.conf"),
		"-h", "ldap://"+s.plain+"/ ldaps://"+s.tls+"/")
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the process has its own handle
	cmd.Stdout, cmd.Stderr = log, log
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	end := func() {
		_ = in.Close()
		_ = cmd.Wait()
	}
	s.stop = func() {
		end()
		_ = os.RemoveAll(s.dir)
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		conn, err := vendor.DialURL("ldap://" + s.plain)
		if err == nil {
			return conn.Close()
		}
	}
	end()
	text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return fmt.Errorf("slapd does not answer: %s", text)
}

func freePort() string {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return ""
	}
	defer l.Close() //nolint:errcheck // it was never used
	return l.Addr().String()
}

// conf is the configuration: schemas, overlays, and what the robot account may do.
func (s *slapd) conf() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	for _, name := range []string{"core", "cosine", "inetorgperson", "nis", "dyngroup"} {
		line("include %s/%s.schema", slapdSchemas, name)
	}
	line("include %s", s.windowsSchema())
	line("pidfile %s/pid", s.dir)
	line("modulepath /usr/lib/ldap")
	for _, module := range []string{"back_mdb", "memberof", "refint", "ppolicy"} {
		line("moduleload %s", module)
	}
	line("TLSCACertificateFile %s\nTLSCertificateFile %s\nTLSCertificateKeyFile %s\nTLSVerifyClient allow", s.pki.file("ca.pem"), s.pki.file("server.pem"), s.pki.file("server.key"))
	line(`authz-regexp "cn=%s" "%s,%s"`, clientCertName, robotName, namesSuffix)
	line("threads 8\nsizelimit unlimited\ndatabase monitor\naccess to * by * read")
	for _, suffix := range []string{namesSuffix, uniqueSuffix, windowsSuffix, bigSuffix, frozenSuffix} {
		s.database(line, suffix)
	}
	return b.String()
}

func (s *slapd) database(line func(string, ...any), suffix string) {
	data := filepath.Join(s.dir, strings.ReplaceAll(suffix, "=", "-"))
	_ = os.Mkdir(data, 0o700)
	line("database mdb\nsuffix %s\nrootdn cn=admin,%s\nrootpw %s\ndirectory %s\nmaxsize 1073741824\ndbnosync\nenvflags nosync", suffix, suffix, adminPassword, data)
	line("index objectClass,entryUUID,member,uniqueMember,mail,uid eq")
	line(`limits dn.exact="%s,%s" size=5`, limitedName, suffix)
	line("access to attrs=userPassword by anonymous auth by * none")
	// A group whose description is "closed" is not for the robot.
	line(`access to filter="(description=closed)" attrs=member,uniqueMember by * read`)
	line(`access to attrs=member,uniqueMember by dn.exact="%s,%s" write by * read`, robotName, suffix)
	if suffix == windowsSuffix {
		line(`access to attrs=isCriticalSystemObject by dn.exact="%s,%s" none by * break`, blindName, suffix)
		line(`access to attrs=adminCount by dn.exact="%s,%s" none by dn.exact="%s,%s" none by * break`, blindName, suffix, halfBlindName, suffix)
		line(`access to dn.subtree="cn=Users,%s" by dn.exact="%s,%s" none by * break`, suffix, outsiderName, suffix)
	}
	line("access to * by dn.children=%q read by * none", suffix)
	switch suffix {
	case namesSuffix:
		line("overlay memberof\nmemberof-group-oc groupOfNames\nmemberof-dangling ignore")
		line("overlay refint\nrefint_attributes member memberOf manager owner")
	case uniqueSuffix:
		line("overlay refint\nrefint_attributes uniqueMember manager owner\nrefint_nothing cn=usher,%s", suffix)
	case windowsSuffix:
		line("index objectGUID,objectSid,sAMAccountName eq\noverlay refint\nrefint_attributes member manager managedBy")
	case frozenSuffix:
		line("readonly on")
	}
}

// windowsSchema copies OpenLDAP's schema file for Active Directory and gives those attributes a way to be compared that are
// searched for; the file lacks it.
func (s *slapd) windowsSchema() string {
	text, err := os.ReadFile(filepath.Join(slapdSchemas, "msuser.schema"))
	if err != nil {
		return err.Error()
	}
	for name, rule := range map[string]string{
		"objectGUID": "octetStringMatch", "objectSid": "octetStringMatch", "primaryGroupID": "integerMatch",
		"userPrincipalName": "caseIgnoreMatch", "sAMAccountName": "caseIgnoreMatch", "managedBy": "distinguishedNameMatch",
	} {
		text = regexp.MustCompile(`(NAME '`+name+`')`).ReplaceAll(text, []byte("$1 EQUALITY "+rule))
	}
	// The auxiliary class that Active Directory adds to people and groups.
	text = append(text, []byte("\nobjectclass ( 1.2.840.113556.1.5.6 NAME 'securityPrincipal' SUP top AUXILIARY\n MAY ( objectSid $ sAMAccountName $ department ) )\n")...)
	path := filepath.Join(s.dir, "windows.schema")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return err.Error()
	}
	return path
}

// bigCount is how many people are in the group of the database that is filled offline.
const bigCount = 25_000

// fill loads the roots, the accounts, and the large group, with the server's own tool.
func (s *slapd) fill() error {
	for _, suffix := range []string{namesSuffix, uniqueSuffix, windowsSuffix, bigSuffix, frozenSuffix} {
		if err := s.load(suffix, func(w io.Writer) error { return ldif(w, suffix) }); err != nil {
			return err
		}
	}
	return nil
}

// load fills one database.
func (s *slapd) load(suffix string, entries func(io.Writer) error) error {
	r, w := io.Pipe()
	go func() { _ = w.CloseWithError(entries(w)) }()
	cmd := exec.CommandContext(context.Background(), "/usr/sbin/slapadd", "-q", "-f", filepath.Join(s.dir, "slapd.conf"), "-b", suffix)
	cmd.Stdin = r
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("fill %s: %w: %s", suffix, err, out)
	}
	return nil
}

func ldif(w io.Writer, suffix string) error {
	var errs []error
	put := func(format string, args ...any) {
		_, err := fmt.Fprintf(w, format+"\n\n", args...)
		errs = append(errs, err)
	}
	put("dn: %s\nobjectClass: domain\ndc: %s", suffix, strings.TrimPrefix(suffix, "dc="))
	for _, account := range []string{robotName, limitedName, readerName, blindName, halfBlindName, outsiderName} {
		put("dn: %s,%s\nobjectClass: person\ncn: %s\nsn: account\nuserPassword: %s", account, suffix, strings.TrimPrefix(account, "cn="), robotPassword)
	}
	if suffix == frozenSuffix {
		put("dn: uid=ice,%s\nobjectClass: inetOrgPerson\nuid: ice\ncn: Ice\nsn: Ice\nmail: ice@suite.example", suffix)
		put("dn: cn=Frozen,%s\nobjectClass: groupOfNames\ncn: Frozen\nmember: %s,%s", suffix, robotName, suffix)
	}
	if suffix == windowsSuffix {
		// As every domain has it: https://learn.microsoft.com/windows-server/identity/ad-ds/manage/understand-security-groups#domain-admins
		put("dn: cn=Users,%s\nobjectClass: applicationProcess\ncn: Users", suffix)
		put("dn: cn=Domain Admins,cn=Users,%s\nobjectClass: group\nobjectClass: securityPrincipal\ncn: Domain Admins\ngroupType: -2147483646\n"+
			"instanceType: 4\nnTSecurityDescriptor: x\nobjectCategory: %s\nobjectGUID:: %s\nobjectSid:: %s\nisCriticalSystemObject: TRUE\nadminCount: 1",
			suffix, suffix, base64.StdEncoding.EncodeToString([]byte(guid())), base64.StdEncoding.EncodeToString([]byte(securityID(512))))
	}
	if suffix == bigSuffix {
		var members strings.Builder
		for i := range bigCount {
			put("dn: uid=crowd%d,%s\nobjectClass: inetOrgPerson\nuid: crowd%d\ncn: Crowd %d\nsn: Crowd\nmail: crowd%d@suite.example", i, suffix, i, i, i)
			fmt.Fprintf(&members, "\nmember: uid=crowd%d,%s", i, suffix)
		}
		put("dn: cn=Big,%s\nobjectClass: groupOfNames\ncn: Big%s", suffix, members.String())
	}
	return errors.Join(errs...)
}

// admin opens a connection of the database's own administrator, past every proxy.
func (s *slapd) admin(t *testing.T, suffix string) *vendor.Conn {
	t.Helper()
	conn, err := vendor.DialURL("ldap://" + s.plain)
	if err != nil {
		t.Fatalf("connect to slapd: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.Bind("cn=admin,"+suffix, adminPassword); err != nil {
		t.Fatalf("bind to slapd: %v", err)
	}
	return conn
}

// pki holds a certificate authority made for this run, with a certificate of the server and one of a client.
type pki struct {
	dir                         string
	roots, client, clientKey    string // PEM
	server, serverKey, stranger string
}

func (p pki) file(name string) string { return filepath.Join(p.dir, name) }

func newPKI(dir string) (pki, error) {
	p := pki{dir: dir}
	ca, caKey, caPEM, _, err := certificate("Usher test authority", nil, nil)
	if err != nil {
		return p, err
	}
	_, _, p.server, p.serverKey, err = certificate("localhost", ca, caKey)
	if err != nil {
		return p, err
	}
	if _, _, p.client, p.clientKey, err = certificate(clientCertName, ca, caKey); err != nil {
		return p, err
	}
	if _, _, p.stranger, _, err = certificate("Another authority", nil, nil); err != nil {
		return p, err
	}
	p.roots = caPEM
	for name, text := range map[string]string{"ca.pem": p.roots, "server.pem": p.server, "server.key": p.serverKey} {
		if err := os.WriteFile(p.file(name), []byte(text), 0o600); err != nil {
			return p, err
		}
	}
	return p, nil
}

// certificate makes one that is signed by the parent, or by itself.
func certificate(name string, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey, string, string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, "", "", err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true, IsCA: parent == nil,
	}
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		return nil, nil, "", "", err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, "", "", err
	}
	made, err := x509.ParseCertificate(der)
	return made, key, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})), err
}
