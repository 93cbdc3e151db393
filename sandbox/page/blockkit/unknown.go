package blockkit

import (
	"bytes"
	"encoding/json"
)

// unknownMost bounds how much of the JSON an unknown part shows, in bytes.
const unknownMost = 2000

// unknown is the red box for a part that cannot be drawn. What is "block", "element" and so on; err is why, if it is of a
// known type but cannot be read.
func unknown(what, kind string, raw json.RawMessage, err error) string {
	var b bytes.Buffer
	if json.Indent(&b, raw, "", "  ") != nil {
		b.Reset()
		b.Write(raw)
	}
	shown := b.String()
	if len(shown) > unknownMost {
		shown = shown[:unknownMost] + "…"
	}
	title := `Unknown ` + what + ` "` + kind + `"`
	if err != nil {
		title = `Unreadable ` + what + ` "` + kind + `": ` + err.Error()
	}
	return start("div", attr("class", "bk-unknown"), attr("role", "alert")) +
		el("strong", "", escape(title)) + el("pre", "", escape(shown)) + "</div>"
}

// kindOf reads the type of a part; "" when there is none.
func kindOf(raw json.RawMessage) string {
	var o struct {
		Type string `json:"type"`
	}
	_ = json.Unmarshal(raw, &o) // The caller says that "" is unknown.
	return o.Type
}

// read decodes a part and draws it; a part that does not fit is shown as unreadable.
func read[T any](what string, raw json.RawMessage, draw func(T) string) string {
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		return unknown(what, kindOf(raw), raw, err)
	}
	return draw(v)
}
