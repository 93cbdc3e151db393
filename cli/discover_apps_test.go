package cli_test

import (
	"strings"
	"testing"

	"usher/sandbox/graphsim"
)

// TestDiscoverySaysThatAppsMayNotBeRead proves that a lack of rights does not look like groups without apps.
func TestDiscoverySaysThatAppsMayNotBeRead(t *testing.T) {
	t.Parallel()
	w, env, settings := elsewhere(t, "entra")
	discover := func(want int) {
		t.Helper()
		status, out, told := program(t.Context(), t, env, "catalog", "discover", "-config", settings)
		if status != 0 || !strings.Contains(out, "contractors") || strings.Count(told, "apps may not be read") != want || strings.Count(told, "Application.Read.All") != want {
			t.Errorf("status %d, want the lack told %d times:\n%s%s", status, want, out, told)
		}
	}
	discover(0)
	tenant := w.Directory.(interface {
		SetRoles(clientID string, roles ...string) error
	})
	if err := tenant.SetRoles("0f1c2d3e-aaaa-4bbb-8ccc-00000000c0de", graphsim.GroupMemberWrite, graphsim.UserRead); err != nil {
		t.Fatal(err)
	}
	discover(1)
}
