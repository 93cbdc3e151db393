package bot

import (
	"context"
	"log/slog"
	"sync"

	"github.com/slack-go/slack"

	"usher/access"
)

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
func (n *Notifier) Send(ctx context.Context, m access.Message) (access.Receipt, error) {
	if m.To.Slack == "" {
		return access.Receipt{}, translate("send "+string(m.Kind), slack.SlackErrorResponse{Err: "user_not_found"}, false)
	}
	got := access.Receipt{At: m.At}
	if m.At == (access.MessageRef{}) && m.Again {
		found, err := n.find(ctx, m)
		if err != nil {
			return access.Receipt{}, err
		}
		got = found
	}
	if got.At == (access.MessageRef{}) && m.Over() {
		return got, nil
	}
	var err error
	got.At, err = n.put(ctx, m, got.At)
	return got, err
}

// put posts the message, or brings the one at the given place up to date.
func (n *Notifier) put(ctx context.Context, m access.Message, at access.MessageRef) (access.MessageRef, error) {
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

func (n *Notifier) remember(who access.SlackID, channel string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dms[who] = channel
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
