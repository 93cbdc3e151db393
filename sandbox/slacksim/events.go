package slacksim

import (
	"context"
	"errors"
	"strings"
	"time"
)

// eventLife is the age from which an event is no longer delivered.
const eventLife = 2 * time.Hour

// emit sends an event with Slack's retries in the background. The channel closes when the first try is over.
// The lock must not be held. Events that the app does not hear are dropped.
func (s *Server) emit(subscription string, event map[string]any) <-chan struct{} {
	first := make(chan struct{})
	if !s.app.hears(subscription) {
		close(first)
		return first
	}
	s.mu.Lock()
	born := s.cfg.Now()
	e := s.eventEnvelope(event, born)
	s.mu.Unlock()
	if !s.spawn(func() { s.pursue(e, born, first) }) {
		close(first)
	}
	return first
}

// eventEnvelope wraps an event. The lock must be held.
func (s *Server) eventEnvelope(event map[string]any, born time.Time) envelope {
	if event["event_ts"] == nil {
		event["event_ts"] = s.ts()
	}
	e := envelope{kind: "events_api", eventID: s.id("Ev")}
	e.payload = encode(map[string]any{
		"token": "verification", "team_id": s.cfg.Team.ID, "context_team_id": s.cfg.Team.ID, "context_enterprise_id": nil,
		"api_app_id": s.cfg.AppID, "event": event, "type": "event_callback", "event_id": e.eventID,
		"event_time": born.Unix(), "is_ext_shared_channel": false,
		"event_context": "4-" + strings.ToLower(e.eventID),
		"authorizations": []any{map[string]any{
			"enterprise_id": nil, "team_id": s.cfg.Team.ID, "user_id": s.cfg.BotUserID, "is_bot": true, "is_enterprise_install": false,
		}},
	})
	return e
}

// pursue tries an event up to four times. While nobody is connected it waits, and the delivery after that is a retry.
func (s *Server) pursue(e envelope, born time.Time, first chan struct{}) {
	ctx := context.Background()
	told := func() {
		if first != nil {
			close(first)
			first = nil
		}
	}
	defer told()
	for _, delay := range []time.Duration{0, 0, time.Minute, 5 * time.Minute} {
		if !s.pause(ctx, time.Duration(float64(delay)*s.cfg.RetryScale)) {
			return
		}
		e.id = uuid()
		_, err := s.transmit(ctx, e)
		if errors.Is(err, errNoConnection) {
			told()
			if s.WaitConnected(ctx, 1) != nil || s.cfg.Now().Sub(born) > eventLife {
				return
			}
			e.attempt, e.reason = max(e.attempt, 1), "timeout"
			e.id = uuid()
			_, err = s.transmit(ctx, e)
		}
		told()
		if err == nil || errors.Is(err, ErrClosed) {
			return
		}
		e.attempt++
		e.reason = "timeout"
	}
}
