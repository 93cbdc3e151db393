package jirasim

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// test says whether an issue, as the index has it, fits a clause.
type test func(is *issue, r *row) bool

// compile checks a clause against the site and makes it runnable.
func (c *call) compile(cl *clause) (test, error) {
	if cl.join == "" {
		return c.compare(cl)
	}
	var parts []test
	for _, part := range cl.parts {
		t, err := c.compile(part)
		if err != nil {
			return nil, err
		}
		parts = append(parts, t)
	}
	every := cl.join == "and"
	return func(is *issue, r *row) bool {
		for _, t := range parts {
			if t(is, r) != every {
				return !every
			}
		}
		return every
	}, nil
}

// jqlField maps the names that JQL knows to field ids; "" = unknown.
func (s *Server) jqlField(name string) string {
	low := strings.ToLower(name)
	switch low {
	case "key", "issuekey", "issue", "id":
		return "key"
	case "type":
		return "issuetype"
	case "createddate":
		return "created"
	case "updateddate":
		return "updated"
	case "resolved":
		return "resolutiondate"
	case "due":
		return "duedate"
	case "text":
		return "text"
	case "watches", "issuelinks", "statuscategorychangedate", "comment":
		return ""
	}
	for _, f := range s.fields {
		if strings.EqualFold(f.ID, low) && f.system || slices.Contains(f.clauses, low) || !f.system && f.ID == low {
			return f.ID
		}
	}
	return ""
}

func unknownField(name string) error {
	return refuse(400, "Field '"+name+"' does not exist or you do not have permission to view it.")
}

func (c *call) compare(cl *clause) (test, error) {
	id := c.s.jqlField(cl.field)
	if id == "" {
		return nil, unknownField(cl.field)
	}
	empty := len(cl.values) == 1 && !cl.values[0].quoted && (strings.EqualFold(cl.values[0].text, "empty") || strings.EqualFold(cl.values[0].text, "null"))
	switch {
	case cl.op == "is" || cl.op == "is not":
		if !empty {
			return nil, refuse(400, "The operator '"+cl.op+"' can only be used with EMPTY or NULL.")
		}
		return c.emptyTest(id, cl.op == "is"), nil
	case empty && (cl.op == "=" || cl.op == "!="):
		return c.emptyTest(id, cl.op == "="), nil
	case cl.op == "~" || cl.op == "!~":
		return c.containsTest(cl, id)
	}
	if c.s.isDate(id) {
		return c.dateTest(cl, id)
	}
	if id == "key" {
		return c.keyTest(cl)
	}
	if cl.op != "=" && cl.op != "!=" && cl.op != "in" && cl.op != "not in" {
		return nil, notSupported(cl)
	}
	if f := c.s.field(id); id == "text" || f != nil && (f.rich() || id == "summary" || strings.HasSuffix(f.Custom, ":textfield")) {
		return nil, notSupported(cl)
	}
	var want []string
	for _, v := range cl.values {
		w, err := c.wanted(cl, id, v)
		if err != nil {
			return nil, err
		}
		want = append(want, w...)
	}
	positive := cl.op == "=" || cl.op == "in"
	return func(is *issue, r *row) bool {
		have := c.keysOf(is, r, id)
		hit := slices.ContainsFunc(have, func(h string) bool { return slices.Contains(want, h) })
		return len(have) > 0 && hit == positive
	}, nil
}

func notSupported(cl *clause) error {
	return refuse(400, "The operator '"+cl.op+"' is not supported by the '"+cl.field+"' field.")
}

func (s *Server) isDate(id string) bool {
	f := s.field(id)
	return f != nil && (f.Type == "datetime" || f.Type == "date")
}

// wanted turns a written value into the ids that stand for it in keysOf.
func (c *call) wanted(cl *clause, id string, v operand) ([]string, error) {
	missing := refuse(400, "The value '"+v.text+"' does not exist for the field '"+cl.field+"'.")
	if v.call {
		if v.text == "currentuser" && c.who != nil {
			return []string{c.who.AccountID}, nil
		}
		return nil, refuse(400, "Unable to find JQL function '"+v.text+"()'.")
	}
	same := func(s string) bool { return strings.EqualFold(s, v.text) }
	var out []string
	switch f := c.s.field(id); {
	case id == "labels" || f == nil:
		return []string{v.text}, nil
	case id == "project":
		for _, p := range c.visibleProjects() {
			if same(p.Key) || same(p.Name) || p.ID == v.text {
				out = append(out, p.ID)
			}
		}
	case id == "status":
		for _, st := range c.s.statuses() {
			if same(st.Name) || st.ID == v.text {
				out = append(out, st.ID)
			}
		}
	case id == "statusCategory":
		out = categoriesNamed(same)
	case id == "issuetype":
		for _, p := range c.visibleProjects() {
			for _, t := range p.IssueTypes {
				if same(t.Name) || t.ID == v.text {
					out = append(out, t.ID)
				}
			}
		}
	case f.Type == "user":
		if _, err := c.s.account(v.text); err == nil {
			out = append(out, v.text)
		}
	case id == "priority" || id == "resolution":
		for _, k := range append(priorities(), resolutions()...) {
			if (same(k.name) || k.id == v.text) && (len(k.id) == 1) == (id == "priority") {
				out = append(out, k.id)
			}
		}
	case f.Options != nil:
		for _, o := range f.Options {
			if same(o.Value) || o.ID == v.text {
				out = append(out, o.ID)
			}
		}
	default:
		return []string{v.text}, nil
	}
	if len(out) == 0 {
		return nil, missing
	}
	return out, nil
}

func categoriesNamed(same func(string) bool) []string {
	var out []string
	for key, names := range map[string][]string{
		"new": {"2", "to do", "new"}, "indeterminate": {"4", "in progress", "indeterminate"}, "done": {"3", "done"},
	} {
		if slices.ContainsFunc(names, same) {
			out = append(out, key)
		}
	}
	return out
}

// keysOf lists the ids that an issue has in a field.
func (c *call) keysOf(is *issue, r *row, id string) []string {
	switch id {
	case "project":
		return []string{is.project.ID}
	case "statusCategory":
		return []string{c.s.statusByID(ref(r.values["status"])).Category}
	}
	switch v := r.values[id].(type) {
	case []string:
		return v
	case string:
		return []string{v}
	case userRef:
		return []string{string(v)}
	case refID:
		return []string{string(v)}
	case optionRef:
		return []string{string(v)}
	case float64:
		return []string{strconv.FormatFloat(v, 'f', -1, 64)}
	case []userRef:
		var out []string
		for _, u := range v {
			out = append(out, string(u))
		}
		return out
	case []optionRef:
		var out []string
		for _, o := range v {
			out = append(out, string(o))
		}
		return out
	}
	return nil
}

func (c *call) emptyTest(id string, want bool) test {
	return func(is *issue, r *row) bool {
		switch id {
		case "key", "project", "created", "updated", "statusCategory":
			return !want
		case "resolutiondate":
			return r.resolved.IsZero() == want
		}
		labels, isList := r.values[id].([]string)
		return (r.values[id] == nil || isList && len(labels) == 0) == want
	}
}

// containsTest matches whole words without regard to case; a word may end in *.
func (c *call) containsTest(cl *clause, id string) (test, error) {
	f := c.s.field(id)
	if id != "text" && (f == nil || f.Type != "string") {
		return nil, notSupported(cl)
	}
	want := words(cl.values[0].text)
	return func(_ *issue, r *row) bool {
		var have []string
		if id == "text" {
			for _, v := range r.values {
				have = append(have, words(wikiOf(v))...)
			}
			for _, cm := range r.comments {
				have = append(have, words(cm.body.wiki)...)
			}
		} else {
			have = words(wikiOf(r.values[id]))
		}
		hit := len(have) > 0
		for _, w := range want {
			start, isStart := strings.CutSuffix(w, "*")
			hit = hit && slices.ContainsFunc(have, func(h string) bool { return h == w || isStart && strings.HasPrefix(h, start) })
		}
		return len(have) > 0 && hit == (cl.op == "~")
	}, nil
}

func words(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !isWord(r) && r != '*' && r != '_' })
}

func (c *call) keyTest(cl *clause) (test, error) {
	var want []*issue
	for _, v := range cl.values {
		is, err := c.issueFor(v.text)
		if err != nil {
			return nil, refuse(400, "An issue with key '"+v.text+"' does not exist for field '"+cl.field+"'.")
		}
		want = append(want, is)
	}
	compare := map[string]func(a, b int64) bool{
		"<": func(a, b int64) bool { return a < b }, "<=": func(a, b int64) bool { return a <= b },
		">": func(a, b int64) bool { return a > b }, ">=": func(a, b int64) bool { return a >= b },
	}[cl.op]
	return func(is *issue, _ *row) bool {
		if compare != nil {
			return is.project == want[0].project && compare(is.num(), want[0].num())
		}
		return slices.Contains(want, is) == (cl.op == "=" || cl.op == "in")
	}, nil
}

func (c *call) dateTest(cl *clause, id string) (test, error) {
	var want []time.Time
	for _, v := range cl.values {
		t, valid := c.jqlTime(v)
		if !valid {
			return nil, refuse(400, "Date value '"+v.text+"' for field '"+cl.field+"' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "+
				"'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'.")
		}
		want = append(want, t)
	}
	return func(_ *issue, r *row) bool {
		have := c.dateOf(r, id)
		if have.IsZero() {
			return false
		}
		first := have.Compare(want[0])
		same := slices.ContainsFunc(want, have.Equal)
		switch cl.op {
		case "<":
			return first < 0
		case "<=":
			return first <= 0
		case ">":
			return first > 0
		case ">=":
			return first >= 0
		}
		return same == (cl.op == "=" || cl.op == "in")
	}, nil
}

func (c *call) dateOf(r *row, id string) time.Time {
	switch id {
	case "created":
		return r.created
	case "updated":
		return r.updated
	case "resolutiondate":
		return r.resolved
	case "statuscategorychangedate":
		return r.statusSet
	}
	switch v := r.values[id].(type) {
	case time.Time:
		return v
	case string:
		if t, err := time.ParseInLocation(time.DateOnly, v, c.zone()); err == nil {
			return t
		}
	}
	return time.Time{}
}
