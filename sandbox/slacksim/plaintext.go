package slacksim

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// PlainText renders blocks, or a whole view, for terminals and assertions: buttons as [Label], menus as <choice>,
// dates in UTC. What it cannot read it leaves out.
func PlainText(raw json.RawMessage) string {
	v, err := decode(raw)
	if err != nil {
		return ""
	}
	var p plainPage
	switch v := v.(type) {
	case []any:
		p.blocks(v)
	case map[string]any:
		p.viewPage(v)
	}
	return strings.TrimRight(p.b.String(), "\n")
}

// Named puts people's handles and channels' names into a text that PlainText made, where it holds their ids.
func (s *Server) Named(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	pairs := []string{}
	for id, u := range s.users {
		pairs = append(pairs, "@"+id, "@"+u.Name)
	}
	for id, c := range s.channels {
		if c.name != "" {
			pairs = append(pairs, "#"+id, "#"+c.name)
		}
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

type plainPage struct {
	b     strings.Builder
	state map[string]any // state.values of a view
}

func (p *plainPage) line(format string, args ...any) {
	text := strings.TrimRight(fmt.Sprintf(format, args...), " ")
	if text != "" {
		p.b.WriteString(text + "\n")
	}
}

func (p *plainPage) viewPage(v map[string]any) {
	if t := labelOf(v["title"]); t != "" {
		p.line("== %s ==", emojiShown(t))
	}
	state, _ := v["state"].(map[string]any)
	p.state, _ = state["values"].(map[string]any)
	blocks, _ := v["blocks"].([]any)
	p.blocks(blocks)
	foot := ""
	if t := labelOf(v["close"]); t != "" {
		foot = "[" + t + "] "
	}
	if t := labelOf(v["submit"]); t != "" {
		foot += "[" + t + "]"
	}
	p.line("%s", foot)
}

func (p *plainPage) blocks(blocks []any) {
	for _, b := range blocks {
		if o, ok := b.(map[string]any); ok {
			p.block(o)
		}
	}
}

func (p *plainPage) block(o map[string]any) {
	id, _ := o["block_id"].(string)
	switch o["type"] {
	case "header":
		p.line("# %s", plainOf(o["text"]))
	case "divider":
		p.line("---")
	case "section":
		p.section(o, id)
	case "context":
		p.line("%s", p.joined(o["elements"], id, "  "))
	case "actions", "context_actions":
		p.line("%s", p.joined(o["elements"], id, " "))
	case "input":
		mark := ""
		if o["optional"] == true {
			mark = " (optional)"
		}
		p.line("%s%s: %s", plainOf(o["label"]), mark, p.element(o["element"], id))
		p.line("%s", plainOf(o["hint"]))
	case "image":
		p.line("(image: %v)", o["alt_text"])
	case "alert":
		p.line("! %s", plainOf(o["text"]))
	case "rich_text":
		p.line("%s", richPlain(o))
	case "markdown":
		p.line("%v", o["text"])
	default:
		p.other(o, id)
	}
}

func (p *plainPage) section(o map[string]any, id string) {
	p.line("%s", strings.TrimSpace(plainOf(o["text"])+"  "+p.element(o["accessory"], id)))
	fields, _ := o["fields"].([]any)
	for _, f := range fields {
		p.line("%s", plainOf(f))
	}
}

// other renders the newer blocks.
func (p *plainPage) other(o map[string]any, id string) {
	switch o["type"] {
	case "card":
		for _, name := range []string{"title", "subtitle", "body"} {
			p.line("%s", plainOf(o[name]))
		}
		p.line("%s", p.joined(o["actions"], id, " "))
	case "carousel":
		cards, _ := o["elements"].([]any)
		p.blocks(cards)
	case "container":
		p.line("%s", plainOf(o["title"]))
		children, _ := o["child_blocks"].([]any)
		p.blocks(children)
	case "table", "data_table":
		rows, _ := o["rows"].([]any)
		for _, r := range rows {
			cells, _ := r.([]any)
			words := []string{}
			for _, c := range cells {
				words = append(words, cellPlain(c))
			}
			p.line("%s", strings.Join(words, " | "))
		}
	}
}

func cellPlain(c any) string {
	o, _ := c.(map[string]any)
	if o["type"] == "rich_text" {
		return richPlain(o)
	}
	return labelOf(c)
}

func (p *plainPage) joined(parts any, id, between string) string {
	elements, _ := parts.([]any)
	words := []string{}
	for _, e := range elements {
		if w := p.element(e, id); w != "" {
			words = append(words, w)
		}
	}
	return strings.Join(words, between)
}

func (p *plainPage) element(e any, block string) string {
	o, ok := e.(map[string]any)
	if !ok {
		return ""
	}
	kind, _ := o["type"].(string)
	switch kind {
	case "plain_text", "mrkdwn":
		return plainOf(o)
	case "image":
		return fmt.Sprintf("(image: %v)", o["alt_text"])
	case "button", "workflow_button", "icon_button":
		return "[" + emojiShown(labelOf(o["text"])) + "]"
	case "overflow":
		words := []string{}
		for _, x := range optionsOf(o) {
			option, _ := x.(map[string]any)
			words = append(words, "["+labelOf(option["text"])+"]")
		}
		return "... " + strings.Join(words, " ")
	}
	if valueField(kind) == "" {
		return ""
	}
	action, _ := o["action_id"].(string)
	values, _ := p.state[block].(map[string]any)
	state, ok := values[action].(map[string]any)
	if !ok {
		state = initialState(o)
	}
	shown := stateWords(state)
	if shown == "" {
		shown = labelOf(o["placeholder"])
		if shown != "" {
			shown = "(" + shown + ")"
		}
	}
	return "<" + shown + ">"
}

// stateWords renders a value as the person sees it in the input.
func stateWords(state map[string]any) string {
	kind, _ := state["type"].(string)
	switch v := state[valueField(kind)].(type) {
	case string:
		return v
	case json.Number:
		if n, err := v.Int64(); err == nil && kind == "datetimepicker" {
			return utc(n)
		}
		return v.String()
	case map[string]any:
		if kind == "rich_text_input" {
			return richPlain(v)
		}
		return emojiShown(labelOf(v["text"]))
	case []any:
		words := []string{}
		for _, e := range v {
			if o, ok := e.(map[string]any); ok {
				words = append(words, labelOf(o["text"]))
			} else {
				words = append(words, fmt.Sprint(e))
			}
		}
		return strings.Join(words, ", ")
	}
	return ""
}

func utc(seconds int64) string { return time.Unix(seconds, 0).UTC().Format("2006-01-02 15:04 UTC") }

// plainOf renders a text object.
func plainOf(v any) string {
	o, _ := v.(map[string]any)
	if o["type"] == "mrkdwn" {
		return plainMrkdwn(labelOf(o))
	}
	return emojiShown(labelOf(o))
}

// plainMrkdwn resolves the angle brackets, the entities and the emoji codes of mrkdwn. Asterisks and the like stay.
func plainMrkdwn(text string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(text, '<')
		j := -1
		if i >= 0 {
			j = strings.IndexByte(text[i:], '>')
		}
		if i < 0 || j < 0 {
			b.WriteString(text)
			break
		}
		b.WriteString(text[:i])
		b.WriteString(angle(text[i+1 : i+j]))
		text = text[i+j+1:]
	}
	return emojiShown(strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(b.String()))
}

// angle renders what stood between angle brackets.
func angle(inner string) string {
	body, label, labeled := strings.Cut(inner, "|")
	switch {
	case strings.HasPrefix(body, "!date^"):
		parts := strings.Split(body, "^")
		if n, err := strconv.ParseInt(parts[1], 10, 64); err == nil {
			return utc(n)
		}
		return label
	case strings.HasPrefix(body, "@"), strings.HasPrefix(body, "#"):
		if labeled {
			return body[:1] + label
		}
		return body
	case strings.HasPrefix(body, "!"):
		if labeled {
			return label
		}
		return "@" + strings.TrimPrefix(body, "!")
	case labeled:
		return label + " (" + strings.TrimPrefix(body, "mailto:") + ")"
	}
	return body
}

// richPlain renders rich text, one line for each section or list item.
func richPlain(v any) string {
	o, _ := v.(map[string]any)
	parts, _ := o["elements"].([]any)
	lines := []string{}
	for _, e := range parts {
		part, _ := e.(map[string]any)
		switch part["type"] {
		case "rich_text_list":
			items, _ := part["elements"].([]any)
			for _, item := range items {
				lines = append(lines, "- "+richLine(item))
			}
		case "rich_text_quote":
			lines = append(lines, "> "+richLine(part))
		default:
			lines = append(lines, richLine(part))
		}
	}
	return strings.Join(lines, "\n")
}

func richLine(v any) string {
	o, _ := v.(map[string]any)
	elements, _ := o["elements"].([]any)
	var b strings.Builder
	for _, e := range elements {
		x, _ := e.(map[string]any)
		word := func(name string) string { w, _ := x[name].(string); return w }
		switch x["type"] {
		case "text":
			b.WriteString(word("text"))
		case "user":
			b.WriteString("@" + word("user_id"))
		case "usergroup":
			b.WriteString("@" + word("usergroup_id"))
		case "channel":
			b.WriteString("#" + word("channel_id"))
		case "broadcast":
			b.WriteString("@" + word("range"))
		case "emoji":
			b.WriteString(emojiShown(":" + word("name") + ":"))
		case "link":
			b.WriteString(angle(strings.TrimSuffix(word("url")+"|"+word("text"), "|")))
		case "date":
			b.WriteString(utc(int64(wholeNumber(x["timestamp"], 0))))
		case "color":
			b.WriteString(word("value"))
		}
	}
	return b.String()
}
