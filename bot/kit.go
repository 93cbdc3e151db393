package bot

import (
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"usher/access"
)

// optionsMost is how many options Slack takes in a list, and how many groups of options.
const optionsMost = 100

// The smallest pieces of a view. Whatever a person typed goes through plain, quote or lit; only words of our own are
// written into mrkdwn as they are.

// plain is literal text of at most n characters, never empty.
func plain(s string, n int) *slack.TextBlockObject {
	s = cut(clean(s), n)
	if s == "" {
		s = "–"
	}
	off := false
	return &slack.TextBlockObject{Type: slack.PlainTextType, Text: s, Emoji: &off}
}

// md is mrkdwn that was put together from own words and lit texts.
func md(s string) *slack.TextBlockObject {
	return &slack.TextBlockObject{Type: slack.MarkdownType, Text: cutEscaped(orDash(s), 2900), Verbatim: true}
}

// cutEscaped cuts mrkdwn at the end of a line, so that no entity or bracket is torn.
func cutEscaped(s string, n int) string {
	if len([]rune(s)) <= n {
		return s
	}
	out := ""
	for _, l := range splitLines(s) {
		if len([]rune(out))+len([]rune(l)) > n-2 {
			return out + "…"
		}
		out += l
	}
	return out
}

func splitLines(s string) []string {
	var lines []string
	start := 0
	for i, r := range s {
		if r == '\n' {
			lines = append(lines, s[start:i+1])
			start = i + 1
		}
	}
	return append(lines, s[start:])
}

func header(s string) slack.Block { return slack.NewHeaderBlock(plain(line(s), 150)) }

func section(s string) *slack.SectionBlock { return slack.NewSectionBlock(md(s), nil, nil) }

func small(s string) slack.Block { return slack.NewContextBlock("", md(s)) }

func divider() slack.Block { return slack.NewDividerBlock() }

// fields shows pairs of label and value, at most ten; a value is mrkdwn.
func fields(pairs ...[2]string) slack.Block {
	var list []*slack.TextBlockObject
	for _, p := range pairs {
		if p[1] != "" && len(list) < 10 {
			t := md("*" + p[0] + "*\n" + p[1])
			t.Text = cutEscaped(t.Text, 1900)
			list = append(list, t)
		}
	}
	return slack.NewSectionBlock(nil, list, nil)
}

// quote shows what somebody typed, letter by letter, under a label that says who.
func quote(label, text string) slack.Block {
	text = cut(clean(text), 2500)
	if text == "" {
		text = "–"
	}
	bold := &slack.RichTextSectionTextStyle{Bold: true}
	return slack.NewRichTextBlock("",
		slack.NewRichTextSection(slack.NewRichTextSectionTextElement(cut(line(label), 150), bold)),
		&slack.RichTextQuote{Type: slack.RTEQuote, Elements: []slack.RichTextSectionElement{slack.NewRichTextSectionTextElement(text, nil)}},
	)
}

func button(action, value, label string) *slack.ButtonBlockElement {
	return &slack.ButtonBlockElement{Type: slack.METButton, ActionID: action, Value: value, Text: plain(label, 75)}
}

// said gives a button words for a screen reader that tell it from others with the same label. They begin with the label,
// which is what people see and say to a machine that listens.
func said(b *slack.ButtonBlockElement, words string) *slack.ButtonBlockElement {
	b.AccessibilityLabel = cut(line(words), 75)
	return b
}

func confirm(title, text, yes, no string) *slack.ConfirmationBlockObject {
	return slack.NewConfirmationBlockObject(plain(title, 100), plain(text, 300), plain(yes, 30), plain(no, 30))
}

func option(value, label, description string) *slack.OptionBlockObject {
	o := slack.NewOptionBlockObject(value, plain(line(label), 75), nil)
	if d := line(description); d != "" {
		o.Description = plain(d, 75)
	}
	return o
}

// modal is an empty modal view with the close button's label.
func modal(callback, title, closing string, blocks ...slack.Block) slack.ModalViewRequest {
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: callback, Title: plain(title, 24), Close: plain(closing, 24),
		Blocks: slack.Blocks{BlockSet: blocks},
	}
}

// alert is a banner in a modal; longer texts go into a section under a short banner.
func alert(level slack.AlertLevel, text string) []slack.Block {
	text = line(text)
	if n := len([]rune(text)); n <= 190 {
		return []slack.Block{&slack.AlertBlock{Type: slack.MBTAlert, Text: plain(text, 200), Level: level}}
	}
	return []slack.Block{
		&slack.AlertBlock{Type: slack.MBTAlert, Text: plain("Please read this:", 200), Level: level},
		slack.NewSectionBlock(plain(text, 2900), nil, nil),
	}
}

// sentenceView is a modal that says one thing.
func sentenceView(title, text string) slack.ModalViewRequest {
	return modal(callbackDone, title, "Close", slack.NewSectionBlock(plain(text, 2900), nil, nil))
}

// roleText is "App: Role" as mrkdwn.
func roleText(r access.Role) string { return lit(r.String(), 140) }

// issueLink is the issue as a link, its key alone when there is no safe address, or empty.
func issueLink(i access.Issue) string {
	switch {
	case i.Key == "":
		return ""
	case !safeURL(i.URL) || len(i.URL) > 2000:
		return lit(i.Key, 40)
	}
	return "<" + escape(linkSafe(i.URL)) + "|" + lit(i.Key, 40) + ">"
}

// linkSafe encodes the signs that would end a link early or format the text around it, and all that an address should not
// hold anyway.
func linkSafe(u string) string {
	var b strings.Builder
	for i := range len(u) {
		if c := u[i]; c <= ' ' || c > '~' || strings.IndexByte("<>|\"`", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
