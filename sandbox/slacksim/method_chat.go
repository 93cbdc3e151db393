package slacksim

import (
	"strings"
	"time"
)

// chatMethods are those that write messages.
func chatMethods() map[string]*method {
	content := []string{"as_user", "attachments", "blocks", "link_names", "markdown_text", "metadata", "parse", "text"}
	with := func(more ...string) []string { return append(more, content...) }
	return map[string]*method{
		"chat.postMessage": {
			tier: tierSpecial, scope: "chat:write", required: []string{"channel"},
			optional: with("current_draft_last_updated_ts", "icon_emoji", "icon_url", "mrkdwn", "reply_broadcast",
				"thread_ts", "unfurl_links", "unfurl_media", "username"), run: (*Server).postMessage,
		},
		"chat.update": {
			tier: tier3, scope: "chat:write", required: []string{"ts", "channel"},
			optional: with("file_ids", "reply_broadcast", "unfurled_attachments"), run: (*Server).updateMessage,
		},
		"chat.postEphemeral": {
			tier: tier4, scope: "chat:write", required: []string{"user", "channel"},
			optional: with("icon_emoji", "icon_url", "thread_ts", "username"), run: (*Server).postEphemeral,
		},
		"chat.delete": {
			tier: tier3, scope: "chat:write", required: []string{"ts", "channel"}, optional: []string{"as_user"},
			run: (*Server).deleteMessage,
		},
		"chat.getPermalink": {
			tier: tierSpecial, formOnly: true, required: []string{"channel", "message_ts"}, run: (*Server).permalink,
		},
	}
}

// postable resolves the channel argument of a post and checks that the bot may write there.
func (s *Server) postable(id string) (*channel, error) {
	if u := s.users[id]; u != nil {
		if u.Deleted || u.IsBot || u.Stranger {
			return nil, fail("channel_not_found")
		}
		if !s.app.messagesTab {
			return nil, fail("messages_tab_disabled")
		}
		return s.dm(id), nil
	}
	c := s.channels[id]
	if c == nil {
		for _, o := range s.channels {
			if o.name != "" && o.name == strings.TrimPrefix(id, "#") {
				c = o
			}
		}
	}
	switch {
	case c == nil, c.private && !c.has(s.cfg.BotUserID):
		return nil, fail("channel_not_found")
	case c.archived, c.im != "" && s.users[c.im].Deleted:
		return nil, fail("is_archived")
	case !c.has(s.cfg.BotUserID):
		return nil, fail("not_in_channel")
	case c.im != "" && !s.app.messagesTab:
		return nil, fail("messages_tab_disabled")
	}
	return c, nil
}

func (s *Server) postMessage(r *request) (map[string]any, error) {
	if r.boolean("as_user") {
		return nil, fail("as_user_not_supported")
	}
	c, err := s.postable(r.text("channel"))
	if err != nil {
		return nil, err
	}
	content, err := s.readContent(r.arguments, textMax)
	if err != nil {
		return nil, err
	}
	thread, err := parent(c, r.text("thread_ts"))
	if err != nil {
		return nil, err
	}
	onBehalf, err := s.onBehalf(r)
	if err != nil {
		return nil, err
	}
	if limited := s.limit("post "+c.id, postBurst, postWindow); limited != nil {
		limited.code = "rate_limited"
		return nil, limited
	}
	m := s.post(c, content)
	m.threadTS, m.onBehalf, m.broadcast = thread, onBehalf, r.boolean("reply_broadcast")
	m.keep(c.id)
	r.changed = true
	o := s.object(m)
	if m.metadata != nil {
		o["metadata"] = m.metadata
	}
	return map[string]any{"channel": c.id, "ts": m.ts, "message": o}, nil
}

// post writes a message of the app into a channel. The caller keeps its first version. The lock must be held.
func (s *Server) post(c *channel, content *content) *message {
	m := &message{ts: s.ts(), user: s.cfg.BotUserID, byApp: true, posted: s.cfg.Now()}
	content.into(m)
	m.notified = m.text
	c.messages = append(c.messages, m)
	return m
}

// parent checks the thread_ts of a reply.
func parent(c *channel, ts string) (string, error) {
	if ts == "" {
		return "", nil
	}
	for _, m := range c.messages {
		if m.ts == ts && m.to == "" && !m.deleted {
			if m.threadTS == "" {
				m.threadTS = m.ts
			}
			return m.threadTS, nil
		}
	}
	return "", fail("cannot_reply_to_message")
}

// onBehalf reads the overrides of name and icon, which need a scope of their own.
func (s *Server) onBehalf(r *request) (map[string]any, error) {
	o := map[string]any{}
	for _, name := range []string{"username", "icon_emoji", "icon_url"} {
		if r.has(name) {
			o[strings.Replace(name, "icon_", "icons_", 1)] = r.text(name)
		}
	}
	if len(o) == 0 {
		return nil, nil
	}
	if !s.app.has("chat:write.customize") {
		return nil, s.missingScope("chat:write.customize")
	}
	return o, nil
}

func (s *Server) updateMessage(r *request) (map[string]any, error) {
	if r.boolean("as_user") {
		return nil, fail("as_user_not_supported")
	}
	c, m, err := s.own(r.text("channel"), r.text("ts"), "cant_update_message")
	if err != nil {
		return nil, err
	}
	if c.im != "" && s.users[c.im].Deleted {
		return nil, fail("is_inactive")
	}
	content, err := s.readContent(r.arguments, updateTextMax)
	if err != nil {
		return nil, err
	}
	content.over(m)
	s.edited(c, m, content)
	r.changed = true
	o := s.object(m)
	return map[string]any{"channel": c.id, "ts": m.ts, "text": m.text, "message": o}, nil
}

// edited marks a new version. People see "(edited)" only where the text was changed without blocks.
func (s *Server) edited(c *channel, m *message, content *content) {
	m.edited = s.cfg.Now()
	if !content.hasBlocks {
		m.editedTS = s.ts()
	}
	m.keep(c.id)
}

// own finds a message of this app that may be changed.
func (s *Server) own(channelID, ts, foreign string) (*channel, *message, error) {
	c, err := s.reachable(channelID)
	if err != nil {
		return nil, nil, err
	}
	_, m := s.find(channelID, ts)
	if m == nil || m.to != "" {
		return nil, nil, fail("message_not_found")
	}
	if !m.byApp {
		return nil, nil, fail(foreign)
	}
	return c, m, nil
}

func (s *Server) postEphemeral(r *request) (map[string]any, error) {
	if s.users[r.text("channel")] != nil {
		return nil, fail("channel_not_found") // a DM has to be named by its D… id here
	}
	c, err := s.postable(r.text("channel"))
	if err != nil {
		return nil, err
	}
	if !c.has(r.text("user")) {
		return nil, fail("user_not_in_channel")
	}
	content, err := s.readContent(r.arguments, textMax)
	if err != nil && strings.Contains(asAPIError(err).code, "metadata") {
		return nil, badArgs(asAPIError(err).code + ": metadata") // the method has no errors of its own for it
	}
	if err != nil {
		return nil, err
	}
	if _, err := s.onBehalf(r); err != nil {
		return nil, err
	}
	m := s.post(c, content)
	m.to, m.threadTS = r.text("user"), r.text("thread_ts")
	m.keep(c.id)
	r.changed = true
	return map[string]any{"message_ts": m.ts}, nil
}

func (s *Server) deleteMessage(r *request) (map[string]any, error) {
	c, m, err := s.own(r.text("channel"), r.text("ts"), "cant_delete_message")
	if err != nil {
		return nil, err
	}
	s.remove(c, m)
	r.changed = true
	return map[string]any{"channel": c.id, "ts": m.ts}, nil
}

func (s *Server) remove(c *channel, m *message) {
	m.deleted = true
	m.keep(c.id)
}

func (s *Server) permalink(r *request) (map[string]any, error) {
	c, err := s.reachable(r.text("channel"))
	if err != nil {
		return nil, err
	}
	_, m := s.find(c.id, r.text("message_ts"))
	if m == nil || m.to != "" {
		return nil, fail("message_not_found")
	}
	link := "https://" + s.cfg.Team.Domain + ".slack.com/archives/" + c.id + "/p" + strings.Replace(m.ts, ".", "", 1)
	return map[string]any{"channel": c.id, "permalink": link}, nil
}

// Say lets a person write into a channel; a user id means that person's DM with the bot, and NotesID the person's notes to self. A message event goes out where the app hears it.
func (s *Server) Say(userID, channelOrUser, text string) (Message, error) {
	s.mu.Lock()
	c := s.place(userID, channelOrUser)
	if c == nil || !c.has(userID) {
		s.mu.Unlock()
		return Message{}, notThere("channel %s for %s", channelOrUser, userID)
	}
	if c.im != "" && (s.app.readOnlyTab || !s.app.messagesTab) {
		s.mu.Unlock()
		return Message{}, &UserError{Code: "read_only", Text: "Sending messages to this app has been turned off."}
	}
	m := &message{ts: s.ts(), user: userID, text: linkBare(text), posted: s.cfg.Now()}
	c.messages = append(c.messages, m)
	m.keep(c.id)
	out := m.export(c.id)
	if c.self {
		s.bump()
		s.mu.Unlock()
		return out, nil
	}
	kind, kindType := "message.channels", "channel"
	if c.im != "" {
		kind, kindType = "message.im", "im"
	}
	event := map[string]any{
		"type": "message", "user": userID, "text": m.text, "ts": m.ts, "event_ts": m.ts, "channel": c.id,
		"channel_type": kindType, "team": s.users[userID].TeamID,
	}
	s.bump()
	s.mu.Unlock()
	s.emit(kind, event)
	return out, nil
}

// hookLife and hookUses bound a response_url.
const (
	hookLife = 30 * time.Minute
	hookUses = 5
)
