package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"usher/sandbox/jirasim"
	"usher/sandbox/oktasim"
	"usher/sandbox/slacksim"
)

// Config says what to start. Addresses are host:port on the loopback interface; empty picks a free port.
type Config struct {
	// Company is who works there; nil takes the default one.
	Company *Company
	// Manifest is the Slack app's manifest, which decides scopes, commands and tabs.
	Manifest []byte
	// Addresses of the three simulators.
	SlackAddr, JiraAddr, OktaAddr string
	// Adjust may change the seeds before the simulators are made. Default none.
	Adjust func(*slacksim.Config, *jirasim.Config, *oktasim.Config)
	// Network is where to listen. Default nil: real sockets.
	Network *Network
}

// World is the running sandbox.
type World struct {
	Company *Company
	Clock   *Clock
	Slack   *slacksim.Server
	Jira    *jirasim.Server
	Okta    *oktasim.Server
	// SlackURL is the Web API base with its slash, JiraURL the site, OktaURL the org.
	SlackURL, JiraURL, OktaURL string

	network *Network
	servers []*http.Server
	done    chan error
	looked  atomic.Pointer[func(handle, place string)]
}

// The places in Slack that somebody may look at.
const (
	AtHome     = "home"
	AtMessages = "messages"
	AtGeneral  = "general"
)

// OnLook has f called whenever somebody does or looks at something through the methods of World, as the tour does; place is
// one of the constants, or empty where it does not change. There is one such function; nil takes it away.
func (w *World) OnLook(f func(handle, place string)) {
	if f == nil {
		w.looked.Store(nil)
		return
	}
	w.looked.Store(&f)
}

// at is the Slack id of somebody who does or looks at something now.
func (w *World) at(handle, place string) string {
	if f := w.looked.Load(); f != nil {
		(*f)(handle, place)
	}
	return w.slackID(handle)
}

// Start makes the company and serves it. Close ends it.
func Start(cfg Config) (*World, error) {
	c := cfg.Company
	if c == nil {
		var err error
		if c, err = ParseCompany(companyFile); err != nil {
			return nil, err
		}
	}
	w := &World{Company: c, Clock: &Clock{}, network: cfg.Network, done: make(chan error, 4)}
	sc, jc, oc := slackConfig(c, w.Clock.Now, cfg.Manifest), jiraConfig(c, w.Clock.Now), oktaConfig(c, w.Clock.Now)
	if cfg.Adjust != nil {
		cfg.Adjust(&sc, &jc, &oc)
	}
	if err := w.make(sc, jc, oc); err != nil {
		return nil, err
	}
	if err := w.listen(cfg); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func (w *World) make(sc slacksim.Config, jc jirasim.Config, oc oktasim.Config) (err error) {
	if w.Slack, err = slacksim.New(sc); err != nil {
		return fmt.Errorf("make slack simulator: %w", err)
	}
	if w.Jira, err = jirasim.New(jc); err != nil {
		return fmt.Errorf("make jira simulator: %w", err)
	}
	if w.Okta, err = oktasim.New(oc); err != nil {
		return fmt.Errorf("make okta simulator: %w", err)
	}
	return nil
}

func (w *World) listen(cfg Config) error {
	urls := make([]string, 3)
	handlers := []http.Handler{w.Slack, w.Jira, w.Okta}
	for i, addr := range []string{cfg.SlackAddr, cfg.JiraAddr, cfg.OktaAddr} {
		url, err := w.Serve(addr, handlers[i])
		if err != nil {
			return err
		}
		urls[i] = url
	}
	w.Slack.SetURL(urls[0])
	w.Jira.SetURL(urls[1])
	w.Okta.SetURL(urls[2])
	w.SlackURL, w.JiraURL, w.OktaURL = w.Slack.APIURL(), urls[1], urls[2]
	return nil
}

// Serve serves h on a loopback address until Close and returns its URL.
func (w *World) Serve(addr string, h http.Handler) (string, error) {
	if addr == "" {
		addr = freePort
	}
	if err := loopbackOnly(addr); err != nil {
		return "", err
	}
	l, err := w.open(addr)
	if err != nil {
		return "", fmt.Errorf("listen on %s: %w", addr, err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	w.servers = append(w.servers, srv)
	go func() { w.done <- srv.Serve(l) }()
	return "http://" + l.Addr().String(), nil
}

const freePort = "127.0.0.1:0"

func loopbackOnly(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("listen on %q: write it as 127.0.0.1:PORT: %w", addr, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("listen on %q: the sandbox serves the loopback interface only, such as 127.0.0.1:0", addr)
	}
	return nil
}

// Listen opens a loopback address. If none is asked for it is the usual one, or a free port if that is taken.
func Listen(addr, usual string) (net.Listener, error) {
	var lc net.ListenConfig
	if addr == "" {
		if l, err := lc.Listen(context.Background(), "tcp", usual); err == nil {
			return l, nil
		}
		addr = freePort
	}
	if err := loopbackOnly(addr); err != nil {
		return nil, err
	}
	l, err := lc.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return l, nil
}

func (w *World) open(addr string) (net.Listener, error) {
	if w.network != nil {
		return w.network.Listen(addr)
	}
	return (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
}

// Close ends the sockets, the hanging answers and the listeners, and waits for them. It is safe to call twice.
func (w *World) Close() error {
	for _, c := range []interface{ Close() }{w.Slack, w.Jira, w.Okta} {
		c.Close()
	}
	var errs []error
	for _, s := range w.servers {
		errs = append(errs, s.Close())
	}
	for range w.servers {
		if err := <-w.done; !errors.Is(err, http.ErrServerClosed) {
			errs = append(errs, err)
		}
	}
	w.servers = nil
	return errors.Join(errs...)
}

// Environment is what a client needs to be pointed at the sandbox, as the product's own variables.
func (w *World) Environment() map[string]string {
	return map[string]string{
		"USHER_SLACK_API_URL": w.SlackURL, "USHER_SLACK_BOT_TOKEN": SlackBotToken, "USHER_SLACK_APP_TOKEN": SlackAppToken,
		"USHER_JIRA_URL": w.JiraURL, "USHER_JIRA_EMAIL": jirasim.BotEmail, "USHER_JIRA_TOKEN": jirasim.BotToken,
		"USHER_OKTA_URL": w.OktaURL, "USHER_OKTA_TOKEN": OktaToken,
	}
}

// Member reports whether the person is in the group, by the directory's own truth.
func (w *World) Member(group, handle string) bool {
	p, ok := w.Company.Person(handle)
	return ok && slices.Contains(w.Okta.Members(group), p.OktaID())
}
