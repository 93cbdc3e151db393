package jirapane

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"usher/sandbox/jirasim"
	"usher/sandbox/page/web"
)

func TestColorsAreDarkEnoughToRead(t *testing.T) {
	t.Parallel()
	for hex, want := range map[string]string{"#000000": "#000000", "#0747a6": "#0747a6", "nonsense": "#172b4d"} {
		if got := readable(hex); got != want {
			t.Errorf("%s becomes %s", hex, got)
		}
	}
	for _, hex := range []string{"#97a0af", "#ffffff", "#ffff00", "#00ff00", "#ff0000", "#00ffff"} {
		n, err := strconv.ParseUint(readable(hex)[1:], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		if l := luminance([3]float64{float64(n >> 16), float64(n >> 8 & 0xff), float64(n & 0xff)}); 1.05/(l+0.05) < 4.5 {
			t.Errorf("%s stays too faint at %s", hex, readable(hex))
		}
	}
}

func TestMomentsAreToldInTheReadersZone(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	d := drawing{viewer: web.Viewer{Zone: berlin}, now: time.Date(2026, 3, 28, 23, 30, 0, 0, time.UTC)} // The 29th in Berlin, where a night is short.
	for at, want := range map[string]string{
		"2026-03-28T23:00:00Z": "Today at 00:00", "2026-03-28T22:59:59Z": "Yesterday at 23:59", "2026-03-29T22:30:00Z": "Tomorrow at 00:30",
		"2026-03-27T12:00:00Z": "Mar 27 at 13:00", "2025-07-01T12:00:00Z": "Jul 1, 2025 at 14:00",
	} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.stamp(when); got.Short != want {
			t.Errorf("%s is %q, want %q", at, got.Short, want)
		}
	}
	if got := d.stamp(d.now); got.Full != "Sunday, March 29, 2026 at 00:30:00 CET" || got.Machine != "2026-03-29T00:30:00+01:00" {
		t.Errorf("%+v", got)
	}
}

func TestValuesOfEveryTypeAreShown(t *testing.T) {
	t.Parallel()
	d := drawing{viewer: web.Viewer{Zone: time.UTC}, now: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)}
	for name, c := range map[string]struct {
		f    jirasim.Field
		v    any
		want field
	}{
		"text":          {jirasim.Field{Type: "string"}, "*x*", field{Text: "*x*"}},
		"rich text":     {jirasim.Field{Type: "string", Custom: "a:textarea"}, "*x*", field{HTML: "<p><b>x</b></p>"}},
		"number":        {jirasim.Field{Type: "number"}, 1.5, field{Text: "1.5"}},
		"date":          {jirasim.Field{Type: "date"}, "2026-02-03", field{Text: "Feb 3, 2026"}},
		"broken date":   {jirasim.Field{Type: "date"}, "soon", field{Text: "soon"}},
		"option":        {jirasim.Field{Type: "option"}, map[string]any{"value": "High", "id": "1"}, field{Text: "High"}},
		"labels":        {jirasim.Field{Type: "array"}, []string{"a", "b"}, field{Text: "a, b"}},
		"options":       {jirasim.Field{Type: "array"}, []any{map[string]any{"value": "a"}, map[string]any{"value": "b"}}, field{Text: "a, b"}},
		"users":         {jirasim.Field{Type: "array"}, []any{map[string]any{"displayName": "Ada"}}, field{Text: "Ada"}},
		"unknown shape": {jirasim.Field{Type: "any"}, map[string]any{"b": "2", "a": 1.0}, field{Text: "a: 1, b: 2"}},
	} {
		if got := d.custom(c.f, c.v); got != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := d.custom(jirasim.Field{Type: "datetime"}, "2026-01-03T04:05:00.000+0000"); got.At == nil || got.At.Short != "Tomorrow at 04:05" {
		t.Errorf("date and time: %+v", got)
	}
}

func TestFacesHaveInitials(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"Maya Chen": "MC", "Dan O'Brien": "DB", "Zoë": "Z", "": "", "李 小龙": "李小", "(Bot)": "B"} {
		if got := faceOf(name); got.Initials != want || got.Color < 0 || got.Color >= faceColors {
			t.Errorf("%q: %+v, want %q", name, got, want)
		}
	}
}

func TestAGistIsTheWordsAlone(t *testing.T) {
	t.Parallel()
	for wiki, want := range map[string]string{
		"": "", "* *one*\n* {{two}} <b> &amp; three": "one two <b> & three", strings.Repeat("ä", 241): strings.Repeat("ä", 240) + "…",
	} {
		if got := gist(jirasim.RenderWikiHTML(wiki, jirasim.HTML{})); got != want {
			t.Errorf("%q becomes %q", wiki, got)
		}
	}
}
