package clients_test

import (
	"regexp"
	"strings"
	"testing"
)

// Whoever installs the clients must get the same bytes from whichever registry npm is set up with.
func TestLockPinsContentAndNoRegistry(t *testing.T) {
	t.Parallel()
	var lock struct {
		LockfileVersion int
		Packages        map[string]struct {
			Version, Resolved, Integrity string
			DevDependencies              map[string]string
		}
	}
	read(t, "package-lock.json", &lock)
	for path, p := range lock.Packages {
		if path == "" {
			continue
		}
		if p.Resolved != "" {
			t.Errorf("%s names the address %s", path, p.Resolved)
		}
		if !strings.HasPrefix(p.Integrity, "sha512-") {
			t.Errorf("%s is not pinned by content: integrity %q", path, p.Integrity)
		}
	}
	exact := regexp.MustCompile(`^\d+\.\d+\.\d+$`)
	for name, version := range wanted(t) {
		if !exact.MatchString(version) {
			t.Errorf("%s is wanted as %q, not as one version", name, version)
		}
		if got := lock.Packages["node_modules/"+name].Version; got != version {
			t.Errorf("%s is wanted as %s, locked as %q", name, version, got)
		}
	}
}
