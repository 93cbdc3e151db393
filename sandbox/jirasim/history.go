package jirasim

import (
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// change is one entry of the changelog.
type change struct {
	id     string
	at     time.Time
	author string // account id
	items  []changeItem
	meta   any  // historyMetadata as the writer sent it
	quiet  bool // whether watchers were not told
}

type changeItem struct {
	field, fieldID   string
	custom           bool
	from, to         any // string or nil
	fromText, toText any
}

// diff describes the change of one field.
func (s *Server) diff(f *fieldDef, from, to any) (changeItem, bool) {
	item := changeItem{field: f.Name, fieldID: f.ID, custom: !f.system}
	if f.system {
		item.field = f.ID
	}
	item.from, item.fromText = s.shown(f, from)
	item.to, item.toText = s.shown(f, to)
	return item, item.from != item.to || item.fromText != item.toText
}

// shown is a value as the changelog shows it: id and text.
func (s *Server) shown(f *fieldDef, v any) (id, words any) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		if f.Type == "date" {
			return v, v
		}
		return nil, v
	case float64:
		return nil, strconv.FormatFloat(v, 'f', -1, 64)
	case text:
		return nil, v.wiki
	case time.Time:
		return v.UTC().Format(time.RFC3339), v.UTC().Format("02/Jan/06 3:04 PM")
	case []string:
		return nil, strings.Join(v, " ")
	case userRef:
		if p, err := s.account(string(v)); err == nil {
			return string(v), p.DisplayName
		}
		return string(v), string(v)
	case refID:
		return string(v), s.constantName(f.ID, string(v))
	case optionRef:
		for _, o := range f.Options {
			if o.ID == string(v) {
				return o.ID, o.Value
			}
		}
		return string(v), nil
	case []userRef:
		return s.shownList(f, anys(v))
	case []optionRef:
		return s.shownList(f, anys(v))
	}
	return nil, nil
}

func (s *Server) shownList(f *fieldDef, list []any) (id, words any) {
	var ids, names []string
	for _, e := range list {
		i, w := s.shown(f, e)
		ids = append(ids, text1(i))
		names = append(names, text1(w))
	}
	return "[" + strings.Join(ids, ", ") + "]", strings.Join(names, ",")
}

func anys[E any](list []E) []any {
	out := make([]any, 0, len(list))
	for _, e := range list {
		out = append(out, e)
	}
	return out
}

func (c *call) changeObject(ch *change) object {
	items := []object{}
	for _, it := range ch.items {
		kind := "jira"
		if it.custom {
			kind = "custom"
		}
		o := object{"field": it.field, "fieldtype": kind, "from": it.from, "fromString": it.fromText, "to": it.to, "toString": it.toText}
		if it.fieldID != "" {
			o["fieldId"] = it.fieldID
		}
		items = append(items, o)
	}
	out := object{"id": ch.id, "created": c.date(ch.at), "items": items}
	if u := c.userObject(ch.author); u != nil {
		out["author"] = u
	}
	if ch.meta != nil {
		out["historyMetadata"] = ch.meta
	}
	return out
}

func (c *call) listChangelog() (reply, error) {
	is, err := c.issueFor(c.vars[0])
	if err != nil {
		return reply{}, err
	}
	start, size, err := c.paging(100, 100)
	if err != nil {
		return reply{}, err
	}
	values := []object{}
	for _, ch := range cutPage(is.history, start, size) {
		values = append(values, c.changeObject(ch))
	}
	page := func(at int) string {
		return c.rest("issue/%s/changelog?maxResults=%d&startAt=%d", c.vars[0], size, at)
	}
	last := start+size >= len(is.history)
	out := object{
		"self": page(start), "startAt": start, "maxResults": size, "total": len(is.history), "isLast": last, "values": values,
	}
	if !last {
		out["nextPage"] = page(start + size)
	}
	return ok(out), nil
}

// recentChanges is the changelog inside an issue: newest first, at most 100.
func (c *call) recentChanges(r *row) object {
	list := slices.Clone(r.history)
	slices.Reverse(list)
	shown := cutPage(list, 0, 100)
	histories := []object{}
	for _, ch := range shown {
		histories = append(histories, c.changeObject(ch))
	}
	return object{"startAt": 0, "maxResults": len(shown), "total": len(r.history), "histories": histories}
}

func (c *call) bulkChangelog() (reply, error) {
	body, err := c.strictJSON("issueIdsOrKeys", "fieldIds", "maxResults", "nextPageToken")
	if err != nil {
		return reply{}, err
	}
	ids, idsOK := textList(body["issueIdsOrKeys"])
	only, onlyOK := textList(body["fieldIds"])
	if !idsOK || !onlyOK || len(ids) == 0 || len(ids) > 1000 || len(only) > 10 {
		return reply{}, badPayload()
	}
	size := 1000
	if n, has := body["maxResults"].(float64); has {
		if n < 1 || n > 10000 {
			return reply{}, badPayload()
		}
		size = int(n)
	}
	found := c.manyIssues(ids)
	start, err := c.openToken(text1(body["nextPageToken"]), "changelog "+strings.Join(ids, ",")+" "+strings.Join(only, ","))
	if err != nil {
		return reply{}, err
	}
	out := object{}
	logs := []object{}
	at := 0
	for _, is := range found {
		entries := []object{}
		for _, ch := range is.history {
			if len(only) > 0 && !slices.ContainsFunc(ch.items, func(it changeItem) bool { return slices.Contains(only, it.fieldID) }) {
				continue
			}
			if at >= start && at < start+size {
				o := c.changeObject(ch)
				if c.s.cfg.BulkEpoch {
					o["created"] = ch.at.UnixMilli()
				}
				entries = append(entries, o)
			}
			at++
		}
		if len(entries) > 0 {
			logs = append(logs, object{"issueId": strconv.FormatInt(is.id, 10), "changeHistories": entries})
		}
	}
	out["issueChangeLogs"] = logs
	if at > start+size {
		out["nextPageToken"] = c.token(start+size, "changelog "+strings.Join(ids, ",")+" "+strings.Join(only, ","))
	}
	return ok(out), nil
}

// manyIssues finds the visible issues of a list, by ascending id, each once.
func (c *call) manyIssues(idsOrKeys []string) []*issue {
	var out []*issue
	for _, k := range idsOrKeys {
		if is, err := c.issueFor(k); err == nil && !slices.Contains(out, is) {
			out = append(out, is)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].id < out[j].id })
	return out
}

func textList(v any) ([]string, bool) {
	if v == nil {
		return nil, true
	}
	list, isArray := v.([]any)
	var out []string
	for _, e := range list {
		s := text1(e)
		if s == "" {
			return nil, false
		}
		out = append(out, s)
	}
	return out, isArray
}

func badPayload() *refusal {
	return refuse(400, "Invalid request payload. Refer to the REST API documentation and try again.")
}

// strictJSON reads a body that may have only the named members.
func (c *call) strictJSON(members ...string) (object, error) {
	body, err := c.json()
	if err != nil {
		return nil, err
	}
	for k := range body {
		if !slices.Contains(members, k) {
			return nil, badPayload()
		}
	}
	return body, nil
}
