package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"usher/sandbox"
	"usher/sandbox/jirasim"
)

// demo is the sandbox with the product in it.
type demo struct {
	app   *App // The caller's: the telling goes to its output.
	inner *App // The product's: it writes to the demo's log.
	dir   string
	log   *os.File
	world *sandbox.World
	cfg   Config

	mu      sync.Mutex // One start or stop at a time.
	stop    context.CancelFunc
	done    chan error
	ready   chan Running
	fell    chan error    // Why the product ended without having been told to.
	closed  chan struct{} // Closed by close.
	running atomic.Pointer[Running]
}

// newDemo makes a company in its first state; the product is not started yet.
func (a *App) newDemo(start startState) (*demo, error) {
	dir, err := os.MkdirTemp("", "usher-demo-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the demo: %w", err)
	}
	d := &demo{app: a, dir: dir, fell: make(chan error, 1), closed: make(chan struct{})}
	if d.log, err = os.Create(filepath.Join(dir, "usher.log")); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if d.world, err = sandbox.Start(sandbox.Config{Manifest: a.Manifest, Company: start.company, Directory: start.directory}); err != nil {
		return nil, errors.Join(err, d.log.Close(), os.RemoveAll(dir))
	}
	catalogPath := filepath.Join(dir, "catalog.yml")
	catalog := start.catalog
	if catalog == nil {
		catalog = d.world.Catalog()
	}
	if err := os.WriteFile(catalogPath, catalog, 0o600); err != nil {
		return nil, errors.Join(err, d.close())
	}
	env := d.world.Environment()
	env["USHER_CATALOG"], env["USHER_DB"] = catalogPath, filepath.Join(dir, "usher.db")
	settingsPath := filepath.Join(dir, "usher.yml")
	if err := os.WriteFile(settingsPath, []byte(demoSettings(d.world.Company)+d.world.Directory.Settings()), 0o600); err != nil {
		return nil, errors.Join(err, d.close())
	}
	d.inner = &App{
		Stdout: d.log, Stderr: d.log, Now: d.world.Clock.Now, Elapsed: elapsed(d.world.Clock.Now), Manifest: a.Manifest,
		Calm:    200 * time.Millisecond, // Somebody watches.
		Getenv:  func(k string) string { return env[k] },
		Started: func(r Running) { d.ready <- r },
	}
	if d.cfg, err = LoadConfig(settingsPath, d.inner.Getenv); err != nil {
		return nil, errors.Join(err, d.close())
	}
	d.world.Clock.OnMove(d.wake)
	return d, nil
}

// Start starts the product on the demo's database and waits until Slack has both of its sockets.
func (d *demo) Start(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stop != nil {
		return errors.New("usher runs already")
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	d.stop, d.done, d.ready = stop, make(chan error, 1), make(chan Running, 1)
	done := d.done
	go func() {
		err := d.inner.serve(run, d.cfg)
		if run.Err() == nil {
			select {
			case d.fell <- err:
			default: // It is known already.
			}
		}
		done <- err
	}()
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	select {
	case r := <-d.ready:
		d.running.Store(&r)
	case err := <-done:
		stop()
		d.stop = nil
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
	return d.world.Slack.WaitConnected(ctx, 2)
}

// Stop stops the product as a signal would and waits for it. Stopping what is stopped is fine.
func (d *demo) Stop(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stop == nil {
		return nil
	}
	d.stop()
	d.stop = nil
	d.running.Store(nil)
	select {
	case err := <-d.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("stop usher: %w", ctx.Err())
	}
}

// wake makes the product look at a clock that was moved.
func (d *demo) wake() {
	if r := d.running.Load(); r != nil {
		r.Wake()
	}
}

// nextDue is when the product wakes next for something that is due.
func (d *demo) nextDue() time.Time {
	if r := d.running.Load(); r != nil {
		return r.NextDue()
	}
	return time.Time{}
}

// demoSettings is the settings file of the demo, the same that a company would write.
func demoSettings(c *sandbox.Company) string {
	var admins []string
	for _, h := range c.Admins {
		p, _ := c.Person(h)
		admins = append(admins, p.Email())
	}
	return fmt.Sprintf(`jira:
  project: %s
  issue_type: Access request
  labels: [access]
  reporter: true
  statuses: {waiting: Waiting for approval, approved: Approved, active: Active, ended: Done, denied: Denied, canceled: Canceled, expired: Canceled, failed: Failed}
  fields: {application: %s, role: %s, ends_at: %s, subject: %s}
identity: {match_email: true, domains: [%s]}
admins: [%s]
`, sandbox.JiraProject, jirasim.FieldApplication, jirasim.FieldRole, jirasim.FieldAccessEnds, jirasim.FieldAccessFor,
		strings.Join(c.Domains(), ", "), strings.Join(admins, ", "))
}

// tail is the end of the product's log, for the person who has to find out why: first what went wrong, wherever it
// stands, then what came last. The summary of each start is left out.
func (d *demo) tail() string {
	b, err := os.ReadFile(d.log.Name())
	if err != nil {
		return ""
	}
	var bad, all []string
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\n")
		if !strings.HasPrefix(line, "time=") {
			continue
		}
		all = append(all, line)
		if strings.Contains(line, " level=ERROR ") || strings.Contains(line, " level=WARN ") {
			bad = append(bad, line)
		}
	}
	text := ""
	for _, part := range []struct {
		title string
		lines []string
		most  int
	}{{"the last warnings and errors of Usher's log", bad, 8}, {"its last lines", all, 12}} {
		if n := len(part.lines); n > 0 {
			text += "\n" + part.title + ":\n  " + strings.Join(part.lines[max(0, n-part.most):], "\n  ")
		}
	}
	return text
}

func (d *demo) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	defer close(d.closed)
	return errors.Join(d.Stop(ctx), d.world.Close(), d.log.Close(), os.RemoveAll(d.dir))
}
