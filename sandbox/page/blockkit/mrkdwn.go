package blockkit

import "strings"

// markup draws Slack's own markup. Structure is found in the text as it was sent, where every &, < and > of a person is an
// entity; entities are decoded last, so that no person can place a link, a mention or a date.
type markup struct {
	p        *page
	verbatim bool // No link is made of a bare address.
	closed   int  // Where in the line the last backtick stands that may close; behind it nobody need look for one.
}

// mrkdwn draws a text that may hold quotes and preformatted blocks.
func (p *page) mrkdwn(s string, verbatim bool) string {
	s = strings.ReplaceAll(clean(s), "\r", "")
	return markup{p: p, verbatim: verbatim}.blocks(s, true)
}

// fence opens and closes preformatted text.
const fence = "```"

// blocks draws lines. Inside of a quote the sign for quotes means nothing.
func (m markup) blocks(s string, quotes bool) string {
	var out, open strings.Builder // open are the lines outside of any quote that are not drawn yet.
	flush := func() {
		out.WriteString(m.paragraph(strings.TrimSuffix(open.String(), "\n")))
		open.Reset()
	}
	for s != "" {
		if rest, ok := cutEither(s, "&gt;&gt;&gt;", ">>>"); ok && quotes {
			flush()
			out.WriteString(el("blockquote", "", m.blocks(strings.TrimLeft(rest, " \n"), false)))
			return out.String()
		}
		if _, ok := cutEither(s, "&gt;", ">"); ok && quotes {
			flush()
			var quoted string
			quoted, s = takeQuoted(s)
			out.WriteString(el("blockquote", "", m.blocks(quoted, false)))
			continue
		}
		end := lineEnd(s)
		open.WriteString(s[:end])
		s = s[end:]
	}
	flush()
	return out.String()
}

// cutEither cuts one of two prefixes.
func cutEither(s, a, b string) (string, bool) {
	if rest, ok := strings.CutPrefix(s, a); ok {
		return rest, true
	}
	return strings.CutPrefix(s, b)
}

// takeQuoted takes the lines on top that begin with the sign for quotes, without it.
func takeQuoted(s string) (quoted, rest string) {
	var lines []string
	for s != "" {
		after, ok := cutEither(s, "&gt;", ">")
		if !ok {
			break
		}
		line, below, _ := strings.Cut(after, "\n")
		lines = append(lines, strings.TrimPrefix(line, " "))
		s = below
	}
	return strings.Join(lines, "\n"), s
}

// lineEnd is where the first line ends, behind its line feed. A line feed inside of preformatted text ends no line.
func lineEnd(s string) int {
	at := 0
	for {
		feed := strings.IndexByte(s[at:], '\n')
		open, end := findFence(s[at:])
		switch {
		case open >= 0 && (feed < 0 || open < feed):
			at += end
		case feed < 0:
			return len(s)
		default:
			return at + feed + 1
		}
	}
}

// findFence finds the first preformatted text that is closed and holds something; open is -1 if there is none.
func findFence(s string) (open, end int) {
	open = strings.Index(s, fence)
	if open < 0 {
		return -1, 0
	}
	inner := s[open+len(fence):]
	n := strings.Index(inner, fence)
	if n < 0 || strings.TrimSpace(inner[:n]) == "" {
		return -1, 0
	}
	return open, open + len(fence) + n + len(fence)
}

// paragraph draws lines with no quote among them.
func (m markup) paragraph(s string) string {
	out := ""
	for s != "" {
		open, end := findFence(s)
		if open < 0 {
			return out + m.lines(s)
		}
		out += m.lines(strings.TrimSuffix(s[:open], "\n"))
		out += el("pre", "", m.code(strings.Trim(s[open+len(fence):end-len(fence)], "\n")))
		s = strings.TrimPrefix(s[end:], "\n")
	}
	return out
}

func (m markup) lines(s string) string {
	if s == "" {
		return ""
	}
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = m.line(l)
	}
	return strings.Join(lines, "<br>")
}
