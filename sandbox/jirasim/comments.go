package jirasim

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// comment is replaced, never changed, so that rows in the index can share it.
type comment struct {
	id      string
	author  string // account id
	editor  string // account id of the last editor
	body    text
	created time.Time
	updated time.Time
	props   []property
	visible any // visibility as it was sent; nil = everybody
}

type commentIn struct {
	body    text
	props   []property
	visible any
}

// readComment checks the body of a new or changed comment.
func (c *call) readComment(body object) (commentIn, error) {
	in := commentIn{visible: body["visibility"]}
	raw, has := body["body"]
	if s, isString := raw.(string); !has || raw == nil || isString && strings.TrimSpace(s) == "" {
		return in, refuseField("comment", "Comment body can not be empty!")
	}
	t, complaint := c.textIn(raw)
	switch {
	case complaint == contentLimit || complaint == "INVALID_INPUT":
		return in, refuse(400, complaint)
	case complaint != "" && utf8.RuneCountInString(text1(raw)) > maxText:
		return in, refuseField("comment", complaint)
	case complaint != "":
		return in, refuseField("comment", "Comment body is not valid!")
	}
	in.body = t
	var err error
	in.props, err = readProperties(body["properties"])
	return in, err
}

// mayComment says whether the caller may add n comments.
func (c *call) mayComment(is *issue, n int) error {
	if !c.has(permComment) {
		return refuse(400, c.who.DisplayName+", you do not have the permission to comment on this issue.")
	}
	if len(is.comments)+n > c.s.limits.Comments {
		return refuse(413, "The issue has reached the limit of comments.")
	}
	return nil
}

func (c *call) putComment(is *issue, in commentIn) *comment {
	cm := &comment{
		id: c.s.count("comment", 10200), author: c.who.AccountID, editor: c.who.AccountID, body: in.body,
		created: c.at, updated: c.at, props: in.props, visible: in.visible,
	}
	is.comments = append(is.comments, cm)
	c.s.touch(is, c.at, true)
	return cm
}

func (c *call) commentObject(is *issue, cm *comment, expand []string) object {
	out := object{
		"self": c.rest("issue/%d/comment/%s", is.id, cm.id), "id": cm.id, "body": c.textOut(cm.body),
		"created": c.date(cm.created), "updated": c.date(cm.updated), "jsdPublic": !cm.internal(is.project),
	}
	if u := c.userObject(cm.author); u != nil {
		out["author"] = u
	}
	if u := c.userObject(cm.editor); u != nil {
		out["updateAuthor"] = u
	}
	if cm.visible != nil {
		out["visibility"] = cm.visible
	}
	if slices.Contains(expand, "renderedBody") {
		out["renderedBody"] = cm.body.html()
	}
	if slices.Contains(expand, "properties") {
		list := []object{}
		for _, p := range cm.props {
			list = append(list, object{"key": p.key, "value": p.value})
		}
		out["properties"] = list
	}
	return out
}

// internal says whether customers of a service desk do not see the comment, by the property that its own apps set.
func (cm *comment) internal(p *project) bool {
	for _, pr := range cm.props {
		var v struct{ Internal bool }
		if p.Type == "service_desk" && pr.key == "sd.public.comment" && json.Unmarshal(pr.value, &v) == nil {
			return v.Internal
		}
	}
	return false
}

func (c *call) listComments() (reply, error) {
	is, err := c.issueFor(c.vars[0])
	if err != nil {
		return reply{}, err
	}
	start, size, err := c.paging(100, 100)
	if err != nil {
		return reply{}, err
	}
	list := slices.Clone(is.comments)
	switch c.query.Get("orderBy") {
	case "", "created", "+created", " created":
	case "-created":
		slices.Reverse(list)
	default:
		return reply{}, refuse(400, "The 'orderBy' query parameter must be one of: created, -created, +created")
	}
	out := []object{}
	for _, cm := range cutPage(list, start, size) {
		out = append(out, c.commentObject(is, cm, splitList(c.query["expand"])))
	}
	return ok(object{"startAt": start, "maxResults": size, "total": len(list), "comments": out}), nil
}

func (c *call) addComment() (reply, error) {
	is, err := c.writableIssue(c.vars[0])
	if err != nil {
		return reply{}, err
	}
	body, err := c.json()
	if err != nil {
		return reply{}, err
	}
	if err := c.mayComment(is, 1); err != nil {
		return reply{}, err
	}
	in, err := c.readComment(body)
	if err != nil {
		return reply{}, err
	}
	return created(c.commentObject(is, c.putComment(is, in), splitList(c.query["expand"]))), nil
}

func (is *issue) comment(id string) int {
	return slices.IndexFunc(is.comments, func(cm *comment) bool { return cm.id == id })
}

func (c *call) commentFor() (*issue, int, error) {
	is, err := c.issueFor(c.vars[0])
	if err != nil {
		return nil, 0, err
	}
	at := is.comment(c.vars[1])
	if at < 0 {
		return nil, 0, refuse(404, "Can not find a comment for the id: "+c.vars[1]+".")
	}
	return is, at, nil
}

func (c *call) getComment() (reply, error) {
	is, at, err := c.commentFor()
	if err != nil {
		return reply{}, err
	}
	return ok(c.commentObject(is, is.comments[at], splitList(c.query["expand"]))), nil
}

// ownOrAll checks the right to change a comment: one's own or everybody's.
func (c *call) ownOrAll(cm *comment, own, all, verb string) error {
	if c.has(all) || cm.author == c.who.AccountID && c.has(own) {
		return nil
	}
	return refuse(400, "You do not have the permission to "+verb+" this comment.")
}

func (c *call) updateComment() (reply, error) {
	is, at, err := c.commentFor()
	if err != nil {
		return reply{}, err
	}
	if err := c.limitIssue(is); err != nil {
		return reply{}, err
	}
	if err := c.ownOrAll(is.comments[at], permEditOwn, permEditComments, "edit"); err != nil {
		return reply{}, err
	}
	body, err := c.json()
	if err != nil {
		return reply{}, err
	}
	in, err := c.readComment(body)
	if err != nil {
		return reply{}, err
	}
	cm := *is.comments[at]
	cm.body, cm.updated, cm.editor = in.body, c.at, c.who.AccountID
	for _, p := range in.props {
		cm.props = putProperty(cm.props, p)
	}
	if body["visibility"] != nil {
		cm.visible = in.visible
	}
	is.comments[at] = &cm
	c.s.touch(is, c.at, true)
	return ok(c.commentObject(is, &cm, splitList(c.query["expand"]))), nil
}

func (c *call) deleteComment() (reply, error) {
	is, at, err := c.commentFor()
	if err != nil {
		return reply{}, err
	}
	if err := c.limitIssue(is); err != nil {
		return reply{}, err
	}
	if err := c.ownOrAll(is.comments[at], permDeleteOwn, permDeleteComments, "delete"); err != nil {
		return reply{}, err
	}
	is.comments = slices.Delete(slices.Clone(is.comments), at, at+1)
	c.s.touch(is, c.at, true)
	return nothing(), nil
}
