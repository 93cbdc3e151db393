package cli_test

import (
	"strings"
	"testing"
	"time"

	"usher/catalog"
	"usher/sandbox/jirasim"
	"usher/sandbox/oktasim"
	"usher/sandbox/slacksim"
)

// TestDiscoverListsWhatNoCatalogNames asks a whole sandbox, and takes what is printed for a catalog.
func TestDiscoverListsWhatNoCatalogNames(t *testing.T) {
	t.Parallel()
	w, env, settings := company(t)
	for name, description := range map[string]string{"miro-editor": "Boards & \"sketches\"", "weird: name\n# not a comment": ""} {
		if _, err := w.Okta.CreateGroup(name, description); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Okta.DeleteGroup("00g1datadog"); err != nil {
		t.Fatal(err)
	}
	status, out, told := program(t.Context(), t, env, "catalog", "discover", "-config", settings)
	if status != 0 {
		t.Fatalf("status %d: %s%s", status, out, told)
	}
	for _, want := range []string{
		"# GONE: okta:00g1datadog is in the catalog and not in Okta any more", "status: unassigned", `name: "miro-editor"`,
		"0 members", "# not fit: okta:", "Nothing of this may be requested",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if strings.Contains(out, "00g1githubwrite") {
		t.Errorf("a group of the catalog is shown as found:\n%s", out)
	}
	c, err := catalog.Parse(catalog.Source{Name: "discovered.yml", Data: []byte(out)})
	if err != nil {
		t.Fatalf("what is printed is no catalog: %v\n%s", err, out)
	}
	if len(c.Apps()) < 2 || len(c.Requestable()) != 0 {
		t.Errorf("%d apps, %d of them open for requests", len(c.Apps()), len(c.Requestable()))
	}
	status, out, told = program(t.Context(), t, env, "catalog", "discover", "-config", settings, "-last-use")
	if status != 0 {
		t.Errorf("with last use: status %d: %s%s", status, out, told)
	}
	delete(env, "USHER_SLACK_BOT_TOKEN")
	if status, _, told = program(t.Context(), t, env, "catalog", "discover", "-config", settings); status != 0 {
		t.Errorf("without Slack: status %d: %s", status, told)
	}
	env["USHER_CATALOG"] = settings + ".not"
	if status, _, told = program(t.Context(), t, env, "catalog", "discover", "-config", settings); status == 0 || strings.Contains(told, "Slack") || !strings.Contains(told, ".not") {
		t.Errorf("without a catalog: status %d: %s", status, told)
	}
	delete(env, "USHER_OKTA_TOKEN")
	if status, _, told = program(t.Context(), t, env, "catalog", "discover", "-config", settings); status == 0 || !strings.Contains(told, "the Okta token is missing") {
		t.Errorf("without a token: status %d: %s", status, told)
	}
	if status, _, told := program(t.Context(), t, map[string]string{}, "catalog", "discover"); status != 1 || !strings.Contains(told, "no settings file was given") {
		t.Errorf("without settings: status %d: %s", status, told)
	}
}

// What is slow is waited for, and what fails in between keeps nothing from being printed.
func TestDiscoverPrintsLastUseAndWhatItCouldNotLearn(t *testing.T) {
	t.Parallel()
	used := time.Now().Add(-72 * time.Hour)
	w, env, settings := adjusted(t, func(_ *slacksim.Config, _ *jirasim.Config, c *oktasim.Config) {
		c.Groups = append(c.Groups, oktasim.Group{ID: "00g1lucid", Name: "lucid-editor", Members: []string{c.Users[0].ID}})
		c.Apps = append(c.Apps, oktasim.App{ID: "0oa1lucid", Label: "Lucid", Groups: []string{"00g1lucid"}})
		c.Logins = append(c.Logins, oktasim.SSO{User: c.Users[0].ID, App: "0oa1lucid", At: used})
	})
	discover := func(args ...string) (int, string, string) {
		return program(t.Context(), t, env, append([]string{"catalog", "discover", "-config", settings}, args...)...)
	}
	status, out, told := discover("-last-use")
	if want := "lucid-editor  # 1 member, last used " + used.UTC().Format(time.DateOnly); status != 0 || !strings.Contains(out, want) || !strings.Contains(told, "Listing the groups of Okta") {
		t.Errorf("status %d, want %q:\n%s%s", status, want, out, told)
	}
	w.Okta.Inject(oktasim.Fault{Name: "log.list", Kind: oktasim.Down})
	status, out, told = discover("-last-use")
	if status != 1 || !strings.Contains(out, "lucid-editor  # 1 member\n") || !strings.Contains(out, "# INCOMPLETE: Okta: When apps were used last") || !strings.Contains(told, "INCOMPLETE") {
		t.Errorf("without the log: status %d\n%s%s", status, out, told)
	}
	w.Okta.Inject(oktasim.Fault{Name: "group.list", Kind: oktasim.Down})
	status, out, _ = discover()
	if status != 1 || !strings.Contains(out, "# INCOMPLETE: Okta: Its groups are not all here") || strings.Contains(out, "# GONE") {
		t.Errorf("without the list: status %d\n%s", status, out)
	}
}
