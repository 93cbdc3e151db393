package jirasim

import (
	"net/http"
	"net/url"
	"strings"
)

// route is one operation of the API. A "*" in the pattern is one path segment.
type route struct {
	method  string
	pattern []string
	name    string
	open    bool // answered without authentication too
	do      func(*call) (reply, error)
}

// adder adds a route to a table.
type adder func(method, path, name string, do func(*call) (reply, error))

// routes lists every operation, under /rest/api/2 and /rest/api/3 alike.
func routes() []route {
	var out []route
	add := func(method, path, name string, do func(*call) (reply, error)) {
		out = append(out, route{method: method, pattern: strings.Split(path, "/"), name: name, do: do, open: name == "serverInfo.get"})
	}
	siteRoutes(add)
	issueRoutes(add)
	otherRoutes(add)
	return out
}

const (
	get  = http.MethodGet
	post = http.MethodPost
	put  = http.MethodPut
	del  = http.MethodDelete
)

// siteRoutes are about what the site has and who calls.
func siteRoutes(add adder) {
	add(get, "serverInfo", "serverInfo.get", (*call).serverInfo)
	add(get, "myself", "myself.get", (*call).myself)
	add(get, "mypermissions", "permissions.mine", (*call).myPermissions)
	add(get, "field", "field.list", (*call).listFields)
	add(get, "project", "project.list", (*call).listProjects)
	add(get, "project/search", "project.search", (*call).searchProjects)
	add(get, "project/*", "project.get", (*call).getProject)
	add(get, "project/*/statuses", "project.statuses", (*call).projectStatuses)
	add(get, "issuetype", "issueType.list", (*call).listIssueTypes)
	add(get, "status", "status.list", (*call).listStatuses)
	add(get, "status/*", "status.get", (*call).getStatus)
	add(get, "statuscategory", "statusCategory.list", (*call).listCategories)
	add(get, "priority", "priority.list", (*call).listPriorities)
	add(get, "resolution", "resolution.list", (*call).listResolutions)
	add(get, "issue/createmeta/*/issuetypes", "createmeta.types", (*call).createTypes)
	add(get, "issue/createmeta/*/issuetypes/*", "createmeta.fields", (*call).createFields)
}

// issueRoutes are about one issue and what hangs on it.
func issueRoutes(add adder) {
	add(post, "issue", "issue.create", (*call).createIssue)
	add(post, "issue/bulkfetch", "issue.bulkfetch", (*call).bulkFetch)
	add(get, "issue/*", "issue.get", (*call).getIssue)
	add(put, "issue/*", "issue.edit", (*call).editIssue)
	add(del, "issue/*", "issue.delete", (*call).deleteIssue)
	add(get, "issue/*/editmeta", "issue.editmeta", (*call).editMeta)
	add(put, "issue/*/assignee", "issue.assign", (*call).assign)
	add(get, "issue/*/transitions", "transition.list", (*call).listTransitions)
	add(post, "issue/*/transitions", "transition.do", (*call).doTransition)
	add(get, "issue/*/properties", "property.list", (*call).listProperties)
	add(get, "issue/*/properties/*", "property.get", (*call).getProperty)
	add(put, "issue/*/properties/*", "property.set", (*call).setProperty)
	add(del, "issue/*/properties/*", "property.delete", (*call).deleteProperty)
	add(get, "issue/*/comment", "comment.list", (*call).listComments)
	add(post, "issue/*/comment", "comment.add", (*call).addComment)
	add(get, "issue/*/comment/*", "comment.get", (*call).getComment)
	add(put, "issue/*/comment/*", "comment.update", (*call).updateComment)
	add(del, "issue/*/comment/*", "comment.delete", (*call).deleteComment)
	add(get, "comment/*/properties", "comment.property.list", (*call).listCommentProperties)
	add(get, "comment/*/properties/*", "comment.property.get", (*call).getCommentProperty)
	add(put, "comment/*/properties/*", "comment.property.set", (*call).setCommentProperty)
	add(del, "comment/*/properties/*", "comment.property.delete", (*call).deleteCommentProperty)
	add(get, "issue/*/changelog", "changelog.list", (*call).listChangelog)
	add(post, "changelog/bulkfetch", "changelog.bulkfetch", (*call).bulkChangelog)
	add(get, "issue/*/watchers", "watcher.list", (*call).listWatchers)
	add(post, "issue/*/watchers", "watcher.add", (*call).addWatcher)
	add(del, "issue/*/watchers", "watcher.remove", (*call).removeWatcher)
	add(get, "issue/*/remotelink", "remotelink.list", (*call).listRemoteLinks)
	add(post, "issue/*/remotelink", "remotelink.set", (*call).setRemoteLink)
	add(del, "issue/*/remotelink", "remotelink.deleteByGlobalId", (*call).deleteRemoteByGlobal)
	add(get, "issue/*/remotelink/*", "remotelink.get", (*call).getRemoteLink)
	add(put, "issue/*/remotelink/*", "remotelink.update", (*call).updateRemoteLink)
	add(del, "issue/*/remotelink/*", "remotelink.delete", (*call).deleteRemoteLink)
}

// otherRoutes are about links, search and people.
func otherRoutes(add adder) {
	add(post, "issueLink", "link.create", (*call).createLink)
	add(get, "issueLink/*", "link.get", (*call).getLink)
	add(del, "issueLink/*", "link.delete", (*call).deleteLink)
	add(get, "issueLinkType", "linkType.list", (*call).listLinkTypes)
	add(get, "issueLinkType/*", "linkType.get", (*call).getLinkType)
	add(get, "search", "search.removed", (*call).searchRemoved)
	add(post, "search", "search.removed", (*call).searchRemoved)
	add(get, "search/jql", "search.jql", (*call).searchGet)
	add(post, "search/jql", "search.jql", (*call).searchPost)
	add(post, "search/approximate-count", "search.count", (*call).searchCount)
	add(get, "user", "user.get", (*call).getUser)
	add(get, "user/search", "user.search", (*call).searchUsers)
	add(get, "user/picker", "user.picker", (*call).pickUsers)
	add(get, "user/assignable/search", "user.assignable", (*call).assignableUsers)
}

// find looks up the operation of a call: its name, path variables and version, or the answer for what does not exist.
func (c *call) find() {
	c.name = "unknown"
	path := c.r.URL.EscapedPath()
	if id := c.s.cfg.CloudID; id != "" {
		if rest, found := strings.CutPrefix(path, "/ex/jira/"+id+"/"); found {
			c.gateway, path = true, "/"+rest
		}
	}
	rest, found := strings.CutPrefix(path, "/rest/api/")
	if !found {
		c.strange = &reply{status: http.StatusNotFound, html: "<!DOCTYPE html><html><head><title>Oops, you&#39;ve found a dead link. - Jira</title>" +
			"</head><body><h1>Oops, you&#39;ve found a dead link.</h1></body></html>"}
		return
	}
	version, rest, _ := strings.Cut(rest, "/")
	if version == "latest" {
		version = "2"
	}
	c.api = version
	segments := strings.Split(strings.TrimSuffix(rest, "/"), "/")
	known := version == "2" || version == "3"
	otherMethod := false
	for i := range c.s.routes {
		rt := &c.s.routes[i]
		vars, fits := rt.match(segments)
		if !known || !fits {
			continue
		}
		method := c.r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		if rt.method == method {
			c.route, c.vars, c.name = rt, vars, rt.name
			return
		}
		otherMethod = true
	}
	status, message := http.StatusNotFound, "null for uri: "+c.s.baseURL()+c.r.URL.RequestURI()
	if otherMethod {
		status, message = http.StatusMethodNotAllowed, "HTTP 405 Method Not Allowed"
	}
	c.strange = &reply{status: status, body: object{"message": message, "status-code": status}}
}

func (s *Server) baseURL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url
}

// match compares a path with the pattern; literal routes are listed before those with variables where both could fit.
func (rt *route) match(segments []string) ([]string, bool) {
	if len(segments) != len(rt.pattern) {
		return nil, false
	}
	var vars []string
	for i, want := range rt.pattern {
		got, err := url.PathUnescape(segments[i])
		if err != nil || got == "" {
			return nil, false
		}
		if want == "*" {
			vars = append(vars, got)
		} else if want != got {
			return nil, false
		}
	}
	return vars, true
}
