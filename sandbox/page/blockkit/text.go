package blockkit

import (
	"encoding/json"
	"fmt"
)

// text is a text object.
type text struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Emoji    *bool  `json:"emoji"`
	Verbatim bool   `json:"verbatim"`
}

// UnmarshalJSON refuses a text object of an unknown type.
func (t *text) UnmarshalJSON(raw []byte) error {
	type fields text
	if err := json.Unmarshal(raw, (*fields)(t)); err != nil {
		return err
	}
	if t.Type != "plain_text" && t.Type != "mrkdwn" {
		return fmt.Errorf("text object of type %q", t.Type)
	}
	return nil
}

// html draws a text object; nil is nothing.
func (p *page) html(t *text) string {
	switch {
	case t == nil:
		return ""
	case t.Type == "mrkdwn":
		return p.mrkdwn(t.Text, t.Verbatim)
	}
	return plain(t.Text, t.codes())
}

// shown is a text object where no markup can be: in attributes and options.
func (t *text) shown() string {
	if t == nil {
		return ""
	}
	if t.codes() {
		return emojiShown(t.Text)
	}
	return t.Text
}

// codes tells whether :codes: mean emoji. Slack says so of a text that does not say anything.
func (t *text) codes() bool { return t.Emoji == nil || *t.Emoji }

// words draws a text object in a box of its own, whose direction is that of its first letter.
func (p *page) words(class string, t *text) string {
	if t == nil {
		return ""
	}
	return start("div", attr("class", class), attr("dir", "auto")) + p.html(t) + "</div>"
}
