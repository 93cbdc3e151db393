package google_test

import (
	"strings"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/google"
	"usher/sandbox/googlesim"
)

func bad(findings []idp.Finding) map[string]idp.Finding {
	wrong := map[string]idp.Finding{}
	for _, f := range findings {
		if !f.OK {
			wrong[f.Subject] = f
		}
	}
	return wrong
}

func TestCheckNamesEveryMissingScope(t *testing.T) {
	t.Parallel()
	for scope, subject := range map[string]string{
		"admin.directory.group.member":   "right to change members",
		"admin.directory.group.readonly": "right to read groups",
		"admin.directory.user.readonly":  "right to read users",
		"cloud-identity.groups.readonly": "right to read labels of groups",
	} {
		s := start(t, func(c *googlesim.Config) { c.ServiceAccounts[0].Delegated = without(scope) })
		wrong := bad(s.provider(t, nil).Check(t.Context()))
		f, found := wrong[subject]
		if !found || !strings.Contains(f.Fix, scope) || len(wrong) != 1 && scope != "admin.directory.group.readonly" {
			t.Errorf("without %s: %+v", scope, wrong)
		}
	}
	for scope, subject := range map[string]string{
		"admin.directory.rolemanagement.readonly": "right to read admin roles of groups",
		"admin.directory.user.security":           "right to end sessions",
		"admin.reports.audit.readonly":            "right to read reports",
		"cloud-identity.groups":                   aboutScope,
	} {
		s := start(t, func(c *googlesim.Config) { c.ServiceAccounts[0].Delegated = without(scope) })
		findings := s.provider(t, nil).Check(t.Context())
		if wrong := bad(findings); len(wrong) != 0 {
			t.Errorf("without %s, which is not needed: %+v", scope, wrong)
		}
		if f := about(t, findings, subject); !strings.Contains(f.Detail+f.Fix, scope) {
			t.Errorf("without %s nothing names it: %+v", scope, f)
		}
	}
}

func TestCheckFindsMissingRightsAndClocks(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *googlesim.Config) { c.Users[0].Admin = googlesim.GroupsAdmin })
	wrong := bad(s.provider(t, nil).Check(t.Context()))
	if len(wrong) != 0 {
		t.Errorf("an admin of groups: %+v", wrong)
	}
	own := start(t, func(c *googlesim.Config) { c.ServiceAccounts[0].Admin = googlesim.SuperAdmin })
	if wrong := bad(own.provider(t, func(c *google.Config) { c.Subject = "" }).Check(t.Context())); len(wrong) != 0 {
		t.Errorf("a service account with a role of its own: %+v", wrong)
	}
	late := start(t, nil)
	wrong = bad(late.provider(t, func(c *google.Config) { c.Now = func() time.Time { return late.now().Add(-2 * time.Minute) } }).Check(t.Context()))
	if wrong["clock"].Fix == "" {
		t.Errorf("a clock that is late: %+v", wrong)
	}
	nobody := start(t, nil)
	wrong = bad(nobody.provider(t, func(c *google.Config) { c.Subject = "gone@suite.example" }).Check(t.Context()))
	if f := wrong["credentials"]; !strings.Contains(f.Detail, "subject") || strings.Contains(f.Detail, "gone@") {
		t.Errorf("a subject who is nobody: %+v", wrong)
	}
}
