package slacksim

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// placed is an element with the block that holds it.
type placed struct {
	block, action string
	element       map[string]any
	holder        map[string]any // the block
}

// actionElements finds every element with an action_id, in the order of the screen.
func actionElements(blocks []any) []placed {
	var out []placed
	var blockOf func(b any)
	add := func(holder map[string]any, e any) {
		o, _ := e.(map[string]any)
		kind, _ := o["type"].(string)
		if !hasActionID(kind) {
			return
		}
		block, _ := holder["block_id"].(string)
		action, _ := o["action_id"].(string)
		out = append(out, placed{block: block, action: action, element: o, holder: holder})
	}
	blockOf = func(b any) {
		o, _ := b.(map[string]any)
		switch o["type"] {
		case "carousel":
			cards, _ := o["elements"].([]any)
			for _, c := range cards {
				blockOf(c)
			}
			return
		case "container":
			children, _ := o["child_blocks"].([]any)
			for _, c := range children {
				blockOf(c)
			}
			return
		}
		add(o, o["accessory"])
		add(o, o["element"])
		for _, name := range []string{"elements", "actions"} {
			parts, _ := o[name].([]any)
			for _, e := range parts {
				add(o, e)
			}
		}
	}
	for _, b := range blocks {
		blockOf(b)
	}
	return out
}

// statefulElements are those whose value appears in state.values.
func statefulElements(blocks []any) []placed {
	var out []placed
	for _, e := range actionElements(blocks) {
		if valueField(e.kind()) != "" {
			out = append(out, e)
		}
	}
	return out
}

func (p placed) kind() string { k, _ := p.element["type"].(string); return k }

// valueField names the property of state.values that carries an element's value; "" for buttons and overflow menus.
func valueField(kind string) string {
	switch kind {
	case "plain_text_input", "number_input", "email_text_input", "url_text_input":
		return "value"
	case "rich_text_input":
		return "rich_text_value"
	case "file_input":
		return "files"
	case "static_select", "external_select", "radio_buttons":
		return "selected_option"
	case "multi_static_select", "multi_external_select", "checkboxes":
		return "selected_options"
	case "users_select":
		return "selected_user"
	case "conversations_select":
		return "selected_conversation"
	case "channels_select":
		return "selected_channel"
	case "multi_users_select":
		return "selected_users"
	case "multi_conversations_select":
		return "selected_conversations"
	case "multi_channels_select":
		return "selected_channels"
	case "datepicker":
		return "selected_date"
	case "timepicker":
		return "selected_time"
	case "datetimepicker":
		return "selected_date_time"
	}
	return ""
}

// initialState is the state of an element that nobody has touched.
func initialState(element map[string]any) map[string]any {
	kind, _ := element["type"].(string)
	name := valueField(kind)
	state := map[string]any{"type": kind, name: nil}
	if strings.HasSuffix(name, "s") {
		state[name] = []any{}
	}
	if name == "rich_text_value" || name == "value" {
		if v, ok := element["initial_value"]; ok && v != "" {
			state[name] = v
		}
		return state
	}
	if v, ok := element["initial_"+strings.TrimPrefix(name, "selected_")]; ok {
		state[name] = v
	}
	return state
}

// newState makes the state for a value that a person chose or typed. offered are the options of an external select.
func newState(element map[string]any, value any, offered []any) (map[string]any, error) {
	kind, _ := element["type"].(string)
	name := valueField(kind)
	if name == "" {
		return nil, notThere("value of a %s", kind)
	}
	state := initialState(map[string]any{"type": kind})
	if value == nil {
		return state, nil
	}
	var err error
	switch name {
	case "selected_option":
		state[name], err = pickOption(element, fmt.Sprint(value), offered)
	case "selected_options":
		list := []any{}
		for _, v := range stringsOf(value) {
			o, e := pickOption(element, v, offered)
			if e != nil {
				err = e
			}
			list = append(list, o)
		}
		state[name] = list
	case "selected_users", "selected_conversations", "selected_channels":
		state[name] = stringsOf(value)
	case "selected_date_time":
		if t, ok := value.(time.Time); ok {
			value = t.Unix()
		}
		n, convErr := strconv.ParseInt(fmt.Sprint(value), 10, 64)
		state[name], err = n, convErr
	case "rich_text_value", "files":
		state[name] = value
	default:
		if s := fmt.Sprint(value); s != "" {
			state[name] = s
		}
	}
	return state, err
}

func stringsOf(value any) []string {
	switch v := value.(type) {
	case []string:
		return v
	case string:
		return []string{v}
	case []any:
		out := []string{}
		for _, e := range v {
			out = append(out, fmt.Sprint(e))
		}
		return out
	}
	return []string{fmt.Sprint(value)}
}

// optionsOf gives the options of a menu, groups flattened.
func optionsOf(element map[string]any) []any {
	options, _ := element["options"].([]any)
	groups, _ := element["option_groups"].([]any)
	for _, g := range groups {
		o, _ := g.(map[string]any)
		inner, _ := o["options"].([]any)
		options = append(options[:len(options):len(options)], inner...)
	}
	return options
}

// pickOption finds an option by its value or, failing that, by its label.
func pickOption(element map[string]any, want string, offered []any) (map[string]any, error) {
	options := optionsOf(element)
	if kind, _ := element["type"].(string); strings.HasSuffix(kind, "external_select") {
		options = offered
	}
	for _, byLabel := range []bool{false, true} {
		for _, e := range options {
			o, _ := e.(map[string]any)
			have, _ := o["value"].(string)
			if byLabel {
				have = labelOf(o["text"])
			}
			if have == want {
				return o, nil
			}
		}
	}
	return nil, notThere("option %q of %v", want, element["action_id"])
}

// filled tells whether a state holds a value.
func filled(state any) bool {
	o, _ := state.(map[string]any)
	kind, _ := o["type"].(string)
	switch v := o[valueField(kind)].(type) {
	case nil:
		return false
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case []string:
		return len(v) > 0
	case json.Number:
		return v != ""
	}
	return true
}
