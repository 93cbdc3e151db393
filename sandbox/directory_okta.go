package sandbox

import (
	"fmt"
	"strings"
	"time"

	"usher/sandbox/oktasim"
)

const (
	oktaName = "okta"
	// OktaToken opens nothing but the simulator.
	OktaToken = "00sandbox-okta-token"

	oktaServiceID = "00uusherservice00000"
)

// makeOkta makes the company's directory in Okta.
func (w *World) makeOkta(cfg oktasim.Config) (Directory, error) {
	sim, err := oktasim.New(cfg)
	if err != nil {
		return nil, fmt.Errorf("make okta simulator: %w", err)
	}
	w.Okta = sim
	return &oktaDirectory{Server: sim, company: w.Company}, nil
}

// oktaDirectory is the simulated Okta as a Directory.
type oktaDirectory struct {
	*oktasim.Server
	company *Company
	url     string
}

func (d *oktaDirectory) Name() string     { return oktaName }
func (d *oktaDirectory) Label() string    { return "Okta" }
func (d *oktaDirectory) URL() string      { return d.url }
func (d *oktaDirectory) Settings() string { return fmt.Sprintf("okta: {url: %q}\n", d.url) }

func (d *oktaDirectory) Environment() map[string]string {
	return map[string]string{"USHER_OKTA_URL": d.url, "USHER_OKTA_TOKEN": OktaToken}
}

func (d *oktaDirectory) open(w *World, addr string) (err error) {
	if d.url, err = w.Serve(addr, d.Server); err != nil {
		return err
	}
	d.SetURL(d.url)
	w.OktaURL = d.url
	return nil
}

func (d *oktaDirectory) UserID(handle string) string {
	p, _ := d.company.Person(handle)
	return p.OktaID()
}

// GroupID is the id of the company file, which is spelled as Okta's.
func (d *oktaDirectory) GroupID(group string) string { return group }

func (d *oktaDirectory) User(id string) (Account, bool) {
	u, ok := d.Server.User(id)
	return Account{u.ID, u.DisplayName, u.Title, u.Status == oktasim.StatusActive}, ok
}

func (d *oktaDirectory) Groups() []DirectoryGroup {
	var out []DirectoryGroup
	for _, g := range d.Server.Groups() {
		one := DirectoryGroup{ID: g.ID, Name: g.Name, Members: g.Members}
		switch {
		case g.Type == oktasim.AppGroup:
			one.Kind = "imported from an app"
		case g.Type == oktasim.BuiltIn:
			one.Kind = "built in"
		case len(g.RuleIDs) > 0:
			one.Kind = "filled by a rule"
		}
		out = append(out, one)
	}
	return out
}

func (d *oktaDirectory) History(group string) []Change {
	var out []Change
	for _, c := range d.MemberHistory(group) {
		by := "a group rule"
		switch c.Via {
		case oktasim.ViaAPI:
			by = "Usher, by API token"
		case oktasim.ViaConsole:
			by = c.Actor + byHand
		}
		out = append(out, Change{At: c.At, User: c.User, Added: c.Added, By: by})
	}
	return out
}

func (d *oktaDirectory) AddByHand(group, user, by string) error {
	return d.AddMemberByHand(group, user, by)
}

func (d *oktaDirectory) RemoveByHand(group, user, by string) error {
	return d.RemoveMemberByHand(group, user, by)
}

func (d *oktaDirectory) Calls() []Call {
	list := d.Server.Calls()
	out := make([]Call, len(list))
	for i, c := range list {
		out[i] = overHTTP(Received(c), oktaTouch(c))
	}
	return out
}

// oktaTouch reads from the path which membership a call is about.
func oktaTouch(c oktasim.Call) Touch {
	part := append(strings.Split(c.Path, "/"), make([]string, 7)...)
	switch c.Name { // /api/v1/groups/{3}/users/{5} and /api/v1/users/{3}/groups, after an empty part
	case "group.member.add":
		return Touch{Adds, part[4], part[6]}
	case "group.member.remove":
		return Touch{Removes, part[4], part[6]}
	case "group.members":
		return Touch{Does: Reads, Group: part[4]}
	case "user.groups":
		return Touch{Does: Reads, User: part[4]}
	}
	return Touch{}
}

func (d *oktaDirectory) Inject(f Fault) {
	d.Server.Inject(oktasim.Fault{Name: f.Name, Kind: oktasim.FaultKind(f.Kind), Times: f.Times, Skip: f.Skip, After: f.After})
}

func (d *oktaDirectory) FaultKinds() []string { return names(oktasim.FaultKinds()) }

func (d *oktaDirectory) Doing(what Doing) []string {
	return map[Doing][]string{Adds: {"group.member.add"}, Removes: {"group.member.remove"}, Reads: {"user.groups", "group.members"}}[what]
}

func oktaConfig(c *Company, now func() time.Time) oktasim.Config {
	start := now()
	cfg := oktasim.Config{
		Now:    now,
		Tokens: []oktasim.Token{{ID: "00Tsandbox", Secret: OktaToken, OwnerUserID: oktaServiceID, Admin: oktasim.GroupAdmin}},
		Users: []oktasim.User{{
			ID: oktaServiceID, Login: "usher-service@" + c.Domain, First: "Usher", Last: "Service",
			DisplayName: "Usher service", Created: start.AddDate(-1, 0, 0),
		}},
	}
	for i, p := range c.People {
		if p.Outsider {
			continue
		}
		first, last := splitName(p.Name)
		login := lastLogin(start, i)
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
				cfg.Logins = append(cfg.Logins, oktasim.SSO{User: p.OktaID(), App: a.ID, At: daysBefore(start, days)})
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
