package bot

import (
	"strings"
	"unicode/utf8"
)

// asText is mrkdwn of our own as plain text: lines as sentences, times in UTC, links by their labels, signs as they were
// typed.
func asText(md string) string {
	if first, rest, more := strings.Cut(md, "\n"); more {
		return sentences(asText(first), asText(rest))
	}
	var b strings.Builder
	for len(md) > 0 {
		r, n := utf8.DecodeRuneInString(md)
		switch {
		case r == '<': // A date or a link; what people typed has no bare brackets.
			if inner, rest, ok := strings.Cut(md[1:], ">"); ok {
				_, label, _ := strings.Cut(inner, "|")
				b.WriteString(label)
				md = rest
				continue
			}
		case r == '*': // Of our own; lit puts a sign that nobody sees before a typed one.
		case r == '\u200b':
			_, size := utf8.DecodeRuneInString(md[n:])
			b.WriteString(md[n : n+size])
			n += size
		default:
			b.WriteRune(r)
		}
		md = md[n:]
	}
	s := strings.ReplaceAll(b.String(), "&lt;", "<")
	s = strings.ReplaceAll(s, "&gt;", ">")
	return strings.ReplaceAll(s, "&amp;", "&") // Last, so that what was escaped twice is freed once.
}

// sentences puts sentences together with a period between those that lack one.
func sentences(list ...string) string {
	var b strings.Builder
	for _, s := range list {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		b.WriteString(s)
		if !strings.ContainsAny(s[len(s)-1:], ".!?") && !strings.HasSuffix(s, "…") {
			b.WriteByte('.')
		}
		b.WriteByte(' ')
	}
	return strings.TrimSpace(b.String())
}
