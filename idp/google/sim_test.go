package google_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/google"
	"usher/idp/idptest"
	"usher/idp/rest"
	"usher/sandbox/googlesim"
	"usher/sandbox/googlesim/discovery"
)

const (
	robot   = "usher@suite.iam.gserviceaccount.com"
	adminID = "100000000000000000001"
	admin   = "admin@suite.example"
)

// everyScope is what the company has delegated.
func everyScope() []string {
	var all []string
	for _, s := range []string{
		"admin.directory.group.member", "admin.directory.group.readonly", "admin.directory.user.readonly", "admin.directory.user.security",
		"admin.directory.rolemanagement.readonly", "admin.reports.audit.readonly", "cloud-identity.groups", "cloud-identity.groups.readonly",
	} {
		all = append(all, "https://www.googleapis.com/auth/"+s)
	}
	return all
}

// testKey is one key for all tests; making one takes a second on a busy machine.
var testKey = sync.OnceValue(newKey) //nolint:gochecknoglobals // a key is made once

// otherKey is a key that no service account has.
var otherKey = sync.OnceValue(newKey) //nolint:gochecknoglobals // a key is made once

func newKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

func pemOf(key *rsa.PrivateKey) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}

// sim is the simulated company with everything that the suite's hooks need.
type sim struct {
	*googlesim.Server
	web    *httptest.Server
	calls  atomic.Int64
	offset atomic.Int64 // nanoseconds that the clock of both sides is ahead of real time
	logs   idptest.Log
	serial atomic.Int64
	change func(*googlesim.Config)
	tune   func(*google.Config)
}

func (s *sim) now() time.Time { return time.Now().Add(time.Duration(s.offset.Load())) }

// start runs a simulated company behind a listener. change may adapt its seed.
func start(t *testing.T, change func(*googlesim.Config)) *sim {
	t.Helper()
	s := &sim{change: change}
	cfg := googlesim.Config{
		Now: s.now, Customer: "C0suite", Domains: []string{"suite.example", "sub.suite.example"}, Quota: 1_000_000, IdentityQuota: 1_000_000,
		Users: []googlesim.User{{ID: adminID, Primary: admin, Given: "Ad", Family: "Min", Admin: googlesim.SuperAdmin}},
		ServiceAccounts: []googlesim.ServiceAccount{{
			Email: robot, ClientID: "117", KeyID: "key1", Key: &testKey().PublicKey, Delegated: everyScope(),
		}},
		Groups: []googlesim.Group{
			{ID: "0dynamic0000001", Email: "dynamic@suite.example", Name: "Dynamic", Dynamic: true},
			{ID: "0locked00000001", Email: "locked@suite.example", Name: "Locked", Locked: true},
			{ID: "0admins00000001", Email: "admins@suite.example", Name: "Admins", AdminRole: true},
		},
	}
	if change != nil {
		change(&cfg)
	}
	server, err := googlesim.New(cfg)
	if err != nil {
		t.Fatalf("googlesim.New: %v", err)
	}
	s.Server = server
	s.web = httptest.NewServer(http.HandlerFunc(s.serve))
	server.SetURL(s.web.URL)
	t.Cleanup(func() {
		server.Close()
		s.web.Close()
		s.judgeCalls(t)
	})
	return s
}

// judgeCalls holds every request and every answer of a test against Google's own descriptions.
func (s *sim) judgeCalls(t *testing.T) {
	t.Helper()
	judge, err := descriptions()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range s.Calls() {
		if c.Name == "unknown" {
			t.Errorf("%s %s: Google has no such call", c.Method, c.Path)
		}
		if c.Status == 0 || c.Fault != "" || strings.HasPrefix(c.Name, "token") || len(c.Reply) >= 64<<10 {
			continue // without an answer, answered by a fault, not described, or cut in the log
		}
		u, err := url.Parse(c.Path + "?" + c.Query)
		if err == nil {
			_, err = judge.Exchange(c.Method, u, []byte(c.Body), c.Status, []byte(c.Reply))
		}
		if err != nil {
			t.Errorf("call %d: %v", c.Seq, err)
		}
	}
}

// descriptions are Google's descriptions of its APIs.
var descriptions = sync.OnceValues(func() (*discovery.Judge, error) { //nolint:gochecknoglobals // they are read once
	return discovery.Load(context.Background())
})

// serve counts calls of the APIs proper: access tokens are fetched aside, and once an hour.
func (s *sim) serve(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/token") && !strings.Contains(r.URL.Path, "serviceAccounts") && r.URL.Path != "/v1/token" {
		s.calls.Add(1)
	}
	s.ServeHTTP(w, r)
}

// keyFile is a credentials file of the robot.
func (s *sim) keyFile(t *testing.T, key *rsa.PrivateKey) rest.Secret {
	t.Helper()
	raw, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": robot, "private_key_id": "key1", "private_key": pemOf(key), "token_uri": s.web.URL + "/token",
	})
	if err != nil {
		t.Fatal(err)
	}
	return rest.Secret(raw)
}

// provider makes one for the simulated company; change may adapt its configuration.
func (s *sim) provider(t *testing.T, change func(*google.Config)) *google.Provider {
	t.Helper()
	cfg := google.Config{
		Credentials: s.keyFile(t, testKey()), Subject: admin, URL: s.web.URL + "/", InsecureHTTP: true, Now: s.now, Timeout: 5 * time.Second,
		PerMinute: 1_000_000, Logger: slog.New(slog.NewJSONHandler(&s.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range []func(*google.Config){s.tune, change} {
		if f != nil {
			f(&cfg)
		}
	}
	p, err := google.New(cfg)
	if err != nil {
		t.Fatalf("google.New: %v", err)
	}
	t.Cleanup(p.Close)
	return p
}

func (s *sim) addUser(t *testing.T, p idptest.Person) idp.UserID {
	t.Helper()
	u := googlesim.User{Primary: p.Email, Given: p.First, Family: p.Last, Title: p.Title, Department: p.Department}
	if p.Login != "" && p.Login != p.Email {
		u.Aliases = []string{p.Login} // Google has no logins beside addresses.
	}
	id, err := s.CreateUser(u)
	if err != nil {
		t.Fatalf("CreateUser: %v", err)
	}
	return idp.UserID(id)
}

func (s *sim) addGroup(t *testing.T, name string, members ...idp.UserID) idp.GroupID {
	t.Helper()
	id, err := s.CreateGroup(googlesim.Group{Email: fmt.Sprintf("group%d@suite.example", s.serial.Add(1)), Name: name})
	if err != nil {
		t.Fatalf("CreateGroup: %v", err)
	}
	for _, u := range members {
		if err := s.AddMemberByHand(id, string(u), googlesim.Member, "setup"); err != nil {
			t.Fatalf("AddMemberByHand: %v", err)
		}
	}
	return idp.GroupID(id)
}

func (s *sim) members(group idp.GroupID) []idp.UserID {
	var ids []idp.UserID
	for _, id := range s.Members(string(group)) {
		ids = append(ids, idp.UserID(id))
	}
	return ids
}

func (s *sim) bigGroup(t *testing.T, n int) idp.GroupID {
	t.Helper()
	users := make([]idp.UserID, n)
	for i := range users {
		users[i] = s.addUser(t, idptest.Person{Email: fmt.Sprintf("crowd%d@suite.example", s.serial.Add(1)), First: "Crowd", Last: "Member"})
	}
	return s.addGroup(t, "Big", users...)
}

func changes() []string {
	return []string{"member.insert", "member.delete", "user.signout", "identity.membership.modify"}
}

func (s *sim) fault(f idptest.Fault) {
	names := changes()
	if f.On == idptest.Reads {
		names = []string{
			"user.list", "user.get", "group.list", "group.get", "member.list", "member.get", "member.has", "roleassignment.list",
			"activity.list", "identity.group.lookup", "identity.group.get", "identity.group.list", "identity.membership.lookup",
			"identity.membership.get", "identity.membership.transitive", "unknown",
		}
	}
	kinds := map[idptest.FaultKind]googlesim.FaultKind{
		idptest.RateLimited: googlesim.RateLimit, idptest.RateLimitedBare: googlesim.RateLimitBare,
		idptest.CutBefore: googlesim.Down, idptest.CutAfter: googlesim.LostAnswer,
		idptest.HangBefore: googlesim.HangBefore, idptest.HangAfter: googlesim.HangAfter, idptest.Slow: googlesim.Slow,
		idptest.ServerError: googlesim.Error500, idptest.ServerErrorEmpty: googlesim.Error500Empty, idptest.ProxyPage: googlesim.Error502HTML,
		idptest.ReadOnly: googlesim.Error503, idptest.Truncated: googlesim.Truncated, idptest.WrongTypes: googlesim.WrongTypes,
		idptest.Rejected: googlesim.Unauthorized, idptest.Denied: googlesim.Forbidden,
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
		s.Inject(googlesim.Fault{Name: name, Kind: kinds[f.Kind], Times: f.Times, Skip: f.Skip, After: after})
	}
}

func (s *sim) count(want func(googlesim.Call) bool) int {
	n := 0
	for _, c := range s.Calls() {
		if want(c) {
			n++
		}
	}
	return n
}

// another starts a company like this one with one more change, and providers with one more setting.
func (s *sim) another(t *testing.T, more func(*googlesim.Config), tune func(*google.Config)) *sim {
	t.Helper()
	o := start(t, func(c *googlesim.Config) {
		if s.change != nil {
			s.change(c)
		}
		more(c)
	})
	o.tune = func(c *google.Config) {
		if s.tune != nil {
			s.tune(c)
		}
		if tune != nil {
			tune(c)
		}
	}
	return o
}

// world wires the simulated company to the suite.
func (s *sim) world(t *testing.T) idptest.World {
	t.Helper()
	ok := func(err error) {
		if err != nil {
			t.Errorf("setting the scene: %v", err)
		}
	}
	return idptest.World{
		Provider: s.provider(t, nil),
		Secrets:  []string{"Bearer", "ya29.", "PRIVATE KEY", "assertion", strings.Split(pemOf(testKey()), "\n")[3], admin},
		Logs:     s.logs.String,
		NotApplicable: map[string]string{
			"SameEmail": "Google gives an address to one account at a time, aliases included",
		},
		AddUser:  s.addUser,
		AddGroup: s.addGroup,
		Members:  s.members,
		Calls:    func() int { return int(s.calls.Load()) },
		Changes: func() int {
			return s.count(func(c googlesim.Call) bool { return c.Method != http.MethodGet && c.Name != "token" })
		},
		BigGroup: s.bigGroup,
		ManyGroups: func(t *testing.T, user idp.UserID, n int) []idp.GroupID {
			t.Helper()
			groups := make([]idp.GroupID, n)
			for i := range groups {
				groups[i] = s.addGroup(t, fmt.Sprintf("Many %d", i), user)
			}
			return groups
		},
		Ungovernable: func(t *testing.T) map[string]idp.GroupID {
			t.Helper()
			return map[string]idp.GroupID{"dynamic": "0dynamic0000001", "locked": "0locked00000001", "admin": "0admins00000001"}
		},
		Join: func(g idp.GroupID, u idp.UserID) {
			ok(s.AddMemberByHand(string(g), string(u), googlesim.Member, "admin"))
		},
		Leave: func(g idp.GroupID, u idp.UserID) { ok(s.RemoveMemberByHand(string(g), string(u), "admin")) },
		SetStatus: func(t *testing.T, user idp.UserID, status idp.UserStatus) {
			t.Helper()
			ok(s.SetStatus(string(user), status == idp.Inactive, status == idp.Departed))
		},
		Rename: func(t *testing.T, user idp.UserID, email string) {
			t.Helper()
			before, _ := s.User(string(user))
			ok(s.Rename(string(user), email))
			ok(s.DeleteAlias(before.Primary)) // Google keeps the old address as an alias until somebody takes it away.
		},
		DeleteUser:  func(u idp.UserID) { ok(s.DeleteUser(string(u))) },
		DeleteGroup: func(g idp.GroupID) { ok(s.DeleteGroup(string(g))) },
		SetManager:  func(u idp.UserID, manager string) { ok(s.SetManager(string(u), manager)) },
		SignOn: func(app string, u idp.UserID, at time.Time) {
			ok(s.Record(googlesim.ReportSAML, googlesim.LoginSuccess, string(u), at, map[string]string{"application_name": app, "initiated_by": "sp"}))
		},
		FailSignOn: func(app string, u idp.UserID, at time.Time) {
			ok(s.Record(googlesim.ReportSAML, googlesim.LoginFailure, string(u), at, map[string]string{"application_name": app, "failure_type": "failure_unknown"}))
		},
		AppID:    func(app string) string { return "saml:" + app },
		Sessions: func(user idp.UserID) int { return s.SignOuts(string(user)) },
		Fault:    s.fault,
		Heal: func() {
			s.ClearFaults()
			s.ReleaseHangs()
		},
		Lag: func(t *testing.T, d time.Duration) idptest.World {
			t.Helper()
			return s.another(t, func(c *googlesim.Config) { c.MemberLag = d }, nil).world(t)
		},
		Advance: func(d time.Duration) { s.offset.Add(int64(d)) },
		Limit: func(t *testing.T, n int) idptest.World {
			t.Helper()
			return s.another(t, func(c *googlesim.Config) { c.Quota = n }, func(c *google.Config) { c.PerMinute = n }).world(t)
		},
		Refusals: func() int {
			return s.count(func(c googlesim.Call) bool { return strings.Contains(c.Reply, "userRateLimitExceeded") })
		},
		Locked: func(t *testing.T) idp.Provider {
			t.Helper()
			return s.provider(t, func(c *google.Config) { c.Credentials = s.keyFile(t, otherKey()) })
		},
	}
}
