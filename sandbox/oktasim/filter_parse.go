package oktasim

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// expr is a parsed filter or search expression (the SCIM grammar that Okta uses).
type expr struct {
	op    string // "and", "or", "not", or a comparison
	left  *expr
	right *expr
	attr  string
	value any // string, float64 or bool
}

var errExpression = errors.New("unrecognized expression")

// parseExpr reads an expression; allow says which attribute may be compared by which operator.
func parseExpr(text string, allow func(attr, op string) bool) (*expr, error) {
	words, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{words: words, allow: allow}
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.at != len(p.words) {
		return nil, fmt.Errorf("%w at %q", errExpression, p.words[p.at])
	}
	return e, nil
}

// lex cuts the text into words, brackets, and strings that keep their quotes.
func lex(text string) ([]string, error) {
	var words []string
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ' ' || c == '\t':
			i++
		case c == '(' || c == ')':
			words = append(words, string(c))
			i++
		case c == '"':
			end := closingQuote(text, i)
			if end < 0 {
				return nil, fmt.Errorf("%w: string without end", errExpression)
			}
			words = append(words, text[i:end+1])
			i = end + 1
		default:
			end := i
			for end < len(text) && !strings.ContainsRune(" \t()\"", rune(text[end])) {
				end++
			}
			words = append(words, text[i:end])
			i = end
		}
	}
	return words, nil
}

func closingQuote(text string, open int) int {
	for i := open + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

type parser struct {
	words []string
	at    int
	depth int
	allow func(attr, op string) bool
}

func (p *parser) take() string {
	if p.at == len(p.words) {
		return ""
	}
	p.at++
	return p.words[p.at-1]
}

func (p *parser) takeIf(word string) bool {
	if p.at < len(p.words) && strings.EqualFold(p.words[p.at], word) {
		p.at++
		return true
	}
	return false
}

func (p *parser) or() (*expr, error) {
	left, err := p.and()
	for err == nil && p.takeIf("or") {
		var right *expr
		right, err = p.and()
		left = &expr{op: "or", left: left, right: right}
	}
	return left, err
}

func (p *parser) and() (*expr, error) {
	left, err := p.unary()
	for err == nil && p.takeIf("and") {
		var right *expr
		right, err = p.unary()
		left = &expr{op: "and", left: left, right: right}
	}
	return left, err
}

func (p *parser) unary() (*expr, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > 50 {
		return nil, fmt.Errorf("%w: too deep", errExpression)
	}
	if p.takeIf("not") {
		inner, err := p.unary()
		return &expr{op: "not", left: inner}, err
	}
	if p.takeIf("(") {
		inner, err := p.or()
		if err == nil && !p.takeIf(")") {
			err = fmt.Errorf("%w: bracket without end", errExpression)
		}
		return inner, err
	}
	return p.comparison()
}

func (p *parser) comparison() (*expr, error) {
	attr, op := p.take(), strings.ToLower(p.take())
	if attr == "" || strings.HasPrefix(attr, `"`) || !p.allow(attr, op) {
		return nil, fmt.Errorf("%w at %q %q", errExpression, attr, op)
	}
	e := &expr{op: op, attr: attr}
	if op == "pr" {
		return e, nil
	}
	var err error
	e.value, err = literal(p.take())
	return e, err
}

func literal(word string) (any, error) {
	switch {
	case strings.HasPrefix(word, `"`):
		var s string
		if err := json.Unmarshal([]byte(word), &s); err != nil {
			return nil, fmt.Errorf("%w: %s", errExpression, word)
		}
		return s, nil
	case word == "true" || word == "false":
		return word == "true", nil
	}
	n, err := strconv.ParseFloat(word, 64)
	if err != nil {
		return nil, fmt.Errorf("%w: value %q", errExpression, word)
	}
	return n, nil
}

// oneOf tells whether op is among the words.
func oneOf(op string, words ...string) bool {
	for _, w := range words {
		if op == w {
			return true
		}
	}
	return false
}
