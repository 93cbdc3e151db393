package jirasim

import (
	"fmt"
	"strings"
	"testing"
)

func doc(words string) object {
	return object{"type": "doc", "version": 1, "content": []any{
		object{"type": "paragraph", "content": []any{object{"type": "text", "text": words}}},
	}}
}

func TestCommentsInBothVersions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := "/issue/" + s.open() + "/comment"
	wiki := s.call("POST", "2"+path, object{"body": "*yes*", "properties": []any{object{"key": "k", "value": object{"a": 1}}}}).want(201)
	wiki.is("body", "*yes*", "author.accountId", BotAccount, "created", "2024-01-01T10:00:00.000+0000", "jsdPublic", true, "properties", nil)
	s.clock.add(1e9)
	s.call("POST", "3"+path, object{"body": doc("no")}).want(201).is("body.type", "doc")
	s.call("GET", "3"+path, nil).want(200).is("total", 2, "comments.0.body.content.0.content.0.marks.0.type", "strong", "comments.1.body.content.0.content.0.text", "no")
	s.call("GET", "2"+path+"?orderBy=-created&maxResults=1&expand=renderedBody,properties", nil).want(200).
		is("total", 2, "maxResults", 1, "comments.0.body", "no", "comments.0.renderedBody", "<p>no</p>", "comments.1", nil)
	s.call("GET", "2"+path+"?startAt=2", nil).is("comments", "[]")
	s.call("GET", "2"+path+"?orderBy=author", nil).want(400)

	one := fmt.Sprintf("%s/%s", path, wiki.at("id"))
	s.call("GET", "2"+one+"?expand=properties", nil).want(200).is("properties.0.key", "k", "properties.0.value.a", 1)
	s.clock.add(1e9)
	s.call("PUT", "2"+one, object{"body": "maybe"}).want(200).is("body", "maybe", "updated", "2024-01-01T10:00:02.000+0000", "created", "2024-01-01T10:00:00.000+0000")
	s.call("DELETE", "2"+one, nil).want(204)
	s.call("GET", "2"+one, nil).want(404)
}

func TestCommentsAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	key := s.open()
	path := "/issue/" + key + "/comment"
	long := strings.Repeat("ä", maxText)
	s.call("POST", "2"+path, object{"body": long}).want(201)
	s.call("POST", "2"+path, object{"body": long + "x"}).
		refused(400, "comment", "The entered text is too long. It exceeds the allowed limit of 32767 characters.")
	s.call("POST", "3"+path, object{"body": doc(long + "x")}).refused(400, "", "CONTENT_LIMIT_EXCEEDED")
	s.call("POST", "2"+path, object{"body": " "}).refused(400, "comment", "Comment body can not be empty!")
	s.call("POST", "2"+path, object{}).refused(400, "comment", "Comment body can not be empty!")
	s.call("POST", "3"+path, object{"body": "x"}).refused(400, "comment", "Comment body is not valid!")
	if err := s.SetPermission(BotAccount, "ADD_COMMENTS", false); err != nil {
		t.Fatal(err)
	}
	s.call("POST", "2"+path, object{"body": "x"}).
		refused(400, "", "Access Bot, you do not have the permission to comment on this issue.")
	is, _ := s.Issue(key)
	if len(is.Comments) != 1 {
		t.Errorf("%d comments", len(is.Comments))
	}
}

func TestOnlyOwnCommentsMayBeChanged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	key := s.open()
	if err := s.Comment(AdminAccount, key, "mine"); err != nil {
		t.Fatal(err)
	}
	is, _ := s.Issue(key)
	one := "2/issue/" + key + "/comment/" + is.Comments[0].ID
	s.call("PUT", one, object{"body": "forged"}).want(400)
	s.call("DELETE", one, nil).want(400)
	s.call("PUT", "2/comment/"+is.Comments[0].ID+"/properties/k", "1").want(403)
	s.admin().call("PUT", one, object{"body": "better"}).want(200)
}

func TestTooManyComments(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *Config) { c.Limits.Comments = 2 })
	path := "2/issue/" + s.open() + "/comment"
	s.call("POST", path, object{"body": "1"}).want(201)
	s.call("POST", path, object{"body": "2"}).want(201)
	s.call("POST", path, object{"body": "3"}).want(413)
}

func TestPropertiesOfIssuesAndComments(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	key := s.open()
	id := s.call("POST", "2/issue/"+key+"/comment", object{"body": "x"}).at("id").(string)
	for _, at := range []string{"2/issue/" + key, "3/comment/" + id} {
		path := at + "/properties/usher"
		s.call("GET", path, nil).want(404)
		s.call("PUT", path, `{"state":"approved"}`).want(201)
		s.call("PUT", path, `{"state":"active"}`).want(200)
		s.call("GET", path, nil).want(200).is("key", "usher", "value.state", "active")
		s.call("GET", at+"/properties", nil).want(200).is("keys.0.key", "usher")
		s.call("PUT", path, "").want(400)
		s.call("PUT", path, "{").want(400)
		s.call("PUT", path, `"`+strings.Repeat("x", maxProperty)+`"`).want(400)
		s.call("PUT", path, `"`+strings.Repeat("ä", maxProperty-2)+`"`).want(200)
		s.call("PUT", at+"/properties/"+strings.Repeat("k", 256), "1").want(400)
		s.call("DELETE", path, nil).want(204)
		s.call("DELETE", path, nil).want(404)
	}
	s.clock.add(60e9)
	s.call("PUT", "2/issue/"+key+"/properties/usher", `{"n":1}`).want(201)
	s.call("GET", "2/issue/"+key+"?properties=usher,other&fields=summary", nil).is("properties.usher.n", 1, "properties.other", nil, "fields.updated", nil)
	s.call("GET", "2/issue/"+key+"?properties=*all", nil).is("properties.usher.n", 1)
	s.call("POST", "2/search/jql", object{"jql": "key = " + key, "properties": []string{"usher"}}).want(200).is("issues.0.properties.usher.n", 1)
	s.call("POST", "2/search/jql", object{"jql": "key = " + key, "properties": []string{"1", "2", "3", "4", "5", "6"}}).want(400)
}

func TestServiceDeskCommentsArePublicUnlessMarked(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *Config) { c.Projects[0].Type = "service_desk" })
	path := "2/issue/" + s.open() + "/comment"
	s.call("POST", path, object{"body": "x"}).want(201).is("jsdPublic", true)
	mark := []any{object{"key": "sd.public.comment", "value": object{"internal": true}}}
	s.call("POST", path, object{"body": "x", "properties": mark}).want(201).is("jsdPublic", false)
}
