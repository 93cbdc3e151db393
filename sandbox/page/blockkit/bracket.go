package blockkit

import (
	"strings"
	"unicode/utf8"
)

// bracket draws what stands between angle brackets at the beginning of s; n is 0 if it means nothing.
func (m markup) bracket(s string) (html string, n int) {
	end := strings.IndexAny(s[1:], "<>\n")
	if end < 1 || s[1+end] != '>' {
		return "", 0
	}
	body, label, _ := strings.Cut(s[1:1+end], "|")
	switch {
	case strings.HasPrefix(body, "@") && isID(body[1:], "UW"):
		html = m.p.user(body[1:], decode(label))
	case strings.HasPrefix(body, "#") && isID(body[1:], "CG"):
		html = m.p.channel(body[1:], decode(label))
	case strings.HasPrefix(body, "!"):
		html = m.special(body[1:], decode(label))
	default:
		html = bracketLink(decode(body), decode(label))
	}
	if html == "" {
		return "", 0
	}
	return html, end + 2
}

// isID tells whether s looks like an id of Slack that begins with one of some letters.
func isID(s, first string) bool {
	if len(s) < 2 || strings.IndexByte(first, s[0]) < 0 {
		return false
	}
	for _, r := range s {
		if (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
			return false
		}
	}
	return true
}

// special draws the brackets that begin with an exclamation mark; "" for one that Slack does not have.
func (m markup) special(body, label string) string {
	if rest, ok := strings.CutPrefix(body, "date^"); ok {
		return m.p.dateMarkup(decode(rest), label)
	}
	if id, ok := strings.CutPrefix(body, "subteam^"); ok && isID(id, "S") {
		return group(id, label)
	}
	switch name, _, _ := strings.Cut(body, "^"); name {
	case "here", "channel", "everyone":
		return broadcast(name)
	}
	return ""
}

func mention(class, id, sign, name string) string {
	return start("span", attr("class", class), attrIf("data-id", id)) + sign + el("bdi", "", escape(name)) + "</span>"
}

// user draws a mention. A name that the message brought along serves for people whom nobody knows.
func (p *page) user(id, label string) string {
	name := p.name(id)
	if name == id {
		name = firstOf(strings.TrimPrefix(label, "@"), id)
	}
	return mention("bk-mention", id, "@", name)
}

// name is a user's display name, or the id when nobody knows it.
func (p *page) name(id string) string {
	if p.Name == nil {
		return id
	}
	return firstOf(p.Name(id), id)
}

func (p *page) channel(id, label string) string {
	name := ""
	if p.Channel != nil {
		name = p.Channel(id)
	}
	return mention("bk-mention", id, "#", firstOf(name, strings.TrimPrefix(label, "#"), id))
}

func group(id, label string) string {
	return mention("bk-mention", id, "@", firstOf(strings.TrimPrefix(label, "@"), id))
}

// broadcast draws @here and its like, which reach the reader.
func broadcast(name string) string { return mention("bk-mention bk-broadcast", "", "@", name) }

func firstOf(names ...string) string {
	for _, n := range names {
		if n != "" {
			return n
		}
	}
	return ""
}

// bracketLink draws a link with or without a label; "" if the address is none that Slack opens.
func bracketLink(address, label string) string {
	if !safeURL(address) {
		return ""
	}
	if label == "" {
		return link(address, escape(strings.TrimPrefix(address, "mailto:")))
	}
	return link(address, plain(label, true))
}

// bareLink makes a link of a bare address.
func bareLink(s string, at int) (string, int) {
	if before, _ := utf8.DecodeLastRuneInString(s[:at]); at > 0 && wordy(before) {
		return "", 0
	}
	rest := s[at:]
	if _, ok := cutEither(strings.ToLower(rest[:min(len(rest), 8)]), "http://", "https://"); !ok {
		return "", 0
	}
	end := strings.IndexAny(rest, " \t<>|\"`\u200b")
	if end < 0 {
		end = len(rest)
	}
	address := strings.TrimRight(untilEntity(rest[:end]), ".,;:!?'*_~)]}")
	if !safeURL(decode(address)) {
		return "", 0
	}
	return link(decode(address), escape(decode(address))), len(address)
}

// untilEntity ends an address before an angle bracket that somebody typed.
func untilEntity(s string) string {
	for _, e := range []string{"&lt;", "&gt;"} {
		s, _, _ = strings.Cut(s, e)
	}
	return s
}
