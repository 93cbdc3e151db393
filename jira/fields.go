package jira

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"usher/access"
)

// maxMeta bounds the pages of fields and issue types, so that an answer without an end is noticed.
const maxMeta = 20

// metaField is a field on a screen, as Jira describes it.
type metaField struct {
	ID         string   `json:"fieldId"`
	Key        string   `json:"key"`
	Name       string   `json:"name"`
	Required   bool     `json:"required"`
	HasDefault bool     `json:"hasDefaultValue"`
	Schema     schema   `json:"schema"`
	Allowed    []option `json:"allowedValues"`
}

type schema struct {
	Type   string `json:"type"`
	Items  string `json:"items"`
	Custom string `json:"custom"`
}

type option struct {
	ID    string `json:"id"`
	Value string `json:"value"`
	Name  string `json:"name"`
}

func (f metaField) id() string {
	if f.ID != "" {
		return f.ID
	}
	return f.Key
}

// content is what a field is to hold, in every form that a field type may want.
type content struct {
	text    string
	hours   float64
	at      time.Time
	account access.AccountID
}

// customFields returns the configured custom fields of a new issue by field id. Fields that are not on the create
// screen, of an unusable type or without a value are left out.
func (t *Tracker) customFields(ctx context.Context, r access.IssueRecord) (map[string]any, error) {
	out := map[string]any{}
	if len(t.cfg.Fields) == 0 {
		return out, nil
	}
	screen, err := t.createScreen(ctx, false)
	if err != nil {
		return nil, err
	}
	for _, name := range sorted(t.cfg.Fields) {
		id := t.cfg.Fields[name]
		at := slices.IndexFunc(screen, func(f metaField) bool { return f.id() == id })
		if at < 0 {
			continue
		}
		if v, ok := format(screen[at], contentOf(name, r)); ok {
			out[id] = v
		}
	}
	return out, nil
}

func contentOf(name string, r access.IssueRecord) content {
	q := r.Request
	switch name {
	case FieldApplication:
		return content{text: q.Role.AppName}
	case FieldRole:
		return content{text: q.Role.EntitlementName}
	case FieldRisk:
		return content{text: string(q.Role.Risk)}
	case FieldDuration:
		return content{text: q.Duration.String(), hours: time.Duration(q.Duration).Hours()}
	case FieldEndsAt:
		if r.Grant == nil || r.Grant.DueAt.IsZero() {
			return content{}
		}
		return content{text: r.Grant.DueAt.UTC().Format(timeLayout), at: r.Grant.DueAt}
	case FieldSubject:
		return content{text: q.Subject.String(), account: q.Subject.Account}
	case FieldRequester:
		return content{text: q.Requester.String(), account: q.Requester.Account}
	case FieldRequest:
		return content{text: string(q.ID)}
	case FieldCatalogVersion:
		return content{text: q.Policy.Version}
	}
	return content{}
}

// usable reports whether format knows the type of a field.
func (s schema) usable() bool {
	switch s.Type {
	case "string", "number", "date", "datetime", "user", "option":
		return true
	case "array":
		return s.Items == "string" || s.Items == "user" || s.Items == "option"
	}
	return false
}

// format writes content as the field's type wants it; false if there is nothing to write.
func format(f metaField, c content) (any, bool) {
	kind, many := f.Schema.Type, false
	if kind == "array" {
		kind, many = f.Schema.Items, true
	}
	var v any
	switch {
	case kind == "string" && many: // Labels hold no white space.
		v = strings.Join(strings.Fields(clean(c.text)), "-")
	case kind == "string" && strings.HasSuffix(f.Schema.Custom, ":textarea"):
		v = escaped(c.text)
	case kind == "string":
		v = cut(oneLine(c.text), maxSummary)
	case kind == "number" && c.hours > 0:
		return c.hours, true
	case kind == "date" && !c.at.IsZero():
		return c.at.UTC().Format(time.DateOnly), true
	case kind == "datetime" && !c.at.IsZero():
		return c.at.UTC().Format("2006-01-02T15:04:05.000-0700"), true
	case kind == "user" && c.account != "":
		v = map[string]any{"accountId": string(c.account)}
	case kind == "option":
		at := slices.IndexFunc(f.Allowed, func(o option) bool { return strings.EqualFold(o.Value, c.text) })
		if at < 0 {
			return nil, false
		}
		v = map[string]any{"id": f.Allowed[at].ID}
	}
	if v == nil || v == "" {
		return nil, false
	}
	if many {
		return []any{v}, true
	}
	return v, true
}

// createScreen returns the fields that may be set on create. They are read once and believed for a while.
func (t *Tracker) createScreen(ctx context.Context, fresh bool) ([]metaField, error) {
	t.cache.mu.Lock()
	known, until := t.cache.fields, t.cache.fieldsUntil
	t.cache.mu.Unlock()
	if !fresh && t.cfg.Now().Before(until) {
		return known, nil
	}
	typ, err := t.issueType(ctx)
	if err != nil {
		return nil, err
	}
	var all []metaField
	for start, n := 0, 1; ; n++ {
		var page struct {
			Fields  []metaField `json:"fields"`
			Results []metaField `json:"results"`
			Total   int         `json:"total"`
		}
		q := query{op: "read create screen", method: http.MethodGet, path: "issue/createmeta/" + t.cfg.Project + "/issuetypes/" + typ}
		q.values = pageOf(start)
		if _, err := t.call(ctx, q, &page); err != nil {
			return nil, err
		}
		if page.Fields == nil && page.Results == nil {
			return nil, q.lost(errNotJira, true)
		}
		got := append(page.Fields, page.Results...)
		all = append(all, got...)
		if start += len(got); len(got) == 0 || start >= page.Total {
			break
		}
		if n == maxMeta {
			return nil, q.lost(errNotJira, true)
		}
	}
	t.cache.mu.Lock()
	defer t.cache.mu.Unlock()
	t.cache.fields, t.cache.fieldsUntil = all, t.cfg.Now().Add(cacheLength)
	return all, nil
}

// forgetScreen has the fields looked up again.
func (t *Tracker) forgetScreen() {
	t.cache.mu.Lock()
	defer t.cache.mu.Unlock()
	t.cache.fields, t.cache.fieldsUntil = nil, time.Time{}
}

// pageOf asks for as much as Jira gives at once.
func pageOf(start int) url.Values {
	return url.Values{"startAt": {strconv.Itoa(start)}, "maxResults": {"200"}}
}

// issueType returns the id of the configured issue type.
func (t *Tracker) issueType(ctx context.Context) (string, error) {
	if t.keys.number.MatchString(t.cfg.IssueType) {
		return t.cfg.IssueType, nil
	}
	const op = "find issue type"
	var names []string
	for start, n := 0, 1; ; n++ {
		var page struct {
			Types []option `json:"issueTypes"`
			Total int      `json:"total"`
		}
		q := query{op: op, method: http.MethodGet, path: "issue/createmeta/" + t.cfg.Project + "/issuetypes"}
		q.values = pageOf(start)
		if _, err := t.call(ctx, q, &page); err != nil {
			return "", err
		}
		if page.Types == nil {
			return "", q.lost(errNotJira, true)
		}
		for _, it := range page.Types {
			if strings.EqualFold(it.Name, t.cfg.IssueType) && t.keys.number.MatchString(it.ID) {
				return it.ID, nil
			}
			names = append(names, it.Name)
		}
		if start += len(page.Types); len(page.Types) == 0 || start >= page.Total {
			break
		}
		if n == maxMeta {
			return "", q.lost(errNotJira, true)
		}
	}
	return "", permanent(op, fmt.Errorf("project %s offers no issue type %q for creating; it offers: %s",
		t.cfg.Project, t.cfg.IssueType, strings.Join(names, ", ")))
}
