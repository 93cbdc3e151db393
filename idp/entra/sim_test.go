package entra_test

import (
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/entra"
	"usher/idp/idptest"
	"usher/sandbox/graphsim"
)

const (
	appID       = "11111111-aaaa-4bbb-8ccc-000000000001"
	appSecret   = "simulated~secret.never-to-be-seen"
	wrongSecret = "wrong~secret.never-to-be-seen"
	appOne      = "22222222-aaaa-4bbb-8ccc-000000000001"
	appTwo      = "22222222-aaaa-4bbb-8ccc-000000000002"
)

// sim is the simulated tenant with everything that the suite's hooks need.
type sim struct {
	*graphsim.Server
	web    *httptest.Server
	tls    bool
	calls  atomic.Int64
	offset atomic.Int64 // nanoseconds that the clock of both sides is ahead of real time
	logs   idptest.Log
	people atomic.Int64
	change func(*graphsim.Config)
}

func (s *sim) now() time.Time { return time.Now().Add(time.Duration(s.offset.Load())) }

// leastRoles are the permissions that the documentation asks for, all options included.
func leastRoles() []string {
	return []string{graphsim.GroupMemberWrite, graphsim.UserRead, graphsim.AuditLogRead, graphsim.PIMWrite, graphsim.ApplicationRead}
}

// mayEndSessions adds the permission to end sessions, which the suite tries and nothing asks for yet.
func mayEndSessions(c *graphsim.Config) {
	c.Clients[0].Roles = append(c.Clients[0].Roles, graphsim.UserRevokeSessions)
}

// start runs a simulated tenant behind a listener, by TLS or in the clear. change may adapt its seed.
func start(t *testing.T, secure bool, change func(*graphsim.Config)) *sim {
	t.Helper()
	s := &sim{change: change, tls: secure}
	cfg := graphsim.Config{
		Now:     s.now,
		Clients: []graphsim.Client{{ID: appID, Secret: appSecret, Roles: leastRoles()}},
		Apps: []graphsim.App{
			{ID: "33333333-aaaa-4bbb-8ccc-000000000001", AppID: appOne, DisplayName: "One"},
			{ID: "33333333-aaaa-4bbb-8ccc-000000000002", AppID: appTwo, DisplayName: "Two"},
		},
		Limits: graphsim.Limits{ResourceUnits: 1_000_000, Writes: 1_000_000, Reports: 1000},
	}
	if change != nil {
		change(&cfg)
	}
	server, err := graphsim.New(cfg)
	if err != nil {
		t.Fatalf("graphsim.New: %v", err)
	}
	s.Server = server
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v1.0/") {
			s.calls.Add(1)
		}
		server.ServeHTTP(w, r)
	})
	if secure {
		s.web = httptest.NewTLSServer(handler)
	} else {
		s.web = httptest.NewServer(handler)
	}
	server.SetURL(s.web.URL)
	t.Cleanup(func() {
		server.Close()
		s.web.Close()
		s.judgeCalls(t)
	})
	return s
}

// another starts a tenant like this one with one more change.
func (s *sim) another(t *testing.T, more func(*graphsim.Config)) *sim {
	t.Helper()
	return start(t, s.tls, func(c *graphsim.Config) {
		if s.change != nil {
			s.change(c)
		}
		more(c)
	})
}

// provider makes one with the given credentials; the secret is the default.
func (s *sim) provider(t *testing.T, cfg entra.Config) *entra.Provider {
	t.Helper()
	cfg.GraphURL, cfg.AuthorityURL, cfg.InsecureHTTP, cfg.Timeout = s.web.URL, s.web.URL, true, 5*time.Second
	if cfg.Now == nil {
		cfg.Now = s.now
	}
	if cfg.TokenSource == nil && !cfg.ManagedIdentity {
		cfg.TenantID, cfg.ClientID = s.TenantID(), appID
		if cfg.ClientSecret == "" && cfg.CertificatePEM == "" {
			cfg.ClientSecret = appSecret
		}
	}
	if s.tls {
		cfg.RootCAs = x509.NewCertPool()
		cfg.RootCAs.AddCert(s.web.Certificate())
	}
	cfg.Logger = slog.New(slog.NewJSONHandler(&s.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	p, err := entra.New(cfg)
	if err != nil {
		t.Fatalf("entra.New: %v", err)
	}
	t.Cleanup(p.Close)
	return p
}

func (s *sim) addUser(t *testing.T, p idptest.Person) idp.UserID {
	t.Helper()
	if p.Login == "" {
		p.Login = p.Email
	}
	id, err := s.CreateUser(graphsim.User{
		UserPrincipalName: p.Login, Mail: p.Email, GivenName: p.First, Surname: p.Last, JobTitle: p.Title, Department: p.Department,
	})
	if err != nil {
		t.Fatalf("CreateUser: %v", err)
	}
	return idp.UserID(id)
}

func (s *sim) addGroup(t *testing.T, g graphsim.Group, members ...idp.UserID) idp.GroupID {
	t.Helper()
	for _, u := range members {
		g.Members = append(g.Members, string(u))
	}
	id, err := s.CreateGroup(g)
	if err != nil {
		t.Fatalf("CreateGroup: %v", err)
	}
	return idp.GroupID(id)
}

func (s *sim) team(t *testing.T, members ...idp.UserID) idp.GroupID {
	t.Helper()
	return s.addGroup(t, graphsim.Group{DisplayName: "Team"}, members...)
}

func (s *sim) person(t *testing.T, email string) idp.UserID {
	t.Helper()
	return s.addUser(t, idptest.Person{Email: email, First: "Pat", Last: "Sample"})
}

func (s *sim) members(group idp.GroupID) []idp.UserID {
	var ids []idp.UserID
	for _, id := range s.Members(string(group)) {
		ids = append(ids, idp.UserID(id))
	}
	return ids
}

func (s *sim) has(group idp.GroupID, user idp.UserID) bool {
	return slices.Contains(s.members(group), user)
}

func (s *sim) bigGroup(t *testing.T, n int) idp.GroupID {
	t.Helper()
	users := make([]idp.UserID, n)
	for i := range users {
		users[i] = s.addUser(t, idptest.Person{Email: fmt.Sprintf("crowd%d@suite.example", s.people.Add(1)), First: "Crowd", Last: "Member"})
	}
	return s.team(t, users...)
}

// ungovernable makes one group of every kind that must not be governed.
func (s *sim) ungovernable(t *testing.T) map[string]idp.GroupID {
	t.Helper()
	kinds := map[string]graphsim.Group{
		"dynamic": {Dynamic: true}, "synced": {Synced: true}, "role-assignable": {RoleAssignable: true}, "mail-enabled security": {MailEnabled: true},
		"distribution list": {MailEnabled: true, NotSecurity: true}, "restricted": {Restricted: true}, "hidden": {Unified: true, MailEnabled: true, HiddenMembership: true},
	}
	out := map[string]idp.GroupID{}
	for what, g := range kinds {
		g.DisplayName = what
		out[what] = s.addGroup(t, g)
	}
	return out
}

func readOperations() []string {
	return []string{
		"user.list", "user.get", "user.manager", "user.groups", "deleted.get", "signin.list", "group.list", "group.get", "group.members", "group.members.count",
		"group.owners", "app.list", "app.assigned", "pim.instances", "unknown",
	}
}

func (s *sim) fault(f idptest.Fault) {
	names := readOperations()
	if f.On == idptest.Changes {
		names = []string{"group.member.add", "group.member.remove", "group.member.delete", "user.sessions.revoke", "pim.request"}
	}
	kinds := map[idptest.FaultKind]graphsim.FaultKind{
		idptest.RateLimited: graphsim.RateLimit, idptest.RateLimitedBare: graphsim.RateLimitBare,
		idptest.CutBefore: graphsim.Down, idptest.CutAfter: graphsim.LostAnswer,
		idptest.HangBefore: graphsim.HangBefore, idptest.HangAfter: graphsim.HangAfter, idptest.Slow: graphsim.Slow,
		idptest.ServerError: graphsim.Error500, idptest.ServerErrorEmpty: graphsim.Error500Empty, idptest.ProxyPage: graphsim.Error502HTML,
		idptest.ReadOnly: graphsim.Error503, idptest.Truncated: graphsim.Truncated, idptest.WrongTypes: graphsim.WrongTypes,
		idptest.Rejected: graphsim.Unauthorized, idptest.Denied: graphsim.Forbidden,
	}
	after := time.Duration(0)
	switch f.Kind {
	case idptest.RateLimited:
		after = 20 * time.Second
	case idptest.Slow:
		after = 50 * time.Millisecond
	default:
	}
	for _, name := range names {
		s.Inject(graphsim.Fault{Name: name, Kind: kinds[f.Kind], Times: f.Times, Skip: f.Skip, After: after})
	}
}

func (s *sim) count(want func(graphsim.Call) bool) int {
	n := 0
	for _, c := range s.Calls() {
		if want(c) {
			n++
		}
	}
	return n
}

// recordManager does what a synchronization does with a text: it becomes a reference if it names somebody, else nothing.
func (s *sim) recordManager(user idp.UserID, manager string) error {
	for _, u := range s.Users() {
		if u.ID == manager || strings.EqualFold(u.UserPrincipalName, manager) || strings.EqualFold(u.Mail, manager) {
			return s.SetManager(string(user), u.ID)
		}
	}
	return nil
}

// world wires the simulated tenant to the suite.
func (s *sim) world(t *testing.T, right, wrong entra.Config) idptest.World {
	t.Helper()
	ok := func(err error) {
		if err != nil {
			t.Errorf("setting the scene: %v", err)
		}
	}
	apps := map[string]string{"app1": appOne, "app2": appTwo}
	return idptest.World{
		Provider: s.provider(t, right),
		Secrets:  []string{appSecret, wrongSecret, "Bearer", "PRIVATE KEY", "client_assertion", "eyJ"},
		Logs:     s.logs.String,
		AddUser:  s.addUser,
		AddGroup: func(t *testing.T, name string, members ...idp.UserID) idp.GroupID {
			t.Helper()
			return s.addGroup(t, graphsim.Group{DisplayName: name}, members...)
		},
		Members:   s.members,
		Discovers: idptest.Told{Members: true, Refusals: true},
		Calls:     func() int { return int(s.calls.Load()) },
		Changes: func() int {
			return s.count(func(c graphsim.Call) bool { return c.Method != http.MethodGet && c.Name != "token" })
		},
		BigGroup: s.bigGroup,
		ManyGroups: func(t *testing.T, user idp.UserID, n int) []idp.GroupID {
			t.Helper()
			groups := make([]idp.GroupID, n)
			for i := range groups {
				groups[i] = s.team(t, user)
			}
			return groups
		},
		Ungovernable: s.ungovernable,
		Join:         func(g idp.GroupID, u idp.UserID) { ok(s.AddMemberByHand(string(g), string(u), "admin")) },
		Leave:        func(g idp.GroupID, u idp.UserID) { ok(s.RemoveMemberByHand(string(g), string(u), "admin")) },
		SetStatus: func(t *testing.T, user idp.UserID, status idp.UserStatus) {
			t.Helper()
			if status == idp.Departed {
				ok(s.Server.DeleteUser(string(user)))
				return
			}
			ok(s.SetEnabled(string(user), status == idp.Active))
		},
		Rename: func(t *testing.T, user idp.UserID, email string) {
			t.Helper()
			ok(s.SetName(string(user), email, true))
		},
		SameEmail: func(t *testing.T, email string) idp.UserID {
			t.Helper()
			return s.addUser(t, idptest.Person{Login: fmt.Sprintf("twin%d@suite.example", s.people.Add(1)), Email: email, First: "Twin", Last: "Two"})
		},
		DeleteUser:  func(u idp.UserID) { ok(s.PurgeUser(string(u))) },
		DeleteGroup: func(g idp.GroupID) { ok(s.Server.DeleteGroup(string(g))) },
		SetManager:  func(u idp.UserID, manager string) { ok(s.recordManager(u, manager)) },
		SignOn:      func(app string, u idp.UserID, at time.Time) { ok(s.SignIn(string(u), apps[app], at, 0)) },
		FailSignOn:  func(app string, u idp.UserID, at time.Time) { ok(s.SignIn(string(u), apps[app], at, 50126)) },
		AppID:       func(app string) string { return apps[app] },
		Sessions: func(u idp.UserID) int {
			n, _ := s.Server.Sessions(string(u))
			return n
		},
		Fault: s.fault,
		Heal: func() {
			s.ClearFaults()
			s.ReleaseHangs()
		},
		Lag: func(t *testing.T, d time.Duration) idptest.World {
			t.Helper()
			return s.another(t, func(c *graphsim.Config) { c.MemberLag = d }).world(t, right, wrong)
		},
		Advance: func(d time.Duration) { s.offset.Add(int64(d)) },
		Limit: func(t *testing.T, n int) idptest.World {
			t.Helper()
			return s.another(t, func(c *graphsim.Config) { c.Limits.Writes = n }).world(t, right, wrong)
		},
		Refusals: func() int {
			return s.count(func(c graphsim.Call) bool { return c.Status == http.StatusTooManyRequests })
		},
		Locked: func(t *testing.T) idp.Provider {
			t.Helper()
			return s.provider(t, wrong)
		},
	}
}
