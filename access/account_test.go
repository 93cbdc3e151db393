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
		"matching is off":  {func(i *access.Identity) { i.MatchEmail, i.Explicit = false, everybody() }, ""},
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

func accounts(id idp.UserID) map[string]map[idp.UserID]idp.UserID {
	return map[string]map[idp.UserID]idp.UserID{"cloud": {"u-rita": id}}
}

func everybody() map[access.SlackID]idp.UserID {
	return map[access.SlackID]idp.UserID{"Urita": "u-rita", "Umona": "u-mona"}
}
