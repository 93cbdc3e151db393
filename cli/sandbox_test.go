package cli_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/cli"
	"usher/sandbox"
)

// startSandbox runs usher sandbox with settings in a folder until the test is over, and returns what it printed until it was
// ready, and where its settings are.
func startSandbox(t *testing.T, args ...string) (printed, settings string) {
	t.Helper()
	manifest, err := os.ReadFile("../manifest.yml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	var errs strings.Builder
	ended := make(chan int, 1)
	go func() {
		a := &cli.App{Stdout: in, Stderr: &errs, Manifest: manifest, Getenv: func(string) string { return "" }}
		ended <- a.Run(ctx, append([]string{"sandbox", "-settings", dir}, args...))
		_ = in.Close()
	}()
	t.Cleanup(func() {
		stop()
		if status := <-ended; status != 0 {
			t.Errorf("usher sandbox ended with %d: %s", status, errs.String())
		}
	})
	var b strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		b.WriteString(lines.Text() + "\n")
		if strings.HasPrefix(lines.Text(), "# with the variables above set") {
			return b.String(), filepath.Join(dir, "usher.yml")
		}
	}
	status := <-ended
	ended <- 0 // It has been told.
	if strings.Contains(errs.String(), "slapd, OpenLDAP's server, is not installed") && os.Getenv("USHER_SLAPD") != "required" {
		t.Skip(errs.String())
	}
	t.Fatalf("usher sandbox ended with %d: %s", status, errs.String())
	return "", ""
}

// sourced has a shell read the lines, as docs/sandbox.md tells people to do.
func sourced(t *testing.T, lines string) map[string]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "set -a; . "+file(t, "try.env", lines)+"; exec env -0")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v, reading\n%s", err, lines)
	}
	env := map[string]string{}
	for pair := range strings.SplitSeq(string(out), "\x00") {
		if k, v, ok := strings.Cut(pair, "="); ok && strings.HasPrefix(k, "USHER_") {
			env[k] = v
		}
	}
	return env
}

// text collects what is written from several sides.
type text struct {
	mu sync.Mutex
	b  strings.Builder
}

func (x *text) Write(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.b.Write(p)
}

func (x *text) String() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.b.String()
}

func TestASandboxOfEachDirectoryIsWellWithItsSettings(t *testing.T) {
	t.Parallel()
	for _, name := range sandbox.Directories() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			printed, settings := startSandbox(t, "-idp", name)
			env := sourced(t, printed)
			status, out, errs := program(t.Context(), t, env, "doctor", "-config", settings)
			if status != 0 || strings.Contains(out, "skip") || !strings.Contains(out, "Everything is well.") {
				t.Errorf("doctor: %d\n%s%s", status, out, errs)
			}
			if n := strings.Count(out, "ok    group "+name+":") + strings.Count(out, name+" groups"); n == 0 {
				t.Errorf("no groups of %s were looked up:\n%s", name, out)
			}
			written, err := os.ReadFile(settings)
			if err != nil {
				t.Fatal(err)
			}
			for k, v := range env {
				secret := strings.HasSuffix(k, "TOKEN") || strings.HasSuffix(k, "SECRET") || strings.HasSuffix(k, "CREDENTIALS") || strings.HasSuffix(k, "PASSWORD")
				if secret == strings.Contains(string(written), v) {
					t.Errorf("secret: %t, and in the settings: %t: %s", secret, !secret, k)
				}
			}
			serves(t, env, settings)
		})
	}
}

// serves runs Usher until it has found everything well.
func serves(t *testing.T, env map[string]string, settings string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var log text
	done := make(chan int, 1)
	go func() {
		a := &cli.App{Stdout: &log, Stderr: &log, Getenv: func(k string) string { return env[k] }}
		done <- a.Run(ctx, []string{"serve", "-config", settings})
	}()
	for tick := time.Tick(10 * time.Millisecond); !strings.Contains(log.String(), "all is well"); {
		select {
		case <-tick:
		case status := <-done:
			t.Fatalf("serve ended with %d:\n%s", status, log.String())
		}
	}
	cancel()
	if status := <-done; status != 0 {
		t.Errorf("serve ended with %d:\n%s", status, log.String())
	}
}

// ended is a context with which a sandbox ends as soon as it is ready.
func ended(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestTheDirectoryOfASandboxIsWhereItWasAskedFor(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	printed, _ := startSandbox(t, "-idp", "entra", "-entra", addr)
	if got := sourced(t, printed)["USHER_ENTRA_GRAPH_URL"]; got != "http://"+addr {
		t.Errorf("it is at %q:\n%s", got, printed)
	}
	for name, c := range map[string]struct {
		args   []string
		status int
		want   string
	}{
		"of another":   {[]string{"-idp", "ldap", "-okta", addr}, 2, "-okta is the address of Okta, but the identity provider is the LDAP directory; use -ldap, or add -idp okta"},
		"of no":        {[]string{"-google", addr}, 2, "-google is the address of Google Workspace, but the identity provider is Okta; use -okta, or add -idp google"},
		"everywhere":   {[]string{"-idp", "google", "-google", "0.0.0.0:7389"}, 1, "loopback interface only"},
		"ldap on all":  {[]string{"-idp", "ldap", "-ldap", "0.0.0.0:7389"}, 1, "loopback interface only"},
		"no directory": {[]string{"-idp", "novell"}, 2, `there is no identity provider "novell"; -idp is one of okta, entra, google, ldap`},
	} {
		status, out, errs := program(ended(t), t, nil, append([]string{"sandbox"}, c.args...)...)
		if status != c.status || !strings.Contains(errs, c.want) || out != "" {
			t.Errorf("%s: status %d, want %d and %q:\n%s%s", name, status, c.status, c.want, out, errs)
		}
	}
}

func TestSettingsOfASandboxReplaceOnlyTheirOwn(t *testing.T) {
	t.Parallel()
	printed, settings := startSandbox(t)
	dir := filepath.Dir(settings)
	path := filepath.Join(dir, "catalog.yml")
	if !strings.Contains(printed, "# wrote "+path) {
		t.Errorf("it printed\n%s", printed)
	}
	run := func(args ...string) (int, string) {
		status, out, errs := program(ended(t), t, nil, append([]string{"sandbox", "-settings", dir}, args...)...)
		return status, out + errs
	}
	edit(t, settings, "catalog.yml", "name: GitHub\n", "name: GitLab\n")
	if status, said := run(); status != 0 || !strings.Contains(said, "left "+path+" as it is") {
		t.Errorf("again: %d\n%s", status, said)
	}
	if status, said := run("-idp", "entra"); status != 1 || !strings.Contains(said, path+" is there already and has groups of Okta, not of Entra ID; name another folder, or choose -idp okta") {
		t.Errorf("with another directory: %d\n%s", status, said)
	}
	for name, want := range map[string]string{"catalog.yml": "name: GitLab\n", "usher.yml": "okta: {url: "} {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !strings.Contains(string(b), want) {
			t.Errorf("%s was written over: %v\n%s", name, err, b)
		}
	}
	edit(t, settings, "usher.yml", "# Written by usher sandbox", "# Mine, once written by usher sandbox")
	if status, said := run(); status != 1 || !strings.Contains(said, settings+" is there already and was not written by usher sandbox") {
		t.Errorf("over somebody's own: %d\n%s", status, said)
	}
}
