package jirapane

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"usher/sandbox/jirasim"
)

// jiraTime is how version 2 of the API writes a date and time.
const jiraTime = "2006-01-02T15:04:05.000-0700"

// field is a line of an issue's details. One of Text, HTML, Face and At is set.
type field struct {
	ID, Name string
	Text     string
	HTML     jirasim.Rendered
	Face     *face
	At       *stamp
}

func (d *drawing) fields(is *jirasim.Issue) []field {
	assignee, reporter, creator := d.face(is.Assignee), d.face(is.Reporter), d.face(is.Creator)
	out := []field{
		{ID: "assignee", Name: "Assignee", Face: &assignee},
		{ID: "reporter", Name: "Reporter", Face: &reporter},
	}
	if is.Creator != is.Reporter {
		out = append(out, field{ID: "creator", Name: "Creator", Face: &creator})
	}
	out = append(out, field{ID: "priority", Name: "Priority", Text: is.Priority})
	if is.Due != "" {
		out = append(out, field{ID: "duedate", Name: "Due date", Text: day(is.Due)})
	}
	for _, f := range d.p.w.Jira.Fields() {
		if v := is.Fields[f.ID]; v != nil {
			out = append(out, d.custom(f, v))
		}
	}
	moments := []field{{ID: "created", Name: "Created", At: d.at(is.Created)}, {ID: "updated", Name: "Updated", At: d.at(is.Updated)}}
	if !is.Resolved.IsZero() {
		moments = append(moments, field{ID: "resolutiondate", Name: "Resolved", At: d.at(is.Resolved)})
	}
	return append(out, moments...)
}

// custom shows the value of a custom field as version 2 of the API has it.
func (d *drawing) custom(f jirasim.Field, v any) field {
	out := field{ID: f.ID, Name: f.Name}
	switch v := v.(type) {
	case string:
		at, err := time.Parse(jiraTime, v)
		switch {
		case f.Type == "datetime" && err == nil:
			out.At = d.at(at)
		case f.Type == "date":
			out.Text = day(v)
		case strings.HasSuffix(f.Custom, ":textarea"):
			out.HTML = d.wiki(v)
		default:
			out.Text = v
		}
	case map[string]any:
		if id, isUser := v["accountId"].(string); isUser {
			who := d.face(id)
			out.Face = &who
		} else {
			out.Text = words(v)
		}
	default:
		out.Text = words(v)
	}
	return out
}

// words is a value in words, whatever it is.
func words(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []string:
		return strings.Join(v, ", ")
	case []any:
		var parts []string
		for _, e := range v {
			parts = append(parts, words(e))
		}
		return strings.Join(parts, ", ")
	case map[string]any:
		for _, key := range []string{"displayName", "value", "name"} {
			if s, isText := v[key].(string); isText {
				return s
			}
		}
		var keys []string
		for k, e := range v {
			keys = append(keys, k+": "+words(e))
		}
		slices.Sort(keys)
		return strings.Join(keys, ", ")
	}
	return ""
}
