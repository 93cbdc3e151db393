package oktasim_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"usher/sandbox/oktasim"
)

func TestUserShowsNullsAndCustomAttributes(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	u := o.get("/api/v1/users/00u3").object(t)
	profile := u["profile"].(map[string]any)
	for _, name := range []string{"title", "manager", "managerId", "mobilePhone", "secondEmail", "badge"} {
		if v, found := profile[name]; !found || v != nil {
			t.Errorf("%s: %v (present %v), want null", name, v, found)
		}
	}
	if v, found := u["lastLogin"]; !found || v != nil {
		t.Errorf("lastLogin of one who never signed in: %v", v)
	}
	if profile["department"] != "Sales" {
		t.Errorf("profile: %v", profile)
	}
	bob := o.get("/api/v1/users/00u2").object(t)["profile"].(map[string]any)
	if _, found := bob["department"]; found || bob["managerId"] != "00u1" || bob["manager"] != "Ada Lovelace" {
		t.Errorf("profile: %v", bob)
	}
	if v := o.get("/api/v1/users/00u1").object(t)["lastLogin"]; v != "2026-05-29T09:00:17.250Z" {
		t.Errorf("lastLogin: %v", v)
	}
}

func TestUserIsFoundByIDLoginAndShortLogin(t *testing.T) {
	t.Parallel()
	cfg := company(newClock())
	cfg.Users = append(cfg.Users, oktasim.User{ID: "00u9", Login: "odd/name@example.com", First: "Odd", Last: "Name"},
		oktasim.User{ID: "00u10", Login: "bob@other.example", First: "Bob", Last: "Two"})
	o := start(t, cfg)
	for path, id := range map[string]string{
		"00u1": "00u1", "ADA@example.com": "00u1", "ada%40example.com": "00u1", "ada": "00u1", "odd%2Fname@example.com": "00u9", "me": "00u1",
	} {
		if have := o.get("/api/v1/users/"+path).want(t, 200).object(t)["id"]; have != id {
			t.Errorf("%s: %v", path, have)
		}
	}
	o.get("/api/v1/users/odd/name@example.com").refusal(t, 404, "E0000008")
	o.get("/api/v1/users/bob").refusal(t, 404, "E0000007") // two of them
	if text := string(o.get("/api/v1/users/00ux").body); !strings.Contains(text, "Resource not found: 00ux (User)") {
		t.Errorf("%s", text)
	}
}

func TestUserLifeCycleRefusesWrongStates(t *testing.T) {
	t.Parallel()
	c := newClock()
	o := start(t, company(c))
	act := func(id, verb string) got { return o.call("POST", "/api/v1/users/"+id+"/lifecycle/"+verb, "") }
	state := func(id string) string { u, _ := o.User(id); return u.Status }
	act("00u1", "activate").refusal(t, 403, "E0000016")
	act("00u2", "unsuspend").refusal(t, 400, "E0000001")
	act("00u2", "suspend").want(t, 200)
	act("00u2", "suspend").refusal(t, 400, "E0000001")
	if state("00u2") != oktasim.StatusSuspended {
		t.Error(state("00u2"))
	}
	o.call("PUT", addBob, "").want(t, 204) // suspended users can be assigned
	act("00u2", "deactivate").want(t, 200)
	act("00u2", "deactivate").refusal(t, 403, "E0000038")
	o.call("POST", "/api/v1/users/00u2", `{"profile":{"title":"x"}}`).refusal(t, 403, "E0000038")
	act("00u2", "activate").want(t, 200)
	if state("00u2") != oktasim.StatusProvisioned {
		t.Error(state("00u2"))
	}
	act("00ux", "suspend").refusal(t, 404, "E0000007")
	o.call("DELETE", "/api/v1/users/00u3", "").want(t, 204)
	if state("00u3") != oktasim.StatusDeprovisioned {
		t.Error("the first delete deactivates")
	}
	o.call("DELETE", "/api/v1/users/00u3", "").want(t, 204)
	o.call("PUT", "/api/v1/groups/00g1/users/00u3", "").refusal(t, 404, "E0000007")
	changed := o.get("/api/v1/users/00u2").object(t)["statusChanged"]
	if changed != c.now().Format("2006-01-02T15:04:05.000Z") {
		t.Errorf("statusChanged %v", changed)
	}
}

func TestUserAndGroupWritesAreValidated(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	tests := []struct{ method, path, body, code string }{
		{"POST", "/api/v1/users", `{`, "E0000003"},
		{"POST", "/api/v1/users", `{"profile":{"login":"x@example.com"}}`, "E0000001"},
		{"POST", "/api/v1/users", `{"profile":{"login":"ADA@example.com","email":"a@b.c","firstName":"A","lastName":"B"}}`, "E0000001"},
		{"POST", "/api/v1/users/00u2", `{"profile":{"shoeSize":44}}`, "E0000001"},
		{"POST", "/api/v1/users/00u2", `{"profile":{"title":44}}`, "E0000001"},
		{"POST", "/api/v1/groups", `{"profile":{}}`, "E0000001"},
		{"POST", "/api/v1/groups", `{"profile":{"name":"n","color":"red"}}`, "E0000001"},
		{"PUT", "/api/v1/groups/00g1", `{"profile":{"name":"eng"}}`, "E0000001"},
	}
	for _, test := range tests {
		o.call(test.method, test.path, test.body).refusal(t, http.StatusBadRequest, test.code)
	}
	req, err := http.NewRequestWithContext(t.Context(), "POST", o.url+"/api/v1/groups", strings.NewReader(`{"profile":{"name":"n"}}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "SSWS "+adminSecret)
	resp, err := o.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a body of no type: %d", resp.StatusCode)
	}
	for _, c := range o.Calls() {
		if c.Changed {
			t.Errorf("changed: %+v", c)
		}
	}
}

func TestGroupCreatedAgainUnderTheSameNameHasAnotherID(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	if err := o.DeleteGroup("00g1"); err != nil {
		t.Fatal(err)
	}
	id, err := o.CreateGroup("app-crm", "CRM")
	if err != nil || id == "00g1" || !strings.HasPrefix(id, "00g") || len(id) != 20 {
		t.Fatalf("%s %v", id, err)
	}
	o.call("PUT", addBob, "").refusal(t, 404, "E0000007")
	equal(t, "by name", o.get("/api/v1/groups?q=app-crm").ids(t), []string{id})
}

func TestConsoleRefusesWhatOktasConsoleRefuses(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	for name, err := range map[string]error{
		"imported group":   o.AddMemberByHand("00g4", "00u1", "ada"),
		"deactivated user": o.AddMemberByHand("00g1", "00u4", "ada"),
		"taken name":       o.RenameGroup("00g1", "eng"),
		"imported group's": o.DeleteGroup("00g4"),
		"unknown role":     o.SetTokenRole("00Tread", "KING"),
		"blank login":      o.SetProfile("00u1", "login", nil),
	} {
		if !errors.Is(err, oktasim.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, err := range map[string]error{
		"add": o.AddMemberByHand("00gx", "00u1", "ada"), "deactivate": o.Deactivate("00ux"), "suspend": o.Suspend("00ux"),
		"rename": o.RenameGroup("00gx", "n"), "delete": o.DeleteGroup("00gx"), "user": o.DeleteUser("00ux"),
		"profile": o.SetProfile("00ux", "title", "x"), "sso": o.SSO("00ux", "0oa1", time.Now()), "role": o.SetTokenRole("x", ""),
	} {
		if !errors.Is(err, oktasim.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestConsoleActsShowInTruthAndOnTheWire(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	if err := o.RenameGroup("00g1", "app-sales"); err != nil {
		t.Fatal(err)
	}
	if profile := o.get("/api/v1/groups/00g1").object(t)["profile"].(map[string]any); profile["name"] != "app-sales" {
		t.Errorf("profile on the wire: %v", profile)
	}
	for _, err := range []error{
		o.SetProfile("00u2", "department", "Legal"), o.SetProfile("00u5", "badge", nil),
		o.Suspend("00u2"), o.DeleteUser("00u1"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	u, found := o.User("00u2")
	if !found || u.Department != "Legal" || u.Status != oktasim.StatusSuspended {
		t.Errorf("%+v", u)
	}
	if _, found = o.User("00u1"); found || len(o.Users()) != 4 {
		t.Errorf("deleted user is still there")
	}
	equal(t, "members", o.Members("00g1"), []string{"00u4"})
	var groups []string
	for _, g := range o.Groups() {
		groups = append(groups, g.Name)
	}
	equal(t, "groups", groups, []string{"app-sales", "eng", "helpdesk", "imported", "Everyone"})
	if h := o.MemberHistory("00g1"); len(h) != 1 || h[0].User != "00u1" || h[0].Added || h[0].Via != oktasim.ViaConsole {
		t.Errorf("%+v", h)
	}
	if r, found := o.Rule("0pr1"); !found || len(r.Groups) != 1 {
		t.Errorf("%+v", r)
	}
}

func TestContradictoryConfigurationIsRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*oktasim.Config){
		"user without login":     func(c *oktasim.Config) { c.Users[0].Login = "" },
		"login twice":            func(c *oktasim.Config) { c.Users[1].Login = "ADA@example.com" },
		"member without user":    func(c *oktasim.Config) { c.Groups[0].Members = []string{"00ux"} },
		"group twice":            func(c *oktasim.Config) { c.Groups[1].ID = "00g1" },
		"rule without meaning":   func(c *oktasim.Config) { c.Rules[0].Expression = "whatever" },
		"group without its rule": func(c *oktasim.Config) { c.Groups[0].RuleIDs = []string{"0prx"} },
		"app without its group":  func(c *oktasim.Config) { c.Apps[0].Groups = []string{"00gx"} },
		"login to no app":        func(c *oktasim.Config) { c.Logins[0].App = "0oax" },
		"token without owner":    func(c *oktasim.Config) { c.Tokens[0].OwnerUserID = "00ux" },
		"token with a new role":  func(c *oktasim.Config) { c.Tokens[0].Admin = "KING" },
		"secret twice":           func(c *oktasim.Config) { c.Tokens[0].Secret = c.Tokens[1].Secret },
		"client without key":     func(c *oktasim.Config) { c.Clients = []oktasim.Client{{ID: "0oaX"}} },
	}
	for name, spoil := range tests {
		cfg := company(newClock())
		spoil(&cfg)
		if _, err := oktasim.New(cfg); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if _, err := oktasim.New(oktasim.Config{}); err != nil {
		t.Errorf("an empty organization: %v", err)
	}
}
