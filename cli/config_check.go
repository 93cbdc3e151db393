package cli

import (
	"fmt"
	"slices"
	"strings"

	"usher/access"
	"usher/idp/okta"
)

const (
	botPrefix = "xoxb-"
	appPrefix = "xapp-"
)

func (c *Config) readSecrets() []error {
	var problems []error
	for _, s := range append([]secretFile{
		{&c.Slack.BotToken, "slack", c.Slack.BotTokenFile, "slack.bot_token_file"},
		{&c.Slack.AppToken, "slack", c.Slack.AppTokenFile, "slack.app_token_file"},
		{&c.Jira.Token, "jira", c.Jira.TokenFile, "jira.token_file"},
	}, c.providerFiles()...) {
		if s.file == "" || *s.into != "" {
			continue
		}
		v, err := readSecret(s.file)
		if err != nil {
			problems = append(problems, &problem{s.about, fmt.Sprintf("%s: %v", s.key, err), "put the token into that file, readable by the user that runs Usher"})
			v = unread
		}
		*s.into = v
	}
	return problems
}

// unread stands for a secret whose file is wrong, which has been said: it is not missing as well.
const unread = "unread"

// check looks at what the parts cannot judge by themselves: what is missing, and what contradicts.
func (c *Config) check() []error {
	var problems []error
	bad := func(about, text, fix string) { problems = append(problems, &problem{about, text, fix}) }
	need := func(about string, there bool, what, fix string) {
		if !there {
			bad(about, what+" is missing", fix)
		}
	}
	token := func(s Secret, prefix, what, fix string) {
		need("slack", s != "", what, fix)
		if s != "" && s != unread && !strings.HasPrefix(string(s), prefix) {
			bad("slack", what+" does not begin with "+prefix, "copy it again from the app's settings, and see that the two tokens are not exchanged")
		}
	}
	token(c.Slack.BotToken, botPrefix, "the Slack bot token (xoxb-…)", "set USHER_SLACK_BOT_TOKEN or slack.bot_token_file")
	token(c.Slack.AppToken, appPrefix, "the Slack app-level token (xapp-…)", "set USHER_SLACK_APP_TOKEN or slack.app_token_file")
	need("jira", c.Jira.URL != "", "the Jira site", "set USHER_JIRA_URL or jira.url")
	need("jira", c.Jira.Email != "", "the Jira account's address", "set USHER_JIRA_EMAIL or jira.email")
	need("jira", c.Jira.Token != "", "the Jira token", "set USHER_JIRA_TOKEN or jira.token_file")
	need("jira", c.Jira.Project != "", "the Jira project key", "set jira.project")
	for _, s := range c.Jira.unknownStatuses() {
		bad("jira", fmt.Sprintf("jira.statuses has no %q", s), "the names are "+strings.Join(statusNames(), ", "))
	}
	problems = append(problems, c.checkProviders()...)
	need("catalog", len(c.Catalog) > 0, "the catalog", "set USHER_CATALOG or catalog")
	if c.Identity.MatchEmail && len(c.Identity.Domains) == 0 {
		bad("", "identity.match_email needs identity.domains", "name the company's own domains, or nobody matches")
	}
	if !c.Identity.MatchEmail && len(c.Identity.People) == 0 {
		bad("", "identity matches nobody", "set identity.match_email with identity.domains, or list identity.people")
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level) {
		bad("", fmt.Sprintf("log.level is %q", c.Log.Level), "use debug, info, warn or error")
	}
	if c.Log.Format != "text" && c.Log.Format != "json" {
		bad("", fmt.Sprintf("log.format is %q", c.Log.Format), "use text or json")
	}
	if err := loopbackOnly(c.Listen); err != nil {
		problems = append(problems, err)
	}
	return problems
}

func (c OktaConfig) reserveFits() bool { return c.Reserve >= 0 && c.Reserve < 1 }

// statusNames are the keys of jira.statuses, in the order of a life.
func statusNames() []string {
	var names []string
	for _, s := range []access.IssueStatus{
		access.IssueWaiting, access.IssueApproved, access.IssueActive, access.IssueEnded, access.IssueDenied,
		access.IssueCanceled, access.IssueExpired, access.IssueFailed,
	} {
		names = append(names, string(s))
	}
	return names
}

func (c JiraConfig) unknownStatuses() []string {
	var list []string
	for s := range c.Statuses {
		if !slices.Contains(statusNames(), s) {
			list = append(list, s)
		}
	}
	slices.Sort(list)
	return list
}

// whole returns a copy with stand-ins for what check complained about, so that the parts can judge the rest and all
// problems are told in one round. Nothing may be asked of a part with a stand-in.
func (c Config) whole() Config {
	stand := func(p *string, with string) {
		if *p == "" {
			*p = with
		}
	}
	if !strings.HasPrefix(string(c.Slack.BotToken), botPrefix) {
		c.Slack.BotToken = botPrefix + "stand-in"
	}
	if !strings.HasPrefix(string(c.Slack.AppToken), appPrefix) {
		c.Slack.AppToken = appPrefix + "stand-in"
	}
	stand(&c.Jira.URL, "https://jira.invalid")
	stand(&c.Jira.Email, "usher@jira.invalid")
	stand((*string)(&c.Jira.Token), unread)
	stand(&c.Jira.Project, "STANDIN")
	if c.has(okta.Name) {
		stand(&c.Okta.URL, "https://okta.invalid")
		c.Okta = c.Okta.standIn()
		if !c.Okta.reserveFits() {
			c.Okta.Reserve = defaultConfig().Okta.Reserve
		}
	}
	c.standIn()
	if !c.has(c.people()) {
		c.Directory = c.configured()[0]
	}
	known := map[string]string{}
	for k, v := range c.Jira.Statuses {
		if slices.Contains(statusNames(), k) {
			known[k] = v
		}
	}
	c.Jira.Statuses = known
	return c
}
