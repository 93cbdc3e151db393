package slacksim

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// samples holds one block of every type with every property it may have, so that mutations reach all of them.
func samples() map[string]string {
	const (
		confirm = `{"title":{"type":"plain_text","text":"t"},"text":{"type":"mrkdwn","text":"x"},"confirm":{"type":"plain_text","text":"y"},"deny":{"type":"plain_text","text":"n"},"style":"danger"}`
		common  = `"action_id":"a","focus_on_load":true,"confirm":` + confirm + `,"placeholder":{"type":"plain_text","text":"p"}`
		option  = `{"text":{"type":"plain_text","text":"o","emoji":false},"value":"v","description":{"type":"plain_text","text":"d"},"url":"https://x"}`
		image   = `{"type":"image","image_url":"https://x/y.png","alt_text":"alt"}`
		style   = `"style":{"bold":true,"italic":false,"strike":true,"code":true,"underline":true}`
		rich    = `{"type":"rich_text","block_id":"rt","elements":[
			{"type":"rich_text_section","elements":[{"type":"text","text":"t",` + style + `},{"type":"link","url":"https://x","text":"l","unsafe":false},
			{"type":"user","user_id":"U1"},{"type":"usergroup","usergroup_id":"S1"},{"type":"channel","channel_id":"C1"},{"type":"team","team_id":"T1"},
			{"type":"emoji","name":"x","unicode":"1","url":"u"},{"type":"broadcast","range":"here"},{"type":"color","value":"#fff"},
			{"type":"date","timestamp":1700000000,"format":"{date}","url":"u","fallback":"f"}]},
			{"type":"rich_text_list","style":"bullet","indent":1,"border":0,"elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"i"}]}]},
			{"type":"rich_text_quote","border":1,"elements":[{"type":"text","text":"q"}]},
			{"type":"rich_text_preformatted","border":0,"elements":[{"type":"text","text":"p"},{"type":"link","url":"u"}]}]}`
		button = `{"type":"button","action_id":"a","text":{"type":"plain_text","text":"b"},"value":"v","url":"https://x","style":"primary","accessibility_label":"l","confirm":` + confirm + `}`
		cells  = `[[{"type":"raw_text","text":"t"},{"type":"raw_number","text":"1","value":1},{"type":"rich_text","elements":[]}]]`
		filter = `"default_to_current_conversation":true,"filter":{"include":["im","public"],"exclude_bot_users":true,"exclude_external_shared_channels":true}`
	)
	groups := `"option_groups":[{"label":{"type":"plain_text","text":"g"},"options":[` + option + `]}]`
	el := map[string]string{
		"checkboxes":     `{"type":"checkboxes","action_id":"a","focus_on_load":true,"confirm":` + confirm + `,"options":[` + option + `],"initial_options":[` + option + `]}`,
		"radio_buttons":  `{"type":"radio_buttons","action_id":"a","focus_on_load":true,"confirm":` + confirm + `,"options":[` + option + `],"initial_option":` + option + `}`,
		"overflow":       `{"type":"overflow","action_id":"a","confirm":` + confirm + `,"options":[` + option + `]}`,
		"datepicker":     `{"type":"datepicker",` + common + `,"initial_date":"2026-01-02"}`,
		"timepicker":     `{"type":"timepicker",` + common + `,"initial_time":"23:59","timezone":"Etc/UTC"}`,
		"datetimepicker": `{"type":"datetimepicker","action_id":"a","focus_on_load":true,"confirm":` + confirm + `,"initial_date_time":1700000000}`,
		"workflow_button": `{"type":"workflow_button","action_id":"a","text":{"type":"plain_text","text":"b"},"style":"danger","accessibility_label":"l","confirm":` +
			confirm + `,"workflow":{"trigger":{"url":"https://x","customizable_input_parameters":[{"name":"n","value":"v"}]}}}`,
		"rich_text_input":           `{"type":"rich_text_input","action_id":"a","focus_on_load":true,"placeholder":{"type":"plain_text","text":"p"},"min_lines":1,"max_lines":2,"dispatch_action_config":{"trigger_actions_on":["on_enter_pressed"]},"initial_value":` + rich + `}`,
		"plain_text_input":          `{"type":"plain_text_input","action_id":"a","focus_on_load":true,"placeholder":{"type":"plain_text","text":"p"},"initial_value":"v","multiline":true,"min_length":0,"max_length":3000,"dispatch_action_config":{"trigger_actions_on":["on_character_entered"]}}`,
		"email_text_input":          `{"type":"email_text_input","action_id":"a","focus_on_load":true,"placeholder":{"type":"plain_text","text":"p"},"initial_value":"v","dispatch_action_config":{}}`,
		"url_text_input":            `{"type":"url_text_input","action_id":"a","focus_on_load":true,"placeholder":{"type":"plain_text","text":"p"},"initial_value":"v","dispatch_action_config":{}}`,
		"number_input":              `{"type":"number_input","is_decimal_allowed":true,"action_id":"a","focus_on_load":true,"placeholder":{"type":"plain_text","text":"p"},"initial_value":"1","min_value":"0","max_value":"9","dispatch_action_config":{}}`,
		"file_input":                `{"type":"file_input","action_id":"a","filetypes":["pdf"],"max_files":3}`,
		"static_select":             `{"type":"static_select",` + common + `,"options":[` + option + `],"initial_option":` + option + `}`,
		"static_select groups":      `{"type":"static_select",` + common + `,` + groups + `}`,
		"external_select":           `{"type":"external_select",` + common + `,"min_query_length":1,"initial_option":` + option + `}`,
		"users_select":              `{"type":"users_select",` + common + `,"initial_user":"U1"}`,
		"channels_select":           `{"type":"channels_select",` + common + `,"initial_channel":"C1","response_url_enabled":true}`,
		"conversations_select":      `{"type":"conversations_select",` + common + `,"initial_conversation":"C1","response_url_enabled":true,` + filter + `}`,
		"multi_static_select":       `{"type":"multi_static_select",` + common + `,"options":[` + option + `],"initial_options":[` + option + `],"max_selected_items":2}`,
		"multi_static groups":       `{"type":"multi_static_select",` + common + `,` + groups + `}`,
		"multi_external_select":     `{"type":"multi_external_select",` + common + `,"min_query_length":0,"initial_options":[` + option + `],"max_selected_items":2}`,
		"multi_users_select":        `{"type":"multi_users_select",` + common + `,"initial_users":["U1"],"max_selected_items":2}`,
		"multi_channels_select":     `{"type":"multi_channels_select",` + common + `,"initial_channels":["C1"],"max_selected_items":2}`,
		"multi_conversations":       `{"type":"multi_conversations_select",` + common + `,"initial_conversations":["C1"],"max_selected_items":2,` + filter + `}`,
		"button":                    button,
		"checkboxes mrkdwn options": `{"type":"checkboxes","options":[{"text":{"type":"mrkdwn","text":"o","verbatim":true},"value":"v"}]}`,
	}
	card := `{"type":"card","block_id":"c","title":{"type":"mrkdwn","text":"t"},"subtitle":{"type":"mrkdwn","text":"s","verbatim":true},"body":{"type":"mrkdwn","text":"b"},"hero_image":` + image + `,"icon":` + image + `,"actions":[` + button + `]}`
	out := map[string]string{
		"section":          `{"type":"section","block_id":"s","text":{"type":"mrkdwn","text":"t","verbatim":true},"fields":[{"type":"plain_text","text":"f","emoji":true}],"expand":true,"accessory":` + image + `}`,
		"header":           `{"type":"header","block_id":"h","text":{"type":"plain_text","text":"t"}}`,
		"divider":          `{"type":"divider","block_id":"d"}`,
		"context":          `{"type":"context","block_id":"c","elements":[{"type":"mrkdwn","text":"t"},{"type":"plain_text","text":"p"},` + image + `]}`,
		"context_actions":  `{"type":"context_actions","block_id":"c","elements":[{"type":"feedback_buttons","action_id":"a","positive_button":{"text":{"type":"plain_text","text":"+"},"value":"v","accessibility_label":"l"},"negative_button":{"text":{"type":"plain_text","text":"-"},"value":"v"}},{"type":"icon_button","action_id":"b","icon":"trash","text":{"type":"plain_text","text":"t"},"value":"v","visible_to_user_ids":["U1"],"accessibility_label":"l","confirm":` + confirm + `}]}`,
		"image":            `{"type":"image","block_id":"i","image_url":"https://x","alt_text":"a","title":{"type":"plain_text","text":"t"}}`,
		"image slack file": `{"type":"image","block_id":"i","slack_file":{"id":"F1"},"alt_text":"a"}`,
		"image file url":   `{"type":"image","slack_file":{"url":"https://x"},"alt_text":"a"}`,
		"rich_text":        rich,
		"markdown":         `{"type":"markdown","block_id":"m","text":"# hi"}`,
		"alert":            `{"type":"alert","block_id":"a","level":"warning","text":{"type":"mrkdwn","text":"t"}}`,
		"file":             `{"type":"file","block_id":"f","source":"remote","external_id":"e"}`,
		"video":            `{"type":"video","block_id":"v","alt_text":"a","title":{"type":"plain_text","text":"t"},"video_url":"u","thumbnail_url":"u","title_url":"u","author_name":"n","description":{"type":"plain_text","text":"t"},"provider_icon_url":"u","provider_name":"n"}`,
		"table":            `{"type":"table","block_id":"t","column_settings":[{"align":"left","is_wrapped":true}],"rows":` + cells + `}`,
		"data_table":       `{"type":"data_table","block_id":"t","caption":"c","page_size":10,"row_header_column_index":0,"rows":` + cells + `}`,
		"card":             card,
		"carousel":         `{"type":"carousel","block_id":"k","elements":[` + card + `]}`,
		"task_card":        `{"type":"task_card","block_id":"k","task_id":"1","title":"t","status":"pending","details":` + rich + `,"output":` + rich + `,"sources":[{"type":"url","url":"u","text":"t"}]}`,
		"plan":             `{"type":"plan","block_id":"p","title":"t","tasks":[{"type":"task_card","task_id":"1","title":"t","status":"complete"}]}`,
		"container":        `{"type":"container","block_id":"k","title":{"type":"plain_text","text":"t"},"subtitle":{"type":"mrkdwn","text":"s"},"icon":` + image + `,"is_collapsible":true,"default_collapsed":true,"has_header_divider":true,"width":"full","rich_text_title":` + rich + `,"child_blocks":[{"type":"divider"},{"type":"header","text":{"type":"plain_text","text":"h"}}]}`,
	}
	for name, e := range el {
		switch name {
		case "email_text_input", "url_text_input", "number_input", "file_input", "plain_text_input":
		default:
			out["actions "+name] = `{"type":"actions","block_id":"a","elements":[` + e + `]}`
			out["accessory "+name] = `{"type":"section","text":{"type":"plain_text","text":"t"},"accessory":` + e + `}`
		}
		out["input "+name] = `{"type":"input","block_id":"i","label":{"type":"plain_text","text":"l"},"hint":{"type":"plain_text","text":"h"},"optional":true,"dispatch_action":true,"element":` + e + `}`
	}
	return out
}

type judge struct {
	message, modal, home *jsonschema.Schema
}

func newJudge(t *testing.T) judge {
	t.Helper()
	dir := os.Getenv("USHER_SPECS")
	if dir == "" {
		t.Skip("USHER_SPECS does not name the folder with blockkit.schema.json")
	}
	f, err := os.Open(filepath.Join(dir, "blockkit.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("kit.json", doc); err != nil {
		t.Fatal(err)
	}
	return judge{
		message: c.MustCompile("kit.json#/definitions/MessageBlocks"),
		modal:   c.MustCompile("kit.json#/definitions/StrictModalView"),
		home:    c.MustCompile("kit.json#/definitions/StrictHomeView"),
	}
}

// verdicts asks both sides about the same JSON on one surface.
func (j judge) verdicts(k *kit, surface string, blocks []any) (ours faults, theirs error) {
	switch surface {
	case "message":
		k.blocks(&ours, blocks, "/blocks")
		return ours, j.message.Validate(blocks)
	case "modal":
		v := map[string]any{
			"type": "modal", "title": map[string]any{"type": "plain_text", "text": "t"},
			"submit": map[string]any{"type": "plain_text", "text": "s"}, "blocks": blocks,
		}
		k.modal(&ours, v, "/view")
		return ours, j.modal.Validate(v)
	}
	v := map[string]any{"type": "home", "blocks": blocks}
	k.home(&ours, v, "/view")
	return ours, j.home.Validate(v)
}

func (j judge) compare(t *testing.T, k *kit, surface string, blocks []any, what string) (good bool) {
	t.Helper()
	ours, theirs := j.verdicts(k, surface, blocks)
	if (theirs == nil) != (len(ours) == 0) {
		t.Errorf("%s on %s: schema says %v, we say %v", what, surface, theirs, ours)
	}
	return theirs == nil
}

func TestBlocksAreJudgedLikeTheSchema(t *testing.T) {
	t.Parallel()
	j, k := newJudge(t), newKit()
	good := 0
	for name, text := range samples() {
		block := mustDecode(t, text)
		for _, surface := range []string{"message", "modal", "home"} {
			if j.compare(t, k, surface, []any{block}, name) {
				good++
			}
		}
	}
	if good < 100 {
		t.Errorf("only %d samples are good, so the corpus proves little", good)
	}
}

func TestMutatedBlocksAreJudgedLikeTheSchema(t *testing.T) {
	t.Parallel()
	j, k := newJudge(t), newKit()
	good, bad := 0, 0
	all := samples()
	for name, text := range all {
		kind, element, _ := strings.Cut(name, " ")
		if _, again := all["input "+element]; kind == "accessory" || (kind == "actions" && again && element != "button") {
			continue // the same element is mutated where it is an input
		}
		surface := "message"
		if strings.HasPrefix(name, "alert") {
			surface = "modal"
		}
		block := mustDecode(t, text)
		mutate(block, func(m any, what string) {
			if j.compare(t, k, surface, []any{m}, name+": "+what) {
				good++
			} else {
				bad++
			}
		})
		if t.Failed() {
			return
		}
	}
	t.Logf("%d mutants pass, %d are refused", good, bad)
	if good < 1000 || bad < 10000 {
		t.Errorf("%d mutants pass and %d are refused, so the corpus proves little", good, bad)
	}
}

func TestMutatedViewsAreJudgedLikeTheSchema(t *testing.T) {
	t.Parallel()
	j, k := newJudge(t), newKit()
	modal := mustDecode(t, `{"type":"modal","title":{"type":"plain_text","text":"t"},"submit":{"type":"plain_text","text":"s"},
		"close":{"type":"plain_text","text":"c","emoji":true},"private_metadata":"p","callback_id":"c","external_id":"e","clear_on_close":true,
		"notify_on_close":false,"blocks":[{"type":"input","label":{"type":"plain_text","text":"l"},"element":{"type":"plain_text_input"}}]}`)
	home := mustDecode(t, `{"type":"home","private_metadata":"p","callback_id":"c","external_id":"e","blocks":[{"type":"divider"}]}`)
	for _, c := range []struct {
		name   string
		view   any
		ours   check
		theirs *jsonschema.Schema
	}{{"modal", modal, k.modal, j.modal}, {"home", home, k.home, j.home}} {
		mutate(c.view, func(m any, what string) {
			var f faults
			c.ours(&f, m, "/view")
			if err := c.theirs.Validate(m); (err == nil) != (len(f) == 0) {
				t.Errorf("%s %s: schema says %v, we say %v", c.name, what, err, f)
			}
		})
	}
}

func mustDecode(t *testing.T, text string) any {
	t.Helper()
	v, err := decode([]byte(text))
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// mutate shows visit every copy of v with one thing changed.
func mutate(v any, visit func(m any, what string)) {
	variants(v, "", func(replaced any, what string) { visit(replaced, what) })
}

// variants yields v with one change somewhere inside.
func variants(v any, at string, yield func(any, string)) {
	for _, r := range replacements(v) {
		yield(r, "at "+at+" now "+short(r))
	}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range sortedKeys(v) {
			inside := variants
			if shared(v, name) {
				inside = shallow
			}
			inside(v[name], at+"/"+name, func(r any, what string) { yield(withKey(v, name, r), what) })
			without := withKey(v, name, nil)
			delete(without, name)
			yield(without, "without "+at+"/"+name)
		}
		yield(withKey(v, "zz", "x"), "with "+at+"/zz")
	case []any:
		for i := range v {
			variants(v[i], fmt.Sprint(at, "/", i), func(r any, what string) {
				c := slices.Clone(v)
				c[i] = r
				yield(c, what)
			})
		}
		if len(v) == 0 {
			return
		}
		for _, n := range []int{2, 5, 6, 10, 11, 25, 26, 50, 51, 100, 101} {
			yield(slices.Repeat(v[:1], n), fmt.Sprintf("%s times %d", at, n))
		}
	}
}

// shared tells that a part is one that is mutated in depth somewhere else: dialogs in buttons, options in radio buttons, rich text by itself.
func shared(o map[string]any, name string) bool {
	_, deep := o[name].(map[string]any)
	switch name {
	case "confirm", "icon", "hero_image":
		return deep && o["type"] != "button"
	case "details", "output", "rich_text_title", "initial_value", "placeholder":
		return deep && o["type"] != "plain_text_input"
	case "initial_option", "initial_options", "options", "option_groups":
		return o["type"] != "radio_buttons" && o["type"] != "static_select"
	}
	return false
}

func shallow(v any, at string, yield func(any, string)) {
	for _, r := range replacements(v) {
		yield(r, "at "+at+" now "+short(r))
	}
	if l, ok := v.([]any); ok {
		for _, n := range []int{5, 6, 10, 11, 100, 101} {
			yield(slices.Repeat(l[:1], n), fmt.Sprintf("%s times %d", at, n))
		}
	}
}

func withKey(o map[string]any, name string, v any) map[string]any {
	c := make(map[string]any, len(o)+1)
	for k, e := range o {
		c[k] = e
	}
	c[name] = v
	return c
}

func replacements(v any) []any {
	out := []any{nil, true, "x", "", json.Number("7"), json.Number("-1"), json.Number("0.5"), json.Number("4000"), []any{}, map[string]any{}}
	if _, ok := v.(string); ok {
		for _, n := range []int{24, 25, 30, 31, 75, 76, 100, 101, 150, 151, 200, 201, 255, 256, 300, 301, 2000, 2001, 3000, 3001, 12000, 12001} {
			out = append(out, strings.Repeat("é", n))
		}
		out = append(out, "plain_text", "mrkdwn", "divider", "button", "danger", "24:00")
	}
	return out
}

func short(v any) string {
	s := string(encode(v))
	if len(s) > 30 {
		return fmt.Sprintf("%s… (%d)", s[:20], len(s))
	}
	return s
}
