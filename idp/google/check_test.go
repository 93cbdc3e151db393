package google_test

import (
	"os"
	"regexp"
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

// TestTheDoctorAsksForWhatTheDocumentationHasDelegated proves that the two agree, and that no scope is asked for without a use.
func TestTheDoctorAsksForWhatTheDocumentationHasDelegated(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/providers/google.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := regexp.MustCompile(`https://www\.googleapis\.com/auth/[a-z.-]+`).FindAllString(string(page), -1)
	s := start(t, func(c *googlesim.Config) { c.ServiceAccounts[0].Delegated = documented })
	for _, f := range s.provider(t, nil).Check(t.Context()) {
		if !f.OK || f.Fix != "" || strings.Contains(f.Detail, "Cannot be judged") {
			t.Errorf("with what is documented: %+v", f)
		}
	}
	if n := s.signIns(); n != len(documented) {
		t.Errorf("%d scopes are documented and %d were asked for: %v", len(documented), n, documented)
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
