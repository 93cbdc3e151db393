package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"usher/sandbox/slacksim"
)

// element is one thing on the screen that a person can use.
type element struct {
	Kind, Action, Block, Label, Value string
}

// elements lists what can be used in blocks, in the order of the screen.
func elements(raw json.RawMessage) []element {
	var blocks []map[string]any
	if err := json.Unmarshal(raw, &blocks); err != nil {
		return nil
	}
	var list []element
	for _, b := range blocks {
		block, _ := b["block_id"].(string)
		var walk func(v any)
		walk = func(v any) {
			switch v := v.(type) {
			case []any:
				for _, x := range v {
					walk(x)
				}
			case map[string]any:
				if action, ok := v["action_id"].(string); ok {
					kind, _ := v["type"].(string)
					value, _ := v["value"].(string)
					list = append(list, element{Kind: kind, Action: action, Block: block, Label: labelText(v["text"]), Value: value})
				}
				for _, key := range []string{"element", "elements", "accessory"} {
					walk(v[key])
				}
			}
		}
		walk(b)
	}
	return list
}

// labelText gives the words of a text object.
func labelText(v any) string {
	text, _ := v.(map[string]any)
	s, _ := text["text"].(string)
	return s
}

// button finds a button by the words on it; the match is of a part and ignores case.
func button(raw json.RawMessage, words string) (element, bool) {
	for _, e := range elements(raw) {
		if e.Kind == "button" && strings.Contains(strings.ToLower(e.Label), strings.ToLower(words)) {
			return e, true
		}
	}
	return element{}, false
}

// Press presses the button with these words on a message in somebody's DM.
func (w *World) Press(ctx context.Context, handle string, m slacksim.Message, words string) error {
	now, ok := w.Slack.Message(m.Channel, m.TS)
	if !ok {
		return fmt.Errorf("the message to %s is gone", handle)
	}
	b, ok := button(now.Blocks, words)
	if !ok {
		return fmt.Errorf("the message to %s has no button %q:\n%s", handle, words, now.Plain())
	}
	_, err := w.Slack.Click(ctx, w.at(handle, AtMessages), slacksim.InMessage(m.Channel, m.TS), b.Action, slacksim.Pick{BlockID: b.Block})
	return err
}

// PressStale presses a button on a copy of the message as it was before.
func (w *World) PressStale(ctx context.Context, handle string, old slacksim.Message, words string) error {
	b, ok := button(old.Blocks, words)
	if !ok {
		return fmt.Errorf("the old copy has no button %q", words)
	}
	_, err := w.Slack.ClickStale(ctx, w.at(handle, AtMessages), old, b.Action, slacksim.Pick{BlockID: b.Block})
	return err
}

// PressHome presses a button on somebody's Home tab.
func (w *World) PressHome(ctx context.Context, handle, words string) error {
	v, err := w.OpenHome(ctx, handle, words)
	if err != nil {
		return err
	}
	b, _ := button(v.Blocks, words)
	_, err = w.Slack.Click(ctx, w.at(handle, AtHome), slacksim.InHome(), b.Action, slacksim.Pick{BlockID: b.Block, Value: b.Value})
	return err
}

// OpenHome opens somebody's Home tab and waits until it shows all the words.
func (w *World) OpenHome(ctx context.Context, handle string, words ...string) (slacksim.View, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := w.Slack.OpenHome(ctx, w.at(handle, AtHome)); err != nil {
		return slacksim.View{}, fmt.Errorf("open the Home tab of %s: %w", handle, err)
	}
	v, err := w.Slack.WaitHome(ctx, w.at(handle, ""), func(v slacksim.View) bool { return contains(v.Plain(), words) })
	if err != nil {
		last, _ := w.Slack.Home(w.slackID(handle))
		return v, fmt.Errorf("expected %q on the Home tab of %s, found:\n%s", words, handle, last.Plain())
	}
	return v, nil
}

// WaitView waits until somebody has a modal before them that shows all the words.
func (w *World) WaitView(ctx context.Context, handle string, words ...string) (slacksim.View, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	v, err := w.Slack.WaitView(ctx, w.at(handle, ""), func(v slacksim.View) bool { return contains(v.Title+" "+v.Plain(), words) })
	if err != nil {
		last, open := w.Slack.View(w.slackID(handle))
		return v, fmt.Errorf("expected %q in a modal of %s, found (open: %t):\n%s", words, handle, open, last.Plain())
	}
	return v, nil
}

// Fill enters a value into the first element of a kind in the open modal.
func (w *World) Fill(ctx context.Context, handle, kind string, value any) error {
	v, ok := w.Slack.View(w.at(handle, ""))
	if !ok {
		return fmt.Errorf("%s has no modal open", handle)
	}
	for _, e := range elements(v.Blocks) {
		if strings.Contains(kind, e.Kind) {
			return w.Slack.SetInput(ctx, w.at(handle, ""), v.ID, e.Block, e.Action, value)
		}
	}
	return fmt.Errorf("the modal of %s has no %s:\n%s", handle, kind, v.Plain())
}

// Choose types words into the search of the open modal and picks the option with the given label.
func (w *World) Choose(ctx context.Context, handle, typed, want string) error {
	v, ok := w.Slack.View(w.at(handle, ""))
	if !ok {
		return fmt.Errorf("%s has no modal open", handle)
	}
	for _, e := range elements(v.Blocks) {
		if e.Kind != "external_select" {
			continue
		}
		options, err := w.search(ctx, handle, v, e, typed)
		if err != nil {
			return fmt.Errorf("search %q: %w", typed, err)
		}
		for _, o := range options {
			if strings.Contains(o.Text, want) {
				return w.Slack.SetInput(ctx, w.at(handle, ""), v.ID, e.Block, e.Action, o.Value)
			}
		}
		return fmt.Errorf("searching %q offers %d options, none of them %q", typed, len(options), want)
	}
	return fmt.Errorf("the modal of %s has no search:\n%s", handle, v.Plain())
}

// search types into a search. Who is shown nothing types again, a few times: an app that is too slow is cut short by Slack.
func (w *World) search(ctx context.Context, handle string, v slacksim.View, e element, typed string) (options []slacksim.Option, err error) {
	for range 3 {
		options, err = w.Slack.Options(ctx, w.at(handle, ""), v.ID, e.Block, e.Action, typed)
		if err != nil || len(options) > 0 {
			break
		}
	}
	return options, err
}

// Submit presses the submit button of the open modal.
func (w *World) Submit(ctx context.Context, handle string) (slacksim.SubmitResult, error) {
	v, ok := w.Slack.View(w.at(handle, ""))
	if !ok {
		return slacksim.SubmitResult{}, fmt.Errorf("%s has no modal open", handle)
	}
	return w.Slack.SubmitView(ctx, w.at(handle, ""), v.ID)
}

const durationKinds = "radio_buttons static_select"

// Request asks for a role with /access and the form, and returns when Slack has accepted the form. An empty duration
// keeps the preselected one.
func (w *World) Request(ctx context.Context, handle, words, role, duration, why string) error {
	if err := w.Form(ctx, handle, words, role, duration); err != nil {
		return err
	}
	if err := w.Fill(ctx, handle, "plain_text_input", why); err != nil {
		return err
	}
	got, err := w.Submit(ctx, handle)
	if err != nil {
		return err
	}
	if len(got.Errors) > 0 {
		return fmt.Errorf("the form was refused: %v", got.Errors)
	}
	if _, err := w.WaitView(ctx, handle, "filed"); err != nil {
		return err
	}
	return w.Slack.CloseAll(ctx, w.at(handle, ""))
}

// Form opens the form with /access and fills in role and duration.
func (w *World) Form(ctx context.Context, handle, words, role, duration string) error {
	if _, err := w.Slack.Run(ctx, w.at(handle, AtGeneral), "/access", ""); err != nil {
		return err
	}
	if _, err := w.WaitView(ctx, handle, "role"); err != nil {
		return err
	}
	if err := w.Choose(ctx, handle, words, role); err != nil {
		return err
	}
	if _, err := w.WaitView(ctx, handle, "reason"); err != nil {
		return err
	}
	if duration == "" {
		return nil
	}
	return w.Fill(ctx, handle, durationKinds, duration)
}

// WaitMessage waits for a message in somebody's DM that contains all the words.
func (w *World) WaitMessage(ctx context.Context, handle string, words ...string) (slacksim.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	m, err := w.Slack.WaitMessage(ctx, w.at(handle, AtMessages), func(m slacksim.Message) bool { return contains(m.Plain()+" "+m.Text, words) })
	if err != nil {
		var last string
		if list := w.Slack.Messages(w.slackID(handle)); len(list) > 0 {
			last = list[len(list)-1].Plain()
		}
		return m, fmt.Errorf("expected a message to %s with %q; the last one is:\n%s", handle, words, last)
	}
	return m, nil
}

func contains(s string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(strings.ToLower(s), strings.ToLower(w)) {
			return false
		}
	}
	return true
}

func (w *World) slackID(handle string) string {
	p, _ := w.Company.Person(handle)
	return p.SlackID()
}
