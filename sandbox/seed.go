package sandbox

import (
	"slices"
	"time"

	"usher/sandbox/jirasim"
	"usher/sandbox/oktasim"
	"usher/sandbox/slacksim"
)

// The credentials of the sandbox. They open nothing but the simulators.
const (
	SlackBotToken = "xoxb-sandbox-bot"
	SlackAppToken = "xapp-sandbox-app"
	OktaToken     = "00sandbox-okta-token"
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

func oktaConfig(c *Company, now func() time.Time) oktasim.Config {
	start := now()
	cfg := oktasim.Config{
		Now:    now,
		Tokens: []oktasim.Token{{ID: "00Tsandbox", Secret: OktaToken, OwnerUserID: "00uusherservice00000", Admin: oktasim.GroupAdmin}},
		Users: []oktasim.User{{
			ID: "00uusherservice00000", Login: "usher-service@" + c.Domain, First: "Usher", Last: "Service",
			DisplayName: "Usher service", Created: start.AddDate(-1, 0, 0),
		}},
	}
	for i, p := range c.People {
		if p.Outsider {
			continue
		}
		first, last := splitName(p.Name)
		login := start.Add(-time.Duration(1+i*5) * 24 * time.Hour) // Spread over 200 days.
		u := oktasim.User{
			ID: p.OktaID(), Login: p.Email(), Email: p.Email(), First: first, Last: last, DisplayName: p.Name,
			Title: p.Title, Department: p.Department, Created: start.AddDate(-2, 0, 0), LastLogin: &login,
		}
		if m, ok := c.Person(p.Manager); ok {
			u.ManagerID, u.Manager = m.OktaID(), m.Name
		}
		if p.Left {
			u.Status = oktasim.StatusDeprovisioned
		}
		cfg.Users = append(cfg.Users, u)
	}
	oktaGroups(c, &cfg)
	oktaApps(c, &cfg, start)
	return cfg
}

func oktaGroups(c *Company, cfg *oktasim.Config) {
	for _, g := range c.Groups {
		og := oktasim.Group{ID: g.ID, Name: g.Name, Members: c.oktaIDs(g.Members)}
		if g.Imported {
			og.Type = oktasim.AppGroup
		}
		if g.Rule != "" {
			rule := "0pr1" + g.ID[4:]
			cfg.Rules = append(cfg.Rules, oktasim.Rule{ID: rule, Name: "fill " + g.Name, Expression: g.Rule, Groups: []string{g.ID}})
		}
		cfg.Groups = append(cfg.Groups, og)
	}
}

func oktaApps(c *Company, cfg *oktasim.Config, start time.Time) {
	for _, a := range c.Apps {
		app := oktasim.App{ID: a.ID, Label: a.Label, Name: a.Label}
		if a.Group != "" {
			app.Groups = []string{a.Group}
		}
		cfg.Apps = append(cfg.Apps, app)
		for _, p := range c.People {
			if days, ok := a.Used[p.Handle]; ok {
				cfg.Logins = append(cfg.Logins, oktasim.SSO{User: p.OktaID(), App: a.ID, At: start.Add(-time.Duration(days) * 24 * time.Hour)})
			}
		}
	}
}

func (c *Company) oktaIDs(handles []string) []string {
	ids := make([]string, 0, len(handles))
	for _, h := range handles {
		if p, ok := c.Person(h); ok {
			ids = append(ids, p.OktaID())
		}
	}
	return ids
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
