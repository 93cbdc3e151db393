package cli_test

import (
	"context"
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

	"usher/sandbox"
)

// served is the program as a process of its own, without crashes.
type served struct {
	*product
	cmd  *exec.Cmd
	addr string
}

func serveChild(ctx context.Context, t *testing.T) *served {
	t.Helper()
	p := newProduct(t)
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &served{product: p, addr: l.Addr().String()}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	p.write("usher.yml", []byte(testSettings+"listen: "+s.addr+"\n"))
	s.cmd = exec.CommandContext(ctx, os.Args[0], "serve", "-config", filepath.Join(p.dir, "usher.yml"))
	s.cmd.Env = append(os.Environ(), childVar+"=1", clockVar+"="+p.clock)
	for k, v := range p.world.Environment() {
		s.cmd.Env = append(s.cmd.Env, k+"="+v)
	}
	s.cmd.Stdout, s.cmd.Stderr = p, p
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := p.world.Slack.WaitConnected(ctx, 2); err != nil {
		t.Fatalf("%v\n%s", err, p.logged())
	}
	return s
}

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
	for _, want := range []string{`usher_effects_total{kind="add",outcome="done"} 1`, `usher_effects_total{kind="remove",outcome="done"} 1`, `usher_removal_lateness_seconds_count{provider="okta"} 1`, `usher_removal_lateness_seconds{provider="okta",quantile="0.99"}`, "usher_last_sweep_timestamp_seconds"} {
		if !strings.Contains(metrics, want) {
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
	before := strings.Count(s.logged(), "catalog in force")
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	s.until(ctx, "the hangup reloads", func() bool { return strings.Count(s.logged(), "catalog in force") > before })
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
