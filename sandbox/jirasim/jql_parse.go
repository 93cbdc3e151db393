package jirasim

import (
	"fmt"
	"strings"
	"unicode"
)

// query is a parsed JQL query.
type query struct {
	where *clause // nil = no restriction
	order []sortKey
}

// clause is one comparison, or several joined by and/or.
type clause struct {
	join   string // "and", "or" or "" for a comparison
	parts  []*clause
	field  string
	op     string // =, !=, <, <=, >, >=, ~, !~, in, not in, is, is not
	values []operand
}

// operand is a value as it was written.
type operand struct {
	text   string
	quoted bool
	call   bool // a function; text is its name
	args   []string
}

type sortKey struct {
	field string
	down  bool
}

type token struct {
	kind string // word, string, op, end
	text string
	at   int
}

func jqlError(at int, format string, args ...any) error {
	return refuse(400, fmt.Sprintf("Error in the JQL Query: "+format, args...)+fmt.Sprintf(" (line 1, character %d)", at+1))
}

func lex(s string) ([]token, error) {
	var out []token
	for i := 0; i < len(s); {
		switch ch := s[i]; {
		case unicode.IsSpace(rune(ch)):
			i++
		case ch == '"' || ch == '\'':
			text, n, closed := quoted(s[i:])
			if !closed {
				return nil, jqlError(i, "The quoted string '%s' has not been completed.", text)
			}
			out = append(out, token{"string", text, i})
			i += n
		case strings.IndexByte("=!<>~&|", ch) >= 0:
			n := 1
			if i+1 < len(s) && strings.Contains(" != <= >= !~ && || ", " "+s[i:i+2]+" ") {
				n = 2
			}
			out = append(out, token{"op", s[i : i+n], i})
			i += n
		case strings.IndexByte("(),", ch) >= 0:
			out = append(out, token{"op", s[i : i+1], i})
			i++
		case strings.IndexByte("*/%^$#@;?{}", ch) >= 0:
			return nil, jqlError(i, "The character '%c' is a reserved JQL character. You must enclose it in a string or use the escape '\\u%04x' instead.", ch, ch)
		default:
			start := i
			for i < len(s) && !unicode.IsSpace(rune(s[i])) && strings.IndexByte("\"'=!<>~&|(),*/%^$#@;?{}", s[i]) < 0 {
				i++
			}
			out = append(out, token{"word", s[start:i], start})
		}
	}
	return append(out, token{"end", "", len(s)}), nil
}

func quoted(s string) (text string, used int, closed bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == s[0]:
			return b.String(), i + 1, true
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), len(s), false
}

type jqlParser struct {
	tokens []token
	depth  int
}

func parseJQL(s string) (*query, error) {
	tokens, err := lex(s)
	if err != nil {
		return nil, err
	}
	p := &jqlParser{tokens: tokens}
	q := &query{}
	if !p.atWord("order") && p.peek().kind != "end" {
		if q.where, err = p.joined("or"); err != nil {
			return nil, err
		}
	}
	if p.atWord("order") {
		if q.order, err = p.orderBy(); err != nil {
			return nil, err
		}
	}
	if t := p.peek(); t.kind != "end" {
		return nil, jqlError(t.at, "Expecting either 'OR' or 'AND' but got '%s'.", t.text)
	}
	return q, nil
}

func (p *jqlParser) peek() token { return p.tokens[0] }

func (p *jqlParser) next() token {
	t := p.tokens[0]
	if len(p.tokens) > 1 {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *jqlParser) atWord(w string) bool {
	return p.peek().kind == "word" && strings.EqualFold(p.peek().text, w)
}

func (p *jqlParser) take(texts ...string) bool {
	for _, w := range texts {
		if p.atWord(w) || p.peek().kind == "op" && p.peek().text == w {
			p.next()
			return true
		}
	}
	return false
}

// joined reads clauses joined by or, and inside those by and.
func (p *jqlParser) joined(join string) (*clause, error) {
	c := &clause{join: join}
	for {
		var part *clause
		var err error
		if join == "or" {
			part, err = p.joined("and")
		} else {
			part, err = p.single()
		}
		if err != nil {
			return nil, err
		}
		c.parts = append(c.parts, part)
		if join == "or" && !p.take("or", "||", "|") || join == "and" && !p.take("and", "&&", "&") {
			break
		}
	}
	if len(c.parts) == 1 {
		return c.parts[0], nil
	}
	return c, nil
}

func (p *jqlParser) single() (*clause, error) {
	if p.depth++; p.depth > 200 {
		return nil, jqlError(p.peek().at, "The query is too deeply nested.")
	}
	defer func() { p.depth-- }()
	if p.take("not", "!") {
		c, err := p.single()
		if err != nil {
			return nil, err
		}
		return c.negated(), nil
	}
	if p.take("(") {
		c, err := p.joined("or")
		if err != nil {
			return nil, err
		}
		if !p.take(")") {
			return nil, refuse(400, "Error in the JQL Query: Expecting ')' before the end of the query.")
		}
		return c, nil
	}
	return p.comparison()
}

func (p *jqlParser) comparison() (*clause, error) {
	f := p.next()
	if f.kind != "word" && f.kind != "string" {
		return nil, jqlError(f.at, "Expecting a field name but got '%s'.", f.text)
	}
	c := &clause{field: f.text}
	t := p.next()
	switch {
	case t.kind == "op" && strings.Contains(" = != < <= > >= ~ !~ ", " "+t.text+" "):
		c.op = t.text
	case t.kind == "word" && strings.EqualFold(t.text, "in"):
		c.op = "in"
	case t.kind == "word" && strings.EqualFold(t.text, "not") && p.take("in"):
		c.op = "not in"
	case t.kind == "word" && strings.EqualFold(t.text, "is"):
		c.op = "is"
		if p.take("not") {
			c.op = "is not"
		}
	case t.kind == "word" && (strings.EqualFold(t.text, "was") || strings.EqualFold(t.text, "changed")):
		return nil, refuse(400, "The simulator does not know the JQL operator '"+t.text+"'.")
	case t.kind == "end":
		return nil, refuse(400, "Error in the JQL Query: Expecting operator before the end of the query. The valid operators are "+validOperators)
	default:
		return nil, jqlError(t.at, "Expecting operator but got '%s'. The valid operators are "+validOperators, t.text)
	}
	return c, p.operands(c)
}

const validOperators = "'=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'."

func (p *jqlParser) operands(c *clause) error {
	list := p.take("(")
	if !list && (c.op == "in" || c.op == "not in") && (len(p.tokens) < 2 || p.tokens[1].text != "(") {
		return jqlError(p.peek().at, "Expecting '(' but got '%s'.", p.peek().text)
	}
	for {
		v, err := p.operand()
		if err != nil {
			return err
		}
		c.values = append(c.values, v)
		if !list || !p.take(",") {
			break
		}
	}
	if list && !p.take(")") {
		return refuse(400, "Error in the JQL Query: Expecting ')' before the end of the query.")
	}
	return nil
}

func (p *jqlParser) operand() (operand, error) {
	t := p.next()
	switch t.kind {
	case "string":
		return operand{text: t.text, quoted: true}, nil
	case "word":
		if !p.take("(") {
			return operand{text: t.text}, nil
		}
		v := operand{text: strings.ToLower(t.text), call: true}
		for !p.take(")") {
			a := p.next()
			if a.kind == "end" {
				return v, refuse(400, "Error in the JQL Query: Expecting ')' before the end of the query.")
			}
			if a.text != "," || a.kind == "string" {
				v.args = append(v.args, a.text)
			}
		}
		return v, nil
	case "end":
		return operand{}, refuse(400, "Error in the JQL Query: Expecting either a value, list or function before the end of the query.")
	}
	return operand{}, jqlError(t.at, "Expecting either a value, list or function but got '%s'. You must surround '%s' in quotation marks to use it as a value.", t.text, t.text)
}

func (p *jqlParser) orderBy() ([]sortKey, error) {
	at := p.next().at
	if !p.take("by") {
		return nil, jqlError(at, "Expecting 'by' but got '%s'.", p.peek().text)
	}
	var out []sortKey
	for {
		t := p.next()
		if t.kind != "word" && t.kind != "string" {
			return nil, jqlError(t.at, "Expecting a field name but got '%s'.", t.text)
		}
		k := sortKey{field: t.text}
		if p.take("desc") {
			k.down = true
		} else {
			p.take("asc")
		}
		out = append(out, k)
		if !p.take(",") {
			break
		}
	}
	if len(out) > 7 {
		return nil, refuse(400, "The 'orderBy' clause can contain a maximum of 7 fields.")
	}
	return out, nil
}

// negated turns a clause into its opposite, which for a comparison still leaves issues without a value out.
func (c *clause) negated() *clause {
	out := *c
	switch c.join {
	case "and", "or":
		out.join = map[string]string{"and": "or", "or": "and"}[c.join]
		out.parts = nil
		for _, part := range c.parts {
			out.parts = append(out.parts, part.negated())
		}
	default:
		out.op = map[string]string{
			"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "~": "!~", "!~": "~",
			"in": "not in", "not in": "in", "is": "is not", "is not": "is",
		}[c.op]
	}
	return &out
}
