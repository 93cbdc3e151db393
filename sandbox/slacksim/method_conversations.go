package slacksim

import (
	"slices"
	"strings"
)

// conversationMethods are those about channels and DMs.
func conversationMethods() map[string]*method {
	return map[string]*method{
		"conversations.open": {
			tier: tier3, optional: []string{"channel", "prevent_creation", "return_im", "users"}, run: (*Server).openConversation,
		},
		"conversations.info": {
			tier: tier3, formOnly: true, required: []string{"channel"},
			optional: []string{"include_locale", "include_num_members"}, run: (*Server).conversationInfo,
		},
		"conversations.members": {
			tier: tier4, formOnly: true, required: []string{"channel"},
			optional: []string{"cursor", "limit"}, run: (*Server).conversationMembers,
		},
		"conversations.history": {
			tier: tier3, required: []string{"channel"},
			optional: []string{"cursor", "include_all_metadata", "inclusive", "latest", "limit", "oldest"}, run: (*Server).history,
		},
	}
}

// need checks the scope that the kind of channel asks for: im:read, channels:history and so on.
func (s *Server) need(c *channel, what string) error {
	kind := "channels"
	switch {
	case c.im != "":
		kind = "im"
	case c.group:
		kind = "mpim"
	case c.private:
		kind = "groups"
	}
	if !s.app.has(kind + ":" + what) {
		return s.missingScope(kind + ":" + what)
	}
	return nil
}

// reachable looks up a channel that the bot may know of.
func (s *Server) reachable(id string) (*channel, error) {
	c := s.channels[id]
	if c == nil || (c.private && !c.has(s.cfg.BotUserID)) {
		return nil, fail("channel_not_found")
	}
	return c, nil
}

func (s *Server) openConversation(r *request) (map[string]any, error) {
	if r.has("channel") {
		c, err := s.reachable(r.text("channel"))
		if err != nil {
			return nil, err
		}
		if c.im == "" && !c.group {
			return nil, fail("method_not_supported_for_channel_type")
		}
		return s.opened(r, c, true), nil
	}
	users := r.list("users")
	switch {
	case len(users) == 0:
		return nil, fail("users_list_not_supplied")
	case len(users) > 8:
		return nil, fail("too_many_users")
	case len(users) == 1 && !s.app.has("im:write"):
		return nil, s.missingScope("im:write")
	case len(users) > 1 && !s.app.has("mpim:write"):
		return nil, s.missingScope("mpim:write")
	}
	for _, id := range users {
		if err := s.mayOpen(id); err != nil {
			return nil, err
		}
	}
	if len(users) > 1 {
		return s.openGroup(r, users), nil
	}
	before := len(s.channels)
	if r.boolean("prevent_creation") && s.knownDM(users[0]) == nil {
		return nil, fail("channel_not_found")
	}
	c := s.dm(users[0])
	fresh := len(s.channels) > before
	r.changed = r.changed || fresh
	return s.opened(r, c, !fresh), nil
}

func (s *Server) mayOpen(id string) error {
	u := s.users[id]
	switch {
	case u == nil:
		return fail("user_not_found")
	case u.Deleted:
		return fail("user_disabled")
	case u.Stranger:
		return fail("user_not_visible")
	case u.IsBot:
		return fail("invalid_user_combination")
	}
	return nil
}

func (s *Server) openGroup(r *request, users []string) map[string]any {
	members := append([]string{s.cfg.BotUserID}, users...)
	slices.Sort(members)
	for _, c := range s.channels {
		if c.group && slices.Equal(c.members, members) {
			return s.opened(r, c, true)
		}
	}
	c := &channel{id: s.id("G"), name: "mpdm-" + strings.ToLower(s.id("")), group: true, members: members}
	s.channels[c.id] = c
	r.changed = true
	return s.opened(r, c, false)
}

func (s *Server) opened(r *request, c *channel, before bool) map[string]any {
	o := map[string]any{"id": c.id}
	if r.boolean("return_im") {
		o = s.channelObject(c)
	}
	out := map[string]any{"channel": o}
	if before {
		out["no_op"], out["already_open"] = true, true
	}
	return out
}

func (s *Server) channelObject(c *channel) map[string]any {
	o := map[string]any{
		"id": c.id, "created": s.cfg.Now().Unix(), "is_archived": c.archived, "is_im": c.im != "", "is_mpim": c.group,
		"context_team_id": s.cfg.Team.ID, "is_org_shared": false,
	}
	if c.im != "" {
		o["user"], o["is_open"] = c.im, true
		o["is_user_deleted"] = s.users[c.im].Deleted
		return o
	}
	o["name"], o["name_normalized"] = c.name, c.name
	o["is_channel"], o["is_group"], o["is_private"] = !c.private && !c.group, c.private, c.private || c.group
	o["is_member"], o["is_general"] = c.has(s.cfg.BotUserID), c.id == GeneralChannel
	o["creator"], o["is_shared"], o["is_ext_shared"] = s.cfg.BotUserID, false, false
	return o
}

func (s *Server) conversationInfo(r *request) (map[string]any, error) {
	c, err := s.reachable(r.text("channel"))
	if err != nil {
		return nil, err
	}
	if err := s.need(c, "read"); err != nil {
		return nil, err
	}
	o := s.channelObject(c)
	if r.boolean("include_num_members") {
		o["num_members"] = len(c.members)
	}
	if r.boolean("include_locale") {
		o["locale"] = "en-US"
	}
	return map[string]any{"channel": o}, nil
}

func (s *Server) conversationMembers(r *request) (map[string]any, error) {
	c, err := s.reachable(r.text("channel"))
	if err != nil {
		return nil, err
	}
	if err := s.need(c, "read"); err != nil {
		return nil, err
	}
	limit, err := r.number("limit", 100)
	if err != nil || limit < 1 || limit > 1000 {
		return nil, fail("invalid_limit")
	}
	from, to, next, err := page(r.text("cursor"), "member", limit, len(c.members))
	if err != nil {
		return nil, err
	}
	return map[string]any{"members": c.members[from:to], "response_metadata": map[string]any{"next_cursor": next}}, nil
}

func (s *Server) history(r *request) (map[string]any, error) {
	c, err := s.reachable(r.text("channel"))
	if err != nil {
		return nil, err
	}
	if err := s.need(c, "history"); err != nil {
		return nil, err
	}
	if !c.has(s.cfg.BotUserID) {
		return nil, fail("not_in_channel")
	}
	limit, err := r.number("limit", 100)
	if err != nil || limit < 1 || limit > 999 {
		return nil, badArgs("must be less than 1000: limit")
	}
	for _, bound := range []string{"latest", "oldest"} {
		if r.has(bound) && !isTS(r.text(bound)) {
			return nil, fail("invalid_ts_" + bound)
		}
	}
	found := s.between(c, r)
	from, to, next, err := page(r.text("cursor"), "next_ts", limit, len(found))
	if err != nil {
		return nil, err
	}
	messages := []any{}
	for _, m := range found[from:to] {
		o := s.object(m)
		if m.metadata != nil && r.boolean("include_all_metadata") {
			o["metadata"] = m.metadata
		}
		messages = append(messages, o)
	}
	out := map[string]any{
		"messages": messages, "has_more": next != "", "pin_count": 0, "channel_actions_ts": nil, "channel_actions_count": 0,
	}
	if next != "" {
		out["response_metadata"] = map[string]any{"next_cursor": next}
	}
	return out, nil
}

// between gives the messages within latest and oldest, newest first, without replies and ephemeral ones.
func (s *Server) between(c *channel, r *request) []*message {
	latest, oldest, inclusive := r.text("latest"), r.text("oldest"), r.boolean("inclusive")
	var out []*message
	for _, m := range slices.Backward(c.messages) {
		if m.deleted || m.to != "" || (m.threadTS != "" && m.threadTS != m.ts && !m.broadcast) {
			continue
		}
		if latest != "" && latest != "0" && (compareTS(m.ts, latest) > 0 || (!inclusive && compareTS(m.ts, latest) == 0)) {
			continue
		}
		if oldest != "" && (compareTS(m.ts, oldest) < 0 || (!inclusive && compareTS(m.ts, oldest) == 0)) {
			continue
		}
		out = append(out, m)
	}
	return out
}

func isTS(text string) bool {
	whole, part, _ := strings.Cut(text, ".")
	digits := strings.Trim(whole+part, "0123456789") == ""
	return digits && whole != "" && len(part) <= 6
}

// compareTS orders timestamps, which may lack the part after the dot.
func compareTS(a, b string) int {
	pad := func(t string) string {
		whole, part, _ := strings.Cut(t, ".")
		return strings.Repeat("0", max(0, 12-len(whole))) + whole + part + strings.Repeat("0", max(0, 6-len(part)))
	}
	return strings.Compare(pad(a), pad(b))
}
