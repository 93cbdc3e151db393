package cli

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"usher/access"
)

// SCIMConfig is a server that speaks SCIM 2.0. What the fields mean stands in docs/providers/scim.md.
type SCIMConfig struct {
	URL                    string        `yaml:"url"`
	TokenFile              string        `yaml:"token_file"`
	OAuth                  OAuthConfig   `yaml:"oauth"`
	FindBy                 string        `yaml:"find_by"`
	MembersFrom            string        `yaml:"members_from"`
	MemberAttribute        string        `yaml:"member_attribute"`
	Remove                 string        `yaml:"remove"`
	CapitalOps             bool          `yaml:"capital_ops"`
	PlainJSON              bool          `yaml:"plain_json"`
	NoVersions             bool          `yaml:"no_versions"`
	NoAttributes           bool          `yaml:"no_attributes"`
	BareNotFound           bool          `yaml:"bare_not_found"`
	CursorPages            bool          `yaml:"cursor_pages"`
	InactiveMeansSuspended bool          `yaml:"inactive_means_suspended"`
	PageSize               int           `yaml:"page_size"`
	PerMinute              int           `yaml:"per_minute"`
	Timeout                time.Duration `yaml:"timeout"`
	Token                  Secret        `yaml:"-"`
}

// OAuthConfig are client credentials.
type OAuthConfig struct {
	TokenURL         string `yaml:"token_url"`
	ClientID         string `yaml:"client_id"`
	ClientSecretFile string `yaml:"client_secret_file"`
	SecretInBody     bool   `yaml:"secret_in_body"`
	Scope            string `yaml:"scope"`
	ClientSecret     Secret `yaml:"-"`
}

// WebhookConfig is a receiver that a company has written. What the fields mean stands in docs/providers/webhook.md.
type WebhookConfig struct {
	URL                string        `yaml:"url"`
	SecretFile         string        `yaml:"secret_file"`
	OldSecretFile      string        `yaml:"old_secret_file"`
	CallbackSecretFile string        `yaml:"callback_secret_file"`
	UserIDs            string        `yaml:"user_ids"`
	GroupIDs           string        `yaml:"group_ids"`
	Wait               time.Duration `yaml:"wait"`
	PerMinute          int           `yaml:"per_minute"`
	Timeout            time.Duration `yaml:"timeout"`
	Secret             Secret        `yaml:"-"`
	OldSecret          Secret        `yaml:"-"`
	CallbackSecret     Secret        `yaml:"-"`
}

// apps are the names of the providers that a company names itself.
func (c *Config) apps() []string {
	return slices.Concat(slices.Sorted(maps.Keys(c.SCIM)), slices.Sorted(maps.Keys(c.Webhook)))
}

// appFiles are the files that the settings of these providers name.
func (c *Config) appFiles() []secretFile {
	var list []secretFile
	for _, name := range slices.Sorted(maps.Keys(c.SCIM)) {
		s := c.SCIM[name]
		list = append(list, secretFile{&s.Token, name, s.TokenFile, "scim." + name + ".token_file"},
			secretFile{&s.OAuth.ClientSecret, name, s.OAuth.ClientSecretFile, "scim." + name + ".oauth.client_secret_file"})
	}
	for _, name := range slices.Sorted(maps.Keys(c.Webhook)) {
		w := c.Webhook[name]
		list = append(list, secretFile{&w.Secret, name, w.SecretFile, "webhook." + name + ".secret_file"},
			secretFile{&w.OldSecret, name, w.OldSecretFile, "webhook." + name + ".old_secret_file"},
			secretFile{&w.CallbackSecret, name, w.CallbackSecretFile, "webhook." + name + ".callback_secret_file"})
	}
	return list
}

// appPaths are the paths in their settings.
func (c *Config) appPaths() []*string {
	var list []*string
	for _, s := range c.SCIM {
		list = append(list, &s.TokenFile, &s.OAuth.ClientSecretFile)
	}
	for _, w := range c.Webhook {
		list = append(list, &w.SecretFile, &w.OldSecretFile, &w.CallbackSecretFile)
	}
	return list
}

// callers are the receivers that call back, by name, in order.
func (c *Config) callers() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(c.Webhook)), func(name string) bool { return c.Webhook[name].CallbackSecret == "" })
}

// checkCallers refuses calls back that could not arrive.
func (c *Config) checkCallers() []error {
	var problems []error
	for _, name := range c.callers() {
		if c.Listen == "" {
			problems = append(problems, &problem{
				"", "webhook." + name + ".callback_secret_file is set, but nobody listens for calls back",
				"set listen, such as 127.0.0.1:9090, and have a reverse proxy with TLS let through " + callbackPath + name + " alone; or take the setting out",
			})
		}
	}
	return problems
}

// checkApps refuses names that mean two things.
func (c *Config) checkApps() []error {
	var problems []error
	seen := map[string]bool{}
	for _, name := range c.apps() {
		if slices.Contains([]string{access.TargetSlack, access.TargetJira, "catalog"}, name) {
			problems = append(problems, &problem{"", fmt.Sprintf("an identity provider is called %q, which is another part of Usher", name), "give it a name of its own under scim or webhook, such as " + name + "-accounts"})
		}
		if seen[name] || slices.Contains(knownProviders(), name) {
			problems = append(problems, &problem{name, fmt.Sprintf("two identity providers are called %q", name), "give each a name of its own under scim or webhook"})
		}
		seen[name] = true
	}
	return problems
}
