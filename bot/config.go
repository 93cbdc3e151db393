package bot

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"usher/access"
)

// Core is what the bot asks of the core; *access.Service is it. Its refusals are *access.Refusal.
type Core interface {
	Identify(ctx context.Context, p access.SlackProfile) (access.Person, error)
	Choices(ctx context.Context, by access.Person, query string, limit int) ([]access.Choice, error)
	Closed(ctx context.Context, by access.Person, query string, limit int) ([]access.Closed, error)
	Preview(ctx context.Context, d access.Draft) (access.Preview, error)
	Submit(ctx context.Context, d access.Draft) (access.Request, error)
	Decide(ctx context.Context, by access.Person, id access.RequestID, v access.Verdict, reason string, o access.Origin) (access.Request, error)
	Cancel(ctx context.Context, by access.Person, id access.RequestID) (access.Request, error)
	Release(ctx context.Context, by access.Person, id access.GrantID) (access.Grant, error)
	Revoke(ctx context.Context, by access.Person, id access.GrantID, reason string) (access.Grant, error)
	Extend(ctx context.Context, by access.Person, id access.GrantID, justification, key string) (access.Request, error)
	Home(ctx context.Context, by access.Person) (access.Home, error)
	Revocable(ctx context.Context, by access.Person, of access.SlackID) ([]access.Grant, error)
	Request(ctx context.Context, by access.Person, id access.RequestID) (access.Request, *access.Grant, error)
	AskDiscovery(ctx context.Context, by access.Person) error
	Suggestion(ctx context.Context, by access.Person, group string) (access.FoundGroup, string, error)
	Left(ctx context.Context, id access.SlackID) error
	Now() time.Time
}

var _ Core = (*access.Service)(nil)

// Config is the Slack app and how much work it may do at once.
type Config struct {
	// AppToken (xapp-…) opens sockets, BotToken (xoxb-…) calls the Web API. Both are required.
	AppToken, BotToken string
	// APIURL is the base of the Web API; a missing slash at its end is added. Plain http is accepted for this machine
	// only. Default https://slack.com/api/.
	APIURL string
	// Command is the slash command of the manifest. Default /access.
	Command string
	// Connections is the number of overlapping sockets, 1 to 10. Default 2: one serves while the other is renewed.
	Connections int
	// Workers bounds the envelopes that are worked on at once: so many that open or draw windows, and four times as many
	// that search, submit or decide, for those wait for commits, which they share. Default 8.
	Workers int
	// AckWithin is how long an answer that belongs into an acknowledgement is waited for before a stand-in is sent.
	// Slack gives 3 s. Default 900 ms.
	AckWithin time.Duration
	// HTTP makes the Web API calls. Default a client of its own that gives up after 10 s.
	HTTP *http.Client
	// Dial makes the connections of the sockets and, unless HTTP is given, of the Web API. Proxies of the environment are
	// then not used. Default the ordinary network.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Crash is for crash tests: it is called at each of CrashPoints, from any goroutine, and may end the program or the
	// goroutine (runtime.Goexit) there. It must not panic, and once it ended a goroutine it is called again while that
	// one unwinds. Default none.
	Crash func(point string)
	// Now is the clock for caches and for the comparison with Slack's clock. Default time.Now.
	Now func() time.Time
	// Logger. Default slog.Default().
	Logger *slog.Logger
}

func (c *Config) fill() error {
	var problems []error
	if !strings.HasPrefix(c.BotToken, "xoxb-") {
		problems = append(problems, errors.New("configure slack: the bot token must begin with xoxb-"))
	}
	if !strings.HasPrefix(c.AppToken, "xapp-") {
		problems = append(problems, errors.New("configure slack: the app-level token must begin with xapp-"))
	}
	if c.APIURL == "" {
		c.APIURL = slack.APIURL
	}
	if !strings.HasSuffix(c.APIURL, "/") {
		c.APIURL += "/"
	}
	if !safeURL(c.APIURL) {
		problems = append(problems, errors.New("configure slack: the API URL must begin with https:// (http:// only for this machine)"))
	}
	if c.Command == "" {
		c.Command = "/access"
	}
	if c.Connections <= 0 {
		c.Connections = 2
	}
	if c.Connections > 10 {
		problems = append(problems, errors.New("configure slack: an app has at most 10 connections"))
	}
	if c.Workers <= 0 {
		c.Workers = 8
	}
	if c.AckWithin <= 0 {
		c.AckWithin = 900 * time.Millisecond
	}
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: 10 * time.Second, Transport: c.transport()}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return errors.Join(problems...)
}

// safeURL accepts https anywhere and http on the own machine.
func safeURL(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return false
	}
	switch h := u.Hostname(); u.Scheme {
	case "https":
		return true
	case "http":
		return h == "127.0.0.1" || h == "localhost" || h == "::1"
	}
	return false
}

// api makes a Web API client. It never repeats a call by itself: a trigger does not live long enough for that, and a post
// may have arrived.
func (c *Config) api() *slack.Client {
	return slack.New(c.BotToken, slack.OptionAppLevelToken(c.AppToken), slack.OptionAPIURL(c.APIURL),
		slack.OptionHTTPClient(c.HTTP), slack.OptionLog(quietLog{c.Logger}))
}
