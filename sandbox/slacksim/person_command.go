package slacksim

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// CommandResult is what a slash command brought.
type CommandResult struct {
	Ephemeral []Message // answers in the acknowledgement that only the person sees
	InChannel []Message // answers in the acknowledgement that everybody sees
	View      *View     // modal opened before the acknowledgement came; one opened later is found by WaitView
	Delivery  Delivery
}

// Run types a slash command in #general and waits for the acknowledgement.
// The error is a *UserError when Slack shows one: invalid_command, dispatch_failed (nobody connected), operation_timeout.
func (s *Server) Run(ctx context.Context, userID, command, text string) (CommandResult, error) {
	return s.RunIn(ctx, userID, GeneralChannel, command, text)
}

// RunIn is Run in a channel of choice; a user id means that person's DM with the bot, and NotesID the person's notes to self.
func (s *Server) RunIn(ctx context.Context, userID, channelID, command, text string) (CommandResult, error) {
	s.mu.Lock()
	before := s.top(userID)
	s.mu.Unlock()
	d, err := s.ask(ctx, "slash_commands", func() (map[string]any, error) {
		return s.slashPayload(userID, channelID, command, text)
	})
	out := CommandResult{Delivery: d}
	if unanswered(err) {
		return out, slashFailed(command, err)
	}
	if err != nil {
		return out, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.top(userID); v != nil && v != before {
		shown := s.export(v)
		out.View = &shown
	}
	m, err := s.answerCommand(userID, channelID, d.Ack)
	switch {
	case err != nil:
		return out, &UserError{Code: "dispatch_unknown_error", Text: command + " failed with the error \"" + err.Error() + "\""}
	case m == nil:
	case m.Ephemeral:
		out.Ephemeral = append(out.Ephemeral, *m)
	default:
		out.InChannel = append(out.InChannel, *m)
	}
	return out, nil
}

func slashFailed(command string, err error) error {
	code := "operation_timeout"
	if errors.Is(err, errNoConnection) {
		code = "dispatch_failed"
	}
	return &UserError{Code: code, Text: command + " failed with the error \"" + code + "\""}
}

func (s *Server) slashPayload(userID, channelID, name, text string) (map[string]any, error) {
	u, err := s.person(userID)
	if err != nil {
		return nil, err
	}
	c := s.place(userID, channelID)
	if c == nil {
		return nil, notThere("channel %s", channelID)
	}
	known, ok := s.app.commands[name]
	if (!ok && !s.app.all) || u.TeamID != s.cfg.Team.ID {
		return nil, &UserError{Code: "invalid_command", Text: name + " is not a valid command."}
	}
	if !s.app.has("commands") {
		return nil, &UserError{Code: "invalid_command", Text: name + " is not a valid command."}
	}
	if known.escape {
		text = s.escapeMentions(text)
	}
	return map[string]any{
		"token": "verification", "team_id": s.cfg.Team.ID, "team_domain": s.cfg.Team.Domain, "channel_id": c.id,
		"channel_name": c.payloadName(), "user_id": u.ID, "user_name": u.Name, "command": name, "text": text,
		"api_app_id": s.cfg.AppID, "is_enterprise_install": "false",
		"response_url": s.newHook("commands", &hook{user: u.ID, channel: c.id}),
		"trigger_id":   s.newTrigger(u.ID, ""),
	}, nil
}

// escapeMentions writes @name and #channel the way should_escape asks for.
func (s *Server) escapeMentions(text string) string {
	words := strings.Split(text, " ")
	for i, w := range words {
		for _, u := range s.users {
			if w == "@"+u.Name {
				words[i] = "<@" + u.ID + "|" + u.Name + ">"
			}
		}
		for _, c := range s.channels {
			if c.name != "" && w == "#"+c.name {
				words[i] = "<#" + c.id + "|" + c.name + ">"
			}
		}
	}
	return strings.Join(words, " ")
}

// answerCommand posts the message that came in the acknowledgement of a slash command, if one did.
func (s *Server) answerCommand(userID, channelID string, ack json.RawMessage) (*Message, error) {
	body, err := ackObject(ack)
	if err != nil || len(body) == 0 {
		return nil, err
	}
	a := &arguments{values: body, asJSON: true}
	content, err := s.readContent(a, textMax)
	if err != nil {
		return nil, err
	}
	c := s.place(userID, channelID)
	m := s.post(c, content)
	if a.text("response_type") != "in_channel" {
		m.to = userID
	}
	m.keep(c.id)
	s.bump()
	out := m.export(c.id)
	return &out, nil
}

// ackObject reads the payload of an acknowledgement; a bare string counts as text. Nothing and {} are nil.
func ackObject(ack json.RawMessage) (map[string]json.RawMessage, error) {
	if len(ack) == 0 || string(ack) == "null" {
		return nil, nil
	}
	var text string
	if json.Unmarshal(ack, &text) == nil {
		if text == "" {
			return nil, nil
		}
		return map[string]json.RawMessage{"text": ack}, nil
	}
	var body map[string]json.RawMessage
	if err := json.Unmarshal(ack, &body); err != nil {
		return nil, err
	}
	for name, raw := range body {
		if string(raw) == "null" {
			delete(body, name)
		}
	}
	return body, nil
}

// Shortcut runs a global shortcut of the app.
func (s *Server) Shortcut(ctx context.Context, userID, callbackID string) (CommandResult, error) {
	s.mu.Lock()
	before := s.top(userID)
	s.mu.Unlock()
	d, err := s.ask(ctx, "interactive", func() (map[string]any, error) {
		u, err := s.person(userID)
		if err != nil {
			return nil, err
		}
		if kind := s.app.shortcuts[callbackID]; kind != "global" && !s.app.all {
			return nil, notThere("global shortcut %s", callbackID)
		}
		if err := s.interactive(); err != nil {
			return nil, err
		}
		p := s.interaction("shortcut", u)
		delete(p["user"].(map[string]any), "name")
		p["callback_id"], p["action_ts"], p["trigger_id"] = callbackID, s.ts(), s.newTrigger(u.ID, "")
		return p, nil
	})
	out := CommandResult{Delivery: d}
	if unanswered(err) {
		return out, troubleConnecting()
	}
	if err != nil {
		return out, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.top(userID); v != nil && v != before {
		shown := s.export(v)
		out.View = &shown
	}
	return out, nil
}

// OpenHome opens the app's Home tab, which tells the app so, and waits until the event is acknowledged or its first try is over.
func (s *Server) OpenHome(ctx context.Context, userID string) error {
	s.mu.Lock()
	u, err := s.person(userID)
	if err == nil && !s.app.homeTab {
		err = &UserError{Code: "not_enabled", Text: "This app has no Home tab."}
	}
	if err != nil {
		s.mu.Unlock()
		return err
	}
	event := s.homeOpened(u)
	s.mu.Unlock()
	select {
	case <-s.emit("app_home_opened", event):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// homeOpened is the event of that name. The lock must be held.
func (s *Server) homeOpened(u *User) map[string]any {
	event := map[string]any{"type": "app_home_opened", "user": u.ID, "channel": s.dm(u.ID).id, "tab": "home"}
	if v := s.homes[u.ID]; v != nil {
		event["view"] = json.RawMessage(encode(s.viewObject(v)))
	}
	return event
}

// hook is a response_url.
type hook struct {
	user, channel string
	ts            string // message that was clicked, "" for a slash command
	born          time.Time
	uses          int
}

// newHook makes a response_url. The lock must be held.
func (s *Server) newHook(kind string, h *hook) string {
	h.born = s.cfg.Now()
	path := "/" + kind + "/" + s.cfg.Team.ID + "/" + s.id("") + "/" + secret()
	s.hooks[path] = h
	return s.url + path
}
