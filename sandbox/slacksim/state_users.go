package slacksim

import (
	"slices"
	"time"
)

// seed fills the workspace from the configuration.
func (s *Server) seed() {
	everybody := []string{s.cfg.BotUserID}
	s.addUser(User{ID: s.cfg.BotUserID, Name: handle(s.app.name), RealName: s.app.name, IsBot: true})
	for _, u := range s.cfg.Users {
		s.addUser(u)
		if !u.Guest && !u.SingleGuest && !u.Stranger && !u.IsBot {
			everybody = append(everybody, u.ID)
		}
	}
	s.channels[GeneralChannel] = &channel{id: GeneralChannel, name: "general", members: everybody}
	for _, c := range s.cfg.Channels {
		s.channels[c.ID] = &channel{
			id: c.ID, name: c.Name, private: c.Private, archived: c.Archived, members: slices.Clone(c.Members),
		}
	}
}

func handle(name string) string {
	out := []rune{}
	for _, r := range name {
		switch {
		case r >= 'A' && r <= 'Z':
			out = append(out, r+'a'-'A')
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			out = append(out, r)
		case len(out) > 0 && out[len(out)-1] != '_':
			out = append(out, '_')
		}
	}
	return string(out)
}

func (s *Server) addUser(u User) {
	if u.TeamID == "" {
		u.TeamID = s.cfg.Team.ID
	}
	if u.Name == "" {
		u.Name = handle(u.RealName)
	}
	if u.TZ == "" {
		u.TZ = "Etc/UTC"
	}
	if _, ok := s.users[u.ID]; !ok {
		s.userIDs = append(s.userIDs, u.ID)
	}
	s.users[u.ID] = &u
}

// userObject is a user as users.info shows it to this app. The lock must be held.
func (s *Server) userObject(u *User) map[string]any {
	outsider := u.TeamID != s.cfg.Team.ID
	profile := map[string]any{
		"real_name": u.RealName, "real_name_normalized": u.RealName,
		"display_name": u.Name, "display_name_normalized": u.Name, "team": u.TeamID,
		"avatar_hash": "g" + u.ID, "image_72": u.PhotoURL,
		"status_text": "", "status_emoji": "", "status_expiration": 0,
	}
	if !outsider {
		profile["title"], profile["phone"] = u.Title, u.Phone
		if s.app.has("users:read.email") && u.Email != "" {
			profile["email"] = u.Email
		}
	}
	o := map[string]any{
		"id": u.ID, "team_id": u.TeamID, "name": u.Name, "real_name": u.RealName, "deleted": u.Deleted, "profile": profile,
		"is_bot": u.IsBot, "is_app_user": false, "updated": s.cfg.Now().Unix(), "is_email_confirmed": u.EmailConfirmed,
		"who_can_share_contact_card": "EVERYONE",
	}
	if u.EnterpriseID != "" {
		o["enterprise_user"] = map[string]any{
			"id": u.ID, "enterprise_id": u.EnterpriseID, "enterprise_name": "Sandbox org", "is_admin": false, "is_owner": false, "teams": []string{u.TeamID},
		}
	}
	if u.Invited {
		o["is_invited_user"] = true
	}
	if outsider {
		o["is_stranger"] = u.Stranger
	}
	if u.Deleted {
		return o
	}
	o["color"], o["tz"], o["tz_label"] = "4bbe2e", u.TZ, u.TZ
	o["tz_offset"] = int(u.TZOffset / time.Second)
	o["is_admin"], o["is_owner"], o["is_primary_owner"] = u.Admin, false, false
	o["is_restricted"] = u.Guest || u.SingleGuest
	o["is_ultra_restricted"] = u.SingleGuest
	return o
}

// User returns what the workspace knows of a person.
func (s *Server) User(id string) (User, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.users[id]
	if !ok {
		return User{}, false
	}
	return *u, true
}

// Users returns everybody, the app's bot user first, then in the order of the seed.
func (s *Server) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]User, 0, len(s.userIDs))
	for _, id := range s.userIDs {
		out = append(out, *s.users[id])
	}
	return out
}

// UpdateUser adds or replaces a person and sends user_change. It returns once the app has acknowledged or the first try failed.
func (s *Server) UpdateUser(u User) {
	s.mu.Lock()
	s.addUser(u)
	object := s.userObject(s.users[u.ID])
	if u.Deleted {
		delete(s.stacks, u.ID)
	}
	now := s.cfg.Now().Unix()
	s.bump()
	s.mu.Unlock()
	<-s.emit("user_change", map[string]any{"type": "user_change", "user": object, "cache_ts": now})
}

// Deactivate turns a person's account off, as an administrator does.
func (s *Server) Deactivate(userID string) error {
	u, ok := s.User(userID)
	if !ok {
		return notThere("user %s", userID)
	}
	u.Deleted = true
	s.UpdateUser(u)
	return nil
}
