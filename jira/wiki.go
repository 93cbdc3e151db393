package jira

import (
	"strings"
	"unicode"
	"unicode/utf16"
)

// gap is a zero-width space. It breaks markup where Jira has no escape for it; people do not see it.
const gap = '\u200b'

// escape makes text safe to stand in wiki markup: whatever it says is shown as it is and nothing of it is interpreted.
// Lines are kept apart by newlines; each may stand at the beginning of a line of markup. At most limit UTF-16 units are
// written (Jira counts text in them); the second result says whether something had to be left out. limit 0 = none.
//
// Jira's renderer takes a backslash before one of -#*_+?^~|%{}[]()!@ as an escape unless another backslash stands before
// it, and two backslashes as a line break. So a typed backslash is kept apart from what follows with a zero-width space.
func escape(text string, limit int) (string, bool) {
	lines := strings.Split(clean(text), "\n")
	var b strings.Builder
	used := 0
	put := func(s string) bool {
		n := units(s)
		if limit > 0 && used+n > limit {
			return false
		}
		used += n
		b.WriteString(s)
		return true
	}
	for i, line := range lines {
		if i > 0 && !put("\n") {
			return b.String(), true
		}
		if startsBlock(line) && !put(string(gap)) {
			return b.String(), true
		}
		r := []rune(line)
		for k := range r {
			if !put(escapeRune(r, k)) {
				return b.String(), true
			}
		}
	}
	return b.String(), false
}

// escaped is escape without a limit, for text on one line.
func escaped(text string) string {
	s, _ := escape(oneLine(text), 0)
	return s
}

// startsBlock reports whether Jira takes the beginning of the line for that of a block: a heading (h1.), a quotation (bq.), a
// footnote (fn1.), an item of a list (* or *# and a space), a ruler (--) or a row of a table (|).
func startsBlock(line string) bool {
	const space = "\t\n\f\r "
	line = strings.TrimLeft(line, space)
	if strings.HasPrefix(line, "|") || strings.HasPrefix(line, "--") || strings.HasPrefix(line, "bq.") {
		return true
	}
	if number, ok := strings.CutPrefix(line, "fn"); ok {
		return strings.HasPrefix(strings.TrimLeft(number, "0123456789"), ".")
	}
	if level, ok := strings.CutPrefix(line, "h"); ok {
		return len(level) >= 2 && level[0] >= '1' && level[0] <= '6' && level[1] == '.'
	}
	rest := strings.TrimLeft(line, "-*#")
	return rest != line && (rest == "" || strings.ContainsRune(space, rune(rest[0])))
}

// escapeRune returns line[i] so that it stands for itself.
func escapeRune(line []rune, i int) string {
	c := line[i]
	before, after := at(line, i-1), at(line, i+1)
	switch c {
	case '{', '}', '[', ']', '*', '_', '+', '^', '~', '|':
		return `\` + string(c)
	case '-':
		if word(before) && word(after) {
			return "-"
		}
		if before == ' ' && after == ' ' { // A dash between words; Jira takes two or three in a row for one.
			return "-"
		}
		return `\-`
	case '!':
		if after == 0 || after == ' ' {
			return "!"
		}
		return `\!`
	case '?':
		if before == '?' || after == '?' {
			return `\?`
		}
	case '(':
		if emoticon(line[i+1:]) {
			return `\(`
		}
	case '\\':
		return `\` + string(gap)
	case '@':
		if !word(before) {
			return "@" + string(gap)
		}
	case ':', ';':
		if after != 0 && strings.ContainsRune(")(PpD", after) && !word(at(line, i+2)) {
			return string(c) + string(gap)
		}
	case '&':
		if entity(line[i+1:]) {
			return "&" + string(gap)
		}
	}
	return string(c)
}

// emoticon reports whether what follows an opening parenthesis makes it a picture: (!), (x), (on), (*r).
func emoticon(rest []rune) bool {
	for n, c := range rest {
		switch {
		case c == ')':
			return n > 0
		case n >= 8 || c == ' ':
			return false
		}
	}
	return false
}

// entity reports whether what follows an ampersand makes it a character reference: &amp; or &#123;.
func entity(rest []rune) bool {
	for n, c := range rest {
		switch {
		case c == ';':
			return n > 0
		case !word(c) && (c != '#' || n > 0):
			return false
		}
	}
	return false
}

func at(line []rune, i int) rune {
	if i < 0 || i >= len(line) {
		return 0
	}
	return line[i]
}

func word(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// clean drops control characters and those that reorder text, which could make a line read as another one.
func clean(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\ufeff':
			return -1
		case r == '\u2028', r == '\u2029':
			return '\n'
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
}

// oneLine puts text on a single line.
func oneLine(text string) string { return strings.Join(strings.Fields(clean(text)), " ") }

// units counts text as Jira's limits do.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// cut shortens plain text to a number of UTF-16 units, with a mark where something is missing.
func cut(s string, limit int) string {
	if units(s) <= limit {
		return s
	}
	n, end := 0, 0
	for i, r := range s {
		n += utf16.RuneLen(r)
		if n > limit-1 {
			end = i
			break
		}
	}
	return s[:end] + "…"
}
