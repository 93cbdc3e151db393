package jirasim

import (
	"cmp"
	"html"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// HTML says how wiki markup is shown as HTML. The zero value shows it as Jira's API does in its rendered forms.
type HTML struct {
	Name    func(accountID string) string // display name of somebody who is mentioned; nil or an empty answer = the id
	Color   func(hex string) string       // the color in place of one, both as #rrggbb, so that text stays readable; nil = as it is
	Heading int                           // level of the highest heading in the text, those below without gaps; 0 = as written
}

// Rendered is HTML that may be shown as it is: every text in it is escaped.
type Rendered string

// RenderWikiHTML turns wiki markup into HTML. Whatever the text holds, the result consists of known elements without scripts,
// styles and pictures, and its links lead to addresses of the schemes http, https and mailto only.
func RenderWikiHTML(text string, o HTML) Rendered {
	return Rendered(o.blocks(o.leveled(parseBlocks(text))))
}

// escape makes text of whatever it is; characters that no document may hold are replaced.
func escape(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(text, string(utf8.RuneError)))
	return html.EscapeString(text)
}

// html is the form that the API calls rendered.
func (t text) html() string { return HTML{}.blocks(t.node().Content) }

func (o HTML) blocks(list []*node) string {
	var b strings.Builder
	for _, n := range list {
		b.WriteString(o.block(n))
	}
	return b.String()
}

func (o HTML) block(n *node) string {
	tags := map[string]string{
		"paragraph": "p", "bulletList": "ul", "orderedList": "ol", "listItem": "li", "blockquote": "blockquote",
		"tableRow": "tr", "tableHeader": "th", "tableCell": "td",
	}
	inner := func() string { return o.blocks(n.Content) }
	switch n.Type {
	case "text":
		return o.marked(n)
	case "hardBreak":
		return "<br/>"
	case "rule":
		return "<hr/>"
	case "heading":
		level := n.attr("level")
		if len(level) != 1 || level < "1" || level > "6" {
			level = "6"
		}
		return "<h" + level + ">" + inner() + "</h" + level + ">"
	case "panel":
		return `<div class="panel">` + inner() + "</div>"
	case "codeBlock":
		return "<pre>" + inner() + "</pre>"
	case "table":
		return "<table><tbody>" + inner() + "</tbody></table>"
	case "mention":
		return `<span class="user-hover">@` + escape(o.name(n)) + "</span>"
	}
	if tag := tags[n.Type]; tag != "" {
		return "<" + tag + ">" + inner() + "</" + tag + ">"
	}
	return escape(n.attr("text")) + inner()
}

func (o HTML) name(n *node) string {
	id := n.attr("id")
	if o.Name != nil {
		return cmp.Or(o.Name(id), id)
	}
	return id
}

// marked writes text with its marks, the innermost first.
func (o HTML) marked(n *node) string {
	tags := map[string]string{"strong": "b", "em": "em", "strike": "del", "underline": "ins", "code": "tt"}
	s := escape(n.Text)
	for _, m := range slices.Backward(n.Marks) {
		switch m.Type {
		case "link":
			if href := m.attr("href"); safeLink(href) {
				s = `<a href="` + escape(href) + `" class="external-link" rel="nofollow noopener noreferrer">` + s + "</a>"
			}
		case "subsup":
			tag := "sub"
			if m.attr("type") == "sup" {
				tag = "sup"
			}
			s = "<" + tag + ">" + s + "</" + tag + ">"
		case "textColor":
			s = o.colored(colorOf(m.attr("color")), s)
		default:
			if tag := tags[m.Type]; tag != "" {
				s = "<" + tag + ">" + s + "</" + tag + ">"
			}
		}
	}
	return s
}

// colored uses the element that Jira uses: it needs no style, which a strict page forbids.
func (o HTML) colored(hex, inner string) string {
	if hex != "" && o.Color != nil {
		hex = colorOf(o.Color(hex))
	}
	if hex == "" {
		return inner
	}
	return `<font color="` + hex + `">` + inner + "</font>"
}

// safeLink says whether a browser may be sent there.
func safeLink(href string) bool {
	u, err := url.Parse(href)
	if err != nil || strings.ContainsFunc(href, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return false
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		return u.Host != ""
	case "mailto":
		return u.Opaque != ""
	}
	return false
}

// leveled puts the headings of a text at the levels that o asks for.
func (o HTML) leveled(list []*node) []*node {
	if o.Heading == 0 {
		return list
	}
	var found []*node
	var look func([]*node)
	look = func(list []*node) {
		for _, n := range list {
			if n.Type == "heading" {
				found = append(found, n)
			}
			look(n.Content)
		}
	}
	look(list)
	var levels []int
	for _, n := range found {
		level, _ := n.Attrs["level"].(int)
		levels = append(levels, level)
	}
	ranks := slices.Compact(slices.Sorted(slices.Values(levels)))
	for i, n := range found {
		n.Attrs["level"] = min(6, o.Heading+slices.Index(ranks, levels[i]))
	}
	return list
}
