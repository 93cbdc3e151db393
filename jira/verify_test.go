package jira

import (
	"strings"
	"testing"
	"time"

	"usher/access"
	"usher/sandbox/jirasim"
)

func bads(list []Finding) (out []Finding) {
	for _, f := range list {
		if !f.OK {
			out = append(out, f)
		}
	}
	return out
}

func TestVerifyIsContentWithARightSite(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.restart(customFields)
	list := s.tr.Verify(t.Context())
	if wrong := bads(list); len(wrong) > 0 {
		t.Errorf("findings: %+v", wrong)
	}
	seen := map[string]bool{}
	for _, f := range list {
		seen[f.Subject] = true
		if f.Fix != "" || f.Detail == "" {
			t.Errorf("a good finding: %+v", f)
		}
	}
	for _, want := range []string{
		"jira login", "jira clock", "jira project", "jira permissions", "jira issue type", "jira create screen", "jira field role",
		"jira status ended",
	} {
		if !seen[want] {
			t.Errorf("%s was not checked", want)
		}
	}
	if got := s.changes(); len(got) > 0 {
		t.Errorf("Verify changed something: %v", got)
	}
}

func TestVerifyNamesEachFaultWithItsFix(t *testing.T) {
	t.Parallel()
	setting := func(f func(*Config)) func(*site) error {
		return func(s *site) error { s.restart(f); return nil }
	}
	for name, c := range map[string]struct {
		do   func(*site) error
		want string // The subject.
		text string // In detail or fix.
	}{
		"expired token":       {func(s *site) error { return s.ExpireToken(jirasim.BotAccount) }, "jira login", "API token"},
		"scoped token":        {setting(func(c *Config) { c.Token = "ATSTT3xFfGF0-sandbox-bot-scoped-token" }), "jira login", "gateway"},
		"nothing there":       {setting(func(c *Config) { c.URL = "http://127.0.0.1:1" }), "jira login", "site url"},
		"clock ahead":         {setting(func(c *Config) { now := c.Now; c.Now = func() time.Time { return now().Add(time.Hour) } }), "jira clock", "1h0m0s"},
		"no project":          {setting(func(c *Config) { c.Project = "NOPE" }), "jira project", "NOPE"},
		"no issue type":       {setting(func(c *Config) { c.IssueType = "Wish" }), "jira issue type", "Access request"},
		"no status":           {setting(func(c *Config) { c.Statuses[access.IssueActive] = "Running" }), "jira status active", "Waiting for approval"},
		"renamed status":      {func(s *site) error { return s.RenameStatus("Active", "Live") }, "jira status active", "Live"},
		"no field":            {func(s *site) error { return s.RemoveField(jirasim.FieldRole) }, "jira field role", jirasim.FieldRole},
		"field off screen":    {func(s *site) error { return s.RemoveFromScreens("ACCESS", "labels") }, "jira field labels", "create screen"},
		"reporter off":        {func(s *site) error { return s.RemoveFromScreens("ACCESS", "reporter") }, "jira field reporter", "setting"},
		"field of a person":   {setting(func(c *Config) { c.Fields[FieldRole] = jirasim.FieldAccessFor }), "jira field role", "text field"},
		"field of a date":     {setting(func(c *Config) { c.Fields[FieldRole] = jirasim.FieldAccessEnds }), "jira field role", "text field"},
		"cannot comment":      {func(s *site) error { return s.SetPermission(jirasim.BotAccount, "ADD_COMMENTS", false) }, "jira permission Add Comments", "permission scheme"},
		"cannot set reporter": {func(s *site) error { return s.SetPermission(jirasim.BotAccount, "MODIFY_REPORTER", false) }, "jira permission Modify Reporter", "reporter"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.restart(customFields)
			if err := c.do(s); err != nil {
				t.Fatal(err)
			}
			wrong := bads(s.tr.Verify(t.Context()))
			if len(wrong) != 1 || wrong[0].Subject != c.want || wrong[0].Fix == "" ||
				!strings.Contains(wrong[0].Detail+" "+wrong[0].Fix, c.text) {
				t.Errorf("findings: %+v", wrong)
			}
			for _, f := range wrong {
				if strings.Contains(f.Detail+f.Fix, s.cfg.Token) {
					t.Errorf("the token is shown: %+v", f)
				}
			}
		})
	}
}

func TestVerifyNamesFieldsThatJiraRequires(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *jirasim.Config) { c.Projects[0].Required = []string{"duedate"} })
	wrong := bads(s.tr.Verify(t.Context()))
	if len(wrong) != 1 || wrong[0].Subject != "jira field duedate" {
		t.Errorf("findings: %+v", wrong)
	}
}

func TestTheGatewayTakesScopedTokens(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.restart(func(c *Config) {
		c.GatewayURL = c.URL + "/ex/jira/11223344-a1b2-3b33-c444-def123456789"
		c.Token = "ATSTT3xFfGF0-sandbox-bot-scoped-token"
	})
	issue, err := s.tr.Open(t.Context(), s.record(access.IssueWaiting, 1, access.EventRequested))
	if err != nil || issue.URL != s.cfg.URL+"/browse/"+issue.Key {
		t.Errorf("issue %+v, error %v", issue, err)
	}
}
