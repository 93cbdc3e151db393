package blockkit

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// kit holds one of every block and element, by the name of its golden file.
func kit() map[string]string {
	input := func(element, more string) string {
		return `{"type":"input","block_id":"b","label":{"type":"plain_text","text":"Label <1>"},"element":` + element + more + `}`
	}
	const confirm = `"confirm":{"title":{"type":"plain_text","text":"Sure?"},"text":{"type":"mrkdwn","text":"*Ann's* \"access\" <https://x.example|x>"},
		"confirm":{"type":"plain_text","text":"Go :rocket:"},"style":"danger"}`
	const options = `"options":[{"text":{"type":"plain_text","text":"One <1>"},"value":"1","description":{"type":"plain_text","text":"the first"}},
		{"text":{"type":"plain_text","text":"Two"},"value":"2"}]`
	const groups = `"option_groups":[{"label":{"type":"plain_text","text":"Odd"},"options":[{"text":{"type":"plain_text","text":"One"},"value":"1"}]},
		{"label":{"type":"plain_text","text":"Even"},"options":[{"text":{"type":"plain_text","text":"Two"},"value":"2"}]}]`
	const two = `{"text":{"type":"plain_text","text":"Two"},"value":"2"}`
	const placeholder = `"placeholder":{"type":"plain_text","text":"Pick \"one\""}`
	return map[string]string{
		"section":         `{"type":"section","block_id":"a b/c~d","text":{"type":"mrkdwn","text":"*Hello* <@U1>"}}`,
		"section_plain":   `{"type":"section","text":{"type":"plain_text","text":"*literal* :x:\nnext","emoji":false}}`,
		"section_fields":  `{"type":"section","fields":[{"type":"mrkdwn","text":"*Who*\nAnn"},{"type":"plain_text","text":"Two :x:"}]}`,
		"section_button":  `{"type":"section","block_id":"s","text":{"type":"plain_text","text":"Text"},"accessory":{"type":"button","action_id":"go","text":{"type":"plain_text","text":"Go"}}}`,
		"section_image":   `{"type":"section","text":{"type":"plain_text","text":"Text"},"accessory":{"type":"image","image_url":"https://pictures.example/a.png","alt_text":"A <cat>"}}`,
		"section_select":  `{"type":"section","block_id":"s","text":{"type":"plain_text","text":"How long?"},"accessory":{"type":"static_select","action_id":"x",` + options + `}}`,
		"header":          `{"type":"header","text":{"type":"plain_text","text":"A <header> :tada:"}}`,
		"divider":         `{"type":"divider","block_id":"d"}`,
		"context":         `{"type":"context","elements":[{"type":"image","image_url":"https://pictures.example/a.png","alt_text":"logo"},{"type":"mrkdwn","text":"_small_"},{"type":"plain_text","text":"words"}]}`,
		"image":           `{"type":"image","image_url":"https://pictures.example/a.png","alt_text":"A cat","title":{"type":"plain_text","text":"Cat"}}`,
		"image_file":      `{"type":"image","slack_file":{"id":"F1"},"alt_text":"A cat"}`,
		"alert":           `{"type":"alert","level":"warning","text":{"type":"plain_text","text":"Careful"}}`,
		"alert_default":   `{"type":"alert","text":{"type":"mrkdwn","text":"*Note*"}}`,
		"buttons":         `{"type":"actions","block_id":"acts","elements":[{"type":"button","action_id":"a","value":"v\"1","text":{"type":"plain_text","text":"Approve"},"style":"primary","accessibility_label":"Approve: Ann",` + confirm + `},{"type":"button","action_id":"b","text":{"type":"plain_text","text":"Open"},"url":"https://x.example/?a=1&b=2"},{"type":"button","action_id":"c","text":{"type":"plain_text","text":"A label that is far too long for a button"},"style":"danger","url":"javascript:alert(1)"},{"type":"button","text":{"type":"plain_text","text":"No id"}}]}`,
		"overflow":        `{"type":"actions","block_id":"acts","elements":[{"type":"overflow","action_id":"more",` + options + `,` + confirm + `}]}`,
		"actions_inputs":  `{"type":"actions","block_id":"acts","elements":[{"type":"external_select","action_id":"a",` + placeholder + `},{"type":"static_select","action_id":"b",` + placeholder + `,` + groups + `},{"type":"datepicker","action_id":"c","initial_date":"2026-11-24"},{"type":"radio_buttons","action_id":"d",` + options + `,` + confirm + `}]}`,
		"text":            input(`{"type":"plain_text_input","action_id":"a","initial_value":"a \"b\" <c>","min_length":2,"max_length":9,"focus_on_load":true,`+placeholder+`}`, `,"hint":{"type":"plain_text","text":"Hint"}`),
		"text_multiline":  input(`{"type":"plain_text_input","action_id":"a","multiline":true,"initial_value":"\n</textarea><b>","dispatch_action_config":{"trigger_actions_on":["on_character_entered"]}}`, `,"optional":true,"dispatch_action":true`),
		"email":           input(`{"type":"email_text_input","action_id":"a","initial_value":"a@x.example"}`, ``),
		"url":             input(`{"type":"url_text_input","action_id":"a","initial_value":"https://x.example"}`, `,"dispatch_action":true`),
		"number":          input(`{"type":"number_input","action_id":"a","is_decimal_allowed":false,"initial_value":"3","min_value":"1","max_value":"9"}`, ``),
		"number_decimal":  input(`{"type":"number_input","action_id":"a","is_decimal_allowed":true}`, ``),
		"date":            input(`{"type":"datepicker","action_id":"a","initial_date":"2026-11-24",`+confirm+`}`, ``),
		"time":            input(`{"type":"timepicker","action_id":"a","initial_time":"09:30","timezone":"Asia/Tokyo"}`, ``),
		"datetime":        input(`{"type":"datetimepicker","action_id":"a","initial_date_time":1795521600}`, ``),
		"select":          input(`{"type":"static_select","action_id":"a","initial_option":`+two+`,`+options+`}`, ``),
		"select_groups":   input(`{"type":"static_select","action_id":"a",`+placeholder+`,`+groups+`}`, `,"optional":true`),
		"select_external": input(`{"type":"external_select","action_id":"a","min_query_length":0,"initial_option":`+two+`,`+placeholder+`}`, `,"dispatch_action":true,"hint":{"type":"plain_text","text":"Hint"}`),
		"select_user":     input(`{"type":"users_select","action_id":"a","initial_user":"U9"}`, ``),
		"multi_select":    input(`{"type":"multi_static_select","action_id":"a","max_selected_items":1,"initial_options":[`+two+`],`+groups+`}`, ``),
		"multi_users":     input(`{"type":"multi_users_select","action_id":"a","initial_users":["U2"]}`, `,"optional":true`),
		"radio":           input(`{"type":"radio_buttons","action_id":"a","initial_option":`+two+`,`+options+`}`, `,"hint":{"type":"plain_text","text":"Hint"},"dispatch_action":true`),
		"checkboxes":      input(`{"type":"checkboxes","action_id":"a","initial_options":[`+two+`],"options":[{"text":{"type":"mrkdwn","text":"*One*"},"value":"1"},`+two+`]}`, `,"optional":true`),
		"rich_text": `{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"*literal* :x: <b>\nnext ","style":{"bold":true,"italic":true}},
			{"type":"text","text":"code","style":{"code":true,"strike":true,"underline":true}},{"type":"link","url":"https://x.example","text":"link"},{"type":"link","url":"javascript:alert(1)"},
			{"type":"user","user_id":"U1"},{"type":"usergroup","usergroup_id":"S1"},{"type":"channel","channel_id":"C1"},{"type":"team","team_id":"T1"},{"type":"broadcast","range":"here"},
			{"type":"emoji","name":"x"},{"type":"emoji","name":"flag-de","unicode":"1f1e9-1f1ea"},{"type":"emoji","name":"our_logo"},{"type":"color","value":"#ff0000"},
			{"type":"date","timestamp":1795521600,"format":"{date_short_pretty} {time}","fallback":"never"}]},
			{"type":"rich_text_list","style":"bullet","indent":1,"border":1,"elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"item"}]}]},
			{"type":"rich_text_list","style":"ordered","offset":2,"elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"third"}]}]},
			{"type":"rich_text_quote","elements":[{"type":"text","text":"quoted"}]},
			{"type":"rich_text_preformatted","border":1,"elements":[{"type":"text","text":"a\n  b"}]}]}`,
	}
}

func kitOptions(name string) Options {
	o := readers()
	o.People = []Person{{"U1", "Ann <Chen>"}, {"U2", "שרה"}}
	o.Prefix = "p-" + name
	return o
}

// golden compares with a file, one tag a line.
func golden(t *testing.T, name, html string) {
	t.Helper()
	html = strings.ReplaceAll(html, "><", ">\n<") + "\n"
	path := filepath.Join("testdata", name+".golden.html")
	if *update {
		if err := os.WriteFile(path, []byte(html), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("no golden file; run with -update and read it: %v", err)
	}
	if html != string(want) {
		t.Errorf("%s differs; run with -update and read it. Got:\n%s", path, html)
	}
}

func TestBlocksAreDrawnAsBefore(t *testing.T) {
	t.Parallel()
	for name, block := range kit() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			html := string(Blocks(InModal, json.RawMessage("["+block+"]"), kitOptions(name)))
			checkHTML(t, html)
			golden(t, name, html)
		})
	}
}

func TestEveryGoldenFileHasABlock(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.golden.html")
	if err != nil || len(files) != len(kit()) {
		t.Errorf("%d files for %d blocks, %v", len(files), len(kit()), err)
	}
}

// everything is all that the tests can draw, by name.
func everything(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for name, block := range kit() {
		out["kit "+name] = string(Blocks(InModal, json.RawMessage("["+block+"]"), kitOptions(name)))
	}
	for name, d := range botViews(t) {
		out["bot "+name] = d.html(kitOptions(name))
	}
	return out
}

func TestWhatCanBeTouchedSaysWhatItIs(t *testing.T) {
	t.Parallel()
	touched := map[string]int{}
	for name, html := range everything(t) {
		var around node // The fieldset or combobox that bears the attributes.
		for _, n := range checkHTML(t, html) {
			if n.name == "fieldset" || n.attr["class"] == "bk-combobox" {
				around = n
			}
			bearer := n
			switch {
			case n.name == "input" && (n.attr["type"] == "radio" || n.attr["type"] == "checkbox" || n.attr["role"] == "combobox"):
				bearer = around
			case n.name != "button" && n.name != "input" && n.name != "select" && n.name != "textarea":
				continue
			}
			_, hasBlock := bearer.attr["data-block"]
			_, hasAction := bearer.attr["data-action"]
			if bearer.attr["data-kind"] == "" || !hasBlock || !hasAction {
				t.Errorf("%s: <%s %v> does not say what it is", name, n.name, n.attr)
			}
			touched[bearer.attr["data-kind"]]++
		}
	}
	for _, kind := range []string{
		"button", "overflow", "overflow-option", "static_select", "users_select", "external_select", "multi_static_select", "radio_buttons",
		"checkboxes", "plain_text_input", "email_text_input", "url_text_input", "number_input", "datepicker", "timepicker", "datetimepicker",
	} {
		if touched[kind] == 0 {
			t.Errorf("no %s was drawn", kind)
		}
	}
}

func TestIDsBelongToTheirPrefixAndExist(t *testing.T) {
	t.Parallel()
	for name, html := range everything(t) {
		nodes := checkHTML(t, html)
		ids := map[string]bool{}
		prefix := kitOptions(strings.SplitN(name, " ", 2)[1]).Prefix
		for _, n := range nodes {
			id := n.attr["id"]
			ids[id] = true
			if id != "" && !strings.HasPrefix(id, prefix+"-") && !strings.HasPrefix(id, prefix+"~") {
				t.Errorf("%s: id %q is of another drawing", name, id)
			}
		}
		for _, n := range nodes {
			for _, a := range []string{"for", "aria-describedby", "aria-labelledby", "aria-controls"} {
				for _, id := range strings.Fields(n.attr[a]) {
					if !ids[id] {
						t.Errorf("%s: %s refers to %q, which is not there", name, a, id)
					}
				}
			}
		}
	}
}

func TestEveryControlHasAName(t *testing.T) {
	t.Parallel()
	for name, html := range everything(t) {
		labeled := map[string]bool{}
		nodes := checkHTML(t, html)
		for _, n := range nodes {
			labeled[n.attr["for"]] = true
		}
		for _, n := range nodes {
			switch n.name {
			case "input", "select", "textarea":
				if !labeled[n.attr["id"]] && n.attr["aria-label"] == "" && n.attr["aria-labelledby"] == "" {
					t.Errorf("%s: <%s %v> has no name", name, n.name, n.attr)
				}
			}
		}
	}
}

func TestTheStyleSheetIsScopedAndLoadsNothing(t *testing.T) {
	t.Parallel()
	sheet := regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(string(CSS()), "")
	if strings.Contains(sheet, "url(") || strings.Contains(sheet, "@import") {
		t.Error("the style sheet loads something")
	}
	for _, rule := range regexp.MustCompile(`(?m)^\s*([^@{}]+)\{`).FindAllStringSubmatch(sheet, -1) {
		for _, selector := range regexp.MustCompile(`,\s*(?:\.|$)`).Split(strings.TrimSpace(rule[1]), -1) {
			if !strings.HasPrefix(strings.TrimPrefix(selector, "."), "bk") {
				t.Errorf("%q is not scoped", selector)
			}
		}
	}
}
