package access_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"usher/access"
	"usher/catalog"
	"usher/idp"
)

// A group is known by its id. What it was called is remembered, told for two weeks after it changed, and no longer.
func TestRenamedAndVanishedGroupsAreRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, g := t.Context(), catalog.Group{Provider: "dir", ID: "gwrite"}
	known := func(k access.KnownGroup, err error) access.KnownGroup {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	home := func(who string) string {
		t.Helper()
		h, err := w.service.Home(ctx, w.person(who))
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, x := range h.Groups {
			list = append(list, x.Role+" "+x.Name+" was "+x.Was+map[bool]string{true: " gone"}[!x.Gone.IsZero()])
		}
		return strings.Join(list, "; ")
	}
	for range 2 {
		if k := known(w.service.GroupSeen(ctx, g, "git-write")); k.News(w.clock()) || k.Name != "git-write" {
			t.Errorf("the first name is news: %+v", k)
		}
	}
	if got := home("ada"); got != "" {
		t.Errorf("an admin sees %q", got)
	}
	for range 2 { // However often it is looked at.
		if k := known(w.service.GroupSeen(ctx, g, "git-admins")); k.Was != "git-write" || !k.Renamed.Equal(time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)) {
			t.Errorf("the second name: %+v", k)
		}
		w.advance(time.Hour)
	}
	w.open() // A restart forgets nothing.
	if got := home("ada"); got != "Git: Write git-admins was git-write" {
		t.Errorf("an admin sees %q", got)
	}
	if got := home("rita"); got != "" {
		t.Errorf("somebody sees %q", got)
	}
	w.advance(access.RenamedFor)
	if got := home("ada"); got != "" {
		t.Errorf("after two weeks an admin sees %q", got)
	}
	gone := w.clock()
	for range 2 {
		if k := known(w.service.GroupMissed(ctx, g)); !k.Gone.Equal(gone) || k.Name != "git-admins" {
			t.Errorf("gone: %+v", k)
		}
		w.advance(time.Hour)
	}
	if got := home("ada"); got != "Git: Write git-admins was git-write gone" {
		t.Errorf("an admin sees %q", got)
	}
	known(w.service.GroupSeen(ctx, g, "git-admins"))
	if got := home("ada"); got != "" {
		t.Errorf("when it is back an admin sees %q", got)
	}
	known(w.service.GroupMissed(ctx, catalog.Group{Provider: "dir", ID: "elsewhere"})) // No catalog names it.
	if got := home("ada"); got != "" {
		t.Errorf("of a group that is not in the catalog an admin sees %q", got)
	}
	err := w.store.View(ctx, func(tx access.Tx) error {
		list, err := access.Remembered(tx, []catalog.Group{g, {Provider: "dir", ID: "never"}})
		if len(list) != 1 || list[g].Name != "git-admins" {
			t.Errorf("remembered: %+v", list)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// One "not found" is no proof, and who was added to a group proves that it is there.
func TestAGroupIsGoneWhenTheDirectorySaysSoTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.run()
	defer stop()
	fails := func(ops ...string) {
		w.dir.failing(func(op string, g idp.GroupID) error {
			if g == "gauto" && slices.Contains(ops, op) {
				return &idp.Error{Kind: idp.GroupNotFound, Op: op}
			}
			return nil
		})
	}
	gone := func() bool {
		h, err := w.service.Home(t.Context(), w.person("ada"))
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(h.Groups, func(g access.RoleGroup) bool { return g.Role == "Git: Auto" && !g.Gone.IsZero() })
	}
	ask := func(want access.GrantState) {
		t.Helper()
		r := w.submit("rita", "auto", time.Hour)
		w.until("the grant is "+string(want), func() bool {
			x := w.request(r.ID)
			return x.Grant != "" && w.state(r.ID) == want
		})
	}
	fails("add")
	ask(access.GrantFailed)
	if gone() {
		t.Error("it is gone although the directory knows it")
	}
	fails("add", "group")
	ask(access.GrantFailed)
	if !gone() {
		t.Error("it is not gone although the directory says so twice")
	}
	fails()
	ask(access.GrantActive)
	if gone() {
		t.Error("it is gone although somebody was added to it")
	}
}
