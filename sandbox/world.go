package sandbox

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
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
	// Directory is the identity provider, one of Directories. Default okta.
	Directory string
	// Addresses of the three simulators.
	SlackAddr, JiraAddr, DirectoryAddr string
	// Adjust may change the seeds before the simulators are made, the last of which counts only where Okta is
	// the directory. Default none.
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
	// Directory is the identity provider.
	Directory Directory
	// Okta is the simulator behind it; nil where another provider is the directory.
	Okta *oktasim.Server
	// SlackURL is the Web API base with its slash, JiraURL the site, OktaURL the org if there is one.
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
	if err := w.make(cfg); err != nil {
		return nil, err
	}
	if err := w.listen(cfg); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

func (w *World) make(cfg Config) (err error) {
	sc, jc, oc := slackConfig(w.Company, w.Clock.Now, cfg.Manifest), jiraConfig(w.Company, w.Clock.Now), oktaConfig(w.Company, w.Clock.Now)
	if cfg.Adjust != nil {
		cfg.Adjust(&sc, &jc, &oc)
	}
	if w.Slack, err = slacksim.New(sc); err != nil {
		return fmt.Errorf("make slack simulator: %w", err)
	}
	if w.Jira, err = jirasim.New(jc); err != nil {
		return fmt.Errorf("make jira simulator: %w", err)
	}
	switch cfg.Directory {
	case "", oktaName:
		w.Directory, err = w.makeOkta(oc)
	case entraName:
		w.Directory, err = w.makeEntra()
	case googleName:
		w.Directory, err = w.makeGoogle()
	case ldapName:
		w.Company = w.Company.forLDAP()
		w.Directory, err = w.makeLDAP()
	default:
		err = fmt.Errorf("there is no directory named %q; use one of %s", cfg.Directory, strings.Join(Directories(), ", "))
	}
	return err
}

func (w *World) listen(cfg Config) (err error) {
	var slack string
	if slack, err = w.Serve(cfg.SlackAddr, w.Slack); err != nil {
		return err
	}
	w.Slack.SetURL(slack)
	if w.JiraURL, err = w.Serve(cfg.JiraAddr, w.Jira); err != nil {
		return err
	}
	w.Jira.SetURL(w.JiraURL)
	w.SlackURL = w.Slack.APIURL()
	return w.Directory.open(w, cfg.DirectoryAddr)
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
	for _, c := range []interface{ Close() }{w.Slack, w.Jira, w.Directory} {
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
	env := map[string]string{
		"USHER_SLACK_API_URL": w.SlackURL, "USHER_SLACK_BOT_TOKEN": SlackBotToken, "USHER_SLACK_APP_TOKEN": SlackAppToken,
		"USHER_JIRA_URL": w.JiraURL, "USHER_JIRA_EMAIL": jirasim.BotEmail, "USHER_JIRA_TOKEN": jirasim.BotToken,
	}
	maps.Copy(env, w.Directory.Environment())
	return env
}

// Member reports whether the person is in the group, by the directory's own truth.
func (w *World) Member(group, handle string) bool {
	_, ok := w.Company.Person(handle)
	return ok && slices.Contains(w.Directory.Members(group), w.Directory.UserID(handle))
}
