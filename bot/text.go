package bot

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// clean makes typed text fit to be shown on one screen with facts: control signs go, and so do those that turn the reading
// direction round, which could make "denied" look like "approved", and those that nobody sees. Letters of any script
// stay, with a bounded number of marks on each. Text of which nothing can be seen becomes empty.
func clean(s string) string {
	marks, some := 0, false
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == utf8.RuneError, unicode.IsControl(r), turns(r), hides(r):
			return -1
		case fills(r):
			return ' '
		case r == 0x2028, r == 0x2029: // The lines and paragraphs of Unicode.
			return '\n'
		case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Me, r):
			if marks++; marks > marksMax {
				return -1
			}
			return r
		}
		marks = 0
		some = some || !unicode.IsSpace(r) && r != 0x200C && r != 0x200D
		return r
	}, strings.ToValidUTF8(s, ""))
	if !some {
		return ""
	}
	return s
}

// marksMax is how many marks a letter may carry: more than any script needs, fewer than reach into the next line.
const marksMax = 4

// turns tells the signs that change the reading direction.
func turns(r rune) bool {
	return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x206F || r == 0x200E || r == 0x200F || r == 0x061C
}

// hides tells signs that take no room. The joiners U+200C and U+200D stay, for Persian and for families of emoji.
func hides(r rune) bool {
	return r == 0x200B || r >= 0x2060 && r <= 0x2064 || r == 0xFEFF || r == 0x00AD || r == 0x034F || r == 0x180E ||
		r >= 0xFFF9 && r <= 0xFFFB || r >= 0xE0000 && r <= 0xE0FFF
}

// fills tells letters that look like a space.
func fills(r rune) bool {
	return r == 0x115F || r == 0x1160 || r == 0x3164 || r == 0xFFA0 || r == 0x2800
}

// line is clean text on a single line.
func line(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

// cut shortens a text to at most n characters, the last of them an ellipsis. Slack may count UTF-16 units, so a sign
// outside the basic plane counts as two.
func cut(s string, n int) string {
	size, fits := 0, 0
	for i, r := range s {
		w := 1
		if r > 0xFFFF {
			w = 2
		}
		if size+w > n {
			return strings.TrimRight(s[:fits], " \n") + "…"
		}
		size += w
		if size <= n-1 {
			fits = i + utf8.RuneLen(r)
		}
	}
	return s
}

// escape makes text literal in mrkdwn as far as Slack's three special signs go: no mention, no link, no date.
func escape(s string) string {
	s = strings.ReplaceAll(s, "&", "&amp;")
	s = strings.ReplaceAll(s, "<", "&lt;")
	return strings.ReplaceAll(s, ">", "&gt;")
}

// fallback is the text beside the blocks: what notifications and screen readers say. Slack wants it below 4,000
// characters, and escaping may make five of one.
func fallback(s string) string {
	const most = 3500
	var b strings.Builder
	size := 0
	for _, r := range withoutEmoji(line(s)) {
		e := escape(string(r))
		if size += len(e); size > most {
			return strings.TrimRight(b.String(), " ") + "…"
		}
		b.WriteString(e)
	}
	return b.String()
}

// withoutEmoji keeps names of emoji between colons from becoming pictures, such as a check mark that nobody gave.
func withoutEmoji(s string) string {
	var b strings.Builder
	for i, r := range s {
		b.WriteRune(r)
		if r != ':' {
			continue
		}
		if n := strings.IndexAny(s[i+1:], ": \n\t"); n > 0 && s[i+1+n] == ':' {
			b.WriteRune('\u200b')
		}
	}
	return b.String()
}

// lit is a short text of unknown origin inside mrkdwn: one line, cut before it is escaped, and with the signs of
// formatting kept from working by a zero-width space.
func lit(s string, n int) string {
	s = escape(withoutEmoji(cut(line(s), n)))
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("*_~`", r) {
			b.WriteRune('\u200b')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// when shows a time in the reader's own time zone, with UTC as the fallback.
func when(t time.Time) string {
	if t.IsZero() {
		return "at an unknown time"
	}
	return fmt.Sprintf("<!date^%d^{date_short_pretty} {time}|%s>", t.Unix(), utc(t))
}

// utc spells a time for places that know no reader.
func utc(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04 UTC") }

// left spells a remaining time in at most two units, rounded up to the minute: "22 h 5 min", "1 day 3 h".
func left(d time.Duration) string {
	d = (d + time.Minute - 1).Truncate(time.Minute)
	if d <= 0 {
		return "less than 1 min"
	}
	days, hours, mins := int(d/(24*time.Hour)), int(d/time.Hour)%24, int(d/time.Minute)%60
	var parts []string
	switch {
	case days == 1:
		parts = append(parts, "1 day")
	case days > 1:
		parts = append(parts, fmt.Sprintf("%d days", days))
	}
	if hours > 0 {
		parts = append(parts, fmt.Sprintf("%d h", hours))
	}
	if mins > 0 && days == 0 {
		parts = append(parts, fmt.Sprintf("%d min", mins))
	}
	return strings.Join(parts, " ")
}

// names lists people as a sentence does: "Ann, Bo or Cy".
func names[T fmt.Stringer](people []T, last string) string {
	const most = 8
	var list []string
	for i, p := range people {
		if i == most {
			list = append(list, fmt.Sprintf("%d more", len(people)-most))
			break
		}
		list = append(list, lit(p.String(), 80))
	}
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " " + last + " " + list[len(list)-1]
}

// orDash shows that something is unknown.
func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}
