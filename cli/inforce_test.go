package cli

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"usher/sandbox"
)

func TestWatchIsSilentAboutWhatAReloadHasAnswered(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "catalog.yml")
	put := func(old, replacement string) {
		t.Helper()
		text := strings.Replace(string(sandbox.Catalog()), old, replacement, 1)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("", "")
	f, err := openInForce([]string{path}, []string{"okta"})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	log, changes := slog.New(slog.NewTextHandler(&out, nil)), 0
	changed := func() { changes++ }
	both := func() { // The watch sees it a moment later.
		f.reload(log, changed)
		f.take(false, log, changed)
	}
	told := func(what string, lines, inForce int, text string) {
		t.Helper()
		got := out.String()
		if strings.Count(got, "\n") != lines || changes != inForce || !strings.Contains(got, text) {
			t.Errorf("%s: want %d lines with %q and %d changes, got %d changes and\n%s", what, lines, text, inForce, changes, got)
		}
		out.Reset()
	}
	f.reload(log, changed)
	told("nothing changed", 1, 0, "catalog in force")

	put("name: GitHub\n", "name: GitLab\n")
	both()
	told("another catalog", 1, 1, "catalog in force")

	put("version: 1", "version: 7")
	both()
	told("a broken one", 1, 1, "the old one stays in force")
	f.reload(log, changed)
	told("a broken one again", 1, 1, "as it was told before")

	put("okta:00g1datadog", "entra:11111111-2222-3333-4444-555555555555")
	both()
	told("one that does not fit", 1, 1, `no provider \"entra\"`)
	if a, ok := f.Current().App("github"); !ok || a.Name != "GitLab" {
		t.Errorf("in force is %v", a)
	}

	put("", "")
	f.take(false, log, changed)
	told("the watch alone sees the first again", 1, 2, "catalog in force")
}
