package bot

import (
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"pgregory.net/rapid"

	"usher/access"
)

func TestTimeLeftIsShort(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "less than 1 min", time.Second: "1 min", time.Minute: "1 min", 59*time.Minute + 30*time.Second: "1 h",
		61 * time.Minute: "1 h 1 min", 22*time.Hour - time.Second: "22 h", 24 * time.Hour: "1 day",
		25 * time.Hour: "1 day 1 h", 49*time.Hour + 5*time.Minute: "2 days 1 h",
	} {
		if got := left(d); got != want {
			t.Errorf("%v: %q, expected %q", d, got, want)
		}
	}
}

func TestCuttingNeverTearsASignAndNeverExceeds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		n := rapid.IntRange(2, 80).Draw(t, "n")
		got := cut(s, n)
		if len(utf16.Encode([]rune(got))) > n || !strings.HasPrefix(s, strings.TrimSuffix(got, "…")) {
			t.Fatalf("cut(%q, %d) = %q", s, n, got)
		}
	})
}

func TestLiteralTextHoldsNoMarkup(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		got := lit(rapid.String().Draw(t, "s"), 100)
		if strings.ContainsAny(got, "<>\n\r") {
			t.Fatalf("%q", got)
		}
	})
	if got := lit("a_b & <c>", 100); got != "a\u200b_b &amp; &lt;c&gt;" {
		t.Errorf("%q", got)
	}
}

func TestPeopleAreListedAsInASentence(t *testing.T) {
	t.Parallel()
	var many []access.Person
	for range 12 {
		many = append(many, bob())
	}
	for want, people := range map[string][]access.Person{
		"": nil, "Ann Chen": {ann()}, "Ann Chen or Bob Ito": {ann(), bob()}, "Ann Chen, Bob Ito or Cyd O'Hara": {ann(), bob(), cyd()},
		strings.Repeat("Bob Ito, ", 7) + "Bob Ito or 4 more": many,
	} {
		if got := names(people, "or"); got != want {
			t.Errorf("%q, expected %q", got, want)
		}
	}
}

func TestIssueLinksGoOnlyToSafeAddresses(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"https://a.example/browse/A-1":         "<https://a.example/browse/A-1|A-1>",
		"https://a.example/?x=1&y=|2>":         "<https://a.example/?x=1&amp;y=%7C2%3E|A-1>",
		"javascript:alert(1)":                  "A-1",
		"http://a.example/":                    "A-1",
		"http://127.0.0.1:80/browse/A-1":       "<http://127.0.0.1:80/browse/A-1|A-1>",
		"":                                     "A-1",
		"https://" + strings.Repeat("a", 3000): "A-1",
	} {
		if got := issueLink(access.Issue{Key: "A-1", URL: url}); got != want {
			t.Errorf("%s: %q", url, got)
		}
	}
}
