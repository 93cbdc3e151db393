package jirasim

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Values of fields as the site keeps them: string for plain text and dates, text for text with markup, float64, time.Time,
// []string for labels, userRef, optionRef, []userRef, []optionRef and refID for status, priority, resolution, issue type. nil = not set.
type (
	userRef   string
	optionRef string
	refID     string
)

// text is text with markup, kept as it was written.
type text struct {
	wiki string
	doc  json.RawMessage // the document as version 3 gave it; nil = written as wiki markup
}

func ref(v any) string {
	id, isRef := v.(refID)
	if !isRef {
		return ""
	}
	return string(id)
}

func wikiOf(v any) string {
	if t, isText := v.(text); isText {
		return t.wiki
	}
	s, _ := v.(string)
	return s
}

// textIn reads text with markup from a body: a string in version 2, a document in version 3.
func (c *call) textIn(v any) (text, string) {
	if c.v3() {
		doc, isDoc := v.(map[string]any)
		if !isDoc {
			return text{}, "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
		}
		if !validDoc(doc) {
			return text{}, "INVALID_INPUT"
		}
		t := text{wiki: docToWiki(doc), doc: marshal(doc)}
		if utf8.RuneCountInString(t.wiki) > maxText {
			return text{}, contentLimit
		}
		return t, ""
	}
	s, isString := v.(string)
	if !isString {
		return text{}, "Operation value must be a string"
	}
	if utf8.RuneCountInString(s) > maxText {
		return text{}, "The entered text is too long. It exceeds the allowed limit of 32767 characters."
	}
	return text{wiki: s}, ""
}

const contentLimit = "CONTENT_LIMIT_EXCEEDED"

// textOut writes text with markup in the form of the called version.
func (c *call) textOut(t text) any {
	if !c.v3() {
		return t.wiki
	}
	if t.doc != nil {
		return t.doc
	}
	return wikiToDoc(t.wiki)
}

// valueIn reads the value of a field from a body; the string is Jira's complaint, empty = none.
func (c *call) valueIn(f *fieldDef, v any) (any, string) {
	if v == nil {
		return nil, ""
	}
	if f.rich() {
		t, complaint := c.textIn(v)
		if complaint != "" || t.wiki == "" {
			return nil, complaint
		}
		return t, ""
	}
	switch f.Type {
	case "string":
		return stringIn(f, v)
	case "number":
		n, isNumber := v.(float64)
		if !isNumber || math.IsInf(n, 0) {
			return nil, "Operation value must be a number"
		}
		return n, ""
	case "date":
		s, isString := v.(string)
		if _, err := time.Parse(time.DateOnly, s); !isString || err != nil {
			return nil, fmt.Sprintf("Error parsing date string: %v", v)
		}
		return s, ""
	case "datetime":
		return datetimeIn(v)
	case "user":
		return c.userIn(f, v)
	case "option":
		return optionIn(f, v)
	case "priority", "resolution":
		return c.constantIn(f, v)
	case "array":
		return c.arrayIn(f, v)
	}
	return nil, offScreen(f.ID)
}

func offScreen(id string) string {
	return "Field '" + id + "' cannot be set. It is not on the appropriate screen, or unknown."
}

func stringIn(f *fieldDef, v any) (any, string) {
	s, isString := v.(string)
	if !isString {
		return nil, "Operation value must be a string"
	}
	if f.ID == "summary" {
		s = strings.TrimSpace(s)
		switch {
		case s == "":
			return nil, "You must specify a summary of the issue."
		case strings.ContainsAny(s, "\r\n"):
			return nil, "The summary is invalid because it contains newline characters."
		case utf8.RuneCountInString(s) > maxSummary:
			return nil, "Summary can't exceed 255 characters."
		}
	} else if utf8.RuneCountInString(s) > maxSummary {
		return nil, "The entered text is too long. It exceeds the allowed limit of 255 characters."
	}
	if s == "" {
		return nil, ""
	}
	return s, ""
}

func datetimeIn(v any) (any, string) {
	s, isString := v.(string)
	if isString {
		for _, layout := range []string{dateFormat, "2006-01-02T15:04:05.000Z07:00", time.RFC3339, "2006-01-02T15:04:05-0700"} {
			if t, err := time.Parse(layout, s); err == nil {
				return t.Truncate(time.Minute), "" // the field is shown and kept to the minute
			}
		}
	}
	return nil, fmt.Sprintf("Error parsing time: %v", v)
}

// userIn reads {"accountId"} or {"id"}.
func (c *call) userIn(f *fieldDef, v any) (any, string) {
	m, isObject := v.(map[string]any)
	if !isObject {
		return nil, "data was not an object"
	}
	id, _ := m["accountId"].(string)
	if id == "" {
		id, _ = m["id"].(string)
	}
	if id == "" {
		return nil, "" // {"accountId": null} unsets the field
	}
	p, err := c.s.account(id)
	if err != nil || p.Inactive {
		return nil, "Specify a valid value for " + strings.ToLower(f.Name)
	}
	if f.ID == "assignee" && !p.perms[permAssignable] {
		return nil, "User '" + id + "' cannot be assigned issues."
	}
	return userRef(id), ""
}

func optionIn(f *fieldDef, v any) (any, string) {
	m, isObject := v.(map[string]any)
	if !isObject {
		return nil, "Specify a valid 'id' or 'name' for " + f.Name
	}
	if id, has := m["id"]; has {
		want := fmt.Sprint(id)
		for _, o := range f.Options {
			if o.ID == want {
				return optionRef(o.ID), ""
			}
		}
		return nil, "Option id '" + want + "' is not valid"
	}
	want, _ := m["value"].(string)
	for _, o := range f.Options {
		if o.Value == want {
			return optionRef(o.ID), ""
		}
	}
	return nil, "Option value '" + want + "' is not valid"
}

func (c *call) constantIn(f *fieldDef, v any) (any, string) {
	m, isObject := v.(map[string]any)
	if isObject {
		list := resolutions()
		if f.ID == "priority" {
			list = priorities()
		}
		id, _ := m["id"].(string)
		name, _ := m["name"].(string)
		for _, k := range list {
			if id != "" && k.id == id || id == "" && name != "" && strings.EqualFold(k.name, name) {
				return refID(k.id), ""
			}
		}
	}
	return nil, "Specify a valid 'id' or 'name' for " + f.Name
}

func (c *call) arrayIn(f *fieldDef, v any) (any, string) {
	list, isArray := v.([]any)
	if !isArray {
		return nil, "data was not an array"
	}
	switch f.Items {
	case "string":
		return labelsIn(list)
	case "user":
		var out []userRef
		for _, e := range list {
			u, complaint := c.userIn(f, e)
			if complaint != "" {
				return nil, complaint
			}
			if id, isUser := u.(userRef); isUser && !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
		return out, ""
	case "option":
		var out []optionRef
		for _, e := range list {
			o, complaint := optionIn(f, e)
			if complaint != "" {
				return nil, complaint
			}
			if id, isOption := o.(optionRef); isOption && !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
		return out, ""
	}
	return nil, offScreen(f.ID)
}

// labelsIn reads labels; Jira keeps them sorted and without doubles.
func labelsIn(list []any) (any, string) {
	spaces := regexp.MustCompile(`\s`)
	out := []string{}
	for _, e := range list {
		s, isString := e.(string)
		switch {
		case !isString:
			return nil, "string expected at index " + strconv.Itoa(len(out))
		case s == "":
			return nil, "The label '' is empty which is invalid."
		case spaces.MatchString(s):
			return nil, "The label '" + s + "' contains spaces which is invalid."
		case utf8.RuneCountInString(s) > maxLabel:
			return nil, "The label '" + s + "' exceeds the maximum length of 255 characters."
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out, ""
}

// valueOut writes the value of a field as an answer shows it.
func (c *call) valueOut(f *fieldDef, v any) any {
	switch v := v.(type) {
	case text:
		return c.textOut(v)
	case time.Time:
		return c.date(v)
	case userRef:
		return c.userObject(string(v))
	case optionRef:
		return c.optionOut(f, v)
	case refID:
		return c.constant(f.ID, string(v))
	case []userRef:
		out := []any{}
		for _, u := range v {
			out = append(out, c.userObject(string(u)))
		}
		return out
	case []optionRef:
		out := []any{}
		for _, o := range v {
			out = append(out, c.optionOut(f, o))
		}
		return out
	}
	return v
}

func (c *call) optionOut(f *fieldDef, id optionRef) any {
	for _, o := range f.Options {
		if o.ID == string(id) {
			return c.option(o)
		}
	}
	return nil
}
