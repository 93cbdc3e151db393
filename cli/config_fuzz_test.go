package cli_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"usher/cli"
)

// Whatever stands in the settings file, it is taken or refused in words, twice alike, and never with a secret in them.
func FuzzSettings(f *testing.F) {
	example, err := os.ReadFile("usher.example.yml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	f.Add([]byte(testSettings))
	for _, more := range []string{
		"listen: [1]\n", "jira: {token: x}\n", "admins: 7\n", "unknown: 1\n", "catalog: [../../x, '']\n", "okta: {url: '://'}\n", "entra: {}\n", "ldap: {url: x}\n",
		"identity: {domains: [larkspur.example, '']}\n", "database: ''\n", "slack: {bot_token_file: missing}\n", "a: &a [*a]\n", "---\n---\n", "\x00", "jira: {statuses: {waiting: []}}\n",
	} {
		f.Add([]byte(more))
		f.Add([]byte(testSettings + more))
	}
	env := map[string]string{
		"USHER_SLACK_BOT_TOKEN": "xoxb-veryhidden", "USHER_SLACK_APP_TOKEN": "xapp-veryhidden", "USHER_JIRA_TOKEN": "veryhidden", "USHER_OKTA_TOKEN": "veryhidden",
	}
	path := filepath.Join(f.TempDir(), "usher.yml")
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.Contains(data, []byte("/dev")) || bytes.Contains(data, []byte("/proc")) {
			t.Skip("A device may wait for somebody to type.")
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		load := func() (string, string) {
			c, err := cli.LoadConfig(path, func(name string) string { return env[name] })
			return fmt.Sprintf("%+v", c), fmt.Sprint(err)
		}
		settings, said := load()
		if _, again := load(); again != said {
			t.Errorf("the same file is judged in two ways:\n%s\n%s", said, again)
		}
		if strings.Contains(settings+said, "veryhidden") {
			t.Errorf("a secret is told: %s %s", settings, said)
		}
		if strings.TrimSpace(said) == "" || len(said) > 5000+20*len(data) {
			t.Errorf("%d bytes about %d bytes of settings: %.300s", len(said), len(data), said)
		}
	})
}
