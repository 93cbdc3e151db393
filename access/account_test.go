package access_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"usher/access"
	"usher/idp"
)

const twoProviders = `
version: 1
apps:
  - id: git
    name: Git
    risk: low
    status: approved
    owners: [owen@x.example]
    entitlements:
      - id: both
        name: Both
        groups: ["dir:gboth", "cloud:devs"]
        durations: [1h]
        policy: {rules: [{automatic: true, because: harmless}]}
      - id: cloud
        name: Cloud
        groups: ["cloud:devs"]
        durations: [2h]
        policy: {rules: [{automatic: true, because: harmless}]}
      - id: asked
        name: Asked
        groups: ["cloud:devs"]
        durations: [2h]
        policy: {rules: [{steps: [{approvers: [manager]}]}]}
`

// inCloud is a world with a second provider, in which people have other ids.
func inCloud(t *testing.T, identity func(*access.Identity)) (*world, *directory) {
	t.Helper()
	cloud := newDirectory()
	for _, u := range slices.Collect(maps.Values(cloud.users)) {
		delete(cloud.users, u.ID)
		u.ID = "c-" + u.ID
		cloud.users[u.ID] = u
	}
	w := newWorld(t)
	w.adjust = func(c *access.Config) {
		c.Providers["cloud"] = cloud
		identity(&c.Identity)
	}
	w.open()
	w.catalog(twoProviders)
	return w, cloud
}

func TestOneRoleGivesGroupsInTwoProviders(t *testing.T) {
	t.Parallel()
	w, cloud := inCloud(t, func(*access.Identity) {})
	w.run()
	r := w.submit("rita", "both", time.Hour)
	w.until("active", func() bool { return w.state(r.ID) == access.GrantActive })
	if got := cloud.members["devs"]; len(got) != 1 || got[0] != "c-u-rita" || !w.dir.member("gboth", "rita") {
		t.Fatalf("the cloud's group has %v", got)
	}
	if !slices.ContainsFunc(w.events(r.ID), func(e access.Event) bool { return e.Facts["account"] == "c-u-rita" }) {
		t.Error("the record does not say to which account")
	}
	// The address at the other provider changes hands: the account that was found stays the one that is removed.
	cloud.mu.Lock()
	u := cloud.users["c-u-rita"]
	u.Email = "new@x.example"
	cloud.users["c-u-rita"] = u
	other := cloud.users["c-u-rob"]
	other.Email = "rita@x.example"
	cloud.users["c-u-rob"] = other
	cloud.mu.Unlock()
	w.advance(time.Hour)
	w.until("ended", func() bool { return w.state(r.ID) == access.GrantEnded })
	if len(cloud.members["devs"]) != 0 || w.dir.member("gboth", "rita") {
		t.Errorf("the cloud's group has %v after the end", cloud.members["devs"])
	}
}

func TestAnAccountIsMappedOrMatchedButNeverGuessed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		identity func(*access.Identity)
		want     idp.UserID // Empty: the request fails, and nothing is given anywhere.
	}{
		"mapped":           {func(i *access.Identity) { i.Accounts = accounts("c-u-lone") }, "c-u-lone"},
		"mapped to nobody": {func(i *access.Identity) { i.Accounts = accounts("c-u-none") }, ""},
		"mapped, matching is off": {func(i *access.Identity) {
			i.MatchEmail, i.Explicit, i.Accounts = false, everybody(), accounts("c-u-rita")
		}, "c-u-rita"},
		"matching is off": {func(i *access.Identity) { i.MatchEmail, i.Explicit = false, everybody() }, ""},
		"mapped to somebody else": {func(i *access.Identity) {
			i.Accounts = map[string]map[idp.UserID]idp.UserID{"cloud": {"u-mona": "c-u-rita"}}
		}, ""},
		"a foreign domain": {func(i *access.Identity) { i.Domains, i.Explicit = []string{"y.example"}, everybody() }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, cloud := inCloud(t, c.identity)
			w.run()
			r := w.submit("rita", "both", time.Hour)
			if c.want == "" {
				w.until("failed", func() bool { return w.state(r.ID) == access.GrantFailed })
				if len(cloud.members["devs"]) != 0 || w.dir.member("gboth", "rita") {
					t.Errorf("given to %v", cloud.members["devs"])
				}
				if why := w.grant(r.ID).Failure; !strings.Contains(why, "cloud") {
					t.Errorf("it does not say where: %q", why)
				}
				return
			}
			w.until("active", func() bool { return w.state(r.ID) == access.GrantActive })
			if got := cloud.members["devs"]; len(got) != 1 || got[0] != c.want {
				t.Errorf("the cloud's group has %v, want %s", got, c.want)
			}
		})
	}
}

// TestTwoPeopleWithOneAddressShareNoAccount gives neither of them the account that both would get.
func TestTwoPeopleWithOneAddressShareNoAccount(t *testing.T) {
	t.Parallel()
	w, cloud := inCloud(t, func(i *access.Identity) { i.Explicit = everybody() })
	w.dir.mu.Lock()
	for _, id := range []idp.UserID{"u-rita", "u-rob"} {
		u := w.dir.users[id]
		u.Email = "both@x.example"
		w.dir.users[id] = u
	}
	w.dir.mu.Unlock()
	cloud.users["c-u-rita"] = idp.User{ID: "c-u-rita", Email: "both@x.example", Status: idp.Active}
	w.run()
	r := w.submit("rita", "both", time.Hour)
	w.until("refused", func() bool { return w.state(r.ID) == access.GrantFailed })
	if len(cloud.members["devs"]) != 0 {
		t.Errorf("given to %v", cloud.members["devs"])
	}
}

func accounts(id idp.UserID) map[string]map[idp.UserID]idp.UserID {
	return map[string]map[idp.UserID]idp.UserID{"cloud": {"u-rita": id}}
}

func everybody() map[access.SlackID]idp.UserID {
	return map[access.SlackID]idp.UserID{"Urita": "u-rita", "Umona": "u-mona"}
}

func TestWhoIsNotActiveInTheDirectoryGetsNothingElsewhere(t *testing.T) {
	t.Parallel()
	for name, identity := range map[string]func(*access.Identity){
		"mapped": func(i *access.Identity) { i.Accounts = accounts("c-u-rita") }, "matched": func(*access.Identity) {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, cloud := inCloud(t, identity)
			w.run()
			r := w.submit("rita", "asked", 2*time.Hour)
			w.until("issue", func() bool { return w.request(r.ID).Issue.Key != "" })
			w.dir.mu.Lock()
			u := w.dir.users["u-rita"]
			u.Status, u.StatusDetail = idp.Departed, "GONE"
			w.dir.users["u-rita"] = u
			w.dir.mu.Unlock()
			if err := w.decide("mona", r.ID, access.Approve, ""); err != nil {
				t.Fatal(err)
			}
			w.until("failed", func() bool { return w.state(r.ID) == access.GrantFailed })
			if got := cloud.changes(); len(got) != 0 || !strings.Contains(w.grant(r.ID).Failure, "GONE") {
				t.Errorf("changed %v; %q", got, w.grant(r.ID).Failure)
			}
		})
	}
}

func TestACorrectedMappingCountsFromTheNextAccessOn(t *testing.T) {
	t.Parallel()
	w, cloud := inCloud(t, func(i *access.Identity) { i.Accounts = accounts("c-u-lone") })
	stop := w.run()
	r := w.submit("rita", "cloud", 2*time.Hour)
	w.until("active", func() bool { return w.state(r.ID) == access.GrantActive })
	if _, err := w.service.Release(t.Context(), w.person("rita"), access.GrantID(r.ID)); err != nil {
		t.Fatal(err)
	}
	w.until("ended", func() bool { return w.state(r.ID) == access.GrantEnded })
	stop()
	w.remap(cloud, accounts("c-u-rita"))
	w.run()
	r = w.submit("rita", "cloud", 2*time.Hour)
	w.until("active", func() bool { return w.state(r.ID) == access.GrantActive })
	if want := "add devs c-u-rita"; !slices.Contains(cloud.changes(), want) {
		t.Errorf("%v lacks %q", cloud.changes(), want)
	}
}

// TestAMappingThatChangesWhileAccessLastsLeavesNothingBehind is about somebody who has the same id at both providers.
func TestAMappingThatChangesWhileAccessLastsLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	w, _ := inCloud(t, func(*access.Identity) {})
	same := newDirectory()
	w.remap(same, nil)
	stop := w.run()
	first := w.submit("rita", "both", time.Hour)
	w.until("active", func() bool { return w.state(first.ID) == access.GrantActive })
	stop()
	w.remap(same, accounts("u-rob"))
	w.run()
	second := w.submit("rita", "cloud", 2*time.Hour)
	w.until("both", func() bool { return w.state(second.ID) == access.GrantActive })
	w.advance(2 * time.Hour)
	w.until("ended", func() bool {
		return w.state(first.ID) == access.GrantEnded && w.state(second.ID) == access.GrantEnded
	})
	if left := same.members["devs"]; len(left) != 0 {
		t.Errorf("%v are left in the group", left)
	}
}

// remap starts anew with other settings.
func (w *world) remap(cloud *directory, to map[string]map[idp.UserID]idp.UserID) {
	w.adjust = func(c *access.Config) {
		c.Providers["cloud"], c.Identity.Accounts = cloud, to
	}
	w.open()
	w.catalog(twoProviders)
}
