package bot

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"usher/access"
)

// metadataEvent marks Usher's own messages, so that one whose posting got no answer can be found again.
const metadataEvent = "usher_message"

// Notifier shows people where their requests stand. It implements access.Notifier and is safe for concurrent use.
type Notifier struct {
	cfg  Config
	api  *slack.Client
	log  *slog.Logger
	home *homes

	mu  sync.Mutex
	dms map[access.SlackID]string // DM channels met so far.
}

var _ access.Notifier = (*Notifier)(nil)

// NewNotifier checks the configuration. It does no I/O.
func NewNotifier(cfg Config) (*Notifier, error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	return &Notifier{cfg: cfg, api: cfg.api(), log: cfg.Logger, home: newHomes(cfg.Now), dms: map[access.SlackID]string{}}, nil
}

// Send posts the message to the person's DM or brings it up to date. Errors are *access.TargetError.
func (n *Notifier) Send(ctx context.Context, m access.Message) (access.MessageRef, error) {
	if m.To.Slack == "" {
		return access.MessageRef{}, translate("send "+string(m.Kind), slack.SlackErrorResponse{Err: "user_not_found"}, false)
	}
	at := m.At
	if at == (access.MessageRef{}) && m.Again {
		found, err := n.find(ctx, m)
		if err != nil {
			return access.MessageRef{}, err
		}
		at = found
	}
	options := messageOptions(m)
	if at != (access.MessageRef{}) {
		err := n.update(ctx, at.Channel, at.TS, options...)
		return at, translate("update "+string(m.Kind), err, false) // Doing it twice does no harm.
	}
	options = append(options, slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
	channel, ts, err := n.post(ctx, string(m.To.Slack), options...)
	if err != nil {
		return access.MessageRef{}, translate("post "+string(m.Kind), err, true)
	}
	n.remember(m.To.Slack, channel)
	return access.MessageRef{Channel: channel, TS: ts}, nil
}

func messageOptions(m access.Message) []slack.MsgOption {
	v := render(m)
	return []slack.MsgOption{
		slack.MsgOptionText(v.Text, false), slack.MsgOptionBlocks(v.Blocks...), slack.MsgOptionParse(false),
		slack.MsgOptionMetadata(slack.SlackMetadata{EventType: metadataEvent, EventPayload: mark(m)}),
	}
}

// mark tells one message of Usher from all others in the same DM.
func mark(m access.Message) map[string]any {
	return map[string]any{"kind": string(m.Kind), "request": string(m.Request.ID), "person": string(m.To.User)}
}

func (n *Notifier) remember(who access.SlackID, channel string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dms[who] = channel
}

// find looks for the very message in the person's DM; the zero value when it never arrived. Only when Slack does not let
// it look does it give up looking: a second copy is better than none.
func (n *Notifier) find(ctx context.Context, m access.Message) (access.MessageRef, error) {
	channel, err := n.dm(ctx, m.To.Slack)
	if err != nil {
		return n.unseen("open dm", err)
	}
	p := &slack.GetConversationHistoryParameters{
		ChannelID: channel, Limit: 100, IncludeAllMetadata: true,
		Oldest: fmt.Sprintf("%d.000000", m.Request.CreatedAt.Add(-time.Hour).Unix()),
	}
	want := mark(m)
	for range 20 {
		h, err := n.api.GetConversationHistoryContext(ctx, p)
		if err != nil {
			return n.unseen("read dm", err)
		}
		for i := range h.Messages {
			if isMarked(h.Messages[i].Metadata, want) {
				return access.MessageRef{Channel: channel, TS: h.Messages[i].Timestamp}, nil
			}
		}
		if p.Cursor = h.ResponseMetaData.NextCursor; !h.HasMore || p.Cursor == "" {
			break
		}
	}
	return access.MessageRef{}, nil
}

func (n *Notifier) unseen(op string, err error) (access.MessageRef, error) {
	if code(err) == "missing_scope" {
		n.log.Warn("cannot look for an earlier copy, posting anyway", "op", op, "err", safeCause(err))
		return access.MessageRef{}, nil
	}
	return access.MessageRef{}, translate(op, err, false)
}

func isMarked(got slack.SlackMetadata, want map[string]any) bool {
	if got.EventType != metadataEvent {
		return false
	}
	for k, v := range want {
		if got.EventPayload[k] != v {
			return false
		}
	}
	return true
}

// dm is the channel id of the DM with a person.
func (n *Notifier) dm(ctx context.Context, who access.SlackID) (string, error) {
	n.mu.Lock()
	known := n.dms[who]
	n.mu.Unlock()
	if known != "" {
		return known, nil
	}
	c, _, _, err := n.api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{string(who)}, ReturnIM: true})
	if err != nil {
		return "", err
	}
	n.remember(who, c.ID)
	return c.ID, nil
}

// Find returns the profile of the Slack user with this e-mail address. Errors are *access.TargetError.
func (n *Notifier) Find(ctx context.Context, email string) (access.SlackProfile, error) {
	u, err := n.api.GetUserByEmailContext(ctx, email)
	if err != nil {
		return access.SlackProfile{}, translate("find user by e-mail", err, false)
	}
	return profile(*u, nil), nil
}

// Changed marks what these people's Home tabs show as outdated. The tabs that were opened lately are drawn again by the
// running bot; it never blocks.
func (n *Notifier) Changed(people ...access.SlackID) { n.home.changed(people...) }

// say posts a sentence into somebody's DM.
func (n *Notifier) say(ctx context.Context, to access.SlackID, text string) error {
	_, _, err := n.post(ctx, string(to), slack.MsgOptionText(fallback(text), false), slack.MsgOptionParse(false),
		slack.MsgOptionBlocks(slack.NewSectionBlock(plain(text, 2900), nil, nil)),
		slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
	return translate("post sentence", err, true)
}
