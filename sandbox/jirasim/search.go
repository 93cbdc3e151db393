package jirasim

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

const tokenLife = 7 * 24 * time.Hour

func (c *call) searchRemoved() (reply, error) {
	return reply{}, refuse(410, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "+
		"A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046")
}

// searchInput is what both forms of search/jql ask for.
type searchInput struct {
	jql       string
	token     string
	size      int
	view      view
	reconcile []string
}

func (c *call) searchGet() (reply, error) {
	in := searchInput{
		jql:   c.query.Get("jql"),
		token: c.query.Get("nextPageToken"),
		size:  50,
		view: view{
			fields: splitList(c.query["fields"]), props: splitList(c.query["properties"]), expand: splitList(c.query["expand"]),
		},
		reconcile: splitList(c.query["reconcileIssues"]),
	}
	if v := c.query.Get("maxResults"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			return reply{}, badPayload()
		}
		in.size = n
	}
	return c.search(in)
}

func (c *call) searchPost() (reply, error) {
	body, err := c.strictJSON("jql", "nextPageToken", "maxResults", "fields", "expand", "properties", "fieldsByKeys", "reconcileIssues")
	if err != nil {
		return reply{}, err
	}
	fields, fieldsOK := textList(body["fields"])
	props, propsOK := textList(body["properties"])
	reconcile, reconcileOK := textList(body["reconcileIssues"])
	jql, jqlOK := optional[string](body["jql"])
	token, tokenOK := optional[string](body["nextPageToken"])
	expand, expandOK := optional[string](body["expand"])
	size, sizeOK := optional[float64](body["maxResults"])
	if body["maxResults"] == nil {
		size = 50
	}
	if !fieldsOK || !propsOK || !reconcileOK || !jqlOK || !tokenOK || !expandOK || !sizeOK {
		return reply{}, badPayload()
	}
	return c.search(searchInput{
		jql: jql, token: token, size: int(size), reconcile: reconcile,
		view: view{fields: splitList(fields), props: splitList(props), expand: splitList([]string{expand})},
	})
}

func optional[T any](v any) (T, bool) {
	var zero T
	if v == nil {
		return zero, true
	}
	t, fits := v.(T)
	return t, fits
}

func (c *call) search(in searchInput) (reply, error) {
	if len(in.view.fields) == 0 {
		in.view.fields = []string{"id"}
	}
	start, err := c.openToken(in.token, in.jql)
	switch {
	case err != nil:
		return reply{}, err
	case in.size < 1 || in.size > 5000:
		return reply{}, refuse(400, "The value of the 'maxResults' parameter must be between 1 and 5000.")
	case len(in.view.props) > 5:
		return reply{}, refuse(400, "The number of issue properties to return exceeds the maximum of 5.")
	case len(in.reconcile) > 50:
		return reply{}, refuse(400, "The number of issues to reconcile exceeds the maximum of 50.")
	}
	for _, id := range in.reconcile {
		if _, err := strconv.ParseInt(id, 10, 64); err != nil {
			return reply{}, badPayload()
		}
	}
	found, err := c.hits(in.jql, in.reconcile)
	if err != nil {
		return reply{}, err
	}
	size := in.size
	if !in.view.bare() {
		size = min(size, c.s.cfg.PageCap)
	}
	issues := []object{}
	for _, h := range cutPage(found, start, size) {
		issues = append(issues, c.issueObject(h.is, h.row, view{fields: in.view.fields, props: in.view.props, expand: without(in.view.expand, "names", "schema")}))
	}
	out := object{"issues": issues, "isLast": start+size >= len(found)}
	if start+size < len(found) {
		out["nextPageToken"] = c.token(start+size, in.jql)
	}
	for _, e := range in.view.expand {
		if (e == "names" || e == "schema") && len(found) > 0 {
			one := object{}
			c.expand(one, found[0].is, found[0].row, in.view, e)
			out[e] = one[e]
		}
	}
	return ok(out), nil
}

func without(list []string, drop ...string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(drop, s) })
}

// hit is an issue in the state in which search saw it.
type hit struct {
	is  *issue
	row *row
}

// hits runs a query over the index; issues to reconcile are seen as they are.
func (c *call) hits(jql string, reconcile []string) ([]hit, error) {
	q, err := parseJQL(jql)
	if err != nil {
		return nil, err
	}
	if q.where == nil {
		return nil, refuse(400, "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
	}
	fits, err := c.compile(q.where)
	if err != nil {
		return nil, err
	}
	order, err := c.ordering(q.order)
	if err != nil {
		return nil, err
	}
	var found []hit
	for _, is := range c.s.issues {
		r := c.s.inIndex(is, c.at)
		if slices.Contains(reconcile, itoa(is.id)) {
			r = &is.row
			if is.deleted {
				r = nil
			}
		}
		if r != nil && c.sees(is) && fits(is, r) {
			found = append(found, hit{is, r})
		}
	}
	sort.SliceStable(found, func(i, j int) bool { return order(found[i], found[j]) < 0 })
	return found, nil
}

// ordering compares hits; without ORDER BY the newest issue comes first.
func (c *call) ordering(keys []sortKey) (func(a, b hit) int, error) {
	if len(keys) == 0 {
		keys = []sortKey{{field: "created", down: true}}
	}
	ids := make([]string, len(keys))
	for i, k := range keys {
		ids[i] = c.s.jqlField(k.field)
		if ids[i] == "" || ids[i] == "text" {
			return nil, refuse(400, "Not able to sort using field '"+k.field+"'.")
		}
	}
	return func(a, b hit) int {
		for i, k := range keys {
			n := c.order(ids[i], a, b)
			if k.down {
				n = -n
			}
			if n != 0 {
				return n
			}
		}
		return cmp.Compare(b.is.id, a.is.id)
	}, nil
}

func (c *call) order(id string, a, b hit) int {
	switch {
	case id == "key":
		if a.is.project != b.is.project {
			return strings.Compare(a.is.project.Key, b.is.project.Key)
		}
		return cmp.Compare(a.is.num(), b.is.num())
	case c.s.isDate(id):
		return c.dateOf(a.row, id).Compare(c.dateOf(b.row, id))
	case id == "priority":
		return strings.Compare(ref(b.row.values[id]), ref(a.row.values[id]))
	}
	name := func(h hit) string {
		switch v := h.row.values[id].(type) {
		case refID:
			return c.s.constantName(id, string(v))
		case text:
			return v.wiki
		}
		return strings.Join(c.keysOf(h.is, h.row, id), " ")
	}
	return strings.Compare(strings.ToLower(name(a)), strings.ToLower(name(b)))
}

type pageToken struct {
	Start   int    `json:"s"`
	Query   string `json:"q"`
	Expires int64  `json:"e"`
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:6])
}

// token makes the opaque token of the page that begins at start of a query.
func (c *call) token(start int, query string) string {
	return base64.RawURLEncoding.EncodeToString(marshal(pageToken{Start: start, Query: digest(query), Expires: c.at.Add(tokenLife).UnixMilli()}))
}

func (c *call) openToken(s, query string) (int, error) {
	if s == "" {
		return 0, nil
	}
	var t pageToken
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || json.Unmarshal(raw, &t) != nil || t.Query != digest(query) || t.Start < 0 || c.at.UnixMilli() > t.Expires {
		return 0, refuse(400, "The provided next page token is invalid or expired. Please provide a valid token or start a new search.")
	}
	return t.Start, nil
}

func (c *call) searchCount() (reply, error) {
	body, err := c.strictJSON("jql")
	if err != nil {
		return reply{}, err
	}
	found, err := c.hits(text1(body["jql"]), nil)
	if err != nil {
		return reply{}, err
	}
	return ok(object{"count": len(found)}), nil
}
