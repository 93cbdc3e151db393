package blockkit

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// draw draws one block of the kit with a state for its element a.
func draw(name, state string, o Options) string {
	if state != "" {
		o.State = json.RawMessage(`{"b":{"a":` + state + `}}`)
	}
	return string(Blocks(InModal, json.RawMessage("["+kit()[name]+"]"), o))
}

// holds lists what the controls of a drawing hold.
func holds(t *testing.T, html string) []string {
	t.Helper()
	var out []string
	for _, n := range checkHTML(t, html) {
		_, checked := n.attr["checked"]
		_, selected := n.attr["selected"]
		switch {
		case checked, selected:
			out = append(out, n.attr["value"])
		case n.name == "div" && n.attr["data-kind"] == "external_select":
			out = append(out, n.attr["data-value"])
		case n.name == "input" && n.attr["type"] != "radio" && n.attr["type"] != "checkbox":
			out = append(out, n.attr["value"])
		}
	}
	return out
}

func TestWhatWasEnteredWinsOverTheInitialValue(t *testing.T) {
	t.Parallel()
	const one = `{"text":{"type":"plain_text","text":"One"},"value":"1"}`
	for name, c := range map[string]struct {
		block, state string
		want         []string
	}{
		"untouched":             {"text", ``, []string{`a "b" <c>`}},
		"unreadable":            {"text", `"x"`, []string{`a "b" <c>`}},
		"typed":                 {"text", `{"type":"plain_text_input","value":"new"}`, []string{"new"}},
		"emptied":               {"text", `{"type":"plain_text_input","value":null}`, []string{""}},
		"number":                {"number", `{"type":"number_input","value":"5"}`, []string{"5"}},
		"date":                  {"date", `{"type":"datepicker","selected_date":"2027-01-02"}`, []string{"2027-01-02"}},
		"date, emptied":         {"date", `{"type":"datepicker","selected_date":null}`, []string{""}},
		"time":                  {"time", `{"type":"timepicker","selected_time":"10:00"}`, []string{"10:00"}},
		"date and time":         {"datetime", `{"type":"datetimepicker","selected_date_time":1795525200}`, []string{"2026-11-24T13:00"}},
		"date and time, before": {"datetime", ``, []string{"2026-11-24T12:00"}},
		"date and time, empty":  {"datetime", `{"type":"datetimepicker","selected_date_time":null}`, []string{""}},
		"menu, untouched":       {"select", ``, []string{"2"}},
		"menu":                  {"select", `{"type":"static_select","selected_option":` + one + `}`, []string{"1"}},
		"menu, emptied":         {"select", `{"type":"static_select","selected_option":null}`, []string{""}},
		"search, untouched":     {"select_external", ``, []string{"2", "Two"}},
		"search":                {"select_external", `{"type":"external_select","selected_option":` + one + `}`, []string{"1", "One"}},
		"search, emptied":       {"select_external", `{"type":"external_select","selected_option":null}`, []string{"", ""}},
		"user, untouched":       {"select_user", ``, []string{"U9"}},
		"user":                  {"select_user", `{"type":"users_select","selected_user":"U2"}`, []string{"U2"}},
		"users":                 {"multi_users", `{"type":"multi_users_select","selected_users":["U1","U7"]}`, []string{"U1", "U7"}},
		"radio":                 {"radio", `{"type":"radio_buttons","selected_option":` + one + `}`, []string{"1"}},
		"boxes, untouched":      {"checkboxes", ``, []string{"2"}},
		"boxes":                 {"checkboxes", `{"type":"checkboxes","selected_options":[` + one + `]}`, []string{"1"}},
		"boxes, emptied":        {"checkboxes", `{"type":"checkboxes","selected_options":[]}`, nil},
		"many":                  {"multi_select", `{"type":"multi_static_select","selected_options":[` + one + `]}`, []string{"1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := holds(t, draw(c.block, c.state, kitOptions("x"))); !slices.Equal(got, c.want) {
				t.Errorf("holds %q, want %q", got, c.want)
			}
		})
	}
}

func TestMultilineTextKeepsItsFirstLine(t *testing.T) {
	t.Parallel()
	html := draw("text_multiline", `{"type":"plain_text_input","value":"\nsecond"}`, kitOptions("x"))
	if !strings.Contains(html, ">\n\nsecond</textarea>") {
		t.Errorf("got %s", html)
	}
}

func TestErrorsStandAtTheirInput(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"text", "text_multiline", "select", "select_external", "radio", "checkboxes"} {
		o := kitOptions(name)
		o.Errors = map[string]string{"b": "No <good>", "other": "elsewhere"}
		html := draw(name, "", o)
		described, wrong := false, false
		for _, n := range checkHTML(t, html) {
			described = described || strings.Contains(n.attr["aria-describedby"], "~error")
			wrong = wrong || n.attr["aria-invalid"] == "true"
		}
		if !strings.Contains(html, "No &lt;good&gt;</p>") || strings.Contains(html, "elsewhere") || !described || wrong != (name != "checkboxes") {
			t.Errorf("%s: described %v, wrong %v: %s", name, described, wrong, html)
		}
	}
}

func TestConfirmationsTravelAsJSON(t *testing.T) {
	t.Parallel()
	found := 0
	for _, name := range []string{"buttons", "overflow", "date", "actions_inputs"} {
		for _, n := range checkHTML(t, draw(name, "", kitOptions(name))) {
			raw, ok := n.attr["data-confirm"]
			if !ok {
				continue
			}
			found++
			var c map[string]string
			if err := json.Unmarshal([]byte(raw), &c); err != nil {
				t.Fatal(err)
			}
			html := c["html"]
			checkHTML(t, html)
			if c["title"] != "Sure?" || c["confirm"] != "Go 🚀" || c["deny"] != "Cancel" || c["style"] != "danger" ||
				!strings.HasPrefix(html, "<b>Ann&#39;s</b>") || c["text"] == "" {
				t.Errorf("%s asks %v", name, c)
			}
		}
	}
	if found != 5 { // One button, two options of the menu, a date, radio buttons.
		t.Errorf("%d elements ask for confirmation", found)
	}
}
