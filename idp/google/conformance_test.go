package google_test

import (
	"strings"
	"testing"

	"usher/idp/google"
	"usher/idp/idptest"
	"usher/sandbox/googlesim"
)

// TestConformance runs the suite twice: with a service account that acts for an admin, and with one that has a role of its own.
// A removal is two calls and not one: the role is read first, so that no owner or manager is removed.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*googlesim.Config)
		tune   func(*google.Config)
	}{
		"for an admin": {func(*googlesim.Config) {}, func(*google.Config) {}},
		"as itself": {
			func(c *googlesim.Config) { c.ServiceAccounts[0].Admin = googlesim.SuperAdmin },
			func(c *google.Config) { c.Subject = "" },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			idptest.Run(t, func(t *testing.T) idptest.World {
				t.Helper()
				s := start(t, c.change)
				s.tune = c.tune
				w := s.world(t)
				if strings.HasSuffix(t.Name(), "/a_removal_is_one_call") {
					w.RequestsPerChange = 2
				}
				return w
			})
		})
	}
}
