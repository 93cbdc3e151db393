package ldap

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	ldap "github.com/go-ldap/ldap/v3"
)

// server is one address to connect to.
type server struct {
	host   string // for the certificate
	addr   string // host and port
	secure secure
}

// secure is how a connection is encrypted.
type secure string

const (
	fromStart secure = "ldaps"
	startTLS  secure = "StartTLS"
	plain     secure = "not encrypted"
)

func parseServers(urls []string, kind Schema, insecure bool) ([]server, error) {
	if len(urls) == 0 {
		return nil, errors.New("url: required, for example ldaps://ldap.corp.example")
	}
	var servers []server
	var problems []error
	for _, raw := range urls {
		s, err := parseServer(raw, kind, insecure)
		if err != nil {
			problems = append(problems, fmt.Errorf("url: %w", err))
		}
		servers = append(servers, s)
	}
	return servers, errors.Join(problems...)
}

// parseServer accepts only what can be nothing but the address of a server.
func parseServer(raw string, kind Schema, insecure bool) (server, error) {
	u, err := url.Parse(strings.TrimSuffix(strings.TrimSpace(raw), "/"))
	switch {
	case err != nil || u.Hostname() == "":
		return server{}, errors.New("expected something like ldaps://ldap.corp.example")
	case u.User != nil:
		return server{}, errors.New("must not hold credentials")
	case u.Path != "" || u.RawQuery != "" || u.Fragment != "":
		return server{}, errors.New("must be the bare address; give the base DN as a setting of its own")
	case strings.ContainsAny(u.Hostname(), "{}<> "):
		return server{}, errors.New("still holds a placeholder, put the name of the server there")
	}
	s := server{host: strings.ToLower(u.Hostname())}
	port := u.Port()
	switch {
	case u.Scheme == "ldaps":
		s.secure = fromStart
		port = or(port, ldap.DefaultLdapsPort)
	case u.Scheme == "ldap" && insecure:
		if !isLoopback(s.host) {
			return server{}, errors.New("without encryption only this machine itself may be spoken to")
		}
		s.secure = plain
		port = or(port, ldap.DefaultLdapPort)
	case u.Scheme == "ldap":
		s.secure = startTLS
		port = or(port, ldap.DefaultLdapPort)
	default:
		return server{}, fmt.Errorf("scheme %q is neither ldaps nor ldap", u.Scheme)
	}
	if kind == ActiveDirectory && (port == "3268" || port == "3269") {
		return server{}, errors.New("this port is the global catalog, which is read-only and knows only some members; use 636")
	}
	s.addr = net.JoinHostPort(s.host, port)
	return s, nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func or(text, standard string) string {
	if text == "" {
		return standard
	}
	return text
}

// bases are the parts of the tree that are looked at, as given and taken apart.
type bases struct {
	root, users, groups       string
	rootDN, usersDN, groupsDN *ldap.DN
}

func parseBases(c Config) (bases, error) {
	b := bases{root: c.BaseDN, users: or(c.UserBase, c.BaseDN), groups: or(c.GroupBase, c.BaseDN)}
	if !isDN(b.root) {
		return b, errors.New("base DN: required, for example dc=corp,dc=example")
	}
	b.rootDN, _ = ldap.ParseDN(b.root)
	var problems []error
	below := func(name, text string) *ldap.DN {
		dn, err := ldap.ParseDN(text)
		if err != nil || !under(b.rootDN, dn) {
			problems = append(problems, fmt.Errorf("%s: must be the base DN or below it", name))
		}
		return dn
	}
	b.usersDN = below("user base", b.users)
	b.groupsDN = below("group base", b.groups)
	return b, errors.Join(problems...)
}

// under reports whether dn is base or below it.
func under(base, dn *ldap.DN) bool {
	return base.EqualFold(dn) || base.AncestorOfFold(dn)
}

// isUnder is under for a name that a server gave.
func isUnder(base *ldap.DN, name string) bool {
	dn, err := ldap.ParseDN(name)
	return err == nil && under(base, dn)
}

// sameDN compares two names without regard to letter case and spaces.
func sameDN(a, b string) bool {
	x, err := ldap.ParseDN(a)
	y, other := ldap.ParseDN(b)
	return err == nil && other == nil && x.EqualFold(y)
}

// isDN reports whether the text is a distinguished name with at least one part.
func isDN(text string) bool {
	dn, err := ldap.ParseDN(text)
	return err == nil && len(dn.RDNs) > 0
}
