package okta_test

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/idptest"
	"usher/idp/okta"
	"usher/sandbox/oktasim"
)

func TestAStormOfRemovalsCausesNoRefusal(t *testing.T) {
	t.Parallel()
	const people, window = 250, 100
	s := start(t, func(c *oktasim.Config) { c.Limits[oktasim.BucketOther] = 2 * window }, nil)
	p := s.provider(t, okta.Config{Token: simToken})
	g := s.bigGroup(t, people)
	members := s.members(g)
	ctx := idp.WithPriority(t.Context(), idp.Removal)
	began := s.now()
	var clock sync.RWMutex // no call is under way while the clock jumps
	patient := func(what string, call func() error) {
		for {
			clock.RLock()
			err := call()
			clock.RUnlock()
			if err == nil {
				return
			}
			if idp.KindOf(err) != idp.Throttled || idp.RetryAt(err).IsZero() {
				t.Errorf("%s: %v", what, err)
				return
			}
			clock.Lock()
			if ahead := idp.RetryAt(err).Sub(s.now()); ahead > 0 {
				s.offset.Add(int64(ahead))
			}
			clock.Unlock()
		}
	}
	jobs := make(chan idp.UserID)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for u := range jobs {
				patient("RemoveMember", func() error { return p.RemoveMember(ctx, g, u) })
				patient("IsMember", func() error {
					is, err := p.IsMember(ctx, g, u)
					if is {
						t.Errorf("%s is still a member", u)
					}
					return err
				})
			}
		})
	}
	for _, u := range members {
		jobs <- u
	}
	close(jobs)
	group.Wait()
	if n := len(s.members(g)); n != 0 {
		t.Errorf("%d members are left", n)
	}
	refused := s.count(func(c oktasim.Call) bool { return c.Status == http.StatusTooManyRequests })
	if refused != 0 {
		t.Errorf("%d refusals of our own making", refused)
	}
	// 500 calls in windows of 100 are four waits of a minute.
	if took := s.now().Sub(began); took > 5*time.Minute+10*time.Second {
		t.Errorf("took %v of the vendor's time", took)
	}
}

func TestTooManySimultaneousCallsAreARateLimit(t *testing.T) {
	t.Parallel()
	s := start(t, nil, nil)
	p := s.provider(t, okta.Config{Token: simToken})
	u := s.addUser(t, idptest.Person{Email: "a@suite.example", First: "A", Last: "B"})
	s.Inject(oktasim.Fault{Name: "user.get", Kind: oktasim.RateConcurrency, Times: 1})
	_, err := p.User(t.Context(), u)
	if idp.KindOf(err) != idp.Throttled || idp.RetryAt(err).IsZero() {
		t.Fatalf("got %v, retry at %v", err, idp.RetryAt(err))
	}
	if _, err := p.User(t.Context(), u); err != nil {
		t.Fatalf("a complaint about simultaneous calls closed the window: %v", err)
	}
}

func TestLastUse(t *testing.T) {
	t.Parallel()
	const app, user, other = "0oaapp1", "00urobot000000000001", "00usetup000000000001"
	now := time.Now().Truncate(time.Second)
	day := 24 * time.Hour
	want := now.Add(-20 * day)
	s := start(t, func(c *oktasim.Config) {
		c.Logins = []oktasim.SSO{
			{User: user, App: app, At: now.Add(-80 * day)},
			{User: user, App: app, At: want, ASNumber: 4_200_000_000},
			{User: other, App: app, At: now.Add(-1 * day)},
			{User: user, App: "0oaapp2", At: now.Add(-1 * day)},
			{User: user, App: app, At: now.Add(-120 * day)},
			{User: user, App: app, At: now.Add(-time.Hour), Late: 48 * time.Hour},
		}
		for i := range 70 {
			c.Logins = append(c.Logins, oktasim.SSO{User: user, App: app, At: now.Add(-time.Duration(i+1) * time.Hour), Result: "FAILURE"})
		}
	}, nil)
	p := s.provider(t, okta.Config{Token: simToken})
	for since, want := range map[time.Time]time.Time{
		now.Add(-30 * day): want, now.Add(-365 * day): want, {}: want, now.Add(-10 * day): {}, now.Add(-20 * day): want,
	} {
		before := s.calls.Load()
		got, err := p.LastUse(t.Context(), app, user, since)
		if err != nil || !got.Equal(want) {
			t.Errorf("since %v: got %v, %v; want %v", since, got, err, want)
		}
		if n := s.calls.Load() - before; n != 1 {
			t.Errorf("since %v: took %d calls", since, n)
		}
	}
	if _, err := p.LastUse(t.Context(), `x" or "`, user, now); idp.KindOf(err) != idp.Invalid {
		t.Errorf("an odd app id: %v", err)
	}
}

func TestCheckTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	token := okta.Config{Token: simToken}
	cases := map[string]struct {
		change func(*oktasim.Config)
		after  func(*sim)
		creds  okta.Config
		wrong  []string
	}{
		"all well": {creds: token},
		"a token that cannot see roles": {
			change: func(c *oktasim.Config) { c.Tokens[0].Admin = oktasim.GroupAdmin }, creds: token,
			wrong: nil,
		},
		"a token without a role": {
			after: func(s *sim) { _ = s.SetTokenRole("00Trobot", "") }, creds: token,
			wrong: []string{"credentials", "right to read groups", "right to read users", "right to read group rules"},
		},
		"a token that is not accepted": {
			creds: okta.Config{Token: wrongToken},
			wrong: []string{
				"credentials", "right to read groups", "right to read users", "right to read group rules", "right to read the system log",
			},
		},
		"a token whose owner left": {
			after: func(s *sim) { _ = s.Deactivate("00urobot000000000001") }, creds: token,
			wrong: []string{"credentials", "right to read groups", "right to read users", "right to read group rules"},
		},
		"a clock that is wrong": {
			change: func(c *oktasim.Config) {
				now := c.Now
				c.Now = func() time.Time { return now().Add(-10 * time.Minute) }
			}, creds: token,
			wrong: []string{"clock"},
		},
		"a budget that others spend": {
			after: func(s *sim) {
				for range 19 {
					req, err := http.NewRequest(http.MethodGet, s.web.URL+"/api/v1/users?limit=1", nil) //nolint:noctx // a stranger's call.
					if err != nil {
						continue
					}
					req.Header.Set("Authorization", "SSWS "+setupToken)
					if resp, err := http.DefaultClient.Do(req); err == nil {
						_ = resp.Body.Close()
					}
				}
			},
			change: func(c *oktasim.Config) { c.Limits[oktasim.BucketUsers], c.TokenShare = 20, 100 }, creds: token,
			wrong: []string{"rate limits"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, c.change, nil)
			if c.after != nil {
				c.after(s)
			}
			p := s.provider(t, c.creds)
			var wrong []string
			for _, f := range p.Check(t.Context()) {
				if !f.OK {
					wrong = append(wrong, f.Subject)
					if f.Fix == "" {
						t.Errorf("no way to mend %s", f.Subject)
					}
				}
			}
			if strings.Join(wrong, ", ") != strings.Join(c.wrong, ", ") {
				t.Errorf("wrong: %q, want %q", wrong, c.wrong)
			}
			if n := s.count(func(c oktasim.Call) bool { return c.Method != http.MethodGet }); n != 0 {
				t.Errorf("%d calls that are no reads", n)
			}
		})
	}
}

func TestCheckOfAServiceAppComparesScopes(t *testing.T) {
	t.Parallel()
	needed := []string{"okta.groups.manage", "okta.groups.read", "okta.users.read"}
	all := documentedScopes()
	for name, c := range map[string]struct {
		granted, asked []string // asked nil: what is asked for by default
		wrong          map[string]string
		facts          map[string]string
	}{
		"everything": {granted: all},
		"what is needed and no more": {
			granted: needed, asked: needed,
			facts: map[string]string{"right to read the system log": "no last use of apps"},
		},
		"no right to change": {
			granted: all, asked: needed[1:],
			wrong: map[string]string{"right to change members": "okta.groups.manage", "scopes": "okta.groups.manage"},
			facts: map[string]string{"right to read the system log": "no last use of apps"},
		},
		"asked for too much": {
			granted: needed,
			wrong:   map[string]string{"credentials": "these are not granted: okta.logs.read, okta.roles.read."},
		},
		"asked for too much and granted too little": {
			granted: all[1:],
			wrong:   map[string]string{"credentials": "these are not granted: okta.groups.manage."},
		},
	} {
		key := newKey(t)
		s := start(t, func(cfg *oktasim.Config) {
			register(cfg, key)
			cfg.Clients[0].Scopes = c.granted
		}, nil)
		cfg := keyConfig(key)
		cfg.Scopes = c.asked
		wrong, facts := map[string]string{}, map[string]string{}
		for _, f := range s.provider(t, cfg).Check(t.Context()) {
			switch {
			case !f.OK:
				wrong[f.Subject] = f.Detail
			case f.Fix != "":
				facts[f.Subject] = f.Detail
			}
			if !f.OK && f.Fix == "" {
				t.Errorf("%s: %+v", name, f)
			}
		}
		contain := func(want string, got string) bool { return strings.Contains(got, want) }
		if !maps.EqualFunc(c.wrong, wrong, contain) || !maps.EqualFunc(c.facts, facts, contain) {
			t.Errorf("%s: wrong %q, facts %q", name, wrong, facts)
		}
	}
}

// TestTheScopesAskedForByDefaultAreThoseOfTheDocumentation goes by the table of scopes.
func TestTheScopesAskedForByDefaultAreThoseOfTheDocumentation(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/providers/okta.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rows, found := strings.Cut(string(page), "| for | scope |")
	rows, _, ended := strings.Cut(rows, "\n\n")
	var documented []string
	for _, m := range regexp.MustCompile("`(okta\\.[a-z.]+)`").FindAllStringSubmatch(rows, -1) {
		documented = append(documented, m[1])
	}
	slices.Sort(documented)
	key := newKey(t)
	s := start(t, func(c *oktasim.Config) {
		register(c, key)
		c.Clients[0].Scopes = documented
	}, nil)
	if _, err := s.provider(t, keyConfig(key)).FindUser(t.Context(), "nobody@suite.example"); idp.KindOf(err) != idp.UserNotFound {
		t.Errorf("with the scopes of the documentation: %v", err)
	}
	least := documentedScopes()
	slices.Sort(least)
	if !found || !ended || !slices.Equal(documented, least) {
		t.Errorf("documented are %v, the tests run with %v", documented, least)
	}
}

func TestManyCallersShareOneSignIn(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	s := start(t, func(c *oktasim.Config) { register(c, key) }, nil)
	p := s.provider(t, keyConfig(key))
	u := s.addUser(t, idptest.Person{Email: "a@suite.example", First: "A", Last: "B"})
	signIns := func() int { return s.count(func(c oktasim.Call) bool { return c.Path == "/oauth2/v1/token" }) }
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if _, err := p.User(t.Context(), u); err != nil {
				t.Errorf("User: %v", err)
			}
		})
	}
	group.Wait()
	if n := signIns(); n != 1 {
		t.Errorf("%d sign-ins for 20 callers", n)
	}
	s.offset.Add(int64(time.Hour))
	if _, err := p.User(t.Context(), u); err != nil {
		t.Errorf("after the token ran out: %v", err)
	}
	if n := signIns(); n != 2 {
		t.Errorf("%d sign-ins after an hour, want 2", n)
	}
	// A token that Okta drops early costs one more sign-in and no failure.
	s.Inject(oktasim.Fault{Name: "user.get", Kind: oktasim.Unauthorized, Times: 1})
	if _, err := p.User(t.Context(), u); err != nil {
		t.Errorf("after the token was dropped: %v", err)
	}
	if n := signIns(); n != 3 {
		t.Errorf("%d sign-ins after a dropped token, want 3", n)
	}
}

func TestASignInThatFailsIsToldApart(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	for kind, want := range map[oktasim.FaultKind]idp.Kind{
		oktasim.Down: idp.Unavailable, oktasim.Error502HTML: idp.Unavailable, oktasim.RateLimit: idp.Throttled,
		oktasim.Truncated: idp.Unavailable, oktasim.WrongTypes: idp.Unavailable, oktasim.Unauthorized: idp.Unauthorized,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s := start(t, func(c *oktasim.Config) { register(c, key) }, nil)
			p := s.provider(t, keyConfig(key))
			s.Inject(oktasim.Fault{Name: "token", Kind: kind})
			_, err := p.User(t.Context(), "00urobot000000000001")
			if idp.KindOf(err) != want {
				t.Fatalf("got %v, want kind %s", err, want)
			}
			for _, secret := range []string{"client_assertion", "PRIVATE", "eyJ"} {
				if strings.Contains(fmt.Sprintf("%v %+v", err, err), secret) || strings.Contains(s.logs.String(), secret) {
					t.Fatalf("shown: %s in %v", secret, err)
				}
			}
		})
	}
}

func TestABodyThatDripsIsAnAnswer(t *testing.T) {
	t.Parallel()
	s := start(t, nil, nil)
	p := s.provider(t, okta.Config{Token: simToken})
	s.Inject(oktasim.Fault{Name: "user.get", Kind: oktasim.SlowDrip, Times: 1, After: 100 * time.Microsecond})
	u, err := p.User(t.Context(), "00urobot000000000001")
	if err != nil || u.Login != "robot@suite.example" {
		t.Fatalf("got %+v, %v", u, err)
	}
}

func TestADeactivatedPersonCanStillBeTakenOut(t *testing.T) {
	t.Parallel()
	s := start(t, nil, nil)
	p := s.provider(t, okta.Config{Token: simToken})
	u := s.addUser(t, idptest.Person{Email: "a@suite.example", First: "A", Last: "B"})
	g := s.addGroup(t, "Team", u)
	if err := s.Deactivate(string(u)); err != nil {
		t.Fatal(err)
	}
	if err := p.AddMember(t.Context(), s.addGroup(t, "Other"), u); idp.KindOf(err) != idp.UserNotAllowed {
		t.Errorf("adding: %v", err)
	}
	if err := p.RemoveMember(t.Context(), g, u); err != nil || len(s.members(g)) != 0 {
		t.Errorf("removing: %v, left %v", err, s.members(g))
	}
}
