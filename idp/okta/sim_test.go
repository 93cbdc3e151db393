package okta_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/idptest"
	"usher/idp/okta"
	"usher/sandbox/oktasim"
)

const (
	simToken   = "00simulated-token-never-to-be-seen"
	wrongToken = "00wrong-token"
	setupToken = "00setup-token"
	appGroup   = "00gappgroup000000001"
	ruleGroup  = "00grulegroup00000001"
	adminGroup = "00gadmingroup0000001"
)

// sim is the simulated org with everything that the suite's hooks need.
type sim struct {
	*oktasim.Server
	web    *httptest.Server
	calls  atomic.Int64
	offset atomic.Int64 // nanoseconds that the clock of both sides is ahead of real time
	logs   idptest.Log
	people atomic.Int64
	seen   func(*http.Request)
	change func(*oktasim.Config)
}

// another starts an org like this one with one more change.
func (s *sim) another(t *testing.T, more func(*oktasim.Config)) *sim {
	t.Helper()
	return start(t, func(c *oktasim.Config) {
		if s.change != nil {
			s.change(c)
		}
		more(c)
	}, s.seen)
}

func (s *sim) now() time.Time { return time.Now().Add(time.Duration(s.offset.Load())) }

// start runs a simulated org behind a listener. change may adapt its seed, seen is told of every request.
func start(t *testing.T, change func(*oktasim.Config), seen func(*http.Request)) *sim {
	t.Helper()
	s := &sim{seen: seen, change: change}
	cfg := oktasim.Config{
		Now: s.now,
		Users: []oktasim.User{
			{ID: "00urobot000000000001", Login: "robot@suite.example", First: "Usher", Last: "Robot"},
			{ID: "00usetup000000000001", Login: "setup@suite.example", First: "Set", Last: "Up"},
		},
		Tokens: []oktasim.Token{
			{ID: "00Trobot", Secret: simToken, OwnerUserID: "00urobot000000000001", Admin: oktasim.SuperAdmin},
			{ID: "00Tsetup", Secret: setupToken, OwnerUserID: "00usetup000000000001", Admin: oktasim.SuperAdmin},
		},
		Groups: []oktasim.Group{
			{ID: appGroup, Name: "From a directory", Type: oktasim.AppGroup},
			{ID: ruleGroup, Name: "Filled by a rule"},
			{ID: adminGroup, Name: "Help desk", AdminRole: true},
		},
		Rules:  []oktasim.Rule{{ID: "0pr1", Name: "Engineers", Expression: `user.department == "Ruled"`, Groups: []string{ruleGroup}}},
		Apps:   []oktasim.App{{ID: "0oaapp1", Label: "One", Groups: []string{ruleGroup}}, {ID: "0oaapp2", Label: "Two"}},
		Limits: map[string]int{oktasim.BucketAll: 1_000_000},
	}
	if change != nil {
		change(&cfg)
	}
	server, err := oktasim.New(cfg)
	if err != nil {
		t.Fatalf("oktasim.New: %v", err)
	}
	s.Server = server
	s.web = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/oauth2/v1/token" {
			s.calls.Add(1)
		}
		if s.seen != nil {
			s.seen(r)
		}
		server.ServeHTTP(w, r)
	}))
	server.SetURL(s.web.URL)
	t.Cleanup(func() {
		server.Close()
		s.web.Close()
	})
	return s
}

func (s *sim) provider(t *testing.T, credentials okta.Config) *okta.Provider {
	t.Helper()
	cfg := credentials
	cfg.URL, cfg.InsecureHTTP, cfg.Now, cfg.Timeout = s.web.URL+"/", true, s.now, 5*time.Second
	cfg.Logger = slog.New(slog.NewJSONHandler(&s.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	p, err := okta.New(cfg)
	if err != nil {
		t.Fatalf("okta.New: %v", err)
	}
	t.Cleanup(p.Close)
	return p
}

// post acts as an admin over the API, past the listener, so that it is no call of the provider.
func (s *sim) post(t *testing.T, path string, body, into any) {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, bytes.NewReader(raw))
	req.Header.Set("Authorization", "SSWS "+setupToken)
	req.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, req)
	if rec.Code != http.StatusOK {
		t.Fatalf("POST %s: %d %s", path, rec.Code, rec.Body)
	}
	if err := json.Unmarshal(rec.Body.Bytes(), into); err != nil {
		t.Fatal(err)
	}
}

func (s *sim) addUser(t *testing.T, p idptest.Person) idp.UserID {
	t.Helper()
	if p.Login == "" {
		p.Login = p.Email
	}
	profile := map[string]any{"login": p.Login, "email": p.Email, "firstName": p.First, "lastName": p.Last}
	if p.Title != "" {
		profile["title"] = p.Title
	}
	if p.Department != "" {
		profile["department"] = p.Department
	}
	var made struct {
		ID idp.UserID `json:"id"`
	}
	s.post(t, "/api/v1/users", map[string]any{"profile": profile, "credentials": map[string]any{"password": map[string]any{"value": "Correct-horse-1"}}}, &made)
	return made.ID
}

func (s *sim) addGroup(t *testing.T, name string, members ...idp.UserID) idp.GroupID {
	t.Helper()
	for _, g := range s.Groups() {
		if g.Name == name {
			name += " again"
		}
	}
	id, err := s.CreateGroup(name, "")
	if err != nil {
		t.Fatalf("CreateGroup: %v", err)
	}
	for _, u := range members {
		if err := s.AddMemberByHand(id, string(u), "setup"); err != nil {
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
		users[i] = s.addUser(t, idptest.Person{Email: fmt.Sprintf("crowd%d@suite.example", s.people.Add(1)), First: "Crowd", Last: "Member"})
	}
	return s.addGroup(t, "Big", users...)
}

func (s *sim) fault(f idptest.Fault) {
	names := []string{"user.list", "user.get", "user.groups", "group.list", "group.get", "group.members", "group.roles", "group.apps", "rule.list", "log.list", "unknown"}
	if f.On == idptest.Changes {
		names = []string{"group.member.add", "group.member.remove", "user.sessions.clear"}
	}
	kinds := map[idptest.FaultKind]oktasim.FaultKind{
		idptest.RateLimited: oktasim.RateLimit, idptest.RateLimitedBare: oktasim.RateLimitBare,
		idptest.CutBefore: oktasim.Down, idptest.CutAfter: oktasim.LostAnswer,
		idptest.HangBefore: oktasim.HangBefore, idptest.HangAfter: oktasim.HangAfter, idptest.Slow: oktasim.Slow,
		idptest.ServerError: oktasim.Error500, idptest.ServerErrorEmpty: oktasim.Error500Empty, idptest.ProxyPage: oktasim.Error502HTML,
		idptest.ReadOnly: oktasim.Error503, idptest.Truncated: oktasim.Truncated, idptest.WrongTypes: oktasim.WrongTypes,
		idptest.Rejected: oktasim.Unauthorized, idptest.Denied: oktasim.Forbidden,
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
		s.Inject(oktasim.Fault{Name: name, Kind: kinds[f.Kind], Times: f.Times, Skip: f.Skip, After: after})
	}
}

func (s *sim) count(want func(oktasim.Call) bool) int {
	n := 0
	for _, c := range s.Calls() {
		if want(c) {
			n++
		}
	}
	return n
}

// world wires the simulated org to the suite.
func (s *sim) world(t *testing.T, right, wrong okta.Config) idptest.World {
	t.Helper()
	ok := func(err error) {
		if err != nil {
			t.Errorf("setting the scene: %v", err)
		}
	}
	return idptest.World{
		Provider: s.provider(t, right),
		Secrets:  []string{simToken, wrongToken, "SSWS", "Bearer", "PRIVATE KEY", "client_assertion", "Correct-horse-1"},
		Logs:     s.logs.String,
		NotApplicable: map[string]string{
			"Expirer": "Okta's groups have no memberships that end by themselves",
		},
		AddUser:   s.addUser,
		AddGroup:  s.addGroup,
		Members:   s.members,
		Discovers: idptest.Told{Members: true, Refusals: true},
		Calls:     func() int { return int(s.calls.Load()) },
		Changes: func() int {
			return s.count(func(c oktasim.Call) bool {
				return c.Method != http.MethodGet && c.Name != "user.create" && c.Name != "token"
			})
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
			kinds := map[string]idp.GroupID{"imported": appGroup, "filled by a rule": ruleGroup, "admin": adminGroup}
			for _, g := range s.Groups() {
				if g.Type == oktasim.BuiltIn {
					kinds["built in"] = idp.GroupID(g.ID)
				}
			}
			return kinds
		},
		Join:  func(g idp.GroupID, u idp.UserID) { ok(s.AddMemberByHand(string(g), string(u), "admin")) },
		Leave: func(g idp.GroupID, u idp.UserID) { ok(s.RemoveMemberByHand(string(g), string(u), "admin")) },
		SetStatus: func(t *testing.T, user idp.UserID, status idp.UserStatus) {
			t.Helper()
			switch status {
			case idp.Departed:
				ok(s.Deactivate(string(user)))
			case idp.Inactive:
				ok(s.Suspend(string(user)))
			default:
				ok(s.Reactivate(string(user)))
			}
		},
		Rename: func(t *testing.T, user idp.UserID, email string) {
			t.Helper()
			ok(s.SetProfile(string(user), "login", email))
			ok(s.SetProfile(string(user), "email", email))
		},
		SameEmail: func(t *testing.T, email string) idp.UserID {
			t.Helper()
			return s.addUser(t, idptest.Person{Login: fmt.Sprintf("twin%d@suite.example", s.people.Add(1)), Email: email, First: "Twin", Last: "Two"})
		},
		DeleteUser:  func(u idp.UserID) { ok(s.DeleteUser(string(u))) },
		DeleteGroup: func(g idp.GroupID) { ok(s.DeleteGroup(string(g))) },
		SetManager:  func(u idp.UserID, manager string) { ok(s.SetProfile(string(u), "managerId", manager)) },
		SignOn:      func(app string, u idp.UserID, at time.Time) { ok(s.SSO(string(u), "0oa"+app, at)) },
		FailSignOn:  func(app string, u idp.UserID, at time.Time) { ok(s.FailedSSO(string(u), "0oa"+app, at)) },
		AppID:       func(app string) string { return "0oa" + app },
		Sessions: func(u idp.UserID) int {
			return s.count(func(c oktasim.Call) bool {
				return c.Name == "user.sessions.clear" && c.Status == http.StatusNoContent && strings.Contains(c.Path, string(u))
			})
		},
		Fault: s.fault,
		Heal: func() {
			s.ClearFaults()
			s.ReleaseHangs()
		},
		Lag: func(t *testing.T, d time.Duration) idptest.World {
			t.Helper()
			return s.another(t, func(c *oktasim.Config) { c.MemberLag = d }).world(t, right, wrong)
		},
		Advance: func(d time.Duration) { s.offset.Add(int64(d)) },
		Limit: func(t *testing.T, n int) idptest.World {
			t.Helper()
			return s.another(t, func(c *oktasim.Config) { c.Limits[oktasim.BucketOther] = 2 * n }).world(t, right, wrong)
		},
		Refusals: func() int {
			return s.count(func(c oktasim.Call) bool { return c.Status == http.StatusTooManyRequests })
		},
		Locked: func(t *testing.T) idp.Provider {
			t.Helper()
			return s.provider(t, wrong)
		},
	}
}
