package access

import (
	"strings"
	"unicode"
)

// spoken is what somebody typed without the space around it; empty if nothing of it can be seen. Unicode has letters that
// show nothing, and a reason made of them is none.
func spoken(s string) string {
	s = strings.TrimSpace(s)
	if strings.ContainsFunc(s, seen) {
		return s
	}
	return ""
}

func seen(r rune) bool {
	switch r {
	case '\u115f', '\u1160', '\u2800', '\u3164', '\uffa0': // Fillers and the empty Braille cell.
		return false
	}
	return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.Is(unicode.M, r)
}
