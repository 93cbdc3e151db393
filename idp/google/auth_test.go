package google_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/google"
	"usher/idp/rest"
	"usher/sandbox/googlesim"
)

func (s *sim) signIns() int {
	return s.count(func(c googlesim.Call) bool { return c.Name == "token" })
}

func without(scope string) []string {
	return slices.DeleteFunc(everyScope(), func(s string) bool { return strings.HasSuffix(s, "/"+scope) })
}

// TestAMissingScopeTakesAwayItsOwnUse proves that the rest goes on, and that the missing scope is named.
func TestAMissingScopeTakesAwayItsOwnUse(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *googlesim.Config) { c.ServiceAccounts[0].Delegated = without("admin.reports.audit.readonly") })
	p, u := s.provider(t, nil), person(t, s, "ada@suite.example")
	for range 3 {
		_, err := p.LastUse(t.Context(), "app", u, time.Time{})
		wantKind(t, "LastUse", err, idp.Forbidden)
		if !strings.Contains(err.Error(), "admin.reports.audit.readonly") {
			t.Fatalf("the error does not name the scope: %v", err)
		}
	}
	if n := s.signIns(); n != 1 {
		t.Errorf("a scope that is not delegated was asked for %d times", n)
	}
	must(t, "AddMember", p.AddMember(t.Context(), s.addGroup(t, "Team"), u))
	must(t, "Delegate", s.Delegate(robot, everyScope()...))
	p.Check(t.Context()) // It looks afresh.
	_, err := p.LastUse(t.Context(), "app", u, time.Time{})
	must(t, "LastUse after the scope was delegated", err)
}

func TestOneSignInServesManyCallers(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	p, u := s.provider(t, nil), person(t, s, "ada@suite.example")
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if _, err := p.User(t.Context(), u); err != nil {
				t.Errorf("User: %v", err)
			}
		})
	}
	group.Wait()
	if n := s.signIns(); n != 1 {
		t.Errorf("signed in %d times", n)
	}
	s.RevokeTokens()
	_, err := p.User(t.Context(), u)
	must(t, "User after the access tokens were revoked", err)
	s.offset.Add(int64(59 * time.Minute))
	_, err = p.User(t.Context(), u)
	must(t, "User near the end of the access token", err)
	if n := s.signIns(); n != 3 {
		t.Errorf("signed in %d times", n)
	}
}

func TestRefusedSignIns(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	u := person(t, s, "ada@suite.example")
	for what, c := range map[string]struct {
		change func(*google.Config)
		says   string
	}{
		"wrong key":        {func(c *google.Config) { c.Credentials = s.keyFile(t, otherKey()) }, "key is none"},
		"no such subject":  {func(c *google.Config) { c.Subject = "gone@suite.example" }, "subject"},
		"a clock far back": {func(c *google.Config) { c.Now = func() time.Time { return s.now().Add(-3 * time.Hour) } }, "clock"},
	} {
		_, err := s.provider(t, c.change).User(t.Context(), u)
		wantKind(t, what, err, idp.Unauthorized)
		if !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "gone@") {
			t.Errorf("%s: %v", what, err)
		}
	}
	for kind, want := range map[googlesim.FaultKind]idp.Kind{
		googlesim.Down: idp.Unavailable, googlesim.Error503: idp.Unavailable, googlesim.Error502HTML: idp.Unavailable, googlesim.Truncated: idp.Unavailable,
		googlesim.WrongTypes: idp.Unavailable, googlesim.RateLimit: idp.Throttled,
	} {
		s.Inject(googlesim.Fault{Name: "token", Kind: kind, Times: 1})
		p := s.provider(t, nil)
		_, err := p.User(t.Context(), u)
		wantKind(t, "sign-in with "+string(kind), err, want)
		var e *idp.Error
		if errors.As(err, &e) && e.Kind == idp.Throttled && e.RetryAt.IsZero() {
			t.Error("nothing says when to come back")
		}
	}
}

// external describes an external account whose token stands in a file.
func (s *sim) external(t *testing.T, impersonate bool, file string) rest.Secret {
	t.Helper()
	f := map[string]any{
		"type": "external_account", "audience": "//iam.googleapis.com/pool", "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
		"token_url": s.web.URL + "/v1/token", "credential_source": map[string]any{"file": file},
	}
	if impersonate {
		f["service_account_impersonation_url"] = s.web.URL + "/v1/projects/-/serviceAccounts/" + robot + ":generateAccessToken"
	}
	raw, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return rest.Secret(raw)
}

// TestWorkloadIdentity signs in without any key: as the service account itself, and for an admin by a signature that Google
// makes in the service account's name.
func TestWorkloadIdentity(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/token"
	writeFile(t, file, "subject-token-of-the-cluster")
	s := start(t, func(c *googlesim.Config) {
		c.ServiceAccounts[0].Admin = googlesim.SuperAdmin
		c.SigningKey = otherKey()
		c.Workloads = []googlesim.Workload{{Audience: "//iam.googleapis.com/pool", Token: "subject-token-of-the-cluster", ServiceAccount: robot}}
	})
	u := person(t, s, "ada@suite.example")
	for what, change := range map[string]func(*google.Config){
		"as itself":       func(c *google.Config) { c.Credentials, c.Subject = s.external(t, true, file), "" },
		"for an admin":    func(c *google.Config) { c.Credentials = s.external(t, true, file) },
		"without account": func(c *google.Config) { c.Credentials, c.ServiceAccount = s.external(t, false, file), robot },
	} {
		p := s.provider(t, change)
		g := s.addGroup(t, what)
		if err := p.AddMember(t.Context(), g, u); err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		by := s.MemberHistory(string(g))[0].By
		if want := map[bool]string{true: robot, false: admin}[what == "as itself"]; by != want {
			t.Errorf("%s: it was done by %s", what, by)
		}
	}
	unsigned := start(t, func(c *googlesim.Config) {
		c.Workloads = []googlesim.Workload{{Audience: "//iam.googleapis.com/pool", Token: "subject-token-of-the-cluster"}}
	})
	_, err := unsigned.provider(t, func(c *google.Config) { c.Credentials, c.ServiceAccount = unsigned.external(t, false, file), robot }).User(t.Context(), u)
	wantKind(t, "without the right to sign", err, idp.Unauthorized)
	for _, want := range []string{"Service Account Token Creator", "IAM Service Account Credentials API"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("without the right to sign: %v does not name %s", err, want)
		}
	}
	writeFile(t, file, "a-stolen-token")
	_, err = s.provider(t, func(c *google.Config) { c.Credentials = s.external(t, true, file) }).User(t.Context(), u)
	wantKind(t, "with another token", err, idp.Unauthorized)
	if strings.Contains(err.Error(), "stolen") {
		t.Errorf("the error shows the token: %v", err)
	}
}

func TestPrintingShowsNoSecret(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	cfg := google.Config{Credentials: s.keyFile(t, testKey()), Subject: admin}
	p := s.provider(t, nil)
	line := strings.Split(pemOf(testKey()), "\n")[3]
	for _, text := range []string{fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg), fmt.Sprintf("%v %+v", p, p), fmt.Sprintf("%#v", *p)} {
		if strings.Contains(text, line) || strings.Contains(text, "PRIVATE KEY") {
			t.Error("printing shows the key")
		}
	}
}
