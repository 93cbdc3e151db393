package sandbox

import (
	"slices"
	"time"

	"usher/sandbox/jirasim"
	"usher/sandbox/slacksim"
)

// The credentials of the sandbox. They open nothing but the simulators.
const (
	SlackBotToken = "xoxb-sandbox-bot"
	SlackAppToken = "xapp-sandbox-app"
	// JiraProject is the key of the project that holds the requests.
	JiraProject = "ACCESS"
)

func slackConfig(c *Company, now func() time.Time, manifest []byte) slacksim.Config {
	cfg := slacksim.Config{
		Now: now, Team: slacksim.Team{ID: "T0LARKSPUR", Name: c.Name, Domain: "sandbox"}, AppID: "A0USHER",
		BotUserID: "U0USHER", BotID: "B0USHER", BotToken: SlackBotToken, AppToken: SlackAppToken, Manifest: manifest,
	}
	for _, p := range c.People {
		u := slacksim.User{
			ID: p.SlackID(), Name: p.Handle, RealName: p.Name, Email: p.Email(), Title: p.Title,
			EmailConfirmed: !p.Unconfirmed, Deleted: p.Left, Guest: p.Guest, Admin: slices.Contains(c.Admins, p.Handle),
		}
		if p.Outsider {
			u.TeamID = "T0ELSEWHERE"
		}
		cfg.Users = append(cfg.Users, u)
		if p.SecondSlack {
			u.ID, u.Name = p.SecondSlackID(), p.Handle+"2"
			cfg.Users = append(cfg.Users, u)
		}
	}
	return cfg
}

// lastLogin is when somebody, by their place in the company file, last signed in: they are spread over 200 days.
func lastLogin(start time.Time, place int) time.Time { return daysBefore(start, 1+place*5) }

func daysBefore(start time.Time, days int) time.Time {
	return start.Add(-time.Duration(days) * 24 * time.Hour)
}

func jiraConfig(c *Company, now func() time.Time) jirasim.Config {
	cfg := jirasim.DefaultConfig(now)
	var member []string
	for _, a := range cfg.Accounts {
		if a.AccountID != jirasim.BotAccount && a.AccountID != jirasim.AdminAccount && len(a.Permissions) > 0 {
			member = a.Permissions
		}
	}
	cfg.Accounts = slices.DeleteFunc(cfg.Accounts, func(a jirasim.Account) bool {
		return a.AccountID != jirasim.BotAccount && a.AccountID != jirasim.AdminAccount
	})
	for _, p := range c.People {
		if p.Outsider || p.Guest {
			continue
		}
		cfg.Accounts = append(cfg.Accounts, jirasim.Account{
			AccountID: p.AccountID(), Email: p.Email(), DisplayName: p.Name, Inactive: p.Left, Permissions: member,
		})
	}
	return cfg
}

// splitName cuts a display name into first and last name at the first space.
func splitName(name string) (first, last string) {
	for i, r := range name {
		if r == ' ' {
			return name[:i], name[i+1:]
		}
	}
	return name, name
}
