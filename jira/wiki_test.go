package jira

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEscapeShowsTextAsItIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"plain words", "Needs to fix the build, please.", "Needs to fix the build, please."},
		{"macro", "{code}x{code}", `\{code\}x\{code\}`},
		{"mention", "[~accountid:5b10a2844c20165700ede21g]", `\[\~accountid:5b10a2844c20165700ede21g\]`},
		{"image", "!http://evil.example/pixel.png!", `\!http://evil.example/pixel.png!`},
		{"exclamation stays readable", "Hello! Now!", "Hello! Now!"},
		{"emphasis", "*bold* _em_ +ins+ ^sup^ ~sub~", `\*bold\* \_em\_ \+ins\+ \^sup\^ \~sub\~`},
		{"strike", "-gone-", `\-gone\-`},
		{"hyphen in a word", "read-only, 2026-11-24", "read-only, 2026-11-24"},
		{"dash between words", "a - b", "a - b"},
		{"citation", "??who??", `\?\?who\?\?`},
		{"question", "Why? Because.", "Why? Because."},
		{"heading", "h1. Approved", "\u200bh1. Approved"},
		{"quote", "bq. Approved", "\u200bbq. Approved"},
		{"heading on a later line", "x\nh2. Approved", "x\n\u200bh2. Approved"},
		{"bullets", "* a\n# b\n- c", "\u200b\\* a\n\u200b# b\n\u200b\\- c"},
		{"rule", "----", "\u200b\\-\\-\\-\\-"},
		{"table", "||head||\n|cell|", "\u200b\\|\\|head\\|\\|\n\u200b\\|cell\\|"},
		{"line break", `a\\b`, "a\\\u200b\\\u200bb"},
		{"backslash cannot undo an escape", `\{code}`, "\\\u200b\\{code\\}"},
		{"picture", "ok (/) (on) (see below)", `ok \(/) \(on) (see below)`},
		{"smile", "thanks :) ;)", "thanks :\u200b) ;\u200b)"},
		{"time of day", "at 12:30", "at 12:30"},
		{"at sign", "@ann and ann@example.com", "@\u200bann and ann@example.com"},
		{"entity", "&#123;x &amp;y AT&T", "&\u200b#123;x &\u200bamp;y AT&T"},
		{"controls and reordering", "a\x00b\u202ec\u2066d", "abcd"},
		{"other line ends", "a\r\nb\rc\u2028d", "a\nb\nc\nd"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, short := escape(c.in, 0)
			if got != c.want || short {
				t.Errorf("escape(%q) = %q, %v; want %q", c.in, got, short, c.want)
			}
		})
	}
}

func TestEscapeStopsAtTheLimitWithoutHalfAnEscape(t *testing.T) {
	t.Parallel()
	for limit := 1; limit < 12; limit++ {
		got, short := escape("{{{{😀😀", limit)
		if units(got) > limit || strings.HasSuffix(got, `\`) || !utf8.ValidString(got) {
			t.Errorf("limit %d: %q", limit, got)
		}
		if wantShort := limit < 12; short != wantShort {
			t.Errorf("limit %d: short = %v", limit, short)
		}
	}
	if got, short := escape("{{{{😀😀", 12); short || units(got) != 12 {
		t.Errorf("exactly 12 units: %q, %v", got, short)
	}
}

// active lists what Jira's renderer would act on in text from which escaped characters were taken away. It is written
// from Jira's notation guide, not from escape.
func active() []*regexp.Regexp {
	var out []*regexp.Regexp
	for _, s := range []string{
		`[{}\[\]|]`, // macros, links, tables
		`\\\\`,      // line break
		`(?:^|[^\pL\pN])[*_+^~-][^\s*_+^~-][^\n]*[*_+^~-]`, // phrases
		`![^\s!][^\n!]*!`, // images
		`\?\?`,            // citations
		`(?m)^\s*(?:h[1-6]\.|bq\.|[*#-]+(?:\s|$)|-{2,})`, // blocks
		`(?:^|[^\pL\pN])@[\pL\pN]`,                       // mentions
		`&#?[A-Za-z0-9]+;`,                               // entities
		`\([a-zA-Z!?+*/-]{1,3}\)`,                        // pictures
		`[:;][()](?:\W|$)`,                               // smiles
	} {
		out = append(out, regexp.MustCompile(s))
	}
	return out
}

func FuzzEscape(f *testing.F) {
	for _, s := range []string{
		"", `\`, `\\`, `\{`, "{quote}", "!a.png!", "- -x-", "(x)", "??a", "a-b-c", "--x--", "*\n*", "[a|http://b]", "x\\", "!!a!!",
		"{color:red}", "\u200bh1. x", " h1. x", "-\u00a0-", "@@a", ":)", "&amp;", "a\u0300*b*", "\ufeffh1. x", "\th1. x",
	} {
		f.Add(s)
	}
	markup := active()
	escapes := regexp.MustCompile(`\\[^A-Za-z0-9\s` + "\u200b" + `\\]`)
	f.Fuzz(func(t *testing.T, in string) {
		got, short := escape(in, 0)
		if short {
			t.Fatalf("cut without a limit: %q", in)
		}
		// A placeholder that is a word character neither hides nor makes markup next to an escaped one.
		rest := escapes.ReplaceAllString(got, "é")
		for _, re := range markup {
			if m := re.FindString(rest); m != "" {
				t.Errorf("escape(%q) = %q leaves %q for %s", in, got, m, re)
			}
		}
		if strings.Count(got, "\n") != strings.Count(clean(in), "\n") {
			t.Errorf("escape(%q) = %q changes the lines", in, got)
		}
		// Nothing is lost: without what escape adds, the text is the one that went in.
		plainText := strings.ReplaceAll(regexp.MustCompile(`\\([^A-Za-z0-9\s`+"\u200b"+`\\])`).ReplaceAllString(got, "$1"), "\u200b", "")
		if want := strings.ReplaceAll(clean(in), "\u200b", ""); plainText != want && !strings.Contains(in, `\`) {
			t.Errorf("escape(%q) = %q reads %q", in, got, plainText)
		}
	})
}

func TestCutCountsAsJiraDoes(t *testing.T) {
	t.Parallel()
	if got := cut(strings.Repeat("😀", 200), maxSummary); units(got) > maxSummary || !strings.HasSuffix(got, "…") || !utf8.ValidString(got) {
		t.Errorf("cut left %d units", units(got))
	}
	if got := cut("short", maxSummary); got != "short" {
		t.Errorf("cut(short) = %q", got)
	}
}

// What a block looks like is said once more, as an expression; every short line of the characters that matter is judged by both.
func TestBlocksAreKnownByTheirBeginnings(t *testing.T) {
	t.Parallel()
	want := regexp.MustCompile(`^\s*(?:h[1-6]\.|bq\.|fn\d*\.|[-*#]+(?:\s|$)|-{2,}|\|)`)
	const signs = "h16bqfn.-*#| \té"
	for lines := []string{""}; len([]rune(lines[0])) <= 4; {
		var longer []string
		for _, line := range lines {
			if got := startsBlock(line); got != want.MatchString(line) {
				t.Fatalf("startsBlock(%q) = %v", line, got)
			}
			for _, c := range signs {
				longer = append(longer, line+string(c))
			}
		}
		lines = longer
	}
}
