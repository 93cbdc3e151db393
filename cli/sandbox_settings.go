package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"usher/catalog"
	"usher/sandbox"
)

// sandboxMark is the first line of settings that may be written over.
const sandboxMark = "# Written by usher sandbox; it will be written over."

// writeSettings writes settings that fit the sandbox, without its tokens, and the catalog of the built-in company. It
// leaves alone what somebody else wrote. The lines that it returns say what it did.
func writeSettings(dir string, w *sandbox.World, builtIn bool) ([]string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the folder for the settings: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the folder for the settings: %w", err)
	}
	settings, catalogPath := filepath.Join(dir, "usher.yml"), filepath.Join(dir, "catalog.yml")
	old, err := os.ReadFile(settings)
	if err == nil && !strings.HasPrefix(string(old), sandboxMark) {
		return nil, fmt.Errorf("%s is there already and was not written by usher sandbox; name another folder", settings)
	}
	kept, err := keepCatalog(catalogPath, w, builtIn)
	if err != nil {
		return nil, err
	}
	env := w.Environment()
	text := sandboxMark + fmt.Sprintf(`
# The tokens are not in here: they are in the environment that usher sandbox prints.
slack: {api_url: %q}
%scatalog: [%q]
database: %q
`, env["USHER_SLACK_API_URL"], w.Directory.Settings(), catalogPath, filepath.Join(dir, "usher.db"))
	address := fmt.Sprintf("jira:\n  url: %q\n  email: %q\n", env["USHER_JIRA_URL"], env["USHER_JIRA_EMAIL"])
	text += strings.Replace(demoSettings(w.Company), "jira:\n", address, 1)
	if err := os.WriteFile(settings, []byte(text), 0o644); err != nil {
		return nil, fmt.Errorf("write settings: %w", err)
	}
	return []string{
		"wrote " + settings, kept,
		"with the variables above set: usher doctor -config " + settings + ", usher serve -config " + settings,
	}, nil
}

// keepCatalog leaves the catalog that is there, unless it was written for another directory, or writes that of the built-in
// company. It returns what it did.
func keepCatalog(path string, w *sandbox.World, builtIn bool) (string, error) {
	if _, err := os.Stat(path); err == nil {
		return "left " + path + " as it is", fitsDirectory(path, w.Directory.Name())
	}
	if !builtIn {
		return "write " + path + " for your company; usher catalog example prints one", nil
	}
	if err := os.WriteFile(path, w.Catalog(), 0o644); err != nil {
		return "", fmt.Errorf("write catalog: %w", err)
	}
	return "wrote " + path, nil
}

// fitsDirectory refuses a catalog with groups of another directory that a sandbox can have. What else is wrong with a
// catalog, the doctor says.
func fitsDirectory(path, directory string) error {
	c, err := catalog.Load(path)
	if err != nil {
		return nil //nolint:nilerr // See above.
	}
	if g, e := foreignGroup(c, directory); e != "" {
		return fmt.Errorf("%s is there already and has groups of %s, not of %s; name another folder, or choose -idp %s", path, title(g.Provider), title(directory), g.Provider)
	}
	return nil
}
