package jirasim

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// jqlTime reads a date of JQL. Unquoted digits are milliseconds since 1970; written times have minutes and the caller's time zone.
func (c *call) jqlTime(v operand) (time.Time, bool) {
	if v.call {
		return c.jqlMoment(v)
	}
	if ms, err := strconv.ParseInt(v.text, 10, 64); err == nil && !v.quoted {
		return time.UnixMilli(ms), true
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006/01/02 15:04", "2006-01-02", "2006/01/02", "2006-1-2 15:04", "2006/1/2 15:04", "2006-1-2"} {
		if t, err := time.ParseInLocation(layout, v.text, c.zone()); err == nil {
			return t, true
		}
	}
	d, valid := period(v.text)
	return c.at.Add(d), valid
}

// period reads a span such as -5d, 4w 2d or 90 (minutes are m; a bare number is not a span).
func period(s string) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	sign := time.Duration(1)
	if rest, minus := strings.CutPrefix(s, "-"); minus {
		sign, s = -1, rest
	} else {
		s = strings.TrimPrefix(s, "+")
	}
	part := regexp.MustCompile(`^(\d{1,6})([wdhm])\s*`)
	units := map[string]time.Duration{"w": 7 * 24 * time.Hour, "d": 24 * time.Hour, "h": time.Hour, "m": time.Minute}
	var sum time.Duration
	for s != "" {
		m := part.FindStringSubmatch(s)
		if m == nil {
			return 0, false
		}
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return 0, false
		}
		sum += time.Duration(n) * units[m[2]]
		s = s[len(m[0]):]
	}
	return sign * sum, sum != 0
}

func (c *call) jqlMoment(v operand) (time.Time, bool) {
	now := c.at.In(c.zone())
	y, m, d := now.Date()
	var t time.Time
	switch v.text {
	case "now":
		return c.at, len(v.args) == 0
	case "startofday":
		t = time.Date(y, m, d, 0, 0, 0, 0, now.Location())
	case "endofday":
		t = time.Date(y, m, d+1, 0, 0, 0, 0, now.Location()).Add(-time.Second)
	case "startofweek":
		t = time.Date(y, m, d-int(now.Weekday()), 0, 0, 0, 0, now.Location())
	case "startofmonth":
		t = time.Date(y, m, 1, 0, 0, 0, 0, now.Location())
	default:
		return t, false
	}
	if len(v.args) == 0 {
		return t, true
	}
	shift, valid := period(v.args[0])
	return t.Add(shift), valid
}
