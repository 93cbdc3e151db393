package blockkit

import "encoding/json"

// spot is a block's place: its id as the app knows it, and its element id on the page.
type spot struct{ block, id string }

// block draws one block. The place stands in for the id that an app did not give.
func (p *page) block(raw json.RawMessage, place string) string {
	var o struct {
		ID string `json:"block_id"`
	}
	_ = json.Unmarshal(raw, &o) // What is no object has no type either, and is unknown below.
	at := spot{o.ID, p.Prefix + "-" + idPart(o.ID)}
	if o.ID == "" {
		at.id = p.Prefix + "~" + place
	}
	switch kind := kindOf(raw); kind {
	case "divider":
		return at.box("bk-divider", "<hr>")
	case "header":
		return read("block", raw, func(b header) string {
			return at.box("bk-header", start("h3", attr("dir", "auto"))+p.html(b.Text)+"</h3>")
		})
	case "section":
		return read("block", raw, func(b section) string { return at.box("bk-section", p.section(b, at)) })
	case "context":
		return read("block", raw, func(b holder) string { return at.box("bk-context", p.context(b)) })
	case "actions":
		return read("block", raw, func(b holder) string { return at.box("bk-actions", p.elements(b, at)) })
	case "rich_text":
		return read("block", raw, func(b holder) string { return at.box("bk-rich-text", p.richText(b.Elements)) })
	case "image":
		return read("block", raw, func(b image) string { return at.box("bk-image", p.image(b)) })
	case "alert":
		return read("block", raw, func(b alert) string { return at.box("bk-alert-block", p.alert(b)) })
	case "input":
		return read("block", raw, func(b input) string { return at.box("bk-input", p.input(b, at)) })
	default:
		return unknown("block", kind, raw, nil)
	}
}

// box is the element of a block.
func (at spot) box(class, inner string) string {
	return start("div", attr("class", "bk-block "+class), attr("data-block", at.block), attr("id", at.id)) + inner + "</div>"
}

type header struct {
	Text *text `json:"text"`
}

// holder is a block that holds elements in a row.
type holder struct {
	Elements []json.RawMessage `json:"elements"`
}

func (p *page) elements(b holder, at spot) string {
	out := ""
	for i, raw := range b.Elements {
		out += p.element(raw, field{spot: at, place: i})
	}
	return out
}

func (p *page) context(b holder) string {
	out := ""
	for _, raw := range b.Elements {
		switch kind := kindOf(raw); kind {
		case "image":
			out += read("element", raw, p.thumbnail)
		case "plain_text", "mrkdwn":
			out += read("element", raw, func(t text) string { return p.words("bk-small", &t) })
		default:
			out += unknown("element", kind, raw, nil)
		}
	}
	return out
}

type section struct {
	Text      *text           `json:"text"`
	Fields    []*text         `json:"fields"`
	Accessory json.RawMessage `json:"accessory"`
}

func (p *page) section(b section, at spot) string {
	left := ""
	if b.Text != nil {
		left = start("div", attr("class", "bk-text"), attr("dir", "auto"), attr("id", at.id+"~text")) + p.html(b.Text) + "</div>"
	}
	if len(b.Fields) > 0 {
		fields := ""
		for _, f := range b.Fields {
			fields += p.words("bk-text", f)
		}
		left += div("bk-fields", fields)
	}
	if len(b.Accessory) == 0 || string(b.Accessory) == "null" {
		return left
	}
	about := ""
	if b.Text != nil {
		about = at.id + "~text"
	}
	right := p.element(b.Accessory, field{spot: at, labelledBy: about})
	return div("bk-main", left) + div("bk-accessory", right)
}

type alert struct {
	Text  *text  `json:"text"`
	Level string `json:"level"`
}

// alert draws a banner. One that warns is read aloud when it appears.
func (p *page) alert(b alert) string {
	level, sign, role := "default", "🔔", "status"
	switch b.Level {
	case "info":
		level, sign = b.Level, "ℹ️"
	case "success":
		level, sign = b.Level, "✅"
	case "warning":
		level, sign, role = b.Level, "⚠️", "alert"
	case "error":
		level, sign, role = b.Level, "⛔", "alert"
	}
	return start("div", attr("class", "bk-alert bk-alert-"+level), attr("role", role)) +
		start("span", attr("class", "bk-sign"), attr("aria-hidden", "true")) + sign + "</span>" + p.words("bk-text", b.Text) + "</div>"
}
