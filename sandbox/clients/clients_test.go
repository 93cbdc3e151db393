package clients_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"usher/sandbox"
)

// patience bounds one client's whole round trip, and the installation, in real time.
const patience = 3 * time.Minute

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOfficialClientsAcceptTheSandbox(t *testing.T) {
	t.Parallel()
	node := program(t, "node")
	install(t)
	for _, file := range []string{"bolt.test.mjs", "jira.test.mjs", "okta.test.mjs"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			env := start(t)
			// Without --test, the file runs in this very process, which the deadline can then end for certain.
			run(t, env, node, "--test-reporter=spec", file)
		})
	}
}

// start serves a company of its own, with an app that may do everything, and returns what a client must know as environment variables.
func start(t *testing.T) []string {
	t.Helper()
	w, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	control, err := w.Serve("", w.Control())
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"USHER_SANDBOX_CONTROL=" + control}
	for name, value := range w.Environment() {
		env = append(env, name+"="+value)
	}
	return env
}

// run runs a program in this folder, shows what it says as it says it, and fails with it.
func run(t *testing.T, env []string, path string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...) //nolint:gosec // the path of node or npm, from this file alone
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Run(); err != nil {
		t.Fatalf("run %s %v: %v", path, args, errors.Join(err, ctx.Err()))
	}
}

// program finds a program, or skips the test where nobody promised to have it.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && os.Getenv("CI") != "" {
		t.Fatalf("%s is needed in CI: %v", name, err)
	}
	if err != nil {
		t.Skipf("%s is not installed, so the vendors' JavaScript clients cannot judge the sandbox here", name)
	}
	return path
}

// install lets npm fetch exactly what the lock names, unless that is there. Only one process at a time does so.
func install(t *testing.T) {
	t.Helper()
	unlock := lock(t, "package-lock.json")
	defer unlock()
	if installed(t) {
		return
	}
	run(t, nil, program(t, "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	if !installed(t) {
		t.Fatal("npm ci succeeded, but node_modules does not hold what package.json names")
	}
}

// installed reports whether npm finished here and the clients have the versions that package.json names.
func installed(t *testing.T) bool {
	t.Helper()
	if _, err := os.Stat(filepath.Join("node_modules", ".package-lock.json")); err != nil {
		return false
	}
	for name, want := range wanted(t) {
		data, err := os.ReadFile(filepath.Join("node_modules", filepath.FromSlash(name), "package.json"))
		var got struct{ Version string }
		if err != nil || json.Unmarshal(data, &got) != nil || got.Version != want {
			return false
		}
	}
	return true
}

// wanted are the clients with their versions.
func wanted(t *testing.T) map[string]string {
	t.Helper()
	var file struct{ DevDependencies map[string]string }
	read(t, "package.json", &file)
	return file.DevDependencies
}

func read(t *testing.T, name string, v any) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
}
