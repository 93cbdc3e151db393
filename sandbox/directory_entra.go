package sandbox

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"usher/sandbox/graphsim"
)

const (
	entraName = "entra"
	// EntraSecret opens nothing but the simulator.
	EntraSecret = "sandbox~entra.secret"

	entraClient = "0f1c2d3e-aaaa-4bbb-8ccc-00000000c0de"
)

// makeEntra makes the company's tenant of Entra ID.
func (w *World) makeEntra() (Directory, error) {
	sim, err := graphsim.New(entraConfig(w))
	if err != nil {
		return nil, fmt.Errorf("make entra simulator: %w", err)
	}
	return &entraDirectory{Server: sim}, nil
}

// entraDirectory is the simulated Graph as a Directory.
type entraDirectory struct {
	*graphsim.Server
	url string
}

func (d *entraDirectory) Name() string  { return entraName }
func (d *entraDirectory) Label() string { return "Entra ID" }
func (d *entraDirectory) URL() string   { return d.url }

func (d *entraDirectory) Environment() map[string]string {
	return map[string]string{"USHER_ENTRA_GRAPH_URL": d.url, "USHER_ENTRA_CLIENT_SECRET": EntraSecret}
}

func (d *entraDirectory) Settings() string {
	return fmt.Sprintf("entra: {tenant_id: %s, client_id: %s, graph_url: %q}\n", d.TenantID(), entraClient, d.url)
}

func (d *entraDirectory) open(w *World, addr string) (err error) {
	if d.url, err = w.Serve(addr, d.Server); err == nil {
		d.SetURL(d.url)
	}
	return err
}

func (d *entraDirectory) UserID(handle string) string { return guid("person", handle) }

func (d *entraDirectory) GroupID(group string) string { return groupGUID(group) }

func (d *entraDirectory) User(id string) (Account, bool) {
	u, ok := d.Server.User(id)
	return Account{u.ID, u.DisplayName, u.JobTitle, !u.Disabled && u.Deleted.IsZero()}, ok
}

func (d *entraDirectory) Groups() []DirectoryGroup {
	var out []DirectoryGroup
	for _, g := range d.Server.Groups() {
		one := DirectoryGroup{ID: g.ID, Name: g.DisplayName, Members: g.Members}
		switch {
		case g.Synced:
			one.Kind = "synced from on-premises"
		case g.Dynamic:
			one.Kind = "filled by a rule"
		}
		out = append(out, one)
	}
	return out
}

func (d *entraDirectory) Members(group string) []string { return d.Server.Members(groupGUID(group)) }

func (d *entraDirectory) History(group string) []Change {
	var out []Change
	for _, c := range d.MemberHistory(groupGUID(group)) {
		by := c.By + byHand
		if c.By == entraClient {
			by = "Usher, by its app registration"
		}
		out = append(out, Change{At: c.At, User: c.User, Added: c.Added, By: by})
	}
	return out
}

func (d *entraDirectory) AddByHand(group, user, by string) error {
	return d.AddMemberByHand(groupGUID(group), user, by)
}

func (d *entraDirectory) RemoveByHand(group, user, by string) error {
	return d.RemoveMemberByHand(groupGUID(group), user, by)
}

// Deactivate moves the account to the deleted items: a blocked one may come back.
func (d *entraDirectory) Deactivate(user string) error { return d.DeleteUser(user) }

func (d *entraDirectory) Reactivate(user string) error { return d.RestoreUser(user) }

func (d *entraDirectory) Calls() []Call {
	list := d.Server.Calls()
	out := make([]Call, len(list))
	for i, c := range list {
		out[i] = overHTTP(Received(c), entraTouch(c))
	}
	return out
}

// entraTouch reads from path and body which membership a call is about.
func entraTouch(c graphsim.Call) Touch {
	part := append(strings.Split(c.Path, "/"), make([]string, 6)...)
	switch c.Name { // /v1.0/groups/{3}/members/{5}/$ref and /v1.0/users/{3}/memberOf, after an empty part
	case "group.member.add":
		var body struct {
			Ref string `json:"@odata.id"`
		}
		_ = json.Unmarshal([]byte(c.Body), &body) // The server judges the body; here it names nobody then.
		return Touch{Adds, part[3], path.Base(body.Ref)}
	case "group.member.remove":
		return Touch{Removes, part[3], part[5]}
	case "group.members":
		return Touch{Does: Reads, Group: part[3]}
	case "user.groups":
		return Touch{Does: Reads, User: part[3]}
	}
	return Touch{}
}

func (d *entraDirectory) Inject(f Fault) {
	d.Server.Inject(graphsim.Fault{Name: f.Name, Kind: graphsim.FaultKind(f.Kind), Times: f.Times, Skip: f.Skip, After: f.After})
}

func (d *entraDirectory) FaultKinds() []string { return names(graphsim.FaultKinds()) }

func (d *entraDirectory) Doing(what Doing) []string {
	return map[Doing][]string{Adds: {"group.member.add"}, Removes: {"group.member.remove"}, Reads: {"user.groups", "group.members"}}[what]
}

// entraRoles are the permissions that the product's documentation asks for.
func entraRoles() []string {
	return []string{
		graphsim.GroupMemberWrite, graphsim.UserRead, graphsim.AuditLogRead, graphsim.PIMWrite, graphsim.ApplicationRead,
	}
}

func entraConfig(w *World) graphsim.Config {
	c, start := w.Company, w.Clock.Now()
	cfg := graphsim.Config{
		Now: w.Clock.Now, TenantID: guid("tenant", c.Domain),
		Clients: []graphsim.Client{{ID: entraClient, Secret: EntraSecret, Roles: entraRoles()}},
	}
	for i, p := range c.People {
		if p.Outsider {
			continue
		}
		first, last := splitName(p.Name)
		login := lastLogin(start, i)
		u := graphsim.User{
			ID: guid("person", p.Handle), UserPrincipalName: p.Email(), Mail: p.Email(), DisplayName: p.Name, GivenName: first, Surname: last,
			JobTitle: p.Title, Department: p.Department, Disabled: p.Left, LastSignIn: &login,
		}
		if _, ok := c.Person(p.Manager); ok {
			u.ManagerID = guid("person", p.Manager)
		}
		cfg.Users = append(cfg.Users, u)
	}
	for _, g := range c.Groups {
		eg := graphsim.Group{ID: groupGUID(g.ID), DisplayName: g.Name, Synced: g.Imported, Dynamic: g.Rule != ""}
		for _, h := range g.Members {
			eg.Members = append(eg.Members, guid("person", h))
		}
		cfg.Groups = append(cfg.Groups, eg)
	}
	for _, a := range c.Apps {
		app := graphsim.App{ID: guid("service principal", a.ID), AppID: guid("app", a.ID), DisplayName: a.Label}
		if slices.ContainsFunc(c.Groups, func(g Group) bool { return g.ID == a.Group }) {
			app.Groups = []string{groupGUID(a.Group)}
		}
		cfg.Apps = append(cfg.Apps, app)
		for _, p := range c.People {
			if days, ok := a.Used[p.Handle]; ok {
				cfg.SignIns = append(cfg.SignIns, graphsim.SignIn{User: guid("person", p.Handle), AppID: app.AppID, At: daysBefore(start, days)})
			}
		}
	}
	return cfg
}
