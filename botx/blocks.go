package bot

import (
	"fmt"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"usher/access"
	"usher/catalog"
)

// escape makes text from outside literal in mrkdwn: nothing else than these three is decoded by Slack. It also breaks
// up formatting marks, so that a name cannot pass for bold or code.
func escape(s string) string {
	s = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
	return strings.NewReplacer("*", "∗", "`", "ˋ", "~", "∼", "_", "_\u2060").Replace(s)
}

// plainEscape makes text literal in the notification text of a message.
func plainEscape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// cut shortens by characters, before any escaping.
func cut(s string, n int) string {
	s = strings.ToValidUTF8(strings.TrimSpace(s), "\ufffd")
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

// plain is a plain_text object with emoji codes left as typed; empty text becomes a dash, which Slack requires.
func plain(s string, n int) *slack.TextBlockObject {
	s = cut(s, n)
	if s == "" {
		s = "–"
	}
	off := false
	return &slack.TextBlockObject{Type: slack.PlainTextType, Text: s, Emoji: &off}
}

// section is mrkdwn of our own making; whatever comes from outside must have been escaped.
func section(id, text string) *slack.SectionBlock {
	return &slack.SectionBlock{
		Type: slack.MBTSection, BlockID: id,
		Text: &slack.TextBlockObject{Type: slack.MarkdownType, Text: text, Verbatim: true},
	}
}

func header(id, text string) *slack.HeaderBlock {
	return &slack.HeaderBlock{Type: slack.MBTHeader, BlockID: id, Text: plain(text, 150)}
}

func contextLine(id, text string) *slack.ContextBlock {
	return slack.NewContextBlock(id, &slack.TextBlockObject{Type: slack.MarkdownType, Text: text, Verbatim: true})
}

// quote shows what somebody typed letter by letter, under a label that says whose words they are.
func quote(id, label, text string) []slack.Block {
	q := slack.NewRichTextBlock(id,
		slack.NewRichTextSection(slack.NewRichTextSectionTextElement(label, &slack.RichTextSectionTextStyle{Bold: true})),
		&slack.RichTextQuote{Type: slack.RTEQuote, Elements: []slack.RichTextSectionElement{
			slack.NewRichTextSectionTextElement(orDash(cut(text, access.JustificationSize)), nil),
		}},
	)
	return []slack.Block{q}
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// button is a button whose value is an id and nothing else.
func button(action, value, label string, style slack.Style) *slack.ButtonBlockElement {
	b := slack.NewButtonBlockElement(action, value, plain(label, 75))
	b.Style = style
	return b
}

func confirm(title, text, yes, no string) *slack.ConfirmationBlockObject {
	return slack.NewConfirmationBlockObject(plain(title, 100), plain(text, 300), plain(yes, 30), plain(no, 30))
}

// when is a time in the reader's own zone, with UTC as the fallback.
func when(t time.Time) string {
	return fmt.Sprintf("<!date^%d^{date_short_pretty} {time}|%s>", t.Unix(), t.UTC().Format("2 Jan 2006 15:04 UTC"))
}

// whenPlain is a time where no zone can be known.
func whenPlain(t time.Time) string { return t.UTC().Format("2 Jan 15:04 UTC") }

// left is how long it is until t, in the two largest units that matter: "22 h", "1 h 5 min", "3 d 4 h".
func left(now, t time.Time) string {
	d := t.Sub(now).Round(time.Minute)
	if d < time.Minute {
		return "less than a minute"
	}
	days, hours, minutes := int(d/(24*time.Hour)), int(d%(24*time.Hour)/time.Hour), int(d%time.Hour/time.Minute)
	switch {
	case days > 0 && hours > 0:
		return fmt.Sprintf("%d d %d h", days, hours)
	case days > 0:
		return fmt.Sprintf("%d d", days)
	case hours > 0 && minutes > 0:
		return fmt.Sprintf("%d h %d min", hours, minutes)
	case hours > 0:
		return fmt.Sprintf("%d h", hours)
	}
	return fmt.Sprintf("%d min", minutes)
}

// link is a link to an issue, or nothing while there is none.
func link(i access.Issue) string {
	if i.Key == "" || i.URL == "" {
		return escape(i.Key)
	}
	return "<" + strings.NewReplacer(">", "", "|", "", "<", "").Replace(i.URL) + "|" + escape(i.Key) + ">"
}

// names lists people: "Ann", "Ann or Ben", "Ann, Ben or 3 others".
func names(people []access.Person, most int) string {
	list := make([]string, 0, len(people))
	for _, p := range people {
		list = append(list, cut(p.String(), 60))
	}
	switch n := len(list); {
	case n == 0:
		return "nobody"
	case n == 1:
		return list[0]
	case n > most:
		return strings.Join(list[:most], ", ") + fmt.Sprintf(" or %d others", n-most)
	default:
		return strings.Join(list[:n-1], ", ") + " or " + list[n-1]
	}
}

// length is a duration in words: "for 6 hours", "with no end".
func length(d catalog.Duration) string {
	if d == catalog.Standing {
		return "with no end"
	}
	return "for " + d.String()
}

// risk is a risk in words that people see.
func risk(r access.Role) string {
	s := "Risk: " + string(r.Risk)
	if r.Elevated {
		s += ", privileged"
	}
	return s
}
