package slacksim

import (
	"errors"
	"net/http"
	"slices"
	"sort"
	"strings"
	"time"
)

// method is one entry of the Web API.
type method struct {
	tier     int    // calls a minute
	scope    string // bot scope that every call needs
	appLevel bool   // takes the app-level token instead of the bot token
	open     bool   // takes no token at all
	formOnly bool   // does not look into JSON bodies
	required []string
	optional []string
	run      func(*Server, *request) (map[string]any, error)
}

// request is a method call that passed the door: token, scope, limit and argument names are right.
type request struct {
	*arguments
	changed bool
}

// methodTable joins what the files of the methods declare.
func methodTable() map[string]*method {
	all := map[string]*method{}
	for _, part := range []map[string]*method{
		appMethods(), viewMethods(), chatMethods(), conversationMethods(), userMethods(), teamMethods(),
	} {
		for name, m := range part {
			all[name] = m
		}
	}
	return all
}

// callMethod is the door of the Web API. The whole call runs under the lock, so that calls do not interleave.
func (s *Server) callMethod(r *http.Request, name string, body []byte) answer {
	m, known := s.methods[name]
	if !known {
		return (&apiError{code: "unknown_method", more: map[string]any{"req_method": name}}).answer()
	}
	args, err := readArguments(r, body, m.formOnly)
	if err != nil {
		return asAPIError(err).answer()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	req := &request{arguments: args}
	out, err := s.pass(name, m, req)
	var a answer
	if err != nil {
		a = asAPIError(err).answer()
	} else {
		out["ok"] = true
		s.warn(out, args)
		a = jsonAnswer(http.StatusOK, out)
	}
	a.header.Set("X-Slack-Req-Id", secret())
	if !m.open && !m.appLevel {
		a.header.Set("X-Oauth-Scopes", strings.Join(s.app.scopes, ","))
		a.header.Set("X-Accepted-Oauth-Scopes", m.scope)
	}
	a.changed = req.changed && err == nil
	if a.changed {
		s.bump()
	}
	return a
}

func (s *Server) pass(name string, m *method, req *request) (map[string]any, error) {
	if err := s.checkToken(m, req.token); err != nil {
		return nil, err
	}
	if m.scope != "" && !s.app.has(m.scope) {
		return nil, s.missingScope(m.scope)
	}
	if err := s.limit("method "+name, m.tier, time.Minute); err != nil {
		return nil, err
	}
	if err := checkNames(m, req.arguments); err != nil {
		return nil, err
	}
	return m.run(s, req)
}

func (s *Server) checkToken(m *method, token string) error {
	if m.open {
		return nil
	}
	if token == "" {
		return fail("not_authed")
	}
	if code := s.refused[token]; code != "" {
		return fail(code)
	}
	switch token {
	case s.cfg.BotToken:
		if m.appLevel {
			return fail("not_allowed_token_type")
		}
	case s.cfg.AppToken:
		if !m.appLevel {
			return fail("not_allowed_token_type")
		}
	default:
		return fail("invalid_auth")
	}
	return nil
}

// RefuseToken makes a token fail with Slack's code: token_revoked, account_inactive, token_expired. An empty code restores it.
func (s *Server) RefuseToken(token, code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused[token] = code
}

func (s *Server) missingScope(needed string) *apiError {
	return &apiError{code: "missing_scope", more: map[string]any{
		"needed": needed, "provided": strings.Join(s.app.scopes, ","),
	}}
}

// checkNames refuses arguments that the method does not have. Every method takes team_id, which Slack's own
// clients add to all calls that they make for a workspace.
func checkNames(m *method, a *arguments) error {
	var messages []string
	for _, name := range m.required {
		if !a.has(name) {
			messages = append(messages, "missing required field: "+name)
		}
	}
	var unknown []string
	for name := range a.values {
		if name != "team_id" && !slices.Contains(m.required, name) && !slices.Contains(m.optional, name) {
			unknown = append(unknown, "invalid additional property: "+name)
		}
	}
	sort.Strings(unknown)
	if messages = append(messages, unknown...); len(messages) > 0 {
		return badArgs(messages...)
	}
	return nil
}

func asAPIError(err error) *apiError {
	var e *apiError
	if errors.As(err, &e) {
		return e
	}
	return fail("internal_error")
}

func (s *Server) warn(out map[string]any, a *arguments) {
	if a.warn == "" {
		return
	}
	out["warning"] = a.warn
	meta, ok := out["response_metadata"].(map[string]any)
	if !ok {
		meta = map[string]any{}
	}
	meta["warnings"] = []string{a.warn}
	out["response_metadata"] = meta
}
