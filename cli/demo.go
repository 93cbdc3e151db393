package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	"usher/idp/okta"
	"usher/sandbox"
)

// demoCommand starts the simulated company with the production bot in it and shows it as a page, or plays the tour.
func demoCommand(ctx context.Context, a *App, args []string) error {
	f := a.flags("demo", "try everything on this machine, with no account anywhere")
	tourOnly := f.Bool("tour", false, "play the tour and exit: 0 when every step was true, 1 at the first untruth")
	asJSON := f.Bool("json", false, "with -tour: one JSON object per step")
	addr := f.String("addr", "", "address of the page, on this machine only (default "+pageAddr+", or a free port if that is taken)")
	company := f.String("company", "", "company file to start with (default: the built-in Larkspur; usher sandbox -example prints it)")
	catalog := f.String("catalog", "", "catalog to try; groups and people that it names and the company lacks are added")
	directory := f.String("idp", okta.Name, "identity provider of the company: "+strings.Join(sandbox.Directories(), ", "))
	if err := parse(f, args, false); err != nil {
		return err
	}
	if *asJSON && !*tourOnly {
		say(a.Stderr, "usher demo: -json needs -tour\n")
		return errUsage
	}
	if *tourOnly && *company+*catalog != "" {
		say(a.Stderr, "usher demo: the tour is about the built-in company and its catalog; leave out -company and -catalog\n")
		return errUsage
	}
	if err := knownDirectory(f, *directory); err != nil {
		return err
	}
	start, err := readStart(*company, *catalog, *directory)
	if err != nil {
		return err
	}
	if *tourOnly {
		return a.tour(ctx, start, *asJSON)
	}
	return a.servePage(ctx, start, *addr)
}

// knownDirectory refuses what -idp cannot be.
func knownDirectory(f *flag.FlagSet, name string) error {
	if !slices.Contains(sandbox.Directories(), name) {
		say(f.Output(), "%s: there is no identity provider %q; -idp is one of %s\n", f.Name(), name, strings.Join(sandbox.Directories(), ", "))
		return errUsage
	}
	return nil
}

// tour plays the story in a company of its own.
func (a *App) tour(ctx context.Context, start startState, asJSON bool) error {
	d, err := a.newDemo(start)
	if err != nil {
		return err
	}
	if !asJSON {
		say(a.Stdout, "Usher's tour: a simulated company, %s, with %s as its directory and the production bot in it. Nothing leaves this machine.\n\n", d.world.Company.Name, d.world.Directory.Label())
	}
	if err = d.Start(ctx); err != nil {
		err = fmt.Errorf("start usher: %w%s", err, d.tail())
	} else {
		err = d.playTour(ctx, asJSON)
	}
	return errors.Join(err, d.close())
}
