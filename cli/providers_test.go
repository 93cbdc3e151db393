package cli

import (
	"io"
	"strings"
	"testing"
)

const settingsOfOthers = `
slack: {command: /access}
jira: {url: https://x.example, email: u@x.example, project: P}
identity: {match_email: true, domains: [x.example]}
catalog: [catalog.yml]
`

func load(t *testing.T, more string, env map[string]string) (Config, string) {
	t.Helper()
	all := map[string]string{"USHER_SLACK_BOT_TOKEN": "xoxb-1", "USHER_SLACK_APP_TOKEN": "xapp-1", "USHER_JIRA_TOKEN": "t"}
	for k, v := range env {
		all[k] = v
	}
	c, err := LoadConfig(write(t, "usher.yml", strings.Replace(settingsOfOthers, identityLine(more), "", 1)+more), func(k string) string { return all[k] })
	if err != nil {
		return c, err.Error()
	}
	return c, ""
}

func TestProvidersAreThoseWithSettings(t *testing.T) {
	t.Parallel()
	okta := map[string]string{"USHER_OKTA_URL": "https://x.okta.com", "USHER_OKTA_TOKEN": "o"}
	for name, c := range map[string]struct {
		more      string
		env       map[string]string
		providers string
		directory string
		problem   string
	}{
		"nothing":            {"", nil, "okta", "okta", "the Okta org is missing"},
		"okta":               {"", okta, "okta", "okta", ""},
		"entra alone":        {"entra: {tenant_id: t}\n", nil, "entra", "entra", ""},
		"google by variable": {"", map[string]string{"USHER_GOOGLE_CREDENTIALS": "{}"}, "google", "google", ""},
		"two, none named":    {"ldap: {base_dn: dc=x}\n", okta, "ldap okta", "", "directory does not say which of them knows the people"},
		"two, one named":     {"ldap: {base_dn: dc=x}\ndirectory: ldap\n", okta, "ldap okta", "ldap", ""},
		"another named":      {"directory: aol\n", okta, "okta", "aol", `directory is "aol", which is not configured`},
		"half of okta":       {"entra: {tenant_id: t}\ndirectory: entra\n", map[string]string{"USHER_OKTA_URL": "https://x.okta.com"}, "entra okta", "entra", "the Okta token is missing"},
		"a file not there":   {"entra: {tenant_id: t, client_secret_file: nowhere}\n", nil, "entra", "entra", "entra.client_secret_file"},
		"a secret inside":    {"entra: {client_secret: s}\n", nil, "", "", "client_secret not found"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, problem := load(t, c.more, c.env)
			if c.problem == "" && problem != "" || !strings.Contains(problem, c.problem) {
				t.Errorf("problem %q, want %q", problem, c.problem)
			}
			if list := strings.Join(got.configured(), " "); c.providers != "" && (list != c.providers || got.people() != c.directory) {
				t.Errorf("providers %q, directory %q", list, got.people())
			}
		})
	}
}

func TestAccountsAreOneEach(t *testing.T) {
	t.Parallel()
	env := map[string]string{"USHER_OKTA_URL": "https://x.okta.com", "USHER_OKTA_TOKEN": "o"}
	two := "entra: {tenant_id: t}\ndirectory: okta\n"
	for accounts, want := range map[string]string{
		"{entra: {00u1: a, 00u2: b}}": "",
		"{entra: {00u1: a, 00u2: a}}": "gives 00u1 and 00u2 the same account a of entra",
		"{entra: {00u1: }}":           "names no account of entra for 00u1",
		"{google: {00u1: a}}":         `names "google", which is not a configured provider beside the directory`,
		"{okta: {00u1: a}}":           `names "okta", which is not a configured provider beside the directory`,
	} {
		more := two + "identity: {match_email: true, domains: [x.example], accounts: " + accounts + "}\n"
		_, problem := load(t, more, env)
		if want == "" && strings.Contains(problem, "accounts") || !strings.Contains(problem, want) {
			t.Errorf("%s: %q, want %q", accounts, problem, want)
		}
	}
}

func TestEveryProviderIsMadeFromItsSettings(t *testing.T) {
	t.Parallel()
	a := &App{}
	for name, c := range map[string]struct{ settings, want string }{
		"entra":  {"entra: {tenant_id: 11111111-2222-3333-4444-555555555555, client_id: 11111111-2222-3333-4444-555555555556}\n", ""},
		"google": {"google: {ambient: true, service_account: usher@p.iam.gserviceaccount.com}\n", ""},
		"ldap":   {"ldap: {urls: [ldaps://dc.x.example], base_dn: 'dc=x,dc=example', bind_dn: 'cn=usher,dc=x,dc=example'}\n", ""},
		"okta":   {"", "okta"},
	} {
		cfg, problem := load(t, c.settings, map[string]string{
			"USHER_ENTRA_CLIENT_SECRET": map[bool]string{true: "s"}[name == "entra"], "USHER_LDAP_PASSWORD": map[bool]string{true: "p"}[name == "ldap"],
			"USHER_OKTA_URL": map[bool]string{true: "https://x.okta.com"}[name == "okta"], "USHER_OKTA_TOKEN": map[bool]string{true: "o"}[name == "okta"],
		})
		if problem != "" {
			t.Errorf("%s: %s", name, problem)
			continue
		}
		p, err := a.openProvider(name, cfg, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.Name() != name || cfg.place(name) == "" || title(name) == name {
			t.Errorf("%s is %s at %q", name, p.Name(), cfg.place(name))
		}
		p.Close()
	}
}

func TestTheQuotaOfGoogleIsASetting(t *testing.T) {
	t.Parallel()
	for n, want := range map[string]string{"0": "", "3000": "", "5": "calls per minute 5: must be at least 10"} {
		cfg, problem := load(t, "google: {ambient: true, per_minute: "+n+"}\n", nil)
		p, err := (&App{}).openProvider("google", cfg, nil)
		if problem != "" || (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v", n, problem, err)
		}
		if err == nil {
			p.Close()
		}
	}
}

// identityLine is the line of the settings that others replace.
func identityLine(more string) string {
	if strings.Contains(more, "identity:") {
		return "identity: {match_email: true, domains: [x.example]}\n"
	}
	return ""
}

func TestAppsAreProvidersByTheirNames(t *testing.T) {
	t.Parallel()
	okta := map[string]string{"USHER_OKTA_URL": "https://x.okta.com", "USHER_OKTA_TOKEN": "o"}
	token, secret := write(t, "token", "t0ken"), write(t, "secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYq=")
	apps := "directory: okta\nscim: {slackish: {url: https://s.example/scim/v2, token_file: " + token + "}}\n" +
		"webhook: {billing: {url: https://b.example/usher, secret_file: " + secret + "}}\n"
	cfg, problem := load(t, apps, okta)
	if problem != "" {
		t.Fatal(problem)
	}
	if got := strings.Join(cfg.configured(), " "); got != "okta slackish billing" || cfg.SCIM["slackish"].Token != "t0ken" {
		t.Errorf("providers are %s", got)
	}
	made, err := (&App{}).openProviders(cfg, nil)
	if err != nil || len(made) != 3 || made["billing"].Name() != "billing" || made["slackish"].Name() != "slackish" {
		t.Errorf("made %v: %v", made, err)
	}
	for _, p := range made {
		p.Close()
	}
	for more, want := range map[string]string{
		"directory: okta\nscim: {okta: {url: https://s.example}}\n":                                      `two identity providers are called "okta"`,
		"directory: okta\nscim: {a: {url: https://s.example}}\nwebhook: {a: {url: https://s.example}}\n": `two identity providers are called "a"`,
		"directory: okta\nscim: {a: {url: https://s.example, tokens: x}}\n":                              "tokens",
		"directory: okta\nscim: {slack: {url: https://s.example}}\n":                                     `"slack", which is another part of Usher`,
		"directory: okta\nwebhook: {a: }\n":                                                              "",
	} {
		if _, problem := load(t, more, okta); want == "" && problem != "" || !strings.Contains(problem, want) {
			t.Errorf("%s: %q, want %q", more, problem, want)
		}
	}
	catalog := write(t, "catalog.yml", strings.ReplaceAll(strings.ReplaceAll(acmeCatalog, `, "42@acme.test"`, ""), "okta:00gacmewikiedit00000", "billing:editors"))
	settings := write(t, "usher.yml", apps)
	a := &App{Stdout: io.Discard, Stderr: io.Discard, Getenv: func(string) string { return "" }}
	if err := a.checkCatalog("", []string{catalog}); err == nil || !strings.Contains(err.Error(), `no provider "billing"`) {
		t.Errorf("without settings: %v", err)
	}
	if err := a.checkCatalog(settings, []string{catalog}); err == nil || !strings.Contains(err.Error(), `no provider "okta"`) || strings.Contains(err.Error(), `no provider "billing"`) {
		t.Errorf("with settings that have no Okta: %v", err)
	}
}

func TestCallsBackNeedAListener(t *testing.T) {
	t.Parallel()
	okta := map[string]string{"USHER_OKTA_URL": "https://x.okta.com", "USHER_OKTA_TOKEN": "o"}
	webhook := "directory: okta\nwebhook: {billing: {url: https://b.example/usher, callback_secret_file: " + write(t, "back", "whsec_x") + "}}\n"
	_, problem := load(t, webhook, okta)
	for _, want := range []string{"webhook.billing.callback_secret_file is set, but nobody listens", "set listen", "let through /callback/billing alone"} {
		if !strings.Contains(problem, want) {
			t.Errorf("no %q in %q", want, problem)
		}
	}
	if _, problem := load(t, webhook+"listen: 127.0.0.1:9090\n", okta); problem != "" {
		t.Error(problem)
	}
}
