package bot

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"usher/access"
)

// Config is the Slack app and how much work it may do at once.
type Config struct {
	// AppToken (xapp-…) opens sockets, BotToken (xoxb-…) calls the Web API. Both are required.
	AppToken, BotToken string
	// APIURL is the base of the Web API. Default https://slack.com/api/.
	APIURL string
	// Command is the slash command. Default /access.
	Command string
	// Connections is the number of overlapping sockets, 1 to 10. Default 2: one may be renewed while the other serves.
	Connections int
	// Workers bounds the envelopes that are worked on at once. Default 8.
	Workers int
	// AckWithin is how long an answer that belongs into an acknowledgement is waited for. Default 900 ms; Slack gives 3 s.
	AckWithin time.Duration
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Logger. Default slog.Default().
	Logger *slog.Logger
}

func (c *Config) fill() error {
	var problems []error
	if !strings.HasPrefix(c.BotToken, "xoxb-") {
		problems = append(problems, errors.New("slack: the bot token must begin with xoxb-"))
	}
	if !strings.HasPrefix(c.AppToken, "xapp-") {
		problems = append(problems, errors.New("slack: the app-level token must begin with xapp-"))
	}
	if c.APIURL == "" {
		c.APIURL = "https://slack.com/api/"
	}
	if !strings.HasSuffix(c.APIURL, "/") {
		c.APIURL += "/"
	}
	u, err := url.Parse(c.APIURL)
	if err != nil || u.Host == "" || (u.Scheme != "https" && !loopback(u)) {
		problems = append(problems, errors.New("slack: the API URL must begin with https:// (plain http only for this machine)"))
	}
	if c.Command == "" {
		c.Command = "/access"
	}
	if c.Connections <= 0 {
		c.Connections = 2
	}
	if c.Workers <= 0 {
		c.Workers = 8
	}
	if c.AckWithin <= 0 {
		c.AckWithin = 900 * time.Millisecond
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return errors.Join(problems...)
}

func loopback(u *url.URL) bool {
	h := u.Hostname()
	return u.Scheme == "http" && (h == "127.0.0.1" || h == "localhost" || h == "::1")
}

// client makes a Web API client with bounded calls. Retrying is left to the caller: a trigger does not live long enough.
func (c *Config) client() *slack.Client {
	return slack.New(c.BotToken, slack.OptionAppLevelToken(c.AppToken), slack.OptionAPIURL(c.APIURL),
		slack.OptionHTTPClient(&http.Client{Timeout: 10 * time.Second}))
}

// Core is what the bot needs of the core; *access.Service is it.
type Core interface {
	Identify(ctx context.Context, p access.SlackProfile) (access.Person, error)
	Choices(ctx context.Context, by access.Person, query string, limit int) ([]access.Choice, error)
	Preview(ctx context.Context, d access.Draft) (access.Preview, error)
	Submit(ctx context.Context, d access.Draft) (access.Request, error)
	Decide(ctx context.Context, by access.Person, id access.RequestID, v access.Verdict, reason string, o access.Origin) (access.Request, error)
	Cancel(ctx context.Context, by access.Person, id access.RequestID) (access.Request, error)
	Release(ctx context.Context, by access.Person, id access.GrantID) (access.Grant, error)
	Revoke(ctx context.Context, by access.Person, id access.GrantID, reason string) (access.Grant, error)
	Extend(ctx context.Context, by access.Person, id access.GrantID, justification, key string) (access.Request, error)
	Home(ctx context.Context, by access.Person) (access.Home, error)
	Revocable(ctx context.Context, by access.Person, of access.SlackID) ([]access.Grant, error)
	Now() time.Time
}
