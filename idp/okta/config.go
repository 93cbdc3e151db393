package okta

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"
)

// Secret is a credential. Every way of printing it hides its value.
type Secret string

const hidden = "[hidden]"

// String hides the value.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString hides the value in %#v.
func (s Secret) GoString() string { return `"` + s.String() + `"` }

// MarshalText hides the value in JSON, YAML and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue hides the value in structured logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Config says which org to speak to and how. Either Token or the triple ClientID, PrivateKeyPEM, KeyID is needed.
type Config struct {
	// URL is the org, for example https://acme.okta.com. Scheme and host are required, path and query are refused.
	URL string
	// Token is an API token (SSWS). It acts with the rights of the admin who made it and dies with that account.
	Token Secret
	// ClientID names a service app that signs in with a private key instead of a token.
	ClientID string
	// PrivateKeyPEM is the RSA key of the service app, PKCS#1 or PKCS#8.
	PrivateKeyPEM Secret
	// KeyID is the id of the public key as registered with the service app.
	KeyID string
	// Scopes are asked for with ClientID; default: okta.groups.manage, okta.groups.read, okta.users.read, okta.logs.read and
	// okta.roles.read.
	Scopes []string
	// Now is the clock; default time.Now.
	Now func() time.Time
	// InsecureHTTP allows plain http, and that only to a loopback host; default false.
	InsecureHTTP bool
	// UserAgent is sent with every request; default "usher".
	UserAgent string
	// Reserve is the share of every rate window that is kept for removals; and, while a storm of removals takes nearly all
	// of a window, the share that it leaves to other calls as long as some come. At least 0 and below 1; default 0.1,
	// negative means none.
	Reserve float64
	// MaxInFlight bounds the simultaneous calls, 1 to 35; default 5.
	MaxInFlight int
	// Timeout bounds one call from sending to the last byte; default 30 s.
	Timeout time.Duration
	// EmailAttribute is the profile attribute that FindUser compares and User.Email shows, "email" or "login";
	// default "email".
	EmailAttribute string
	// Dial opens the connections; default the ordinary network. Tests hand in a network in memory.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Logger receives a debug line per call and a warning per rate limit; default none.
	Logger *slog.Logger
}

const (
	defaultReserve     = 0.1
	defaultMaxInFlight = 5
	defaultTimeout     = 30 * time.Second
	// maxInFlight is the smallest number of simultaneous calls that Okta grants to a whole org.
	maxInFlight = 35
)

// normalized returns the configuration with its defaults, and the checked base URL. It reports every problem at once.
func (c Config) normalized() (Config, *url.URL, error) {
	var problems []error
	base, err := parseOrgURL(c.URL, c.InsecureHTTP)
	if err != nil {
		problems = append(problems, err)
	}
	problems = append(problems, c.checkCredentials()...)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.UserAgent == "" {
		c.UserAgent = "usher"
	}
	if strings.ContainsAny(c.UserAgent, "\r\n") {
		problems = append(problems, errors.New("user agent: must be one line"))
	}
	switch {
	case c.Reserve == 0:
		c.Reserve = defaultReserve
	case c.Reserve < 0:
		c.Reserve = 0
	case c.Reserve >= 1:
		problems = append(problems, fmt.Errorf("reserve %v: must be below 1", c.Reserve))
	}
	if c.MaxInFlight == 0 {
		c.MaxInFlight = defaultMaxInFlight
	}
	if c.MaxInFlight < 1 || c.MaxInFlight > maxInFlight {
		problems = append(problems, fmt.Errorf("calls in flight %d: must be 1 to %d", c.MaxInFlight, maxInFlight))
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
	if c.EmailAttribute == "" {
		c.EmailAttribute = attributeEmail
	}
	if c.EmailAttribute != attributeEmail && c.EmailAttribute != attributeLogin {
		problems = append(problems, fmt.Errorf("e-mail attribute %q: must be %q or %q", c.EmailAttribute, attributeEmail, attributeLogin))
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if err := errors.Join(problems...); err != nil {
		return Config{}, nil, err
	}
	return c, base, nil
}

func (c Config) checkCredentials() []error {
	oauth := c.ClientID != "" || c.PrivateKeyPEM != "" || c.KeyID != ""
	switch {
	case c.Token == "" && !oauth:
		return []error{errors.New("credentials: an API token, or a client id with private key and key id, is required")}
	case c.Token != "" && oauth:
		return []error{errors.New("credentials: give either an API token or a client id with private key, not both")}
	case c.Token != "":
		if !isToken(string(c.Token)) {
			return []error{errors.New("token: holds a blank or a character that no Okta token has")}
		}
		return nil
	}
	var problems []error
	if c.ClientID == "" {
		problems = append(problems, errors.New("client id: required beside a private key"))
	}
	if c.KeyID == "" {
		problems = append(problems, errors.New("key id: required beside a private key"))
	}
	if _, err := parseRSAKey(c.PrivateKeyPEM); err != nil {
		problems = append(problems, err)
	}
	return problems
}

// isToken accepts the characters that may stand in an HTTP credential, so that a pasted line break never reaches a header.
func isToken(s string) bool {
	for _, r := range s {
		if r <= ' ' || r > '~' {
			return false
		}
	}
	return s != ""
}

// parseOrgURL accepts only an address that can be nothing but an org: the SDK would send the credentials to
// subdomain.okta.com if it were given an address without scheme.
func parseOrgURL(raw string, insecure bool) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(strings.TrimSpace(raw), "/"))
	if err != nil {
		return nil, errors.New("url: not an address, expected something like https://acme.okta.com")
	}
	host := strings.ToLower(u.Hostname())
	switch {
	case raw == "":
		return nil, errors.New("url: required, for example https://acme.okta.com")
	case u.Scheme == "" || host == "" || u.Opaque != "":
		return nil, errors.New("url: scheme and host are required, for example https://acme.okta.com")
	case u.User != nil:
		return nil, errors.New("url: must not hold credentials")
	case u.Path != "" || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("url: must be the bare org address without path and query")
	case strings.ContainsAny(host, "{}<>"):
		return nil, errors.New("url: still holds a placeholder, put the name of the org there")
	case isAdminHost(host):
		return nil, errors.New("url: this is the address of the admin console, leave -admin out")
	case u.Scheme == "https":
	case u.Scheme == "http" && !insecure:
		return nil, errors.New("url: plain http is refused, use https")
	case u.Scheme == "http" && !isLoopback(host):
		return nil, errors.New("url: plain http is allowed to this machine itself only")
	case u.Scheme == "http":
	default:
		return nil, fmt.Errorf("url: scheme %q is not https", u.Scheme)
	}
	return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}, nil
}

func isAdminHost(host string) bool {
	for _, domain := range []string{".okta.com", ".oktapreview.com", ".okta-emea.com", ".okta-gov.com", ".okta.mil"} {
		if strings.HasSuffix(host, "-admin"+domain) {
			return true
		}
	}
	return false
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
