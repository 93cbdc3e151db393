package google_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"usher/idp/google"
	"usher/idp/rest"
)

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func file(t *testing.T, change map[string]any) rest.Secret {
	t.Helper()
	f := map[string]any{
		"type": "service_account", "client_email": robot, "private_key_id": "key1", "private_key": pemOf(testKey()),
		"token_uri": "https://oauth2.googleapis.com/token",
	}
	for name, value := range change {
		f[name] = value
	}
	raw, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return rest.Secret(raw)
}

func TestConfigurationsThatAreAccepted(t *testing.T) {
	t.Parallel()
	external := map[string]any{
		"type": "external_account", "token_url": "https://sts.googleapis.com/v1/token", "audience": "//iam.googleapis.com/x",
		"service_account_impersonation_url": "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/" + robot + ":generateAccessToken",
	}
	for what, cfg := range map[string]google.Config{
		"key":               {Credentials: file(t, nil)},
		"key and subject":   {Credentials: file(t, nil), Subject: admin},
		"old token address": {Credentials: file(t, map[string]any{"token_uri": "https://accounts.google.com/o/oauth2/token"})},
		"ambient":           {Ambient: true},
		"ambient for admin": {Ambient: true, Subject: admin, ServiceAccount: robot},
		"external":          {Credentials: file(t, external), Subject: admin},
		"no reserve":        {Credentials: file(t, nil), Reserve: -1},
	} {
		p, err := google.New(cfg)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if p.Name() != "google" {
			t.Errorf("the name is %q", p.Name())
		}
		p.Close()
		p.Close()
	}
}

func TestConfigurationsThatAreRefused(t *testing.T) {
	t.Parallel()
	set := func(name string, value any) rest.Secret { return file(t, map[string]any{name: value}) }
	good := file(t, nil)
	for what, c := range map[string]struct {
		cfg  google.Config
		says string
	}{
		"nothing":              {google.Config{}, "credentials"},
		"both":                 {google.Config{Ambient: true, Credentials: good}, "not both"},
		"no JSON":              {google.Config{Credentials: "-----BEGIN PRIVATE KEY-----"}, "JSON"},
		"no type":              {google.Config{Credentials: `{}`}, "type"},
		"a person's file":      {google.Config{Credentials: set("type", "authorized_user")}, "types"},
		"no key":               {google.Config{Credentials: set("private_key", "")}, "private_key"},
		"no account":           {google.Config{Credentials: set("client_email", "robot")}, "client_email"},
		"another account":      {google.Config{Credentials: good, ServiceAccount: "other@suite.example"}, "differs"},
		"token elsewhere":      {google.Config{Credentials: set("token_uri", "https://evil.example/token")}, "token_uri"},
		"another universe":     {google.Config{Credentials: set("universe_domain", "evil.example")}, "universe"},
		"sts elsewhere":        {google.Config{Credentials: file(t, map[string]any{"type": "external_account", "token_url": "https://evil.example/v1/token"})}, "token_url"},
		"impersonate there":    {google.Config{Credentials: file(t, map[string]any{"type": "external_account", "token_url": "https://sts.googleapis.com/v1/token", "service_account_impersonation_url": "https://evil.example/x"})}, "impersonation"},
		"a program":            {google.Config{Credentials: file(t, map[string]any{"type": "external_account", "token_url": "https://sts.googleapis.com/v1/token", "credential_source": map[string]any{"executable": map[string]any{"command": "x"}}})}, "program"},
		"subject no address":   {google.Config{Credentials: good, Subject: "admin"}, "subject"},
		"ambient, no account":  {google.Config{Ambient: true, Subject: admin}, "service account"},
		"another host":         {google.Config{Credentials: good, URL: "https://evil.example"}, "simulator"},
		"another host at ease": {google.Config{Credentials: good, URL: "https://evil.example", InsecureHTTP: true}, "simulator"},
		"plain http":           {google.Config{Credentials: good, URL: "http://127.0.0.1:1"}, "plain http"},
		"plain http far away":  {google.Config{Credentials: good, URL: "http://evil.example", InsecureHTTP: true}, "this machine"},
		"reserve":              {google.Config{Credentials: good, Reserve: 1}, "reserve"},
		"per minute":           {google.Config{Credentials: good, PerMinute: 3}, "per minute"},
		"timeout":              {google.Config{Credentials: good, Timeout: -1}, "timeout"},
		"user agent":           {google.Config{Credentials: good, UserAgent: "a\nb"}, "user agent"},
	} {
		_, err := google.New(c.cfg)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", what, err, c.says)
		}
		if err != nil && (strings.Contains(err.Error(), "evil") || strings.Contains(err.Error(), "BEGIN")) {
			t.Errorf("%s: the error repeats what was given: %v", what, err)
		}
	}
}
