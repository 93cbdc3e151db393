package google

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"

	"usher/idp/rest"
)

// Config says as whom to speak to Google and how. One of Credentials and Ambient is needed.
type Config struct {
	// Credentials is the content of a credentials file: the key of a service account, or the description of an external
	// account (workload identity federation), which holds no secret of Google's.
	Credentials rest.Secret
	// Ambient takes what the machine has (Application Default Credentials: a service account attached to it, or the file that
	// gcloud or the environment names); default false. They are looked for at the first call.
	Ambient bool
	// ServiceAccount is the address of the service account that Ambient or an external account acts as. Needed beside Subject,
	// unless the credentials name it.
	ServiceAccount string
	// Subject is the address of the admin whom the service account acts for by domain-wide delegation. Empty means that the
	// service account holds an admin role itself.
	Subject string

	// Reserve is the share of every minute's calls that is kept for removals, at least 0 and below 1. Taking one person out
	// takes two calls, and proving it two more. Default 0.2, negative means none.
	Reserve float64
	// PerMinute is how many calls of the Admin SDK Google grants per minute, as the quota page of the Cloud project says;
	// default 2,400. Everything else that uses the same project and admin shares it.
	PerMinute int
	// Timeout bounds one call from sending to the last byte; default 30 s.
	Timeout time.Duration
	// SuspendedMeansDeparted counts suspended accounts as departed, for companies that suspend who leaves; default false:
	// only archived accounts are.
	SuspendedMeansDeparted bool

	// URL replaces all of Google's addresses by one below which everything lives. It is for tests and the sandbox: it must be
	// on this machine itself and needs InsecureHTTP. Default Google.
	URL string
	// InsecureHTTP allows URL; default false.
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

const (
	defaultReserve   = 0.2
	defaultPerMinute = 2400
	mostInFlight     = 8 // calls at once
	defaultTimeout   = 30 * time.Second
)

// addresses are where Google's APIs live.
type addresses struct {
	admin, identity, token, iam *url.URL
}

func (a addresses) all() []*url.URL { return []*url.URL{a.admin, a.identity, a.token, a.iam} }

func googleAddresses() addresses {
	at := func(host, path string) *url.URL { return &url.URL{Scheme: "https", Host: host, Path: path} }
	return addresses{
		admin: at("admin.googleapis.com", ""), identity: at("cloudidentity.googleapis.com", ""),
		token: at("oauth2.googleapis.com", "/token"), iam: at("iamcredentials.googleapis.com", ""),
	}
}

// normalized returns the configuration with its defaults, and the addresses. It reports every problem at once.
func (c Config) normalized() (Config, addresses, error) {
	at, problems := googleAddresses(), []error(nil)
	if c.URL != "" {
		base, err := rest.ParseBase(c.URL, c.InsecureHTTP)
		switch {
		case err != nil:
			problems = append(problems, fmt.Errorf("url: %w", err))
		case !c.InsecureHTTP || !rest.IsLoopback(base.Hostname()):
			problems = append(problems, errors.New("url: only a simulator on this machine may stand in for Google"))
		default:
			at = addresses{admin: base, identity: base, token: base.JoinPath("token"), iam: base}
		}
	}
	problems = append(problems, c.checkNumbers()...)
	if strings.ContainsAny(c.UserAgent, "\r\n") {
		problems = append(problems, errors.New("user agent: must be one line"))
	}
	for what, address := range map[string]string{"subject": c.Subject, "service account": c.ServiceAccount} {
		if address != "" && !isAddress(address) {
			problems = append(problems, fmt.Errorf("%s: must be an e-mail address", what))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return Config{}, addresses{}, err
	}
	return c.withDefaults(), at, nil
}

func (c Config) checkNumbers() []error {
	var problems []error
	if c.Reserve >= 1 {
		problems = append(problems, fmt.Errorf("reserve %v: must be below 1", c.Reserve))
	}
	if c.PerMinute < 0 || c.PerMinute > 0 && c.PerMinute < 10 {
		problems = append(problems, fmt.Errorf("calls per minute %d: must be at least 10", c.PerMinute))
	}
	if c.Timeout < 0 {
		problems = append(problems, fmt.Errorf("timeout %v: must be positive", c.Timeout))
	}
	return problems
}

func (c Config) withDefaults() Config {
	switch {
	case c.Reserve == 0:
		c.Reserve = defaultReserve
	case c.Reserve < 0:
		c.Reserve = 0
	}
	if c.PerMinute == 0 {
		c.PerMinute = defaultPerMinute
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.UserAgent == "" {
		c.UserAgent = "usher"
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

// isAddress accepts what can be an e-mail address and nothing that could change a question.
func isAddress(s string) bool {
	local, domain, found := strings.Cut(s, "@")
	return found && local != "" && domain != "" && len(s) <= 320 && !strings.Contains(domain, "@") &&
		!strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f })
}
