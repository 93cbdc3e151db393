package scim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"

	"usher/idp/rest"
)

// Source says where memberships are read.
type Source string

const (
	// Auto reads the members that a group shows. Of a group that shows none it asks by filter, because many servers leave
	// members out.
	Auto Source = ""
	// FromGroup believes the members that a group shows, also if it shows none. For servers that do not filter by members.
	FromGroup Source = "group"
	// FromFilter asks by filter: groups by their members, users by their groups. For servers that never show members.
	FromFilter Source = "filter"
	// FromUser reads the attribute "groups" of the user. For servers that neither show members nor filter by them.
	FromUser Source = "user"
)

// RemoveForm is how a removal is written.
type RemoveForm string

const (
	// RemoveByPath names the member in the path, as RFC 7644 section 3.5.2.2 wants it: members[value eq "id"].
	RemoveByPath RemoveForm = ""
	// RemoveByValue names the member in a list of values beside the path "members", as Entra ID does. A server that follows
	// the RFC to the letter empties the whole group then, so it is for servers that are known to want it.
	RemoveByValue RemoveForm = "value"
)

// Config says where the server is, how to sign in, and in which ways it differs from the RFC. One of Token and OAuth is needed.
type Config struct {
	// Name is the provider's name in the catalog; default "scim". Several servers need several names.
	Name string
	// URL is the address below which /Users and /Groups live, such as https://app.example/scim/v2.
	URL string
	// Token is a bearer token.
	Token rest.Secret
	// OAuth fetches bearer tokens.
	OAuth OAuth

	// FindBy is the attribute by which a user is found by e-mail address: "emails.value", "userName" where that is the
	// address, or what else the server can filter by, such as emails[type eq "work"].value. Default emails.value.
	FindBy string
	// MembersFrom is where memberships are read; default Auto.
	MembersFrom Source
	// MemberAttribute is the attribute by which groups are filtered; default members.value. AWS wants "members".
	MemberAttribute string
	// Remove is the form of removals; default RemoveByPath.
	Remove RemoveForm
	// CapitalOps writes "Add" and "Remove" for servers that do not know "add" and "remove"; default false.
	CapitalOps bool
	// PlainJSON sends application/json for servers that do not know application/scim+json; default false.
	PlainJSON bool
	// NoVersions leaves out If-Match although the server sends versions; default false.
	NoVersions bool
	// NoAttributes leaves out "attributes" and "excludedAttributes" for servers that do not take them; default false.
	NoAttributes bool
	// BareNotFound believes a 404 without a SCIM error in its body; default false: it may come from something in between.
	BareNotFound bool
	// CursorPages pages by cursor (RFC 9865) rather than by index; default false.
	CursorPages bool
	// PageSize is how many rows to ask for at once, 2 to 1000; default 100. Servers may send fewer.
	PageSize int
	// InactiveMeansSuspended counts users with active=false as inactive, for systems that suspend people for a while.
	// Default false: they are departed, because SCIM clients deactivate whoever leaves.
	InactiveMeansSuspended bool

	// PerMinute is how many calls the server grants per minute, a fifth of them for removals alone; default 0: not known, and not
	// counted.
	PerMinute int
	// Timeout bounds one call from sending to the last byte; default 30 s.
	Timeout time.Duration

	// InsecureHTTP allows a plain http URL on this machine itself, for tests; default false.
	InsecureHTTP bool
	// UserAgent is sent with every request; default "usher".
	UserAgent string
	// Now is the clock; default time.Now.
	Now func() time.Time
	// Dial opens the connections; default the ordinary network. Tests hand in a network in memory.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Logger receives a debug line per call and a warning per refusal for too many; default none.
	Logger *slog.Logger
}

// OAuth are client credentials (RFC 6749 section 4.4).
type OAuth struct {
	// TokenURL is the whole address of the token endpoint.
	TokenURL string
	// ClientID and ClientSecret are sent with HTTP basic authentication.
	ClientID     string
	ClientSecret rest.Secret
	// SecretInBody sends both in the form instead, for servers that want that; default false.
	SecretInBody bool
	// Scope is what to ask for; default nothing, which means what the server grants by itself.
	Scope string
}

const (
	defaultName            = "scim"
	defaultFindBy          = "emails.value"
	defaultMemberAttribute = "members.value"
	defaultPageSize        = 100
	defaultTimeout         = 30 * time.Second

	// reserve is the share of PerMinute that is kept for removals, and inFlight how many calls there may be at a time.
	reserve  = 0.2
	inFlight = 8
)

// addresses are where the server and its token endpoint live; the latter is nil without OAuth.
type addresses struct {
	base, token *url.URL
}

// normalized returns the configuration with its defaults, and the addresses. It reports every problem at once.
func (c Config) normalized() (Config, addresses, error) {
	var at addresses
	var problems []error
	base, err := rest.ParseBase(c.URL, c.InsecureHTTP)
	if err != nil {
		problems = append(problems, fmt.Errorf("url: %w", err))
	}
	at.base = base
	c, more := c.withDefaults(), []error(nil)
	if at.token, more = c.checkCredentials(); len(more) > 0 {
		problems = append(problems, more...)
	}
	problems = append(problems, c.checkWords()...)
	problems = append(problems, c.checkNumbers()...)
	if err := errors.Join(problems...); err != nil {
		return Config{}, addresses{}, err
	}
	return c, at, nil
}

func (c Config) checkCredentials() (token *url.URL, problems []error) {
	oauth := c.OAuth != OAuth{}
	switch {
	case c.Token != "" && oauth:
		return nil, []error{errors.New("credentials: either a token or oauth, not both")}
	case c.Token == "" && !oauth:
		return nil, []error{errors.New("credentials: a token or oauth is needed")}
	case !oauth:
		if !isHeader(string(c.Token)) {
			problems = append(problems, errors.New("token: must be one line of visible signs"))
		}
		return nil, problems
	}
	token, err := rest.ParseBase(c.OAuth.TokenURL, c.InsecureHTTP)
	if err != nil {
		problems = append(problems, fmt.Errorf("oauth token url: %w", err))
	}
	if c.OAuth.ClientID == "" || c.OAuth.ClientSecret == "" {
		problems = append(problems, errors.New("oauth: client id and client secret are needed"))
	}
	return token, problems
}

func (c Config) checkWords() []error {
	var problems []error
	attribute := regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_$.:-]*(\[type eq "[A-Za-z]+"\]\.value)?$`)
	if !regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`).MatchString(c.Name) {
		problems = append(problems, errors.New("name: must be lower-case letters, digits and dashes"))
	}
	if !attribute.MatchString(c.FindBy) {
		problems = append(problems, errors.New("find by: must be an attribute such as emails.value or userName"))
	}
	if !attribute.MatchString(c.MemberAttribute) {
		problems = append(problems, errors.New("member attribute: must be an attribute such as members.value"))
	}
	switch c.MembersFrom {
	case Auto, FromGroup, FromFilter, FromUser:
	default:
		problems = append(problems, errors.New("members from: must be group, filter, user or nothing"))
	}
	switch c.Remove {
	case RemoveByPath, RemoveByValue:
	default:
		problems = append(problems, errors.New("remove: must be value or nothing"))
	}
	if !isHeader(c.UserAgent) {
		problems = append(problems, errors.New("user agent: must be one line"))
	}
	return problems
}

func (c Config) checkNumbers() []error {
	var problems []error
	if c.PerMinute < 0 || c.PerMinute > 0 && c.PerMinute < 10 {
		problems = append(problems, fmt.Errorf("calls per minute %d: must be at least 10, or 0 for no limit", c.PerMinute))
	}
	if c.PageSize < 2 || c.PageSize > 1000 {
		problems = append(problems, fmt.Errorf("page size %d: must be 2 to 1000", c.PageSize))
	}
	if c.Timeout < 0 {
		problems = append(problems, fmt.Errorf("timeout %v: must be positive", c.Timeout))
	}
	return problems
}

func (c Config) withDefaults() Config {
	orText := func(s *string, d string) {
		if *s == "" {
			*s = d
		}
	}
	orText(&c.Name, defaultName)
	orText(&c.FindBy, defaultFindBy)
	orText(&c.MemberAttribute, defaultMemberAttribute)
	orText(&c.UserAgent, "usher")
	if c.PageSize == 0 {
		c.PageSize = defaultPageSize
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Dial == nil {
		c.Dial = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// isHeader accepts what can stand in a header as it is.
func isHeader(s string) bool {
	return strings.TrimSpace(s) == s && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}
