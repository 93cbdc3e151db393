package cli

import (
	"context"
	"fmt"
	"strings"
)

// serveCommand runs Usher until it is told to stop.
func serveCommand(ctx context.Context, a *App, args []string) error {
	f := a.flags("serve", "run Usher")
	path := f.String("config", a.Getenv("USHER_CONFIG"), "settings file (USHER_CONFIG)")
	example := f.Bool("example", false, "print an example of the settings file and exit")
	if err := parse(f, args, false); err != nil {
		return err
	}
	if *example {
		_, err := a.Stdout.Write(exampleConfig)
		return err
	}
	cfg, err := LoadConfig(*path, a.Getenv)
	if err != nil {
		_, more := a.parts(cfg, err)
		return more
	}
	return a.serve(ctx, cfg)
}

// serve wires and runs; it returns nil after an orderly stop.
func (a *App) serve(ctx context.Context, cfg Config) error {
	p, err := a.wire(cfg)
	if err != nil {
		return err
	}
	say(a.Stderr, "%s", p.summary())
	err = p.run(ctx, a.Started)
	if err == nil {
		p.log.Info("stopped")
	}
	return err
}

// summary says on a few lines what was started, without secrets.
func (p *parts) summary() string {
	var b strings.Builder
	c := p.live.Current()
	say(&b, "Usher %s\n", version())
	say(&b, "  catalog   %s: %d apps, %d roles to ask for, version %s\n", strings.Join(p.cfg.Catalog, ", "), len(c.Apps()), len(c.Requestable()), c.Version())
	say(&b, "  slack     %s, command %s\n", p.cfg.Slack.APIURL, p.cfg.Slack.Command)
	say(&b, "  jira      %s, project %s\n", p.cfg.Jira.URL, p.cfg.Jira.Project)
	for _, name := range p.cfg.configured() {
		say(&b, "  %-9s %s\n", name, p.cfg.place(name))
	}
	say(&b, "  people    %s\n", p.identitySummary())
	say(&b, "  database  %s\n", p.cfg.Database)
	if p.cfg.Listen != "" {
		say(&b, "  listen    %s: /healthz, /metrics", p.cfg.Listen)
		for _, name := range p.cfg.callers() {
			say(&b, ", "+callbackPath+"%s", name)
		}
		say(&b, "\n")
	}
	return b.String()
}

func (p *parts) identitySummary() string {
	var ways []string
	if n := len(p.cfg.Identity.People); n > 0 {
		ways = append(ways, fmt.Sprintf("%d listed by id", n))
	}
	if p.cfg.Identity.MatchEmail {
		ways = append(ways, "confirmed e-mail addresses of "+strings.Join(p.cfg.Identity.Domains, ", "))
	}
	return strings.Join(ways, "; ")
}
