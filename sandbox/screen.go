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
					list = append(list, element{Kind: kind, Action: action, Block: block, Label: label(v), Value: value})
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

func label(v map[string]any) string {
	text, _ := v["text"].(map[string]any)
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

// press presses the button with these words on a message in somebody's DM.
func (t *tour) press(ctx context.Context, handle string, m slacksim.Message, words string) error {
	now, ok := t.w.Slack.Message(m.Channel, m.TS)
	if !ok {
		return fmt.Errorf("the message to %s is gone", handle)
	}
	b, ok := button(now.Blocks, words)
	if !ok {
		return fmt.Errorf("the message to %s has no button %q:\n%s", handle, words, now.Plain())
	}
	_, err := t.w.Slack.Click(ctx, t.id(handle), slacksim.InMessage(m.Channel, m.TS), b.Action, slacksim.Pick{BlockID: b.Block})
	return err
}

// pressStale presses a button on a copy of the message as it was before.
func (t *tour) pressStale(ctx context.Context, handle string, old slacksim.Message, words string) error {
	b, ok := button(old.Blocks, words)
	if !ok {
		return fmt.Errorf("the old copy has no button %q", words)
	}
	_, err := t.w.Slack.ClickStale(ctx, t.id(handle), old, b.Action, slacksim.Pick{BlockID: b.Block})
	return err
}

// pressHome presses a button on somebody's Home tab. Near narrows to the first such button after a line with the words.
func (t *tour) pressHome(ctx context.Context, handle, words string) error {
	v, err := t.home(ctx, handle, words)
	if err != nil {
		return err
	}
	b, _ := button(v.Blocks, words)
	_, err = t.w.Slack.Click(ctx, t.id(handle), slacksim.InHome(), b.Action, slacksim.Pick{BlockID: b.Block, Value: b.Value})
	return err
}

// home opens somebody's Home tab and waits until it shows all the words.
func (t *tour) home(ctx context.Context, handle string, words ...string) (slacksim.View, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := t.w.Slack.OpenHome(ctx, t.id(handle)); err != nil {
		return slacksim.View{}, fmt.Errorf("open the Home tab of %s: %w", handle, err)
	}
	v, err := t.w.Slack.WaitHome(ctx, t.id(handle), func(v slacksim.View) bool { return contains(v.Plain(), words) })
	if err != nil {
		last, _ := t.w.Slack.Home(t.id(handle))
		return v, fmt.Errorf("expected %q on the Home tab of %s, found:\n%s", words, handle, last.Plain())
	}
	return v, nil
}

// view waits until somebody has a modal before them that shows all the words.
func (t *tour) view(ctx context.Context, handle string, words ...string) (slacksim.View, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	v, err := t.w.Slack.WaitView(ctx, t.id(handle), func(v slacksim.View) bool { return contains(v.Title+" "+v.Plain(), words) })
	if err != nil {
		last, open := t.w.Slack.View(t.id(handle))
		return v, fmt.Errorf("expected %q in a modal of %s, found (open: %t):\n%s", words, handle, open, last.Plain())
	}
	return v, nil
}

// set enters a value into the first element of a kind in the open modal.
func (t *tour) set(ctx context.Context, handle, kind string, value any) error {
	v, ok := t.w.Slack.View(t.id(handle))
	if !ok {
		return fmt.Errorf("%s has no modal open", handle)
	}
	for _, e := range elements(v.Blocks) {
		if strings.Contains(kind, e.Kind) {
			return t.w.Slack.SetInput(ctx, t.id(handle), v.ID, e.Block, e.Action, value)
		}
	}
	return fmt.Errorf("the modal of %s has no %s:\n%s", handle, kind, v.Plain())
}

// choose types words into the search of the open modal and picks the option with the given label.
func (t *tour) choose(ctx context.Context, handle, typed, want string) error {
	v, ok := t.w.Slack.View(t.id(handle))
	if !ok {
		return fmt.Errorf("%s has no modal open", handle)
	}
	for _, e := range elements(v.Blocks) {
		if e.Kind != "external_select" {
			continue
		}
		options, err := t.w.Slack.Options(ctx, t.id(handle), v.ID, e.Block, e.Action, typed)
		if err != nil {
			return fmt.Errorf("search %q: %w", typed, err)
		}
		for _, o := range options {
			if strings.Contains(o.Text, want) {
				return t.w.Slack.SetInput(ctx, t.id(handle), v.ID, e.Block, e.Action, o.Value)
			}
		}
		return fmt.Errorf("searching %q offers %d options, none of them %q", typed, len(options), want)
	}
	return fmt.Errorf("the modal of %s has no search:\n%s", handle, v.Plain())
}

// submit presses the submit button of the open modal.
func (t *tour) submit(ctx context.Context, handle string) (slacksim.SubmitResult, error) {
	v, ok := t.w.Slack.View(t.id(handle))
	if !ok {
		return slacksim.SubmitResult{}, fmt.Errorf("%s has no modal open", handle)
	}
	return t.w.Slack.SubmitView(ctx, t.id(handle), v.ID)
}

const durationKinds = "radio_buttons static_select"

// request asks for a role with /access and the form, and returns when Slack has accepted the form. An empty duration
// keeps the preselected one.
func (t *tour) request(ctx context.Context, handle, words, role, duration, why string) error {
	if err := t.form(ctx, handle, words, role, duration); err != nil {
		return err
	}
	if err := t.set(ctx, handle, "plain_text_input", why); err != nil {
		return err
	}
	got, err := t.submit(ctx, handle)
	if err != nil {
		return err
	}
	if len(got.Errors) > 0 {
		return fmt.Errorf("the form was refused: %v", got.Errors)
	}
	if _, err := t.view(ctx, handle, "filed"); err != nil {
		return err
	}
	return t.w.Slack.CloseAll(ctx, t.id(handle))
}

// form opens the form with /access and fills in role and duration.
func (t *tour) form(ctx context.Context, handle, words, role, duration string) error {
	if _, err := t.w.Slack.Run(ctx, t.id(handle), "/access", ""); err != nil {
		return err
	}
	if _, err := t.view(ctx, handle, "role"); err != nil {
		return err
	}
	if err := t.choose(ctx, handle, words, role); err != nil {
		return err
	}
	if _, err := t.view(ctx, handle, "reason"); err != nil {
		return err
	}
	if duration == "" {
		return nil
	}
	return t.set(ctx, handle, durationKinds, duration)
}
