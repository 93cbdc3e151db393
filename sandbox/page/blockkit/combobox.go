package blockkit

import "strconv"

// queryLeast is how many characters Slack waits for when the app does not say.
const queryLeast = 3

// combobox draws a menu whose options the app looks up while somebody types. The list is filled by the page.
func (p *page) combobox(m menu, f field) string {
	now := p.entered(f.block, m.Action, m.initial).Option
	least, label, value := queryLeast, "", ""
	if m.MinQuery != nil {
		least = *m.MinQuery
	}
	if now != nil {
		label, value = now.Text.shown(), now.Value
	}
	id := f.id(m.part)
	about := attr("aria-label", firstOf(m.Placeholder.shown(), "Options"))
	return start("div", attr("class", "bk-combobox"), p.data(m.part, f), attr("data-min", strconv.Itoa(least)), attr("data-value", value)) +
		start("input", attr("type", "text"), attr("class", "bk-control"), attr("id", id), attr("role", "combobox"), attr("autocomplete", "off"),
			attr("spellcheck", "false"), attr("aria-autocomplete", "list"), attr("aria-expanded", "false"), attr("aria-controls", id+"~list"),
			f.named(m.part, "Search"), attr("value", label), attrIf("placeholder", m.Placeholder.shown())) +
		start("ul", attr("role", "listbox"), attr("class", "bk-list"), attr("id", id+"~list"), about, bare("hidden", true)) + "</ul></div>"
}
