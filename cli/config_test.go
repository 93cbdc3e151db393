package cli

import (
	"io"
	"slices"
	"strings"
	"testing"
)

// problemsOf are the problems of settings with their one provider, as serve and doctor tell them, and all others.
func problemsOf(t *testing.T, more string) (provider string, its, others []string) {
	t.Helper()
	env := map[string]string{"USHER_SLACK_BOT_TOKEN": "xoxb-1", "USHER_SLACK_APP_TOKEN": "xapp-1", "USHER_JIRA_TOKEN": "t"}
	a := &App{Stdout: io.Discard, Stderr: io.Discard, Getenv: func(k string) string { return env[k] }}
	cfg, err := LoadConfig(write(t, "usher.yml", settingsOfOthers+more), a.Getenv)
	provider = cfg.configured()[0]
	_, err = a.parts(cfg, err)
	for _, p := range problemsIn(err) {
		if p.fix == "" {
			t.Errorf("no fix of %q", p.text)
		}
		if p.about == provider {
			its = append(its, p.text)
		} else {
			others = append(others, p.text)
		}
	}
	return provider, its, others
}

func TestAnEmptySectionIsToldAsWhatItLacks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		provider string
		want     []string
	}{
		"entra:":           {"entra", []string{"configure entra: credentials: exactly one of"}},
		"google: # later":  {"google", []string{"configure google: credentials: a credentials file"}},
		"ldap: ~":          {"ldap", []string{"configure ldap: url: required", "configure ldap: base DN: required", "configure ldap: credentials: a bind DN"}},
		"scim: {hr: }":     {"hr", []string{"configure scim hr: url:", "configure scim hr: credentials: a token or oauth"}},
		"webhook: {pay: }": {"pay", []string{"configure webhook pay: url:", "configure webhook pay: secret:"}},
		"scim:":            {"okta", []string{"scim has nothing under it"}},
		"webhook: {}":      {"okta", []string{"webhook has nothing under it"}},
		"okta:":            {"okta", []string{"the Okta org is missing", "the Okta token is missing"}},
	} {
		provider, got, others := problemsOf(t, name+"\n")
		if provider != c.provider || !slices.EqualFunc(got, c.want, strings.HasPrefix) {
			t.Errorf("%s: %s %q, want %q", name, provider, got, c.want)
		}
		if section, _, _ := strings.Cut(name, ":"); !strings.Contains(string(exampleConfig), section+": {") && section != "okta" {
			t.Errorf("the example, to which the fixes point, has no section %s", section)
		}
		if slices.ContainsFunc(others, func(s string) bool { return strings.Contains(s, "Okta") }) {
			t.Errorf("%s: %q", name, others)
		}
	}
}

func TestASectionWithNothingUnderItIsToldBesideOthers(t *testing.T) {
	t.Parallel()
	okta := map[string]string{"USHER_OKTA_URL": "https://x.okta.com", "USHER_OKTA_TOKEN": "o"}
	for more, want := range map[string]string{
		"scim:\n":                        "scim has nothing under it; name a server under it, as usher serve -example shows, or take it out",
		"webhook:\n":                     "webhook has nothing under it; name a receiver under it, as usher serve -example shows, or take it out",
		"scim:\nwebhook: # later\n":      "scim has nothing under it; name a server under it, as usher serve -example shows, or take it out\nwebhook has nothing",
		"ldap: {base_dn: dc=x}\nscim:\n": "scim has nothing under it",
	} {
		for _, env := range []map[string]string{okta, nil} {
			if _, problem := load(t, more, env); !strings.Contains(problem, want) || env == nil && strings.Contains(problem, "Okta") {
				t.Errorf("%s: %q, want %q", more, problem, want)
			}
		}
	}
}

func TestASecretThatCannotBeReadIsToldOnce(t *testing.T) {
	t.Parallel()
	const guids = "tenant_id: 11111111-2222-3333-4444-555555555555, client_id: 11111111-2222-3333-4444-555555555556"
	const ldap = "urls: [ldaps://dc.x.example], base_dn: 'dc=x,dc=example'"
	const hook = "url: https://b.example/usher"
	empty := write(t, "empty", "")
	for more, want := range map[string][]string{
		"okta: {url: 'https://x.okta.com', token_file: nowhere}":                                      {"okta.token_file: "},
		"okta: {url: 'https://x.okta.com', client_id: a, key_id: b, private_key_file: nowhere}":       {"okta.private_key_file: "},
		"okta: {url: 'https://x.okta.com', token_file: /dev/zero}":                                    {"okta.token_file: /dev/zero is longer than"},
		"okta: {url: 'https://x.okta.com', client_id: a}":                                             {"configure okta: key id: ", "configure okta: private key: "},
		"okta: {url: 'https://x.okta.com', client_id: a, token_file: " + write(t, "token", "x") + "}": {"configure okta: credentials: give either"},
		"entra: {" + guids + ", client_secret_file: " + empty + "}":                                   {"entra.client_secret_file: "},
		"entra: {" + guids + ", certificate_file: nowhere}":                                           {"entra.certificate_file: "},
		"entra: {tenant_id: x, client_id: y, certificate_file: nowhere}":                              {"entra.certificate_file: ", "configure entra: tenant id: ", "configure entra: client id: "},
		"entra: {" + guids + ", managed_identity: true, certificate_file: nowhere}":                   {"entra.certificate_file: ", "configure entra: credentials: exactly one of"},
		"google: {subject: a@x.example, credentials_file: nowhere}":                                   {"google.credentials_file: "},
		"google: {subject: a, credentials_file: " + empty + "}":                                       {"google.credentials_file: ", "configure google: subject: "},
		"google: {ambient: true, credentials_file: nowhere}":                                          {"google.credentials_file: ", "configure google: credentials: give either"},
		"ldap: {" + ldap + ", bind_dn: 'cn=u,dc=x', password_file: nowhere}":                          {"ldap.password_file: "},
		"ldap: {" + ldap + ", bind_dn: 'cn=u,dc=x', password_file: nowhere, roots_file: none}":        {"ldap.password_file: ", "ldap.roots_file: "},
		"ldap: {" + ldap + ", certificate_file: nowhere, key_file: none}":                             {"ldap.certificate_file: ", "ldap.key_file: "},
		"ldap: {" + ldap + ", certificate_file: " + write(t, "pem", "x") + ", key_file: none}":        {"ldap.key_file: "},
		"ldap: {certificate_file: nowhere}":                                                           {"ldap.certificate_file: ", "configure ldap: url: ", "configure ldap: base DN: "},
		"scim: {a: {url: https://s.example, token_file: nowhere}}":                                    {"scim.a.token_file: "},
		"webhook: {a: {" + hook + ", secret_file: nowhere}}":                                          {"webhook.a.secret_file: "},
		"webhook: {a: {secret_file: nowhere}}":                                                        {"webhook.a.secret_file: ", "configure webhook a: url: "},
		"listen: 127.0.0.1:9\nwebhook: {a: {" + hook + ", secret_file: none, old_secret_file: none, callback_secret_file: none}}": {
			"webhook.a.secret_file: ", "webhook.a.old_secret_file: ", "webhook.a.callback_secret_file: ",
		},
	} {
		if _, got, _ := problemsOf(t, more+"\n"); !slices.EqualFunc(got, want, strings.HasPrefix) {
			t.Errorf("%s: %q, want %q", more, got, want)
		}
	}
}
