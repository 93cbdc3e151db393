package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"usher/catalog"
	"usher/idp"
	"usher/store"
)

// finding is one line of the doctor.
type finding struct {
	subject string
	ok      bool
	detail  string
	fix     string
}

// doctorCommand checks everything outside, one line per check with its fix, and changes nothing.
func doctorCommand(ctx context.Context, a *App, args []string) error {
	f := a.flags("doctor", "check tokens, scopes, Jira, groups, clock and database; exit 1 on any failure")
	path := f.String("config", a.Getenv("USHER_CONFIG"), "settings file (USHER_CONFIG)")
	if err := parse(f, args, false); err != nil {
		return err
	}
	failed := 0
	tell := func(list ...finding) {
		for _, x := range list {
			mark := "ok  "
			if !x.ok {
				mark = "FAIL"
				failed++
			}
			say(a.Stdout, "%s  %s: %s\n", mark, x.subject, x.detail)
			if !x.ok && x.fix != "" {
				say(a.Stdout, "      fix: %s\n", x.fix)
			}
		}
	}
	cfg, err := LoadConfig(*path, a.Getenv)
	tell(problems("settings", err, "every setting is there")...)
	if err == nil {
		a.examine(ctx, cfg, tell)
	}
	if failed > 0 {
		say(a.Stdout, "\n%d checks failed.\n", failed)
		return errFailed
	}
	say(a.Stdout, "\nEverything is well.\n")
	return nil
}

func (a *App) examine(ctx context.Context, cfg Config, tell func(...finding)) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	quiet := *a
	p, err := (&quiet).adapters(cfg, a.logger(LogConfig{Level: "error", Format: "text"}))
	if err != nil {
		tell(problems("settings", err, "")...)
		return
	}
	c := p.live.Current()
	tell(finding{subject: "catalog", ok: true, detail: fmt.Sprintf("%d apps, %d roles to ask for, version %s", len(c.Apps()), len(c.Requestable()), c.Version())})
	for _, x := range p.notifier.Check(ctx) {
		tell(finding{"slack " + x.Subject, x.OK, x.Detail, x.Fix})
	}
	for _, x := range p.tracker.Verify(ctx) {
		tell(finding{x.Subject, x.OK, x.Detail, x.Fix})
	}
	for _, x := range p.okta.Check(ctx) {
		tell(finding{"okta " + x.Subject, x.OK, x.Detail, x.Fix})
	}
	tell(p.examineGroups(ctx)...)
	tell(p.examineOwners(ctx)...)
	tell(examineStore(cfg.Database))
}

// problems makes a line of each joined error, or one good line when there is none.
func problems(subject string, err error, good string) []finding {
	if err == nil {
		return []finding{{subject: subject, ok: true, detail: good}}
	}
	var list []finding
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			list = append(list, problems(subject, e, good)...)
		}
		return list
	}
	return append(list, finding{subject: subject, detail: err.Error()})
}

// examineGroups reads every group that the catalog maps and asks whether it may be governed.
func (p *parts) examineGroups(ctx context.Context) []finding {
	users := map[catalog.Group][]string{}
	for _, app := range p.live.Current().Apps() {
		for _, e := range app.Entitlements {
			for _, g := range e.Groups {
				users[g] = append(users[g], e.Title())
			}
		}
	}
	groups := make([]catalog.Group, 0, len(users))
	for g := range users {
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b catalog.Group) int { return slices.Compare([]string{a.String()}, []string{b.String()}) })
	var list []finding
	for _, g := range groups {
		x := finding{subject: fmt.Sprintf("group %s of %s", g, users[g][0])}
		got, err := p.okta.Group(ctx, idp.GroupID(g.ID))
		switch {
		case g.Provider != p.okta.Name():
			x.detail, x.fix = "no such provider", "name a provider of the settings, such as okta"
		case idp.KindOf(err) == idp.GroupNotFound:
			x.detail, x.fix = "not found", "correct the id in the catalog; it stands in the group's address in the Okta console"
		case err != nil:
			x.detail, x.fix = err.Error(), "see the lines about okta"
		case got.Refusal != "":
			x.detail, x.fix = got.Name+": "+got.Refusal, "map the role to a group that only Usher and people change"
		default:
			x.ok, x.detail = true, got.Name
		}
		list = append(list, x)
	}
	return list
}

// examineOwners looks up everybody whom the catalog names, since a request that nobody can approve is refused.
func (p *parts) examineOwners(ctx context.Context) []finding {
	seen := map[string]bool{}
	for _, app := range p.live.Current().Apps() {
		for _, o := range app.Owners {
			seen[o] = true
		}
	}
	missing := finding{subject: "owners", ok: true, detail: fmt.Sprintf("%d people, all active in the directory", len(seen))}
	var list []finding
	for o := range seen {
		u, err := p.okta.FindUser(ctx, o)
		if err != nil || u.Status != idp.Active {
			list = append(list, finding{"owner " + o, false, "not one active user of the directory", "correct the address in the catalog, or name another owner"})
		}
	}
	if len(list) == 0 {
		return []finding{missing}
	}
	slices.SortFunc(list, func(a, b finding) int { return slices.Compare([]string{a.subject}, []string{b.subject}) })
	return list
}

// examineStore opens the database as serve would, or sees that its folder would take one. One that is in use is fine.
func examineStore(path string) finding {
	x := finding{subject: "database " + path}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		info, err := os.Stat(filepath.Dir(path))
		if err != nil || !info.IsDir() {
			x.detail, x.fix = "its folder does not exist", "make the folder, or correct the setting database (USHER_DB)"
			return x
		}
		x.ok, x.detail = true, "does not exist yet; serve will make it"
		return x
	}
	s, err := store.Open(store.Config{Path: path})
	if errors.Is(err, store.ErrLocked) {
		x.ok, x.detail = true, "in use by a running Usher"
		return x
	}
	if err != nil {
		x.detail = err.Error()
		return x
	}
	x.ok, x.detail = true, "opens"
	if err := s.Close(); err != nil {
		x.ok, x.detail = false, err.Error()
	}
	return x
}
