package blockkit

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// typing is an element into which something is typed, a date or time included.
type typing struct {
	part
	initial
	Multiline bool        `json:"multiline"`
	Least     int         `json:"min_length"`
	Most      int         `json:"max_length"`
	Decimal   bool        `json:"is_decimal_allowed"`
	MinValue  json.Number `json:"min_value"`
	MaxValue  json.Number `json:"max_value"`
	Zone      string      `json:"timezone"`
	Dispatch  struct {
		On []string `json:"trigger_actions_on"`
	} `json:"dispatch_action_config"`
}

// typing draws a text field, or the picker of the browser.
func (p *page) typing(t typing, f field) string {
	kind, value, more := p.typed(t, p.entered(f.block, t.Action, t.initial))
	when := ""
	if f.dispatch && strings.HasSuffix(t.Type, "_input") {
		when = firstOf(strings.Join(t.Dispatch.On, " "), "on_enter_pressed")
	}
	common := attr("class", "bk-control bk-"+strings.ReplaceAll(t.Type, "_", "-")) + attr("id", f.id(t.part)) + p.data(t.part, f) +
		attrIf("data-dispatch-on", when) + more + f.named(t.part, "Enter something") +
		attrIf("placeholder", t.Placeholder.shown())
	if t.Multiline {
		// The first line feed behind the tag is none of the text's.
		return start("textarea", common, attr("rows", "3"), attr("dir", "auto")) + "\n" + escape(value) + "</textarea>"
	}
	return start("input", attr("type", kind), common, attr("value", value), attr("dir", "auto"), attr("autocomplete", "off"))
}

// typed is the type of the input, what is in it, and the attributes that only this type has.
func (p *page) typed(t typing, now entered) (kind, value, more string) {
	switch t.Type {
	case "email_text_input":
		return "email", now.Value, ""
	case "url_text_input":
		return "url", now.Value, ""
	case "number_input":
		step := "1"
		if t.Decimal {
			step = "any"
		}
		return "number", now.Value, attr("step", step) + attrIf("min", t.MinValue.String()) + attrIf("max", t.MaxValue.String())
	case "datepicker":
		return "date", now.Date, ""
	case "timepicker":
		return "time", now.Time, attrIf("data-zone", t.Zone)
	case "datetimepicker":
		if n, err := now.DateTime.Int64(); err == nil {
			value = time.Unix(n, 0).In(p.Zone).Format("2006-01-02T15:04")
		}
		return "datetime-local", value, attr("data-zone", p.Zone.String())
	}
	return "text", now.Value, lengths(t)
}

// lengths are the limits of a text. Slack has one of its own where the app has none.
func lengths(t typing) string {
	most, least := 3000, ""
	if t.Most > 0 {
		most = t.Most
	}
	if t.Least > 0 {
		least = strconv.Itoa(t.Least)
	}
	return attrIf("minlength", least) + attr("maxlength", strconv.Itoa(most))
}
