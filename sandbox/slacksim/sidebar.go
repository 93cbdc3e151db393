package slacksim

import "slices"

// AppInfo is what people see of the installed app, by its manifest.
type AppInfo struct {
	Name, Description string
	Commands          []Command
	Shortcuts         []Shortcut // global ones
	HomeTab           bool
	MessagesTab       bool
	ReadOnly          bool // people cannot write in the Messages tab
}

// Command is a slash command as the composer offers it.
type Command struct{ Name, Description, Hint string }

// Shortcut is a global shortcut as the shortcuts menu offers it.
type Shortcut struct{ Name, Description, CallbackID string }

// App tells what people see of the installed app. An app without a manifest shows no commands and no shortcuts.
func (s *Server) App() AppInfo {
	out := s.app.info
	out.Name, out.HomeTab, out.MessagesTab, out.ReadOnly = s.app.name, s.app.homeTab, s.app.messagesTab, s.app.readOnlyTab
	out.Commands, out.Shortcuts = slices.Clone(out.Commands), slices.Clone(out.Shortcuts)
	return out
}

// Inbox is what the sidebar tells of a person's DM with the app, without its messages.
type Inbox struct {
	First  string // ts of the first message that came, even if it is deleted; "" when there never was one
	Unread int    // messages of the app after the mark
}

// Inbox looks at a person's DM with the app; read is the ts up to which the person has read. It changes nothing.
func (s *Server) Inbox(userID, read string) Inbox {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.knownDM(userID)
	if c == nil || len(c.messages) == 0 {
		return Inbox{}
	}
	box := Inbox{First: c.messages[0].ts}
	for _, m := range c.messages {
		if !m.deleted && m.seenBy(userID) && m.ts > read && m.user != userID {
			box.Unread++
		}
	}
	return box
}

// Conversation is the end of a channel as one person sees it.
type Conversation struct {
	Channel  string    // "" for a DM in which nobody has written yet
	Messages []Message // oldest first; no deleted ones, and of the ephemeral ones only the person's own
	Older    int       // how many more there are before these
	Member   bool      // the person is in it
}

// Conversation returns at most most of the newest messages of a channel; a user id means that person's DM with the app,
// and NotesID the notes to self. It changes nothing. An unknown channel is empty.
func (s *Server) Conversation(userID, channelOrUser string, most int) Conversation {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channels[channelOrUser]
	switch {
	case s.users[channelOrUser] != nil:
		c = s.knownDM(channelOrUser)
	case c == nil && channelOrUser == NotesID(userID):
		return Conversation{Member: true}
	}
	if c == nil {
		return Conversation{Member: channelOrUser == userID}
	}
	out := Conversation{Channel: c.id, Member: c.has(userID)}
	for _, m := range slices.Backward(c.messages) {
		switch {
		case m.deleted || !m.seenBy(userID):
		case len(out.Messages) < most:
			out.Messages = append(out.Messages, m.export(c.id))
		default:
			out.Older++
		}
	}
	slices.Reverse(out.Messages)
	return out
}

func (m *message) seenBy(userID string) bool { return m.to == "" || m.to == userID }

// NotesID is the channel in which a person writes to themselves. Everybody has it, guests without any other channel too.
func NotesID(userID string) string { return "D" + userID + "SELF" }

// place finds where a person writes: a channel, their DM with the app by their user id, or their notes to self, which
// are made when first used. It returns nil for anything else. The lock must be held.
func (s *Server) place(userID, channelOrUser string) *channel {
	if s.users[channelOrUser] != nil {
		return s.dm(channelOrUser)
	}
	if c := s.channels[channelOrUser]; c != nil || channelOrUser != NotesID(userID) || s.users[userID] == nil {
		return c
	}
	c := &channel{id: channelOrUser, private: true, self: true, members: []string{userID}}
	s.channels[c.id] = c
	return c
}
