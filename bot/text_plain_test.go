package bot

import "testing"

func TestTheTextBesideTheBlocksSaysWhatTheBlocksShow(t *testing.T) {
	t.Parallel()
	md := "*" + lit("A *bold* <!channel> & `code` :x:", 100) + "*, " + when(noon()) + "\nSee <https://x.example/A-1|A-1>"
	if got, want := asText(md), "A *bold* <!channel> & `code` :x:, 24 Nov 2026 12:00 UTC. See A-1."; line(got) != want {
		t.Errorf("%q, expected %q", line(got), want)
	}
	for typed, want := range map[string]string{"<": "<", "&lt;": "&lt;", "*": "*", "a\u200b": "a", "_": "_"} {
		if got := line(asText(lit(typed, 10))); got != want {
			t.Errorf("%q became %q", typed, got)
		}
	}
	for _, torn := range []string{"<", "<!date^1", "*\u200b", "\u200b", "a\n", "\n\n"} {
		asText(torn) // Ends.
	}
	if got := sentences("a", "", "b?", " c… ", "d."); got != "a. b? c… d." {
		t.Errorf("%q", got)
	}
}
