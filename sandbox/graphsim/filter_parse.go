package graphsim

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// filter is a parsed $filter expression.
type filter interface {
	// eval judges one row, each path looked up by get.
	eval(get func(path string) any) bool
	// walk visits every comparison.
	walk(visit func(comparison))
}

type both struct {
	left, right filter
	or          bool
}

type negation struct{ inner filter }

// comparison is path op value. In any(x:x op value) collection is set.
type comparison struct {
	path       string
	op         string // eq ne ge le gt lt startswith endswith
	value      any    // string, float64, bool, time.Time, or nil
	collection bool
}

// filterParser reads the subset of OData's filter grammar that the tenant understands.
type filterParser struct {
	text string
	at   int
}

func parseFilter(text string) (filter, error) {
	p := &filterParser{text: text}
	f, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.skip(); p.at < len(p.text) {
		return nil, p.fail()
	}
	return f, nil
}

func (p *filterParser) fail() error {
	return fmt.Errorf("Invalid filter clause: Syntax error at position %d in '%s'.", p.at, p.text) //nolint:staticcheck // the vendor's own words.
}

func (p *filterParser) skip() {
	for p.at < len(p.text) && p.text[p.at] == ' ' {
		p.at++
	}
}

// take consumes a literal piece of punctuation.
func (p *filterParser) take(s string) bool {
	p.skip()
	if strings.HasPrefix(p.text[p.at:], s) {
		p.at += len(s)
		return true
	}
	return false
}

// word consumes a keyword.
func (p *filterParser) word(w string) bool {
	p.skip()
	rest := p.text[p.at:]
	if strings.HasPrefix(rest, w) && (len(rest) == len(w) || rest[len(w)] == ' ' || rest[len(w)] == '(') {
		p.at += len(w)
		return true
	}
	return false
}

func (p *filterParser) or() (filter, error) { return p.chain("or", p.and) }

func (p *filterParser) and() (filter, error) { return p.chain("and", p.unary) }

func (p *filterParser) chain(word string, next func() (filter, error)) (filter, error) {
	left, err := next()
	for err == nil && p.word(word) {
		var right filter
		if right, err = next(); err == nil {
			left = both{left: left, right: right, or: word == "or"}
		}
	}
	return left, err
}

func (p *filterParser) unary() (filter, error) {
	switch {
	case p.word("not"):
		inner, err := p.unary()
		return negation{inner}, err
	case p.take("("):
		f, err := p.or()
		if err == nil && !p.take(")") {
			err = p.fail()
		}
		return f, err
	case p.word("startswith"), p.word("startsWith"):
		return p.call("startswith")
	case p.word("endswith"), p.word("endsWith"):
		return p.call("endswith")
	}
	return p.comparison()
}

// call reads (path,'value').
func (p *filterParser) call(name string) (filter, error) {
	if !p.take("(") {
		return nil, p.fail()
	}
	path := p.path()
	if path == "" || !p.take(",") {
		return nil, p.fail()
	}
	value, ok := p.literal()
	if _, text := value.(string); !ok || !text || !p.take(")") {
		return nil, p.fail()
	}
	return comparison{path: path, op: name, value: value}, nil
}

func (p *filterParser) comparison() (filter, error) {
	path := p.path()
	if collection, isAny := strings.CutSuffix(path, "/any"); isAny && p.take("(") {
		variable := p.path()
		if variable == "" || !p.take(":") || p.path() != variable {
			return nil, p.fail()
		}
		c, err := p.operator(collection)
		if err == nil && !p.take(")") {
			err = p.fail()
		}
		c.collection = true
		return c, err
	}
	if path == "" {
		return nil, p.fail()
	}
	return p.operator(path)
}

func (p *filterParser) operator(path string) (comparison, error) {
	for _, op := range []string{"eq", "ne", "ge", "le", "gt", "lt"} {
		if p.word(op) {
			value, ok := p.literal()
			if !ok {
				return comparison{}, p.fail()
			}
			return comparison{path: path, op: op, value: value}, nil
		}
	}
	return comparison{}, p.fail()
}

// path reads a property, with slashes between its parts.
func (p *filterParser) path() string {
	p.skip()
	start := p.at
	for p.at < len(p.text) {
		r := rune(p.text[p.at])
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '/' && r != '_' {
			break
		}
		p.at++
	}
	return p.text[start:p.at]
}

// literal reads a quoted text, in which a quote is doubled, or a bare value.
func (p *filterParser) literal() (any, bool) {
	p.skip()
	if p.take("'") {
		var b strings.Builder
		for p.at < len(p.text) {
			c := p.text[p.at]
			p.at++
			switch {
			case c != '\'':
				b.WriteByte(c)
			case p.at < len(p.text) && p.text[p.at] == '\'':
				b.WriteByte(c)
				p.at++
			default:
				return b.String(), true
			}
		}
		return nil, false
	}
	start := p.at
	for p.at < len(p.text) && p.text[p.at] != ' ' && p.text[p.at] != ')' {
		p.at++
	}
	switch text := p.text[start:p.at]; text {
	case "true", "false":
		return text == "true", true
	case "null":
		return nil, true
	default:
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			return n, true
		}
		at, err := time.Parse(time.RFC3339, text)
		return at, err == nil
	}
}
