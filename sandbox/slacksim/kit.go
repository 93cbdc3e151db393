package slacksim

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"unicode/utf8"
)

// fault is one thing wrong with blocks, at a JSON pointer.
type fault struct{ at, text string }

type faults []fault

func (f *faults) add(at, format string, args ...any) {
	*f = append(*f, fault{at, fmt.Sprintf(format, args...)})
}

// strings words the faults as Slack does.
func (f faults) strings() []string {
	out := make([]string, len(f))
	for i, e := range f {
		out[i] = e.text + " [json-pointer:" + e.at + "]"
	}
	return out
}

// check looks at one JSON value.
type check func(f *faults, v any, at string)

// field is one property of an object.
type field struct {
	name     string
	required bool
	check    check
}

func must(name string, c check) field { return field{name, true, c} }
func may(name string, c check) field  { return field{name, false, c} }

// object accepts objects with exactly the given fields.
func object(fields ...field) check {
	return func(f *faults, v any, at string) {
		o, ok := v.(map[string]any)
		if !ok {
			f.add(at, "must provide an object")
			return
		}
		for _, fd := range fields {
			e, there := o[fd.name]
			switch {
			case there:
				fd.check(f, e, at+"/"+fd.name)
			case fd.required:
				f.add(at, "missing required field: %s", fd.name)
			}
		}
		var unknown []string
		for name := range o {
			if !slices.ContainsFunc(fields, func(fd field) bool { return fd.name == name }) {
				unknown = append(unknown, name)
			}
		}
		sort.Strings(unknown)
		for _, name := range unknown {
			f.add(at, "invalid additional property: %s", name)
		}
	}
}

// tagged is an object with a type of its own.
func tagged(kind string, fields ...field) check {
	return object(append([]field{must("type", constant(kind))}, fields...)...)
}

// oneOf chooses the check by the type property.
func oneOf(kinds map[string]check) check {
	return func(f *faults, v any, at string) {
		o, ok := v.(map[string]any)
		if !ok {
			f.add(at, "must provide an object")
			return
		}
		kind, there := o["type"]
		if !there {
			f.add(at, "missing required field: type")
			return
		}
		name, _ := kind.(string)
		c := kinds[name]
		if c == nil {
			f.add(at, "unsupported type: %v", kind)
			return
		}
		c(f, v, at)
	}
}

// anyOf accepts what one of the checks accepts.
func anyOf(checks ...check) check {
	return func(f *faults, v any, at string) {
		for _, c := range checks {
			var own faults
			if c(&own, v, at); len(own) == 0 {
				return
			}
		}
		f.add(at, "failed to match all allowed schemas")
	}
}

// both joins checks.
func both(checks ...check) check {
	return func(f *faults, v any, at string) {
		for _, c := range checks {
			c(f, v, at)
		}
	}
}

// text accepts strings of least to most characters; most 0 means no limit.
func text(least, most int) check {
	return func(f *faults, v any, at string) {
		s, ok := v.(string)
		if !ok {
			f.add(at, "must provide a string")
			return
		}
		n := utf8.RuneCountInString(s)
		if n < least {
			f.add(at, "must be more than %d characters", least-1)
		}
		if most > 0 && n > most {
			f.add(at, "must be less than %d characters", most+1)
		}
	}
}

// list accepts arrays of least to most items; most 0 means no limit.
func list(least, most int, item check) check {
	return func(f *faults, v any, at string) {
		l, ok := v.([]any)
		if !ok {
			f.add(at, "must provide an array")
			return
		}
		if len(l) < least {
			f.add(at, "no less than %d items allowed", least)
		}
		if most > 0 && len(l) > most {
			f.add(at, "no more than %d items allowed", most)
		}
		for i, e := range l {
			item(f, e, at+"/"+strconv.Itoa(i))
		}
	}
}

func constant(want string) check { return enum(want) }

func enum(values ...string) check {
	return func(f *faults, v any, at string) {
		if s, ok := v.(string); !ok || !slices.Contains(values, s) {
			f.add(at, "must be a valid enum value")
		}
	}
}

func truth(f *faults, v any, at string) {
	if _, ok := v.(bool); !ok {
		f.add(at, "must provide a boolean")
	}
}

func anyNumber(f *faults, v any, at string) {
	if _, ok := v.(json.Number); !ok {
		f.add(at, "must provide a number")
	}
}

func numberIn(least, most float64) check {
	return func(f *faults, v any, at string) {
		n, ok := v.(json.Number)
		if !ok {
			f.add(at, "must provide a number")
			return
		}
		if x, err := n.Float64(); err != nil || x < least || x > most {
			f.add(at, "must be between %v and %v", least, most)
		}
	}
}

func pattern(expr string) check {
	re := regexp.MustCompile(expr)
	return func(f *faults, v any, at string) {
		s, ok := v.(string)
		if !ok {
			f.add(at, "must provide a string")
			return
		}
		if !re.MatchString(s) {
			f.add(at, "input must match regex pattern: %s", expr)
		}
	}
}
