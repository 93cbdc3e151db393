package slacksim

import (
	"strings"
	"sync"
)

// emojiTable pairs the characters that Slack stores as codes with those codes. Only common ones are known here.
func emojiTable() []string {
	return []string{
		"✅", ":white_check_mark:", "❌", ":x:", "⏳", ":hourglass_flowing_sand:", "⌛", ":hourglass:", "🔒", ":lock:",
		"🔓", ":unlock:", "🔑", ":key:", "👍", ":+1:", "👎", ":-1:", "🎉", ":tada:", "🚫", ":no_entry_sign:", "⛔", ":no_entry:",
		"👀", ":eyes:", "🔔", ":bell:", "⏰", ":alarm_clock:", "🚨", ":rotating_light:", "📋", ":clipboard:", "📝", ":memo:",
		"🕐", ":clock1:", "👋", ":wave:", "🟢", ":large_green_circle:", "🔴", ":red_circle:", "🟡", ":large_yellow_circle:",
	}
}

//nolint:gochecknoglobals // Built once: messages are rendered often.
var toCodes = sync.OnceValue(func() *strings.Replacer { return strings.NewReplacer(emojiTable()...) })

//nolint:gochecknoglobals // As above.
var toCharacters = sync.OnceValue(func() *strings.Replacer {
	table := emojiTable()
	for i := 0; i < len(table); i += 2 {
		table[i], table[i+1] = table[i+1], table[i]
	}
	return strings.NewReplacer(table...)
})

// emojiCodes writes emoji characters as colon codes, as Slack does in what it stores.
func emojiCodes(text string) string {
	if isASCII(text) {
		return text
	}
	return toCodes().Replace(text)
}

// emojiShown turns colon codes back into the characters that people see.
func emojiShown(text string) string {
	if !strings.Contains(text, ":") {
		return text
	}
	return toCharacters().Replace(text)
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}
