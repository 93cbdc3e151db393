package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"usher/sandbox"
)

// sandboxCommand serves only the simulators, so that any client can be pointed at them.
func sandboxCommand(ctx context.Context, a *App, args []string) error {
	f := a.flags("sandbox", "serve only the simulators of Slack, Jira and Okta, on this machine")
	cfg := sandbox.Config{Manifest: a.Manifest}
	f.StringVar(&cfg.SlackAddr, "slack", "127.0.0.1:0", "address of Slack")
	f.StringVar(&cfg.JiraAddr, "jira", "127.0.0.1:0", "address of Jira")
	f.StringVar(&cfg.OktaAddr, "okta", "127.0.0.1:0", "address of Okta")
	control := f.String("control", "127.0.0.1:0", "address of the control API (clock, faults, calls, truth, people)")
	company := f.String("company", "", "company file (default: the built-in Larkspur)")
	anyApp := f.Bool("any-app", false, "let the Slack app use every scope, command and event instead of those of Usher's manifest")
	if err := parse(f, args, false); err != nil {
		return err
	}
	if *anyApp {
		cfg.Manifest = nil
	}
	if *company != "" {
		data, err := os.ReadFile(*company)
		if err != nil {
			return fmt.Errorf("read company: %w", err)
		}
		cfg.Company = data
	}
	w, err := sandbox.Start(cfg)
	if err != nil {
		return err
	}
	url, err := w.Serve(*control, w.Control())
	if err != nil {
		return errors.Join(err, w.Close())
	}
	env := w.Environment()
	names := make([]string, 0, len(env))
	for k := range env {
		names = append(names, k)
	}
	slices.Sort(names)
	say(a.Stdout, "# %s: simulated Slack, Jira and Okta. Everything stays in memory. Stop with Ctrl-C.\n", w.Company.Name)
	for _, k := range names {
		say(a.Stdout, "%s=%s\n", k, env[k])
	}
	say(a.Stdout, "# control API: %s/_sandbox/\n", url)
	<-ctx.Done()
	return w.Close()
}
