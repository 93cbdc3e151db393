package cli

import (
	"context"
	"errors"

	"usher/catalog"
)

// catalogCommand is usher catalog check FILE…, example, schema, discover.
func catalogCommand(ctx context.Context, a *App, args []string) error {
	f := a.flags("catalog", "check FILE… | example | schema | discover")
	path := f.String("config", a.Getenv("USHER_CONFIG"), "settings file (USHER_CONFIG)")
	if len(args) > 0 && args[0] == "discover" {
		lastUse := f.Bool("last-use", false, "look for the last use of each app; about a second each")
		if err := parse(f, args[1:], false); err != nil {
			return err
		}
		return a.discover(ctx, *path, *lastUse)
	}
	if len(args) > 0 && args[0] == "check" {
		if err := parse(f, args[1:], true); err != nil {
			return err
		}
		if f.NArg() > 0 {
			return a.checkCatalog(*path, f.Args())
		}
		f.Usage()
		return errUsage
	}
	if err := parse(f, args, true); err != nil {
		return err
	}
	switch {
	case f.Arg(0) == "example" && f.NArg() == 1:
		_, err := a.Stdout.Write(catalog.Example())
		return err
	case f.Arg(0) == "schema" && f.NArg() == 1:
		_, err := a.Stdout.Write(catalog.Schema())
		return err
	}
	f.Usage()
	return errUsage
}

// checkCatalog judges the files. What the providers are called stands in the settings, if there are any.
func (a *App) checkCatalog(settings string, paths []string) error {
	providers := knownProviders()
	if settings != "" {
		cfg, problems, err := readConfig(settings, a.Getenv)
		if err = errors.Join(append(problems, err)...); err != nil {
			return err
		}
		providers = cfg.configured()
	}
	c, err := catalog.Load(paths...)
	var problems catalog.Problems
	if errors.As(err, &problems) {
		for _, p := range problems {
			say(a.Stderr, "%s\n", p)
		}
		say(a.Stderr, "%s; the catalog would not be taken into use.\n", count(len(problems), "problem"))
		return errFailed
	}
	if err == nil {
		err = fits(c, providers)
	}
	if err != nil {
		return err
	}
	entitlements := 0
	for _, app := range c.Apps() {
		entitlements += len(app.Entitlements)
	}
	say(a.Stdout, "ok: %d apps, %d roles, %d of them requestable; version %s\n",
		len(c.Apps()), entitlements, len(c.Requestable()), c.Version())
	return nil
}
