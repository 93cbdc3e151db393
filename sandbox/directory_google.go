package sandbox

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"usher/sandbox/googlesim"
)

const (
	googleName = "google"

	googleAccount = "usher@sandbox.iam.gserviceaccount.com"
	googleKeyID   = "sandbox-key"
	googleKeyBits = 2048
)

// makeGoogle makes the company's Google Workspace, with a service account whose key is made anew.
func (w *World) makeGoogle() (Directory, error) {
	key, err := rsa.GenerateKey(rand.Reader, googleKeyBits)
	if err != nil {
		return nil, fmt.Errorf("make a key of google's service account: %w", err)
	}
	sim, err := googlesim.New(googleConfig(w, key))
	if err != nil {
		return nil, fmt.Errorf("make google simulator: %w", err)
	}
	d := &googleDirectory{Server: sim, key: key, admin: googleAdmin(w.Company)}
	return d, d.recordUse(w)
}

// googleDirectory is the simulated Google Workspace as a Directory.
type googleDirectory struct {
	*googlesim.Server
	key        *rsa.PrivateKey
	admin, url string
}

func (d *googleDirectory) Name() string  { return googleName }
func (d *googleDirectory) Label() string { return "Google" }
func (d *googleDirectory) URL() string   { return d.url }

func (d *googleDirectory) Environment() map[string]string {
	pemKey := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(d.key)})
	file, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": googleAccount, "private_key_id": googleKeyID, "private_key": string(pemKey), "token_uri": d.url + "/token",
	})
	if err != nil {
		panic(err) // Texts cannot fail.
	}
	return map[string]string{"USHER_GOOGLE_URL": d.url, "USHER_GOOGLE_CREDENTIALS": string(file)}
}

func (d *googleDirectory) Settings() string {
	return fmt.Sprintf("google: {url: %q, subject: %s}\n", d.url, d.admin)
}

func (d *googleDirectory) open(w *World, addr string) (err error) {
	if d.url, err = w.Serve(addr, d.Server); err == nil {
		d.SetURL(d.url)
	}
	return err
}

func (d *googleDirectory) UserID(handle string) string { return googleUserID(handle) }

func (d *googleDirectory) GroupID(group string) string { return googleGroupID(group) }

func (d *googleDirectory) User(id string) (Account, bool) {
	u, ok := d.Server.User(id)
	return Account{u.ID, strings.TrimSpace(u.Given + " " + u.Family), u.Title, !u.Suspended && !u.Archived}, ok
}

func (d *googleDirectory) Groups() []DirectoryGroup {
	var out []DirectoryGroup
	for _, g := range d.Server.Groups() {
		one := DirectoryGroup{ID: g.ID, Name: g.Name, Members: d.Server.Members(g.ID)}
		switch {
		case g.Locked:
			one.Kind = "locked, synced from elsewhere"
		case g.Dynamic:
			one.Kind = "filled by a rule"
		}
		out = append(out, one)
	}
	return out
}

func (d *googleDirectory) Members(group string) []string {
	return d.Server.Members(googleGroupID(group))
}

func (d *googleDirectory) History(group string) []Change {
	var out []Change
	for _, c := range d.MemberHistory(googleGroupID(group)) {
		by := c.By + byHand
		if c.By == d.admin {
			by = "Usher, by its service account"
		}
		out = append(out, Change{At: c.At, User: c.MemberID, Added: c.Added, By: by})
	}
	return out
}

func (d *googleDirectory) AddByHand(group, user, by string) error {
	return d.AddMemberByHand(googleGroupID(group), user, googlesim.Member, by)
}

func (d *googleDirectory) RemoveByHand(group, user, by string) error {
	return d.RemoveMemberByHand(googleGroupID(group), user, by)
}

// Deactivate archives the account: a suspended one may come back.
func (d *googleDirectory) Deactivate(user string) error { return d.SetStatus(user, false, true) }

func (d *googleDirectory) Reactivate(user string) error { return d.SetStatus(user, false, false) }

func (d *googleDirectory) Calls() []Call {
	list := d.Server.Calls()
	out := make([]Call, len(list))
	for i, c := range list {
		out[i] = overHTTP(Received(c), googleTouch(c))
		if c.Name == "member.get" && c.Status == http.StatusNotFound {
			out[i].OK = true // So the API says that somebody is no member.
		}
	}
	return out
}

// googleTouch reads from path, query and body which membership a call is about.
func googleTouch(c googlesim.Call) Touch {
	part := append(strings.Split(c.Path, "/"), make([]string, 8)...)
	switch c.Name { // /admin/directory/v1/groups/{5}/members/{7}, after an empty part
	case "member.insert":
		var body struct{ ID string }
		_ = json.Unmarshal([]byte(c.Body), &body) // The server judges the body; here it names nobody then.
		return Touch{Adds, part[5], body.ID}
	case "member.delete":
		return Touch{Removes, part[5], part[7]}
	case "member.get", "member.has", "member.list":
		return Touch{Reads, part[5], part[7]}
	case "group.list":
		query, err := url.ParseQuery(c.Query)
		if user := query.Get("userKey"); err == nil && user != "" {
			return Touch{Does: Reads, User: user}
		}
	}
	return Touch{}
}

func (d *googleDirectory) Inject(f Fault) {
	d.Server.Inject(googlesim.Fault{Name: f.Name, Kind: googlesim.FaultKind(f.Kind), Times: f.Times, Skip: f.Skip, After: f.After})
}

func (d *googleDirectory) FaultKinds() []string { return names(googlesim.FaultKinds()) }

func (d *googleDirectory) Doing(what Doing) []string {
	return map[Doing][]string{
		Adds: {"member.insert"}, Removes: {"member.delete"}, Reads: {"member.get", "member.has", "member.list", "group.list"},
	}[what]
}

// googleAdmin is the admin whom the service account acts for.
func googleAdmin(c *Company) string { return "usher-admin@" + c.Domain }

// googleScopes are what the company has delegated to the service account: what the product's documentation asks for.
func googleScopes() []string {
	var all []string
	for _, s := range []string{
		"admin.directory.group.member", "admin.directory.group.readonly", "admin.directory.user.readonly",
		"admin.directory.rolemanagement.readonly", "cloud-identity.groups", "cloud-identity.groups.readonly",
	} {
		all = append(all, "https://www.googleapis.com/auth/"+s)
	}
	return all
}

func googleConfig(w *World, key *rsa.PrivateKey) googlesim.Config {
	c, start := w.Company, w.Clock.Now()
	cfg := googlesim.Config{
		Now: w.Clock.Now, Domains: c.Domains(),
		Users: []googlesim.User{{ID: googleUserID("usher admin"), Primary: googleAdmin(c), Given: "Usher", Family: "Admin", Admin: googlesim.SuperAdmin}},
		ServiceAccounts: []googlesim.ServiceAccount{{
			Email: googleAccount, ClientID: "117000000000000000001", KeyID: googleKeyID, Key: &key.PublicKey, Delegated: googleScopes(),
		}},
	}
	for i, p := range c.People {
		if p.Outsider {
			continue
		}
		first, last := splitName(p.Name)
		u := googlesim.User{
			ID: googleUserID(p.Handle), Primary: p.Email(), Given: first, Family: last, Title: p.Title, Department: p.Department,
			Archived: p.Left, LastLogin: lastLogin(start, i),
		}
		if m, ok := c.Person(p.Manager); ok {
			u.Manager = m.Email()
		}
		cfg.Users = append(cfg.Users, u)
	}
	for _, g := range c.Groups {
		gg := googlesim.Group{ID: googleGroupID(g.ID), Email: "group-" + g.ID + "@" + c.Domain, Name: g.Name, Locked: g.Imported, Dynamic: g.Rule != ""}
		for _, h := range g.Members {
			gg.Members = append(gg.Members, googleUserID(h))
		}
		cfg.Groups = append(cfg.Groups, gg)
	}
	return cfg
}

// recordUse fills the report of SAML with who used which app when.
func (d *googleDirectory) recordUse(w *World) error {
	for _, a := range w.Company.Apps {
		for _, p := range w.Company.People {
			days, ok := a.Used[p.Handle]
			if !ok {
				continue
			}
			words := map[string]string{"application_name": a.Label, "initiated_by": "sp"}
			if err := d.Record(googlesim.ReportSAML, googlesim.LoginSuccess, googleUserID(p.Handle), daysBefore(w.Clock.Now(), days), words); err != nil {
				return fmt.Errorf("record who used %s: %w", a.Label, err)
			}
		}
	}
	return nil
}
