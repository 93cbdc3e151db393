package bot

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"
)

// readLimit bounds one delivery; Slack's views have at most 250 kB.
const readLimit = 4 << 20

// socket is one Socket Mode connection that is renewed for ever.
type socket struct {
	bot    *Bot
	number int
	client *socketmode.Client
	acker  acker // The client.
	up     atomic.Bool
}

// isUp notes whether the socket is up. Slack tells of changed people on any that is.
func (s *socket) isUp(up bool) {
	if s.up.Swap(up) != up {
		s.bot.people.socket(up)
	}
}

func (b *Bot) newSocket(number int) *socket {
	client := b.cfg.socket()
	return &socket{bot: b, number: number, client: client, acker: client}
}

// acker queues acknowledgements for the wire.
type acker interface {
	AckCtx(ctx context.Context, envelope string, payload any) error
}

// keep runs the client and, should it give up, starts it again: while the program runs, Slack may change its mind, and
// everything but Slack goes on working.
func (s *socket) keep(ctx context.Context) {
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		began := time.Now()
		err := s.client.RunContext(ctx)
		s.isUp(false)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > time.Minute {
			wait = time.Second
		}
		s.bot.log.Error("slack socket ended, opening it again", "socket", s.number, "in", wait.String(), "why", hopeless(err), "err", safeCause(errors.Join(err)))
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
	}
}

// read takes what arrives. It never blocks on work, or pings would go unanswered. After ctx has ended it only keeps the
// socket from filling up, until life ends.
func (s *socket) read(ctx, life context.Context) {
	for {
		select {
		case <-life.Done():
			return
		case e := <-s.client.Events:
			s.take(ctx, e)
		}
	}
}

func (s *socket) take(ctx context.Context, e socketmode.Event) {
	b := s.bot
	switch e.Type {
	case socketmode.EventTypeConnecting:
		s.isUp(false)
	case socketmode.EventTypeConnected:
		s.isUp(true)
		b.log.Info("slack socket connected", "socket", s.number)
	case socketmode.EventTypeHello:
		s.hello(e)
	case socketmode.EventTypeConnectionError:
		s.connectionError(e)
	case socketmode.EventTypeErrorWriteFailed:
		s.writeFailed(e) //nolint:contextcheck // An acknowledgement outlives the stop.
	case socketmode.EventTypeErrorBadMessage:
		s.badMessage(e) //nolint:contextcheck // As above.
	case socketmode.EventTypeEventsAPI, socketmode.EventTypeInteractive, socketmode.EventTypeSlashCommand:
		if ctx.Err() == nil && e.Request != nil {
			s.accept(ctx, e)
		}
	case socketmode.EventTypeInvalidAuth, socketmode.EventTypeIncomingError, socketmode.EventTypeDisconnect:
	}
}

// hello learns the app's id from Slack itself; what carries another one is not for us.
func (s *socket) hello(e socketmode.Event) {
	if e.Request == nil || e.Request.ConnectionInfo.AppID == "" {
		return
	}
	id := e.Request.ConnectionInfo.AppID
	if s.bot.appID.CompareAndSwap(nil, &id) {
		return
	}
	if known := *s.bot.appID.Load(); known != id {
		s.bot.log.Error("slack socket belongs to another app", "socket", s.number, "app", id, "expected", known)
	}
}

func (s *socket) connectionError(e socketmode.Event) {
	if c, ok := e.Data.(*slack.ConnectionErrorEvent); ok {
		s.bot.log.Warn("slack socket cannot connect", "socket", s.number, "attempt", c.Attempt, "in", c.Backoff.String(),
			"why", hopeless(c.ErrorObj), "err", safeCause(c.ErrorObj))
	}
}

// writeFailed sends an acknowledgement that a dying socket swallowed once more, on another one.
func (s *socket) writeFailed(e socketmode.Event) {
	f, ok := e.Data.(*socketmode.ErrorWriteFailed)
	if !ok || f.Response == nil {
		return
	}
	if _, first := s.bot.seen.first(&reply{}, "again/"+f.Response.EnvelopeID); first {
		s.bot.ack(s, f.Response.EnvelopeID, f.Response.Payload)
	}
}

// badMessage acknowledges what slack-go cannot read, or Slack would send it again and again.
func (s *socket) badMessage(e socketmode.Event) {
	bad, ok := e.Data.(*socketmode.ErrorBadMessage)
	if !ok {
		return
	}
	var envelope struct {
		ID   string `json:"envelope_id"`
		Type string `json:"type"`
	}
	err := json.Unmarshal(bad.Message, &envelope)
	s.bot.log.Warn("slack sent something unknown", "type", cut(line(envelope.Type), 40), "err", safeCause(errors.Join(bad.Cause, err)))
	if envelope.ID != "" {
		s.bot.ack(s, envelope.ID, nil)
	}
}

// accept hands a delivery to the workers and arranges its acknowledgement, each as its lane wants it.
func (s *socket) accept(ctx context.Context, e socketmode.Event) {
	b := s.bot
	envelope, l := e.Request.EnvelopeID, laneOf(e.Data)
	send := func(payload any) { b.ack(s, envelope, payload) } //nolint:contextcheck // An acknowledgement outlives the stop.
	j := job{envelope: envelope, data: e.Data, size: len(e.Request.Payload), came: time.Now(), reply: &reply{send: []func(any){send}}}
	j.keys = append([]string{"envelope/" + envelope}, deliveryKeys(e.Data)...)
	if known, first := b.seen.first(j.reply, j.keys...); !first {
		b.log.Debug("slack repeated a delivery", "envelope", envelope, "attempt", e.Request.RetryAttempt)
		known.repeat(send)
		return
	}
	if l == laneNow {
		b.do(ctx, j)
		return
	}
	if !b.backlog.put(l, j) {
		j.reply.abandon()
		b.seen.forget(j.keys...)
		b.log.Error("too many slack deliveries at once, one was not taken on", "envelope", envelope)
		return
	}
	switch l {
	case laneShow:
		j.reply.give(nil)
	case laneAnswer:
		j.reply.giveAfter(b.cfg.AckWithin, standIn(e.Data))
	case laneNow, laneDecide: // Already, and not before it is durable.
	}
}

// deliveryKeys are what makes a delivery the same as an earlier one under another envelope.
func deliveryKeys(data any) []string {
	switch d := data.(type) {
	case slackevents.EventsAPIEvent:
		if c, ok := d.Data.(*slackevents.EventsAPICallbackEvent); ok && c.EventID != "" {
			return []string{"event/" + c.EventID}
		}
	case slack.InteractionCallback:
		switch d.Type { //nolint:exhaustive // The others have no key of their own.
		case slack.InteractionTypeBlockActions:
			if len(d.ActionCallback.BlockActions) > 0 {
				a := d.ActionCallback.BlockActions[0]
				return []string{"action/" + d.User.ID + "/" + a.ActionTs + "/" + a.BlockID + "/" + a.ActionID}
			}
		case slack.InteractionTypeViewSubmission:
			// The trigger tells a second try with corrected inputs from a repetition: the view and its hash stay the same.
			if d.TriggerID != "" {
				return []string{"view/" + d.View.ID + "/" + d.View.Hash + "/" + d.TriggerID}
			}
		case slack.InteractionTypeShortcut:
			return []string{"shortcut/" + d.User.ID + "/" + d.ActionTs}
		}
	case slack.SlashCommand:
		if d.TriggerID != "" {
			return []string{"slash/" + d.TriggerID}
		}
	}
	return nil
}

// ack sends an acknowledgement on the socket that brought the envelope, or on another while that one is down. It never
// blocks for long.
func (b *Bot) ack(from *socket, envelope string, payload any) {
	s := from
	if !s.up.Load() {
		for _, other := range b.sockets {
			if other.up.Load() {
				s = other
				break
			}
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	err := b.cfg.outside(callAck, func() error {
		err := s.acker.AckCtx(ctx, envelope, payload)
		if err != nil {
			b.log.Error("acknowledge slack delivery", "envelope", envelope, "err", err)
			if payload != nil { // Too large or not encodable: say at least that it arrived.
				err = s.acker.AckCtx(ctx, envelope, nil)
			}
		}
		return err
	})
	if err == nil {
		b.acked.Store(time.Now().UnixNano())
	}
}
