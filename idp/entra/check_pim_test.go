package entra_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"usher/idp/entra"
	"usher/sandbox/graphsim"
)

func TestCheckSaysWhetherEntraItselfEndsMemberships(t *testing.T) {
	t.Parallel()
	unlicensed := func(c *graphsim.Config) { c.NoGovernance = true }
	for what, c := range map[string]struct {
		change      func(*graphsim.Config)
		group       bool
		fault       graphsim.FaultKind
		ok, none    bool // OK, and NoExpiry
		detail, fix string
	}{
		"licensed":       {nil, true, "", true, false, "Entra itself can end memberships", ""},
		"not licensed":   {unlicensed, true, "", true, true, "no Entra ID P2 or Governance license", "Buy Entra ID P2 or Governance"},
		"no group":       {unlicensed, false, "", true, false, "Cannot be judged", ""},
		"refused":        {nil, true, graphsim.Forbidden, true, true, "Graph refuses PIM for Groups to this app (Authorization_RequestDenied)", "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup is granted"},
		"gone":           {nil, true, graphsim.Gone, true, false, "Cannot be judged: check PIM for Groups: ", ""},
		"throttled":      {unlicensed, true, graphsim.RateLimit, false, false, "throttled", "could not be asked"},
		"down":           {nil, true, graphsim.Down, false, false, "check PIM for Groups", "could not be asked"},
		"not signed in":  {nil, true, graphsim.Unauthorized, false, false, "check PIM for Groups", "Mend"},
		"a proxy's page": {nil, true, graphsim.Error502HTML, false, false, "check PIM for Groups", "could not be asked"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := start(t, false, c.change)
			if c.group {
				s.team(t)
			}
			if c.fault != "" {
				s.Inject(graphsim.Fault{Name: "pim.instances", Kind: c.fault})
			}
			findings := s.provider(t, entra.Config{}).Check(t.Context())
			f := about(t, findings, "PIM for Groups")
			if f.OK != c.ok || f.NoExpiry != c.none || !strings.Contains(f.Detail, c.detail) || !strings.Contains(f.Fix, c.fix) {
				t.Errorf("%+v", f)
			}
			for _, f := range findings {
				if !f.OK && c.ok {
					t.Errorf("what is lacking is taken for a failure: %+v", f)
				}
			}
			for _, call := range s.Calls() {
				if call.Method != http.MethodGet && call.Name != "token" {
					t.Errorf("%s %s is no read", call.Method, call.Path)
				}
			}
		})
	}
}

func TestCheckTellsOfThePermissionForPIM(t *testing.T) {
	t.Parallel()
	const subject = "right to use PIM for Groups"
	s := start(t, false, func(c *graphsim.Config) { c.Clients[0].Roles = []string{graphsim.GroupMemberWrite, graphsim.UserRead} })
	s.team(t)
	findings := s.provider(t, entra.Config{}).Check(t.Context())
	f := about(t, findings, subject)
	if !f.OK || !f.NoExpiry || !strings.Contains(f.Detail, "no end of access that Entra itself sees to") || !strings.Contains(f.Fix, graphsim.PIMWrite) {
		t.Errorf("without it: %+v", f)
	}
	for _, f := range findings {
		if f.NoExpiry && f.Subject != subject || f.Subject == "PIM for Groups" {
			t.Errorf("%+v", f)
		}
	}
	s = start(t, false, nil)
	s.team(t)
	if f := about(t, s.provider(t, entra.Config{}).Check(t.Context()), subject); !f.OK || f.NoExpiry {
		t.Errorf("with it: %+v", f)
	}
}

// TestCheckAsksPIMWhereTheTokenShowsNoPermissions has a token that nobody but Graph can read.
func TestCheckAsksPIMWhereTheTokenShowsNoPermissions(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		roles  []string
		none   bool
		detail string
	}{
		"granted":     {leastRoles(), false, "Entra itself can end memberships"},
		"not granted": {[]string{graphsim.GroupMemberWrite, graphsim.UserRead}, true, "refuses PIM for Groups"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := start(t, false, func(cfg *graphsim.Config) { cfg.Clients[0].Roles = c.roles })
			s.team(t)
			inner := s.web.Config.Handler
			token := signIn(t, s)
			s.web.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.Header.Set("Authorization", "Bearer "+token)
				inner.ServeHTTP(w, r)
			})
			p := s.provider(t, entra.Config{TokenSource: func(context.Context) (string, time.Time, error) { return "opaque", s.now().Add(time.Hour), nil }})
			if f := about(t, p.Check(t.Context()), "PIM for Groups"); !f.OK || f.NoExpiry != c.none || !strings.Contains(f.Detail, c.detail) {
				t.Errorf("%+v", f)
			}
		})
	}
}

// signIn fetches an access token as the app does.
func signIn(t *testing.T, s *sim) string {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {appID}, "client_secret": {appSecret}, "scope": {"https://graph.microsoft.com/.default"}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.web.URL+"/"+s.TenantID()+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := s.web.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Token == "" {
		t.Fatalf("no access token: %v", err)
	}
	return answer.Token
}
