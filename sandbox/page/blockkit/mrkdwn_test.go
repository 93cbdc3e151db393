package blockkit

import (
	"strings"
	"testing"
	"time"
)

func readers() Options {
	return Options{
		Now:     time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC),
		Name:    func(id string) string { return map[string]string{"U1": "Ann <Chen>", "U2": "שרה"}[id] },
		Channel: func(id string) string { return map[string]string{"C1": "general"}[id] },
	}
}

func TestMrkdwnLooksAsInSlack(t *testing.T) {
	t.Parallel()
	at := func(href, inner string) string {
		return `<a class="bk-link" href="` + href + `" target="_blank" rel="noopener noreferrer">` + inner + `</a>`
	}
	for name, c := range map[string]struct{ in, want string }{
		"bold, italic, strike":          {"*a* _b_ ~c~", "<b>a</b> <i>b</i> <s>c</s>"},
		"nested":                        {"*a _b ~c~_*", "<b>a <i>b <s>c</s></i></b>"},
		"crossed":                       {"*a _b* c_", "<b>a _b</b> c_"},
		"the same twice":                {"*a* and *b*", "<b>a</b> and <b>b</b>"},
		"inside of a word":              {"a*b*c snake_case_name 2*3*4", "a*b*c snake_case_name 2*3*4"},
		"beside punctuation":            {"(*a*), “_b_”.", "(<b>a</b>), “<i>b</i>”."},
		"spaces inside":                 {"* a * _ b_ *c *", "* a * _ b_ *c *"},
		"doubled signs":                 {"**a** __b__ ~~c~~", "**a** __b__ ~~c~~"},
		"not closed":                    {"*a _b", "*a _b"},
		"not across lines":              {"*a\nb*", "*a<br>b*"},
		"signs alone":                   {"* _ ~ ` ** ``", "* _ ~ ` ** ``"},
		"kept from working":             {"\u200b*a\u200b* \u200b`b\u200b`", "\u200b*a\u200b* \u200b`b\u200b`"},
		"code":                          {"run `a *b* :x: &lt;c&gt;`", "run <code>a *b* :x: &lt;c&gt;</code>"},
		"code in bold":                  {"*see `a*b`*", "<b>see <code>a*b</code></b>"},
		"code with a link":              {"`<https://x.example|y>`", "<code>" + at("https://x.example", "y") + "</code>"},
		"code in a word":                {"a`b`c", "a`b`c"},
		"preformatted":                  {"a\n```\n*x*\n  &gt; y\n```\nb", "a<pre>*x*\n  &gt; y</pre>b"},
		"preformatted in a line":        {"a ```b``` c", "a <pre>b</pre> c"},
		"preformatted, not closed":      {"a ```b", "a ```b"},
		"preformatted, empty":           {"``` ```", "``` ```"},
		"quote":                         {"a\n&gt; *b*\n&gt;c\nd", "a<blockquote><b>b</b><br>c</blockquote>d"},
		"quote, as an app writes it":    {"> b", "<blockquote>b</blockquote>"},
		"quote of the rest":             {"a\n&gt;&gt;&gt; b\n\n&gt; c", "a<blockquote>b<br><br>&gt; c</blockquote>"},
		"quote with preformatted":       {"&gt; ```b```", "<blockquote><pre>b</pre></blockquote>"},
		"no quote inside a line":        {"a &gt; b", "a &gt; b"},
		"no quote inside preformatted":  {"```a\n&gt; b```", "<pre>a\n&gt; b</pre>"},
		"lines":                         {"a\n\nb\r\nc", "a<br><br>b<br>c"},
		"lists are plain":               {"• a\n- b\n1. c", "• a<br>- b<br>1. c"},
		"link":                          {"<https://x.example/?a=1&amp;b=2>", at("https://x.example/?a=1&amp;b=2", "https://x.example/?a=1&amp;b=2")},
		"link with label":               {"*<https://x.example|A &amp; B>*", "<b>" + at("https://x.example", "A &amp; B") + "</b>"},
		"label is not formatted":        {"<https://x.example|*a*>", at("https://x.example", "*a*")},
		"mail":                          {"<mailto:a@x.example> <mailto:a@x.example|Ann>", at("mailto:a@x.example", "a@x.example") + " " + at("mailto:a@x.example", "Ann")},
		"bare address":                  {"see https://x.example/a_b_c, or (http://y.example).", "see " + at("https://x.example/a_b_c", "https://x.example/a_b_c") + ", or (" + at("http://y.example", "http://y.example") + ")."},
		"bare address in bold":          {"*https://x.example*", "<b>" + at("https://x.example", "https://x.example") + "</b>"},
		"bare address in typed bracket": {"&lt;https://x.example&gt;", "&lt;" + at("https://x.example", "https://x.example") + "&gt;"},
		"user":                          {"<@U1>", `<span class="bk-mention" data-id="U1">@<bdi>Ann &lt;Chen&gt;</bdi></span>`},
		"user from right to left":       {"<@U2|sara>", `<span class="bk-mention" data-id="U2">@<bdi>שרה</bdi></span>`},
		"user whom nobody knows":        {"<@U9|ann> <@W9>", `<span class="bk-mention" data-id="U9">@<bdi>ann</bdi></span> <span class="bk-mention" data-id="W9">@<bdi>W9</bdi></span>`},
		"channel":                       {"<#C1> <#C2|it>", `<span class="bk-mention" data-id="C1">#<bdi>general</bdi></span> <span class="bk-mention" data-id="C2">#<bdi>it</bdi></span>`},
		"everybody":                     {"<!here> <!channel|x>", `<span class="bk-mention bk-broadcast">@<bdi>here</bdi></span> <span class="bk-mention bk-broadcast">@<bdi>channel</bdi></span>`},
		"user group":                    {"<!subteam^S1|@sre>", `<span class="bk-mention" data-id="S1">@<bdi>sre</bdi></span>`},
		"emoji":                         {":x: :red_circle:", emojiHTML("x", "❌") + " " + emojiHTML("red_circle", "🔴")},
		"emoji with a tone":             {":wave::skin-tone-4:", emojiHTML("wave", "👋🏽")},
		"emoji nobody knows":            {":our_logo: 12:30:45", ":our_logo: 12:30:45"},
		"entities":                      {"&lt; &gt; &amp; &amp;lt; &quot; &#39;", "&lt; &gt; &amp; &amp;lt; &amp;quot; &amp;#39;"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := string(Mrkdwn(c.in, readers()))
			checkHTML(t, got)
			if got != c.want {
				t.Errorf("%q\n got %s\nwant %s", c.in, got, c.want)
			}
		})
	}
}

func TestHostileMrkdwnPlacesNothing(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"script":               `<script>alert(1)</script>`,
		"tag":                  `<img src=x onerror=alert(1)>`,
		"script address":       `<javascript:alert(1)|click>`,
		"script, disguised":    "<java\tscript:alert(1)|click> < javascript:alert(1)> <JAVASCRIPT:alert(1)>",
		"data address":         `<data:text/html,hello|click>`,
		"no address":           `<//evil.example|click> <evil.example|click> </a|b>`,
		"typed mention":        `&lt;@U1&gt; &lt;!channel&gt; &amp;lt;@U1&amp;gt;`,
		"typed link":           `&lt;https:evil|Approve&gt;`,
		"typed date":           `&lt;!date^1^{date}|never&gt;`,
		"mention of no id":     `<@"><b> <@u1> <@U1'x> <#X1> <!subteam^T1> <!other|x>`,
		"half open":            `<@U1 <!here <#C1|x`,
		"nested":               `<<>> <<`,
		"control characters":   "a\x00b\x1b[31m",
		"quotes in an address": `<https:"onmouseover="x|y>`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, n := range checkHTML(t, string(Mrkdwn(in, readers()))) {
				t.Errorf("%q makes <%s %v>", in, n.name, n.attr)
			}
		})
	}
}

func TestAttributesHoldWhatIsHostile(t *testing.T) {
	t.Parallel()
	got := string(Mrkdwn(`<https://x.example/"onmouseover="a'<b|c" d='e>`, readers()))
	checkHTML(t, got)
	got = string(Mrkdwn(`<https://x.example/"onmouseover="a'|c" d='e>`, readers()))
	for _, n := range checkHTML(t, got) {
		if n.name != "a" || n.attr["href"] != `https://x.example/"onmouseover="a'` || len(n.attr) != 4 {
			t.Errorf("got <%s %v>", n.name, n.attr)
		}
	}
}

func TestVerbatimTextMakesNoLinks(t *testing.T) {
	t.Parallel()
	blocks := `[{"type":"section","text":{"type":"mrkdwn","verbatim":true,"text":"*https://x.example* <https://y.example|y>"}}]`
	got := string(Blocks(InMessage, []byte(blocks), readers()))
	if !strings.Contains(got, "<b>https://x.example</b>") || !strings.Contains(got, `href="https://y.example"`) {
		t.Errorf("got %s", got)
	}
}

func TestPlainTextIsLiteral(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"*a* <@U1> &amp; <b>": "*a* &lt;@U1&gt; &amp;amp; &lt;b&gt;",
		"a\nb":                "a<br>b",
		":x:":                 emojiHTML("x", "❌"),
		":nothing:":           ":nothing:",
	} {
		if got := string(Plain(in)); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
	if got := plain(":x:", false); got != ":x:" {
		t.Errorf("a text without emoji shows %s", got)
	}
}

func FuzzMrkdwn(f *testing.F) {
	for _, seed := range []string{
		"*a* _b_ ~c~ `d` ```e```", "&gt; q\n&gt;&gt;&gt; r", "<https://x.example|y> <@U1> <#C1|g> <!here>", ":wave::skin-tone-3: :x",
		"<!date^1795521600^{date_short_pretty} {time}^https://x.example|f>", "<script>", "*<b>*", "`<`>", "\x00\xff<\u2028>", "https://x.example/<a>",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		checkHTML(t, string(Mrkdwn(s, readers())))
		checkHTML(t, string(Plain(s)))
		checkHTML(t, start("p", attr("title", s), attr("id", "x"+idPart(s)))+"</p>")
	})
}
