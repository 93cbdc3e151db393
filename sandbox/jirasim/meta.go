package jirasim

import (
	"strings"
)

// constant is a priority or a resolution of the site.
type constant struct {
	id, name, about string
}

func priorities() []constant {
	return []constant{
		{"1", "Highest", "This problem will block progress."},
		{"2", "High", "Serious problem that could block progress."},
		{"3", "Medium", "Has the potential to affect progress."},
		{"4", "Low", "Minor problem or easily worked around."},
		{"5", "Lowest", "Trivial problem with little or no impact on progress."},
	}
}

func resolutions() []constant {
	return []constant{
		{"10000", "Done", "Work has been completed on this issue."},
		{"10001", "Won't Do", "This issue won't be actioned."},
		{"10002", "Duplicate", "The problem is a duplicate of an existing issue."},
		{"10003", "Cannot Reproduce", "All attempts at reproducing this issue failed."},
	}
}

func resolutionID(name string) string {
	for _, k := range resolutions() {
		if strings.EqualFold(k.name, name) {
			return k.id
		}
	}
	return ""
}

func (c *call) priority(k constant) object {
	colors := map[string]string{"1": "#d04437", "2": "#f15C75", "3": "#f79232", "4": "#707070", "5": "#999999"}
	return object{
		"self": c.rest("priority/%s", k.id), "id": k.id, "name": k.name, "description": k.about,
		"iconUrl": c.base() + "/images/icons/priorities/" + strings.ToLower(k.name) + ".svg", "statusColor": colors[k.id],
	}
}

func (c *call) resolution(k constant) object {
	return object{"self": c.rest("resolution/%s", k.id), "id": k.id, "name": k.name, "description": k.about}
}

func (c *call) priorityList() []object {
	out := []object{}
	for _, k := range priorities() {
		out = append(out, c.priority(k))
	}
	return out
}

func (c *call) resolutionList() []object {
	out := []object{}
	for _, k := range resolutions() {
		out = append(out, c.resolution(k))
	}
	return out
}

func (c *call) listPriorities() (reply, error)  { return ok(c.priorityList()), nil }
func (c *call) listResolutions() (reply, error) { return ok(c.resolutionList()), nil }

// constant describes what a refID of the named field stands for.
func (c *call) constant(field, id string) any {
	list := resolutions()
	show := c.resolution
	switch field {
	case "status":
		return c.statusObject(c.s.statusByID(id))
	case "issuetype":
		return c.issueType(c.s.typeByID(id))
	case "priority":
		list, show = priorities(), func(k constant) object {
			out := c.priority(k)
			delete(out, "statusColor") // only the list of priorities has these two
			delete(out, "description")
			return out
		}
	}
	for _, k := range list {
		if k.id == id {
			return show(k)
		}
	}
	return nil
}

func (s *Server) constantName(field, id string) string {
	list := resolutions()
	switch field {
	case "status":
		return s.statusByID(id).Name
	case "issuetype":
		return s.typeByID(id).Name
	case "priority":
		list = priorities()
	}
	for _, k := range list {
		if k.id == id {
			return k.name
		}
	}
	return id
}

func (c *call) statusObject(st Status) object {
	return object{
		"self": c.rest("status/%s", st.ID), "id": st.ID, "name": st.Name, "description": "",
		"iconUrl": c.base() + "/images/icons/statuses/generic.png", "statusCategory": c.category(st.Category),
	}
}

func (c *call) category(key string) object {
	out := object{"self": c.rest("statuscategory/2"), "id": 2, "key": "new", "colorName": "blue-gray", "name": "To Do"}
	switch key {
	case "indeterminate":
		out = object{"self": c.rest("statuscategory/4"), "id": 4, "key": key, "colorName": "yellow", "name": "In Progress"}
	case "done":
		out = object{"self": c.rest("statuscategory/3"), "id": 3, "key": key, "colorName": "green", "name": "Done"}
	}
	return out
}

func (c *call) listCategories() (reply, error) {
	none := object{"self": c.rest("statuscategory/1"), "id": 1, "key": "undefined", "colorName": "medium-gray", "name": "No Category"}
	return ok([]object{none, c.category("new"), c.category("indeterminate"), c.category("done")}), nil
}

func (c *call) listStatuses() (reply, error) {
	out := []object{}
	for _, st := range c.s.statuses() {
		out = append(out, c.statusObject(st))
	}
	return ok(out), nil
}

func (c *call) getStatus() (reply, error) {
	for _, st := range c.s.statuses() {
		if st.ID == c.vars[0] || strings.EqualFold(st.Name, c.vars[0]) {
			return ok(c.statusObject(st)), nil
		}
	}
	return reply{}, refuse(404, "The status with id '"+c.vars[0]+"' does not exist")
}

func (s *Server) typeByID(id string) IssueType {
	for _, p := range s.projects {
		for _, t := range p.IssueTypes {
			if t.ID == id {
				return t
			}
		}
	}
	return IssueType{ID: id, Name: id}
}

func (c *call) issueType(t IssueType) object {
	level := 0
	if t.Subtask {
		level = -1
	}
	return object{
		"self": c.rest("issuetype/%s", t.ID), "id": t.ID, "name": t.Name, "description": t.Description, "subtask": t.Subtask,
		"iconUrl":  c.base() + "/rest/api/2/universal_avatar/view/type/issuetype/avatar/10318?size=medium",
		"avatarId": 10318, "hierarchyLevel": level,
	}
}

func (c *call) listIssueTypes() (reply, error) {
	out := []object{}
	seen := map[string]bool{}
	for _, p := range c.s.projects {
		for _, t := range p.IssueTypes {
			if !seen[t.ID] && c.has(permBrowse) {
				seen[t.ID] = true
				out = append(out, c.issueType(t))
			}
		}
	}
	return ok(out), nil
}

func (c *call) serverInfo() (reply, error) {
	return ok(object{
		"baseUrl": c.base(), "displayUrl": c.s.url, "version": "1001.0.0-SNAPSHOT", "versionNumbers": []int{1001, 0, 0},
		"deploymentType": "Cloud", "buildNumber": 100289, "buildDate": c.date(c.at), "serverTime": c.date(c.at),
		"scmInfo": "1f51473f5c7b75c1a69a0090f4832cdc5053702a", "serverTitle": "Jira", "serverTimeZone": "Etc/UTC",
	}), nil
}
