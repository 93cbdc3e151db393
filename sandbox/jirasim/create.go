package jirasim

import (
	"encoding/json"
	"fmt"
	"strconv"
)

func (c *call) createIssue() (reply, error) {
	body, err := c.json()
	if err != nil {
		return reply{}, err
	}
	fields, isObject := orEmpty(body["fields"])
	if !isObject {
		return reply{}, refuse(400, "Invalid request payload. Refer to the REST API documentation and try again.")
	}
	p, kind, err := c.target(fields)
	if err != nil {
		return reply{}, err
	}
	e, err := c.readEdit(body, screenRules{fields: p.Create, creates: true}, nil)
	if err == nil {
		err = c.missing(p, e)
	}
	if err != nil {
		c.s.burn(p)
		return reply{}, err
	}
	is := c.newIssue(p, kind, e)
	out := object{"id": strconv.FormatInt(is.id, 10), "key": is.key, "self": c.rest("issue/%d", is.id)}
	if tr, has := body["transition"].(object); has {
		out["transition"] = c.transitionOnCreate(is, tr)
	}
	return created(out), nil
}

// target finds the project and issue type of a new issue.
func (c *call) target(fields object) (*project, IssueType, error) {
	ref, _ := fields["project"].(object)
	want := text1(ref["id"])
	if want == "" {
		want = text1(ref["key"])
	}
	p := c.s.project(want)
	if want == "" || p == nil || !c.has(permBrowse) {
		return nil, IssueType{}, refuseField("project", "Specify a valid project ID or key")
	}
	if !c.has(permCreate) {
		return nil, IssueType{}, refuse(403, "You do not have permission to create issues in this project.")
	}
	kind, _ := fields["issuetype"].(object)
	id, name := text1(kind["id"]), text1(kind["name"])
	for _, t := range p.IssueTypes {
		if id != "" && t.ID == id || id == "" && name != "" && t.Name == name {
			return p, t, nil
		}
	}
	if id == "" && name == "" {
		return nil, IssueType{}, refuseField("issuetype", "Specify an issue type")
	}
	return nil, IssueType{}, refuseField("issuetype", "Specify a valid issue type")
}

func text1(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

func (c *call) missing(p *project, e *edit) error {
	wrong := problems{}
	if e.values["summary"] == nil {
		wrong.add("summary", "You must specify a summary of the issue.")
	}
	for _, id := range p.Required {
		f := c.s.field(id)
		if f != nil && id != "summary" && id != "reporter" && e.values[id] == nil {
			wrong.add(id, f.Name+" is required.")
		}
	}
	return wrong.err()
}

// burn uses up an id and an issue number for a refused create, so that keys have gaps as in Jira.
func (s *Server) burn(p *project) {
	s.refused++
	if s.cfg.Burn == nil || s.cfg.Burn(s.refused) {
		s.nextID++
		p.last++
	}
}

func (c *call) newIssue(p *project, kind IssueType, e *edit) *issue {
	s := c.s
	s.nextID++
	p.last++
	is := &issue{id: s.nextID, key: fmt.Sprintf("%s-%d", p.Key, p.last), project: p}
	is.created, is.statusSet = c.at, c.at
	is.props = map[string]json.RawMessage{}
	is.values = map[string]any{
		"issuetype": refID(kind.ID),
		"status":    refID(p.Workflow.Initial),
		"priority":  refID("3"),
		"creator":   userRef(c.who.AccountID),
		"reporter":  userRef(c.who.AccountID),
		"labels":    []string{},
	}
	for id, v := range e.values {
		if v != nil {
			is.values[id] = v
		}
	}
	for _, pr := range e.props {
		is.props[pr.key] = pr.value
	}
	is.watchers = []string{c.who.AccountID}
	s.issues = append(s.issues, is)
	s.touch(is, c.at, true)
	for _, in := range e.links {
		in.self = is
		c.putLink(in)
	}
	return is
}

func (c *call) transitionOnCreate(is *issue, want object) object {
	tr := c.available(is, text1(want["id"]))
	if tr == nil {
		return object{"status": 400, "errorCollection": object{
			"errorMessages": []string{"Transition id '" + text1(want["id"]) + "' is not valid for this issue."}, "errors": object{},
		}}
	}
	c.move(is, tr, &edit{})
	return object{"status": 200, "errorCollection": object{"errorMessages": []string{}, "errors": object{}}}
}

func (c *call) editIssue() (reply, error) {
	is, err := c.writableIssue(c.vars[0])
	if err != nil {
		return reply{}, err
	}
	body, err := c.json()
	if err != nil {
		return reply{}, err
	}
	if !c.has(permEdit) {
		return reply{}, refuse(403, "You do not have permission to edit issues in this project.")
	}
	e, err := c.readEdit(body, screenRules{fields: is.project.Edit, comment: true}, is)
	if err != nil {
		return reply{}, err
	}
	if len(e.comments) > 0 {
		if err := c.mayComment(is, len(e.comments)); err != nil {
			return reply{}, err
		}
	}
	for i := range e.links {
		e.links[i].self = is
	}
	c.apply(is, e)
	if c.query.Get("returnIssue") == "true" {
		return ok(c.issueObject(is, &is.row, view{fields: []string{"*all"}})), nil
	}
	return nothing(), nil
}

func (c *call) deleteIssue() (reply, error) {
	is, err := c.writableIssue(c.vars[0])
	if err != nil {
		return reply{}, err
	}
	if !c.has(permDelete) {
		return reply{}, refuse(403, "You do not have permission to delete issues in this project.")
	}
	is.deleted = true
	c.s.dropLinks(is)
	c.s.touch(is, c.at, false)
	return nothing(), nil
}

func (c *call) assign() (reply, error) {
	is, err := c.writableIssue(c.vars[0])
	if err != nil {
		return reply{}, err
	}
	body, err := c.json()
	if err != nil {
		return reply{}, err
	}
	if !c.has(permAssign) {
		return reply{}, refuse(403, "You do not have permission to assign issues.")
	}
	if body["name"] != nil || body["key"] != nil {
		return reply{}, refuse(400, "'accountId' must be the only user identifying query parameter in GDPR strict mode.")
	}
	v, complaint := c.userIn(c.s.field("assignee"), body)
	if complaint != "" {
		return reply{}, refuseField("assignee", complaint)
	}
	c.apply(is, &edit{values: map[string]any{"assignee": v}})
	return nothing(), nil
}

// Hide lets only the named accounts see an issue, as a security level does; no accounts = everybody again.
func (s *Server) Hide(key string, accountIDs ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	is := s.lookup(key)
	if is == nil {
		return fmt.Errorf("no issue %q", key)
	}
	is.viewers = nil
	if len(accountIDs) > 0 {
		is.viewers = map[string]bool{}
	}
	for _, id := range accountIDs {
		is.viewers[id] = true
	}
	s.news.tell()
	return nil
}
