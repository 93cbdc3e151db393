package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"usher/catalog"
	"usher/idp"
)

// lastUseMost is up to how many members of a group are asked for their last use of its app.
const lastUseMost = 50

// lastUseWithin is how far back last use is looked for: no directory remembers much longer.
const lastUseWithin = 90 * 24 * time.Hour

// discovery is what the providers have and the catalog does not.
type discovery struct {
	found    []foundGroup
	refused  []foundGroup
	known    int                   // Groups that the catalog names.
	vanished []catalog.Group       // Named by the catalog and not there.
	silent   []string              // Providers that cannot list what they have.
	seen     map[catalog.Group]int // How often each was seen; more than once is the provider's fault.
}

// foundGroup is a group that the catalog does not name.
type foundGroup struct {
	provider string
	idp.Discovered
	lastUse time.Time
}

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
	d := discovery{seen: map[catalog.Group]int{}}
	named := p.live.Current().Groups()
	for _, name := range cfg.configured() {
		say(a.Stderr, "Listing the groups of %s…\n", title(name))
		if err := d.list(ctx, name, p.idp[name], named); err != nil {
			return fmt.Errorf("list the groups of %s: %w", title(name), err)
		}
	}
	for g := range named {
		if d.seen[g] == 0 && p.idp[g.Provider] != nil && !slices.Contains(d.silent, g.Provider) {
			d.vanished = append(d.vanished, g)
		}
	}
	if lastUse {
		say(a.Stderr, "Looking for the last use of %s…\n", count(len(d.found), "group"))
		for i := range d.found {
			if err := d.found[i].readUse(ctx, p.idp[d.found[i].provider], time.Now()); err != nil {
				return fmt.Errorf("read last use: %w", err)
			}
		}
	}
	d.write(a.Stdout, time.Now())
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

func (d *discovery) list(ctx context.Context, name string, p provider, named map[catalog.Group]*catalog.Entitlement) error {
	lister, ok := p.(idp.Discoverer)
	if !ok {
		d.silent = append(d.silent, name)
		return nil
	}
	return lister.Discover(ctx, func(g idp.Discovered) error {
		id := catalog.Group{Provider: name, ID: string(g.ID)}
		d.seen[id]++
		switch {
		case d.seen[id] > 1:
		case named[id] != nil:
			d.known++
		case g.Refusal != "":
			d.refused = append(d.refused, foundGroup{provider: name, Discovered: g})
		default:
			d.found = append(d.found, foundGroup{provider: name, Discovered: g})
		}
		return nil
	})
}

// readUse finds out when any member last used an app of the group, where the provider knows and the group is small.
func (g *foundGroup) readUse(ctx context.Context, p provider, now time.Time) error {
	reader, knows := p.(idp.ActivityReader)
	lister, lists := p.(idp.MemberLister)
	if !knows || !lists || len(g.Apps) == 0 || g.Members > lastUseMost {
		return nil
	}
	members, err := lister.Members(ctx, g.ID)
	if err != nil || len(members) > lastUseMost { // How many there are was not known before.
		return err
	}
	for _, app := range g.Apps {
		for _, m := range members {
			at, err := reader.LastUse(ctx, app.ID, m.ID, now.Add(-lastUseWithin))
			if err != nil {
				return err
			}
			if at.After(g.lastUse) {
				g.lastUse = at
			}
		}
	}
	return nil
}

// write prints a catalog in which nothing may be requested yet.
func (d *discovery) write(out io.Writer, now time.Time) {
	say(out, "# Found on %s: %s that no catalog names (%d named already, %d not fit for Usher).\n",
		now.UTC().Format(time.DateOnly), count(len(d.found), "group"), d.known, len(d.refused))
	say(out, "# Nothing of this may be requested: a person sets status: approved, with owners, risk and policy.\n")
	for _, g := range slices.SortedFunc(slices.Values(d.vanished), func(a, b catalog.Group) int { return strings.Compare(a.String(), b.String()) }) {
		say(out, "# GONE: %s is in the catalog and not in %s any more.\n", g, title(g.Provider))
	}
	for _, name := range d.silent {
		say(out, "# %s cannot list its groups.\n", title(name))
	}
	for _, g := range d.refused {
		say(out, "# not fit: %s:%s %s: %s\n", g.provider, g.ID, oneLine(g.Name), oneLine(g.Refusal))
	}
	say(out, "version: 1\napps:\n")
	if len(d.found) == 0 {
		say(out, "  []\n")
		return
	}
	byApp := map[string][]foundGroup{}
	for _, g := range d.found {
		byApp[g.appName()] = append(byApp[g.appName()], g)
	}
	ids := map[string]bool{}
	for _, app := range slices.Sorted(maps.Keys(byApp)) {
		writeApp(out, app, byApp[app], ids)
	}
}

func writeApp(out io.Writer, name string, groups []foundGroup, ids map[string]bool) {
	say(out, "  - id: %s\n    name: %s\n    status: unassigned\n    risk: medium\n", freshID(name, ids), quote(name, 60))
	if id := groups[0].oktaApp(); id != "" {
		say(out, "    okta_app: %s\n", quote(id, 60))
	}
	var owners []string
	for _, g := range groups {
		for _, o := range g.Owners {
			if o.Email != "" && !slices.Contains(owners, quote(o.Email, 300)) {
				owners = append(owners, quote(o.Email, 300))
			}
		}
	}
	if len(owners) > 0 {
		say(out, "    owners: [%s]\n", strings.Join(owners, ", "))
	}
	say(out, "    entitlements:\n")
	slices.SortFunc(groups, func(a, b foundGroup) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	for _, g := range groups {
		say(out, "      - id: %s  # %s\n        name: %s\n", freshID(g.Name, ids), g.facts(), quote(g.Name, 60))
		if g.Description != "" {
			say(out, "        description: %s\n", quote(g.Description, 200))
		}
		say(out, "        groups: [%s]\n", quote(g.provider+":"+string(g.ID), 300))
	}
}

// facts are how many members a group has and when its app was used last.
func (g foundGroup) facts() string {
	words := "members unknown"
	if g.Members >= 0 {
		words = count(g.Members, "member")
	}
	if !g.lastUse.IsZero() {
		words += ", last used " + g.lastUse.UTC().Format(time.DateOnly)
	}
	return words
}

// appName is the app to which a group gives access, or the group itself.
func (g foundGroup) appName() string {
	if len(g.Apps) > 0 {
		return g.Apps[0].Name
	}
	return g.Name
}

func (g foundGroup) oktaApp() string {
	if len(g.Apps) > 0 && strings.HasPrefix(g.Apps[0].ID, "0oa") {
		return g.Apps[0].ID
	}
	return ""
}

// freshID makes an id of a name, as the catalog wants it, that is not used yet.
func freshID(name string, used map[string]bool) string {
	id := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, name), "-")
	for strings.Contains(id, "--") {
		id = strings.ReplaceAll(id, "--", "-")
	}
	id = cmp.Or(strings.Trim(id[:min(len(id), 40)], "-"), "group")
	if id[0] < 'a' {
		id = "g" + id
	}
	fresh := id
	for n := 2; used[fresh]; n++ {
		fresh = fmt.Sprintf("%s-%d", id, n)
	}
	used[fresh] = true
	return fresh
}

// quote writes a YAML string on one line, cut at so many characters.
func quote(s string, most int) string {
	r := []rune(oneLine(s))
	return fmt.Sprintf("%q", string(r[:min(len(r), most)]))
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
