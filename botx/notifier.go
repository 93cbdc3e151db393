package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"usher/access"
)

// Notifier sends messages and keeps Home tabs fresh. It implements access.Notifier and is safe for concurrent use.
type Notifier struct {
	api *slack.Client
	log *slog.Logger
	now func() time.Time

	mu      sync.Mutex
	team    string
	opened  map[access.SlackID]time.Time // When somebody last opened their Home tab.
	refresh func(access.SlackID)         // Set by the bot once it runs.
}

var _ access.Notifier = (*Notifier)(nil)

// NewNotifier checks the configuration. It does no I/O.
func NewNotifier(cfg Config) (*Notifier, error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	return &Notifier{api: cfg.client(), log: cfg.Logger, now: cfg.Now, opened: map[access.SlackID]time.Time{}}, nil
}

const metadataType = "usher_message"

// Send posts the message, or updates it where it is. Slack has no idempotency key for posts, so a post that may have
// arrived before is looked for by the metadata it carries before it is sent again.
func (n *Notifier) Send(ctx context.Context, m access.Message) (access.MessageRef, error) {
	if m.At == (access.MessageRef{}) && m.Again {
		at, err := n.find(ctx, m)
		if err != nil {
			return access.MessageRef{}, err
		}
		m.At = at
	}
	body := render(m, n.now())
	options := []slack.MsgOption{
		slack.MsgOptionText(body.text, false), slack.MsgOptionBlocks(body.blocks...), slack.MsgOptionMetadata(metadata(m)),
		slack.MsgOptionParse(false),
	}
	if m.At != (access.MessageRef{}) {
		_, _, _, err := n.api.UpdateMessageContext(ctx, m.At.Channel, m.At.TS, options...)
		return m.At, classify("update message", err, false)
	}
	options = append(options, slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl())
	channel, ts, err := n.api.PostMessageContext(ctx, string(m.To.Slack), options...)
	return access.MessageRef{Channel: channel, TS: ts}, classify("post message", err, true)
}

func metadata(m access.Message) slack.SlackMetadata {
	return slack.SlackMetadata{EventType: metadataType, EventPayload: map[string]any{
		"kind": string(m.Kind), "request": string(m.Request.ID), "to": string(m.To.Slack),
	}}
}

// find looks for our own message in the person's DM; the zero value if it is not there.
func (n *Notifier) find(ctx context.Context, m access.Message) (access.MessageRef, error) {
	dm, _, _, err := n.api.OpenConversationContext(ctx, &slack.OpenConversationParameters{Users: []string{string(m.To.Slack)}})
	if err != nil {
		return access.MessageRef{}, classify("open conversation", err, false)
	}
	history, err := n.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
		ChannelID: dm.ID, Limit: 100, IncludeAllMetadata: true,
		Oldest: fmt.Sprintf("%d.000000", m.Request.CreatedAt.Add(-time.Minute).Unix()),
	})
	if err != nil {
		return access.MessageRef{}, classify("read conversation", err, false)
	}
	want := metadata(m)
	for _, msg := range history.Messages {
		p := msg.Metadata.EventPayload
		if msg.Metadata.EventType == metadataType && p["kind"] == want.EventPayload["kind"] && p["request"] == want.EventPayload["request"] {
			return access.MessageRef{Channel: dm.ID, TS: msg.Timestamp}, nil
		}
	}
	return access.MessageRef{}, nil
}

// Find looks a profile up by its e-mail address.
func (n *Notifier) Find(ctx context.Context, email string) (access.SlackProfile, error) {
	u, err := n.api.GetUserByEmailContext(ctx, email)
	if err != nil {
		return access.SlackProfile{}, classify("look up user", err, false)
	}
	team, err := n.ownTeam(ctx)
	if err != nil {
		return access.SlackProfile{}, err
	}
	return profileOf(u, team), nil
}

// ownTeam is the workspace that the bot token belongs to.
func (n *Notifier) ownTeam(ctx context.Context) (string, error) {
	n.mu.Lock()
	team := n.team
	n.mu.Unlock()
	if team != "" {
		return team, nil
	}
	who, err := n.api.AuthTestContext(ctx)
	if err != nil {
		return "", classify("auth test", err, false)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.team = who.TeamID
	return n.team, nil
}

func profileOf(u *slack.User, team string) access.SlackProfile {
	return access.SlackProfile{
		ID: access.SlackID(u.ID), Team: u.TeamID, Name: u.RealName, Email: u.Profile.Email, EmailConfirmed: u.IsEmailConfirmed,
		Deleted: u.Deleted, Bot: u.IsBot || u.IsAppUser || u.ID == "USLACKBOT", Guest: u.IsRestricted || u.IsUltraRestricted || u.IsInvitedUser,
		Outsider: u.TeamID != team || u.IsStranger,
	}
}

// attach tells the notifier who the workspace is and how Home tabs are drawn; nil detaches.
func (n *Notifier) attach(team string, refresh func(access.SlackID)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.team, n.refresh = team, refresh
}

// looked notes that somebody opened their Home tab.
func (n *Notifier) looked(who access.SlackID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.opened) > 20_000 {
		clear(n.opened)
	}
	n.opened[who] = n.now()
}

// homeFresh is how long after its opening a Home tab is kept up to date by itself; later, opening it again does that.
const homeFresh = 15 * time.Minute

// Changed has the Home tabs of those who opened theirs lately drawn anew. It does not block.
func (n *Notifier) Changed(people ...access.SlackID) {
	n.mu.Lock()
	refresh := n.refresh
	var due []access.SlackID
	for _, p := range people {
		if at, ok := n.opened[p]; ok && n.now().Sub(at) < homeFresh && !slices.Contains(due, p) {
			due = append(due, p)
		}
	}
	n.mu.Unlock()
	if refresh == nil {
		return
	}
	for _, p := range due {
		refresh(p)
	}
}

// classify turns a Slack error into the core's terms. Write says that the call makes something new, so that an unknown
// outcome matters.
func classify(op string, err error, write bool) error {
	if err == nil {
		return nil
	}
	te := &access.TargetError{Target: access.TargetSlack, Op: op, Err: errors.New(errorWord(err))}
	var limited *slack.RateLimitedError
	var status slack.StatusCodeError
	var answer slack.SlackErrorResponse
	var netErr net.Error
	switch {
	case errors.As(err, &limited):
		te.Transient, te.RetryAfter = true, limited.RetryAfter
	case errors.As(err, &status):
		te.Transient, te.Sent = status.Code >= 500 || status.Code == 429, write && status.Code >= 500
	case errors.As(err, &answer):
		te.Transient = slices.Contains(passing(), answer.Err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr):
		te.Transient, te.Sent = true, write
	default:
		te.Transient, te.Sent = true, write // A cut connection or a garbled answer.
	}
	return te
}

// passing are Slack's error words for what is over by itself or by an admin's hand.
func passing() []string {
	return []string{
		"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout",
		"team_added_to_org", "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope",
	}
}

// errorWord is the error without anything that people typed or that is secret.
func errorWord(err error) string {
	var answer slack.SlackErrorResponse
	if errors.As(err, &answer) {
		return answer.Err
	}
	var status slack.StatusCodeError
	if errors.As(err, &status) {
		return fmt.Sprintf("status %d", status.Code)
	}
	var limited *slack.RateLimitedError
	if errors.As(err, &limited) {
		return "rate limited"
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return "connection failed"
}
