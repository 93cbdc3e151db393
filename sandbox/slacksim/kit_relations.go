package slacksim

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// relations checks what concerns more than one place: ids used twice, tables, markdown as a whole, initial options,
// and what an element may not be on a surface. It runs on blocks whose shape is right.
func (k *kit) relations(f *faults, blocks []any, at, surface string) {
	ids := map[string]bool{}
	tables, markdown, focused := 0, 0, 0
	walk(blocks, at, func(o map[string]any, at string) {
		kind, _ := o["type"].(string)
		switch kind {
		case "table":
			if tables++; tables == 2 {
				f.add(at, "only_one_table_allowed")
			}
			tableSize(f, o, at)
		case "markdown":
			s, _ := o["text"].(string)
			markdown += utf8.RuneCountInString(s)
		case "card":
			cardParts(f, o, at)
		case "datetimepicker":
			if surface == "home" {
				f.add(at, "unsupported type: datetimepicker")
			}
		}
		if o["focus_on_load"] == true {
			focused++
		}
		actionsUnique(f, o, at)
		checkOptions(f, o, kind, at)
		checkLengths(f, o, kind, at)
	})
	blockIDs(f, blocks, at, ids)
	if markdown > markdownMax {
		f.add(at, "must be less than %d characters", markdownMax+1)
	}
	if focused > 1 {
		f.add(at, "only one element may have focus_on_load")
	}
}

// walk calls visit for every object with a type, outside in.
func walk(v any, at string, visit func(map[string]any, string)) {
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			walk(e, at+"/"+strconv.Itoa(i), visit)
		}
	case map[string]any:
		if _, ok := v["type"].(string); ok {
			visit(v, at)
		}
		for _, name := range sortedKeys(v) {
			walk(v[name], at+"/"+name, visit)
		}
	}
}

func sortedKeys(o map[string]any) []string {
	names := make([]string, 0, len(o))
	for n := range o {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func blockIDs(f *faults, blocks []any, at string, seen map[string]bool) {
	for i, b := range blocks {
		o, _ := b.(map[string]any)
		here := at + "/" + strconv.Itoa(i)
		if id, _ := o["block_id"].(string); id != "" {
			if seen[id] {
				f.add(here+"/block_id", "block_id already exists: %s", id)
			}
			seen[id] = true
		}
		if children, ok := o["child_blocks"].([]any); ok {
			blockIDs(f, children, here+"/child_blocks", seen)
		}
	}
}

// actionsUnique refuses an action_id that two elements of one block share.
func actionsUnique(f *faults, block map[string]any, at string) {
	if block["type"] != "actions" && block["type"] != "context_actions" && block["type"] != "card" {
		return
	}
	name := "elements"
	if block["type"] == "card" {
		name = "actions"
	}
	seen := map[string]bool{}
	parts, _ := block[name].([]any)
	for i, e := range parts {
		o, _ := e.(map[string]any)
		id, _ := o["action_id"].(string)
		if id != "" && seen[id] {
			f.add(at+"/"+name+"/"+strconv.Itoa(i)+"/action_id", "action_id already exists: %s", id)
		}
		seen[id] = true
	}
}

func tableSize(f *faults, table map[string]any, at string) {
	rows, _ := table["rows"].([]any)
	for i, r := range rows {
		if cells, _ := r.([]any); len(cells) > 20 {
			f.add(at+"/rows/"+strconv.Itoa(i), "no more than 20 items allowed")
		}
	}
}

func cardParts(f *faults, card map[string]any, at string) {
	if card["hero_image"] == nil && card["title"] == nil && card["body"] == nil && card["actions"] == nil {
		f.add(at, "must define one of `hero_image`, `title`, `body` or `actions`")
	}
	if buttons, _ := card["actions"].([]any); len(buttons) > 3 {
		f.add(at+"/actions", "no more than 3 items allowed")
	}
}

// checkOptions looks at menus: options or groups but not both, values used once, initial choices among them.
func checkOptions(f *faults, o map[string]any, kind, at string) {
	switch strings.TrimPrefix(kind, "multi_") {
	case "static_select", "radio_buttons", "checkboxes", "overflow":
	default:
		return
	}
	options, hasOptions := o["options"].([]any)
	groups, hasGroups := o["option_groups"].([]any)
	if hasOptions == hasGroups {
		f.add(at, "must define either `options` or `option_groups`")
		return
	}
	for _, g := range groups {
		group, _ := g.(map[string]any)
		inner, _ := group["options"].([]any)
		options = append(slices.Clone(options), inner...)
	}
	initial, _ := o["initial_options"].([]any)
	if one := o["initial_option"]; one != nil {
		initial = []any{one}
	}
	for _, want := range initial {
		if !slices.ContainsFunc(options, func(have any) bool { return sameOption(have, want) }) {
			f.add(at, "initial option is not among the options")
		}
	}
}

func sameOption(a, b any) bool {
	x, _ := a.(map[string]any)
	y, _ := b.(map[string]any)
	tx, _ := x["text"].(map[string]any)
	ty, _ := y["text"].(map[string]any)
	return reflect.DeepEqual(x["value"], y["value"]) && reflect.DeepEqual(tx["text"], ty["text"])
}

func checkLengths(f *faults, o map[string]any, kind, at string) {
	if kind != "plain_text_input" {
		return
	}
	least, most := wholeNumber(o["min_length"], 0), wholeNumber(o["max_length"], 3000)
	if least > most {
		f.add(at, "min_length must not be more than max_length")
	}
	if s, _ := o["initial_value"].(string); utf8.RuneCountInString(s) > most {
		f.add(at+"/initial_value", "must be less than %d characters", most+1)
	}
}

func wholeNumber(v any, standard int) int {
	n, ok := v.(json.Number)
	if !ok {
		return standard
	}
	x, err := n.Float64()
	if err != nil {
		return standard
	}
	return int(x)
}
