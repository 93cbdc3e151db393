package jirasim

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestWikiIsShownAsJiraShowsIt(t *testing.T) {
	t.Parallel()
	const link = ` class="external-link" rel="nofollow noopener noreferrer">`
	for _, c := range []struct{ wiki, want string }{
		{"", ""},
		{"plain", "<p>plain</p>"},
		{"one\ntwo\n\nthree", "<p>one<br/>two</p><p>three</p>"},
		{`one\\two`, "<p>one<br/>two</p>"},
		{"*b* _i_ -s- +u+ ^up^ ~down~ {{code}} ??cite??", "<p><b>b</b> <em>i</em> <del>s</del> <ins>u</ins> <sup>up</sup> <sub>down</sub> <tt>code</tt> <em>cite</em></p>"},
		{"*b _both_*", "<p><b>b </b><b><em>both</em></b></p>"},
		{"2*3*4, a_b_c, well-known-thing, what??", "<p>2*3*4, a_b_c, well-known-thing, what??</p>"},
		{`\*b\* \[x\] \{code\} \_ \-a\- \!p.png\!`, "<p>*b* [x] {code} _ -a- !p.png!</p>"},
		{"a -- b --- c", "<p>a \u2013 b \u2014 c</p>"},
		{"[docs|https://e.x/a?b=1&c=2]", `<p><a href="https://e.x/a?b=1&amp;c=2"` + link + "docs</a></p>"},
		{"[https://e.x]", `<p><a href="https://e.x"` + link + "https://e.x</a></p>"},
		{"see https://e.x/a.", `<p>see <a href="https://e.x/a"` + link + "https://e.x/a</a>.</p>"},
		{"[mail|mailto:a@e.x]", `<p><a href="mailto:a@e.x"` + link + "mail</a></p>"},
		{"*[b|https://e.x]*", `<p><b><a href="https://e.x"` + link + "b</a></b></p>"},
		{"[~accountid:712020:ada] please", `<p><span class="user-hover">@Ada &lt;b&gt; Love</span> please</p>`},
		{"[~accountid:712020:nobody]", `<p><span class="user-hover">@712020:nobody</span></p>`},
		{"h1. Top\nh3. Deep\ntext", "<h4>Top</h4><h5>Deep</h5><p>text</p>"},
		{"* one\n** deep\n*# first\n* two", "<ul><li><p>one</p><ul><li><p>deep</p></li></ul><ol><li><p>first</p></li></ol></li><li><p>two</p></li></ul>"},
		{"# one\ngoes on\n# two\n\nafter", "<ol><li><p>one<br/>goes on</p></li><li><p>two</p></li></ol><p>after</p>"},
		{"- dash\nh2. x", "<ul><li><p>dash</p></li></ul><h4>x</h4>"},
		{
			"||A||B||\n|1|[x|https://e.x]|", "<table><tbody><tr><th><p>A</p></th><th><p>B</p></th></tr><tr><td><p>1</p></td><td><p>" +
				`<a href="https://e.x"` + link + "x</a></p></td></tr></tbody></table>",
		},
		{`||Row|a\|b| |`, "<table><tbody><tr><th><p>Row</p></th><td><p>a|b</p></td><td><p></p></td></tr></tbody></table>"},
		{"{quote}\nsaid\n{quote}", "<blockquote><p>said</p></blockquote>"},
		{"bq. said", "<blockquote><p>said</p></blockquote>"},
		{"{panel:title=Facts|bgColor=#fff}\n*x*\n{panel}", `<div class="panel"><h4>Facts</h4><p><b>x</b></p></div>`},
		{"{code:go}\nx := \"*a*\" <b>\n{code}\nafter", "<pre>x := &#34;*a*&#34; &lt;b&gt;</pre><p>after</p>"},
		{"{noformat}h1. raw{noformat} rest", "<pre>h1. raw</pre><p> rest</p>"},
		{"before {quote}in{quote} after", "<p>before </p><blockquote><p>in</p></blockquote><p> after</p>"},
		{"a {quote} alone", "<p>a {quote} alone</p>"},
		{"----", "<hr/>"},
		{"{color:red}hot{color} {color:#97A0AF}_grey_{color}", `<p><font color="#ff0000">hot</font> <font color="#97a0af"><em>grey</em></font></p>`},
		{"{color:expression(x)}no{color}", "<p>no</p>"},
		{"ok (/) (x) :) f(x)", "<p>ok ✅ ❌ 🙂 f(x)</p>"},
		{"AT&T &amp; &#60;b&#62;", "<p>AT&amp;T &amp; &lt;b&gt;</p>"},
	} {
		if got := string(RenderWikiHTML(c.wiki, shown())); got != c.want {
			t.Errorf("%q\nis shown as %s\nwant        %s", c.wiki, got, c.want)
		}
	}
}

// shown is how the tests show markup.
func shown() HTML {
	return HTML{Heading: 4, Name: func(id string) string { return map[string]string{"712020:ada": "Ada <b> Love"}[id] }}
}

func hostile() []string {
	return []string{
		"<script>alert(1)</script>", `<img src=x onerror="alert(1)">`, "[x|javascript:alert(1)]", "[x|javascript://e.x/%0aalert(1)]",
		"[x|JaVaScRiPt://e.x]", "[x|data://text/html,<script>]", `[x|https://e.x" onclick="alert(1)]`, `[x"><script>|https://e.x]`,
		"!javascript://x.y/p.png!", "!https://e.x/p.png!", "{html}<b>x</b>{html}", "{color:red;background:url(//e.x)}x{color}", "{color:\"><script>}x{color}",
		"{code:title=<script>|x}</pre><script>{code}", "{panel:title=<script>}x{panel}", "[~accountid:\"><script>]", "h1. <script>", "||<script>||",
		"* <script>", "{{<script>}}", "{noformat}</pre><script>{noformat}", "&lt;script&gt;", "&#60;script&#62;", "[x|//e.x]", "[x|file:///etc/passwd]",
		"[x|vbscript://e.x]", "https://e.x/\"onmouseover=alert(1)", "[https://e.x/'><script>]", "\x00<\x00script>", "[x|\x01javascript://e.x]",
	}
}

func TestHostileMarkupIsOnlyText(t *testing.T) {
	t.Parallel()
	for _, wiki := range hostile() {
		harmless(t, wiki)
	}
}

// harmless reads what is made of the markup, which must be well-formed to the letter, and fails if anything but known
// elements and attributes comes out of it.
func harmless(t *testing.T, wiki string) {
	t.Helper()
	out := string(RenderWikiHTML(wiki, shown()))
	known := strings.Fields("body p br hr h4 h5 h6 ul ol li blockquote pre table tbody tr th td b em del ins tt sub sup a span div font")
	values := map[string]*regexp.Regexp{
		"href": regexp.MustCompile(`^(?i:https?://[^/]|mailto:.)`), "class": regexp.MustCompile(`^(external-link|panel|user-hover)$`),
		"rel": regexp.MustCompile(`^nofollow noopener noreferrer$`), "color": regexp.MustCompile(`^#[0-9a-f]{6}$`),
	}
	for d := xml.NewDecoder(strings.NewReader("<body>" + out + "</body>")); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%q makes broken HTML: %v: %s", wiki, err, out)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if !slices.Contains(known, token.Name.Local) {
				t.Errorf("%q makes element %s: %s", wiki, token.Name.Local, out)
			}
			for _, a := range token.Attr {
				if re := values[a.Name.Local]; re == nil || !re.MatchString(a.Value) {
					t.Errorf("%q makes attribute %s=%q", wiki, a.Name.Local, a.Value)
				}
			}
		case xml.Comment, xml.ProcInst, xml.Directive:
			t.Errorf("%q makes %T: %s", wiki, token, out)
		}
	}
}

func FuzzWikiHTML(f *testing.F) {
	for _, wiki := range hostile() {
		f.Add(wiki)
	}
	for _, wiki := range []string{"{panel:a}{quote}{panel:b}", "* a\n{quote}", "||a|{code}b{code}|", `\\\{color:red}`, "[[a|b]|https://c]"} {
		f.Add(wiki)
	}
	f.Fuzz(harmless)
}

func TestColorsCanBeMadeReadable(t *testing.T) {
	t.Parallel()
	o := HTML{Color: func(string) string { return "#123456" }}
	if got := RenderWikiHTML("{color:white}x{color}", o); got != `<p><font color="#123456">x</font></p>` {
		t.Error(got)
	}
}
