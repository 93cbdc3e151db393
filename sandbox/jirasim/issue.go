package jirasim

import (
	"slices"
	"strconv"
	"strings"
)

// view says which parts of an issue an answer shows.
type view struct {
	fields []string // *all, *navigable, ids, -ids
	props  []string // *all or keys
	expand []string
}

const allExpands = "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations"

func (v view) wants(f *fieldDef) bool {
	shown := false
	for _, want := range v.fields {
		hit := want == "*all" || want == "*navigable" && f.navigable || want == f.ID
		switch {
		case "-"+f.ID == want:
			return false
		case strings.HasPrefix(want, "-") && len(v.fields) == 1:
			shown = true
		case hit:
			shown = true
		}
	}
	return shown
}

// bare says whether only ids or keys are wanted.
func (v view) bare() bool {
	return len(v.fields) > 0 && !slices.ContainsFunc(v.fields, func(f string) bool { return f != "id" && f != "key" })
}

func (c *call) getIssue() (reply, error) {
	is, err := c.issueFor(c.vars[0])
	if err != nil {
		return reply{}, err
	}
	v := view{fields: splitList(c.query["fields"]), props: splitList(c.query["properties"]), expand: splitList(c.query["expand"])}
	if len(v.fields) == 0 {
		v.fields = []string{"*all"}
	}
	return ok(c.issueObject(is, &is.row, v)), nil
}

func (c *call) bulkFetch() (reply, error) {
	body, err := c.strictJSON("issueIdsOrKeys", "fields", "properties", "expand", "fieldsByKeys")
	if err != nil {
		return reply{}, err
	}
	ids, idsOK := textList(body["issueIdsOrKeys"])
	fields, fieldsOK := textList(body["fields"])
	props, propsOK := textList(body["properties"])
	expand, expandOK := textList(body["expand"])
	switch {
	case !idsOK || !fieldsOK || !propsOK || !expandOK:
		return reply{}, badPayload()
	case len(ids) == 0 || len(ids) > 100:
		return reply{}, refuse(400, "The number of issue IDs or keys must be between 1 and 100.")
	case len(props) > 5:
		return reply{}, refuse(400, "The number of issue properties to return exceeds the maximum of 5.")
	}
	if len(fields) == 0 {
		fields = []string{"*navigable"}
	}
	issues := []object{}
	for _, is := range c.manyIssues(ids) {
		issues = append(issues, c.issueObject(is, &is.row, view{fields: fields, props: props, expand: expand}))
	}
	// Errors are for what may be tried again; unknown and hidden issues are left out silently.
	return ok(object{"issues": issues, "issueErrors": []any{}}), nil
}

// issueObject writes an issue in the state r, which is its present one or what the index has.
func (c *call) issueObject(is *issue, r *row, v view) object {
	id := strconv.FormatInt(is.id, 10)
	if len(v.fields) == 1 && v.fields[0] == "id" && len(v.props) == 0 {
		return object{"id": id}
	}
	out := object{"expand": allExpands, "id": id, "self": c.rest("issue/%d", is.id), "key": is.key}
	if !v.bare() {
		fields := object{}
		for _, f := range c.s.fields {
			if v.wants(f) && f.applies(is.project) {
				fields[f.ID] = c.fieldOut(is, r, f)
			}
		}
		out["fields"] = fields
	}
	if len(v.props) > 0 {
		props := object{}
		for k, p := range r.props {
			if slices.Contains(v.props, "*all") || slices.Contains(v.props, k) {
				props[k] = p
			}
		}
		out["properties"] = props
	}
	for _, e := range v.expand {
		c.expand(out, is, r, v, e)
	}
	return out
}

// applies says whether a field belongs to a project: system fields always, custom ones if on a screen of it.
func (f *fieldDef) applies(p *project) bool {
	if f.system || slices.Contains(p.Create, f.ID) || slices.Contains(p.Edit, f.ID) {
		return true
	}
	return slices.ContainsFunc(p.Workflow.Transitions, func(t Transition) bool {
		return t.Screen != nil && slices.Contains(t.Screen.Fields, f.ID)
	})
}

func (c *call) fieldOut(is *issue, r *row, f *fieldDef) any {
	switch f.ID {
	case "project":
		return c.projectRef(is.project)
	case "created":
		return c.date(r.created)
	case "updated":
		return c.date(r.updated)
	case "resolutiondate":
		return c.date(r.resolved)
	case "statuscategorychangedate":
		return c.date(r.statusSet)
	case "statusCategory":
		return c.category(c.s.statusByID(ref(r.values["status"])).Category)
	case "issuelinks":
		return c.issueLinks(is)
	case "watches":
		return object{"self": c.rest("issue/%s/watchers", is.key), "watchCount": len(is.watchers), "isWatching": c.watching(is)}
	case "comment":
		list := []object{}
		for _, cm := range cutPage(r.comments, 0, 100) {
			list = append(list, c.commentObject(is, cm, nil))
		}
		return object{
			"self": c.rest("issue/%d/comment", is.id), "comments": list, "startAt": 0,
			"maxResults": len(list), "total": len(r.comments),
		}
	}
	return c.valueOut(f, r.values[f.ID])
}

// expand adds an optional part to an issue; unknown names are ignored, as Jira does.
func (c *call) expand(out object, is *issue, r *row, v view, name string) {
	switch name {
	case "changelog":
		out["changelog"] = c.recentChanges(r)
	case "transitions", "transitions.fields":
		list := []object{}
		for _, tr := range c.open(is) {
			list = append(list, c.transitionObject(is, tr, name != "transitions"))
		}
		out["transitions"] = list
	case "editmeta":
		out["editmeta"] = object{"fields": c.editFields(is)}
	case "operations":
		out["operations"] = object{"linkGroups": []any{}}
	case "renderedFields":
		out["renderedFields"] = c.renderedFields(r, v)
	case "names", "schema":
		list := object{}
		for _, f := range c.s.fields {
			if v.wants(f) && f.applies(is.project) {
				list[f.ID] = f.Name
				if name == "schema" {
					list[f.ID] = f.schema()
				}
			}
		}
		out[name] = list
	}
}

func (c *call) renderedFields(r *row, v view) object {
	list := object{}
	for _, f := range c.s.fields {
		if !v.wants(f) {
			continue
		}
		if t, isText := r.values[f.ID].(text); isText {
			list[f.ID] = t.html()
		}
	}
	return list
}

func (c *call) editFields(is *issue) object {
	fields := object{}
	for _, id := range is.project.Edit {
		if f := c.s.field(id); f != nil && (id != "reporter" || c.has(permReporter)) && (id != "assignee" || c.has(permAssign)) {
			fields[id] = c.meta(f, id == "summary" || is.project.requires(id))
		}
	}
	if c.has(permComment) {
		fields["comment"] = object{
			"required": false, "schema": object{"type": "comments-page", "system": "comment"}, "name": "Comment", "key": "comment",
			"operations": []string{"add", "edit", "remove"},
		}
	}
	return fields
}

func (c *call) editMeta() (reply, error) {
	is, err := c.issueFor(c.vars[0])
	if err != nil {
		return reply{}, err
	}
	return ok(object{"fields": c.editFields(is)}), nil
}
