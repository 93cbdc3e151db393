package slacksim

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// listWithoutLimit is the size from which users.list insists on a limit.
const listWithoutLimit = 1000

// userMethods are those about people.
func userMethods() map[string]*method {
	return map[string]*method{
		"users.info": {
			tier: tier4, scope: "users:read", formOnly: true,
			required: []string{"user"}, optional: []string{"include_locale"}, run: (*Server).userInfo,
		},
		"users.lookupByEmail": {
			tier: tier3, scope: "users:read.email", formOnly: true, required: []string{"email"}, run: (*Server).userByEmail,
		},
		"users.list": {
			tier: tier2, scope: "users:read", formOnly: true,
			optional: []string{"cursor", "include_locale", "limit", "team_id"}, run: (*Server).userList,
		},
	}
}

func (s *Server) userInfo(r *request) (map[string]any, error) {
	u := s.users[r.text("user")]
	if u == nil {
		return nil, fail("user_not_found")
	}
	o := s.userObject(u)
	if r.boolean("include_locale") {
		o["locale"] = "en-US"
	}
	return map[string]any{"user": o}, nil
}

func (s *Server) userByEmail(r *request) (map[string]any, error) {
	for _, id := range s.userIDs {
		u := s.users[id]
		if u.Email != "" && strings.EqualFold(u.Email, r.text("email")) && !u.Deleted && u.TeamID == s.cfg.Team.ID {
			return map[string]any{"user": s.userObject(u)}, nil
		}
	}
	return nil, fail("users_not_found")
}

func (s *Server) userList(r *request) (map[string]any, error) {
	limit, err := r.number("limit", 0)
	if err != nil || limit < 0 {
		return nil, badArgs("must be a valid limit: limit")
	}
	if limit == 0 && len(s.userIDs) > listWithoutLimit {
		return nil, fail("limit_required")
	}
	from, to, next, err := page(r.text("cursor"), "user", limit, len(s.userIDs))
	if err != nil {
		return nil, err
	}
	members := []any{}
	for _, id := range s.userIDs[from:to] {
		members = append(members, s.userObject(s.users[id]))
	}
	return map[string]any{
		"members": members, "cache_ts": s.cfg.Now().Unix(), "response_metadata": map[string]any{"next_cursor": next},
	}, nil
}

// page cuts one page out of total things; limit 0 means all of them. Cursors look like Slack's: base64 of "kind:number".
func page(cursor, kind string, limit, total int) (from, to int, next string, err error) {
	if cursor != "" {
		raw, decodeErr := base64.StdEncoding.DecodeString(cursor)
		n, ok := strings.CutPrefix(string(raw), kind+":")
		from, err = strconv.Atoi(n)
		if decodeErr != nil || !ok || err != nil || from < 0 || from > total {
			return 0, 0, "", fail("invalid_cursor")
		}
	}
	to = total
	if limit > 0 && from+limit < total {
		to = from + limit
		next = base64.StdEncoding.EncodeToString([]byte(kind + ":" + strconv.Itoa(to)))
	}
	return from, to, next, nil
}
