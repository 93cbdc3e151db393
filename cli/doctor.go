package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"usher/store"
)

// doctorCommand checks everything outside, one line per check with its fix, and changes nothing.
func doctorCommand(ctx context.Context, a *App, args []string) error {
	f := a.flags("doctor", "check tokens, scopes, Jira, groups, people, clock and database; exit 1 on any failure")
	path := f.String("config", a.Getenv("USHER_CONFIG"), "settings file (USHER_CONFIG)")
	if err := parse(f, args, false); err != nil {
		return err
	}
	failed := 0
	tell := func(list ...finding) {
		for _, x := range list {
			say(a.Stdout, "%s  %s: %s\n", x.mark, x.subject, x.detail)
			if x.mark == fails {
				failed++
			}
			switch {
			case x.fix == "":
			case x.mark == fails || x.mark == notable:
				say(a.Stdout, "      fix: %s\n", x.fix)
			default: // What could be had, or could be better.
				say(a.Stdout, "      %s\n", x.fix)
			}
		}
	}
	cfg, err := LoadConfig(*path, a.Getenv)
	if *path == "" && !a.anySetting() {
		tell(asFindings(noFile())...)
	} else {
		p, err := a.parts(cfg, err)
		tell(settingsFindings(*path, cfg, p, err)...)
		p.memory = recall(ctx, cfg.Database, p.live)
		a.examine(ctx, p, err, tell)
		tell(examineStore(ctx, cfg.Database))
	}
	if ctx.Err() != nil {
		say(a.Stdout, "\nInterrupted: what failed above may be well.\n")
		return errFailed
	}
	if failed > 0 {
		say(a.Stdout, "\n%s failed.\n", count(failed, "check"))
		return errFailed
	}
	say(a.Stdout, "\nEverything is well.\n")
	return nil
}

// anySetting reports whether any variable is set.
func (a *App) anySetting() bool {
	return slices.ContainsFunc(append(settings(), providerSettings()...), func(s setting) bool { return a.Getenv(s.name) != "" })
}

// parts makes what can be made in spite of problems with the settings, and returns these together with all that the parts
// find: whoever mends them needs one round.
func (a *App) parts(cfg Config, err error) (*parts, error) {
	p, more := a.adapters(cfg.whole(), a.logger(LogConfig{Level: "error", Format: "text"}))
	known := problemsIn(err)
	all := []error{err}
	for _, m := range problemsIn(more) {
		// That no catalog is named has been said.
		if m.about != "catalog" || !slices.ContainsFunc(known, func(k *problem) bool { return k.about == "catalog" }) {
			all = append(all, m)
		}
	}
	return p, errors.Join(all...)
}

// asFindings makes a line of each problem.
func asFindings(err error) []finding {
	var list []finding
	for _, x := range problemsIn(err) {
		f := finding{"settings", fails, x.text, x.fix}
		if x.about == "catalog" {
			f.subject = "catalog"
		}
		list = append(list, f)
	}
	return list
}

func settingsFindings(path string, cfg Config, p *parts, err error) []finding {
	list := asFindings(err)
	if !slices.ContainsFunc(list, func(f finding) bool { return f.subject == "settings" }) {
		list = append([]finding{{"settings", well, "every setting is there (" + path + ")", ""}}, list...)
	}
	if p.live != nil {
		c := p.live.Current()
		list = append(list, finding{"catalog", well, fmt.Sprintf("%s, %s to ask for, version %s", count(len(c.Apps()), "app"), count(len(c.Requestable()), "role"), c.Version()), ""})
	}
	if len(cfg.Admins) == 0 {
		list = append(list, finding{"admins", well, "nobody is named, so failing calls are shown to nobody but the log", ""})
	}
	return list
}

// examine asks the vendors whose settings are right.
func (a *App) examine(ctx context.Context, p *parts, err error, tell func(...finding)) {
	without := map[string]bool{"slack": p.notifier == nil, "jira": p.tracker == nil}
	for _, name := range p.cfg.configured() {
		without[name] = p.idp[name] == nil
	}
	for _, x := range problemsIn(err) {
		without[x.about] = true
	}
	bound := 2*time.Minute + 2*longestWindow
	for _, name := range p.cfg.configured() {
		if without[name] {
			continue
		}
		n := len(p.nameQuestions(name))
		if takes := brisk().takes(n); takes > 10*time.Second {
			bound += 2 * takes
			say(a.Stderr, "Asking %s about %d groups and people takes about %s, so as not to spend its rate limit.\n", title(name), n, takes.Round(10*time.Second))
		}
	}
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	tell(p.outside(ctx, brisk(), without)...)
	var names []string
	for _, v := range append([]string{"slack", "jira"}, p.cfg.configured()...) {
		if without[v] {
			names = append(names, v)
		}
	}
	if len(names) > 0 {
		tell(finding{strings.Join(names, ", "), skipped, "checked when the settings above are right", ""})
	}
}

// examineStore reads the database as a whole without changing it, or sees that its folder would take one. One that is in
// use is fine.
func examineStore(ctx context.Context, path string) finding {
	x := finding{subject: "database " + path, mark: fails}
	folder := filepath.Dir(path)
	const readWrite, enterAndWrite = 6, 3
	_, err := os.Stat(path)
	switch absent := errors.Is(err, os.ErrNotExist); {
	case absent && !isFolder(folder):
		x.detail, x.fix = "its folder does not exist", "make the folder, or correct the setting database (USHER_DB)"
		return x
	case syscall.Access(folder, enterAndWrite) != nil:
		x.detail, x.fix = fmt.Sprintf("user %d may not write into its folder", os.Getuid()), "give the folder to the user that runs Usher, and run the doctor as that user"
		return x
	case absent:
		x.mark, x.detail = well, "does not exist yet; serve will make it"
		return x
	case syscall.Access(path, readWrite) != nil:
		x.detail, x.fix = fmt.Sprintf("user %d may not read and write it", os.Getuid()), "give the file to the user that runs Usher, and run the doctor as that user"
		return x
	}
	c, err := store.Verify(ctx, path)
	var known *store.OpenError
	switch {
	case errors.Is(err, store.ErrLocked):
		x.mark, x.detail = well, "in use by a running Usher"
	case errors.As(err, &known):
		x.detail, x.fix = known.Text, known.Fix
		if known.Err != nil {
			x.detail += " (" + known.Err.Error() + ")"
		}
	case err != nil:
		x.detail, x.fix = err.Error(), "see what the system says about this file"
	default:
		x.mark, x.detail = well, "whole: "+holds(c)
	}
	return x
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
