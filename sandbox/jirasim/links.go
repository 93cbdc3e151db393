package jirasim

import (
	"slices"
	"strings"
)

// link is an issue link: inward "is blocked by" outward, outward "blocks" inward, as the API names the two ends.
type link struct {
	id      string
	kind    LinkType
	inward  *issue
	outward *issue
}

type linkIn struct {
	kind            LinkType
	inward, outward *issue // one of them nil in operations on an issue's own links
	self            *issue
}

func defaultLinkTypes() []LinkType {
	return []LinkType{
		{"10000", "Blocks", "is blocked by", "blocks"},
		{"10001", "Cloners", "is cloned by", "clones"},
		{"10002", "Duplicate", "is duplicated by", "duplicates"},
		{"10003", "Relates", "relates to", "relates to"},
	}
}

func (c *call) linkTypeObject(t LinkType) object {
	return object{"self": c.rest("issueLinkType/%s", t.ID), "id": t.ID, "name": t.Name, "inward": t.Inward, "outward": t.Outward}
}

func (c *call) listLinkTypes() (reply, error) {
	out := []object{}
	for _, t := range c.s.cfg.LinkTypes {
		out = append(out, c.linkTypeObject(t))
	}
	return ok(object{"issueLinkTypes": out}), nil
}

func (c *call) getLinkType() (reply, error) {
	for _, t := range c.s.cfg.LinkTypes {
		if t.ID == c.vars[0] {
			return ok(c.linkTypeObject(t)), nil
		}
	}
	return reply{}, refuse(404, "No issue link type with id '"+c.vars[0]+"' found.")
}

func (c *call) readLinkType(v any) (LinkType, error) {
	m, _ := v.(object)
	id, name := text1(m["id"]), text1(m["name"])
	for _, t := range c.s.cfg.LinkTypes {
		if id != "" && t.ID == id || id == "" && name != "" && strings.EqualFold(t.Name, name) {
			return t, nil
		}
	}
	if id != "" {
		return LinkType{}, refuse(404, "No issue link type with id '"+id+"' found.")
	}
	return LinkType{}, refuse(404, "No issue link type with name '"+name+"' found.")
}

func (c *call) linkEnd(v any) (*issue, error) {
	m, _ := v.(object)
	key := text1(m["key"])
	if key == "" {
		key = text1(m["id"])
	}
	return c.issueFor(key)
}

// readLinkOp reads {"type", "outwardIssue"} or {"type", "inwardIssue"} of an operation on an issue's own links.
func (c *call) readLinkOp(e *edit, arg any) error {
	m, isObject := arg.(object)
	if !isObject {
		return refuseField("issuelinks", "data was not an object")
	}
	in := linkIn{}
	var err error
	if in.kind, err = c.readLinkType(m["type"]); err != nil {
		return err
	}
	if m["outwardIssue"] != nil {
		in.outward, err = c.linkEnd(m["outwardIssue"])
	} else {
		in.inward, err = c.linkEnd(m["inwardIssue"])
	}
	e.links = append(e.links, in)
	return err
}

// putLink makes a link unless there is the same already. Both issues get a changelog entry.
func (c *call) putLink(in linkIn) {
	if in.inward == nil {
		in.inward = in.self
	}
	if in.outward == nil {
		in.outward = in.self
	}
	for _, l := range c.s.links {
		if l.kind.ID == in.kind.ID && l.inward == in.inward && l.outward == in.outward {
			return
		}
	}
	l := &link{id: c.s.count("link", 10300), kind: in.kind, inward: in.inward, outward: in.outward}
	c.s.links = append(c.s.links, l)
	note := func(at, other *issue, words string) {
		c.record(at, []changeItem{{field: "Link", to: other.key, toText: "This issue " + words + " " + other.key}}, nil)
	}
	note(l.inward, l.outward, l.kind.Outward)
	note(l.outward, l.inward, l.kind.Inward)
}

func (s *Server) dropLinks(is *issue) {
	s.links = slices.DeleteFunc(s.links, func(l *link) bool { return l.inward == is || l.outward == is })
}

func (s *Server) linksOf(is *issue) []*link {
	var out []*link
	for _, l := range s.links {
		if l.inward == is || l.outward == is {
			out = append(out, l)
		}
	}
	return out
}

func (c *call) createLink() (reply, error) {
	body, err := c.json()
	if err != nil {
		return reply{}, err
	}
	kind, err := c.readLinkType(body["type"])
	if err != nil {
		return reply{}, err
	}
	inward, err := c.linkEnd(body["inwardIssue"])
	if err != nil {
		return reply{}, err
	}
	outward, err := c.linkEnd(body["outwardIssue"])
	if err != nil {
		return reply{}, err
	}
	if !c.has(permLink) {
		return reply{}, refuse(401, "You do not have the permission to link issues.")
	}
	for _, is := range []*issue{inward, outward} {
		if err := c.limitIssue(is); err != nil {
			return reply{}, err
		}
		if len(c.s.linksOf(is)) >= c.s.limits.Links {
			return reply{}, refuse(413, "The issue has reached the limit of links.")
		}
	}
	if words, has := body["comment"].(object); has {
		in, err := c.readComment(words)
		if err == nil {
			err = c.mayComment(outward, 1)
		}
		if err != nil {
			return reply{}, err
		}
		c.putComment(outward, in)
	}
	c.putLink(linkIn{kind: kind, inward: inward, outward: outward})
	return reply{status: 201}, nil
}

func (c *call) linkFor() (int, *link, error) {
	for i, l := range c.s.links {
		if l.id == c.vars[0] && c.sees(l.inward) && c.sees(l.outward) {
			return i, l, nil
		}
	}
	return 0, nil, refuse(404, "No issue link with id '"+c.vars[0]+"' exists.")
}

func (c *call) getLink() (reply, error) {
	_, l, err := c.linkFor()
	if err != nil {
		return reply{}, err
	}
	return ok(object{
		"self": c.rest("issueLink/%s", l.id), "id": l.id, "type": c.linkTypeObject(l.kind),
		"inwardIssue": c.linkedIssue(l.inward), "outwardIssue": c.linkedIssue(l.outward),
	}), nil
}

func (c *call) deleteLink() (reply, error) {
	i, l, err := c.linkFor()
	if err != nil {
		return reply{}, err
	}
	if !c.has(permLink) {
		return reply{}, refuse(401, "You do not have the permission to link issues.")
	}
	c.s.links = slices.Delete(c.s.links, i, i+1)
	c.s.touch(l.inward, c.at, true)
	c.s.touch(l.outward, c.at, true)
	return nothing(), nil
}

func (c *call) linkedIssue(is *issue) object {
	fields := object{
		"summary": is.values["summary"], "status": c.statusObject(c.s.statusByID(is.status())),
		"issuetype": c.issueType(c.s.typeByID(ref(is.values["issuetype"]))),
	}
	if p := c.constant("priority", ref(is.values["priority"])); p != nil {
		fields["priority"] = p
	}
	return object{"id": itoa(is.id), "key": is.key, "self": c.rest("issue/%d", is.id), "fields": fields}
}

// issueLinks is the field issuelinks: each link with the other end only.
func (c *call) issueLinks(is *issue) []object {
	out := []object{}
	for _, l := range c.s.linksOf(is) {
		o := object{"id": l.id, "self": c.rest("issueLink/%s", l.id), "type": c.linkTypeObject(l.kind)}
		if l.inward == is {
			o["outwardIssue"] = c.linkedIssue(l.outward)
		} else {
			o["inwardIssue"] = c.linkedIssue(l.inward)
		}
		out = append(out, o)
	}
	return out
}
