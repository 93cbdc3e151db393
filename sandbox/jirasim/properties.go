package jirasim

import (
	"encoding/json"
	"slices"
	"strconv"
	"unicode/utf8"
)

type property struct {
	key   string
	value json.RawMessage
}

// readProperties reads the properties of a create, edit or comment body.
func readProperties(v any) ([]property, error) {
	if v == nil {
		return nil, nil
	}
	list, isArray := v.([]any)
	if !isArray {
		return nil, badPayload()
	}
	var out []property
	for _, e := range list {
		m, isObject := e.(object)
		key, isKey := m["key"].(string)
		value, has := m["value"]
		if !isObject || !isKey || !has {
			return nil, badPayload()
		}
		raw := json.RawMessage(marshal(value))
		if err := checkProperty(key, raw); err != nil {
			return nil, err
		}
		out = append(out, property{key: key, value: raw})
	}
	return out, nil
}

func checkProperty(key string, value json.RawMessage) error {
	switch {
	case key == "" || utf8.RuneCountInString(key) > maxPropertyKey:
		return refuse(400, "The length of the property key must be between 1 and "+strconv.Itoa(maxPropertyKey)+" characters.")
	case len(value) == 0 || !json.Valid(value):
		return refuse(400, "The property value must be a valid, non-empty JSON.")
	case utf8.RuneCount(value) > maxProperty:
		return refuse(400, "The maximum length of the property value is "+strconv.Itoa(maxProperty)+" characters.")
	}
	return nil
}

func putProperty(list []property, p property) []property {
	out := slices.DeleteFunc(slices.Clone(list), func(old property) bool { return old.key == p.key })
	return append(out, p)
}

func noProperty(key string) error {
	return refuse(404, "The property with key '"+key+"' does not exist.")
}

func (c *call) propertyKeys(keys []string, at string) reply {
	out := []object{}
	for _, k := range keys {
		out = append(out, object{"self": c.rest("%s/properties/%s", at, k), "key": k})
	}
	return ok(object{"keys": out})
}

func (c *call) listProperties() (reply, error) {
	is, err := c.issueFor(c.vars[0])
	if err != nil {
		return reply{}, err
	}
	return c.propertyKeys(sortedKeys(is.props), "issue/"+c.vars[0]), nil
}

func (c *call) getProperty() (reply, error) {
	is, err := c.issueFor(c.vars[0])
	if err != nil {
		return reply{}, err
	}
	v, has := is.props[c.vars[1]]
	if !has {
		return reply{}, noProperty(c.vars[1])
	}
	return ok(object{"key": c.vars[1], "value": v}), nil
}

// setProperty answers 201 the first time and 200 after. Whether Jira moves the issue's updated time is not documented; here it stays.
func (c *call) setProperty() (reply, error) {
	is, err := c.writableIssue(c.vars[0])
	if err != nil {
		return reply{}, err
	}
	if !c.has(permEdit) {
		return reply{}, refuse(403, "You do not have permission to edit issues in this project.")
	}
	if err := checkProperty(c.vars[1], c.body); err != nil {
		return reply{}, err
	}
	_, had := is.props[c.vars[1]]
	is.props[c.vars[1]] = append(json.RawMessage(nil), c.body...)
	c.s.touch(is, c.at, false)
	return written(had), nil
}

func written(had bool) reply {
	if had {
		return ok(object{})
	}
	return created(object{})
}

func (c *call) deleteProperty() (reply, error) {
	is, err := c.writableIssue(c.vars[0])
	if err != nil {
		return reply{}, err
	}
	if !c.has(permEdit) {
		return reply{}, refuse(403, "You do not have permission to edit issues in this project.")
	}
	if _, has := is.props[c.vars[1]]; !has {
		return reply{}, noProperty(c.vars[1])
	}
	delete(is.props, c.vars[1])
	c.s.touch(is, c.at, false)
	return nothing(), nil
}

// anyComment finds a comment of any issue that the caller sees.
func (c *call) anyComment() (*issue, int, error) {
	for _, is := range c.s.issues {
		if at := is.comment(c.vars[0]); at >= 0 && !is.deleted && c.sees(is) {
			return is, at, nil
		}
	}
	return nil, 0, refuse(404, "The comment with the id "+c.vars[0]+" does not exist.")
}

func (c *call) listCommentProperties() (reply, error) {
	is, at, err := c.anyComment()
	if err != nil {
		return reply{}, err
	}
	var keys []string
	for _, p := range is.comments[at].props {
		keys = append(keys, p.key)
	}
	return c.propertyKeys(keys, "comment/"+c.vars[0]), nil
}

func (c *call) getCommentProperty() (reply, error) {
	is, at, err := c.anyComment()
	if err != nil {
		return reply{}, err
	}
	for _, p := range is.comments[at].props {
		if p.key == c.vars[1] {
			return ok(object{"key": p.key, "value": p.value}), nil
		}
	}
	return reply{}, noProperty(c.vars[1])
}

func (c *call) setCommentProperty() (reply, error) {
	is, at, err := c.editableComment()
	if err != nil {
		return reply{}, err
	}
	p := property{key: c.vars[1], value: append(json.RawMessage(nil), c.body...)}
	if err := checkProperty(p.key, p.value); err != nil {
		return reply{}, err
	}
	cm := *is.comments[at]
	had := slices.ContainsFunc(cm.props, func(old property) bool { return old.key == p.key })
	cm.props = putProperty(cm.props, p)
	is.comments[at] = &cm
	c.s.touch(is, c.at, false)
	return written(had), nil
}

func (c *call) deleteCommentProperty() (reply, error) {
	is, at, err := c.editableComment()
	if err != nil {
		return reply{}, err
	}
	cm := *is.comments[at]
	before := len(cm.props)
	cm.props = slices.DeleteFunc(slices.Clone(cm.props), func(p property) bool { return p.key == c.vars[1] })
	if len(cm.props) == before {
		return reply{}, noProperty(c.vars[1])
	}
	is.comments[at] = &cm
	c.s.touch(is, c.at, false)
	return nothing(), nil
}

func (c *call) editableComment() (*issue, int, error) {
	is, at, err := c.anyComment()
	if err != nil {
		return nil, 0, err
	}
	if err := c.limitIssue(is); err != nil {
		return nil, 0, err
	}
	if c.ownOrAll(is.comments[at], permEditOwn, permEditComments, "edit") != nil {
		return nil, 0, refuse(403, "You do not have the permission to edit this comment.")
	}
	return is, at, nil
}
