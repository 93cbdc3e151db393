package jirasim

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// parseInline reads the markup inside a block.
func parseInline(s string) []*node {
	p := &inlineParser{}
	p.parse(s, nil)
	p.flush(nil)
	return p.out
}

type inlineParser struct {
	out  []*node
	text strings.Builder
}

func (p *inlineParser) flush(marks []*node) {
	if p.text.Len() > 0 {
		p.out = append(p.out, &node{Type: "text", Text: p.text.String(), Marks: marks})
		p.text.Reset()
	}
}

func (p *inlineParser) put(n *node, marks []*node) {
	p.flush(marks)
	p.out = append(p.out, n)
}

func (p *inlineParser) parse(s string, marks []*node) {
	for i := 0; i < len(s); {
		if n := p.special(s, i, marks); n > 0 {
			i += n
			continue
		}
		p.text.WriteByte(s[i])
		i++
	}
}

// special handles markup at s[i] and says how many bytes it took; 0 = plain text.
func (p *inlineParser) special(s string, i int, marks []*node) int {
	rest := s[i:]
	switch rest[0] {
	case '\n':
		p.put(&node{Type: "hardBreak"}, marks)
		return 1
	case '\\':
		if strings.HasPrefix(rest, `\\`) {
			p.put(&node{Type: "hardBreak"}, marks)
			return 2
		}
		if len(rest) > 1 && strings.IndexByte(`{}[]()*_-+^~|!?#\.`, rest[1]) >= 0 {
			p.text.WriteByte(rest[1])
			return 2
		}
	case '{':
		return p.braces(rest, marks)
	case '&':
		if n := entity(rest); n > 0 {
			p.text.WriteString(html.UnescapeString(rest[:n]))
			return n
		}
	case '(', ':', ';':
		if sign, n := emoticon(rest); n > 0 && !wordBefore(s, i) {
			p.put(sign, marks)
			return n
		}
	case '-':
		if sign, n := dash(s, i); n > 0 {
			p.text.WriteString(sign)
			return n
		}
	case '?':
		if end := strings.Index(rest[min(2, len(rest)):], "??"); strings.HasPrefix(rest, "??") && end > 0 && !strings.Contains(rest[:end+2], "\n") {
			p.within(rest[2:end+2], marks, &node{Type: "em"})
			return end + 4
		}
	case '[':
		return p.bracket(rest, marks)
	case '!':
		if end := strings.IndexAny(rest[1:], "!\n "); end > 0 && rest[1+end] == '!' && strings.Contains(rest[1:1+end], ".") {
			target, _, _ := strings.Cut(rest[1:1+end], "|")
			p.flush(marks)
			p.out = append(p.out, &node{Type: "text", Text: "image: " + target, Marks: with(marks, linkMark(target))})
			return end + 2
		}
	case 'h':
		if n := bareURL(rest); n > 0 && !wordBefore(s, i) {
			p.flush(marks)
			p.out = append(p.out, &node{Type: "text", Text: rest[:n], Marks: with(marks, linkMark(rest[:n]))})
			return n
		}
	}
	return p.emphasis(s, i, marks)
}

func linkMark(url string) *node { return &node{Type: "link", Attrs: object{"href": url}} }

func with(marks []*node, m *node) []*node {
	return append(append([]*node(nil), marks...), m)
}

func bareURL(s string) int {
	if !strings.HasPrefix(s, "http://") && !strings.HasPrefix(s, "https://") {
		return 0
	}
	end := strings.IndexAny(s, " \t\n|]\"<>{}")
	if end < 0 {
		end = len(s)
	}
	return len(strings.TrimRight(s[:end], ".,;:!?)"))
}

func (p *inlineParser) braces(rest string, marks []*node) int {
	if strings.HasPrefix(rest, "{{") {
		if end := strings.Index(rest, "}}"); end > 2 {
			p.flush(marks)
			p.out = append(p.out, &node{Type: "text", Text: unescape(rest[2:end]), Marks: with(marks, &node{Type: "code"})})
			return end + 2
		}
	}
	return p.colored(rest, marks)
}

// colored reads {color:red}…{color}. A tag without its partner is left out.
func (p *inlineParser) colored(rest string, marks []*node) int {
	tag, inner, found := strings.Cut(rest, "}")
	if !found || tag != "{color" && !strings.HasPrefix(tag, "{color:") {
		return 0
	}
	const end = "{color}"
	at := strings.Index(inner, end)
	color := colorOf(strings.TrimPrefix(tag, "{color:"))
	if at < 0 || color == "" {
		return len(tag) + 1
	}
	p.within(inner[:at], marks, &node{Type: "textColor", Attrs: object{"color": color}})
	return len(tag) + 1 + at + len(end)
}

// within reads text that has one more mark.
func (p *inlineParser) within(s string, marks []*node, mark *node) {
	p.flush(marks)
	inner := with(marks, mark)
	p.parse(s, inner)
	p.flush(inner)
}

func (p *inlineParser) bracket(rest string, marks []*node) int {
	end := closing(rest)
	if end < 2 {
		return 0
	}
	inner := rest[1:end]
	if id, isMention := strings.CutPrefix(inner, "~accountid:"); isMention {
		p.put(&node{Type: "mention", Attrs: object{"id": id, "text": "@" + id}}, marks)
		return end + 1
	}
	label, target, two := strings.Cut(inner, "|")
	if !two {
		target = inner
	}
	if label = unescape(label); label == "" {
		label = target
	}
	if !strings.Contains(target, "://") && !strings.HasPrefix(target, "mailto:") && !strings.HasPrefix(target, "#") {
		return 0
	}
	p.flush(marks)
	p.out = append(p.out, &node{Type: "text", Text: label, Marks: with(marks, linkMark(target))})
	return end + 1
}

// closing finds the bracket that ends a link on the same line; -1 = none.
func closing(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '\n':
			return -1
		case ']':
			return i
		}
	}
	return -1
}

// emphasis handles *strong*, _em_ and the like: the marks stand at the edges of words.
func (p *inlineParser) emphasis(s string, i int, marks []*node) int {
	kinds := map[byte]*node{
		'*': {Type: "strong"}, '_': {Type: "em"}, '-': {Type: "strike"}, '+': {Type: "underline"},
		'^': {Type: "subsup", Attrs: object{"type": "sup"}}, '~': {Type: "subsup", Attrs: object{"type": "sub"}},
	}
	mark := kinds[s[i]]
	if mark == nil || wordBefore(s, i) || i+1 >= len(s) || s[i+1] == ' ' || s[i+1] == s[i] {
		return 0
	}
	for j := i + 2; j < len(s) && s[j] != '\n'; j++ {
		if s[j] != s[i] || s[j-1] == ' ' || s[j-1] == '\\' {
			continue
		}
		if next, _ := utf8.DecodeRuneInString(s[j+1:]); j+1 < len(s) && isWord(next) {
			continue
		}
		p.within(s[i+1:j], marks, mark)
		return j + 1 - i
	}
	return 0
}

func wordBefore(s string, i int) bool {
	r, _ := utf8.DecodeLastRuneInString(s[:i])
	return i > 0 && (isWord(r) || r == '\\')
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
