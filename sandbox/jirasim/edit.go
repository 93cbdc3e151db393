package jirasim

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// edit is what a create, edit or transition body asks for, checked and ready to be applied as a whole.
type edit struct {
	values   map[string]any // by field id; nil values unset a field
	comments []commentIn
	links    []linkIn
	props    []property
	meta     any // historyMetadata as it was sent
}

// json reads a body that must be a JSON object.
func (c *call) json() (object, error) {
	var v any
	if err := json.Unmarshal(c.body, &v); err != nil {
		return nil, refuse(400, "There was an error parsing JSON. Check that your request body is valid.")
	}
	m, isObject := v.(object)
	if !isObject {
		return nil, refuse(400, "Invalid request payload. Refer to the REST API documentation and try again.")
	}
	return m, nil
}

// screenRules say what one screen lets through.
type screenRules struct {
	fields  []string
	comment bool
	creates bool
}

// readEdit checks the parts fields, update, properties and historyMetadata of a body against a screen.
func (c *call) readEdit(body object, rules screenRules, is *issue) (*edit, error) {
	e := &edit{values: map[string]any{}, meta: body["historyMetadata"]}
	wrong := problems{}
	fields, fieldsOK := orEmpty(body["fields"])
	update, updateOK := orEmpty(body["update"])
	if !fieldsOK || !updateOK {
		return nil, refuse(400, "Invalid request payload. Refer to the REST API documentation and try again.")
	}
	for _, id := range sortedKeys(fields) {
		if id == "project" || id == "issuetype" {
			continue
		}
		if _, both := update[id]; both {
			wrong.add(id, "Field '"+id+"' cannot appear in both 'fields' and 'update'")
			continue
		}
		if f := c.onScreen(id, rules, wrong); f != nil {
			if err := c.readValue(e, f, fields[id], wrong); err != nil {
				return nil, err
			}
		}
	}
	for _, id := range sortedKeys(update) {
		ops, isArray := update[id].([]any)
		if !isArray {
			wrong.add(id, "data was not an array")
			continue
		}
		if err := c.readOps(e, id, ops, rules, is, wrong); err != nil {
			return nil, err
		}
	}
	if err := wrong.err(); err != nil {
		return nil, err
	}
	var err error
	e.props, err = readProperties(body["properties"])
	return e, err
}

func orEmpty(v any) (object, bool) {
	if v == nil {
		return object{}, true
	}
	m, isObject := v.(object)
	return m, isObject
}

// onScreen finds a field that the caller may set here, or notes why not.
func (c *call) onScreen(id string, rules screenRules, wrong problems) *fieldDef {
	f := c.s.field(id)
	allowed := f != nil && !f.fixed && slices.Contains(rules.fields, id)
	if id == "reporter" && !c.has(permReporter) || id == "assignee" && !c.has(permAssign) || id == "issuelinks" && !c.has(permLink) {
		allowed = false
	}
	if !allowed {
		wrong.add(id, offScreen(id))
		return nil
	}
	return f
}

func (c *call) readValue(e *edit, f *fieldDef, raw any, wrong problems) error {
	if f.ID == "issuelinks" {
		wrong.add(f.ID, "Field 'issuelinks' can only be changed through 'update'")
		return nil
	}
	v, complaint := c.valueIn(f, raw)
	if complaint == contentLimit || complaint == "INVALID_INPUT" {
		return refuse(http.StatusBadRequest, complaint)
	}
	switch {
	case complaint != "":
		wrong.add(f.ID, complaint)
	case v == nil && f.ID == "summary":
		wrong.add(f.ID, "You must specify a summary of the issue.")
	case v == nil && f.ID == "reporter":
		wrong.add(f.ID, "Reporter is required.")
	default:
		e.values[f.ID] = v
	}
	return nil
}

// readOps reads the operations on one field.
func (c *call) readOps(e *edit, id string, ops []any, rules screenRules, is *issue, wrong problems) error {
	if id == "comment" && rules.comment && !rules.creates {
		return c.readCommentOps(e, ops)
	}
	f := c.onScreen(id, rules, wrong)
	if f == nil {
		return nil
	}
	for _, raw := range ops {
		op, isObject := raw.(object)
		if !isObject || len(op) != 1 {
			wrong.add(id, "Operation value must be an object with one operation")
			return nil
		}
		for name, arg := range op {
			var err error
			switch {
			case id == "issuelinks" && name == "add":
				err = c.readLinkOp(e, arg)
			case name == "set":
				err = c.readValue(e, f, arg, wrong)
			case f.Type == "array" && (name == "add" || name == "remove"):
				c.readMember(e, f, arg, name == "add", is, wrong)
			default:
				wrong.add(id, "Operation '"+name+"' is not supported for field '"+id+"'")
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// readMember adds one element to an array field or takes one away.
func (c *call) readMember(e *edit, f *fieldDef, arg any, add bool, is *issue, wrong problems) {
	one, complaint := c.valueIn(f, []any{arg})
	if complaint != "" {
		wrong.add(f.ID, complaint)
		return
	}
	now, touched := e.values[f.ID]
	if !touched && is != nil {
		now = is.values[f.ID]
	}
	switch one := one.(type) {
	case []string:
		e.values[f.ID] = slices.Sorted(slices.Values(changed(now, one, add)))
	case []userRef:
		e.values[f.ID] = changed(now, one, add)
	case []optionRef:
		e.values[f.ID] = changed(now, one, add)
	}
}

func changed[E comparable](now any, one []E, add bool) []E {
	list, _ := now.([]E)
	list = slices.DeleteFunc(slices.Clone(list), func(x E) bool { return slices.Contains(one, x) })
	if add {
		list = append(list, one...)
	}
	return list
}

func (c *call) readCommentOps(e *edit, ops []any) error {
	for _, raw := range ops {
		op, _ := raw.(object)
		arg, isObject := op["add"].(object)
		if !isObject {
			return refuseField("comment", "Operation value must be an object with the operation 'add'")
		}
		in, err := c.readComment(arg)
		if err != nil {
			return err
		}
		e.comments = append(e.comments, in)
	}
	return nil
}

// apply changes the issue and writes one changelog entry for all fields that became different.
func (c *call) apply(is *issue, e *edit, extra ...changeItem) {
	var items []changeItem
	for _, id := range sortedKeys(e.values) {
		f := c.s.field(id)
		if f == nil {
			continue
		}
		if item, differs := c.s.diff(f, is.values[id], e.values[id]); differs {
			items = append(items, item)
		}
		if e.values[id] == nil {
			delete(is.values, id)
		} else {
			is.values[id] = e.values[id]
		}
	}
	if v, given := e.values["resolution"]; given && v == nil {
		is.resolved = time.Time{}
	} else if given {
		is.resolved = c.at
	}
	items = append(items, extra...)
	if len(items) > 0 {
		c.record(is, items, e.meta)
	}
	for _, p := range e.props {
		is.props[p.key] = p.value
		c.s.touch(is, c.at, false)
	}
	for _, in := range e.comments {
		c.putComment(is, in)
	}
	for _, in := range e.links {
		c.putLink(in)
	}
}

// record writes a changelog entry by the caller.
func (c *call) record(is *issue, items []changeItem, meta any) {
	quiet := c.query.Get("notifyUsers") == "false" && (c.has(permAdmin) || c.has(permProjectAdmin))
	is.history = append(is.history, &change{
		id: c.s.count("history", 10100), at: c.at, author: c.who.AccountID, items: items, meta: meta, quiet: quiet,
	})
	c.s.touch(is, c.at, true)
}
