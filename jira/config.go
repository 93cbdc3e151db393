package jira

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/andygrunwald/go-jira/v2/cloud"

	"usher/access"
)

// Config says which site, project and fields a Tracker writes to.
type Config struct {
	// URL is the site, for example https://acme.atlassian.net. Links for people are always built from it.
	URL string
	// GatewayURL is https://api.atlassian.com/ex/jira/<cloud id>, needed for scoped tokens; empty = calls go to URL.
	GatewayURL string
	// Email and Token are the account's address and API token.
	Email string
	Token string
	// Project is the project's key.
	Project string
	// IssueType is the name or id of the issue type.
	IssueType string
	// Labels are put on every issue besides the label that names the request.
	Labels []string
	// Statuses are names or ids of workflow statuses; a status without entry leaves the issue where it is. A transition
	// whose screen takes comments carries the comment of its step, which makes the step one call; without such a screen it
	// is two. The same goes for the field that shows the end of access.
	Statuses map[access.IssueStatus]string
	// Fields are ids of custom fields by what they hold, see FieldNames; all are optional.
	Fields map[string]string
	// Reporter makes the requester the reporter where the account is known and Jira permits it; false = the bot reports.
	Reporter bool
	// Now is the clock; nil = time.Now.
	Now func() time.Time
	// Transport carries the requests; nil = a transport of its own with sane timeouts.
	Transport http.RoundTripper
	// Dial opens the connections of the own transport; nil = the ordinary network. Tests hand in a network in memory.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Timeout bounds one call from the connection to the end of the answer; 0 = 20 seconds.
	Timeout time.Duration
	// SearchLag is how long a new issue may stay invisible to Jira's search; before a create whose answer was lost is
	// repeated this time must have passed. 0 = 5 minutes.
	SearchLag time.Duration
	// InsecureHTTP permits http URLs, for loopback addresses only.
	InsecureHTTP bool
	// Logger gets warnings about what was left out; nil = none.
	Logger *slog.Logger
	// UserAgent is sent with every call; empty = "usher".
	UserAgent string
}

// What a custom field can hold; the keys of Config.Fields.
const (
	FieldApplication    = "application"
	FieldRole           = "role"
	FieldRisk           = "risk"
	FieldDuration       = "duration" // A number field gets hours, any other the words.
	FieldEndsAt         = "ends_at"  // Set when the access begins and when it is extended.
	FieldSubject        = "subject"
	FieldRequester      = "requester"
	FieldRequest        = "request" // The request's id.
	FieldCatalogVersion = "catalog_version"
)

// FieldNames lists the keys of Config.Fields.
func FieldNames() []string {
	return []string{
		FieldApplication, FieldRole, FieldRisk, FieldDuration, FieldEndsAt, FieldSubject, FieldRequester, FieldRequest,
		FieldCatalogVersion,
	}
}

const (
	defaultTimeout   = 20 * time.Second
	defaultSearchLag = 5 * time.Minute
	labelPrefix      = "usher-"
	propertyKey      = "usher"
)

// Tracker is the Jira project in which requests are kept. It is safe for concurrent use; writes to one issue must not
// overlap, which the lanes of access.Runner see to.
type Tracker struct {
	cfg    Config
	site   string // Without a slash at the end.
	client *cloud.Client
	log    *slog.Logger
	keys   patterns
	memory *memory
	cache  *cache
}

var _ access.Tracker = (*Tracker)(nil)

// patterns are the forms that ids must have before they are put into a path or a query.
type patterns struct{ issue, project, request, number, field *regexp.Regexp }

// New checks the configuration and makes a Tracker. It does no I/O; Verify does.
func New(cfg Config) (*Tracker, error) {
	keys := patterns{
		issue:   regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,99}-[1-9][0-9]{0,11}$`),
		project: regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,99}$`),
		request: regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`),
		number:  regexp.MustCompile(`^[0-9]{1,18}$`),
		field:   regexp.MustCompile(`^customfield_[0-9]{1,18}$`),
	}
	site, siteErr := checkURL("jira url", cfg.URL, cfg.InsecureHTTP)
	base := site
	var gatewayErr error
	if cfg.GatewayURL != "" {
		base, gatewayErr = checkURL("jira gateway url", cfg.GatewayURL, cfg.InsecureHTTP)
	}
	if err := errors.Join(siteErr, gatewayErr, cfg.check(keys)); err != nil {
		return nil, err
	}
	cfg.fill()
	hc := &http.Client{
		Transport:     newSigner(cfg, base),
		Timeout:       cfg.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	client, err := cloud.NewClient(base.String(), hc)
	if err != nil {
		return nil, fmt.Errorf("make jira client: %w", err)
	}
	return &Tracker{
		cfg: cfg, site: strings.TrimRight(site.String(), "/"), client: client, log: cfg.Logger, keys: keys,
		memory: newMemory(), cache: newCache(),
	}, nil
}

func (cfg *Config) fill() {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Dial == nil {
		cfg.Dial = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.SearchLag <= 0 {
		cfg.SearchLag = defaultSearchLag
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = "usher"
	}
}

func (cfg *Config) check(keys patterns) error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if cfg.Email == "" || strings.ContainsAny(cfg.Email, ":\r\n") {
		bad("jira email is missing or malformed")
	}
	if cfg.Token == "" || strings.ContainsAny(cfg.Token, " \t\r\n") {
		bad("jira token is missing or contains white space")
	}
	if !keys.project.MatchString(cfg.Project) {
		bad("jira project %q is not a project key such as ACCESS", cfg.Project)
	}
	if strings.TrimSpace(cfg.IssueType) == "" {
		bad("jira issue type is missing")
	}
	for _, l := range cfg.Labels {
		if l == "" || len(l) > 255 || strings.ContainsAny(l, " \t\r\n") {
			bad("jira label %q is empty, too long or contains white space", l)
		}
	}
	for _, name := range sorted(cfg.Fields) {
		switch id := cfg.Fields[name]; {
		case !slices.Contains(FieldNames(), name):
			bad("jira field %q is unknown; the names are %s", name, strings.Join(FieldNames(), ", "))
		case !keys.field.MatchString(id):
			bad("jira field %s: %q is not an id such as customfield_10101", name, id)
		}
	}
	for _, s := range sorted(cfg.Statuses) {
		if !slices.Contains(statuses(), s) {
			bad("jira status %q is unknown", s)
		}
	}
	return errors.Join(errs...)
}

// statuses lists what can be mapped, in the order of a life.
func statuses() []access.IssueStatus {
	return []access.IssueStatus{
		access.IssueWaiting, access.IssueApproved, access.IssueActive, access.IssueEnded, access.IssueDenied,
		access.IssueCanceled, access.IssueExpired, access.IssueFailed,
	}
}

// checkURL accepts https, and http to a loopback address where that is permitted.
func checkURL(what, raw string, insecure bool) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%s is not an address such as https://acme.atlassian.net", what)
	}
	switch {
	case u.Scheme == "https":
	case u.Scheme == "http" && insecure && loopback(u.Hostname()):
	case u.Scheme == "http" && insecure:
		return nil, fmt.Errorf("%s: http is permitted for loopback addresses only", what)
	default:
		return nil, fmt.Errorf("%s must begin with https://", what)
	}
	return u, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func sorted[K ~string, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
