package slacksim

// appMethods are those about the app itself.
func appMethods() map[string]*method {
	return map[string]*method{
		"apps.connections.open": {tier: tier3, appLevel: true, run: (*Server).openConnection},
		"auth.test":             {tier: tierSpecial, run: (*Server).authTest},
		"bots.info": {
			tier: tier3, scope: "users:read", formOnly: true, optional: []string{"bot", "team_id"}, run: (*Server).botInfo,
		},
	}
}

func (s *Server) openConnection(*request) (map[string]any, error) {
	if s.wire.disabled || !s.app.socketMode {
		return nil, fail("internal_error") // Slack documents no error of its own for Socket Mode being off
	}
	return map[string]any{"url": s.socketURL()}, nil
}

func (s *Server) authTest(*request) (map[string]any, error) {
	return map[string]any{
		"url": "https://" + s.cfg.Team.Domain + ".slack.com/", "team": s.cfg.Team.Name, "team_id": s.cfg.Team.ID,
		"user": s.users[s.cfg.BotUserID].Name, "user_id": s.cfg.BotUserID, "bot_id": s.cfg.BotID,
		"is_enterprise_install": false,
	}, nil
}

func (s *Server) botInfo(r *request) (map[string]any, error) {
	if t := r.text("team_id"); t != "" && t != s.cfg.Team.ID {
		return nil, fail("team_not_found")
	}
	if !r.has("bot") {
		return nil, fail("missing_argument")
	}
	if r.text("bot") != s.cfg.BotID {
		return nil, fail("bot_not_found")
	}
	return map[string]any{"bot": map[string]any{
		"id": s.cfg.BotID, "app_id": s.cfg.AppID, "user_id": s.cfg.BotUserID, "name": s.app.name,
		"deleted": false, "updated": s.cfg.Now().Unix(), "icons": map[string]any{},
	}}, nil
}
