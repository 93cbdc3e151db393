package slacksim_test

import (
	"encoding/json"
	"testing"

	"usher/sandbox/slacksim"
)

func TestPlainTextReadsLikeTheScreen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ blocks, want string }{
		"header":   {`[{"type":"header","text":{"type":"plain_text","text":"Access :key:"}}]`, "# Access 🔑"},
		"mrkdwn":   {`[{"type":"section","text":{"type":"mrkdwn","text":"<@U1|ann> asks &lt;b&gt; at <https://x|the issue> <!here> <#C1|it> <mailto:a@b|a@b>"}}]`, "@ann asks <b> at the issue (https://x) @here #it a@b (a@b)"},
		"date":     {`[{"type":"section","text":{"type":"mrkdwn","text":"until <!date^1770000000^{date}|later>"}}]`, "until 2026-02-02 02:40 UTC"},
		"bad date": {`[{"type":"section","text":{"type":"mrkdwn","text":"until <!date^x^{date}|later>"}}]`, "until later"},
		"fields":   {`[{"type":"section","fields":[{"type":"plain_text","text":"a"},{"type":"plain_text","text":"b"}]}]`, "a\nb"},
		"buttons": {
			`[{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Approve"}},{"type":"overflow","options":[{"text":{"type":"plain_text","text":"Later"},"value":"l"}]}]}]`,
			"[Approve] ... [Later]",
		},
		"menu":       {`[{"type":"section","text":{"type":"plain_text","text":"For"},"accessory":{"type":"static_select","placeholder":{"type":"plain_text","text":"hours"},"options":[]}}]`, "For  <(hours)>"},
		"context":    {`[{"type":"context","elements":[{"type":"mrkdwn","text":"a"},{"type":"image","alt_text":"cat"}]},{"type":"divider"}]`, "a  (image: cat)\n---"},
		"rich text":  {`[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"a <b> "},{"type":"user","user_id":"U1"},{"type":"date","timestamp":1770000000,"format":"x"}]},{"type":"rich_text_quote","elements":[{"type":"text","text":"q"}]},{"type":"rich_text_list","elements":[{"type":"rich_text_section","elements":[{"type":"link","url":"u","text":"t"}]}]}]}]`, "a <b> @U12026-02-02 02:40 UTC\n> q\n- t (u)"},
		"table":      {`[{"type":"table","rows":[[{"type":"raw_text","text":"a"},{"type":"raw_text","text":"b"}]]}]`, "a | b"},
		"card":       {`[{"type":"carousel","elements":[{"type":"card","title":{"type":"mrkdwn","text":"T"},"actions":[{"type":"button","text":{"type":"plain_text","text":"Go"}}]}]}]`, "T\n[Go]"},
		"container":  {`[{"type":"container","title":{"type":"plain_text","text":"T"},"child_blocks":[{"type":"divider"}]}]`, "T\n---"},
		"alert":      {`[{"type":"alert","text":{"type":"plain_text","text":"careful"}}]`, "! careful"},
		"no blocks":  {`null`, ""},
		"no JSON":    {`{`, ""},
		"open angle": {`[{"type":"section","text":{"type":"mrkdwn","text":"a < b"}}]`, "a < b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := slacksim.PlainText(json.RawMessage(c.blocks)); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestIDsGetNames(t *testing.T) {
	t.Parallel()
	b := start(t)
	if got := b.Named("@U1ANN and @U9 in #C1IT"); got != "@ann and @U9 in #it" {
		t.Errorf("%q", got)
	}
}

func FuzzPlainTextNeverPanics(f *testing.F) {
	f.Add(`[{"type":"section","text":{"type":"mrkdwn","text":"<!date^|>"}}]`)
	f.Add(`{"blocks":[{"type":"input","element":{"type":"datetimepicker","initial_date_time":1}}]}`)
	f.Add(`[{"type":"rich_text","elements":[{"elements":[{"type":"emoji"}]}]}]`)
	f.Fuzz(func(_ *testing.T, raw string) { slacksim.PlainText(json.RawMessage(raw)) })
}

func TestBareLinksAreWrapped(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"see https://x.example/a, ok":  "see <https://x.example/a>, ok",
		"<https://x|y> and <http://z>": "<https://x|y> and <http://z>",
		"nothing":                      "nothing",
	} {
		if got := slacksim.LinkBare(in); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
