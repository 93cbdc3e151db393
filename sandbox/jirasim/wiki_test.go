package jirasim

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRenderWikiIsReadable(t *testing.T) {
	t.Parallel()
	for wiki, want := range map[string]string{
		"plain": "plain",
		"*strong* _em_ -gone- +new+ a^2^ {{code}}":                 "strong em gone new a^2^ code",
		"2*3*4 and a_b_c and well-known-thing":                     "2*3*4 and a_b_c and well-known-thing",
		`\*not strong\* \[no link\] \{code\}`:                      "*not strong* [no link] {code}",
		"h2. Access\nfor *Alice*":                                  "Access\n\nfor Alice",
		"* one\n** deep\n* two":                                    "• one\n  • deep\n• two",
		"# one\n# two":                                             "1. one\n2. two",
		"||Field||Value||\n|App|Figma|\n|Who|[Alice|https://x.y]|": "Field | Value\nApp | Figma\nWho | Alice (https://x.y)",
		"[docs|https://e.x/a]":                                     "docs (https://e.x/a)",
		"see https://e.x/a.":                                       "see https://e.x/a.",
		"[~accountid:712020:a] please":                             "@712020:a please",
		"!https://evil.x/p.png!":                                   "image: https://evil.x/p.png",
		"{code:go}\nx := \"*a*\"\n{code}\nafter":                   "x := \"*a*\"\n\nafter",
		"{noformat}h1. raw{noformat}":                              "h1. raw",
		"{quote}\nsaid\n{quote}":                                   "> said",
		"bq. said":                                                 "> said",
		"a\nb\n\nc":                                                "a\nb\n\nc",
		"----":                                                     "────────────────────",
		"{color:red}hot{color}":                                    "hot",
		"Wow! Really! yes":                                         "Wow! Really! yes",
		"":                                                         "",
	} {
		if got := RenderWiki(wiki); got != want {
			t.Errorf("%q\nrenders %q\nwant    %q", wiki, got, want)
		}
	}
}

func TestWikiBecomesADocument(t *testing.T) {
	t.Parallel()
	got := string(marshal(wikiToDoc("h1. T\n*b* [x|https://e.x]\n# one")))
	want := `{"type":"doc","version":1,"content":[` +
		`{"type":"heading","attrs":{"level":1},"content":[{"type":"text","text":"T"}]},` +
		`{"type":"paragraph","content":[{"type":"text","text":"b","marks":[{"type":"strong"}]},{"type":"text","text":" "},` +
		`{"type":"text","text":"x","marks":[{"type":"link","attrs":{"href":"https://e.x"}}]}]},` +
		`{"type":"orderedList","content":[{"type":"listItem","content":[{"type":"paragraph","content":[{"type":"text","text":"one"}]}]}]}]}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if empty := string(marshal(wikiToDoc(""))); empty != `{"content":[],"type":"doc","version":1}` {
		t.Errorf("an empty document is %s", empty)
	}
}

func TestDocumentsComeBackAsWiki(t *testing.T) {
	t.Parallel()
	for _, wiki := range []string{
		"plain", "*b* and _i_ and {{c}}", "a\nb", "h3. Title\n\nbody", "* one\n** deep\n* two", "# one\n# two",
		"{code:go}\nx\n{code}", "{quote}\nq\n{quote}", "||A||B||\n|1|2|", "[x|https://e.x]", "[~accountid:712020:a]", "----", "a^2 ^b^ ~c~", "{color:#ff0000}hot{color}",
	} {
		var doc object
		if err := json.Unmarshal(marshal(wikiToDoc(wiki)), &doc); err != nil {
			t.Fatal(err)
		}
		if !validDoc(doc) {
			t.Errorf("%q makes an invalid document", wiki)
		}
		if back := docToWiki(doc); RenderWikiHTML(back, HTML{}) != RenderWikiHTML(wiki, HTML{}) {
			t.Errorf("%q comes back as %q", wiki, back)
		}
	}
}

func TestTextReadsTheSameInBothVersions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	key := s.call("POST", "3/issue", request(field("description", doc("hello *there*")))).want(201).at("key").(string)
	s.call("GET", "3/issue/"+key, nil).is("fields.description.content.0.content.0.text", "hello *there*")
	s.call("GET", "2/issue/"+key, nil).is("fields.description", "hello *there*")
	s.call("GET", "2/issue/"+key+"?expand=renderedFields", nil).is("renderedFields.description", "<p>hello *there*</p>")
}

func FuzzWiki(f *testing.F) {
	for _, seed := range []string{"*a* [b|https://c] {code}x", "||a||\n|b|", "* a\n## b\n- c", `\\ \* !x.y!`, "{quote}{quote}{panel:x}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, wiki string) {
		_ = RenderWiki(wiki)
		_ = text{wiki: wiki}.html()
		var doc object
		if err := json.Unmarshal(marshal(wikiToDoc(wiki)), &doc); err != nil {
			t.Fatal(err)
		}
		if !validDoc(doc) {
			t.Errorf("%q makes an invalid document %s", wiki, marshal(doc))
		}
		_ = docToWiki(doc)
	})
}
