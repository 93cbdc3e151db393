package blockkit

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestWhatIsUnknownIsLoud(t *testing.T) {
	t.Parallel()
	const label = `"label":{"type":"plain_text","text":"L"}`
	for name, c := range map[string]struct{ blocks, want string }{
		"block":             {`[{"type":"video","title":"<b>"}]`, `Unknown block &#34;video&#34;`},
		"block of no type":  {`[{"text":"x"}]`, `Unknown block &#34;&#34;`},
		"no object":         {`["x"]`, `Unknown block &#34;&#34;`},
		"element":           {`[{"type":"actions","elements":[{"type":"workflow_button"}]}]`, `Unknown element &#34;workflow_button&#34;`},
		"accessory":         {`[{"type":"section","accessory":{"type":"file_input"}}]`, `Unknown element &#34;file_input&#34;`},
		"input":             {`[{"type":"input",` + label + `,"element":{"type":"rich_text_input"}}]`, `Unknown element &#34;rich_text_input&#34;`},
		"input of nothing":  {`[{"type":"input",` + label + `}]`, `Unknown element &#34;&#34;`},
		"in the context":    {`[{"type":"context","elements":[{"type":"button"}]}]`, `Unknown element &#34;button&#34;`},
		"rich text part":    {`[{"type":"rich_text","elements":[{"type":"rich_text_table"}]}]`, `Unknown rich text part &#34;rich_text_table&#34;`},
		"rich text list":    {`[{"type":"rich_text","elements":[{"type":"rich_text_list","elements":[{"type":"x"}]}]}]`, `Unknown rich text part &#34;x&#34;`},
		"rich text element": {`[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"x"}]}]}]`, `Unknown rich text element &#34;x&#34;`},
		"text of a type":    {`[{"type":"section","text":{"type":"markdown","text":"x"}}]`, `Unreadable block &#34;section&#34;: text object of type`},
		"text of no shape":  {`[{"type":"header","text":"x"}]`, `Unreadable block &#34;header&#34;`},
		"no array":          {`{"type":"section"}`, `Unreadable blocks`},
		"no JSON":           {`[{`, `Unreadable blocks`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, html := range []string{
				string(Blocks(InHome, json.RawMessage(c.blocks), Options{})),
				string(Message("text", json.RawMessage(c.blocks), Options{})),
			} {
				loud := false
				for _, n := range checkHTML(t, html) {
					loud = loud || n.attr["class"] == "bk-unknown" && n.attr["role"] == "alert"
				}
				if !loud || !strings.Contains(html, c.want) {
					t.Errorf("got %s", html)
				}
			}
		})
	}
}

func TestOneUnknownBlockHidesNoOther(t *testing.T) {
	t.Parallel()
	html := string(Blocks(InHome, json.RawMessage(`[{"type":"video","pad":"`+strings.Repeat("ü", 2000)+`"},{"type":"divider"}]`), Options{}))
	if checkHTML(t, html); !strings.Contains(html, "<hr>") || len(html) > 3000 {
		t.Errorf("%d bytes: %s", len(html), html)
	}
}

func TestAMessageWithoutBlocksShowsItsText(t *testing.T) {
	t.Parallel()
	for _, blocks := range []string{"", "null", "[]"} {
		html := string(Message("*hello*", json.RawMessage(blocks), Options{}))
		if checkHTML(t, html); !strings.Contains(html, "<b>hello</b>") || !strings.HasPrefix(html, `<div class="bk `) {
			t.Errorf("%q: got %s", blocks, html)
		}
	}
	if html := string(Message("*hello*", json.RawMessage(`[{"type":"divider"}]`), Options{})); strings.Contains(html, "hello") {
		t.Errorf("blocks do not stand for the text: %s", html)
	}
}
