package slacksim

import (
	"context"
	"errors"
)

// person finds somebody who can use Slack. The lock must be held.
func (s *Server) person(id string) (*User, error) {
	u := s.users[id]
	if u == nil {
		return nil, notThere("user %s", id)
	}
	if u.Deleted {
		return nil, notThere("user %s, whose account is deactivated,", id)
	}
	return u, nil
}

// interaction builds the parts that all interactive payloads share. The lock must be held.
func (s *Server) interaction(kind string, u *User) map[string]any {
	return map[string]any{
		"type": kind, "token": "verification", "api_app_id": s.cfg.AppID,
		"user":       map[string]any{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": u.TeamID},
		"team":       map[string]any{"id": s.cfg.Team.ID, "domain": s.cfg.Team.Domain},
		"enterprise": nil, "is_enterprise_install": false,
	}
}

// ask builds a payload under the lock and sends it. The error is of build, of ctx, errNoConnection or errNotAcked.
func (s *Server) ask(ctx context.Context, kind string, build func() (map[string]any, error)) (Delivery, error) {
	s.mu.Lock()
	payload, err := build()
	if err != nil {
		s.mu.Unlock()
		return Delivery{}, err
	}
	raw := encode(payload)
	s.mu.Unlock()
	return s.transmit(ctx, s.newEnvelope(kind, raw))
}

func unanswered(err error) bool {
	return errors.Is(err, errNoConnection) || errors.Is(err, errNotAcked)
}

// interactive refuses what the manifest switches off.
func (s *Server) interactive() error {
	if s.app.interactivity {
		return nil
	}
	return &UserError{Code: "not_configured", Text: "This app is not configured to handle interactive responses."}
}

// WaitView waits until a person has a modal in front that match accepts, and returns it.
func (s *Server) WaitView(ctx context.Context, userID string, match func(View) bool) (View, error) {
	return s.waitFor(ctx, userID, s.View, match)
}

// WaitHome waits until a person's Home tab is one that match accepts, and returns it.
func (s *Server) WaitHome(ctx context.Context, userID string, match func(View) bool) (View, error) {
	return s.waitFor(ctx, userID, s.Home, match)
}

func (s *Server) waitFor(ctx context.Context, userID string, look func(string) (View, bool), match func(View) bool) (View, error) {
	var found View
	err := s.Wait(ctx, func() bool {
		v, ok := look(userID)
		if ok && (match == nil || match(v)) {
			found = v
			return true
		}
		return false
	})
	return found, err
}

// WaitMessage waits until a channel holds a message that match accepts, and returns the newest of them. A user id means that person's DM.
func (s *Server) WaitMessage(ctx context.Context, channelOrUser string, match func(Message) bool) (Message, error) {
	var found Message
	err := s.Wait(ctx, func() bool {
		all := s.Messages(channelOrUser)
		for i := len(all) - 1; i >= 0; i-- {
			if match == nil || match(all[i]) {
				found = all[i]
				return true
			}
		}
		return false
	})
	return found, err
}
