package browser

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// Whoever installs axe-core must get the same bytes from whichever registry npm is set up with.
func TestLockPinsContentAndNoRegistry(t *testing.T) {
	t.Parallel()
	var wanted struct{ DevDependencies map[string]string }
	var lock struct {
		Packages map[string]struct{ Version, Resolved, Integrity string }
	}
	for name, v := range map[string]any{"package.json": &wanted, "package-lock.json": &lock} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, v); err != nil {
			t.Fatalf("read %s: %v", name, err)
		}
	}
	got := lock.Packages["node_modules/axe-core"]
	if version := wanted.DevDependencies["axe-core"]; version == "" || got.Version != version {
		t.Errorf("%q is wanted, %q is locked", version, got.Version)
	}
	if got.Resolved != "" || !strings.HasPrefix(got.Integrity, "sha512-") {
		t.Errorf("it is not pinned by content alone: %+v", got)
	}
}
