package cli

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed usher.example.yml
var exampleConfig []byte

// Config is the settings file with the environment laid over it.
type Config struct {
	Slack SlackConfig `yaml:"slack"`
	Jira  JiraConfig  `yaml:"jira"`
	// Directory is the provider that knows the people; default the only one that is configured.
	Directory string        `yaml:"directory"`
	Okta      OktaConfig    `yaml:"okta"`
	Entra     *EntraConfig  `yaml:"entra"`
	Google    *GoogleConfig `yaml:"google"`
	LDAP      *LDAPConfig   `yaml:"ldap"`
	// SCIM and Webhook are further providers, by the names that the catalog uses.
	SCIM     map[string]*SCIMConfig    `yaml:"scim"`
	Webhook  map[string]*WebhookConfig `yaml:"webhook"`
	Identity IdentityConfig            `yaml:"identity"`
	Admins   []string                  `yaml:"admins"`
	Catalog  []string                  `yaml:"catalog"`
	Database string                    `yaml:"database"`
	Listen   string                    `yaml:"listen"`
	Log      LogConfig                 `yaml:"log"`

	hollow []string // scim and webhook, where they stand in the file with nothing under them
}

// SlackConfig is the Slack app.
type SlackConfig struct {
	APIURL       string `yaml:"api_url"`
	BotTokenFile string `yaml:"bot_token_file"`
	AppTokenFile string `yaml:"app_token_file"`
	Command      string `yaml:"command"`
	BotToken     Secret `yaml:"-"`
	AppToken     Secret `yaml:"-"`
}

// JiraConfig is the Jira project.
type JiraConfig struct {
	URL        string            `yaml:"url"`
	GatewayURL string            `yaml:"gateway_url"`
	Email      string            `yaml:"email"`
	TokenFile  string            `yaml:"token_file"`
	Project    string            `yaml:"project"`
	IssueType  string            `yaml:"issue_type"`
	Labels     []string          `yaml:"labels"`
	Reporter   bool              `yaml:"reporter"`
	Statuses   map[string]string `yaml:"statuses"`
	Fields     map[string]string `yaml:"fields"`
	Token      Secret            `yaml:"-"`
}

// OktaConfig is the Okta org, entered with a token or as a service app.
type OktaConfig struct {
	URL            string   `yaml:"url"`
	TokenFile      string   `yaml:"token_file"`
	ClientID       string   `yaml:"client_id"`
	KeyID          string   `yaml:"key_id"`
	PrivateKeyFile string   `yaml:"private_key_file"`
	Scopes         []string `yaml:"scopes"`
	EmailAttribute string   `yaml:"email_attribute"`
	Reserve        float64  `yaml:"reserve"`
	Token          Secret   `yaml:"-"`
	PrivateKey     Secret   `yaml:"-"`
}

// IdentityConfig says how Slack users are matched to directory users.
type IdentityConfig struct {
	MatchEmail bool              `yaml:"match_email"`
	Domains    []string          `yaml:"domains"`
	People     map[string]string `yaml:"people"`
	// Accounts are, by provider, the accounts of people whose ids there differ and whose addresses do not match.
	Accounts map[string]map[string]string `yaml:"accounts"`
}

// LogConfig is the level (debug, info, warn, error) and format (text, json) of the log.
type LogConfig struct {
	Level  string `yaml:"level"`
	Format string `yaml:"format"`
}

func defaultConfig() Config {
	return Config{
		Slack:    SlackConfig{APIURL: "https://slack.com/api/", Command: "/access"},
		Jira:     JiraConfig{IssueType: "Access request", Reporter: true},
		Okta:     OktaConfig{Reserve: 0.1},
		Database: "usher.db",
		Log:      LogConfig{Level: "info", Format: "text"},
	}
}

// setting is one value that an environment variable overrides.
type setting struct {
	name string
	set  func(c *Config, v string)
}

func settings() []setting {
	return []setting{
		{"USHER_SLACK_API_URL", func(c *Config, v string) { c.Slack.APIURL = v }},
		{"USHER_SLACK_BOT_TOKEN", func(c *Config, v string) { c.Slack.BotToken = Secret(v) }},
		{"USHER_SLACK_APP_TOKEN", func(c *Config, v string) { c.Slack.AppToken = Secret(v) }},
		{"USHER_JIRA_URL", func(c *Config, v string) { c.Jira.URL = v }},
		{"USHER_JIRA_EMAIL", func(c *Config, v string) { c.Jira.Email = v }},
		{"USHER_JIRA_TOKEN", func(c *Config, v string) { c.Jira.Token = Secret(v) }},
		{"USHER_DB", func(c *Config, v string) { c.Database = v }},
		{"USHER_CATALOG", func(c *Config, v string) { c.Catalog = filepath.SplitList(v) }},
	}
}

// LoadConfig reads the settings file (path may be empty: environment alone) and the environment, and reports every
// problem at once. Relative paths in the file are relative to the file.
func LoadConfig(path string, getenv func(string) string) (Config, error) {
	c, problems, err := readConfig(path, getenv)
	if err != nil {
		return c, err
	}
	problems = append(problems, c.readSecrets()...)
	problems = append(problems, c.check()...)
	if path == "" && len(problems) > 0 {
		problems = append([]error{noFile()}, problems...)
	}
	return c, errors.Join(problems...)
}

func noFile() error {
	return &problem{
		text: "no settings file was given, only variables were read",
		fix:  "name it with -config or USHER_CONFIG; usher serve -example prints one to begin with",
	}
}

// readConfig reads file and environment, but neither reads secrets nor judges what is missing. It returns an error if
// there is no file to read; then everything would be missing.
func readConfig(path string, getenv func(string) string) (c Config, problems []error, err error) {
	c = defaultConfig()
	if path != "" {
		data, err := os.ReadFile(path)
		if err != nil {
			return c, nil, &problem{text: "read settings: " + err.Error(), fix: "check the path and who may read it"}
		}
		problems = c.parse(path, data)
		c.fillEmpty(data)
		c.relativeTo(filepath.Dir(path))
	}
	for _, s := range append(settings(), providerSettings()...) {
		if v := getenv(s.name); v != "" {
			s.set(&c, v)
		}
	}
	return c, problems, nil
}

// parse decodes strictly: unknown keys and wrong types are problems, with their lines.
func (c *Config) parse(path string, data []byte) []error {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	err := dec.Decode(c)
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	const compare = "compare with usher serve -example"
	var te *yaml.TypeError
	if !errors.As(err, &te) {
		return []error{&problem{text: fmt.Sprintf("%s: %v", path, err), fix: compare}}
	}
	ours := regexp.MustCompile(` in type cli\.\w+| into cli\.\w+`)
	var problems []error
	for _, e := range te.Errors {
		fix := compare
		if strings.Contains(e, "field token ") || strings.Contains(e, "_token ") {
			fix = "secrets come from the environment or a file (…_file), never from the settings"
		}
		problems = append(problems, &problem{text: path + ": " + ours.ReplaceAllString(e, ""), fix: fix})
	}
	return problems
}

func (c *Config) relativeTo(dir string) {
	for _, p := range append(c.providerPaths(), &c.Slack.BotTokenFile, &c.Slack.AppTokenFile, &c.Jira.TokenFile, &c.Database) {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
	for i, p := range c.Catalog {
		if !filepath.IsAbs(p) {
			c.Catalog[i] = filepath.Join(dir, p)
		}
	}
}
