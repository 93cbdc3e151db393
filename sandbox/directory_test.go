package sandbox_test

import (
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"usher/sandbox"
	"usher/sandbox/ldapsim"
)

// everywhere runs a test in a company of each directory.
func everywhere(t *testing.T, f func(t *testing.T, w *sandbox.World)) {
	t.Helper()
	for _, name := range sandbox.Directories() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, err := sandbox.Start(sandbox.Config{Directory: name})
			if errors.Is(err, ldapsim.ErrNotInstalled) && os.Getenv("USHER_SLAPD") != "required" {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := w.Close(); err != nil {
					t.Error(err)
				}
			})
			f(t, w)
		})
	}
}

func TestEveryDirectoryHasTheCompanyInIt(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *sandbox.World) {
		d := w.Directory
		if (w.Okta != nil) != (d.Name() == "okta") || !strings.Contains(d.URL(), "://127.0.0.1:") {
			t.Errorf("%s at %s", d.Name(), d.URL())
		}
		kinds, seen := map[string]string{}, map[string]bool{}
		for _, g := range d.Groups() {
			kinds[g.Name] = g.Kind
			if !slices.Equal(g.Members, d.Members(g.ID)) || d.GroupID(g.ID) != g.ID {
				t.Errorf("group %s: %v, %v", g.Name, g.Members, d.Members(g.ID))
			}
		}
		if kinds["github-write"] != "" || kinds["all-engineers"] == "" {
			t.Errorf("kinds of groups: %v", kinds)
		}
		for _, g := range w.Company.Groups {
			if id := d.GroupID(g.ID); seen[id] || len(d.Members(g.ID)) != len(d.Members(id)) {
				t.Errorf("group %s is %s", g.Name, id)
			} else {
				seen[id] = true
			}
			for _, h := range g.Members {
				if g.Rule == "" && !w.Member(g.ID, h) {
					t.Errorf("%s is not in %s", h, g.Name)
				}
			}
		}
		for _, p := range w.Company.People {
			u, ok := d.User(d.UserID(p.Handle))
			if ok == p.Outsider || ok && (u.Name != p.Name || u.Title != p.Title || u.Active == p.Left) {
				t.Errorf("%s is %+v (%t)", p.Handle, u, ok)
			}
		}
		if _, ok := d.User("nobody"); ok {
			t.Error("nobody is there")
		}
		catalog := string(w.Catalog())
		if n := strings.Count(catalog, `["`+d.Name()+`:`); n < 14 || d.Name() != "okta" && strings.Contains(catalog, "okta") {
			t.Errorf("the catalog names %d groups:\n%s", n, catalog)
		}
	})
}

func TestEveryDirectoryIsChangedByHand(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *sandbox.World) {
		const group = "00g1githubwrite"
		d, maya := w.Directory, w.Directory.UserID("maya")
		changed := d.Changed()
		if err := errors.Join(d.AddByHand(group, maya, "Noor Haddad"), d.RemoveByHand(group, d.UserID("jonas"), "Noor Haddad")); err != nil {
			t.Fatal(err)
		}
		<-changed
		if !w.Member(group, "maya") || w.Member(group, "jonas") {
			t.Error("the members are", d.Members(group))
		}
		h := d.History(group)
		if len(h) != 2 || !h[0].Added || h[1].Added || h[0].User != maya || h[0].By != "Noor Haddad, by hand" || h[0].At.IsZero() {
			t.Errorf("%+v", h)
		}
		if err := d.AddByHand("nothing", maya, ""); err == nil {
			t.Error("a group that is not there was changed")
		}
		for _, active := range []bool{false, true} {
			do := d.Deactivate
			if active {
				do = d.Reactivate
			}
			if err := do(maya); err != nil {
				t.Fatal(err)
			}
			if u, ok := d.User(maya); !ok || u.Active != active {
				t.Errorf("after that Maya is %+v", u)
			}
		}
	})
}

func TestEveryDirectoryCanFailByItsOwnWords(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *sandbox.World) {
		d := w.Directory
		for _, kind := range []string{"down", "lost_answer", "slow", "rate_limit", "error_503"} {
			if !slices.Contains(d.FaultKinds(), kind) {
				t.Errorf("no fault %s", kind)
			}
		}
		for _, what := range []sandbox.Doing{sandbox.Adds, sandbox.Removes, sandbox.Reads} {
			names := d.Doing(what)
			if len(names) == 0 || slices.ContainsFunc(names, func(n string) bool { return !slices.Contains(d.Operations(), n) }) {
				t.Errorf("%s: %v", what, names)
			}
		}
		url, err := w.Serve("", w.Control())
		if err != nil {
			t.Fatal(err)
		}
		if status, v := ask(t, http.MethodPost, url+"/_sandbox/faults", `{"vendor":"`+d.Name()+`","name":"*","kind":"down"}`); status != http.StatusOK {
			t.Error(status, v)
		}
		if status, v := ask(t, http.MethodPost, url+"/_sandbox/faults", `{"vendor":"github","kind":"down"}`); status != http.StatusBadRequest || !strings.Contains(v["error"].(string), "slack, jira or "+d.Name()) {
			t.Error(status, v)
		}
		_, v := ask(t, http.MethodGet, url+"/_sandbox/calls", "")
		if _, ok := v[d.Name()]; !ok {
			t.Errorf("calls of %v", v)
		}
	})
}

func TestAnUnknownDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := sandbox.Start(sandbox.Config{Directory: "novell"}); err == nil || !strings.Contains(err.Error(), "okta, entra, google, ldap") {
		t.Error(err)
	}
}
