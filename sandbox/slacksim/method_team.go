package slacksim

// teamMethods are those about the workspace and its user groups.
func teamMethods() map[string]*method {
	return map[string]*method{
		"team.info": {tier: tier3, scope: "team:read", optional: []string{"domain", "team"}, run: (*Server).teamInfo},
		"usergroups.list": {
			tier: tier2, scope: "usergroups:read", formOnly: true,
			optional: []string{"include_count", "include_disabled", "include_users", "team_id"}, run: (*Server).groupList,
		},
		"usergroups.users.list": {
			tier: tier2, scope: "usergroups:read", formOnly: true,
			required: []string{"usergroup"}, optional: []string{"include_disabled", "team_id"}, run: (*Server).groupUsers,
		},
	}
}

func (s *Server) teamInfo(r *request) (map[string]any, error) {
	if t := r.text("team"); t != "" && t != s.cfg.Team.ID {
		return nil, fail("team_not_found")
	}
	if d := r.text("domain"); d != "" && d != s.cfg.Team.Domain {
		return nil, fail("team_not_found")
	}
	return map[string]any{"team": map[string]any{
		"id": s.cfg.Team.ID, "name": s.cfg.Team.Name, "domain": s.cfg.Team.Domain, "email_domain": "",
		"url":  "https://" + s.cfg.Team.Domain + ".slack.com/",
		"icon": map[string]any{"image_default": true}, "is_verified": false,
	}}, nil
}

func (s *Server) groupList(r *request) (map[string]any, error) {
	if t := r.text("team_id"); t != "" && t != s.cfg.Team.ID {
		return nil, fail("invalid_team")
	}
	groups := []any{}
	for _, g := range s.cfg.UserGroups {
		if g.Disabled && !r.boolean("include_disabled") {
			continue
		}
		o := map[string]any{
			"id": g.ID, "team_id": s.cfg.Team.ID, "is_usergroup": true, "name": g.Name, "handle": g.Handle,
			"description": "", "is_external": false, "date_delete": 0, "auto_type": nil,
			"prefs": map[string]any{"channels": []any{}, "groups": []any{}},
		}
		if r.boolean("include_users") {
			o["users"] = g.Users
		}
		if r.boolean("include_count") {
			o["user_count"] = len(g.Users)
		}
		groups = append(groups, o)
	}
	return map[string]any{"usergroups": groups}, nil
}

func (s *Server) groupUsers(r *request) (map[string]any, error) {
	for _, g := range s.cfg.UserGroups {
		if g.ID == r.text("usergroup") && (!g.Disabled || r.boolean("include_disabled")) {
			users := g.Users
			if users == nil {
				users = []string{}
			}
			return map[string]any{"users": users}, nil
		}
	}
	return nil, fail("no_such_subteam")
}
