package blockkit

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// richPart is one part of a rich_text block: a section, list, quote or preformatted text.
type richPart struct {
	Type     string            `json:"type"`
	Elements []json.RawMessage `json:"elements"`
	Style    string            `json:"style"`
	Indent   int               `json:"indent"`
	Offset   int               `json:"offset"`
	Border   int               `json:"border"`
}

// richStyle is how a word of rich text looks.
type richStyle struct{ Bold, Italic, Strike, Underline, Code, Highlight bool }

// richWord is a word of rich text, of any type.
type richWord struct {
	Type      string      `json:"type"`
	Text      string      `json:"text"`
	URL       string      `json:"url"`
	Name      string      `json:"name"`
	Unicode   string      `json:"unicode"`
	User      string      `json:"user_id"`
	Group     string      `json:"usergroup_id"`
	Channel   string      `json:"channel_id"`
	Team      string      `json:"team_id"`
	Range     string      `json:"range"`
	Value     string      `json:"value"`
	Timestamp json.Number `json:"timestamp"`
	Format    string      `json:"format"`
	Fallback  string      `json:"fallback"`
	Style     richStyle   `json:"style"`
}

func (p *page) richText(parts []json.RawMessage) string {
	out := ""
	for _, raw := range parts {
		out += read("rich text part", raw, func(r richPart) string { return p.richPart(r, raw) })
	}
	return out
}

func (p *page) richPart(r richPart, raw json.RawMessage) string {
	border := ""
	if r.Border > 0 {
		border = "bk-bordered"
	}
	switch r.Type {
	case "rich_text_section":
		return start("div", attr("class", "bk-rich"), attr("dir", "auto")) + p.richLine(r.Elements) + "</div>"
	case "rich_text_quote":
		return start("blockquote", attrIf("class", border), attr("dir", "auto")) + p.richLine(r.Elements) + "</blockquote>"
	case "rich_text_preformatted":
		return start("pre", attrIf("class", border), attr("dir", "auto")) + p.richLine(r.Elements) + "</pre>"
	case "rich_text_list":
		return p.richList(r, border)
	}
	return unknown("rich text part", r.Type, raw, nil)
}

// indentMost is how deep Slack indents lists.
const indentMost = 8

func (p *page) richList(r richPart, border string) string {
	class := strings.TrimSpace("bk-indent-" + strconv.Itoa(max(0, min(r.Indent, indentMost))) + " " + border)
	tag, first := "ul", ""
	if r.Style == "ordered" {
		tag = "ol"
		if r.Offset > 0 {
			first = strconv.Itoa(r.Offset + 1)
		}
	}
	items := ""
	for _, raw := range r.Elements {
		items += start("li", attr("dir", "auto")) + read("rich text part", raw, func(item richPart) string {
			if item.Type != "rich_text_section" {
				return p.richPart(item, raw)
			}
			return p.richLine(item.Elements)
		}) + "</li>"
	}
	return start(tag, attr("class", class), attrIf("start", first)) + items + "</" + tag + ">"
}

func (p *page) richLine(words []json.RawMessage) string {
	out := ""
	for _, raw := range words {
		out += read("rich text element", raw, func(w richWord) string { return p.richWord(w, raw) })
	}
	return out
}

// richWord draws one word. Text is literal here: neither markup nor codes of emoji mean anything.
func (p *page) richWord(w richWord, raw json.RawMessage) string {
	html := ""
	switch w.Type {
	case "text":
		html = plain(w.Text, false)
	case "link":
		html = link(w.URL, plain(firstOf(w.Text, w.URL), false))
	case "emoji":
		html = richEmoji(w)
	case "user":
		html = p.user(w.User, "")
	case "usergroup":
		html = group(w.Group, "")
	case "team":
		html = mention("bk-mention", w.Team, "@", w.Team)
	case "channel":
		html = p.channel(w.Channel, "")
	case "broadcast":
		html = broadcast(w.Range)
	case "color":
		html = el("code", "", escape(w.Value))
	case "date":
		seconds, err := w.Timestamp.Int64()
		if err != nil {
			html = escape(w.Fallback)
			break
		}
		html = p.date(seconds, w.Format, w.URL, w.Fallback)
	default:
		return unknown("rich text element", w.Type, raw, nil)
	}
	return w.Style.wrap(html)
}

// richEmoji draws an emoji by our list or by the code points that the message brought along.
func richEmoji(w richWord) string {
	if c := emoji(w.Name); c != "" {
		return emojiHTML(w.Name, c)
	}
	var b strings.Builder
	for hex := range strings.SplitSeq(w.Unicode, "-") {
		var r rune
		if _, err := fmt.Sscanf(hex, "%x", &r); err != nil {
			return escape(":" + w.Name + ":")
		}
		b.WriteRune(r)
	}
	return emojiHTML(w.Name, b.String())
}

func (s richStyle) wrap(html string) string {
	for _, look := range []struct {
		on  bool
		tag string
	}{{s.Code, "code"}, {s.Bold, "b"}, {s.Italic, "i"}, {s.Strike, "s"}, {s.Underline, "u"}, {s.Highlight, "mark"}} {
		if look.on {
			html = el(look.tag, "", html)
		}
	}
	return html
}
