package blockkit

import (
	"encoding/json"
	"strconv"
	"strings"
)

// field is where an element stands and what its block says about it.
type field struct {
	spot
	place       int    // Among the elements of its block.
	label       string // HTML of the label of an input block; "" elsewhere.
	labelledBy  string // The element id of a text that says what this is about.
	describedBy string // Element ids of hint and error.
	input       bool   // In an input block.
	required    bool
	dispatch    bool // An input block that tells the app of every change.
	wrong       bool // The app refused what was entered.
}

// part is what every interactive element has.
type part struct {
	Type        string   `json:"type"`
	Action      string   `json:"action_id"`
	Confirm     *confirm `json:"confirm"`
	Placeholder *text    `json:"placeholder"`
	Focus       bool     `json:"focus_on_load"`
}

// element draws one element of a block.
func (p *page) element(raw json.RawMessage, f field) string {
	switch kind := kindOf(raw); kind {
	case "image":
		return read("element", raw, p.thumbnail)
	case "button":
		return read("element", raw, func(b button) string { return p.button(b, f) })
	case "overflow":
		return read("element", raw, func(m menu) string { return p.overflow(m, f) })
	case "static_select":
		return read("element", raw, func(m menu) string { return p.selectOne(m, f) })
	case "users_select":
		return read("element", raw, func(m menu) string { return p.selectOne(p.withPeople(m, f), f) })
	case "multi_static_select", "checkboxes":
		return read("element", raw, func(m menu) string { return p.choices(m, "checkbox", f) })
	case "multi_users_select":
		return read("element", raw, func(m menu) string { return p.choices(p.withPeople(m, f), "checkbox", f) })
	case "radio_buttons":
		return read("element", raw, func(m menu) string { return p.choices(m, "radio", f) })
	case "external_select":
		return read("element", raw, func(m menu) string { return p.combobox(m, f) })
	case "plain_text_input", "email_text_input", "url_text_input", "number_input", "datepicker", "timepicker", "datetimepicker":
		return read("element", raw, func(t typing) string { return p.typing(t, f) })
	default:
		return unknown("element", kind, raw, nil)
	}
}

// id is the element id of the control, on which its label, hint and error depend.
func (f field) id(e part) string {
	if e.Action == "" {
		return f.spot.id + "~" + strconv.Itoa(f.place)
	}
	return f.spot.id + "~" + idPart(e.Action)
}

// data are the attributes by which the page knows what was touched.
func (p *page) data(e part, f field) string {
	return attr("data-kind", e.Type) + attr("data-block", f.block) + attr("data-action", e.Action) + p.confirmData(e.Confirm) +
		dataFlag("data-required", f.required) + dataFlag("data-dispatch", f.dispatch) + dataFlag("data-focus", e.Focus)
}

func dataFlag(name string, on bool) string {
	if !on {
		return ""
	}
	return attr(name, "true")
}

// named are the attributes that give a control its name, outside of an input block by its placeholder, as in Slack.
func (f field) named(e part, otherwise string) string {
	out := attrIf("aria-describedby", f.describedBy)
	if f.wrong {
		out += attr("aria-invalid", "true")
	}
	if f.required && e.Type != "checkboxes" && !strings.HasPrefix(e.Type, "multi_") { // A plain group cannot say so.
		out += attr("aria-required", "true")
	}
	switch {
	case f.input:
		return out
	case e.Placeholder == nil && f.labelledBy != "":
		return out + attr("aria-labelledby", f.labelledBy)
	}
	return out + attr("aria-label", firstOf(e.Placeholder.shown(), otherwise))
}

type button struct {
	part
	Text  *text  `json:"text"`
	Value string `json:"value"`
	URL   string `json:"url"`
	Style string `json:"style"`
	Said  string `json:"accessibility_label"`
}

// longLabel is from how many characters on a button may be cut on the screen.
const longLabel = 30

func (p *page) button(b button, f field) string {
	class := "bk-button"
	switch b.Style {
	case "primary", "danger":
		class += " bk-" + b.Style
	}
	title, address := "", ""
	if shown := b.Text.shown(); len([]rune(shown)) > longLabel {
		title = shown
	}
	if safeURL(b.URL) {
		address = b.URL
	}
	return start("button", attr("type", "button"), attr("class", class), attr("id", f.id(b.part)), p.data(b.part, f),
		attr("data-value", b.Value), attrIf("data-url", address), attrIf("aria-label", b.Said), attrIf("title", title)) +
		start("span", attr("class", "bk-label-text"), attr("dir", "auto")) + p.html(b.Text) + "</span></button>"
}

type confirm struct {
	Title   *text  `json:"title"`
	Text    *text  `json:"text"`
	Confirm *text  `json:"confirm"`
	Deny    *text  `json:"deny"`
	Style   string `json:"style"`
}

// confirmData is the dialog that stands before an action, as JSON. Its text is there as it was sent and, under
// html, as it is shown.
func (p *page) confirmData(c *confirm) string {
	if c == nil {
		return ""
	}
	raw, err := json.Marshal(struct {
		Title   string `json:"title"`
		Text    string `json:"text"`
		HTML    string `json:"html"`
		Confirm string `json:"confirm"`
		Deny    string `json:"deny"`
		Style   string `json:"style"`
	}{
		firstOf(c.Title.shown(), "Are you sure?"), c.Text.shown(), p.html(c.Text),
		firstOf(c.Confirm.shown(), "Yes"), firstOf(c.Deny.shown(), "Cancel"), firstOf(c.Style, "primary"),
	})
	if err != nil {
		return "" // Strings can be written.
	}
	return attr("data-confirm", string(raw))
}
