package google_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"usher/idp"
	"usher/sandbox/googlesim"
)

const (
	aboutEdition = "expiring memberships"
	aboutScope   = "right to let memberships end by themselves"
	search       = "identity.membership.transitive"
)

// about returns the finding with the subject.
func about(t *testing.T, findings []idp.Finding, subject string) idp.Finding {
	t.Helper()
	for _, f := range findings {
		if f.Subject == subject {
			return f
		}
	}
	t.Fatalf("no finding about %s in %+v", subject, findings)
	return idp.Finding{}
}

func TestCheckSaysWhetherTheEditionHasExpiringMemberships(t *testing.T) {
	t.Parallel()
	plain := func(c *googlesim.Config) { c.PlainEdition = true }
	for what, c := range map[string]struct {
		change   func(*googlesim.Config)
		fault    googlesim.FaultKind
		ok, none bool // OK, and NoExpiry
		detail   string
		fix      string
	}{
		"has them":            {nil, "", true, false, "so they are to be had", ""},
		"has not":             {plain, "", true, true, "This edition does not end memberships by itself: Google says", "Enterprise Standard"},
		"a delegated admin":   {func(c *googlesim.Config) { c.Users[0].Admin = googlesim.GroupsAdmin }, "", true, false, "so they are to be had", ""},
		"refused, untold why": {nil, googlesim.Forbidden, true, true, "Most likely this edition does not", "Enterprise Standard"},
		"no group":            {func(c *googlesim.Config) { c.Groups = nil }, "", true, false, "Cannot be judged", ""},
		"labels are hidden": {func(c *googlesim.Config) {
			plain(c)
			c.ServiceAccounts[0].Delegated = without("cloud-identity.groups.readonly")
		}, "", true, false, "labels can be read", ""},
		"the scope to read will do": {func(c *googlesim.Config) { c.ServiceAccounts[0].Delegated = without("cloud-identity.groups") }, "", true, false, "so they are to be had", ""},
		"gone":                      {nil, googlesim.Gone, true, false, "Cannot be judged: check edition: ", ""},
		"throttled":                 {plain, googlesim.RateLimit, false, false, "throttled", "could not be asked"},
		"down":                      {nil, googlesim.Down, false, false, "check edition", "could not be asked"},
		"cut short":                 {func(c *googlesim.Config) { c.Groups[2].Members = []string{admin} }, googlesim.Truncated, false, false, "check edition", "could not be asked"},
		"signed out":                {nil, googlesim.Unauthorized, false, false, "check edition", "Compare"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := start(t, c.change)
			if c.fault != "" {
				s.Inject(googlesim.Fault{Name: search, Kind: c.fault})
			}
			findings := s.provider(t, nil).Check(t.Context())
			f := about(t, findings, aboutEdition)
			if f.OK != c.ok || f.NoExpiry != c.none || !strings.Contains(f.Detail, c.detail) || !strings.Contains(f.Fix, c.fix) {
				t.Errorf("%+v", f)
			}
			if what == "has not" && len(bad(findings)) != 0 {
				t.Errorf("a plain edition is taken for a failure: %+v", bad(findings))
			}
			if n := s.count(func(c googlesim.Call) bool { return c.Method != http.MethodGet && c.Name != "token" }); n != 0 {
				t.Errorf("%d calls that are no reads", n)
			}
		})
	}
}

func TestCheckTellsOfTheScopeThatSetsAnEnd(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *googlesim.Config) { c.ServiceAccounts[0].Delegated = without("cloud-identity.groups") })
	f := about(t, s.provider(t, nil).Check(t.Context()), aboutScope)
	if !f.OK || !f.NoExpiry || !strings.Contains(f.Detail, "cloud-identity.groups") || !strings.Contains(f.Fix, "cloud-identity.groups") {
		t.Errorf("without it: %+v", f)
	}
	if f := about(t, start(t, nil).provider(t, nil).Check(t.Context()), aboutScope); !f.OK || f.NoExpiry {
		t.Errorf("with it: %+v", f)
	}
	s = start(t, nil)
	p := s.provider(t, nil)
	s.Inject(googlesim.Fault{Name: "token", Kind: googlesim.Error503, Skip: 5}) // One for each scope that is tried before.
	if f := about(t, p.Check(t.Context()), aboutScope); f.OK || f.NoExpiry || !strings.Contains(f.Fix, "could not be asked") {
		t.Errorf("when no access token can be fetched: %+v", f)
	}
}

// TestRefusalOfWhoMayNotSeeIsNotTheEdition has Google refuse in the words that it has for rights.
func TestRefusalOfWhoMayNotSeeIsNotTheEdition(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		message string
		none    bool
		detail  string
	}{
		"rights":  {"Error(4013): Insufficient permissions to retrieve memberships.", false, "may not see every member"},
		"scope":   {"Request had insufficient authentication scopes.", false, "lacks the scope cloud-identity.groups.readonly"},
		"edition": {"Error(3005): Non-premium customers do not have access to certain premium features.", true, "premium features"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := start(t, nil)
			s.web.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasSuffix(r.URL.Path, ":searchTransitiveMemberships") {
					s.serve(w, r)
					return
				}
				w.WriteHeader(http.StatusForbidden)
				_, _ = fmt.Fprintf(w, `{"error":{"code":403,"message":%q,"status":"PERMISSION_DENIED"}}`, c.message)
			})
			f := about(t, s.provider(t, nil).Check(t.Context()), aboutEdition)
			if !f.OK || f.NoExpiry != c.none || !strings.Contains(f.Detail, c.detail) {
				t.Errorf("%+v", f)
			}
		})
	}
}
