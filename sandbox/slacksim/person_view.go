package slacksim

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
)

// SubmitResult tells what pressing the submit button did.
type SubmitResult struct {
	// Errors are shown beside the inputs, by block id. Sent is false when Slack's own checks found them.
	Errors   map[string]string
	Sent     bool
	Closed   bool  // the view is gone
	View     *View // what the person has in front now, nil when no modal is left
	Delivery Delivery
}

// SubmitView presses the submit button of the view in front and waits for the acknowledgement, then does what it says.
// "We had some trouble connecting" is a *UserError; the view then stays as it was.
func (s *Server) SubmitView(ctx context.Context, userID, viewID string) (SubmitResult, error) {
	out := SubmitResult{}
	var v *view
	d, err := s.ask(ctx, "interactive", func() (map[string]any, error) {
		u, err := s.person(userID)
		if err != nil {
			return nil, err
		}
		at, err := s.screen(u, InView(viewID))
		if err != nil {
			return nil, err
		}
		if at.view.kind() != "modal" || at.view.source["submit"] == nil {
			return nil, notThere("submit button of view %s", viewID)
		}
		v = at.view
		v.errors, v.trouble = nil, ""
		if out.Errors = missingInput(v); len(out.Errors) > 0 {
			return nil, errIncomplete
		}
		return s.submission(u, v), nil
	})
	if errors.Is(err, errIncomplete) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.judged(v, &out, nil)
		s.front(userID, v, &out)
		return out, nil
	}
	out.Delivery, out.Sent = d, d.EnvelopeID != ""
	if unanswered(err) {
		err = troubleConnecting()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		err = s.afterSubmit(v, d.Ack, &out)
	}
	if v != nil {
		s.judged(v, &out, err)
		s.front(userID, v, &out)
	}
	return out, err
}

// judged shows on a view what was wrong with its submission. The lock must be held.
func (s *Server) judged(v *view, out *SubmitResult, err error) {
	v.errors = maps.Clone(out.Errors)
	var shown *UserError
	if errors.As(err, &shown) {
		v.trouble = shown.Text
	}
	s.bump()
}

func (s *Server) submission(u *User, v *view) map[string]any {
	p := s.interaction("view_submission", u)
	p["view"], p["trigger_id"], p["response_urls"] = s.viewObject(v), s.newTrigger(u.ID, v.id), []any{}
	return p
}

func (s *Server) front(userID string, v *view, out *SubmitResult) {
	out.Closed = v.closed
	if top := s.top(userID); top != nil {
		shown := s.export(top)
		out.View = &shown
	}
}

// afterSubmit does what the acknowledgement of a view_submission says. The lock must be held.
func (s *Server) afterSubmit(v *view, ack json.RawMessage, out *SubmitResult) error {
	body, err := ackObject(ack)
	if err != nil {
		return troubleConnecting()
	}
	a := &arguments{values: body}
	switch action := a.text("response_action"); action {
	case "":
		if len(body) > 0 {
			return troubleConnecting()
		}
		if s.top(v.user) == v {
			s.pop(v.user, false)
		}
	case "clear":
		s.pop(v.user, true)
	case "errors":
		return s.showErrors(v, a, out)
	case "update", "push":
		return s.replaceOrPush(v, a, action)
	default:
		return troubleConnecting()
	}
	return nil
}

func (s *Server) showErrors(v *view, a *arguments, out *SubmitResult) error {
	raw, err := a.structure("errors")
	list, ok := raw.(map[string]any)
	if err != nil || !ok || len(list) == 0 {
		return troubleConnecting()
	}
	shown := map[string]string{}
	for block, e := range list {
		words, isText := e.(string)
		if !isText || words == "" || !inputBlock(v, block) {
			return troubleConnecting()
		}
		shown[block] = words
	}
	out.Errors = shown
	return nil
}

func inputBlock(v *view, id string) bool {
	for _, b := range v.blocks {
		o, _ := b.(map[string]any)
		if o["type"] == "input" && o["block_id"] == id {
			return true
		}
	}
	return false
}

func (s *Server) replaceOrPush(v *view, a *arguments, action string) error {
	raw, err := a.structure("view")
	if err != nil {
		return troubleConnecting()
	}
	source, err := s.checkView(raw, "modal")
	if err != nil {
		return troubleConnecting()
	}
	if action == "update" {
		if s.unique(source, v) != nil {
			return troubleConnecting()
		}
		s.fill(v, source)
		return nil
	}
	if s.unique(source, nil) != nil || len(s.stacks[v.user]) >= pushDepth || s.top(v.user) == nil {
		return troubleConnecting()
	}
	s.push(s.newView(v.user, source))
	return nil
}

// CloseView presses Cancel on the view in front. The app hears of it only with notify_on_close.
func (s *Server) CloseView(ctx context.Context, userID, viewID string) error {
	return s.leave(ctx, userID, viewID, false)
}

// CloseAll presses the x of the modal, which closes the whole stack.
func (s *Server) CloseAll(ctx context.Context, userID string) error {
	top, ok := s.View(userID)
	if !ok {
		return notThere("modal of %s", userID)
	}
	return s.leave(ctx, userID, top.ID, true)
}

func (s *Server) leave(ctx context.Context, userID, viewID string, all bool) error {
	s.mu.Lock()
	u, err := s.person(userID)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	at, err := s.screen(u, InView(viewID))
	if err != nil {
		s.mu.Unlock()
		return err
	}
	named := at.view
	if all {
		named = s.stacks[userID][0]
	}
	tell := named.flag("notify_on_close") && s.app.interactivity
	p := s.interaction("view_closed", u)
	p["view"], p["is_cleared"] = s.viewObject(named), all
	raw := encode(p)
	s.pop(userID, all || at.view.flag("clear_on_close"))
	s.bump()
	s.mu.Unlock()
	if !tell {
		return nil
	}
	if _, err = s.transmit(ctx, s.newEnvelope("interactive", raw)); unanswered(err) {
		return nil // the person never learns of it
	}
	return err
}
