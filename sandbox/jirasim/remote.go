package jirasim

import (
	"slices"
	"strconv"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// remoteLink is a link to something outside Jira. With a global id a second POST changes the first link.
type remoteLink struct {
	id   int64
	body object // as it was sent, without fields that Jira does not know
}

func (c *call) readRemote() (object, error) {
	body, err := c.json()
	if err != nil {
		return nil, err
	}
	target, _ := body["object"].(object)
	wrong := problems{}
	if text1(target["url"]) == "" {
		wrong.add("url", "'url' is required.")
	}
	if text1(target["title"]) == "" {
		wrong.add("title", "'title' is required.")
	}
	if len(text1(body["globalId"])) > 255 {
		wrong.add("globalId", "'globalId' must be 255 characters or less.")
	}
	out := object{}
	for _, k := range []string{"globalId", "application", "relationship", "object"} {
		if body[k] != nil {
			out[k] = body[k]
		}
	}
	if out["application"] == nil {
		out["application"] = object{}
	}
	return out, wrong.err()
}

func (c *call) remoteObject(is *issue, l *remoteLink) object {
	out := object{"id": l.id, "self": c.rest("issue/%s/remotelink/%d", is.key, l.id)}
	for k, v := range l.body {
		out[k] = v
	}
	return out
}

func (c *call) setRemoteLink() (reply, error) {
	is, err := c.writableIssue(c.vars[0])
	if err != nil {
		return reply{}, err
	}
	if !c.has(permLink) {
		return reply{}, refuse(403, "You do not have the permission to link issues.")
	}
	body, err := c.readRemote()
	if err != nil {
		return reply{}, err
	}
	gid := text1(body["globalId"])
	for _, l := range is.remote {
		if gid != "" && l.body["globalId"] == gid {
			l.body = body
			c.s.touch(is, c.at, true)
			return ok(object{"id": l.id, "self": c.rest("issue/%s/remotelink/%d", is.key, l.id)}), nil
		}
	}
	if len(is.remote) >= c.s.limits.Links {
		return reply{}, refuse(413, "The issue has reached the limit of remote links.")
	}
	n, err := strconv.ParseInt(c.s.count("remote", 10400), 10, 64)
	if err != nil {
		return reply{}, err
	}
	l := &remoteLink{id: n, body: body}
	is.remote = append(is.remote, l)
	c.record(is, []changeItem{{
		field: "RemoteIssueLink", to: itoa(l.id), toText: `This issue links to "` + text1(body["object"].(object)["title"]) + `"`,
	}}, nil)
	return created(object{"id": l.id, "self": c.rest("issue/%s/remotelink/%d", is.key, l.id)}), nil
}

func (c *call) listRemoteLinks() (reply, error) {
	is, err := c.issueFor(c.vars[0])
	if err != nil {
		return reply{}, err
	}
	gid := c.query.Get("globalId")
	out := []object{}
	for _, l := range is.remote {
		if gid == "" {
			out = append(out, c.remoteObject(is, l))
		} else if l.body["globalId"] == gid {
			return ok(c.remoteObject(is, l)), nil
		}
	}
	if gid != "" {
		return reply{}, refuse(404, "There is no remote issue link with the global id '"+gid+"'.")
	}
	return ok(out), nil
}

func (c *call) remoteFor() (*issue, int, error) {
	is, err := c.issueFor(c.vars[0])
	if err != nil {
		return nil, 0, err
	}
	at := slices.IndexFunc(is.remote, func(l *remoteLink) bool { return itoa(l.id) == c.vars[1] })
	if at < 0 {
		return nil, 0, refuse(404, "The remote issue link with id '"+c.vars[1]+"' does not exist.")
	}
	return is, at, nil
}

func (c *call) getRemoteLink() (reply, error) {
	is, at, err := c.remoteFor()
	if err != nil {
		return reply{}, err
	}
	return ok(c.remoteObject(is, is.remote[at])), nil
}

func (c *call) updateRemoteLink() (reply, error) {
	is, at, err := c.remoteFor()
	if err != nil {
		return reply{}, err
	}
	body, err := c.readRemote()
	if err != nil {
		return reply{}, err
	}
	is.remote[at].body = body
	c.s.touch(is, c.at, true)
	return nothing(), nil
}

func (c *call) deleteRemoteLink() (reply, error) {
	is, at, err := c.remoteFor()
	if err != nil {
		return reply{}, err
	}
	is.remote = slices.Delete(is.remote, at, at+1)
	c.s.touch(is, c.at, true)
	return nothing(), nil
}

func (c *call) deleteRemoteByGlobal() (reply, error) {
	is, err := c.writableIssue(c.vars[0])
	if err != nil {
		return reply{}, err
	}
	gid := c.query.Get("globalId")
	at := slices.IndexFunc(is.remote, func(l *remoteLink) bool { return gid != "" && l.body["globalId"] == gid })
	if at < 0 {
		return reply{}, refuse(404, "There is no remote issue link with the global id '"+gid+"'.")
	}
	is.remote = slices.Delete(is.remote, at, at+1)
	c.s.touch(is, c.at, true)
	return nothing(), nil
}
