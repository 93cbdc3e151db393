package blockkit

import (
	"encoding/json"
	"strings"
)

// input is a block with a label and a control.
type input struct {
	Label    *text           `json:"label"`
	Hint     *text           `json:"hint"`
	Element  json.RawMessage `json:"element"`
	Optional bool            `json:"optional"`
	Dispatch bool            `json:"dispatch_action"`
}

// input draws label, control, hint and what was wrong. Of radio buttons and boxes the label is the fieldset's legend.
func (p *page) input(b input, at spot) string {
	f := field{spot: at, input: true, required: !b.Optional, dispatch: b.Dispatch}
	words := p.html(b.Label)
	if b.Optional {
		words += el("span", "bk-optional", " (optional)")
	}
	var described []string
	below := ""
	if sentence := p.Errors[at.block]; sentence != "" && at.block != "" {
		f.wrong = true
		described = append(described, at.id+"~error")
		below = start("p", attr("class", "bk-error"), attr("role", "alert"), attr("id", at.id+"~error"), attr("dir", "auto")) + plain(sentence, false) + "</p>"
	}
	if b.Hint != nil {
		described = append(described, at.id+"~hint")
		below += start("p", attr("class", "bk-hint"), attr("id", at.id+"~hint"), attr("dir", "auto")) + p.html(b.Hint) + "</p>"
	}
	f.describedBy = strings.Join(described, " ")
	var e part
	_ = json.Unmarshal(b.Element, &e) // The element itself says that it cannot be read.
	switch e.Type {
	case "radio_buttons", "checkboxes", "multi_static_select", "multi_users_select":
		f.label = el("legend", "bk-label", words)
		return p.element(b.Element, f) + below
	}
	return start("label", attr("class", "bk-label"), attr("for", f.id(e))) + words + "</label>" + p.element(b.Element, f) + below
}
