package webhook

import (
	"context"
	"encoding/base64"
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

// Config says where the receiver is and how to sign.
type Config struct {
	// Name is the provider's name in the catalog; default "webhook". Several receivers need several names.
	Name string
	// URL is the address below which the receiver listens, such as https://app.example/usher.
	URL string
	// Secret signs the requests: "whsec_" and the base64 of 24 to 64 random bytes, as Standard Webhooks has it.
	Secret rest.Secret
	// OldSecret signs as well while a secret is replaced; default none.
	OldSecret rest.Secret
	// CallbackSecret is that by which the receiver signs its calls back; default none, and no calls back. It must differ from
	// the others, or a request of ours could be sent back to us.
	CallbackSecret rest.Secret

	// UserIDs is a regular expression for the whole of a user's id, such as [0-9]+. Nothing else is ever sent as an id. Default:
	// up to 128 letters, digits and the signs . _ : + - =
	UserIDs string
	// GroupIDs is the same for groups.
	GroupIDs string

	// Wait is how long a change that was accepted but not done is waited for; default 10 s, negative means not at all.
	Wait time.Duration
	// Poll is how long to wait before asking again, unless the receiver says; default 1 s.
	Poll time.Duration

	// PerMinute is how many calls the receiver grants per minute, a fifth of them for removals alone; default 0: not known, and
	// not counted.
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

const (
	defaultIDs     = `[A-Za-z0-9._:+=-]{1,128}`
	defaultWait    = 10 * time.Second
	defaultPoll    = time.Second
	defaultTimeout = 30 * time.Second

	// reserve is the share of PerMinute that is kept for removals, and inFlight how many calls there may be at a time.
	reserve  = 0.2
	inFlight = 4
)

// parts is what a configuration is made into.
type parts struct {
	base                 *url.URL
	secret, old, back    []byte
	userShape, teamShape *regexp.Regexp
}

// normalized returns the configuration with its defaults, and its parts. It reports every problem at once.
func (c Config) normalized() (Config, parts, error) {
	c = c.withDefaults()
	var made parts
	var problems []error
	note := func(what string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", what, err))
		}
	}
	var err error
	made.base, err = rest.ParseBase(c.URL, c.InsecureHTTP)
	note("url", err)
	made.secret, err = key(c.Secret)
	note("secret", err)
	if c.OldSecret != "" {
		made.old, err = key(c.OldSecret)
		note("old secret", err)
	}
	if c.CallbackSecret != "" {
		made.back, err = key(c.CallbackSecret)
		note("callback secret", err)
		if c.CallbackSecret == c.Secret || c.CallbackSecret == c.OldSecret {
			note("callback secret", errors.New("must be another one than that of requests"))
		}
	}
	made.userShape, err = shape(c.UserIDs)
	note("user ids", err)
	made.teamShape, err = shape(c.GroupIDs)
	note("group ids", err)
	problems = append(problems, c.checkNumbers()...)
	return c, made, errors.Join(problems...)
}

// key decodes a secret. Its error does not repeat it.
func key(s rest.Secret) ([]byte, error) {
	text, found := strings.CutPrefix(string(s), "whsec_")
	raw, err := base64.StdEncoding.DecodeString(text)
	if !found || err != nil || len(raw) < 24 || len(raw) > 64 {
		return nil, errors.New(`must be "whsec_" and the base64 of 24 to 64 random bytes`)
	}
	return raw, nil
}

// shape compiles a regular expression for whole ids.
func shape(pattern string) (*regexp.Regexp, error) {
	re, err := regexp.Compile(`\A(?:` + pattern + `)\z`)
	if err != nil {
		return nil, errors.New("not a regular expression")
	}
	return re, nil
}

func (c Config) checkNumbers() []error {
	var problems []error
	if !regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`).MatchString(c.Name) {
		problems = append(problems, errors.New("name: must be lower-case letters, digits and dashes"))
	}
	if strings.ContainsFunc(c.UserAgent, func(r rune) bool { return r < ' ' || r > '~' }) {
		problems = append(problems, errors.New("user agent: must be one line"))
	}
	if c.PerMinute < 0 || c.PerMinute > 0 && c.PerMinute < 10 {
		problems = append(problems, fmt.Errorf("calls per minute %d: must be at least 10, or 0 for no limit", c.PerMinute))
	}
	if c.Timeout < 0 || c.Poll < 0 {
		problems = append(problems, errors.New("timeout and poll: must be positive"))
	}
	return problems
}

func (c Config) withDefaults() Config {
	orText := func(s *string, d string) {
		if *s == "" {
			*s = d
		}
	}
	orTime := func(t *time.Duration, d time.Duration) {
		if *t == 0 {
			*t = d
		}
	}
	orText(&c.Name, "webhook")
	orText(&c.UserIDs, defaultIDs)
	orText(&c.GroupIDs, defaultIDs)
	orText(&c.UserAgent, "usher")
	orTime(&c.Wait, defaultWait)
	orTime(&c.Poll, defaultPoll)
	orTime(&c.Timeout, defaultTimeout)
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
