package slackpane_test

import (
	"strings"
	"testing"
)

const found = `{"option_groups":[
	{"label":{"type":"plain_text","text":"Code"},"options":[{"text":{"type":"plain_text","text":"GitHub <b>"},"value":"gh","description":{"type":"plain_text","text":"Repositories"}},{"text":{"type":"plain_text","text":"GitLab"},"value":"gl"}]},
	{"label":{"type":"plain_text","text":"Design"},"options":[{"text":{"type":"plain_text","text":"Figma"},"value":"fi"}]}]}`

// form opens a modal with a search, radio buttons and a text for Maya, before her #general tab.
func (b *bench) form(answer func(frame) string) (id string, heard <-chan frame) {
	b.t.Helper()
	words := func(s string) map[string]any { return map[string]any{"type": "plain_text", "text": s} }
	option := func(s string) map[string]any { return map[string]any{"text": words(s), "value": s} }
	return b.opened("maya", text(b.t, map[string]any{"blocks": []any{
		map[string]any{"type": "input", "block_id": "app", "label": words("App"), "element": map[string]any{
			"type": "external_select", "action_id": "pick", "min_query_length": 0, "focus_on_load": true,
		}},
		map[string]any{"type": "input", "block_id": "long", "label": words("How long"), "element": map[string]any{
			"type": "radio_buttons", "action_id": "length", "options": []any{option("1 hour"), option("1 day")},
		}},
		map[string]any{"type": "input", "block_id": "why", "label": words("Why"), "element": map[string]any{
			"type": "plain_text_input", "action_id": "words", "multiline": true,
		}},
	}}), func(f frame) string {
		if f.Payload.Type == "block_suggestion" {
			if strings.Contains(f.Payload.Value, "zzz") {
				return `{"options":[]}`
			}
			return found
		}
		return answer(f)
	})
}

func TestASearchWorksByKeys(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.form(quiet)
	tab := b.visit("?who=maya&tab=general", 1000, 700)
	d := tab.In("[role=dialog]")
	d.See("App")
	focus(t, tab, "combobox", "App")
	tab.Press("ArrowDown")
	d.See("Repositories")
	d.See("Design")
	tab.Accessible()
	tab.Press("ArrowDown", "ArrowDown", "ArrowDown")
	if got := d.In("[aria-selected=true]").Text(); got != "Figma" {
		t.Errorf("marked is %q", got)
	}
	tab.Press("Escape")
	d.Gone("Repositories")
	d.Type("App", "zzz")
	d.See("No results")
	d.Type("App", "git")
	d.See("GitHub <b>")
	b.call("chat.postMessage", map[string]any{"channel": "U0MAYA", "text": "meanwhile"})
	tab.In(".sl-rail").See("1")
	d.See("GitHub <b>")
	tab.Press("Enter")
	d.Gone("GitLab")
	b.waitState("gh")
	tab.Press("Tab")
	d.See("GitHub <b>")
	d.Type("App", "somewhere")
	d.See("GitLab")
	tab.Press("Tab")
	d.See("GitHub <b>") // What was only typed is not chosen.
}

// waitState waits until Maya's view holds a value.
func (b *bench) waitState(want string) {
	b.t.Helper()
	err := b.Slack.Wait(b.t.Context(), func() bool {
		v, _ := b.Slack.View("U0MAYA")
		return strings.Contains(string(v.State), `"`+want+`"`)
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

func TestAFormHoldsWhatWasTypedUntilItIsSent(t *testing.T) {
	t.Parallel()
	b := start(t)
	id, heard := b.form(func(f frame) string {
		if f.Payload.Type == "view_submission" && !strings.Contains(string(f.Payload.View.State), "really") {
			return `{"response_action":"errors","errors":{"why":"Say really"}}`
		}
		return ""
	})
	tab := b.visit("?who=maya&tab=general", 1000, 700)
	d := tab.In("[role=dialog]")
	d.Click("Send")
	d.See("Please complete this required field.")
	tab.Accessible()
	d.Type("App", "fig")
	d.Click("Figma")
	d.Click("1 day")
	b.waitState("1 day")
	d.Type("Why", "because")
	b.call("views.update", map[string]any{"view_id": id, "view": b.viewNow()})
	b.waitState("because")
	d.See("because")
	d.Click("Send")
	d.See("Say really")
	focus(t, tab, "textbox", "Why")
	tab.Press("End", "Space", "r", "e", "a", "l", "l", "y", "Control+Enter") // Sent before the typing has rested.
	d.Gone("Say really")
	tab.Gone("How long")
	for f := range heard {
		if s := string(f.Payload.View.State); f.Payload.Type == "view_submission" && strings.Contains(s, "because really") {
			if !strings.Contains(s, `"1 day"`) || !strings.Contains(s, `"fi"`) {
				t.Errorf("the app got %s", s)
			}
			break
		}
	}
}

// viewNow is Maya's view as the app would send it again, with another title.
func (b *bench) viewNow() map[string]any {
	v, _ := b.Slack.View("U0MAYA")
	words := func(s string) map[string]any { return map[string]any{"type": "plain_text", "text": s} }
	return map[string]any{"type": "modal", "title": words("Form again"), "submit": words("Send"), "blocks": v.Blocks}
}

func TestTheFocusStaysInAModalAndComesBack(t *testing.T) {
	t.Parallel()
	b := start(t)
	tab := b.visit("?who=maya&tab=general", 1000, 700)
	tab.Type("Message to #general", "hello")
	b.form(quiet)
	d := tab.In("[role=dialog]")
	d.See("How long")
	focus(t, tab, "combobox", "App")
	for range 12 {
		tab.Press("Tab")
		var inside bool
		if tab.Eval("document.querySelector('[role=dialog]').contains(document.activeElement)", &inside); !inside {
			t.Fatalf("the focus is on %+v", tab.Focused())
		}
	}
	tab.Press("Shift+Tab", "Shift+Tab", "Escape")
	d.Gone("How long")
	focus(t, tab, "textbox", "Message to #general")
	if _, open := b.Slack.View("U0MAYA"); open {
		t.Error("the view is open still")
	}
	tab.See("hello")
}

func TestAModalSaysWhenTheAppIsGone(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.opened("maya", `{"type":"modal","title":{"type":"plain_text","text":"Sure"},"submit":{"type":"plain_text","text":"Send"},"blocks":[{"type":"divider"}]}`,
		func(f frame) string {
			if f.Payload.Type == "view_submission" {
				return `{"response_action":"what"}`
			}
			return ""
		})
	tab := b.visit("?who=maya&tab=general", 390, 700)
	tab.Click("Send")
	tab.See("We had some trouble connecting. Try again?")
	tab.Accessible()
	tab.Click("Cancel")
	tab.Gone("Sure")
}
