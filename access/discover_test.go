package access_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"usher/access"
	"usher/catalog"
	"usher/idp"
)

// lister is a provider that lists groups and knows the use of apps.
type lister struct {
	idp.Provider

	groups []idp.Discovered
	fail   error // after the first group
	use    func(app string, user idp.UserID) (time.Time, error)
	asked  []string
}

func (l *lister) Discover(_ context.Context, found func(idp.Discovered) error) error {
	for i, g := range l.groups {
		if i == 1 && l.fail != nil {
			return l.fail
		}
		if err := found(g); err != nil {
			return err
		}
	}
	return nil
}

func (l *lister) LastUse(_ context.Context, app string, user idp.UserID, _ time.Time) (time.Time, error) {
	l.asked = append(l.asked, app)
	if l.use == nil {
		return time.Time{}, nil
	}
	return l.use(app, user)
}

func group(id string, members int) idp.Discovered {
	return idp.Discovered{Group: idp.Group{ID: idp.GroupID(id), Name: "name of " + id}, Members: members}
}

func TestWhatOneDirectoryDoesNotTellHidesNothingElse(t *testing.T) {
	t.Parallel()
	gate := group("g3", 3)
	gate.Refusal = "It holds an admin role."
	owned := group("g2", 7)
	owned.Owners, owned.Apps = []idp.User{{Email: "O@x.example"}, {}, {Email: "o@x.example"}}, []idp.App{{ID: "0oa1", Name: "Datadog"}}
	use := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	good := &lister{groups: []idp.Discovered{group("named", 1), owned, gate, owned}, use: func(string, idp.UserID) (time.Time, error) { return use, nil }}
	bad := &lister{groups: []idp.Discovered{group("b1", 1), group("b2", 1)}, fail: &idp.Error{Kind: idp.Unavailable, Op: "list groups", Err: errors.New("HTTP 503")}}
	shy := &lister{groups: []idp.Discovered{{}, {}}, fail: &idp.Error{Kind: idp.Invalid, Op: "list groups", Err: idp.ErrNoList}}
	shy.groups[0] = group("s1", 1)
	named := map[catalog.Group]*catalog.Entitlement{}
	for _, g := range []string{"good:named", "good:gone", "bad:b2", "mute:m"} {
		provider, id, _ := strings.Cut(g, ":")
		named[catalog.Group{Provider: provider, ID: id}] = &catalog.Entitlement{}
	}
	d, err := access.Look{
		Providers: map[string]idp.Provider{"good": good, "bad": bad, "mute": struct{ idp.Provider }{}, "shy": shy}, Named: named, Uses: true, Now: time.Now,
	}.Discover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d.Found = slices.DeleteFunc(d.Found, func(f access.FoundGroup) bool { return f.Group.Provider == "shy" })
	want := []access.FoundGroup{
		{Group: catalog.Group{Provider: "bad", ID: "b1"}, Name: "name of b1", Members: 1},
		{Group: catalog.Group{Provider: "good", ID: "g2"}, Name: "name of g2", Members: 7, Owners: []string{"o@x.example"}, App: "Datadog", AppID: "0oa1", LastUse: use},
	}
	if fmt.Sprint(d.Found) != fmt.Sprint(want) {
		t.Errorf("found %+v", d.Found)
	}
	if len(d.Refused) != 1 || d.Refused[0].Refusal != gate.Refusal || d.Known != 1 || !slices.Equal(d.Silent, []string{"mute", "shy"}) {
		t.Errorf("refused %v, known %d, silent %v", d.Refused, d.Known, d.Silent)
	}
	if len(d.Vanished) != 1 || d.Vanished[0].ID != "gone" {
		t.Errorf("vanished %v: of a list that broke off nothing is known to be gone", d.Vanished)
	}
	if len(d.Troubles) != 1 || !strings.Contains(d.Troubles["bad"], "HTTP 503") {
		t.Errorf("troubles %v", d.Troubles)
	}
}

func TestLastUseIsReadOnceForEachAppAndWaitsWhenThrottled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &lister{}
		for i := range 6 {
			g := group(fmt.Sprint("g", i), 1)
			g.Apps = []idp.App{{ID: fmt.Sprint("app", i/2), Name: "App"}}
			l.groups = append(l.groups, g)
		}
		began, refuse := time.Now(), true
		l.use = func(app string, user idp.UserID) (time.Time, error) {
			if user != "" {
				t.Errorf("asked for one person: %s", user)
			}
			if refuse = !refuse; !refuse {
				return time.Time{}, &idp.Error{Kind: idp.Throttled, Op: "read last use", RetryAt: time.Now().Add(time.Minute)}
			}
			if app == "app2" {
				return time.Time{}, &idp.Error{Kind: idp.Forbidden, Op: "read last use"}
			}
			return began, nil
		}
		d, err := access.Look{Providers: map[string]idp.Provider{"p": l}, Uses: true, Now: time.Now}.Discover(t.Context())
		if err != nil || len(d.Found) != 6 || !strings.Contains(d.Troubles["p"], "last is not known of all") {
			t.Fatalf("%v, %d groups, %v", err, len(d.Found), d.Troubles)
		}
		if want := "app0 app0 app1 app1 app2 app2"; strings.Join(l.asked, " ") != want || time.Since(began) < 3*time.Minute {
			t.Errorf("asked %v in %v, want %s", l.asked, time.Since(began), want)
		}
		if !d.Found[3].LastUse.Equal(began) || !d.Found[5].LastUse.IsZero() {
			t.Errorf("uses %v and %v", d.Found[3].LastUse, d.Found[5].LastUse)
		}
	})
}

func TestADirectoryThatOnlyPutsOffIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := group("g1", 1)
		g.Apps = []idp.App{{ID: "app", Name: "App"}}
		l := &lister{groups: []idp.Discovered{g}, use: func(string, idp.UserID) (time.Time, error) {
			return time.Time{}, &idp.Error{Kind: idp.Throttled, Op: "read last use", RetryAt: time.Now().Add(time.Minute)}
		}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		d, err := access.Look{Providers: map[string]idp.Provider{"p": l}, Uses: true, Now: time.Now}.Discover(ctx)
		if err != nil || len(l.asked) > 10 || d.Troubles["p"] == "" {
			t.Errorf("%v, asked %d times, %v", err, len(l.asked), d.Troubles)
		}
	})
}

// What is on the Home tab is there before anybody has asked a slow log, and bounded whatever the directory says.
func TestWhatWasFoundIsShownBeforeItsLastUseAndStaysSmall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	use := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	l := &lister{Provider: w.dir}
	w.adjust = func(c *access.Config) { c.Providers = map[string]idp.Provider{"dir": l} }
	w.open()
	home := func() *access.Discovery {
		h, err := w.service.Home(t.Context(), w.person("ada"))
		if err != nil {
			t.Fatal(err)
		}
		return h.Discovery
	}
	for i := range 300 {
		g := group(fmt.Sprintf("%03d", i)+strings.Repeat("x", 250), i)
		g.Name, g.Apps = strings.Repeat("n", 5000), []idp.App{{ID: "app", Name: strings.Repeat("a", 5000)}}
		for o := range 1000 {
			g.Owners = append(g.Owners, idp.User{Email: fmt.Sprintf("owner-%d@x.example", o)})
		}
		l.groups = append(l.groups, g)
	}
	l.use = func(string, idp.UserID) (time.Time, error) {
		if d := home(); d == nil || len(d.Found) != 200 {
			t.Error("the last use is read before anything is shown")
		}
		return use, nil
	}
	if err := w.service.Discover(t.Context()); err != nil {
		t.Fatal(err)
	}
	d := home()
	if data, err := json.Marshal(d); err != nil || len(data) > 300<<10 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if f := d.Found[0]; !f.LastUse.Equal(use) || len(f.Owners) != 10 || f.MoreOwners != 990 || d.More != 100 {
		t.Errorf("last use %v, %d owners and %d more, %d groups more", f.LastUse, len(f.Owners), f.MoreOwners, d.More)
	}
	if len(l.asked) != 1 {
		t.Errorf("asked %d times", len(l.asked))
	}

	// The log cannot be read any more, which nobody has asked for; then the list breaks off after a group that is not fit now.
	l.use = func(string, idp.UserID) (time.Time, error) {
		return time.Time{}, &idp.Error{Kind: idp.Forbidden, Op: "read last use"}
	}
	if err := w.service.Discover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d = home(); len(d.Troubles) != 0 || !d.Found[0].LastUse.Equal(use) {
		t.Errorf("troubles %v, last use %v", d.Troubles, d.Found[0].LastUse)
	}
	gate := d.Found[0].Group
	l.groups[0] = idp.Discovered{Group: idp.Group{ID: idp.GroupID(gate.ID), Refusal: "It holds an admin role."}}
	l.fail = errors.New("cut off")
	if err := w.service.Discover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d = home(); len(d.Found) != 199 || d.More != 100 || slices.ContainsFunc(d.Found, func(f access.FoundGroup) bool { return f.Group == gate }) {
		t.Errorf("%d found, %d more; what must not be governed is still offered", len(d.Found), d.More)
	}
}

func TestAdminsSeeWhatNoCatalogNamesUntilItDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	l := &lister{Provider: w.dir, groups: []idp.Discovered{group("gwrite", 2), group("gmiro", 9), group("gwiki", 3)}}
	w.adjust = func(c *access.Config) { c.Providers = map[string]idp.Provider{"dir": l} }
	w.open()
	ctx := t.Context()
	home := func(who string) access.Home {
		t.Helper()
		h, err := w.service.Home(ctx, w.person(who))
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	names := func() string {
		var list []string
		for _, f := range home("ada").Discovery.Found {
			list = append(list, f.Group.ID)
		}
		return strings.Join(list, " ")
	}
	if h := home("ada"); h.Discovery != nil || h.Looking {
		t.Errorf("before anybody looked: %+v", h.Discovery)
	}
	if err := w.service.AskDiscovery(ctx, w.person("rita")); access.CodeOf(err) != access.NotAllowed {
		t.Errorf("somebody asks: %v", err)
	}
	if err := w.service.AskDiscovery(ctx, w.person("ada")); err != nil || !home("ada").Looking {
		t.Errorf("an admin asks: %v", err)
	}
	<-w.service.DiscoveryAsked()
	if err := w.service.Discover(ctx); err != nil || home("ada").Looking {
		t.Errorf("looked: %v", err)
	}
	w.open() // A restart forgets nothing.
	if got := names(); got != "gmiro gwiki" {
		t.Errorf("found %q, want those with most members first", got)
	}
	if h := home("rita"); h.Discovery != nil {
		t.Errorf("somebody sees %+v", h.Discovery)
	}
	if _, _, err := w.service.Suggestion(ctx, w.person("rita"), "dir:gmiro"); access.CodeOf(err) != access.NotAllowed {
		t.Errorf("somebody reads the suggestion: %v", err)
	}
	f, entry, err := w.service.Suggestion(ctx, w.person("ada"), "dir:gmiro")
	if err != nil || f.Members != 9 || !strings.Contains(entry, `groups: ["dir:gmiro"]`) || !strings.Contains(entry, "status: unassigned") {
		t.Errorf("%v %+v\n%s", err, f, entry)
	}

	// A list that breaks off takes nothing away that was there before.
	l.groups, l.fail = []idp.Discovered{group("gnew", 1), group("gmiro", 9)}, errors.New("cut off")
	if err := w.service.Discover(ctx); err != nil {
		t.Fatal(err)
	}
	if got := names(); got != "gmiro gwiki gnew" {
		t.Errorf("found %q", got)
	}
	w.catalog(strings.Replace(testCatalog, "dir:gwrite", "dir:gmiro", 1))
	if got := names(); got != "gwiki gnew" {
		t.Errorf("with gmiro in the catalog: %q", got)
	}
	if _, _, err := w.service.Suggestion(ctx, w.person("ada"), "dir:gmiro"); access.CodeOf(err) != access.NotFound {
		t.Errorf("a group of the catalog is suggested: %v", err)
	}

	// However many there are, the record stays small, and the largest are in it.
	l.fail, l.groups = nil, nil
	for i := range 1000 {
		g := group(fmt.Sprint("g", i), i)
		g.Description = strings.Repeat("ä", 5000)
		l.groups = append(l.groups, g)
	}
	if err := w.service.Discover(ctx); err != nil {
		t.Fatal(err)
	}
	if d := home("ada").Discovery; len(d.Found) != 200 || d.More != 800 || d.Found[0].Members != 999 || len(d.Found[0].Description) != 400 {
		t.Errorf("%d found, %d more, the first has %d members", len(d.Found), d.More, d.Found[0].Members)
	}
}
