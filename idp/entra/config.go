package entra

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// Config says which tenant to speak to and how. Exactly one of ClientSecret, CertificatePEM, ManagedIdentity and TokenSource is
// needed.
type Config struct {
	// TenantID is the directory (tenant) id, a GUID. Not needed with ManagedIdentity and TokenSource.
	TenantID string
	// ClientID is the application (client) id of the app registration, a GUID. With ManagedIdentity it names a user-assigned
	// identity; empty means the system-assigned one.
	ClientID string
	// ClientSecret is a client secret of the app registration.
	ClientSecret Secret
	// CertificatePEM holds the certificate and its private key, PKCS#8 or PKCS#1.
	CertificatePEM Secret
	// ManagedIdentity takes the identity of the Azure resource on which this program runs.
	ManagedIdentity bool
	// TokenSource returns an access token for Graph and when it ends, for credentials of other kinds.
	TokenSource func(ctx context.Context) (token string, expires time.Time, err error)

	// GraphURL is the root of Graph; default https://graph.microsoft.com. The national clouds have roots of their own.
	GraphURL string
	// AuthorityURL is where tokens come from; default: what belongs to GraphURL.
	AuthorityURL string
	// InsecureHTTP allows addresses that are not Microsoft's, plain http among them, and those on this machine only;
	// default false.
	InsecureHTTP bool
	// RootCAs are the authorities that are trusted for TLS; default those of the system.
	RootCAs *x509.CertPool

	// SignInActivity makes users carry their last sign-in. It needs AuditLog.Read.All and Entra ID P1; default false.
	SignInActivity bool
	// Now is the clock; default time.Now.
	Now func() time.Time
	// Reserve is the share of every limit that is kept for removals, at least 0 and below 1; default 0.1, negative means none.
	Reserve float64
	// Timeout bounds one call from sending to the last byte; default 30 s.
	Timeout time.Duration
	// Dial opens the connections; default the ordinary network. Tests hand in a network in memory.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Logger receives a debug line per call and a warning per refusal for a limit; default none.
	Logger *slog.Logger
}

const (
	defaultReserve = 0.1
	mostInFlight   = 5 // calls at once
	defaultTimeout = 30 * time.Second
)

// authorityOf lists the clouds: which authority gives tokens for which root of Graph.
// Source: learn.microsoft.com/graph/deployments.
func authorityOf(graphHost string) (string, bool) {
	switch graphHost {
	case "graph.microsoft.com":
		return "login.microsoftonline.com", true
	case "graph.microsoft.us", "dod-graph.microsoft.us":
		return "login.microsoftonline.us", true
	case "microsoftgraph.chinacloudapi.cn":
		return "login.chinacloudapi.cn", true
	default:
		return "", false
	}
}

// addresses are the two servers that are spoken to.
type addresses struct {
	graph, authority *url.URL
}

// normalized returns the configuration with its defaults, and the checked addresses. It reports every problem at once.
func (c Config) normalized() (Config, addresses, error) {
	where, problems := c.where()
	problems = append(problems, c.checkCredentials()...)
	if c.Now == nil {
		c.Now = time.Now
	}
	switch {
	case c.Reserve == 0:
		c.Reserve = defaultReserve
	case c.Reserve < 0:
		c.Reserve = 0
	case c.Reserve >= 1:
		problems = append(problems, fmt.Errorf("reserve %v: must be below 1", c.Reserve))
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.Timeout < 0 {
		problems = append(problems, fmt.Errorf("timeout %v: must be positive", c.Timeout))
	}
	if c.Dial == nil {
		c.Dial = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if err := errors.Join(problems...); err != nil {
		return Config{}, addresses{}, err
	}
	return c, where, nil
}

func (c Config) checkCredentials() []error {
	var ways []string
	for name, given := range map[string]bool{
		"client secret": c.ClientSecret != "", "certificate": c.CertificatePEM != "", "managed identity": c.ManagedIdentity, "token source": c.TokenSource != nil,
	} {
		if given {
			ways = append(ways, name)
		}
	}
	if len(ways) != 1 {
		return []error{errors.New("credentials: exactly one of client secret, certificate, managed identity and token source is required")}
	}
	var problems []error
	app := c.ClientSecret != "" || c.CertificatePEM != ""
	if app && !isGUID(strings.ToLower(c.TenantID)) {
		problems = append(problems, errors.New("tenant id: a GUID is required, as on the overview page of the directory"))
	}
	if (app || c.ClientID != "") && !isGUID(strings.ToLower(c.ClientID)) {
		problems = append(problems, errors.New("client id: a GUID is required, as on the overview page of the app registration"))
	}
	if c.CertificatePEM != "" {
		if _, _, err := azidentity.ParseCertificates([]byte(c.CertificatePEM), nil); err != nil {
			problems = append(problems, errors.New("certificate: expected one certificate and its private key in PEM"))
		}
	}
	return problems
}

// where checks the addresses: a token for Graph opens the whole directory, so it goes to the servers of one cloud only.
func (c Config) where() (addresses, []error) {
	text := c.GraphURL
	if text == "" {
		text = "https://graph.microsoft.com"
	}
	graph, err := parseRoot("graph url", text, c.InsecureHTTP)
	if err != nil {
		return addresses{}, []error{err}
	}
	host, known := authorityOf(graph.Host)
	switch {
	case !known && !c.InsecureHTTP:
		return addresses{}, []error{fmt.Errorf("graph url: %q is no root of Microsoft Graph", graph.Host)}
	case c.AuthorityURL == "" && !known:
		return addresses{graph: graph, authority: graph}, nil
	case c.AuthorityURL == "":
		return addresses{graph: graph, authority: &url.URL{Scheme: "https", Host: host}}, nil
	}
	authority, err := parseRoot("authority url", c.AuthorityURL, c.InsecureHTTP)
	if err != nil {
		return addresses{}, []error{err}
	}
	if known && authority.Host != host {
		return addresses{}, []error{fmt.Errorf("authority url: tokens for %s come from %s", graph.Host, host)}
	}
	if !known && !isLoopback(authority.Hostname()) {
		return addresses{}, []error{errors.New("authority url: must be on this machine, as the graph url is")}
	}
	return addresses{graph: graph, authority: authority}, nil
}

// parseRoot accepts scheme and host and nothing else.
func parseRoot(what, text string, insecure bool) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(strings.TrimSpace(text), "/"))
	if err != nil || u.Host == "" || u.Opaque != "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New(what + ": expected scheme and host only, such as https://graph.microsoft.com")
	}
	u = &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}
	loopback := isLoopback(u.Hostname())
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("%s: scheme %q is not https", what, u.Scheme)
	case u.Scheme == "http" && !insecure:
		return nil, errors.New(what + ": plain http is refused, use https")
	case insecure && !loopback && u.Scheme == "http":
		return nil, errors.New(what + ": plain http is allowed to this machine itself only")
	case u.Port() != "" && !loopback:
		return nil, errors.New(what + ": no port is expected")
	}
	if _, known := authorityOf(u.Host); insecure && !loopback && !known && what == "graph url" {
		return nil, errors.New(what + ": an address that is not Microsoft's is allowed on this machine itself only")
	}
	return u, nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
