package cli_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"usher/catalog"
	"usher/sandbox"
)

// served is the program as a process of its own, without crashes.
type served struct {
	*product
	cmd  *exec.Cmd
	addr string
	env  map[string]string
	as   *syscall.Credential // Another user than the test's.
	exe  string
}

// serveChild starts the program and waits until it is connected.
func serveChild(ctx context.Context, t *testing.T, adjust ...func(*served)) *served {
	t.Helper()
	s := newServed(ctx, t)
	for _, f := range adjust {
		f(s)
	}
	s.start(ctx)
	if err := s.world.Slack.WaitConnected(ctx, 2); err != nil {
		t.Fatalf("%v\n%s", err, s.logged())
	}
	return s
}

func newServed(ctx context.Context, t *testing.T) *served {
	t.Helper()
	p := newProduct(t)
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &served{product: p, addr: l.Addr().String(), env: p.world.Environment(), exe: os.Args[0]}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	p.write("usher.yml", []byte(testSettings+"listen: "+s.addr+"\n"))
	return s
}

func (s *served) start(ctx context.Context) {
	s.t.Helper()
	s.cmd = s.command(ctx, "serve", "-config", s.settings())
	s.cmd.Stdout, s.cmd.Stderr = s.product, s.product
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
}

// command is the binary with any arguments, in the same surroundings.
func (s *served) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.exe, args...) //nolint:gosec // Itself.
	// The race detector would make every process last a second longer.
	cmd.Env = append(os.Environ(), childVar+"=1", clockVar+"="+s.clock, "GORACE=atexit_sleep_ms=0")
	for k, v := range s.env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as}
	return cmd
}

// run runs the binary to its end and returns its status and what it printed.
func (s *served) run(ctx context.Context, args ...string) (int, string) {
	s.t.Helper()
	cmd := s.command(ctx, args...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

func (s *served) settings() string { return filepath.Join(s.dir, "usher.yml") }

// stop ends the program by a signal and checks that it went in order.
func (s *served) stop() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil || !strings.Contains(s.logged(), "msg=stopped") {
		s.t.Errorf("stop: %v\n%s", err, s.logged())
	}
}

func (s *served) get(ctx context.Context, path string) (int, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.addr+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestServeTellsHealthAndMetricsAndStopsInOrder(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s := serveChild(ctx, t)
	s.live(ctx)
	s.settled(ctx)
	s.until(ctx, "health", func() bool { status, body := s.get(ctx, "/healthz"); return status == http.StatusOK && body == "ok\n" })
	_, metrics := s.get(ctx, "/metrics")
	for _, want := range []string{`usher_effects_total{kind="add",outcome="done"} 1`, `usher_effects_total{kind="remove",outcome="done"} 1`, `usher_removal_lateness_seconds_count{provider="okta"} 1`, `usher_removal_lateness_seconds{provider="okta",quantile="0.99"}`, "usher_last_sweep_timestamp_seconds", "usher_slack_sockets 2"} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %q in the metrics", want)
		}
	}
	for _, want := range []string{"usher_requests_pending 0", "usher_grants_active 0", "usher_effects_failing 0", "usher_removals_overdue 0"} {
		if !strings.Contains(metrics, "\n"+want+"\n") {
			t.Errorf("no %q in the metrics", want)
		}
	}
	if strings.Contains(s.logged(), sandbox.OktaToken) || strings.Contains(s.logged(), "A fix") {
		t.Error("the log holds a token or what somebody typed")
	}
	s.stop()
}

func TestCatalogIsReloadedAndABadOneKeepsTheOldInForce(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s := serveChild(ctx, t)
	s.write("catalog.yml", []byte("version: 1\napps:\n  - id: x\n    nam: X\n"))
	s.until(ctx, "the bad catalog is refused", func() bool {
		return strings.Contains(s.logged(), "the old one stays in force") && strings.Contains(s.logged(), "nam")
	})
	s.write("catalog.yml", []byte(strings.Replace(string(sandbox.Catalog()), "name: GitHub\n", "name: GitLab\n", 1)))
	s.until(ctx, "the new catalog is in force", func() bool { return strings.Contains(s.logged(), "msg=\"catalog in force\"") })
	if err := s.world.Form(ctx, "maya", "gitlab", "GitLab: Write", ""); err != nil {
		t.Errorf("the new catalog is not offered: %v", err)
	}
	s.stop()
}

func TestHangupAnswersWithTheCatalogThatIsInForceThen(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s := serveChild(ctx, t)
	hangup := func() {
		if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	in := func(path string) string {
		c, err := catalog.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		return "version=" + c.Version()
	}
	path := filepath.Join(s.dir, "catalog.yml")
	s.until(ctx, "everything is checked", func() bool { return strings.Contains(s.logged(), "all is well") })
	hangup()
	s.until(ctx, "the hangup is answered", func() bool { return strings.Contains(s.logged(), "catalog in force\" "+in(path)) })
	s.write("catalog.yml", []byte(strings.Replace(string(sandbox.Catalog()), "name: GitHub\n", "name: GitLab\n", 1)))
	hangup()
	s.until(ctx, "the new version is named", func() bool { return strings.Contains(s.logged(), "catalog in force\" "+in(path)) })

	// A role that nobody could give is refused although the file is in order. The error is told once, by the hangup or by
	// the watch, whoever is first; the next change that the watch sees proves that it has seen this one.
	s.write("catalog.yml", []byte(strings.Replace(string(sandbox.Catalog()), `"okta:00g1githubwrite"`, `"entra:11111111-2222-3333-4444-555555555555"`, 1)))
	hangup()
	s.until(ctx, "the group of an unknown provider is refused", func() bool {
		return strings.Contains(s.logged(), "the old one stays in force") && strings.Contains(s.logged(), "entitlement github-write (GitHub: Write) maps to the group entra:1111")
	})
	if err := s.world.Form(ctx, "maya", "gitlab", "GitLab: Write", ""); err != nil {
		t.Errorf("the catalog before is not in force any more: %v", err)
	}
	s.write("catalog.yml", []byte(strings.Replace(string(sandbox.Catalog()), "okta:00g1githubwrite", "okta:00g1nosuch", 1)))
	s.until(ctx, "the watch sees the next one", func() bool { return strings.Contains(s.logged(), "catalog in force\" "+in(path)) })
	s.until(ctx, "its missing group is named", func() bool {
		return strings.Contains(s.logged(), "group okta:00g1nosuch of GitHub: Write") && strings.Contains(s.logged(), "correct the id in the catalog")
	})
	if n := strings.Count(s.logged(), "maps to the group entra:"); n != 1 {
		t.Errorf("the refused catalog was told %d times, want once\n%s", n, s.logged())
	}
	s.stop()
}

func TestIdleServeStopsAtOnce(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s := serveChild(ctx, t)
	s.until(ctx, "everything is checked", func() bool { return strings.Contains(s.logged(), "all is well") })
	began := time.Now()
	s.stop()
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %v", took)
	}
	if _, err := os.Stat(s.database() + ".sock"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
}

func TestServeTellsWhatIsWrongOutsideAndGoesOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		adjust func(*served)
		want   []string // In the log, with the fix.
	}{
		"jira token":   {func(s *served) { s.env["USHER_JIRA_TOKEN"] = "wrong" }, []string{"jira login", "make a new API token"}},
		"jira project": {func(s *served) { s.write("usher.yml", []byte(strings.Replace(testSettings, "ACCESS", "NOSUCH", 1))) }, []string{"jira project", "Browse Projects"}},
		"jira status": {func(s *served) {
			s.write("usher.yml", []byte(strings.Replace(testSettings, "denied: Denied", "denied: No", 1)))
		}, []string{"jira status denied", "the workflow has no status"}},
		"okta token": {func(s *served) { s.env["USHER_OKTA_TOKEN"] = "00Twrong" }, []string{"okta credentials", "Make a new API token"}},
		"group": {func(s *served) {
			s.write("catalog.yml", []byte(strings.Replace(string(sandbox.Catalog()), githubWrite, "00g1nosuch", 1)))
		}, []string{"group okta:00g1nosuch of GitHub: Write", "not found", "correct the id"}},
		"admin": {func(s *served) { s.write("usher.yml", []byte(strings.Replace(testSettings, "noor@", "nobody@", 1))) }, []string{"admin nobody@larkspur.example", "nobody in the directory", "setting admins"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			s := serveChild(ctx, t, c.adjust)
			s.until(ctx, "the failure is logged", func() bool { return strings.Contains(s.logged(), `msg="check failed"`) })
			if n := strings.Count(s.logged(), `msg="check failed"`); n != 1 {
				t.Errorf("%d failures are logged, want one", n)
			}
			for _, w := range c.want {
				if !strings.Contains(s.logged(), w) {
					t.Errorf("no %q in\n%s", w, s.logged())
				}
			}
			s.stop()
		})
	}
}

func TestHealthSaysThatTheDatabaseIsGone(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s := serveChild(ctx, t)
	if err := os.Rename(s.database(), s.database()+".away"); err != nil {
		t.Fatal(err)
	}
	if status, body := s.get(ctx, "/healthz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "Put it back") {
		t.Errorf("%d: %s", status, body)
	}
	saved := filepath.Join(t.TempDir(), "saved.db")
	if status, said := s.run(ctx, "backup", "-config", s.settings(), saved); status != 0 || !strings.Contains(said, "the running Usher") {
		t.Errorf("the last copy of what it knows: status %d\n%s", status, said)
	}
	if err := os.Rename(s.database()+".away", s.database()); err != nil {
		t.Fatal(err)
	}
	if status, body := s.get(ctx, "/healthz"); status != http.StatusOK {
		t.Errorf("when it is back: %d: %s", status, body)
	}
	s.stop()
}

func TestSecondProcessOnTheSameFileIsRefused(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s := serveChild(ctx, t)
	status, out, errs := program(ctx, t, s.world.Environment(), "serve", "-config", filepath.Join(s.dir, "usher.yml"))
	if status != 1 || !strings.Contains(errs, "usher.db") {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
	status, out, _ = program(ctx, t, s.world.Environment(), "doctor", "-config", filepath.Join(s.dir, "usher.yml"))
	if status != 0 || !strings.Contains(out, "in use by a running Usher") {
		t.Errorf("doctor beside a running Usher: %d\n%s", status, out)
	}
	s.stop()
}
