package catalog

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDurationsReadAndSpeak(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		length time.Duration
		speak  string
	}{
		"1m":       {time.Minute, "1 minute"},
		"90m":      {90 * time.Minute, "1 hour 30 minutes"},
		"1h":       {time.Hour, "1 hour"},
		"6h":       {6 * time.Hour, "6 hours"},
		"24h":      {day, "1 day"},
		"3d":       {3 * day, "3 days"},
		"2w":       {14 * day, "14 days"},
		"1d12h":    {36 * time.Hour, "1 day 12 hours"},
		"365d":     {365 * day, "365 days"},
		"standing": {0, "no end"},
	} {
		d, err := ParseDuration(text)
		if err != nil || time.Duration(d) != want.length || d.String() != want.speak {
			t.Errorf("%s = %v (%v), %v; want %v", text, time.Duration(d), d, err, want)
		}
	}
	for _, text := range []string{"", "h", "1", "1H", "-1h", "1.5h", "1h1h", "1m1h", "1y", "0h", "366d", "53w", "99999999999999999999h", "1h ", "Standing", "1ħ"} {
		if d, err := ParseDuration(text); err == nil {
			t.Errorf("%q = %v, want an error", text, d)
		}
	}
	if got := Duration(90 * time.Second).String(); got != "1m30s" {
		t.Errorf("below the catalog's grain = %q", got)
	}
}

func TestDurationTextIsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := Duration(time.Duration(rapid.IntRange(0, 365*24*60).Draw(t, "minutes")) * time.Minute)
		if got, err := ParseDuration(d.Text()); err != nil || got != d {
			t.Fatalf("%v reads back as %v, %v", d.Text(), got, err)
		}
	})
}

func TestDurationsAreOfferedShortestFirstWithTheMiddleAsDefault(t *testing.T) {
	t.Parallel()
	for lines, want := range map[string]string{
		"":                          "1h 6h 1d | 6h",
		"standing: {allowed: true}": "1h 6h 1d standing | 6h",
		"durations: [2h]":           "2h | 2h",
		"durations: [1d, 2h]":       "2h 1d | 2h",
		"durations: [1d, 2h]\ndefault_duration: 24h":                       "2h 1d | 1d",
		"durations: [standing, 1w, 1h]\nstanding: {allowed: true}":         "1h 7d standing | 7d",
		"durations: [1h, 2h, 3h, 4h, 5h]":                                  "1h 2h 3h 4h 5h | 3h",
		"durations: [1h, 2h, 3h, 4h, 5h]\ndefault_duration: 240m":          "1h 2h 3h 4h 5h | 4h",
		"standing: {allowed: true, because: x}\ndurations: [1h, standing]": "1h standing | 1h",
	} {
		e, _ := parse(t, Source{"c.yml", []byte(roleDoc(lines))}).Entitlement("write")
		got := ""
		for _, d := range e.Durations {
			got += d.Text() + " "
		}
		if got += "| " + e.Default.Text(); got != want {
			t.Errorf("%q: got %q, want %q", lines, got, want)
		}
	}
}

func TestNoticeScalesWithTheLength(t *testing.T) {
	t.Parallel()
	e := example1(t, "github-write")
	for length, want := range map[Duration]time.Duration{
		Standing:            0,
		Duration(time.Hour): 10 * time.Minute,
		Duration(day):       4 * time.Hour,
		Duration(14 * day):  day,
	} {
		if got := e.Notice(length); got != want {
			t.Errorf("notice of %v = %v, want %v", length, got, want)
		}
	}
}
