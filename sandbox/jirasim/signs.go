package jirasim

import (
	"strings"
	"unicode/utf8"
)

// entity measures a character reference, such as &amp; or &#123;, at the beginning of s; 0 = there is none.
func entity(s string) int {
	end := strings.IndexByte(s[:min(len(s), 12)], ';')
	if end < 2 {
		return 0
	}
	name := strings.TrimPrefix(s[1:end], "#")
	if name == "" || strings.Trim(name, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return 0
	}
	return end + 1
}

// emoticon reads the notation of a picture at the beginning of s and says how long it is; nil = there is none.
func emoticon(s string) (*node, int) {
	for _, e := range [][3]string{
		{"(/)", "✅", "check_mark"},
		{"(x)", "❌", "cross_mark"},
		{"(!)", "⚠️", "warning"},
		{"(i)", "ℹ️", "info"},
		{"(?)", "❓", "question_mark"},
		{"(+)", "➕", "plus"},
		{"(-)", "➖", "minus"},
		{"(on)", "💡", "light_bulb_on"},
		{"(off)", "🔌", "light_bulb_off"},
		{"(*)", "⭐", "star"},
		{"(*r)", "⭐", "star"},
		{"(*g)", "⭐", "star"},
		{"(*b)", "⭐", "star"},
		{"(*y)", "⭐", "star"},
		{"(y)", "👍", "thumbsup"},
		{"(n)", "👎", "thumbsdown"},
		{"(flag)", "🚩", "flag_on"},
		{"(flagoff)", "🏳️", "flag_off"},
		{":)", "🙂", "slight_smile"},
		{":(", "🙁", "disappointed"},
		{":P", "😛", "stuck_out_tongue"},
		{":p", "😛", "stuck_out_tongue"},
		{":D", "😃", "smiley"},
		{";)", "😉", "wink"},
	} {
		rest, found := strings.CutPrefix(s, e[0])
		if !found {
			continue
		}
		if next, _ := utf8.DecodeRuneInString(rest); e[0][0] != '(' && isWord(next) {
			continue
		}
		return &node{Type: "emoji", Attrs: object{"shortName": ":" + e[2] + ":", "text": e[1]}}, len(e[0])
	}
	return nil, 0
}

// dash reads two or three hyphens between spaces; empty = there are none.
func dash(s string, i int) (sign string, n int) {
	if i == 0 || s[i-1] != ' ' {
		return "", 0
	}
	switch {
	case strings.HasPrefix(s[i:], "--- "):
		return "\u2014", 3
	case strings.HasPrefix(s[i:], "-- "):
		return "\u2013", 2
	}
	return "", 0
}

// colorOf is the color of a {color} macro in the form #rrggbb; empty if it names none.
func colorOf(name string) string {
	names := map[string]string{
		"black": "#000000", "white": "#ffffff", "gray": "#808080", "grey": "#808080", "silver": "#c0c0c0", "red": "#ff0000", "maroon": "#800000",
		"yellow": "#ffff00", "olive": "#808000", "lime": "#00ff00", "green": "#008000", "aqua": "#00ffff", "cyan": "#00ffff", "teal": "#008080",
		"blue": "#0000ff", "navy": "#000080", "fuchsia": "#ff00ff", "magenta": "#ff00ff", "purple": "#800080", "orange": "#ffa500",
	}
	name = strings.ToLower(strings.TrimSpace(name))
	if hex, known := names[name]; known {
		return hex
	}
	digits, isHex := strings.CutPrefix(name, "#")
	if !isHex || strings.Trim(digits, "0123456789abcdef") != "" {
		return ""
	}
	switch len(digits) {
	case 3:
		return "#" + strings.Repeat(digits[:1], 2) + strings.Repeat(digits[1:2], 2) + strings.Repeat(digits[2:], 2)
	case 6:
		return name
	}
	return ""
}
