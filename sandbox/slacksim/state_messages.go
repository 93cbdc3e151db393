package slacksim

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// GeneralChannel is the id of the public channel that every workspace has.
const GeneralChannel = "C0GENERAL"

type channel struct {
	id       string
	name     string
	private  bool
	archived bool
	im       string // the other person, in a DM with the bot
	group    bool   // a DM of several
	self     bool   // somebody's notes to themselves
	members  []string
	messages []*message
}

func (c *channel) has(user string) bool { return slices.Contains(c.members, user) }

func (c *channel) payloadName() string {
	switch {
	case c.im != "", c.self:
		return "directmessage"
	case c.private || c.group:
		return "privategroup"
	}
	return c.name
}

// message is one message with all its versions.
type message struct {
	ts        string
	threadTS  string
	user      string // author
	byApp     bool
	text      string
	notified  string // text when it was posted
	blocks    []any
	files     any // attachments
	metadata  any
	to        string // the only reader of an ephemeral message
	posted    time.Time
	edited    time.Time
	editedTS  string
	deleted   bool
	onBehalf  map[string]any // username and icon overrides
	versions  []Message
	broadcast bool
}

// Message is a message as people see it now.
type Message struct {
	Channel, TS, ThreadTS string
	User                  string // author's user id
	Text                  string
	// Notified is the text of which Slack notified the readers: that of the post. A change is a hidden event, of which
	// nobody is notified (https://docs.slack.dev/reference/events/message/message_changed/).
	Notified  string
	Blocks    json.RawMessage // null when there are none
	Metadata  json.RawMessage // nil when there is none
	Ephemeral bool
	To        string // reader of an ephemeral message
	PostedAt  time.Time
	EditedAt  time.Time // zero when never edited
	Deleted   bool
}

// Plain renders the message for a terminal: its blocks, or its text when it has none.
func (m Message) Plain() string {
	if len(m.Blocks) > 0 && string(m.Blocks) != "null" && string(m.Blocks) != "[]" {
		return PlainText(m.Blocks)
	}
	return plainMrkdwn(m.Text)
}

func (m *message) export(channelID string) Message {
	out := Message{
		Channel: channelID, TS: m.ts, ThreadTS: m.threadTS, User: m.user, Text: m.text, Notified: m.notified, Blocks: encode(m.blocks),
		Ephemeral: m.to != "", To: m.to, PostedAt: m.posted, EditedAt: m.edited, Deleted: m.deleted,
	}
	if m.metadata != nil {
		out.Metadata = encode(m.metadata)
	}
	return out
}

// keep remembers the version that people see now. The lock must be held.
func (m *message) keep(channelID string) { m.versions = append(m.versions, m.export(channelID)) }

// find looks a message up by channel and ts, ephemeral ones too. The lock must be held.
func (s *Server) find(channelID, ts string) (*channel, *message) {
	c := s.channels[channelID]
	if c == nil {
		return nil, nil
	}
	for _, m := range c.messages {
		if m.ts == ts && !m.deleted {
			return c, m
		}
	}
	return c, nil
}

// object is a message as the Web API and payloads show it.
func (s *Server) object(m *message) map[string]any {
	o := map[string]any{"type": "message", "user": m.user, "ts": m.ts, "text": m.text, "team": s.cfg.Team.ID}
	if m.byApp {
		o["bot_id"], o["app_id"] = s.cfg.BotID, s.cfg.AppID
		o["bot_profile"] = map[string]any{
			"id": s.cfg.BotID, "app_id": s.cfg.AppID, "name": s.app.name, "deleted": false, "team_id": s.cfg.Team.ID,
			"updated": m.posted.Unix(), "icons": map[string]any{"image_36": s.url + "/icon.png"},
		}
	}
	for k, v := range m.onBehalf {
		o[k] = v
	}
	if m.blocks != nil {
		o["blocks"] = m.blocks
	}
	if m.files != nil {
		o["attachments"] = m.files
	}
	if m.threadTS != "" {
		o["thread_ts"] = m.threadTS
	}
	if m.editedTS != "" {
		o["edited"] = map[string]any{"user": m.user, "ts": m.editedTS}
	}
	return o
}

// dm returns the DM between the bot and a user, opening it if need be. The lock must be held.
func (s *Server) dm(userID string) *channel {
	if c := s.knownDM(userID); c != nil {
		return c
	}
	c := &channel{id: s.id("D"), im: userID, members: []string{s.cfg.BotUserID, userID}}
	s.channels[c.id] = c
	return c
}

// knownDM is that DM if it was ever opened, or else nil. The lock must be held.
func (s *Server) knownDM(userID string) *channel {
	for _, c := range s.channels {
		if c.im == userID {
			return c
		}
	}
	return nil
}

// DM returns the id of the direct message channel between the app's bot and a person.
func (s *Server) DM(userID string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users[userID] == nil {
		return ""
	}
	return s.dm(userID).id
}

// Messages returns the messages of a channel, oldest first, deleted ones left out. A user id means that person's DM with the bot.
// Ephemeral messages are among them, marked.
func (s *Server) Messages(channelOrUser string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channels[channelOrUser]
	if c == nil && s.users[channelOrUser] != nil {
		c = s.dm(channelOrUser)
	}
	if c == nil {
		return nil
	}
	out := []Message{}
	for _, m := range c.messages {
		if !m.deleted {
			out = append(out, m.export(c.id))
		}
	}
	return out
}

// Message returns one message as it is now.
func (s *Server) Message(channelID, ts string) (Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, m := s.find(channelID, ts)
	if m == nil {
		return Message{}, false
	}
	return m.export(c.id), true
}

// Versions returns every state that a message has had, oldest first; a deleted message ends with Deleted set.
func (s *Server) Versions(channelID, ts string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channels[channelID]
	if c == nil {
		return nil
	}
	for _, m := range c.messages {
		if m.ts == ts {
			return slices.Clone(m.versions)
		}
	}
	return nil
}

// linkBare wraps bare web addresses in angle brackets, as Slack does with the text of a message.
func linkBare(text string) string {
	var b strings.Builder
	depth := false
	for i := 0; i < len(text); {
		switch {
		case text[i] == '<':
			depth = true
		case text[i] == '>':
			depth = false
		case !depth && (strings.HasPrefix(text[i:], "https://") || strings.HasPrefix(text[i:], "http://")):
			end := strings.IndexAny(text[i:], " \t\n<>|\"`")
			if end < 0 {
				end = len(text) - i
			}
			link := strings.TrimRight(text[i:i+end], ".,;:!?)")
			b.WriteString("<" + link + ">")
			i += len(link)
			continue
		}
		b.WriteByte(text[i])
		i++
	}
	return b.String()
}
