package webhook_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/idptest"
	"usher/idp/webhook"
)

const (
	secret      = "whsec_dXNoZXItc2lnbnMtd2l0aC10aGlzLW9uZS0wMQ=="
	nextSecret  = "whsec_dXNoZXItc2lnbnMtd2l0aC10aGlzLW9uZS0wMg=="
	wrongSecret = "whsec_dXNoZXItc2lnbnMtd2l0aC10aGlzLW9uZS0wMw=="
	backSecret  = "whsec_dGhlLWFwcC1zaWducy13aXRoLXRoaXMtb25lLTAx"
)

// site is an app with everything that the suite's hooks need.
type site struct {
	*app
	faulty    *idptest.Faulty
	web       *httptest.Server
	logs      idptest.Log
	offset    atomic.Int64 // nanoseconds that the clock of both sides is ahead of real time
	perMinute int
}

func (s *site) clock() time.Time { return time.Now().Add(time.Duration(s.offset.Load())) }

func start(t *testing.T, secrets ...string) *site {
	t.Helper()
	s := &site{}
	if len(secrets) == 0 {
		secrets = []string{secret}
	}
	s.app = newApp(s.clock, secrets...)
	s.faulty = &idptest.Faulty{
		Next: s.app, Now: s.clock, Nonsense: `{"id":7,"status":true,"users":"x","groups":{},"members":1,"member":"yes","next":0}`,
		Refuse: func(w http.ResponseWriter, status int) {
			refuse(w, status, map[int]string{401: "unauthorized", 403: "forbidden"}[status], "person1@suite.example\nmay not")
		},
	}
	s.web = httptest.NewServer(s.faulty)
	t.Cleanup(func() {
		s.faulty.Heal()
		s.web.Close()
	})
	return s
}

// readID is the id that a request that changes nothing must have.
func readID(r *http.Request) string {
	sum := sha256.Sum256([]byte("GET " + r.RequestURI))
	return "read_" + hex.EncodeToString(sum[:])[:32]
}

func (s *site) provider(t *testing.T, change func(*webhook.Config)) *webhook.Provider {
	t.Helper()
	cfg := webhook.Config{
		URL: s.web.URL + "/hooks/", Secret: secret, InsecureHTTP: true, Now: s.clock, Timeout: 20 * time.Second, PerMinute: s.perMinute,
		Poll:   10 * time.Millisecond,
		Logger: slog.New(slog.NewJSONHandler(&s.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&cfg)
	}
	p, err := webhook.New(cfg)
	if err != nil {
		t.Fatalf("webhook.New: %v", err)
	}
	t.Cleanup(p.Close)
	return p
}

func (s *site) addUser(p idptest.Person) idp.UserID {
	u := &account{
		login: p.Login, email: p.Email, name: p.First + " " + p.Last, title: p.Title, department: p.Department, status: "active",
	}
	s.locked(func() {
		u.id = s.id("user")
		s.users = append(s.users, u)
	})
	return idp.UserID(u.id)
}

func (s *site) addTeam(name string, members ...idp.UserID) idp.GroupID {
	g := &team{name: name, moments: map[string][]moment{}}
	s.locked(func() {
		g.id = s.id("team")
		s.teams = append(s.teams, g)
		for _, m := range members {
			g.set(string(m), true, s.now().Add(-time.Hour))
		}
	})
	return idp.GroupID(g.id)
}

func (s *site) truth(group idp.GroupID) []idp.UserID {
	var ids []idp.UserID
	s.locked(func() {
		if g := s.team(string(group)); g != nil {
			for _, id := range g.members(s.now()) {
				ids = append(ids, idp.UserID(id))
			}
		}
	})
	return ids
}

func (s *site) crowd(n int) []idp.UserID {
	ids := make([]idp.UserID, n)
	for i := range ids {
		ids[i] = s.addUser(idptest.Person{Email: fmt.Sprintf("crowd%d@suite.example", i)})
	}
	return ids
}

// TestConformance runs the suite in front of a receiver that does what doc.go says.
func TestConformance(t *testing.T) {
	t.Parallel()
	idptest.Run(t, func(t *testing.T) idptest.World { return start(t).world(t) })
}

func (s *site) world(t *testing.T) idptest.World {
	t.Helper()
	return idptest.World{
		Provider: s.provider(t, nil),
		Secrets:  []string{secret, secret[6:], wrongSecret[6:]},
		Logs:     s.logs.String,
		NotApplicable: map[string]string{
			"SetManager": "an app that is governed is not the directory that knows who manages whom",
			"SignOn":     "the protocol has no use of apps; the app itself is one",
			"FailSignOn": "the protocol has no use of apps; the app itself is one",
			"AppID":      "the protocol has no use of apps; the app itself is one",
			"Sessions":   "the protocol has no sessions",

			"ManagerFinder":  "an app that is governed is not the directory that knows who manages whom",
			"ActivityReader": "the protocol has no use of apps; the app itself is one",
			"SessionRevoker": "the protocol has no sessions",
			"Expirer":        "the protocol has no memberships that end by themselves",
		},
		AddUser:  func(_ *testing.T, p idptest.Person) idp.UserID { return s.addUser(p) },
		AddGroup: func(_ *testing.T, name string, members ...idp.UserID) idp.GroupID { return s.addTeam(name, members...) },
		Members:  s.truth,
		Calls:    func() int { return s.faulty.Calls() },
		Changes:  func() int { return s.faulty.Changes() },
		BigGroup: func(_ *testing.T, n int) idp.GroupID { return s.addTeam("Big", s.crowd(n)...) },
		ManyGroups: func(_ *testing.T, user idp.UserID, n int) []idp.GroupID {
			groups := make([]idp.GroupID, n)
			for i := range groups {
				groups[i] = s.addTeam(fmt.Sprintf("Many %d", i), user)
			}
			return groups
		},
		Ungovernable: func(*testing.T) map[string]idp.GroupID {
			kinds := map[string]idp.GroupID{}
			for what, reason := range map[string]string{"with a reason": "The owners of the app are chosen elsewhere.", "without a fit reason": "ask root@suite.example\n"} {
				id := s.addTeam(what)
				s.locked(func() { s.team(string(id)).refusal = reason })
				kinds[what] = id
			}
			return kinds
		},
		Join: func(g idp.GroupID, u idp.UserID) {
			s.locked(func() { s.team(string(g)).set(string(u), true, s.now()) })
		},
		Leave: func(g idp.GroupID, u idp.UserID) {
			s.locked(func() { s.team(string(g)).set(string(u), false, s.now()) })
		},
		SetStatus: func(_ *testing.T, u idp.UserID, status idp.UserStatus) {
			s.locked(func() { s.user(string(u)).status = string(status) })
		},
		Rename: func(_ *testing.T, u idp.UserID, email string) {
			s.locked(func() { s.user(string(u)).email = email })
		},
		SameEmail: func(_ *testing.T, email string) idp.UserID {
			return s.addUser(idptest.Person{Email: email, First: "Twin", Last: "Two"})
		},
		DeleteUser: func(u idp.UserID) {
			s.locked(func() {
				for _, g := range s.teams {
					g.set(string(u), false, s.now())
				}
				s.users = without(s.users, s.user(string(u)))
			})
		},
		DeleteGroup: func(g idp.GroupID) { s.locked(func() { s.teams = without(s.teams, s.team(string(g))) }) },
		Fault:       s.faulty.Inject,
		Heal:        s.faulty.Heal,
		Lag: func(t *testing.T, d time.Duration) idptest.World {
			t.Helper()
			other := start(t)
			other.lag = d
			return other.world(t)
		},
		Advance: func(d time.Duration) { s.offset.Add(int64(d)) },
		Limit: func(t *testing.T, n int) idptest.World {
			t.Helper()
			other := start(t)
			other.faulty.Limit(n)
			other.perMinute = n
			return other.world(t)
		},
		Refusals: func() int { return s.faulty.Refusals() },
		Locked: func(t *testing.T) idp.Provider {
			t.Helper()
			return s.provider(t, func(c *webhook.Config) { c.Secret = wrongSecret })
		},
	}
}

func without[T comparable](all []T, one T) []T {
	var rest []T
	for _, x := range all {
		if x != one {
			rest = append(rest, x)
		}
	}
	return rest
}
