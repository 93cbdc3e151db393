package slacksim

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

var errIncomplete = errors.New("input is missing")

// missingInput does the checks that Slack does before it sends a submission.
func missingInput(v *view) map[string]string {
	out := map[string]string{}
	for _, e := range statefulElements(v.blocks) {
		if e.holder["type"] != "input" {
			continue
		}
		state := v.input[e.block][e.action]
		if !filled(state) {
			if e.holder["optional"] != true {
				out[e.block] = "Please complete this required field."
			}
			continue
		}
		o, _ := state.(map[string]any)
		if value, ok := o["value"].(string); ok {
			if words := wrongValue(e.element, value); words != "" {
				out[e.block] = words
			}
		}
	}
	return out
}

func wrongValue(element map[string]any, value string) string {
	switch element["type"] {
	case "plain_text_input":
		n := utf8.RuneCountInString(value)
		if least := wholeNumber(element["min_length"], 0); n < least {
			return "Please enter at least " + strconv.Itoa(least) + " characters."
		}
		if most := wholeNumber(element["max_length"], 3000); n > most {
			return "Please enter no more than " + strconv.Itoa(most) + " characters."
		}
	case "number_input":
		return wrongNumber(element, value)
	case "email_text_input":
		if name, host, ok := strings.Cut(value, "@"); !ok || name == "" || !strings.Contains(host, ".") {
			return "Please enter a valid email address."
		}
	case "url_text_input":
		if u, err := url.Parse(value); err != nil || u.Scheme == "" || u.Host == "" {
			return "Please enter a valid URL."
		}
	}
	return ""
}

func wrongNumber(element map[string]any, value string) string {
	x, err := strconv.ParseFloat(value, 64)
	if err != nil || (element["is_decimal_allowed"] != true && strings.ContainsAny(value, ".eE")) {
		return "Please enter a valid number."
	}
	if s, ok := element["min_value"].(string); ok {
		if least, err := strconv.ParseFloat(s, 64); err == nil && x < least {
			return "Please enter a number of at least " + s + "."
		}
	}
	if s, ok := element["max_value"].(string); ok {
		if most, err := strconv.ParseFloat(s, 64); err == nil && x > most {
			return "Please enter a number of at most " + s + "."
		}
	}
	return ""
}

// SetInput types or chooses a value in a modal view. Strings serve for text, dates, times, users and the value (or label) of an option;
// lists of strings for multi selects and checkboxes; nil empties. Where the element dispatches, the app gets block_actions
// and SetInput waits for the acknowledgement.
func (s *Server) SetInput(ctx context.Context, userID, viewID, blockID, actionID string, value any) error {
	_, err := s.Set(ctx, userID, InView(viewID), blockID, actionID, value)
	return err
}

// Set is SetInput at any place, with the outcome of the block_actions it sent, if any. An empty blockID means any block.
func (s *Server) Set(ctx context.Context, userID string, at Place, blockID, actionID string, value any) (ClickResult, error) {
	var out ClickResult
	d, err := s.ask(ctx, "interactive", func() (map[string]any, error) {
		u, err := s.person(userID)
		if err != nil {
			return nil, err
		}
		where, err := s.screen(u, at)
		if err != nil {
			return nil, err
		}
		el, err := choose(where.blocks, actionID, Pick{BlockID: blockID})
		if err != nil {
			return nil, err
		}
		out.Confirm = confirmOf(el.element)
		var offered []any
		if where.view != nil {
			offered = where.view.offered[el.block+"/"+el.action]
		}
		state, err := newState(el.element, value, offered)
		if err != nil {
			return nil, err
		}
		if where.view != nil {
			where.view.input[el.block][el.action] = state
			delete(where.view.errors, el.block)
			where.view.trouble = ""
			s.bump()
		}
		if el.holder["type"] == "input" && el.holder["dispatch_action"] != true {
			return nil, errQuiet
		}
		if err := s.interactive(); err != nil {
			return nil, err
		}
		action := map[string]any{}
		for name, v := range state {
			action[name] = v
		}
		return s.blockActions(u, where, el, action), nil
	})
	if errors.Is(err, errQuiet) {
		return out, nil
	}
	out.Delivery = d
	return out, clickError(err)
}

var errQuiet = errors.New("the element tells nobody")

// Option is one line of a menu.
type Option struct {
	Text, Value, Description string
	Group                    string // label of its group, if any
}

// Options opens an external select with some typed text and returns what the app offers. Fewer characters than
// min_query_length (3 unless the app says otherwise) ask nobody and give a *UserError query_too_short.
func (s *Server) Options(ctx context.Context, userID, viewID, blockID, actionID, typed string) ([]Option, error) {
	var v *view
	var el placed
	d, err := s.ask(ctx, "interactive", func() (map[string]any, error) {
		u, err := s.person(userID)
		if err != nil {
			return nil, err
		}
		place := InView(viewID)
		if h := s.homes[userID]; h != nil && h.id == viewID {
			place = InHome()
		}
		at, err := s.screen(u, place)
		if err != nil {
			return nil, err
		}
		if el, err = choose(at.blocks, actionID, Pick{BlockID: blockID}); err != nil {
			return nil, err
		}
		if !strings.HasSuffix(el.kind(), "external_select") {
			return nil, notThere("external select %s: it is a %s", actionID, el.kind())
		}
		if least := wholeNumber(el.element["min_query_length"], 3); utf8.RuneCountInString(typed) < least {
			return nil, &UserError{Code: "query_too_short", Text: "Type at least " + strconv.Itoa(least) + " characters."}
		}
		v = at.view
		p := s.interaction("block_suggestion", u)
		p["container"] = map[string]any{"type": "view", "view_id": v.id}
		p["action_id"], p["block_id"], p["value"], p["view"] = el.action, el.block, typed, s.viewObject(v)
		return p, nil
	})
	if unanswered(err) {
		return nil, loadFailed()
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.takeOptions(v, el, d.Ack)
}

func loadFailed() error {
	return &UserError{Code: "options_failed", Text: "Sorry, something went wrong loading the options."}
}

// takeOptions checks the options in an acknowledgement and remembers them as choosable. The lock must be held.
func (s *Server) takeOptions(v *view, el placed, ack json.RawMessage) ([]Option, error) {
	raw, err := decodeAck(ack)
	if err != nil || !s.kit.offers(raw) {
		return nil, loadFailed()
	}
	o, _ := raw.(map[string]any)
	offered := optionsOf(o)
	v.offered[el.block+"/"+el.action] = offered
	out := []Option{}
	add := func(group string, options any) {
		list, _ := options.([]any)
		for _, e := range list {
			x, _ := e.(map[string]any)
			value, _ := x["value"].(string)
			out = append(out, Option{Text: labelOf(x["text"]), Value: value, Description: labelOf(x["description"]), Group: group})
		}
	}
	add("", o["options"])
	groups, _ := o["option_groups"].([]any)
	for _, g := range groups {
		x, _ := g.(map[string]any)
		add(labelOf(x["label"]), x["options"])
	}
	return out, nil
}

func decodeAck(ack json.RawMessage) (any, error) {
	if len(ack) == 0 {
		return nil, errors.New("empty acknowledgement")
	}
	return decode(ack)
}

// offers tells whether an answer to block_suggestion is one of options and option_groups, within the limits.
func (k *kit) offers(v any) bool {
	o, ok := v.(map[string]any)
	if !ok {
		return false
	}
	_, hasOptions := o["options"]
	_, hasGroups := o["option_groups"]
	var f faults
	object(may("options", list(0, 100, plainOption())), may("option_groups", list(0, 100,
		object(must("label", plain(75)), must("options", list(0, 100, plainOption()))))))(&f, v, "")
	return hasOptions != hasGroups && len(f) == 0
}
