package entra_test

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/entra"
	"usher/sandbox/graphsim"
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

func TestCheckJudgesThePermissions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, subject string
		roles         []string
		ok            bool
		detail, fix   string
	}{
		{"least rights", "least privilege", leastRoles(), true, "No permission", ""},
		{"no writing", "right to change members", []string{graphsim.UserRead, graphsim.GroupMemberRead}, false, "GroupMember.ReadWrite.All is missing", "grant admin consent"},
		{"no reading of users", "right to read users", []string{graphsim.GroupMemberWrite}, false, "User.Read.All is missing", "grant admin consent"},
		{"a greater right will do", "right to read users", []string{graphsim.DirectoryRead, graphsim.GroupMemberWrite}, true, "By Directory.Read.All", ""},
		{"no sign-ins", "right to read sign-ins", []string{graphsim.UserRead, graphsim.GroupMemberWrite}, true, "the last use of apps", "AuditLog.Read.All"},
		{"no apps", "reading apps", []string{graphsim.UserRead, graphsim.GroupMemberWrite}, true, "no knowledge of the apps", "Application.Read.All"},
		{"apps, and not by the assignments of groups", "reading apps", []string{graphsim.AppAssignmentWrite}, true, "no knowledge of the apps", "Application.Read.All"},
		{"apps", "reading apps", leastRoles(), true, "can be read", ""},
		{"may delete people", "least privilege", append(leastRoles(), graphsim.UserReadWrite), false, "one wrong call deletes an account", "Remove"},
		{"may make admins", "least privilege", append(leastRoles(), graphsim.RoleManagementWrite), false, "anybody an admin", "Remove"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, false, func(cfg *graphsim.Config) { cfg.Clients[0].Roles = c.roles })
			s.team(t)
			f := about(t, s.provider(t, entra.Config{}).Check(t.Context()), c.subject)
			if f.OK != c.ok || !strings.Contains(f.Detail, c.detail) || !strings.Contains(f.Fix, c.fix) {
				t.Fatalf("%+v", f)
			}
		})
	}
}

// TestTheDoctorAsksForWhatTheDocumentationHasGranted proves that the two agree, and that no right is asked for without a use.
func TestTheDoctorAsksForWhatTheDocumentationHasGranted(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/providers/entra.md")
	if err != nil {
		t.Fatal(err)
	}
	setup, _, found := strings.Cut(string(page), "Never give it")
	var documented []string
	for _, m := range regexp.MustCompile("`([A-Za-z]+(?:\\.[A-Za-z]+)+)`").FindAllStringSubmatch(setup, -1) {
		documented = append(documented, m[1])
	}
	least := leastRoles()
	slices.Sort(documented)
	slices.Sort(least)
	if !found || !slices.Equal(documented, least) {
		t.Fatalf("docs/providers/entra.md asks for %v, the tests run with %v", documented, least)
	}
	s := start(t, false, nil)
	s.team(t)
	p := s.provider(t, entra.Config{})
	for _, f := range p.Check(t.Context()) {
		if !f.OK || f.Fix != "" {
			t.Errorf("with what is documented: %+v", f)
		}
	}
	without := start(t, false, func(c *graphsim.Config) { c.Clients[0].Roles = nil })
	var named []string
	for _, f := range without.provider(t, entra.Config{}).Check(t.Context()) {
		named = append(named, regexp.MustCompile(`[A-Z][A-Za-z]+(\.[A-Z][A-Za-z]+){2,}`).FindAllString(f.Fix, -1)...)
	}
	slices.Sort(named)
	if named = slices.Compact(named); !slices.Equal(named, least) {
		t.Errorf("without any right the doctor asks for %v, documented are %v", named, least)
	}
}

func TestCheckTellsOfTheLicense(t *testing.T) {
	t.Parallel()
	s := start(t, false, func(c *graphsim.Config) { c.NoPremium = true })
	if f := about(t, s.provider(t, entra.Config{}).Check(t.Context()), "reading sign-ins"); !f.OK || !strings.Contains(f.Detail, "P1") || f.Fix == "" {
		t.Errorf("%+v", f)
	}
}

func TestCheckSeesTheClockAndTheLimits(t *testing.T) {
	t.Parallel()
	s := start(t, false, nil)
	s.team(t)
	p := s.provider(t, entra.Config{})
	if f := about(t, p.Check(t.Context()), "clock"); !f.OK {
		t.Errorf("%+v", f)
	}
	stands := time.Now() // So that what was spent stays spent, however slow the machine is.
	late := start(t, false, func(c *graphsim.Config) {
		c.Now = func() time.Time { return stands.Add(3 * time.Minute) }
		c.Limits.ResourceUnits = 40
	})
	late.team(t)
	p = late.provider(t, entra.Config{Now: func() time.Time { return stands }})
	u := late.person(t, "ada@suite.example")
	for range 34 {
		if _, err := p.User(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	findings := p.Check(t.Context())
	if f := about(t, findings, "clock"); f.OK || (!strings.Contains(f.Detail, "3m0s") && !strings.Contains(f.Detail, "2m59s")) {
		t.Errorf("%+v", f)
	}
	if f := about(t, findings, "limits"); f.OK || f.Fix == "" {
		t.Errorf("%+v", f)
	}
}

func TestCheckOfAnOpaqueToken(t *testing.T) {
	t.Parallel()
	s := start(t, false, nil)
	s.team(t)
	p := s.provider(t, entra.Config{TokenSource: func(context.Context) (string, time.Time, error) { return "opaque-token", s.now().Add(time.Hour), nil }})
	findings := p.Check(t.Context())
	if f := about(t, findings, "permissions"); !f.OK || !strings.Contains(f.Detail, "Cannot be judged") {
		t.Errorf("%+v", f)
	}
	if f := about(t, findings, "reading groups"); f.OK {
		t.Errorf("the tenant does not know the token: %+v", f)
	}
}
