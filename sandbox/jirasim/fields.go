package jirasim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// fieldDef is a field of the site, system or custom.
type fieldDef struct {
	Field
	system     bool
	fixed      bool     // cannot be set through create and edit
	clauses    []string // names in JQL
	navigable  bool
	searchable bool
}

func allFields(custom []Field) []*fieldDef {
	type sys struct{ id, name, kind, items string }
	const fixed, free = true, false
	var out []*fieldDef
	add := func(fixed, navigable bool, list ...sys) {
		for _, f := range list {
			out = append(out, &fieldDef{
				Field:  Field{ID: f.id, Name: f.name, Type: f.kind, Items: f.items},
				system: true, fixed: fixed, navigable: navigable, searchable: true, clauses: []string{strings.ToLower(f.id)},
			})
		}
	}
	add(free, true,
		sys{"summary", "Summary", "string", ""},
		sys{"issuetype", "Issue Type", "issuetype", ""},
		sys{"project", "Project", "project", ""},
		sys{"description", "Description", "string", ""},
		sys{"environment", "Environment", "string", ""},
		sys{"priority", "Priority", "priority", ""},
		sys{"resolution", "Resolution", "resolution", ""},
		sys{"labels", "Labels", "array", "string"},
		sys{"reporter", "Reporter", "user", ""},
		sys{"assignee", "Assignee", "user", ""},
		sys{"duedate", "Due date", "date", ""},
		sys{"issuelinks", "Linked Issues", "array", "issuelinks"},
	)
	add(fixed, true,
		sys{"status", "Status", "status", ""},
		sys{"statusCategory", "Status Category", "statusCategory", ""},
		sys{"creator", "Creator", "user", ""},
		sys{"created", "Created", "datetime", ""},
		sys{"updated", "Updated", "datetime", ""},
		sys{"resolutiondate", "Resolved", "datetime", ""},
		sys{"watches", "Watchers", "watches", ""},
		sys{"statuscategorychangedate", "Status Category Changed", "datetime", ""},
	)
	add(fixed, false, sys{"comment", "Comment", "comments-page", ""})
	for _, f := range custom {
		n := strings.TrimPrefix(f.ID, "customfield_")
		out = append(out, &fieldDef{
			Field: f, navigable: true, searchable: true,
			clauses: []string{"cf[" + n + "]", strings.ToLower(f.Name)},
		})
	}
	return out
}

func (s *Server) field(id string) *fieldDef {
	for _, f := range s.fields {
		if f.ID == id {
			return f
		}
	}
	return nil
}

// RemoveField deletes a custom field of the site, values and screen entries included. An unknown id or name is an error.
func (s *Server) RemoveField(idOrName string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.IndexFunc(s.fields, func(f *fieldDef) bool { return !f.system && (f.ID == idOrName || f.Name == idOrName) })
	if at < 0 {
		return fmt.Errorf("no custom field %q", idOrName)
	}
	id := s.fields[at].ID
	s.fields = slices.Delete(s.fields, at, at+1)
	for _, p := range s.projects {
		p.dropFromScreens(id)
	}
	for _, is := range s.issues {
		delete(is.values, id)
	}
	s.news.tell()
	return nil
}

// RemoveFromScreens takes a field off the create and edit screens of a project. An unknown project is an error.
func (s *Server) RemoveFromScreens(projectKey, fieldID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.project(projectKey)
	if p == nil {
		return fmt.Errorf("no project %q", projectKey)
	}
	p.dropFromScreens(fieldID)
	return nil
}

func (p *project) dropFromScreens(id string) {
	is := func(f string) bool { return f == id }
	p.Create = slices.DeleteFunc(slices.Clone(p.Create), is)
	p.Edit = slices.DeleteFunc(slices.Clone(p.Edit), is)
	p.Required = slices.DeleteFunc(slices.Clone(p.Required), is)
}

func (f *fieldDef) schema() object {
	out := object{"type": f.Type}
	if f.Items != "" {
		out["items"] = f.Items
	}
	if f.system {
		out["system"] = f.ID
		return out
	}
	out["custom"] = f.Custom
	if n, err := strconv.ParseInt(strings.TrimPrefix(f.ID, "customfield_"), 10, 64); err == nil {
		out["customId"] = n
	}
	return out
}

// rich says whether a field holds text with markup: wiki in version 2, a document in version 3.
func (f *fieldDef) rich() bool {
	return f.ID == "description" || f.ID == "environment" || strings.HasSuffix(f.Custom, ":textarea")
}

func (c *call) listFields() (reply, error) {
	out := []object{}
	for _, f := range c.s.fields {
		out = append(out, object{
			"id": f.ID, "key": f.ID, "name": f.Name, "custom": !f.system, "orderable": !f.fixed,
			"navigable": f.navigable, "searchable": f.searchable, "clauseNames": f.clauses, "schema": f.schema(),
		})
	}
	return ok(out), nil
}

// meta describes a field on a screen, as create and edit metadata and transitions do.
func (c *call) meta(f *fieldDef, required bool) object {
	out := object{
		"required": required, "schema": f.schema(), "name": f.Name, "key": f.ID, "hasDefaultValue": f.ID == "priority",
		"operations": []string{"set"},
	}
	switch {
	case f.Type == "array":
		out["operations"] = []string{"add", "set", "remove"}
	case f.Type == "user":
		out["autoCompleteUrl"] = c.rest("user/search?query=")
	}
	switch f.ID {
	case "priority":
		out["allowedValues"] = c.priorityList()
	case "resolution":
		out["allowedValues"] = c.resolutionList()
	case "labels":
		out["autoCompleteUrl"] = c.base() + "/rest/api/1.0/labels/suggest?query="
	}
	if f.Options != nil {
		list := []object{}
		for _, o := range f.Options {
			list = append(list, c.option(o))
		}
		out["allowedValues"] = list
	}
	return out
}

func (c *call) option(o Option) object {
	return object{"self": c.rest("customFieldOption/%s", o.ID), "value": o.Value, "id": o.ID}
}
