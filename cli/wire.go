package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/robfig/cron/v3"
	"golang.org/x/sync/errgroup"

	"usher/access"
	"usher/bot"
	"usher/jira"
	"usher/store"
)

// parts is everything that runs, wired once.
type parts struct {
	cfg      Config
	log      *slog.Logger
	live     *inForce
	store    *store.Store
	idp      map[string]provider
	tracker  *jira.Tracker
	notifier *bot.Notifier
	service  *access.Service
	figures  *access.Service // Reads the admins' view for the metrics; it works on nothing.
	bot      *bot.Bot
	memory   groupMemory
	renewed  chan struct{} // A new catalog is in force.
	looked   look          // For groups that no catalog names.
}

// logger makes the log that the configuration asks for, on the program's error output.
func (a *App) logger(c LogConfig) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Level)) // Checked with the configuration; info otherwise.
	opts := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(a.Stderr, opts))
	}
	return slog.New(slog.NewTextHandler(a.Stderr, opts))
}

// adapters makes the parts that face outward; none of them does I/O yet. Every problem is reported at once, and the parts
// without any are there.
func (a *App) adapters(cfg Config, log *slog.Logger) (*parts, error) {
	p := &parts{cfg: cfg, log: log, renewed: make(chan struct{}, 1)}
	var catalogErr, idpErr, jiraErr, slackErr error
	p.live, catalogErr = openInForce(cfg.Catalog, cfg.configured())
	p.idp, idpErr = a.openProviders(cfg, log)
	p.tracker, jiraErr = jira.New(jira.Config{
		URL: cfg.Jira.URL, GatewayURL: cfg.Jira.GatewayURL, Email: cfg.Jira.Email, Token: string(cfg.Jira.Token),
		Project: cfg.Jira.Project, IssueType: cfg.Jira.IssueType, Labels: cfg.Jira.Labels, Reporter: cfg.Jira.Reporter,
		Statuses: statuses(cfg.Jira.Statuses), Fields: cfg.Jira.Fields, Now: a.Now, InsecureHTTP: loopbackURL(cfg.Jira.URL),
		Logger: log, UserAgent: userAgent(), Dial: a.Dial,
	})
	p.notifier, slackErr = bot.NewNotifier(p.botConfig(a))
	return p, errors.Join(about("catalog", catalogErr), idpErr, about("jira", jiraErr), about("slack", slackErr))
}

// reserve is the share as the adapter spells it: for it 0 is not set.
func reserve(share float64) float64 {
	if share == 0 {
		return -1
	}
	return share
}

func (p *parts) botConfig(a *App) bot.Config {
	return bot.Config{
		AppToken: string(p.cfg.Slack.AppToken), BotToken: string(p.cfg.Slack.BotToken), APIURL: p.cfg.Slack.APIURL,
		Command: p.cfg.Slack.Command, Logger: p.log, Now: a.Now, Dial: a.Dial, Crash: a.Crash,
	}
}

// elapsed is the clock of the settings, or the machine's own.
func (a *App) elapsed() func() time.Duration {
	if a.Elapsed != nil {
		return a.Elapsed
	}
	return elapsed(time.Now)
}

// elapsed is the time since now. By the clock that never jumps, of which time.Now keeps a reading, it stands still on Linux while
// the machine is suspended; then the wall clock jumps ahead, which the core follows.
func elapsed(now func() time.Time) func() time.Duration {
	start := now()
	return func() time.Duration { return now().Sub(start) }
}

func userAgent() string { return "usher/" + strings.Fields(version())[0] }

// loopbackURL lets plain http be used for simulators on this machine, and for nothing else.
func loopbackURL(u string) bool {
	for _, host := range []string{"http://127.0.0.1:", "http://localhost:", "http://[::1]:"} {
		if strings.HasPrefix(u, host) && !strings.Contains(u, "@") { // What stands before an @ is no host.
			return true
		}
	}
	return false
}

func statuses(m map[string]string) map[access.IssueStatus]string {
	out := make(map[access.IssueStatus]string, len(m))
	for k, v := range m {
		out[access.IssueStatus(k)] = v
	}
	return out
}

// wire makes everything and opens the database.
func (a *App) wire(cfg Config) (*parts, error) {
	log := a.logger(cfg.Log)
	p, err := a.adapters(cfg, log)
	if err != nil {
		return nil, err
	}
	if p.store, err = store.Open(store.Config{Path: cfg.Database, Logger: log}); err != nil {
		return nil, err
	}
	if err := p.core(a); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *parts) core(a *App) (err error) {
	var s access.Store = p.store
	if a.gate != nil {
		s = a.gate(s)
	}
	cfg := access.Config{
		Store: s, Tracker: p.tracker, Notifier: p.notifier,
		Providers: forCore(p.idp), Directory: p.cfg.people(),
		Catalog: p.live.Current, Admins: p.cfg.Admins, Now: a.Now, Elapsed: a.elapsed(), Calm: a.Calm, Logger: p.log, Crash: a.Crash,
		Identity: access.Identity{
			MatchEmail: p.cfg.Identity.MatchEmail, Domains: p.cfg.Identity.Domains, Explicit: p.cfg.Identity.people(), Accounts: p.cfg.Identity.accounts(),
		},
	}
	if p.service, err = access.New(cfg); err != nil {
		return err
	}
	p.memory = p.service
	cfg.Admins, cfg.Logger = []string{metricsReader}, slog.New(slog.DiscardHandler)
	if p.figures, err = access.New(cfg); err != nil {
		return err
	}
	p.bot, err = bot.New(p.botConfig(a), p.service, p.notifier)
	return err
}

// run works until ctx ends: the bot, the runner, the cron that drives the sweep, the catalog's reload, the checks of the
// outside, the socket for backups, and the listener.
// Input stops first; what is in hand is finished; then the listener closes, and the database last.
func (p *parts) run(ctx context.Context, started func(Running)) error {
	g, ctx := errgroup.WithContext(ctx)
	// What is in hand at the end may wait for a call back: the listener is closed after the work.
	listening, deaf := context.WithCancel(context.WithoutCancel(ctx))
	g.Go(func() error {
		defer deaf()
		return p.work(ctx)
	})
	g.Go(func() error { return p.live.watch(ctx, p.log, p.catalogRenewed) })
	g.Go(func() error { return p.reloadOnHangup(ctx) })
	g.Go(func() error { return p.lookAround(ctx) })
	g.Go(func() error { return p.giveCopies(ctx) })
	if p.cfg.Listen != "" {
		g.Go(func() error { return watch(listening, p.cfg.Listen, p) })
	}
	if started != nil {
		started(Running{
			Wake:    p.service.Runner().Wake,
			NextDue: func() time.Time { return p.service.Runner().NextDue(context.WithoutCancel(ctx)) },
		})
	}
	err := g.Wait()
	return errors.Join(err, p.close())
}

// close lets go of the vendors' connections and of the database.
func (p *parts) close() error {
	for _, one := range p.idp {
		one.Close()
	}
	p.tracker.Close()
	return p.store.Close()
}

// work is everything that needs neither the file system's nor the system's signals: the runner, the bot, the cron and the
// guard of the database.
func (p *parts) work(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return p.service.Runner().Run(ctx) })
	g.Go(func() error { return p.bot.Run(ctx) })
	g.Go(func() error { return p.sweeps(ctx) })
	g.Go(func() error { return p.guard(ctx) })
	return g.Wait()
}

// sweeps has cron wake the runner every minute, whatever its own timers say.
func (p *parts) sweeps(ctx context.Context) error {
	c := cron.New(cron.WithLocation(time.UTC))
	if _, err := c.AddFunc("* * * * *", p.service.Runner().Wake); err != nil {
		return fmt.Errorf("schedule sweep: %w", err)
	}
	c.Start()
	<-ctx.Done()
	<-c.Stop().Done()
	return nil
}

// guard ends the program when the file can no longer be trusted: whoever starts it again opens it afresh.
func (p *parts) guard(ctx context.Context) error {
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := p.store.Healthy(); err != nil {
				return err
			}
		}
	}
}

func (p *parts) reloadOnHangup(ctx context.Context) error {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hup:
			p.live.reload(p.log, p.catalogRenewed)
		}
	}
}

// catalogRenewed has the names in a new catalog looked up.
func (p *parts) catalogRenewed() {
	select {
	case p.renewed <- struct{}{}:
	default:
	}
}
