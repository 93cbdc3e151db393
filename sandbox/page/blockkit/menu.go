package blockkit

import (
	"maps"
	"slices"
	"strconv"
)

type option struct {
	Text        *text  `json:"text"`
	Value       string `json:"value"`
	Description *text  `json:"description"`
	URL         string `json:"url"`
}

type optionGroup struct {
	Label   *text    `json:"label"`
	Options []option `json:"options"`
}

// menu is an element that offers choices.
type menu struct {
	part
	initial
	Options  []option      `json:"options"`
	Groups   []optionGroup `json:"option_groups"`
	MinQuery *int          `json:"min_query_length"`
	Most     int           `json:"max_selected_items"`
}

// withPeople offers everybody, and whoever is chosen already even if not among them.
func (p *page) withPeople(m menu, f field) menu {
	chosen := p.entered(f.block, m.Action, m.initial).chosen()
	add := func(id, name string) {
		literal := false
		m.Options = append(m.Options, option{Text: &text{Type: "plain_text", Text: name, Emoji: &literal}, Value: id})
		delete(chosen, id)
	}
	for _, who := range p.People {
		add(who.ID, who.Name)
	}
	for _, id := range slices.Sorted(maps.Keys(chosen)) {
		add(id, p.name(id))
	}
	return m
}

// grouped are the options; those outside of any group have no label.
func (m menu) grouped() []optionGroup {
	if len(m.Options) > 0 {
		return append([]optionGroup{{Options: m.Options}}, m.Groups...)
	}
	return m.Groups
}

// overflow draws a menu behind three dots.
func (p *page) overflow(m menu, f field) string {
	id := f.id(m.part)
	items := ""
	for _, o := range m.Options {
		address := ""
		if safeURL(o.URL) {
			address = o.URL
		}
		items += start("button", attr("type", "button"), attr("role", "menuitem"), attr("tabindex", "-1"), attr("data-kind", "overflow-option"),
			attr("data-block", f.block), attr("data-action", m.Action), attr("data-value", o.Value), attrIf("data-url", address),
			p.confirmData(m.Confirm)) + p.optionWords(o) + "</button>"
	}
	toggle := start("button", attr("type", "button"), attr("class", "bk-button bk-dots"), attr("id", id), attr("aria-haspopup", "menu"),
		attr("aria-expanded", "false"), attr("aria-controls", id+"~menu"), attr("aria-label", "More actions"),
		attrIf("aria-describedby", f.labelledBy), attr("data-kind", m.Type), attr("data-block", f.block), attr("data-action", m.Action)) +
		start("span", attr("aria-hidden", "true")) + "⋯</span></button>"
	list := start("div", attr("role", "menu"), attr("class", "bk-menu"), attr("id", id+"~menu"), attr("aria-labelledby", id), bare("hidden", true)) +
		items + "</div>"
	return div("bk-overflow", toggle+list)
}

// optionWords draws an option with its description below.
func (p *page) optionWords(o option) string {
	words := start("span", attr("class", "bk-option-text"), attr("dir", "auto")) + p.html(o.Text) + "</span>"
	if o.Description != nil {
		words += start("span", attr("class", "bk-option-description"), attr("dir", "auto")) + p.html(o.Description) + "</span>"
	}
	return el("span", "bk-option-words", words)
}

// selectOne draws a menu of which one is chosen. A menu of the browser has no second line, so a description follows the option.
func (p *page) selectOne(m menu, f field) string {
	chosen := p.entered(f.block, m.Action, m.initial).chosen()
	lines := start("option", attr("value", ""), bare("selected", len(chosen) == 0), bare("disabled", !f.input || f.required)) +
		escape(firstOf(m.Placeholder.shown(), "Choose an option")) + "</option>"
	for _, g := range m.grouped() {
		inner := ""
		for _, o := range g.Options {
			words := o.Text.shown()
			if d := o.Description.shown(); d != "" {
				words += " – " + d
			}
			inner += start("option", attr("value", o.Value), bare("selected", chosen[o.Value])) + escape(words) + "</option>"
		}
		if g.Label != nil {
			inner = start("optgroup", attr("label", g.Label.shown())) + inner + "</optgroup>"
		}
		lines += inner
	}
	return start("select", attr("class", "bk-control bk-select"), attr("id", f.id(m.part)), p.data(m.part, f),
		f.named(m.part, "Choose an option")) + lines + "</select>"
}

// choices draws radio buttons, or boxes to tick, in a fieldset that bears the attributes of the element.
func (p *page) choices(m menu, kind string, f field) string {
	chosen := p.entered(f.block, m.Action, m.initial).chosen()
	id, n, lines := f.id(m.part), 0, ""
	for _, g := range m.grouped() {
		inner := ""
		for _, o := range g.Options {
			own := id + "~" + strconv.Itoa(n)
			n++
			inner += start("label", attr("class", "bk-option"), attr("for", own)) +
				start("input", attr("type", kind), attr("id", own), attr("name", id), attr("value", o.Value), bare("checked", chosen[o.Value])) +
				p.optionWords(o) + "</label>"
		}
		if g.Label != nil {
			inner = start("div", attr("role", "group"), attr("aria-label", g.Label.shown())) +
				start("div", attr("class", "bk-group-label"), attr("aria-hidden", "true")) + p.html(g.Label) + "</div>" + inner + "</div>"
		}
		lines += inner
	}
	role, most := "", ""
	if kind == "radio" {
		role = "radiogroup"
	}
	if m.Most > 0 {
		most = strconv.Itoa(m.Most)
	}
	if n > manyChoices {
		lines = div("bk-many", lines)
	}
	f.wrong = f.wrong && kind == "radio" // A plain group can be described as wrong, but not marked as such.
	return start("fieldset", attr("class", "bk-choices"), attr("id", id), attrIf("role", role), p.data(m.part, f), attrIf("data-max", most),
		f.named(m.part, "Choose")) + f.label + lines + "</fieldset>"
}

// manyChoices is from how many on they stand in a box that scrolls.
const manyChoices = 12
