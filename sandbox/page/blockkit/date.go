package blockkit

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// dateMarkup draws the inside of <!date^…>: seconds, format and perhaps an address, parted by carets.
func (p *page) dateMarkup(s, fallback string) string {
	parts := strings.SplitN(s, "^", 3)
	seconds, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil || len(parts) < 2 {
		return escape(fallback)
	}
	address := ""
	if len(parts) == 3 {
		address = parts[2]
	}
	return p.date(seconds, parts[1], address, fallback)
}

// date draws a time in the reader's zone, or the fallback when it cannot be shown.
func (p *page) date(seconds int64, format, address, fallback string) string {
	t := time.Unix(seconds, 0).In(p.Zone)
	if y := t.Year(); y < 1 || y > 9999 || strings.TrimSpace(format) == "" {
		return escape(fallback)
	}
	html := start("time", attr("datetime", t.UTC().Format(time.RFC3339)), attr("title", t.Format("Monday, January 2, 2006 at 3:04:05 PM MST"))) +
		escape(p.dateText(t, format)) + "</time>"
	return link(address, html)
}

// dateText puts the time into a format's tokens. A word like "today" in front begins with a capital letter.
func (p *page) dateText(t time.Time, format string) string {
	var b strings.Builder
	rest := format
	for {
		open := strings.IndexByte(rest, '{')
		if open < 0 {
			break
		}
		b.WriteString(rest[:open])
		rest = rest[open:]
		name, below, ok := strings.Cut(rest[1:], "}")
		word := ""
		if ok {
			word, ok = p.dateToken(t, name)
		}
		if !ok {
			word, below = "{", rest[1:]
		} else if b.Len() == 0 {
			word = string(unicode.ToUpper(rune(word[0]))) + word[1:]
		}
		b.WriteString(word)
		rest = below
	}
	return b.String() + rest
}

// dateToken is one token in words; false for a token that Slack does not have.
func (p *page) dateToken(t time.Time, name string) (string, bool) {
	switch name {
	case "date_pretty", "date_short_pretty", "date_long_pretty", "day_divider_pretty":
		if near := p.near(t); near != "" {
			return near, true
		}
		name = strings.TrimSuffix(name, "_pretty")
	}
	switch name {
	case "date_num":
		return t.Format("2006-01-02"), true
	case "date_slash":
		return t.Format("01/02/2006"), true
	case "date":
		return t.Format("January ") + ordinal(t.Day()) + p.year(t), true
	case "date_short":
		return t.Format("Jan 2") + p.year(t), true
	case "date_long", "day_divider":
		return t.Format("Monday, January ") + ordinal(t.Day()) + p.year(t), true
	case "date_long_full":
		return t.Format("January 2, 2006"), true
	case "time":
		return t.Format("3:04 PM"), true
	case "time_secs":
		return t.Format("3:04:05 PM"), true
	case "ago":
		return p.ago(t), true
	}
	return "", false
}

// near is the word for a day beside today; "" for other days.
func (p *page) near(t time.Time) string {
	if p.Now.IsZero() {
		return ""
	}
	day := func(t time.Time) time.Time {
		y, m, d := t.In(p.Zone).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	}
	switch int(day(t).Sub(day(p.Now)) / (24 * time.Hour)) {
	case -1:
		return "yesterday"
	case 0:
		return "today"
	case 1:
		return "tomorrow"
	}
	return ""
}

// year is left out by Slack within six months.
func (p *page) year(t time.Time) string {
	if !p.Now.IsZero() && t.After(p.Now.AddDate(0, -6, 0)) && t.Before(p.Now.AddDate(0, 6, 0)) {
		return ""
	}
	return t.Format(", 2006")
}

// ago is the distance from now in one unit.
func (p *page) ago(t time.Time) string {
	if p.Now.IsZero() {
		return t.Format("Jan 2, 2006")
	}
	d := p.Now.Sub(t)
	ahead := d < 0
	if ahead {
		d = -d
	}
	const day = 24 * time.Hour
	n, unit := int64(d/time.Second), "second"
	for _, u := range []struct {
		size time.Duration
		name string
	}{{time.Minute, "minute"}, {time.Hour, "hour"}, {day, "day"}, {30 * day, "month"}, {365 * day, "year"}} {
		if d >= u.size {
			n, unit = int64(d/u.size), u.name
		}
	}
	words := strconv.FormatInt(n, 10) + " " + unit
	if n != 1 {
		words += "s"
	}
	if ahead {
		return "in " + words
	}
	return words + " ago"
}

func ordinal(day int) string {
	end := "th"
	if day/10 != 1 {
		switch day % 10 {
		case 1:
			end = "st"
		case 2:
			end = "nd"
		case 3:
			end = "rd"
		}
	}
	return strconv.Itoa(day) + end
}
