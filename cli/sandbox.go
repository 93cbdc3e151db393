package cli

import (
	"context"
	"errors"
	"flag"
	"maps"
	"regexp"
	"slices"
	"strings"

	"usher/idp/okta"
	"usher/sandbox"
)

// sandboxCommand serves only the simulators, so that any client can be pointed at them.
func sandboxCommand(ctx context.Context, a *App, args []string) error {
	f := a.flags("sandbox", "serve only the simulators of Slack, Jira and the identity provider, on this machine")
	cfg := sandbox.Config{Manifest: a.Manifest}
	f.StringVar(&cfg.SlackAddr, "slack", "127.0.0.1:0", "address of Slack")
	f.StringVar(&cfg.JiraAddr, "jira", "127.0.0.1:0", "address of Jira")
	f.StringVar(&cfg.Directory, "idp", okta.Name, "identity provider of the company: "+strings.Join(sandbox.Directories(), ", "))
	directories := directoryAddresses(f)
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
	err := knownDirectory(f, cfg.Directory)
	if err == nil {
		cfg.DirectoryAddr, err = chosenAddress(f, cfg.Directory, directories)
	}
	if err != nil {
		return err
	}
	if *anyApp {
		cfg.Manifest = nil
	}
	if *company != "" {
		if cfg.Company, err = readCompany(*company); err != nil {
			return err
		}
	}
	w, err := sandbox.Start(cfg)
	if err != nil {
		return err
	}
	if err := a.tellSandbox(w, *control, *settings, *company == ""); err != nil {
		return errors.Join(err, w.Close())
	}
	<-ctx.Done()
	return w.Close()
}

// directoryAddresses makes a flag of each directory for its address.
func directoryAddresses(f *flag.FlagSet) map[string]*string {
	addresses := map[string]*string{}
	for _, name := range sandbox.Directories() {
		about := "address of " + title(name)
		if name != okta.Name {
			about += ", with -idp " + name
		}
		addresses[name] = f.String(name, "127.0.0.1:0", about)
	}
	return addresses
}

// chosenAddress is the address of the directory. One of another directory is refused: nobody would be there.
func chosenAddress(f *flag.FlagSet, directory string, addresses map[string]*string) (addr string, err error) {
	f.Visit(func(set *flag.Flag) {
		if addresses[set.Name] != nil && set.Name != directory {
			say(f.Output(), "%s: -%s is the address of %s, but the identity provider is %s; use -%s, or add -idp %s\n",
				f.Name(), set.Name, title(set.Name), title(directory), directory, set.Name)
			err = errUsage
		}
	})
	return *addresses[directory], err
}

// tellSandbox serves the control API, writes settings where they are wanted, and prints what a client needs, as lines that a
// shell can read.
func (a *App) tellSandbox(w *sandbox.World, control, settings string, builtIn bool) error {
	url, err := w.Serve(control, w.Control())
	if err != nil {
		return err
	}
	var wrote []string
	if settings != "" {
		if wrote, err = writeSettings(settings, w, builtIn); err != nil {
			return err
		}
	}
	say(a.Stdout, "# %s: simulated Slack, Jira and %s. Everything stays in memory. Stop with Ctrl-C.\n", w.Company.Name, w.Directory.Label())
	env := w.Environment()
	for _, k := range slices.Sorted(maps.Keys(env)) {
		say(a.Stdout, "%s=%s\n", k, shellWord(env[k]))
	}
	say(a.Stdout, "# control API: %s/_sandbox/\n", url)
	for _, line := range wrote {
		say(a.Stdout, "# %s\n", line)
	}
	return nil
}

// shellWord writes a value so that a shell reads it as it is.
func shellWord(s string) string {
	if regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`).MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
