package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

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
	settings := f.String("settings", "", "write usher.yml and catalog.yml into this folder, for usher serve and usher doctor")
	example := f.Bool("example", false, "print the company file of the built-in Larkspur and exit")
	anyApp := f.Bool("any-app", false, "let the Slack app use every scope, command and event instead of those of Usher's manifest")
	if err := parse(f, args, false); err != nil {
		return err
	}
	if *example {
		say(a.Stdout, "%s", sandbox.DefaultCompany())
		return nil
	}
	if *anyApp {
		cfg.Manifest = nil
	}
	if *company != "" {
		var err error
		if cfg.Company, err = readCompany(*company); err != nil {
			return err
		}
	}
	w, err := sandbox.Start(cfg)
	if err != nil {
		return err
	}
	url, err := w.Serve(*control, w.Control())
	if err != nil {
		return errors.Join(err, w.Close())
	}
	var wrote []string
	if *settings != "" {
		if wrote, err = writeSettings(*settings, w, *company == ""); err != nil {
			return errors.Join(err, w.Close())
		}
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
	for _, line := range wrote {
		say(a.Stdout, "# %s\n", line)
	}
	<-ctx.Done()
	return w.Close()
}

// sandboxMark is the first line of settings that may be written over.
const sandboxMark = "# Written by usher sandbox; it will be written over."

// writeSettings writes settings that fit the sandbox, without its tokens, and the catalog of the built-in company. It
// leaves alone what somebody else wrote. The lines that it returns say what it did.
func writeSettings(dir string, w *sandbox.World, builtIn bool) ([]string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the folder for the settings: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the folder for the settings: %w", err)
	}
	settings, catalog := filepath.Join(dir, "usher.yml"), filepath.Join(dir, "catalog.yml")
	old, err := os.ReadFile(settings)
	if err == nil && !strings.HasPrefix(string(old), sandboxMark) {
		return nil, fmt.Errorf("%s is there already and was not written by usher sandbox; name another folder", settings)
	}
	env := w.Environment()
	text := sandboxMark + fmt.Sprintf(`
# The tokens are not in here: they are in the environment that usher sandbox prints.
slack: {api_url: %q}
okta: {url: %q}
catalog: [%q]
database: %q
`, env["USHER_SLACK_API_URL"], env["USHER_OKTA_URL"], catalog, filepath.Join(dir, "usher.db"))
	address := fmt.Sprintf("jira:\n  url: %q\n  email: %q\n", env["USHER_JIRA_URL"], env["USHER_JIRA_EMAIL"])
	text += strings.Replace(demoSettings(w.Company), "jira:\n", address, 1)
	if err := os.WriteFile(settings, []byte(text), 0o644); err != nil {
		return nil, fmt.Errorf("write settings: %w", err)
	}
	done := []string{"wrote " + settings}
	switch _, err := os.Stat(catalog); {
	case err == nil:
		done = append(done, "left "+catalog+" as it is")
	case !builtIn:
		done = append(done, "write "+catalog+" for your company; usher catalog example prints one")
	default:
		if err := os.WriteFile(catalog, sandbox.Catalog(), 0o644); err != nil {
			return nil, fmt.Errorf("write catalog: %w", err)
		}
		done = append(done, "wrote "+catalog)
	}
	return append(done, "with the variables above set: usher doctor -config "+settings+", usher serve -config "+settings), nil
}
