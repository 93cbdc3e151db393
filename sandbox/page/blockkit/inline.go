package blockkit

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a piece of a line: HTML that is ready, or a sign that may open or close a style.
type token struct {
	html        string
	mark        byte // *, _ or ~; 0 for what is ready
	open, close bool
}

// line draws one line.
func (m markup) line(s string) string { return styled(m.tokens(s), "") }

// tokens splits a line. Whatever stands between angle brackets or backticks, an emoji and an address are one piece each,
// in which no style opens or closes.
func (m markup) tokens(s string) []token {
	var out []token
	m.closed = lastCodeEnd(s)
	from := 0
	add := func(at int, t token) {
		if from < at {
			out = append(out, token{html: escape(decode(s[from:at]))})
		}
		out = append(out, t)
	}
	for at := 0; at < len(s); {
		if html, n := m.piece(s, at); n > 0 {
			add(at, token{html: html})
			at += n
			from = at
			continue
		}
		if c := s[at]; c == '*' || c == '_' || c == '~' {
			open, end := edges(s, at)
			add(at, token{html: s[at : at+1], mark: c, open: open, close: end})
			from = at + 1
		}
		at++
	}
	if from < len(s) {
		out = append(out, token{html: escape(decode(s[from:]))})
	}
	return out
}

// piece draws what begins at a place and is one piece; n is its length in the text, or 0.
func (m markup) piece(s string, at int) (html string, n int) {
	switch s[at] {
	case '<':
		return m.bracket(s[at:])
	case '`':
		return m.codeSpan(s, at)
	case ':':
		return emojiAt(s[at:])
	case 'h', 'H':
		if !m.verbatim {
			return bareLink(s, at)
		}
	}
	return "", 0
}

// edges tells whether a sign may open a style, or close one. Slack looks for words: a style opens outside of a word and
// before something, and closes behind something and outside of a word. A zero-width space is a space.
func edges(s string, at int) (open, end bool) {
	before, _ := utf8.DecodeLastRuneInString(s[:at])
	after, _ := utf8.DecodeRuneInString(s[at+1:])
	self := rune(s[at])
	if before == self || after == self {
		return false, false
	}
	atStart, atEnd := at == 0, at+1 == len(s)
	open = !atEnd && !blank(after) && (atStart || !wordy(before))
	end = !atStart && !blank(before) && (atEnd || !wordy(after))
	return open, end
}

func wordy(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func blank(r rune) bool { return unicode.IsSpace(r) || r == '\u200b' }

// styled draws tokens. within are the signs of the styles that are open around them.
func styled(tokens []token, within string) string {
	last := map[byte]int{} // The last sign of each kind that closes, so that nobody looks for one in vain.
	for i, t := range tokens {
		if t.close {
			last[t.mark] = i
		}
	}
	var b strings.Builder
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		if t.open && i < last[t.mark] && strings.IndexByte(within, t.mark) < 0 {
			if n := closing(tokens[i+1:], t.mark); n > 0 {
				inner := styled(tokens[i+1:i+1+n], within+string(t.mark))
				b.WriteString(el(styleTag(t.mark), "", inner))
				i += n + 1
				continue
			}
		}
		b.WriteString(t.html)
	}
	return b.String()
}

// closing counts the tokens before the one that closes a style; 0 if none does.
func closing(tokens []token, mark byte) int {
	for i, t := range tokens {
		if t.mark == mark && t.close {
			return i
		}
	}
	return 0
}

func styleTag(mark byte) string {
	switch mark {
	case '*':
		return "b"
	case '_':
		return "i"
	}
	return "s"
}

// lastCodeEnd is where the last backtick stands that may close, or -1.
func lastCodeEnd(s string) int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '`' {
			if _, end := edges(s, i); end {
				return i
			}
		}
	}
	return -1
}

// codeSpan draws `code`.
func (m markup) codeSpan(s string, at int) (string, int) {
	if open, _ := edges(s, at); !open || at >= m.closed {
		return "", 0
	}
	for i := at + 1; i < len(s); i++ {
		if s[i] != '`' {
			continue
		}
		if _, end := edges(s, i); end {
			return el("code", "", m.code(s[at+1:i])), i + 1 - at
		}
	}
	return "", 0
}

// code draws text in which nothing but angle brackets means anything.
func (m markup) code(s string) string {
	var b strings.Builder
	for s != "" {
		at := strings.IndexByte(s, '<')
		if at < 0 {
			at = len(s)
		}
		b.WriteString(escape(decode(s[:at])))
		if s = s[at:]; s == "" {
			break
		}
		html, n := m.bracket(s)
		if n == 0 {
			html, n = "&lt;", 1
		}
		b.WriteString(html)
		s = s[n:]
	}
	return b.String()
}

// decode resolves the three entities of Slack, once.
func decode(s string) string {
	if !strings.Contains(s, "&") {
		return s
	}
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}
