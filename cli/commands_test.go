package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"usher/cli"
	"usher/sandbox"
)

// program runs one command in process and returns its status and outputs.
func program(ctx context.Context, t *testing.T, env map[string]string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	manifest, err := os.ReadFile("../manifest.yml")
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	a := &cli.App{Stdout: &out, Stderr: &errs, Manifest: manifest, Getenv: func(k string) string { return env[k] }}
	status = a.Run(ctx, args)
	return status, out.String(), errs.String()
}

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const aolCatalog = `version: 1
apps:
  - id: x
    name: X
    risk: low
    status: approved
    owners: [ada@larkspur.example]
    entitlements:
      - {id: x-y, name: Y, groups: ["aol:11111111"]}
`

func TestCommandsAnswerPlainly(t *testing.T) {
	t.Parallel()
	bad := file(t, "bad.yml", "version: 1\napps:\n  - id: x\n    nam: X\n")
	aol := file(t, "aol.yml", aolCatalog)
	inline := file(t, "usher.yml", "slack:\n  bot_token: xoxb-very-secret\njira:\n  projct: A\nlisten: 0.0.0.0:9090\n")
	empty := file(t, "empty", "")
	secretFile := file(t, "usher.yml", "okta: {token_file: "+empty+"}\njira: {token_file: /nowhere/token}\n")
	for name, c := range map[string]struct {
		args   []string
		status int
		want   []string // In either output.
		never  string
	}{
		"nothing":             {nil, 2, []string{"usher demo"}, ""},
		"help":                {[]string{"help"}, 0, []string{"serve", "doctor", "catalog"}, ""},
		"unknown command":     {[]string{"sevre"}, 2, []string{`no command "sevre"`}, ""},
		"unknown flag":        {[]string{"serve", "-nonsense"}, 2, []string{"nonsense"}, ""},
		"left over":           {[]string{"version", "extra"}, 2, []string{`unexpected "extra"`}, ""},
		"version":             {[]string{"version"}, 0, []string{"usher ", "go1."}, ""},
		"json without tour":   {[]string{"demo", "-json"}, 2, []string{"-json needs -tour"}, ""},
		"catalog nothing":     {[]string{"catalog"}, 2, []string{"check FILE"}, ""},
		"catalog good":        {[]string{"catalog", "check", "../sandbox/catalog.yml"}, 0, []string{"ok: 12 apps", "version"}, ""},
		"catalog bad":         {[]string{"catalog", "check", bad}, 1, []string{"bad.yml:4:5", "nam", "Fix:"}, ""},
		"catalog of others":   {[]string{"catalog", "check", aol}, 1, []string{"entitlement x-y (X: Y) maps to the group aol:", `no provider "aol"`, "the providers are: entra, google, ldap, okta"}, ""},
		"catalog missing":     {[]string{"catalog", "check", "/nowhere.yml"}, 1, []string{"/nowhere.yml"}, ""},
		"settings missing":    {[]string{"serve"}, 1, []string{"USHER_SLACK_BOT_TOKEN", "USHER_JIRA_URL", "USHER_OKTA_TOKEN", "identity matches nobody"}, ""},
		"settings unreadable": {[]string{"serve", "-config", "/nowhere/usher.yml"}, 1, []string{"/nowhere/usher.yml"}, ""},
		"settings wrong": {
			[]string{"serve", "-config", inline},
			1,
			[]string{"line 2", "secrets come from the environment or a file", "line 4", "projct", "loopback interface only"},
			"very-secret",
		},
		"secret files wrong": {[]string{"serve", "-config", secretFile}, 1, []string{"is empty", "/nowhere/token"}, ""},
		"doctor without":     {[]string{"doctor"}, 1, []string{"FAIL  settings: no settings file was given", "fix: name it with -config", "1 check failed"}, ""},
		"backup nothing":     {[]string{"backup"}, 2, []string{"usher backup [-config FILE] FILE"}, ""},
		"backup flags last":  {[]string{"backup", "a.db", "-config", "x"}, 2, []string{"flags come before FILE"}, ""},
		"restore nothing":    {[]string{"restore"}, 2, []string{"usher restore [-config FILE] FROM"}, ""},
		"backup unreadable":  {[]string{"backup", "-config", "/nowhere/usher.yml", "a.db"}, 1, []string{"/nowhere/usher.yml"}, ""},
		"sandbox everywhere": {[]string{"sandbox", "-slack", "0.0.0.0:0"}, 1, []string{"loopback interface only"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, out, errs := program(t.Context(), t, nil, c.args...)
			if status != c.status {
				t.Errorf("status %d, want %d\n%s%s", status, c.status, out, errs)
			}
			for _, w := range c.want {
				if !strings.Contains(out+errs, w) {
					t.Errorf("no %q in:\n%s%s", w, out, errs)
				}
			}
			if c.never != "" && strings.Contains(out+errs, c.never) {
				t.Errorf("a secret is printed:\n%s%s", out, errs)
			}
		})
	}
}

func TestExamplesPassTheirOwnChecks(t *testing.T) {
	t.Parallel()
	_, example, _ := program(t.Context(), t, nil, "catalog", "example")
	if status, out, errs := program(t.Context(), t, nil, "catalog", "check", file(t, "catalog.yml", example)); status != 0 {
		t.Errorf("the example catalog is refused:\n%s%s", out, errs)
	}
	_, schema, _ := program(t.Context(), t, nil, "catalog", "schema")
	if !json.Valid([]byte(schema)) {
		t.Error("the schema is no JSON")
	}
	_, settings, _ := program(t.Context(), t, nil, "serve", "-example")
	env := map[string]string{
		"USHER_SLACK_BOT_TOKEN": "xoxb-1", "USHER_SLACK_APP_TOKEN": "xapp-1", "USHER_JIRA_TOKEN": "t", "USHER_OKTA_TOKEN": "t",
	}
	settings = strings.Replace(settings, "match_email: false", "match_email: true", 1)
	settings = strings.Replace(settings, "domains: []", "domains: [acme.example]", 1)
	if _, err := cli.LoadConfig(file(t, "usher.yml", settings), func(k string) string { return env[k] }); err != nil {
		t.Errorf("the example settings are refused: %v", err)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	env := map[string]string{"USHER_SLACK_BOT_TOKEN": "xoxb-visible", "USHER_JIRA_TOKEN": "visible", "USHER_OKTA_TOKEN": "visible"}
	c, _ := cli.LoadConfig("", func(k string) string { return env[k] })
	b, err := json.Marshal(c.Slack.BotToken)
	if err != nil {
		t.Fatal(err)
	}
	if s := strings.Join([]string{c.Slack.BotToken.String(), c.Jira.Token.GoString(), string(b)}, " "); strings.Contains(s, "visible") {
		t.Errorf("a secret is printed: %s", s)
	}
}

func TestTheTourIsTrue(t *testing.T) {
	t.Parallel()
	status, out, errs := program(t.Context(), t, nil, "demo", "-tour", "-json")
	if status != 0 {
		t.Fatalf("status %d\n%s\n%s", status, out, errs)
	}
	dec, steps := json.NewDecoder(strings.NewReader(out)), 0
	for dec.More() {
		var s sandbox.Step
		if err := dec.Decode(&s); err != nil {
			t.Fatal(err)
		}
		steps++
		if s.Error != "" || s.Number != steps || len(s.Seen) == 0 {
			t.Errorf("step %+v", s)
		}
	}
	if steps < 15 {
		t.Errorf("%d steps", steps)
	}
}
