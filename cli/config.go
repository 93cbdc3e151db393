package cli

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed usher.example.yml
var exampleConfig []byte

// Config is the settings file with the environment laid over it.
type Config struct {
	Slack    SlackConfig    `yaml:"slack"`
	Jira     JiraConfig     `yaml:"jira"`
	Okta     OktaConfig     `yaml:"okta"`
	Identity IdentityConfig `yaml:"identity"`
	Admins   []string       `yaml:"admins"`
	Catalog  []string       `yaml:"catalog"`
	Database string         `yaml:"database"`
	Listen   string         `yaml:"listen"`
	Log      LogConfig      `yaml:"log"`
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

// OktaConfig is the Okta org.
type OktaConfig struct {
	URL       string  `yaml:"url"`
	TokenFile string  `yaml:"token_file"`
	Reserve   float64 `yaml:"reserve"`
	Token     Secret  `yaml:"-"`
}

// IdentityConfig says how Slack users are matched to directory users.
type IdentityConfig struct {
	MatchEmail bool              `yaml:"match_email"`
	Domains    []string          `yaml:"domains"`
	People     map[string]string `yaml:"people"`
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
		{"USHER_OKTA_URL", func(c *Config, v string) { c.Okta.URL = v }},
		{"USHER_OKTA_TOKEN", func(c *Config, v string) { c.Okta.Token = Secret(v) }},
		{"USHER_DB", func(c *Config, v string) { c.Database = v }},
		{"USHER_CATALOG", func(c *Config, v string) { c.Catalog = filepath.SplitList(v) }},
	}
}

// LoadConfig reads the settings file (path may be empty: environment alone) and the environment, and reports every
// problem at once. Relative paths in the file are relative to the file.
func LoadConfig(path string, getenv func(string) string) (Config, error) {
	c := defaultConfig()
	var problems []error
	if path != "" {
		data, err := os.ReadFile(path)
		if err != nil {
			return c, fmt.Errorf("read settings: %w", err)
		}
		problems = append(problems, c.parse(path, data)...)
		c.relativeTo(filepath.Dir(path))
	}
	for _, s := range settings() {
		if v := getenv(s.name); v != "" {
			s.set(&c, v)
		}
	}
	problems = append(problems, c.readSecrets()...)
	problems = append(problems, c.check()...)
	return c, errors.Join(problems...)
}

// parse decodes strictly: unknown keys and wrong types are problems, with their lines.
func (c *Config) parse(path string, data []byte) []error {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	err := dec.Decode(c)
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	var te *yaml.TypeError
	if !errors.As(err, &te) {
		return []error{fmt.Errorf("%s: %w", path, err)}
	}
	var problems []error
	for _, e := range te.Errors {
		e = strings.ReplaceAll(e, " in type cli.Config", "")
		if strings.Contains(e, "field token ") || strings.Contains(e, "_token ") {
			e += "; secrets come from the environment or a file (…_file), never from the settings"
		}
		problems = append(problems, fmt.Errorf("%s: %s", path, e))
	}
	return problems
}

func (c *Config) relativeTo(dir string) {
	for _, p := range []*string{&c.Slack.BotTokenFile, &c.Slack.AppTokenFile, &c.Jira.TokenFile, &c.Okta.TokenFile, &c.Database} {
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

func (c *Config) readSecrets() []error {
	var problems []error
	for _, s := range []struct {
		into *Secret
		file string
		key  string
	}{
		{&c.Slack.BotToken, c.Slack.BotTokenFile, "slack.bot_token_file"},
		{&c.Slack.AppToken, c.Slack.AppTokenFile, "slack.app_token_file"},
		{&c.Jira.Token, c.Jira.TokenFile, "jira.token_file"},
		{&c.Okta.Token, c.Okta.TokenFile, "okta.token_file"},
	} {
		if s.file == "" || *s.into != "" {
			continue
		}
		v, err := readSecret(s.file)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", s.key, err))
			continue
		}
		*s.into = v
	}
	return problems
}

// check looks at what the parts cannot judge by themselves: what is missing, and what contradicts.
func (c *Config) check() []error {
	var problems []error
	need := func(ok bool, what, fix string) {
		if !ok {
			problems = append(problems, fmt.Errorf("%s is missing; %s", what, fix))
		}
	}
	need(strings.HasPrefix(string(c.Slack.BotToken), "xoxb-"), "the Slack bot token (xoxb-…)", "set USHER_SLACK_BOT_TOKEN or slack.bot_token_file")
	need(strings.HasPrefix(string(c.Slack.AppToken), "xapp-"), "the Slack app-level token (xapp-…)", "set USHER_SLACK_APP_TOKEN or slack.app_token_file")
	need(c.Jira.URL != "", "the Jira site", "set USHER_JIRA_URL or jira.url")
	need(c.Jira.Email != "", "the Jira account's address", "set USHER_JIRA_EMAIL or jira.email")
	need(c.Jira.Token != "", "the Jira token", "set USHER_JIRA_TOKEN or jira.token_file")
	need(c.Jira.Project != "", "the Jira project key", "set jira.project")
	need(c.Okta.URL != "", "the Okta org", "set USHER_OKTA_URL or okta.url")
	need(c.Okta.Token != "", "the Okta token", "set USHER_OKTA_TOKEN or okta.token_file")
	need(len(c.Catalog) > 0, "the catalog", "set USHER_CATALOG or catalog")
	if c.Identity.MatchEmail && len(c.Identity.Domains) == 0 {
		problems = append(problems, errors.New("identity.match_email needs identity.domains: name the company's own domains, or nobody matches"))
	}
	if !c.Identity.MatchEmail && len(c.Identity.People) == 0 {
		problems = append(problems, errors.New("identity matches nobody: set identity.match_email with identity.domains, or list identity.people"))
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level) {
		problems = append(problems, fmt.Errorf("log.level is %q; use debug, info, warn or error", c.Log.Level))
	}
	if c.Log.Format != "text" && c.Log.Format != "json" {
		problems = append(problems, fmt.Errorf("log.format is %q; use text or json", c.Log.Format))
	}
	if err := loopbackOnly(c.Listen); err != nil {
		problems = append(problems, err)
	}
	return problems
}
