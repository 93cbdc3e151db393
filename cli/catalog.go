package cli

import (
	"context"
	"errors"

	"usher/catalog"
)

// catalogCommand is usher catalog check FILE…, example, schema, discover.
func catalogCommand(ctx context.Context, a *App, args []string) error {
	f := a.flags("catalog", "check FILE… | example | schema | discover [-config FILE] [-last-use]")
	if len(args) > 0 && args[0] == "discover" {
		path := f.String("config", a.Getenv("USHER_CONFIG"), "settings file (USHER_CONFIG)")
		lastUse := f.Bool("last-use", false, "look for the last use of each app by members of small groups; slow")
		if err := parse(f, args[1:], false); err != nil {
			return err
		}
		return a.discover(ctx, *path, *lastUse)
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
	case f.Arg(0) == "check" && f.NArg() > 1:
		return a.checkCatalog(f.Args()[1:])
	}
	f.Usage()
	return errUsage
}

func (a *App) checkCatalog(paths []string) error {
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
		err = fits(c, knownProviders())
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
