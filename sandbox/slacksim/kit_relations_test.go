package slacksim

import (
	"strings"
	"testing"
)

func TestBlocksThatContradictEachOtherAreRefused(t *testing.T) {
	t.Parallel()
	const (
		button  = `{"type":"button","action_id":"x","text":{"type":"plain_text","text":"b"}}`
		option  = `{"text":{"type":"plain_text","text":"o"},"value":"v"}`
		other   = `{"text":{"type":"plain_text","text":"p"},"value":"w"}`
		table   = `{"type":"table","rows":[[{"type":"raw_text","text":"t"}]]}`
		label   = `"label":{"type":"plain_text","text":"l"}`
		focused = `{"type":"input",` + label + `,"element":{"type":"plain_text_input","focus_on_load":true}}`
	)
	cells := strings.Repeat(`{"type":"raw_text","text":"t"},`, 20) + `{"type":"raw_text","text":"t"}`
	half := strings.Repeat("m", 6001)
	for name, c := range map[string]struct{ blocks, at, says string }{
		"block_id twice": {
			`[{"type":"divider","block_id":"b"},{"type":"divider","block_id":"b"}]`, "/blocks/1/block_id", "already exists",
		},
		"block_id twice, once inside a container": {
			`[{"type":"divider","block_id":"b"},{"type":"container","child_blocks":[{"type":"divider","block_id":"b"}]}]`,
			"/blocks/1/child_blocks/0/block_id", "already exists",
		},
		"action_id twice in one block":  {`[{"type":"actions","elements":[` + button + `,` + button + `]}]`, "/blocks/0/elements/1/action_id", "already exists"},
		"two tables":                    {`[` + table + `,` + table + `]`, "/blocks/1", "only_one_table_allowed"},
		"21 cells":                      {`[{"type":"table","rows":[[` + cells + `]]}]`, "/blocks/0/rows/0", "no more than 20"},
		"markdown too long as a whole":  {`[{"type":"markdown","text":"` + half + `"},{"type":"markdown","text":"` + half + `"}]`, "/blocks", "less than 12001"},
		"card of nothing":               {`[{"type":"card","subtitle":{"type":"mrkdwn","text":"s"}}]`, "/blocks/0", "must define one of"},
		"two focused inputs":            {`[` + focused + `,` + focused + `]`, "/blocks", "focus_on_load"},
		"menu of nothing":               {`[{"type":"actions","elements":[{"type":"static_select"}]}]`, "/blocks/0/elements/0", "either `options`"},
		"initial option is not offered": {`[{"type":"actions","elements":[{"type":"static_select","options":[` + option + `],"initial_option":` + other + `}]}]`, "/blocks/0/elements/0", "initial option"},
		"initial text is too long":      {`[{"type":"input",` + label + `,"element":{"type":"plain_text_input","max_length":2,"initial_value":"abc"}}]`, "/blocks/0/element/initial_value", "less than 3"},
		"shortest above longest":        {`[{"type":"input",` + label + `,"element":{"type":"plain_text_input","max_length":2,"min_length":3}}]`, "/blocks/0/element", "min_length"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			blocks, _ := mustDecode(t, c.blocks).([]any)
			got := strings.Join(newKit().message(blocks).strings(), "\n")
			if !strings.Contains(got, c.says) || !strings.Contains(got, "[json-pointer:"+c.at+"]") {
				t.Errorf("want %q at %s, got %q", c.says, c.at, got)
			}
		})
	}
}

func TestTheSameActionMayStandInSeveralBlocks(t *testing.T) {
	t.Parallel()
	const row = `{"type":"section","text":{"type":"plain_text","text":"t"},"accessory":{"type":"button","action_id":"release","text":{"type":"plain_text","text":"Release"}}}`
	blocks, _ := mustDecode(t, `[`+row+`,`+row+`]`).([]any)
	if f := newKit().message(blocks); len(f) > 0 {
		t.Errorf("refused: %v", f)
	}
}

func TestFaultsAreWordedLikeSlack(t *testing.T) {
	t.Parallel()
	elements := strings.Repeat(`{"type":"button","text":{"type":"plain_text","text":"b"}},`, 26)
	for name, c := range map[string]struct{ blocks, want string }{
		"too many":  {`[{"type":"divider"},{"type":"actions","elements":[` + strings.TrimSuffix(elements, ",") + `]}]`, "no more than 25 items allowed [json-pointer:/blocks/1/elements]"},
		"empty":     {`[{"type":"section","text":{"type":"mrkdwn","text":""}}]`, "must be more than 0 characters [json-pointer:/blocks/0/text/text]"},
		"unknown":   {`[{"type":"button"}]`, "unsupported type: button [json-pointer:/blocks/0]"},
		"surplus":   {`[{"type":"divider","disabled":true}]`, "invalid additional property: disabled [json-pointer:/blocks/0]"},
		"missing":   {`[{"type":"header"}]`, "missing required field: text [json-pointer:/blocks/0]"},
		"no object": {`[7]`, "must provide an object [json-pointer:/blocks/0]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			blocks, _ := mustDecode(t, c.blocks).([]any)
			if got := newKit().message(blocks).strings(); len(got) != 1 || got[0] != c.want {
				t.Errorf("want %q, got %q", c.want, got)
			}
		})
	}
}
