package graphsim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// row is one element of a list before the query options have their way.
type row struct {
	key    string // position: rows are in ascending order of their keys
	kind   string // @odata.type, where the list holds several kinds
	value  func() map[string]any
	expand func(name string) any
}

// listing is what a kind of list allows.
type listing struct {
	context    string // behind $metadata#
	resource   string // the vendor's word in messages
	known      map[string]bool
	defaults   []string
	filters    map[string]string // property: operators that it supports
	expands    []string
	top, most  int  // page size without $top, and the biggest
	directory  bool // advanced queries are to be had
	byAdvanced bool // $filter is to be had by advanced queries only
}

// expansion is one part of $expand.
type expansion struct {
	name     string
	selected []string
}

// options are the query options of a call.
type options struct {
	selected []string
	filter   filter
	top      int
	after    string
	count    bool
	expand   []expansion
}

// advanced tells whether the call asks for the index that trails behind.
func (q *request) advanced() bool {
	return strings.EqualFold(q.Header.Get("ConsistencyLevel"), "eventual") && q.query.Get("$count") == "true"
}

// options reads the query options strictly. A reply with a failure says what is wrong.
func (q *request) options(l listing) (options, reply) {
	var o options
	for name := range q.query {
		if strings.HasPrefix(name, "$") && !slices.Contains([]string{"$select", "$filter", "$top", "$skiptoken", "$count", "$expand"}, name) {
			return o, parseError("The query parameter '" + name + "' is not supported.")
		}
	}
	var rep reply
	if o.selected, rep = q.selected(l, q.query.Get("$select")); rep.fail != nil {
		return o, rep
	}
	if rep = q.paging(l, &o); rep.fail != nil {
		return o, rep
	}
	if rep = q.filter(l, &o); rep.fail != nil {
		return o, rep
	}
	rep = q.expands(l, &o)
	return o, rep
}

func (q *request) selected(l listing, text string) ([]string, reply) {
	if text == "" {
		return nil, reply{}
	}
	names := strings.Split(text, ",")
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
		if !l.known[names[i]] {
			return nil, parseError("Parsing OData Select and Expand failed: Could not find a property named '" + names[i] + "' on type 'microsoft.graph." + strings.ToLower(l.resource) + "'.")
		}
	}
	return names, reply{}
}

func (q *request) paging(l listing, o *options) reply {
	o.top = l.top
	if text := q.query.Get("$top"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > l.most {
			return badRequest(fmt.Sprintf("Invalid page size specified: '%s'. Must be between 1 and %d inclusive.", text, l.most))
		}
		o.top = n
	}
	if slices.Contains(o.selected, "signInActivity") {
		o.top = min(o.top, 120)
	}
	if token := q.query.Get("$skiptoken"); token != "" {
		after, valid := readSkipToken(token)
		if !valid {
			return badRequest("The specified page token value is invalid.")
		}
		o.after = after
	}
	if q.query.Get("$count") == "true" {
		if !l.directory || !q.advanced() {
			return badRequest("$count is not currently supported.")
		}
		o.count = true
	}
	return reply{}
}

func (q *request) filter(l listing, o *options) reply {
	text := q.query.Get("$filter")
	if text == "" {
		return reply{}
	}
	if l.byAdvanced && !q.advanced() {
		return unsupportedQuery("The specified filter to the reference property query is currently not supported.")
	}
	f, err := parseFilter(text)
	if err != nil {
		return parseError(err.Error())
	}
	var rep reply
	f.walk(func(c comparison) {
		ops := strings.Fields(l.filters[c.path])
		name := c.op
		if c.collection {
			name = "any"
		}
		harder := strings.HasPrefix(c.op, "not ") || c.op == "ne" || c.op == "endswith"
		switch {
		case len(ops) == 0 || (!slices.Contains(ops, name) && !harder):
			rep = unsupportedQuery("Unsupported or invalid query filter clause specified for property '" + c.path + "' of resource '" + l.resource + "'.")
		case harder && !(l.directory && q.advanced()):
			rep = unsupportedQuery("Operator '" + c.op + "' is not supported because the required parameters might be missing. Try adding $count=true query parameter and ConsistencyLevel:eventual header.")
		}
	})
	o.filter = f
	return rep
}

// expands reads name($select=a,b),name.
func (q *request) expands(l listing, o *options) reply {
	text := q.query.Get("$expand")
	for text != "" {
		end := strings.IndexAny(text, "(,")
		if end < 0 {
			end = len(text)
		}
		e := expansion{name: strings.TrimSpace(text[:end])}
		text = text[end:]
		if strings.HasPrefix(text, "(") {
			inner, rest, closed := strings.Cut(text[1:], ")")
			list, isSelect := strings.CutPrefix(inner, "$select=")
			if !closed || !isSelect {
				return parseError("Parsing OData Select and Expand failed: Term '" + inner + "' is not valid in a $select or $expand expression.")
			}
			e.selected, text = strings.Split(list, ","), rest
		}
		text = strings.TrimPrefix(text, ",")
		if !slices.Contains(l.expands, e.name) {
			return parseError("Parsing OData Select and Expand failed: Could not find a property named '" + e.name + "' on type 'microsoft.graph." + strings.ToLower(l.resource) + "'.")
		}
		o.expand = append(o.expand, e)
	}
	return reply{}
}

// list answers with one page of the rows.
func (s *Server) list(q *request, l listing, rows []row) reply {
	o, rep := q.options(l)
	if rep.fail != nil {
		return rep
	}
	if o.filter != nil {
		rows = slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return !o.filter.eval(r.get) })
	}
	out := map[string]any{"@odata.context": s.url(q.Request) + "/v1.0/$metadata#" + l.context}
	if o.count {
		out["@odata.count"] = len(rows)
	}
	values := []any{}
	for _, r := range rows {
		if o.after != "" && r.key <= o.after {
			continue
		}
		if len(values) == o.top {
			out["@odata.nextLink"] = s.nextLink(q, o.after)
			break
		}
		values = append(values, r.show(l, o))
		o.after = r.key
	}
	out["value"] = values
	return ok(out)
}

// one answers with a single object.
func (s *Server) one(q *request, l listing, r row) reply {
	o, rep := q.options(l)
	if rep.fail != nil {
		return rep
	}
	out := r.show(l, o)
	out["@odata.context"] = s.url(q.Request) + "/v1.0/$metadata#" + l.context + "/$entity"
	return ok(out)
}

func (r row) get(path string) any {
	var v any = r.value()
	for part := range strings.SplitSeq(path, "/") {
		m, _ := v.(map[string]any)
		v = m[part]
	}
	return v
}

// show takes the selected properties; of a list of several kinds only those that the kind has.
func (r row) show(l listing, o options) map[string]any {
	out := map[string]any{}
	if r.kind != "" {
		out["@odata.type"] = r.kind
	}
	names := o.selected
	if names == nil {
		names = l.defaults
	}
	pick(out, r.value(), names)
	for _, e := range o.expand {
		out[e.name] = shorten(r.expand(e.name), e.selected)
	}
	return out
}

func pick(out, from map[string]any, names []string) {
	for _, name := range names {
		if v, has := from[name]; has {
			out[name] = v
		}
	}
}

// shorten keeps the selected properties of what was expanded.
func shorten(v any, names []string) any {
	switch t := v.(type) {
	case []any:
		for i := range t {
			t[i] = shorten(t[i], names)
		}
		return t
	case map[string]any:
		if names == nil {
			return t
		}
		out := map[string]any{}
		pick(out, t, append([]string{"@odata.type"}, names...))
		return out
	}
	return v
}

// nextLink repeats the question with a token for what comes after.
func (s *Server) nextLink(q *request, after string) string {
	query := q.query
	query.Set("$skiptoken", skipToken(after))
	return s.url(q.Request) + q.URL.EscapedPath() + "?" + strings.ReplaceAll(query.Encode(), "%24", "$")
}
