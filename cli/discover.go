package cli

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"time"

	"usher/access"
	"usher/catalog"
	"usher/idp"
)

// discover lists, as a catalog to begin with, the groups that no catalog names.
func (a *App) discover(ctx context.Context, path string, lastUse bool) error {
	cfg, err := LoadConfig(path, a.Getenv)
	p, err := a.parts(cfg, err)
	about := cfg.configured()
	if p.live == nil {
		about = append(about, "catalog", "")
	}
	if err := needed(err, about); err != nil {
		return err
	}
	look := access.Look{Providers: map[string]idp.Provider{}, Now: a.Now, Named: p.live.Current().Groups(), Uses: lastUse, Progress: a.progress()}
	for _, name := range cfg.configured() {
		look.Providers[name] = p.idp[name]
	}
	d, err := look.Discover(ctx)
	if err != nil {
		return err
	}
	writeFound(a.Stdout, d)
	if len(d.Troubles) > 0 {
		return errors.New("not everything could be listed: see the lines with INCOMPLETE")
	}
	return nil
}

// needed leaves out the problems with what is not needed to list groups: Slack and Jira.
func needed(err error, about []string) error {
	var list []error
	for _, x := range problemsIn(err) {
		if slices.Contains(about, x.about) {
			list = append(list, x)
		}
	}
	return errors.Join(list...)
}

// progress says what is being looked at, now and then.
func (a *App) progress() func(provider string, groups, apps int) {
	return func(provider string, groups, apps int) {
		switch {
		case groups == 1:
			say(a.Stderr, "Listing the groups of %s…\n", title(provider))
		case groups > 0 && groups%500 == 0:
			say(a.Stderr, "%d groups of %s so far…\n", groups, title(provider))
		case apps == 1:
			say(a.Stderr, "Reading when the apps of %s were used last; its log may be asked about once a second…\n", title(provider))
		case apps > 0 && apps%30 == 0:
			say(a.Stderr, "%d apps of %s so far…\n", apps, title(provider))
		}
	}
}

// writeFound prints a catalog in which nothing may be requested yet.
func writeFound(out io.Writer, d access.Discovery) {
	say(out, "# Found on %s: %s that no catalog names (%d named already, %d not fit for Usher).\n",
		d.At.UTC().Format(time.DateOnly), count(len(d.Found), "group"), d.Known, len(d.Refused))
	say(out, "# Nothing of this may be requested: a person sets status: approved, with owners, risk and policy.\n")
	for _, name := range slices.Sorted(maps.Keys(d.Troubles)) {
		say(out, "# INCOMPLETE: %s: %s\n", title(name), catalog.OneLine(d.Troubles[name]))
	}
	for _, g := range d.Vanished {
		say(out, "# GONE: %s is in the catalog and not in %s any more.\n", g, title(g.Provider))
	}
	for _, name := range d.Silent {
		say(out, "# %s cannot list its groups.\n", title(name))
	}
	for _, g := range d.Refused {
		say(out, "# not fit: %s %s: %s\n", g.Group, catalog.OneLine(g.Name), catalog.OneLine(g.Refusal))
	}
	say(out, "version: 1\n%s", access.Suggest(d.Found...))
}
