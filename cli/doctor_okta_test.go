package cli_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"usher/sandbox/jirasim"
	"usher/sandbox/oktasim"
	"usher/sandbox/slacksim"
)

// TestOktaIsEnteredAsAServiceAppWithTheFewestRights follows docs/providers/okta.md, by the file and by the environment.
func TestOktaIsEnteredAsAServiceAppWithTheFewestRights(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	_, env, settings := adjusted(t, func(_ *slacksim.Config, _ *jirasim.Config, c *oktasim.Config) {
		c.Clients = append(c.Clients, oktasim.Client{
			ID: "0oausher", KeyID: "k1", Key: &key.PublicKey, Admin: oktasim.GroupAdmin,
			Scopes: []string{"okta.groups.manage", "okta.groups.read", "okta.users.read"},
		})
	})
	delete(env, "USHER_OKTA_TOKEN")
	more, err := os.ReadFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	keyFile := filepath.Join(filepath.Dir(settings), "okta.pem")
	section := "\nokta:\n  client_id: 0oausher\n  key_id: k1\n  private_key_file: okta.pem\n  scopes: [okta.groups.manage, okta.groups.read, okta.users.read]\n"
	for path, data := range map[string][]byte{settings: append(more, section...), keyFile: text} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	status, out, _ := program(t.Context(), t, env, "doctor", "-config", settings)
	if status != 0 || !strings.Contains(out, "okta right to change members") || !strings.Contains(out, "so there is no last use of apps") {
		t.Errorf("by the file: status %d\n%s", status, out)
	}
	if strings.Contains(out, "PRIVATE KEY") {
		t.Error("the key is shown")
	}

	// The environment wins over the file; it names no scopes, so those of the file stay.
	env["USHER_OKTA_CLIENT_ID"], env["USHER_OKTA_KEY_ID"], env["USHER_OKTA_PRIVATE_KEY"] = "0oausher", "k1", string(text)
	if err := os.Remove(keyFile); err != nil {
		t.Fatal(err)
	}
	if status, out, _ := program(t.Context(), t, env, "doctor", "-config", settings); status != 0 {
		t.Errorf("by the environment: status %d\n%s", status, out)
	}
	// Who asks for a scope too many is told that, and nothing of the groups and people that cannot be read for it.
	file, err := os.ReadFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	more = []byte(strings.Replace(string(file), "okta.users.read]", "okta.users.read, okta.logs.read]", 1))
	if err := os.WriteFile(settings, more, 0o600); err != nil {
		t.Fatal(err)
	}
	status, out, _ = program(t.Context(), t, env, "doctor", "-config", settings)
	if got := failures(out); status != 1 || len(got) != 1 || !strings.Contains(got[0], "okta.logs.read") || !strings.Contains(got[0], "okta.scopes") {
		t.Errorf("a scope too many: status %d\n%s", status, out)
	}
	env["USHER_OKTA_KEY_ID"] = "k2"
	if status, out, _ := program(t.Context(), t, env, "doctor", "-config", settings); status != 1 || !strings.Contains(out, "Compare client id, key id and private key") {
		t.Errorf("with another key's id: status %d\n%s", status, out)
	}
}
