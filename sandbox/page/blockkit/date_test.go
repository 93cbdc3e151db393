package blockkit

import (
	"testing"
	"time"
)

func TestDatesAreWordedAsInSlack(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		at           time.Time
		format, want string
	}{
		"numbers":             {now, "{date_num} {date_slash}", "2026-11-24 11/24/2026"},
		"long ago":            {time.Date(2014, 2, 18, 6, 39, 45, 0, time.UTC), "{date} · {date_short} · {date_long}", "February 18th, 2014 · Feb 18, 2014 · Tuesday, February 18th, 2014"},
		"within six months":   {now.AddDate(0, 5, 0), "{date} · {date_short} · {date_long}", "April 24th · Apr 24 · Saturday, April 24th"},
		"beyond six months":   {now.AddDate(0, 7, 0), "{date_short}", "Jun 24, 2027"},
		"full":                {now, "{date_long_full}", "November 24, 2026"},
		"morning":             {time.Date(2026, 11, 24, 6, 9, 5, 0, time.UTC), "{time} {time_secs}", "6:09 AM 6:09:05 AM"},
		"noon and midnight":   {time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC), "{time}", "12:00 AM"},
		"today":               {now.Add(-13 * time.Hour), "{date_short_pretty} {time}", "Today 1:00 AM"},
		"tomorrow":            {now.Add(10 * time.Hour), "by {date_pretty}", "by tomorrow"},
		"yesterday":           {now.Add(-15 * time.Hour), "{date_long_pretty}", "Yesterday"},
		"another day":         {now.Add(48 * time.Hour), "{date_pretty}, {date_short_pretty}, {date_long_pretty}", "November 26th, Nov 26, Thursday, November 26th"},
		"divider":             {now.Add(48 * time.Hour), "{day_divider_pretty}", "Thursday, November 26th"},
		"ordinals":            {time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), "{date}", "November 1st"},
		"second":              {time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), "{date}", "November 22nd"},
		"third":               {time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC), "{date}", "November 3rd"},
		"eleventh":            {time.Date(2026, 11, 11, 0, 0, 0, 0, time.UTC), "{date}", "November 11th"},
		"ago":                 {now.Add(-3 * time.Minute), "{ago}", "3 minutes ago"},
		"ago, one":            {now.Add(-90 * time.Minute), "{ago}", "1 hour ago"},
		"ahead":               {now.Add(49 * time.Hour), "{ago}", "In 2 days"},
		"months":              {now.AddDate(0, -3, 0), "{ago}", "3 months ago"},
		"unknown token":       {now, "{date_odd} {time}", "{date_odd} 2:00 PM"},
		"not a token":         {now, "{today} {", "{today} {"},
		"brace before":        {now, "} {time} {x", "} 2:00 PM {x"},
		"brace in a brace":    {now, "{{time}}", "{2:00 PM}"},
		"nothing but letters": {now, "soon", "soon"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPage(InMessage, Options{Now: now})
			if got := p.dateText(c.at.UTC(), c.format); got != c.want {
				t.Errorf("%s: got %q, want %q", c.format, got, c.want)
			}
		})
	}
}

func TestDatesAreInTheReadersZone(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("JST", 9*3600)
	o := Options{Now: time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC), Zone: zone}
	got := string(Mrkdwn("<!date^1795536000^{date_short_pretty} {time}|24 Nov 2026 16:00 UTC>", o))
	want := `<time datetime="2026-11-24T16:00:00Z" title="Wednesday, November 25, 2026 at 1:00:00 AM JST">Tomorrow 1:00 AM</time>`
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestDatesFallBack(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"<!date^soon^{date}|a &lt;b&gt;>":                  "a &lt;b&gt;",
		"<!date^999999999999999^{date}|never>":             "never",
		"<!date^1795521600|never>":                         "never",
		"<!date^1795521600^ |never>":                       "never",
		"<!date^1795521600^{date_num}^javascript:x|never>": `<time datetime="2026-11-24T12:00:00Z" title="Tuesday, November 24, 2026 at 12:00:00 PM UTC">2026-11-24</time>`,
		"<!date^1795521600^{date_num}^https://x.example|>": `<a class="bk-link" href="https://x.example" target="_blank" rel="noopener noreferrer"><time datetime="2026-11-24T12:00:00Z" title="Tuesday, November 24, 2026 at 12:00:00 PM UTC">2026-11-24</time></a>`,
		"<!date^1795521600^{ago}|never>":                   `<time datetime="2026-11-24T12:00:00Z" title="Tuesday, November 24, 2026 at 12:00:00 PM UTC">Nov 24, 2026</time>`,
	} {
		if got := string(Mrkdwn(in, Options{})); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
}
