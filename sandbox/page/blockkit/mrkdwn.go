package blockkit

import "strings"

func (p *page) mrkdwn(s string, verbatim bool) string {
	return strings.ReplaceAll(escape(s), "\n", "<br>")
}

func plain(s string, codes bool) string { return strings.ReplaceAll(escape(s), "\n", "<br>") }

func emojiShown(s string) string { return s }
