package catalog

import (
	"errors"
	"net/mail"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Limits of Slack's dialogs and of good sense.
const (
	maxName        = 60
	maxDescription = 200
	maxDurations   = 10
	maxID          = 64
	maxList        = 50

	maxEntitlements = 500 // of an app
)

// scalar returns the text of a value of one of the tags, as written.
func (p place) scalar(wanted, fix string, tags ...string) (string, bool) {
	if p.node.Kind == yaml.ScalarNode {
		if p.node.Style&yaml.TaggedStyle != 0 { // "!!bool yes" would claim to be what it is not
			p.problem("remove the tag", "YAML tags such as %s are not supported", p.node.Tag)
			return "", false
		}
		for _, tag := range tags {
			if p.node.ShortTag() == tag {
				return p.node.Value, true
			}
		}
	}
	p.want(wanted, fix)
	return "", false
}

// text reads one line of at most limit characters for people.
func (p place) text(limit int) (string, bool) {
	s, ok := p.scalar("text", "put it in quotes", "!!str")
	if !ok {
		return "", false
	}
	s = strings.TrimSpace(s)
	switch n := utf8.RuneCountInString(s); {
	case s == "":
		p.problem("give it a value or remove the line", "must be text, but is empty")
	case n > limit:
		p.problem("shorten it; Slack shows no more", "has %d characters, but %d is the limit", n, limit)
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }):
		p.problem("write it on one line", "has a line break or an unprintable character")
	default:
		return s, true
	}
	return "", false
}

// id reads a name for machines: lowercase letters and digits with "-", "_" and "." between them.
func (p place) id() (string, bool) {
	s, ok := p.scalar("text", "put it in quotes", "!!str")
	if !ok {
		return "", false
	}
	if !validID(s) {
		p.problem("use lowercase letters and digits with - _ or . between them, at most 64, such as github-write", "%q cannot be an id", s)
		return "", false
	}
	return s, true
}

func validID(s string) bool {
	if s == "" || len(s) > maxID {
		return false
	}
	separator := true // as if before the first character
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			separator = false
		case !separator && (r == '-' || r == '_' || r == '.'):
			separator = true
		default:
			return false
		}
	}
	return !separator
}

// choice reads one of a few words.
func (p place) choice(words ...string) (string, bool) {
	s, ok := p.scalar("one of "+strings.Join(words, ", "), "use one of these words", "!!str")
	if !ok {
		return "", false
	}
	for _, w := range words {
		if s == w {
			return s, true
		}
	}
	fix := "use one of " + strings.Join(words, ", ")
	if near := nearest(s, words); near != "" {
		fix = "did you mean " + near + "?"
	}
	p.problem(fix, "%q is not one of %s", s, strings.Join(words, ", "))
	return "", false
}

// flag reads true or false.
func (p place) flag() (value, ok bool) {
	s, ok := p.scalar("true or false", "write true or false", "!!bool")
	return s == "true" || s == "True" || s == "TRUE", ok
}

// number reads a whole number of a range.
func (p place) number(low, high int) (int, bool) {
	s, ok := p.scalar("a whole number", "write a number without quotes", "!!int", "!!float")
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < low || n > high {
		p.problem("write a number of that range without quotes", "must be a whole number from %d to %d, not %s", low, high, s)
		return 0, false
	}
	return n, true
}

// extensions reads how often a grant may be prolonged.
func (p place) extensions() (int, bool) { return p.number(0, 100) }

// duration reads a length, or "standing".
func (p place) duration() (Duration, bool) {
	s, ok := p.scalar("a duration", durationFix, "!!str", "!!int")
	if !ok {
		return 0, false
	}
	d, err := ParseDuration(s)
	switch {
	case errors.Is(err, errDurationRange):
		p.problem("use 1m to 365d", "%v", err)
	case err != nil:
		p.problem(durationFix, "%v", err)
	}
	return d, err == nil
}

// length reads a duration with an end.
func (p place) length() (time.Duration, bool) {
	d, ok := p.duration()
	if ok && d == Standing {
		p.problem(durationFix, "must have an end")
		return 0, false
	}
	return time.Duration(d), ok
}

// email reads an address and lowers its case, because directories differ in it.
func (p place) email() (string, bool) {
	s, ok := p.scalar("an e-mail address", "put it in quotes", "!!str")
	if !ok {
		return "", false
	}
	lower, ok := address(s)
	if !ok {
		p.problem("write it like ada@example.com", "%q is not an e-mail address", s)
	}
	return lower, ok
}

// address reads a bare e-mail address and lowers its case.
func address(s string) (string, bool) {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '"' }) {
		return "", false
	}
	return strings.ToLower(s), true
}

// read stores what an optional key says, if it is there and right.
func read[T any](f fields, key string, into *T, how func(place) (T, bool)) {
	if at, ok := f.get(key); ok {
		if v, ok := how(at); ok {
			*into = v
		}
	}
}

// text returns a reader of one line for people.
func text(limit int) func(place) (string, bool) {
	return func(p place) (string, bool) { return p.text(limit) }
}

// unique reads a list of distinct values with read.
func unique[T comparable](p place, limit int, read func(place) (T, bool)) []T {
	var out []T
	seen := map[T]int{}
	for _, item := range p.items(limit) {
		v, ok := read(item)
		if !ok {
			continue
		}
		if line, twice := seen[v]; twice {
			item.problem("remove one of the two", "%v is in the list twice; it is already on line %d", v, line)
			continue
		}
		seen[v] = item.node.Line
		out = append(out, v)
	}
	return out
}
