package cli_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"usher/cli"
	"usher/sandbox"
	"usher/sandbox/jirasim"
	"usher/sandbox/oktasim"
	"usher/sandbox/slacksim"
)

// company starts the sandbox and writes settings for it.
func company(t *testing.T) (*sandbox.World, map[string]string, string) {
	t.Helper()
	return adjusted(t, nil)
}

// adjusted is company with seeds that were changed.
func adjusted(t *testing.T, adjust func(*slacksim.Config, *jirasim.Config, *oktasim.Config)) (*sandbox.World, map[string]string, string) {
	t.Helper()
	manifest, err := os.ReadFile("../manifest.yml")
	if err != nil {
		t.Fatal(err)
	}
	w, err := sandbox.Start(sandbox.Config{Manifest: manifest, Adjust: adjust})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	dir := t.TempDir()
	for name, data := range map[string][]byte{"usher.yml": []byte(testSettings), "catalog.yml": sandbox.Catalog()} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return w, w.Environment(), filepath.Join(dir, "usher.yml")
}

func TestDoctorNamesWhatIsWrongAndHowToMendIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		breakIt func(w *sandbox.World) error
		failing []string // Beginnings of the lines that must fail; nil means that all is well.
	}{
		"all well":       {func(*sandbox.World) error { return nil }, nil},
		"group renamed":  {func(w *sandbox.World) error { return w.Okta.RenameGroup(githubWrite, "other") }, nil},
		"group deleted":  {func(w *sandbox.World) error { return w.Okta.DeleteGroup(githubWrite) }, []string{"group okta:" + githubWrite}},
		"status renamed": {func(w *sandbox.World) error { return w.Jira.RenameStatus("Denied", "Refused") }, []string{"jira status denied"}},
		"jira token":     {func(w *sandbox.World) error { return w.Jira.ExpireToken(jirasim.BotAccount) }, []string{"jira login"}},
		"slack token": {func(w *sandbox.World) error {
			w.Slack.RefuseToken(sandbox.SlackBotToken, "token_revoked")
			return nil
		}, []string{"slack bot token"}},
		"okta token": {func(w *sandbox.World) error { return w.Okta.RevokeToken("00Tsandbox") }, []string{"okta credentials"}},
		"owner left": {func(w *sandbox.World) error {
			p, _ := w.Company.Person("lin")
			return w.Okta.Deactivate(p.OktaID())
		}, []string{"owner lin@larkspur.example: not an active user of the directory (DEPROVISIONED)"}},
		"okta down": {func(w *sandbox.World) error { w.Okta.Inject(oktasim.Fault{Name: "*", Kind: oktasim.Down}); return nil }, []string{"okta credentials"}},
		"jira down": {func(w *sandbox.World) error {
			w.Jira.Inject(jirasim.Fault{Name: "*", Kind: jirasim.FaultDown})
			return nil
		}, []string{"jira login"}},
		"slack down": {func(w *sandbox.World) error {
			w.Slack.Inject(slacksim.Fault{Name: "*", Kind: slacksim.Down})
			return nil
		}, []string{"slack bot token, slack socket mode"}},
		"groups down": {func(w *sandbox.World) error {
			w.Okta.Inject(oktasim.Fault{Name: "group.get", Kind: oktasim.Down})
			return nil
		}, []string{"okta groups and people: 2"}},
		"all are down": {func(w *sandbox.World) error {
			w.Okta.Inject(oktasim.Fault{Name: "*", Kind: oktasim.Down})
			w.Jira.Inject(jirasim.Fault{Name: "*", Kind: jirasim.FaultDown})
			w.Slack.Inject(slacksim.Fault{Name: "*", Kind: slacksim.Down})
			return nil
		}, []string{"slack bot token, slack socket mode", "jira login", "okta credentials"}},
		"no permission": {func(w *sandbox.World) error {
			return errors.Join(w.Jira.SetPermission(jirasim.BotAccount, "ADD_COMMENTS", false), w.Jira.SetPermission(jirasim.BotAccount, "CREATE_ISSUES", false))
		}, []string{"jira permission Create Issues, jira permission Add Comments: the bot cannot open issues; the bot cannot write events"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, env, settings := company(t)
			if err := c.breakIt(w); err != nil {
				t.Fatal(err)
			}
			status, out, errs := program(t.Context(), t, env, "doctor", "-config", settings)
			if n := strings.Count(out, "FAIL"); n != len(c.failing) {
				t.Errorf("%d failures of %d causes:\n%s", n, len(c.failing), out)
			}
			if (status == 0) != (c.failing == nil) {
				t.Errorf("status %d\n%s%s", status, out, errs)
			}
			lines := strings.Split(out, "\n")
			for _, want := range c.failing {
				i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "FAIL  "+want) })
				if i < 0 || i+1 >= len(lines) || !strings.HasPrefix(lines[i+1], "      fix: ") {
					t.Errorf("no failing line %q with a fix in:\n%s", want, out)
				}
			}
			for _, secret := range []string{sandbox.OktaToken, sandbox.SlackBotToken, jirasim.BotToken} {
				if strings.Contains(out+errs, secret) {
					t.Error("a secret is printed")
				}
			}
		})
	}
}

// edit changes a file of the company.
func edit(t *testing.T, settings, name string, pairs ...string) {
	t.Helper()
	path := filepath.Join(filepath.Dir(settings), name)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(string(b), pairs[i]) {
			t.Fatalf("%s has no %q", name, pairs[i])
		}
	}
	if err := os.WriteFile(path, []byte(strings.NewReplacer(pairs...).Replace(string(b))), 0o600); err != nil {
		t.Fatal(err)
	}
}

func failures(out string) []string {
	var list []string
	lines := strings.Split(out, "\n")
	for i, l := range lines {
		if rest, ok := strings.CutPrefix(l, "FAIL  "); ok {
			fix, _ := strings.CutPrefix(lines[i+1], "      fix: ")
			list = append(list, rest+" | "+fix)
		}
	}
	return list
}

func TestDoctorLooksUpEverybodyAndEveryGroupThatIsNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings, catalog []string // Replacements.
		want              []string // Each failure begins with one of these, in order.
	}{
		"admin":       {[]string{"noor@", "noone@"}, nil, []string{"admin noone@larkspur.example: nobody in the directory has this address | correct the address in the setting admins"}},
		"security":    {nil, []string{"security: [ingrid@", "security: [inga@"}, []string{"security inga@larkspur.example: nobody in the directory"}},
		"approver":    {nil, []string{"approvers: [ingrid@", "approvers: [inga@"}, []string{"approver inga@larkspur.example: nobody in the directory"}},
		"group":       {nil, []string{githubWrite, "00g1nosuch"}, []string{"group okta:00g1nosuch of GitHub: Write: not found | correct the id"}},
		"second lock": {nil, []string{"id: github-write\n", "id: github-write\n        second_lock: true\n"}, []string{"second lock of GitHub: Write: Okta cannot end memberships by itself | take second_lock out"}},
		"another org": {nil, []string{"okta:00g1", "okta:00g9"}, []string{"group okta:00g9awsproduction of AWS: Production operator, group okta:00g9awsreadonly"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, env, settings := company(t)
			edit(t, settings, "usher.yml", c.settings...)
			edit(t, settings, "catalog.yml", c.catalog...)
			status, out, _ := program(t.Context(), t, env, "doctor", "-config", settings)
			got := failures(out)
			if status != 1 || len(got) != len(c.want) || !strings.HasPrefix(got[0], c.want[0]) {
				t.Errorf("status %d, failures %q, want %q", status, got, c.want)
			}
			if name == "another org" && !strings.Contains(got[0], "see whether the settings name the directory that the catalog was written for") {
				t.Errorf("the likely cause is not named: %q", got)
			}
		})
	}
}

// All that is wrong with the settings is told in one round, each with its fix; what has nothing to do with it is checked
// all the same. Serve tells the same.
func TestProblemsOfTheSettingsAreToldInOneRound(t *testing.T) {
	t.Parallel()
	_, env, settings := company(t)
	env["USHER_SLACK_APP_TOKEN"] = "xoxb-exchanged"
	edit(t, settings, "usher.yml", "{match_email: true", "{match_mail: true, match_email: true", "denied:", "deneid:", "statuses:", "fields: {rolle: customfield_1}\n  statuses:")
	edit(t, settings, "usher.yml", "\ndatabase:", "\nokta: {reserve: 1.5}\nlisten: 0.0.0.0:80\ndatabase:")
	edit(t, settings, "catalog.yml", "owners: [tomas@larkspur.example, omar@larkspur.example]", "owners: nobody")
	status, out, _ := program(t.Context(), t, env, "doctor", "-config", settings)
	want := []string{
		"settings: " + settings + ": line 7: field match_mail not found | compare with usher serve -example",
		"settings: the Slack app-level token (xapp-…) does not begin with xapp- | copy it again",
		`settings: jira.statuses has no "deneid" | the names are waiting, approved, active, ended, denied,`,
		"settings: okta.reserve is 1.5 | it is a share",
		`settings: listen is "0.0.0.0:80", which other machines could reach | health, metrics`,
		"catalog: " + filepath.Join(filepath.Dir(settings), "catalog.yml") + ":",
		`settings: jira field "rolle" is unknown | the names are application,`,
	}
	got := failures(out)
	for i := range want {
		if i >= len(got) || !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("failure %d is not %q in:\n%s", i, want[i], out)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d failures, want %d:\n%s", len(got), len(want), out)
	}
	if status != 1 || strings.Contains(out, "cli.") || !strings.Contains(out, "skip  slack, jira, okta: checked when the settings above are right") || !strings.Contains(out, "ok    database") {
		t.Errorf("status %d\n%s", status, out)
	}
	_, _, errs := program(t.Context(), t, env, "serve", "-config", settings)
	for _, w := range want {
		text, _, _ := strings.Cut(w, " | ")
		_, text, _ = strings.Cut(text, ": ")
		if !strings.Contains(errs, text) {
			t.Errorf("serve does not say %q:\n%s", text, errs)
		}
	}
}

func TestDoctorChecksTheVendorsBesideABrokenCatalog(t *testing.T) {
	t.Parallel()
	_, env, settings := company(t)
	edit(t, settings, "catalog.yml", "version: 1", "version: 7")
	status, out, _ := program(t.Context(), t, env, "doctor", "-config", settings)
	if got := failures(out); status != 1 || len(got) != 1 || !strings.HasPrefix(got[0], "catalog: ") {
		t.Errorf("status %d, %q", status, got)
	}
	for _, w := range []string{"ok    settings", "ok    slack bot token", "ok    jira login", "ok    okta credentials", "ok    people", "skip  okta groups", "ok    database"} {
		if !strings.Contains(out, w) {
			t.Errorf("no %q in:\n%s", w, out)
		}
	}
	if !strings.Contains(out, "\n1 check failed.\n") {
		t.Errorf("the count is wrong:\n%s", out)
	}
}

func TestDoctorChangesNothing(t *testing.T) {
	t.Parallel()
	w, env, settings := company(t)
	database := filepath.Join(filepath.Dir(settings), "usher.db")
	if status, out, _ := program(t.Context(), t, env, "doctor", "-config", settings); status != 0 || !strings.Contains(out, "serve will make it") {
		t.Errorf("status %d\n%s", status, out)
	}
	nothingBut(t, filepath.Dir(settings), "usher.yml", "catalog.yml")
	if err := os.WriteFile(database, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if status, out, _ := program(t.Context(), t, env, "doctor", "-config", settings); status != 1 || !strings.Contains(out, "FAIL  database "+database+": The file is empty.") {
		t.Errorf("status %d\n%s", status, out)
	}
	if info, err := os.Stat(database); err != nil || info.Size() != 0 {
		t.Errorf("the database was written to: %v, %v", info, err)
	}
	for _, c := range w.Okta.Calls() {
		if c.Method != "GET" {
			t.Errorf("%s %s was sent to Okta", c.Method, c.Path)
		}
	}
	if n := len(w.Jira.Issues()); n != 0 {
		t.Errorf("%d issues", n)
	}
}

func TestWrongClockIsOneFailure(t *testing.T) {
	t.Parallel()
	_, env, settings := company(t)
	var out strings.Builder
	a := &cli.App{
		Stdout: &out, Stderr: &out, Getenv: func(k string) string { return env[k] },
		Now: func() time.Time { return time.Now().Add(time.Hour) },
	}
	status := a.Run(t.Context(), []string{"doctor", "-config", settings})
	got := failures(out.String())
	if status != 1 || len(got) != 1 || !strings.HasPrefix(got[0], "slack clock, jira clock, okta clock: ") || !strings.Contains(got[0], "NTP") {
		t.Errorf("status %d\n%s", status, out.String())
	}
}

func TestDoctorTellsVariablesOfProvidersAloneFromNothing(t *testing.T) {
	t.Parallel()
	_, out, _ := program(t.Context(), t, map[string]string{"USHER_ENTRA_TENANT_ID": "t"}, "doctor")
	if !strings.Contains(out, "the Jira site is missing") {
		t.Errorf("it says:\n%s", out)
	}
}

// TestDoctorAsksTheOthersWhereTheDirectoryCannotBeMade has people to look up, and nobody to ask for them.
func TestDoctorAsksTheOthersWhereTheDirectoryCannotBeMade(t *testing.T) {
	t.Parallel()
	_, env, settings := company(t)
	more, err := os.ReadFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	more = append(more, "\nentra: {tenant_id: '?'}\ndirectory: entra\n"...)
	if err := os.WriteFile(settings, more, 0o600); err != nil {
		t.Fatal(err)
	}
	status, out, _ := program(t.Context(), t, env, "doctor", "-config", settings)
	if status != 1 || !strings.Contains(out, "skip  entra: checked when the settings above are right") || !strings.Contains(out, "ok    okta credentials") {
		t.Errorf("status %d\n%s", status, out)
	}
}
