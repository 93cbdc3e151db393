package access

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"usher/catalog"
	"usher/idp"
)

// Discovery is what the identity providers have and the catalog does not.
type Discovery struct {
	At time.Time `json:"at"`
	// Found are the groups that no catalog names and that Usher could govern, Refused those that it could not.
	Found   []FoundGroup `json:"found"`
	Refused []FoundGroup `json:"refused,omitempty"`
	// Known counts the groups that the catalog names and that were seen.
	Known int `json:"known"`
	// Vanished are named by the catalog and were not seen.
	Vanished []catalog.Group `json:"vanished,omitempty"`
	// Silent are the providers that cannot list what they have.
	Silent []string `json:"silent,omitempty"`
	// Troubles say by provider why its list, or the last use of its apps, is not whole.
	Troubles map[string]string `json:"troubles,omitempty"`
	// More counts the groups found that were left out, to keep the record small.
	More int `json:"more,omitempty"`
	// whole are the providers whose lists have come to their ends.
	whole map[string]bool
}

// FoundGroup is a group that no catalog names. What the directory does not tell is empty.
type FoundGroup struct {
	Group       catalog.Group `json:"group"`
	Name        string        `json:"name"`
	Description string        `json:"description,omitempty"`
	// Members counts the direct members; -1 means unknown.
	Members int `json:"members"`
	// Owners are the e-mail addresses of those whom the directory calls the group's owners, MoreOwners how many were left out.
	Owners     []string `json:"owners,omitempty"`
	MoreOwners int      `json:"moreOwners,omitempty"`
	// App is the first application that the group opens, AppID its id in the directory.
	App   string `json:"app,omitempty"`
	AppID string `json:"appId,omitempty"`
	// LastUse is when anybody used that application last, as far as the directory remembers; zero means unknown.
	LastUse time.Time `json:"lastUse,omitzero"`
	// Refusal says why Usher must not govern the group.
	Refusal string `json:"refusal,omitempty"`
}

const (
	// useWithin is how far back last use is looked for: no directory remembers much longer.
	useWithin = 90 * 24 * time.Hour
	// windowMost is the longest pause between two questions that a directory asks for in good faith.
	windowMost = 5 * time.Minute
	// ownersMost is how many owners of a group are named.
	ownersMost = 10
	// triesMost is how often a directory may put one question off.
	triesMost = 5
)

// Look says where to look for groups that the catalog does not name.
type Look struct {
	// Providers by the name that the catalog uses, and their clock.
	Providers map[string]idp.Provider
	Now       func() time.Time
	// Named are the groups of the catalog.
	Named map[catalog.Group]*catalog.Entitlement
	// Uses has the last use of apps read as well.
	Uses bool
	// Progress is called with the groups of a provider so far, and with the apps whose last use is known. Default none.
	Progress func(provider string, groups, apps int)
}

// Discover lists what the providers have and the catalog does not. It changes nothing, asks gently, and may take minutes. What
// one provider does not tell is among the troubles and keeps nothing else from being found; the error is that of ctx alone.
func (l Look) Discover(ctx context.Context) (Discovery, error) {
	if l.Progress == nil {
		l.Progress = func(string, int, int) {}
	}
	d := &discoverer{
		Look: l, seen: map[catalog.Group]bool{}, Discovery: Discovery{At: l.Now().UTC(), Troubles: map[string]string{}, whole: map[string]bool{}},
	}
	for _, name := range slices.Sorted(maps.Keys(l.Providers)) {
		lister, can := l.Providers[name].(idp.Discoverer)
		if !can {
			d.Silent = append(d.Silent, name)
			continue
		}
		n := 0
		err := lister.Discover(ctx, func(g idp.Discovered) error {
			d.add(name, g)
			n++
			l.Progress(name, n, 0)
			return nil
		})
		switch {
		case errors.Is(err, idp.ErrNoList):
			d.Silent = append(d.Silent, name)
			continue
		case err != nil:
			d.Troubles[name] = "Its groups are not all here: " + err.Error() + "."
		}
		d.whole[name] = err == nil
	}
	for g := range l.Named {
		if d.whole[g.Provider] && !d.seen[g] {
			d.Vanished = append(d.Vanished, g)
		}
	}
	slices.SortFunc(d.Vanished, func(a, b catalog.Group) int { return strings.Compare(a.String(), b.String()) })
	if l.Uses {
		l.readUses(ctx, &d.Discovery)
	}
	return d.Discovery, ctx.Err()
}

type discoverer struct {
	Discovery
	Look

	seen map[catalog.Group]bool // A group that is listed twice is the provider's fault.
}

func (d *discoverer) add(provider string, g idp.Discovered) {
	f := FoundGroup{
		Group: catalog.Group{Provider: provider, ID: string(g.ID)}, Name: g.Name, Description: g.Description, Members: g.Members, Refusal: g.Refusal,
	}
	for _, o := range g.Owners {
		switch email := strings.ToLower(o.Email); {
		case email == "" || slices.Contains(f.Owners, email):
		case len(f.Owners) == ownersMost:
			f.MoreOwners++
		default:
			f.Owners = append(f.Owners, email)
		}
	}
	if len(g.Apps) > 0 {
		f.App, f.AppID = g.Apps[0].Name, g.Apps[0].ID
	}
	again := d.seen[f.Group]
	d.seen[f.Group] = true
	switch {
	case again:
	case d.Named[f.Group] != nil:
		d.Known++
	case f.Refusal != "":
		d.Refused = append(d.Refused, f)
	default:
		d.Found = append(d.Found, f)
	}
}

// readUses asks once for each app when anybody used it last. That this may not be read is a trouble only where somebody wants
// it: with Uses.
func (l Look) readUses(ctx context.Context, d *Discovery) {
	type app struct{ provider, id string }
	known, asked, done := map[app]time.Time{}, map[string]int{}, map[string]bool{}
	for i := range d.Found {
		f := &d.Found[i]
		name := f.Group.Provider
		reader, can := l.Providers[name].(idp.ActivityReader)
		if !can || f.AppID == "" || done[name] || ctx.Err() != nil {
			continue
		}
		a := app{name, f.AppID}
		at, before := known[a]
		if !before {
			err := patiently(ctx, l.Now, func() (err error) {
				at, err = reader.LastUse(ctx, f.AppID, "", l.Now().Add(-useWithin))
				return err
			})
			if err != nil {
				done[name] = true
				if l.Uses || idp.KindOf(err) != idp.Forbidden {
					d.Troubles[name] = strings.TrimSpace(d.Troubles[name] + " When apps were used last is not known of all: " + err.Error() + ".")
				}
				continue
			}
			known[a] = at
			asked[name]++
			if l.Progress != nil {
				l.Progress(name, 0, asked[name])
			}
		}
		f.LastUse = at
	}
}

// patiently calls f until it is not throttled any more, a few times, and waits in between as long as the vendor asks for in good
// faith.
func patiently(ctx context.Context, now func() time.Time, f func() error) error {
	for tries := 1; ; tries++ {
		err := f()
		at := idp.RetryAt(err)
		wait := at.Sub(now())
		if idp.KindOf(err) != idp.Throttled || at.IsZero() || wait > windowMost || tries == triesMost {
			return err
		}
		t := time.NewTimer(max(wait, 0) + time.Second)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-t.C:
		}
	}
}

// Suggest is the catalog entry for such groups.
func Suggest(found ...FoundGroup) string {
	list := make([]catalog.Suggestion, 0, len(found))
	for _, f := range found {
		list = append(list, catalog.Suggestion{
			Group: f.Group, App: f.App, AppID: f.AppID, Name: f.Name, Description: f.Description, Owners: f.Owners, Facts: f.Facts(),
		})
	}
	return catalog.Suggest(list)
}

// Facts are how many members a group has and when its app was used last.
func (f FoundGroup) Facts() string {
	words := "members unknown"
	switch {
	case f.Members == 1:
		words = "1 member"
	case f.Members >= 0:
		words = strconv.Itoa(f.Members) + " members"
	}
	if !f.LastUse.IsZero() {
		words += ", last used " + f.LastUse.UTC().Format(time.DateOnly)
	}
	return words
}
