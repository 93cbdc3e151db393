package catalog

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is how long access lasts.
type Duration time.Duration

// Standing is access without an end.
const Standing Duration = 0

const (
	day         = 24 * time.Hour
	shortest    = time.Minute
	longest     = 365 * day
	standing    = "standing"
	durationFix = "write minutes, hours, days or weeks, such as 30m, 6h, 3d or 2w"
)

// Errors of ParseDuration, told apart because their fixes differ.
var (
	errDurationForm  = errors.New("is not a duration")
	errDurationRange = errors.New("is outside 1m to 365d")
)

// ParseDuration reads the catalog's spelling: whole numbers with m, h, d or w, largest unit first ("90m", "1d12h"), from
// 1m to 365d, or "standing".
func ParseDuration(s string) (Duration, error) {
	if s == standing {
		return Standing, nil
	}
	var total time.Duration
	rest, units := s, "wdhm"
	for rest != "" {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		if digits == 0 || digits == len(rest) {
			return 0, fmt.Errorf("%q %w", s, errDurationForm)
		}
		unit := strings.IndexByte(units, rest[digits])
		if unit < 0 {
			return 0, fmt.Errorf("%q %w", s, errDurationForm)
		}
		n, err := strconv.Atoi(rest[:digits])
		if err != nil || n > int(longest/shortest) {
			return 0, fmt.Errorf("%q %w", s, errDurationRange)
		}
		size := map[byte]time.Duration{'w': 7 * day, 'd': day, 'h': time.Hour, 'm': time.Minute}[units[unit]]
		total += time.Duration(n) * size
		if total > longest {
			return 0, fmt.Errorf("%q %w", s, errDurationRange)
		}
		units, rest = units[unit+1:], rest[digits+1:]
	}
	switch {
	case s == "":
		return 0, fmt.Errorf("%q %w", s, errDurationForm)
	case total < shortest:
		return 0, fmt.Errorf("%q %w", s, errDurationRange)
	}
	return Duration(total), nil
}

// String spells the duration for people: "6 hours", "3 days", "1 day 12 hours", "no end".
func (d Duration) String() string {
	if d == Standing {
		return "no end"
	}
	var parts []string
	rest := time.Duration(d)
	for _, u := range []struct {
		size time.Duration
		name string
	}{{day, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		n := rest / u.size
		rest %= u.size
		switch {
		case n == 1:
			parts = append(parts, "1 "+u.name)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", n, u.name))
		}
	}
	if rest != 0 || len(parts) == 0 { // below a minute: no catalog says that, but a test or a clock may
		return time.Duration(d).String()
	}
	return strings.Join(parts, " ")
}

// Text spells the duration as the catalog does: "6h", "3d", "standing"; ParseDuration reads it back.
func (d Duration) Text() string {
	t := time.Duration(d)
	switch {
	case d == Standing:
		return standing
	case t%day == 0:
		return fmt.Sprintf("%dd", t/day)
	case t%time.Hour == 0:
		return fmt.Sprintf("%dh", t/time.Hour)
	default:
		return fmt.Sprintf("%dm", t/time.Minute)
	}
}
