package cli

import (
	"context"
	"encoding/json"
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

// demoCommand starts the simulated company with the production bot in it and plays the tour.
func demoCommand(ctx context.Context, a *App, args []string) error {
	f := a.flags("demo", "try everything on this machine, with no account anywhere")
	tourOnly := f.Bool("tour", false, "play the tour and exit: 0 when every step was true, 1 at the first untruth")
	asJSON := f.Bool("json", false, "with -tour: one JSON object per step")
	control := f.String("control", "127.0.0.1:0", "address of the control API")
	if err := parse(f, args, false); err != nil {
		return err
	}
	if *asJSON && !*tourOnly {
		say(a.Stderr, "usher demo: -json needs -tour\n")
		return errUsage
	}
	d, err := a.newDemo()
	if err != nil {
		return err
	}
	err = d.play(ctx, *tourOnly, *asJSON, *control)
	return errors.Join(err, d.close())
}

// demo is the sandbox with the product in it.
type demo struct {
	app   *App // The caller's: the telling goes to its output.
	inner *App // The product's: it writes to the demo's log.
	dir   string
	log   *os.File
	world *sandbox.World
	cfg   Config

	mu     sync.Mutex // One start or stop at a time.
	stop   context.CancelFunc
	done   chan error
	ready  chan func()
	fell   chan error // Why the product ended without having been told to.
	waking atomic.Pointer[func()]
}

func (a *App) newDemo() (*demo, error) {
	dir, err := os.MkdirTemp("", "usher-demo-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the demo: %w", err)
	}
	d := &demo{app: a, dir: dir, fell: make(chan error, 1)}
	if d.log, err = os.Create(filepath.Join(dir, "usher.log")); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if d.world, err = sandbox.Start(sandbox.Config{Manifest: a.Manifest}); err != nil {
		return nil, errors.Join(err, d.log.Close(), os.RemoveAll(dir))
	}
	catalogPath := filepath.Join(dir, "catalog.yml")
	if err := os.WriteFile(catalogPath, sandbox.Catalog(), 0o600); err != nil {
		return nil, errors.Join(err, d.close())
	}
	env := d.world.Environment()
	env["USHER_CATALOG"], env["USHER_DB"] = catalogPath, filepath.Join(dir, "usher.db")
	settingsPath := filepath.Join(dir, "usher.yml")
	if err := os.WriteFile(settingsPath, []byte(demoSettings(d.world.Company)), 0o600); err != nil {
		return nil, errors.Join(err, d.close())
	}
	d.inner = &App{
		Stdout: d.log, Stderr: d.log, Now: d.world.Clock.Now, Manifest: a.Manifest,
		Calm:    200 * time.Millisecond, // Somebody watches.
		Getenv:  func(k string) string { return env[k] },
		Started: func(wake func()) { d.ready <- wake },
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
	d.stop, d.done, d.ready = stop, make(chan error, 1), make(chan func(), 1)
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
	case f := <-d.ready:
		d.waking.Store(&f)
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
	d.waking.Store(nil)
	select {
	case err := <-d.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("stop usher: %w", ctx.Err())
	}
}

// wake makes the product look at a clock that was moved.
func (d *demo) wake() {
	if f := d.waking.Load(); f != nil {
		(*f)()
	}
}

// demoSettings is the settings file of the demo, the same that a company would write.
func demoSettings(c *sandbox.Company) string {
	var admins []string
	for _, h := range c.Admins {
		admins = append(admins, h+"@"+c.Domain)
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
		c.Domain, strings.Join(admins, ", "))
}

// play tells the tour step by step, then stays up unless only the tour was wanted.
func (d *demo) play(ctx context.Context, tourOnly, asJSON bool, control string) error {
	start := time.Now()
	out := d.app.Stdout
	if !asJSON {
		say(out, "Usher's demo: a simulated company, %s, with the production bot in it. Nothing leaves this machine.\n\n", d.world.Company.Name)
	}
	if err := d.Start(ctx); err != nil {
		return fmt.Errorf("start usher: %w%s", err, d.tail())
	}
	steps := 0
	err := d.world.Tour(ctx, d, sandbox.Audience{Ends: func(s sandbox.Step) {
		steps++
		d.tell(s, asJSON)
	}})
	if err != nil {
		return fmt.Errorf("the tour ended at %w%s", err, d.tail())
	}
	if asJSON {
		return nil
	}
	say(out, "All %d steps were true, in %.1f s.\n", steps, time.Since(start).Seconds())
	if tourOnly {
		return nil
	}
	return d.stay(ctx, control)
}

func (d *demo) tell(s sandbox.Step, asJSON bool) {
	out := d.app.Stdout
	if asJSON {
		_ = json.NewEncoder(out).Encode(s) // A closed output ends the program by its signal.
		return
	}
	mark := "ok"
	if s.Error != "" {
		mark = "FAILED"
	}
	say(out, "%2d  %s  (%s, %d ms)\n", s.Number, s.Title, mark, s.Took.Milliseconds())
	for _, line := range s.Seen {
		say(out, "      %s\n", line)
	}
	for _, line := range strings.Split(strings.TrimRight(s.Screen, "\n"), "\n") {
		if line != "" {
			say(out, "      | %s\n", line)
		}
	}
	if s.Error != "" {
		say(out, "      %s\n", s.Error)
	}
	say(out, "\n")
}

// stay serves the sandbox until interrupted and says what to try.
func (d *demo) stay(ctx context.Context, control string) error {
	url, err := d.world.Serve(control, d.world.ControlWith(d))
	if err != nil {
		return err
	}
	say(d.app.Stdout, tryNext, url)
	select {
	case <-ctx.Done():
		say(d.app.Stdout, "Stopping.\n")
		return nil
	case err := <-d.fell:
		return fmt.Errorf("usher stopped by itself: %w%s", err, d.tail())
	}
}

// tryNext plays one request from the question to the end of the access. Its lines are run by a test as they stand.
const tryNext = `
Usher stays up. Paste these lines one after the other; each answers with what the person sees. First a request:

  C=%s/_sandbox
  curl -s $C/people
  curl -s $C/do -d '{"who":"noor","do":"home"}'
  curl -s $C/do -d '{"who":"maya","do":"command","command":"/access","text":"github write"}'
  curl -s $C/do -d '{"who":"maya","do":"set","label":"Reason","value":"Fix the checkout"}'
  curl -s $C/do -d '{"who":"maya","do":"press","label":"Send request"}'
  curl -s $C/do -d '{"who":"maya","do":"close"}'
  curl -s "$C/screen?who=priya"
  curl -s $C/do -d '{"who":"priya","do":"press","label":"Approve"}'
  curl -s "$C/screen?who=maya"

Then time passes: the notice comes, Okta breaks, the end comes, Okta is mended.

  curl -s $C/clock -d '{"advance":"5h"}'
  curl -s "$C/screen?who=maya"
  curl -s $C/faults -d '{"vendor":"okta","name":"*","kind":"down"}'
  curl -s $C/clock -d '{"advance":"1h"}'
  curl -s $C/clock -d '{"advance":"1m"}'
  curl -s "$C/screen?who=maya"
  curl -s $C/do -d '{"who":"noor","do":"home"}'
  curl -s -X DELETE $C/faults
  curl -s $C/clock -d '{"advance":"1m"}'
  curl -s "$C/screen?who=maya"
  curl -s $C/issue

And whatever happens, Usher can be restarted; nothing is lost:

  curl -s $C/usher -d '{"do":"restart"}'

All calls, faults and people: docs/sandbox.md. To run usher serve and usher doctor yourself: usher sandbox -settings DIR.
Stop with Ctrl-C.
`

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
	return errors.Join(d.Stop(ctx), d.world.Close(), d.log.Close(), os.RemoveAll(d.dir))
}
