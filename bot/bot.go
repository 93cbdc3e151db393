package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"

	"usher/access"
)

const (
	// workFor bounds the work on one delivery, tellFor saying what became of it when that was used up, finishFor what is left to
	// do when the program ends.
	workFor   = 30 * time.Second
	tellFor   = 10 * time.Second
	finishFor = 15 * time.Second
	// flushFor is how long the sockets stay open after the last acknowledgement, for slack-go cannot be asked whether it
	// has been written.
	flushFor = 200 * time.Millisecond
)

// Bot serves people in Slack. One Run at a time.
type Bot struct {
	cfg      Config
	core     Core
	notifier *Notifier
	api      *slack.Client
	http     *http.Client
	log      *slog.Logger
	people   *people
	seen     *seen
	forms    *forms

	where   atomic.Pointer[place]
	appID   atomic.Pointer[string]
	sockets []*socket
	backlog *backlog
	// acked is the time of the last acknowledgement in Unix nanoseconds.
	acked atomic.Int64
}

// New checks the configuration. It does no I/O.
func New(cfg Config, core Core, notifier *Notifier) (*Bot, error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	if core == nil || notifier == nil {
		return nil, errors.New("configure slack: the core or the notifier is missing")
	}
	b := &Bot{
		cfg: cfg, core: core, notifier: notifier, api: notifier.api, http: cfg.HTTP, log: cfg.Logger,
		seen: newSeen(cfg.Now), forms: newForms(),
	}
	b.people = &people{now: cfg.Now, known: map[string]knownUser{}, ask: func(ctx context.Context, id string) (*slack.User, error) {
		return b.api.GetUserInfoContext(ctx, id)
	}}
	return b, nil
}

func (b *Bot) home() place {
	if p := b.where.Load(); p != nil {
		return *p
	}
	return place{}
}

// Connected is how many Socket Mode connections are up. It may be called at any time.
func (b *Bot) Connected() int { return b.people.connected() }

// Run serves until ctx ends: it stops taking deliveries, finishes those in hand, sends their acknowledgements and closes
// the sockets. It returns an error only when Slack refuses the app for good at the start.
func (b *Bot) Run(ctx context.Context) error {
	defer b.http.CloseIdleConnections()
	if err := b.probe(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // Stopped while Slack could not be reached.
		}
		return err
	}
	b.backlog = newBacklog(backlogMax)
	// Sockets and handlers outlive ctx for as long as finishing takes.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()

	var workers, sockets sync.WaitGroup
	for range b.cfg.Workers {
		workers.Go(func() { b.work(life, b.backlog.show) })
	}
	for range 4 * b.cfg.Workers {
		workers.Go(func() { b.work(life, b.backlog.decide) })
	}
	b.sockets = nil
	for i := range b.cfg.Connections {
		b.sockets = append(b.sockets, b.newSocket(i))
	}
	var readers sync.WaitGroup
	for _, s := range b.sockets {
		sockets.Go(func() { s.keep(life) })
		readers.Go(func() { s.read(ctx, life) })
	}
	sockets.Go(func() { b.notifier.home.run(ctx, b.drawHome) })

	<-ctx.Done()
	b.finish(&workers)
	end()
	workers.Wait() // Those that did not finish in time see their context end.
	readers.Wait()
	sockets.Wait()
	return nil
}

// finish waits for the work in hand and for its acknowledgements to be written.
func (b *Bot) finish(workers *sync.WaitGroup) {
	b.backlog.close() // Nobody puts jobs in from here on.
	done := make(chan struct{})
	go func() {
		workers.Wait()
		close(done)
	}()
	t := time.NewTimer(finishFor)
	defer t.Stop()
	select {
	case <-done:
	case <-t.C:
		b.log.Warn("some slack handlers did not finish in time")
	}
	if last := b.acked.Load(); last != 0 {
		if rest := flushFor - time.Since(time.Unix(0, last)); rest > 0 {
			time.Sleep(rest)
		}
	}
}

// probe finds out at the start who we are and whether Slack lets us in. Passing trouble is waited out.
func (b *Bot) probe(ctx context.Context) error {
	wait := time.Second
	for {
		err := b.introduce(ctx)
		if err == nil {
			return nil
		}
		if why := hopeless(err); why != "" {
			return fmt.Errorf("connect to slack: %s: %w", why, err)
		}
		b.log.Warn("slack cannot be reached, trying again", "in", wait.String(), "err", safeCause(err))
		var limited *slack.RateLimitedError
		if errors.As(err, &limited) {
			wait = max(wait, limited.RetryAfter)
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-t.C:
		}
		wait = min(2*wait, time.Minute)
	}
}

// introduce checks both tokens.
func (b *Bot) introduce(ctx context.Context) error {
	a, err := b.api.AuthTestContext(ctx)
	if err != nil {
		return fmt.Errorf("test bot token: %w", err)
	}
	b.where.Store(&place{team: a.TeamID, enterprise: a.EnterpriseID, botUser: a.UserID, botID: a.BotID})
	if _, _, err := b.api.StartSocketModeContext(ctx); err != nil {
		return fmt.Errorf("open socket with the app-level token: %w", err)
	}
	return nil
}

// drawHome publishes somebody's Home tab.
func (b *Bot) drawHome(ctx context.Context, who access.SlackID, at pages) {
	ctx, cancel := context.WithTimeout(ctx, workFor)
	defer cancel()
	defer func() { b.failed(recover()) }()
	req := slack.PublishViewContextRequest{UserID: string(who)}
	p, err := b.who(ctx, string(who))
	if err == nil {
		var h access.Home
		if h, err = b.core.Home(ctx, p); err == nil {
			req.View = homeView(h, at)
		}
	}
	if err != nil {
		b.logFault("draw home", err)
		req.View = homeSentence(access.Sentence(err))
	}
	ctx, cancel = inTime(ctx)
	defer cancel()
	if err := b.publishHome(ctx, req); err != nil {
		b.log.Warn("publish home", "slack", who, "err", safeCause(err))
	}
}
