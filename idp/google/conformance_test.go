package google_test

import (
	"strings"
	"testing"

	"usher/idp/google"
	"usher/idp/idptest"
)

// TestConformance runs the suite. Its case that a removal is one call is put to a provider that takes out whoever it is told
// to: by default the role is read first, so that no owner or manager is removed, and that is a second call.
func TestConformance(t *testing.T) {
	t.Parallel()
	idptest.Run(t, func(t *testing.T) idptest.World {
		t.Helper()
		s := start(t, nil)
		if strings.HasSuffix(t.Name(), "/a_removal_is_one_call") {
			s.tune = func(c *google.Config) { c.AnyRole = true }
		}
		return s.world(t)
	})
}
