package blockkit

import "encoding/json"

// spot is a block's place: its id as the app knows it, and its element id on the page.
type spot struct{ block, id string }

// block draws one block. The place stands in for the id that an app did not give.
func (p *page) block(raw json.RawMessage, place string) string {
	var o struct {
		ID string `json:"block_id"`
	}
	_ = json.Unmarshal(raw, &o) // It is unknown then, below.
	kind, at := kindOf(raw), spot{o.ID, p.Prefix + "-" + idPart(o.ID)}
	if o.ID == "" {
		at.id = p.Prefix + "~" + place
	}
	box := func(class, inner string) string {
		return start("div", attr("class", "bk-block "+class), attr("data-block", at.block), attr("id", at.id)) + inner + "</div>"
	}
	switch kind {
	case "header":
		return read("block", raw, func(b struct{ Text *text }) string {
			return box("bk-header", start("h3", attr("dir", "auto"))+p.html(b.Text)+"</h3>")
		})
	case "divider":
		return box("bk-divider", "<hr>")
	case "section":
		return read("block", raw, func(b section) string { return box("bk-section", p.section(b, at)) })
	}
	return unknown("block", kind, raw, nil)
}

type section struct {
	Text      *text           `json:"text"`
	Fields    []*text         `json:"fields"`
	Accessory json.RawMessage `json:"accessory"`
}

func (p *page) section(b section, at spot) string { return p.words("bk-text", b.Text) }
