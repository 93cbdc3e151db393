package graphsim

import (
	"strings"
	"time"
)

func (b both) eval(get func(string) any) bool {
	if b.or {
		return b.left.eval(get) || b.right.eval(get)
	}
	return b.left.eval(get) && b.right.eval(get)
}

func (b both) walk(visit func(comparison)) {
	b.left.walk(visit)
	b.right.walk(visit)
}

func (n negation) eval(get func(string) any) bool { return !n.inner.eval(get) }

func (n negation) walk(visit func(comparison)) {
	n.inner.walk(func(c comparison) {
		c.op = "not " + c.op
		visit(c)
	})
}

func (c comparison) walk(visit func(comparison)) { visit(c) }

func (c comparison) eval(get func(string) any) bool {
	have := get(c.path)
	if !c.collection {
		return c.holds(have)
	}
	list, _ := have.([]any)
	for _, item := range list {
		if c.holds(item) {
			return true
		}
	}
	return false
}

// holds compares as the directory does: texts without regard to letter case.
func (c comparison) holds(have any) bool {
	switch want := c.value.(type) {
	case time.Time:
		text, _ := have.(string)
		at, err := time.Parse(time.RFC3339, text)
		return err == nil && ordered(c.op, at.Compare(want))
	case float64:
		n, isNumber := have.(int)
		switch {
		case !isNumber, float64(n) < want:
			return isNumber && ordered(c.op, -1)
		case float64(n) > want:
			return ordered(c.op, 1)
		}
		return ordered(c.op, 0)
	case string:
		text, isText := have.(string)
		if !isText {
			return c.op == "ne"
		}
		text, want = strings.ToLower(text), strings.ToLower(want)
		switch c.op {
		case "startswith":
			return strings.HasPrefix(text, want)
		case "endswith":
			return strings.HasSuffix(text, want)
		}
		return ordered(c.op, strings.Compare(text, want))
	}
	same := have == c.value
	return (c.op == "eq" && same) || (c.op == "ne" && !same)
}

func ordered(op string, sign int) bool {
	switch op {
	case "eq":
		return sign == 0
	case "ne":
		return sign != 0
	case "ge":
		return sign >= 0
	case "le":
		return sign <= 0
	case "gt":
		return sign > 0
	default:
		return sign < 0
	}
}
