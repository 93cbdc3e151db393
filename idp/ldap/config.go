package ldap

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"
)

// Config says which directory to speak to and how. URLs, BaseDN, and either BindDN with Password or a client certificate are
// needed.
type Config struct {
	// URLs are the servers of one directory, for example ldaps://dc1.corp.example. The first that answers serves every call
	// until it fails, so that a change is read back where it was made. ldaps encrypts from the start (port 636), ldap by StartTLS
	// (port 389).
	URLs []string
	// Schema says how the directory describes people and groups; default OpenLDAP.
	Schema Schema
	// BaseDN is the root of everything that Usher looks at, for example dc=corp,dc=example. In Active Directory the check looks for
	// Domain Admins in the whole domain.
	BaseDN string
	// UserBase and GroupBase narrow where people and groups are; both below BaseDN; default BaseDN.
	UserBase, GroupBase string
	// UserFilter tells people from other entries; default (objectClass=inetOrgPerson), in Active Directory
	// (&(objectClass=user)(!(objectClass=computer))).
	UserFilter string

	// BindDN is the account that Usher signs in as; Active Directory takes a userPrincipalName too.
	BindDN string
	// Password belongs to BindDN.
	Password Secret
	// CertificatePEM and KeyPEM are a client certificate to sign in with (SASL EXTERNAL) instead of BindDN and Password.
	CertificatePEM string
	KeyPEM         Secret
	// RootsPEM are the certificates of the authorities that the server's certificate may come from; default the system's.
	RootsPEM string
	// InsecurePlain allows ldap:// without encryption, and that only to a loopback host; default false.
	InsecurePlain bool

	// EmailAttribute is what FindUser compares and User.Email shows; default mail. userPrincipalName is common too.
	EmailAttribute string
	// LoginAttribute is what User.Login shows; default uid, in Active Directory userPrincipalName or else sAMAccountName.
	LoginAttribute string
	// DepartmentAttribute is what User.Department shows; default departmentNumber or else ou, in Active Directory department.
	DepartmentAttribute string
	// ManagerAttribute names the manager, by distinguished name, id, login or e-mail address; default manager.
	ManagerAttribute string
	// Attributes are further attributes of people for User.Attributes; default none.
	Attributes []string
	// DisabledFilter matches people who have left, for example (|(nsAccountLock=TRUE)(employeeStatus=left)). Equality, presence,
	// and, or, not; letter case does not matter. Default (pwdAccountLockedTime=000001010000Z), in Active Directory nothing
	// besides the disabled bit.
	DisabledFilter string
	// Placeholder is the distinguished name that takes the place of the last member of a groupOfNames, which must not be empty.
	// Default BindDN if that is a distinguished name; Active Directory needs none. Anybody who could create an entry of this
	// name would be in these groups, so take one that exists and is no person.
	Placeholder string

	// MaxConnections bounds the connections, 3 to 50; one of them is for removals alone. Default 5.
	MaxConnections int
	// PageSize is how many entries are asked for at a time, 10 to 1000; default 500.
	PageSize int
	// Timeout bounds one request from sending to the last byte, and one opening of a connection; default 30 s.
	Timeout time.Duration
	// Now is the clock; default time.Now.
	Now func() time.Time
	// Dial opens the connections; default the ordinary network.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Logger receives a debug line per request and an info line per change of server; default none.
	Logger *slog.Logger
}

const (
	defaultConnections = 5
	defaultPageSize    = 500
	defaultTimeout     = 30 * time.Second
	dialTimeout        = 10 * time.Second
)

// settings is a checked configuration. It holds everything but the credentials.
type settings struct {
	Config
	servers  []server
	schema   schema
	bases    bases
	disabled condition
	tls      *tls.Config
	external bool
}

// normalized returns the configuration with its defaults. It reports every problem at once.
func (c Config) normalized() (settings, error) {
	s := settings{Config: c}
	var problems []error
	note := func(err error) {
		if err != nil {
			problems = append(problems, err)
		}
	}
	var err error
	s.servers, err = parseServers(c.URLs, c.Schema, c.InsecurePlain)
	note(err)
	s.schema, err = schemaOf(c)
	note(err)
	s.bases, err = parseBases(c)
	note(err)
	note(s.checkFilters())
	note(s.checkNumbers())
	note(s.checkCredentials())
	note(s.checkPlaceholder())
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Dial == nil {
		s.Dial = (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	return s, errors.Join(problems...)
}

func (s *settings) checkFilters() error {
	var problems []error
	if s.UserFilter == "" {
		s.UserFilter = s.schema.userFilter
	}
	if err := checkFilter(s.UserFilter); err != nil {
		problems = append(problems, fmt.Errorf("user filter: %w", err))
	}
	if s.DisabledFilter == "" {
		s.DisabledFilter = s.schema.disabledFilter
	}
	var err error
	if s.disabled, err = parseCondition(s.DisabledFilter); err != nil {
		problems = append(problems, fmt.Errorf("disabled filter: %w", err))
	}
	for _, name := range append([]string{s.EmailAttribute, s.LoginAttribute, s.DepartmentAttribute, s.ManagerAttribute}, s.Attributes...) {
		if name != "" && !isAttribute(name) {
			problems = append(problems, fmt.Errorf("attribute %q: not the name of an attribute", name))
		}
	}
	return errors.Join(problems...)
}

func (s *settings) checkNumbers() error {
	var problems []error
	between := func(name string, value *int, standard, low, high int) {
		if *value == 0 {
			*value = standard
		}
		if *value < low || *value > high {
			problems = append(problems, fmt.Errorf("%s %d: must be %d to %d", name, *value, low, high))
		}
	}
	between("connections", &s.MaxConnections, defaultConnections, 3, 50)
	between("page size", &s.PageSize, defaultPageSize, 10, 1000)
	if s.Timeout == 0 {
		s.Timeout = defaultTimeout
	}
	if s.Timeout < 0 {
		problems = append(problems, fmt.Errorf("timeout %v: must be positive", s.Timeout))
	}
	return errors.Join(problems...)
}

// checkPlaceholder sees that whoever is nobody really is no person that could be looked up.
func (s *settings) checkPlaceholder() error {
	if s.Schema == ActiveDirectory {
		if s.Placeholder != "" {
			return errors.New("placeholder: groups of Active Directory may be empty, leave it out")
		}
		return nil
	}
	if s.Placeholder == "" && isDN(s.BindDN) {
		s.Placeholder = s.BindDN
	}
	if s.Placeholder != "" && !isDN(s.Placeholder) {
		return errors.New("placeholder: not a distinguished name")
	}
	return nil
}

// isAttribute accepts the descriptor of an attribute (RFC 4512), without options.
func isAttribute(name string) bool {
	if name == "" || len(name) > 100 || !isLetter(name[0]) {
		return false
	}
	return strings.IndexFunc(name, func(r rune) bool {
		return r > '~' || !isLetter(byte(r)) && (r < '0' || r > '9') && r != '-'
	}) < 0
}

func isLetter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }
