package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"

	"usher/access"
)

// Bot listens to Slack. One Run at a time.
type Bot struct {
	cfg      Config
	core     Core
	notifier *Notifier
	api      *slack.Client
	log      *slog.Logger
	people   *people
	seen     *seen
	homes    *homes
	jobs     chan job
	hook     *http.Client // For response URLs.
	app      string       // The app's own id, known after the start.
	team     string
	grid     string // The enterprise of the workspace, if any.
}

// job is one envelope with the socket that it came from.
type job struct {
	event  socketmode.Event
	socket *socketmode.Client
}

// New checks the configuration. It does no I/O.
func New(cfg Config, core Core, n *Notifier) (*Bot, error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	b := &Bot{
		cfg: cfg, core: core, notifier: n, api: cfg.client(), log: cfg.Logger, jobs: make(chan job, 1000),
		seen: newSeen(50_000, 24*time.Hour), hook: &http.Client{Timeout: 10 * time.Second},
	}
	b.people = &people{bot: b, profiles: map[string]profile{}}
	b.homes = newHomes(b)
	return b, nil
}

// Run connects and serves until ctx ends. It stops taking envelopes first, finishes those in hand, sends their
// acknowledgements, and only then closes the sockets. An error means that Slack will never let it in.
func (b *Bot) Run(ctx context.Context) error {
	if err := b.probe(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	sockets, closeSockets := context.WithCancel(context.WithoutCancel(ctx))
	defer closeSockets()
	var listening, working sync.WaitGroup
	fatal := make(chan error, b.cfg.Connections)
	for range b.cfg.Connections {
		listening.Go(func() {
			if err := b.listen(sockets, ctx.Done()); err != nil {
				fatal <- err
			}
		})
	}
	for range b.cfg.Workers {
		working.Go(b.work)
	}
	homes, stopHomes := context.WithCancel(sockets)
	working.Go(func() { b.homes.run(homes) })
	b.notifier.attach(b.team, b.homes.mark)
	var err error
	select {
	case <-ctx.Done():
	case err = <-fatal:
	}
	b.notifier.attach(b.team, nil)
	stopHomes()
	close(b.jobs)
	working.Wait()
	if err == nil {
		// The socket has no flush: acknowledgements in its queue are written within moments.
		time.Sleep(200 * time.Millisecond)
	}
	closeSockets()
	listening.Wait()
	return err
}

// probe asks Slack who we are. What can never work ends the program with a sentence; anything else is tried again.
func (b *Bot) probe(ctx context.Context) error {
	wait := time.Second
	for {
		who, err := b.api.AuthTestContext(ctx)
		if err == nil {
			b.team, b.grid = who.TeamID, who.EnterpriseID
			var info *slack.Bot
			if info, err = b.api.GetBotInfoContext(ctx, slack.GetBotInfoParameters{Bot: who.BotID, TeamID: who.TeamID}); err == nil {
				b.app = info.AppID
			}
		}
		if err == nil {
			_, _, err = b.api.StartSocketModeContext(ctx)
		}
		if err == nil {
			return nil
		}
		var answer slack.SlackErrorResponse
		if errors.As(err, &answer) && slices.Contains(hopeless(), answer.Err) {
			return fmt.Errorf("slack refuses the app (%s): %s", answer.Err, remedy(answer.Err))
		}
		b.log.Warn("slack not reachable yet", "err", errorWord(err))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		wait = min(30*time.Second, 2*wait)
	}
}

func hopeless() []string {
	return []string{"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope", "not_allowed_token_type", "no_permission", "org_login_required"}
}

func remedy(word string) string {
	switch word {
	case "missing_scope":
		return "add the scopes of manifest.yml to the app and install it again; the app-level token needs connections:write"
	case "not_allowed_token_type":
		return "the bot token begins with xoxb-, the app-level token with xapp-; they may be mixed up"
	case "account_inactive":
		return "the app was removed from the workspace; install it again"
	}
	return "make new tokens in the app's settings and set them"
}

// listen keeps one socket up until ctx ends, and hands envelopes to the workers until stop.
func (b *Bot) listen(ctx context.Context, stop <-chan struct{}) error {
	client := socketmode.New(b.cfg.client())
	done := make(chan error, 1)
	go func() { done <- client.RunContext(ctx) }()
	for {
		select {
		case err := <-done:
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("slack closed the connection for good: %w", err)
		case e := <-client.Events:
			select {
			case <-stop: // Not acknowledged, so Slack sends it again or tells the person.
				continue
			default:
			}
			b.take(ctx, e, client)
		}
	}
}

// take queues an envelope, or notes what happened to the connection.
func (b *Bot) take(ctx context.Context, e socketmode.Event, client *socketmode.Client) {
	switch e.Type {
	case socketmode.EventTypeEventsAPI, socketmode.EventTypeInteractive, socketmode.EventTypeSlashCommand:
		defer func() { _ = recover() }() // The queue is closed only when stopping; what comes then is not taken.
		select {
		case b.jobs <- job{e, client}:
		case <-ctx.Done():
		}
	case socketmode.EventTypeErrorBadMessage:
		b.ackUnknown(ctx, e, client)
	case socketmode.EventTypeConnectionError, socketmode.EventTypeErrorWriteFailed, socketmode.EventTypeIncomingError:
		b.log.Warn("slack socket", "event", string(e.Type))
	case socketmode.EventTypeConnected, socketmode.EventTypeDisconnect:
		b.log.Debug("slack socket", "event", string(e.Type))
	case socketmode.EventTypeConnecting, socketmode.EventTypeHello, socketmode.EventTypeInvalidAuth:
	}
}

// ackUnknown acknowledges an envelope that the library cannot read, so that Slack does not send it for ever.
func (b *Bot) ackUnknown(ctx context.Context, e socketmode.Event, client *socketmode.Client) {
	bad, ok := e.Data.(*socketmode.ErrorBadMessage)
	if !ok {
		return
	}
	var envelope struct {
		ID string `json:"envelope_id"`
	}
	if json.Unmarshal(bad.Message, &envelope) == nil && envelope.ID != "" {
		b.log.Warn("slack sent something unknown")
		b.send(ctx, client, envelope.ID, nil)
	}
}

func (b *Bot) work() {
	for j := range b.jobs {
		b.handle(j)
	}
}

// handle works on one envelope; a fault in it ends neither the worker nor the others.
func (b *Bot) handle(j job) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	a := &ack{bot: b, socket: j.socket, id: j.event.Request.EnvelopeID}
	defer a.empty(ctx)
	defer func() {
		if p := recover(); p != nil {
			b.log.Error("panic in handler", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	switch data := j.event.Data.(type) {
	case slackevents.EventsAPIEvent:
		defer a.latest(ctx)()
		b.onEvent(ctx, data, j.event.Request.EnvelopeID)
	case slack.SlashCommand:
		b.onCommand(ctx, a, data)
	case slack.InteractionCallback:
		b.onInteraction(ctx, a, data)
	}
}

// ack answers one envelope exactly once.
type ack struct {
	bot    *Bot
	socket *socketmode.Client
	id     string
	once   sync.Once
}

func (a *ack) empty(ctx context.Context) { a.with(ctx, nil) }

// latest has the envelope acknowledged within a moment whatever the work takes, and returns what ends that. What was
// answered must not be lost, so the answer should follow the durable work; but Slack must not take a slow vendor for a
// broken app.
func (a *ack) latest(ctx context.Context) (stop func() bool) {
	return time.AfterFunc(a.bot.cfg.AckWithin, func() { a.empty(ctx) }).Stop
}

// with acknowledges with a payload. Slack drops answers of 20,480 bytes and more without a word, and so does the
// library refuse them; then the envelope is at least acknowledged.
func (a *ack) with(ctx context.Context, payload any) {
	a.once.Do(func() { a.bot.send(ctx, a.socket, a.id, payload) })
}

func (b *Bot) send(ctx context.Context, socket *socketmode.Client, id string, payload any) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	err := socket.AckCtx(ctx, id, payload)
	if err != nil && payload != nil {
		b.log.Warn("answer to slack too large or refused", "err", err)
		err = socket.AckCtx(ctx, id, nil)
	}
	if err != nil {
		b.log.Warn("acknowledge", "err", err)
	}
}

// ours reports whether a team or enterprise id is that of the own workspace. Unknown is foreign.
func (b *Bot) ours(team string) bool {
	return team != "" && (team == b.team || b.grid != "" && team == b.grid)
}

// onEvent handles the two subscribed events.
func (b *Bot) onEvent(ctx context.Context, e slackevents.EventsAPIEvent, envelope string) {
	outer, _ := e.Data.(*slackevents.EventsAPICallbackEvent)
	if outer == nil || !b.ours(e.TeamID) || b.app != "" && outer.APIAppID != b.app {
		return
	}
	if !b.seen.first(b.cfg.Now(), "event/"+outer.EventID, "envelope/"+envelope) {
		return
	}
	switch inner := e.InnerEvent.Data.(type) {
	case *slackevents.AppHomeOpenedEvent:
		if inner.Tab == "home" || inner.Tab == "" {
			b.homes.opened(access.SlackID(inner.User))
		}
	case *slackevents.UserChangeEvent:
		b.people.forget(inner.User.ID)
	}
}
