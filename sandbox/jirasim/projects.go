package jirasim

func (c *call) projectRef(p *project) object {
	return object{
		"self": c.rest("project/%s", p.ID), "id": p.ID, "key": p.Key, "name": p.Name, "projectTypeKey": p.Type,
		"simplified": false, "avatarUrls": avatars(c.base() + "/rest/api/2/universal_avatar/view/type/project/avatar/10400?size="),
	}
}

func (c *call) projectItem(p *project) object {
	out := c.projectRef(p)
	out["expand"] = "description,lead,issueTypes,url,projectKeys,permissions,insight"
	out["style"] = "classic"
	out["isPrivate"] = false
	out["properties"] = object{}
	return out
}

func (c *call) visibleProjects() []*project {
	if !c.has(permBrowse) {
		return nil
	}
	return c.s.projects
}

func (c *call) listProjects() (reply, error) {
	out := []object{}
	for _, p := range c.visibleProjects() {
		out = append(out, c.projectItem(p))
	}
	return ok(out), nil
}

func (c *call) searchProjects() (reply, error) {
	start, size, err := c.paging(50, 100)
	if err != nil {
		return reply{}, err
	}
	all := c.visibleProjects()
	values := []object{}
	for _, p := range cutPage(all, start, size) {
		values = append(values, c.projectItem(p))
	}
	return ok(object{
		"self": c.base() + c.r.URL.RequestURI(), "startAt": start, "maxResults": size, "total": len(all),
		"isLast": start+size >= len(all), "values": values,
	}), nil
}

func (c *call) getProject() (reply, error) {
	p, err := c.projectFor(c.vars[0])
	if err != nil {
		return reply{}, err
	}
	out := c.projectItem(p)
	out["description"] = ""
	out["assigneeType"] = "UNASSIGNED"
	out["components"] = []any{}
	out["versions"] = []any{}
	out["roles"] = object{}
	lead := p.Lead
	if lead == "" {
		lead = c.s.people[0].AccountID
	}
	if u := c.userObject(lead); u != nil {
		out["lead"] = u
	}
	types := []object{}
	for _, t := range p.IssueTypes {
		types = append(types, c.issueType(t))
	}
	out["issueTypes"] = types
	return ok(out), nil
}

func (c *call) projectStatuses() (reply, error) {
	p, err := c.projectFor(c.vars[0])
	if err != nil {
		return reply{}, err
	}
	out := []object{}
	for _, t := range p.IssueTypes {
		list := []object{}
		for _, st := range p.Workflow.Statuses {
			list = append(list, c.statusObject(st))
		}
		out = append(out, object{"self": c.rest("issuetype/%s", t.ID), "id": t.ID, "name": t.Name, "subtask": t.Subtask, "statuses": list})
	}
	return ok(out), nil
}

// createProject finds the project of create metadata, where an unknown one is a bad request.
func (c *call) createProject() (*project, error) {
	p, err := c.projectFor(c.vars[0])
	if err != nil || !c.has(permCreate) {
		return nil, refuse(400, "The project does not exist or you do not have permission to create issues in it.")
	}
	return p, nil
}

func (c *call) createTypes() (reply, error) {
	p, err := c.createProject()
	if err != nil {
		return reply{}, err
	}
	start, size, err := c.paging(50, 200)
	if err != nil {
		return reply{}, err
	}
	out := []object{}
	for _, t := range cutPage(p.IssueTypes, start, size) {
		item := c.issueType(t)
		delete(item, "avatarId")
		out = append(out, item)
	}
	return ok(object{"startAt": start, "maxResults": size, "total": len(p.IssueTypes), "issueTypes": out}), nil
}

func (c *call) createFields() (reply, error) {
	p, err := c.createProject()
	if err != nil {
		return reply{}, err
	}
	if _, has := p.issueType(c.vars[1]); !has {
		return reply{}, refuse(400, "The issue type with id '"+c.vars[1]+"' does not exist in the project.")
	}
	start, size, err := c.paging(50, 200)
	if err != nil {
		return reply{}, err
	}
	var all []object
	for _, id := range append([]string{"issuetype", "project"}, p.Create...) {
		f := c.s.field(id)
		if f == nil || id == "reporter" && !c.has(permReporter) {
			continue
		}
		m := c.meta(f, id == "summary" || id == "issuetype" || id == "project" || p.requires(id))
		m["fieldId"] = id
		switch id {
		case "issuetype":
			t, _ := p.issueType(c.vars[1])
			m["allowedValues"] = []object{c.issueType(t)}
			m["operations"] = []string{}
		case "project":
			m["allowedValues"] = []object{c.projectRef(p)}
		}
		all = append(all, m)
	}
	return ok(object{"startAt": start, "maxResults": size, "total": len(all), "fields": cutPage(all, start, size)}), nil
}

func (p *project) issueType(id string) (IssueType, bool) {
	for _, t := range p.IssueTypes {
		if t.ID == id {
			return t, true
		}
	}
	return IssueType{}, false
}

func (p *project) requires(field string) bool {
	for _, f := range p.Required {
		if f == field {
			return true
		}
	}
	return false
}
