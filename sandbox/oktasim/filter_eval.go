package oktasim

import (
	"strings"
	"time"
)

// matches evaluates the expression on a JSON object. With fold, strings compare without regard to case.
func (e *expr) matches(obj map[string]any, fold bool) bool {
	switch e.op {
	case "and":
		return e.left.matches(obj, fold) && e.right.matches(obj, fold)
	case "or":
		return e.left.matches(obj, fold) || e.right.matches(obj, fold)
	case "not":
		return !e.left.matches(obj, fold)
	}
	found := lookup(obj, strings.Split(e.attr, "."))
	if e.op == "pr" {
		return len(found) > 0
	}
	if e.op == "ne" {
		for _, v := range found {
			if compare("eq", v, e.value, fold) {
				return false
			}
		}
		return true
	}
	for _, v := range found {
		if compare(e.op, v, e.value, fold) {
			return true
		}
	}
	return false
}

// mayMatch tells most users that an expression cannot match by their logins and addresses, before they are drawn as JSON.
func (e *expr) mayMatch(u userState) bool {
	switch e.op {
	case "and":
		return e.left.mayMatch(u) && e.right.mayMatch(u)
	case "or":
		return e.left.mayMatch(u) || e.right.mayMatch(u)
	case "eq":
		text, is := e.value.(string)
		switch {
		case is && e.attr == "profile.email":
			return strings.EqualFold(u.Email, text)
		case is && e.attr == "profile.login":
			return strings.EqualFold(u.Login, text)
		}
	}
	return true
}

// lookup collects the values at a path, going through every element of the lists on the way.
func lookup(v any, path []string) []any {
	switch t := v.(type) {
	case nil:
		return nil
	case []any:
		var out []any
		for _, el := range t {
			out = append(out, lookup(el, path)...)
		}
		return out
	case map[string]any:
		if len(path) == 0 {
			return nil
		}
		// An attribute name may hold dots itself: try the longest first.
		for n := len(path); n > 0; n-- {
			if el, found := t[strings.Join(path[:n], ".")]; found {
				return lookup(el, path[n:])
			}
		}
		return nil
	default:
		if len(path) > 0 || v == "" {
			return nil
		}
		return []any{v}
	}
}

func compare(op string, have, want any, fold bool) bool {
	switch w := want.(type) {
	case string:
		h, isString := have.(string)
		return isString && compareText(op, h, w, fold)
	case bool:
		h, isBool := have.(bool)
		return isBool && op == "eq" && h == w
	case float64:
		return compareNumber(op, have, w)
	default:
		return false
	}
}

func compareNumber(op string, have any, want float64) bool {
	var h float64
	switch n := have.(type) {
	case float64:
		h = n
	case int:
		h = float64(n)
	case int64:
		h = float64(n)
	default:
		return false
	}
	return ordered(op, int(sign(h-want)))
}

func sign(f float64) float64 {
	switch {
	case f < 0:
		return -1
	case f > 0:
		return 1
	}
	return 0
}

func compareText(op, have, want string, fold bool) bool {
	if oneOf(op, "eq", "gt", "ge", "lt", "le") {
		h, err1 := time.Parse(time.RFC3339, have)
		w, err2 := time.Parse(time.RFC3339, want)
		if err1 == nil && err2 == nil {
			return ordered(op, h.Compare(w))
		}
	}
	if fold {
		have, want = strings.ToLower(have), strings.ToLower(want)
	}
	switch op {
	case "sw":
		return strings.HasPrefix(have, want)
	case "ew":
		return strings.HasSuffix(have, want)
	case "co":
		return strings.Contains(have, want)
	default:
		return ordered(op, strings.Compare(have, want))
	}
}

func ordered(op string, cmp int) bool {
	switch op {
	case "eq":
		return cmp == 0
	case "gt":
		return cmp > 0
	case "ge":
		return cmp >= 0
	case "lt":
		return cmp < 0
	case "le":
		return cmp <= 0
	}
	return false
}
