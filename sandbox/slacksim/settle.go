package slacksim

import "strconv"

// settle makes what Slack stores of blocks: ids where they lack, and the defaults of text objects written out.
// The lock must be held.
func (s *Server) settle(blocks []any) []any {
	out := make([]any, len(blocks))
	for i, b := range blocks {
		out[i] = s.settleValue(b)
		if block, ok := out[i].(map[string]any); ok {
			if id, _ := block["block_id"].(string); id == "" {
				block["block_id"] = secret()[:5]
			}
		}
	}
	return out
}

func (s *Server) settleValue(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = s.settleValue(e)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v)+1)
		for k, e := range v {
			out[k] = s.settleValue(e)
		}
		kind, _ := out["type"].(string)
		switch {
		case kind == "plain_text":
			setDefault(out, "emoji", true)
			colons(out)
		case kind == "mrkdwn":
			setDefault(out, "verbatim", false)
			colons(out)
		case hasActionID(kind):
			if id, _ := out["action_id"].(string); id == "" {
				s.ids++
				out["action_id"] = "a" + strconv.Itoa(s.ids)
			}
		}
		return out
	}
	return v
}

func colons(text map[string]any) {
	if t, ok := text["text"].(string); ok {
		text["text"] = emojiCodes(t)
	}
}

func setDefault(o map[string]any, name string, v any) {
	if _, ok := o[name]; !ok {
		o[name] = v
	}
}

// hasActionID tells whether an element of this type gets an action_id.
func hasActionID(kind string) bool {
	switch kind {
	case "button", "checkboxes", "datepicker", "datetimepicker", "timepicker", "overflow", "radio_buttons",
		"plain_text_input", "number_input", "email_text_input", "url_text_input", "rich_text_input", "file_input",
		"static_select", "external_select", "users_select", "conversations_select", "channels_select",
		"multi_static_select", "multi_external_select", "multi_users_select", "multi_conversations_select", "multi_channels_select",
		"workflow_button", "feedback_buttons", "icon_button":
		return true
	}
	return false
}
