package jirasim

import (
	"strings"
	"testing"
)

func TestIssueLinksAreIdempotent(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a, b := s.open(), s.open()
	body := object{"type": object{"name": "Blocks"}, "inwardIssue": object{"key": a}, "outwardIssue": object{"key": b}}
	for range 2 {
		if g := s.call("POST", "3/issueLink", body).want(201); g.raw != "" {
			t.Errorf("a link answers %q", g.raw)
		}
	}
	is, _ := s.Issue(a)
	if len(is.Links) != 1 || is.Links[0] != (Link{Type: "Blocks", Words: "blocks", Key: b, Summary: "Figma for Alice", Status: "Waiting for approval", StatusCategory: "new"}) || len(is.Changelog) != 1 {
		t.Fatalf("links %+v, history %+v", is.Links, is.Changelog)
	}
	g := s.call("GET", "3/issue/"+b, nil).is("fields.issuelinks.0.inwardIssue.key", a, "fields.issuelinks.0.outwardIssue", nil,
		"fields.issuelinks.0.type.inward", "is blocked by", "fields.issuelinks.0.inwardIssue.fields.status.name", "Waiting for approval")
	id := g.at("fields.issuelinks.0.id").(string)
	s.call("GET", "3/issueLink/"+id, nil).want(200).is("inwardIssue.key", a, "outwardIssue.key", b)
	s.call("DELETE", "3/issueLink/"+id, nil).want(204)
	s.call("GET", "3/issueLink/"+id, nil).want(404)
	s.call("GET", "2/issue/"+a, nil).is("fields.issuelinks", "[]")
}

func TestLinkRefusals(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.open()
	s.call("POST", "2/issueLink", object{"type": object{"name": "Eats"}, "inwardIssue": object{"key": a}, "outwardIssue": object{"key": a}}).
		refused(404, "", "No issue link type with name 'Eats' found.")
	s.call("POST", "2/issueLink", object{"type": object{"name": "Blocks"}, "inwardIssue": object{"key": a}, "outwardIssue": object{"key": "ACCESS-9"}}).
		refused(404, "", noIssue)
	s.call("POST", "2/issue", request(field("issuelinks", []any{}))).want(400)
	s.call("GET", "2/issueLinkType", nil).want(200).is("issueLinkTypes.0.name", "Blocks")
	s.call("GET", "2/issueLinkType/10003", nil).want(200).is("name", "Relates")
	s.call("GET", "2/issueLinkType/9", nil).want(404)
}

func TestCreateAndEditCanLink(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.open()
	body := request()
	body["update"] = object{"issuelinks": []any{object{"add": object{"type": object{"name": "Relates"}, "outwardIssue": object{"key": a}}}}}
	b := s.call("POST", "2/issue", body).want(201).at("key").(string)
	s.call("PUT", "2/issue/"+a, object{"update": object{
		"issuelinks": []any{object{"add": object{"type": object{"id": "10000"}, "inwardIssue": object{"key": b}}}},
	}}).want(204)
	is, _ := s.Issue(b)
	if len(is.Links) != 2 || is.Links[0].Key != a || is.Links[1].Words != "blocks" {
		t.Errorf("links are %+v", is.Links)
	}
}

func TestRemoteLinksAreOnePerGlobalID(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	key := s.open()
	path := "3/issue/" + key + "/remotelink"
	body := object{"globalId": "slack=1", "object": object{"url": "https://slack.test/1", "title": "Thread"}}
	id := s.call("POST", path, body).want(201).at("id")
	body["object"] = object{"url": "https://slack.test/2", "title": "Thread 2"}
	if again := s.call("POST", path, body).want(200).at("id"); again != id {
		t.Errorf("the second link has id %v, want %v", again, id)
	}
	s.call("GET", path+"?globalId=slack%3D1", nil).want(200).is("object.title", "Thread 2", "globalId", "slack=1")
	s.call("GET", path, nil).want(200).is("0.object.url", "https://slack.test/2", "1", nil)
	is, _ := s.Issue(key)
	if len(is.RemoteLinks) != 1 || is.RemoteLinks[0].Title != "Thread 2" {
		t.Fatalf("remote links are %+v", is.RemoteLinks)
	}
	s.call("POST", path, object{"object": object{"url": "x"}}).refused(400, "title", "'title' is required.")
	one := path + "/10400"
	s.call("PUT", one, object{"object": object{"url": "https://slack.test/3", "title": "Third"}}).want(204)
	s.call("GET", one, nil).want(200).is("object.title", "Third", "globalId", nil)
	s.call("DELETE", path+"?globalId=slack%3D1", nil).want(404)
	s.call("DELETE", one, nil).want(204)
	s.call("GET", one, nil).want(404)
}

func TestWatchersAndAssignee(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	key := s.open()
	alice := s.cfg.Accounts[2].AccountID
	path := "2/issue/" + key + "/watchers"
	s.call("POST", path, `"`+alice+`"`).want(204)
	s.call("GET", path, nil).want(200).is("watchCount", 2, "isWatching", true, "watchers.1.displayName", "Alice Archer")
	s.call("DELETE", path+"?username=alice", nil).want(400)
	s.call("DELETE", path, nil).want(400)
	s.call("DELETE", path+"?accountId="+alice, nil).want(204)
	s.call("POST", path, `"nobody"`).want(404)
	s.call("PUT", "2/issue/"+key+"/assignee", object{"accountId": alice}).want(204)
	s.call("GET", "2/issue/"+key, nil).is("fields.assignee.accountId", alice, "fields.watches.watchCount", 1)
	s.call("PUT", "2/issue/"+key+"/assignee", object{"accountId": s.cfg.Accounts[5].AccountID}).want(400)
	s.call("PUT", "2/issue/"+key+"/assignee", object{"name": "alice"}).want(400)
	s.call("PUT", "2/issue/"+key+"/assignee", object{"accountId": nil}).want(204)
	is, _ := s.Issue(key)
	if is.Assignee != "" || len(is.Changelog) != 2 || is.Changelog[1].Items[0] != (ChangeItem{Field: "assignee", ID: "assignee", From: "Alice Archer", FromRaw: alice}) {
		t.Errorf("assignee %q, history %+v", is.Assignee, is.Changelog)
	}
}

func TestChangelogPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a, b := s.open(), s.open()
	for _, summary := range []string{"one", "two", "three"} {
		s.clock.add(1e9)
		s.call("PUT", "3/issue/"+a, object{"fields": object{"summary": summary}}).want(204)
	}
	s.transition(b, "Approved").want(204)
	g := s.call("GET", "3/issue/"+a+"/changelog?maxResults=2", nil).want(200)
	g.is("isLast", false, "total", 3, "values.0.items.0.toString", "one", "nextPage", s.base+"/rest/api/3/issue/"+a+"/changelog?maxResults=2&startAt=2")
	s.call("GET", "3/issue/"+a+"/changelog?maxResults=2&startAt=2", nil).is("isLast", true, "values.0.items.0.toString", "three", "nextPage", nil)

	body := object{"issueIdsOrKeys": []string{a, "10002", "ACCESS-99"}, "maxResults": 3}
	g = s.call("POST", "3/changelog/bulkfetch", body).want(200)
	g.is("issueChangeLogs.0.issueId", "10001", "issueChangeLogs.0.changeHistories.2.items.0.toString", "three", "issueChangeLogs.1", nil)
	body["nextPageToken"] = g.at("nextPageToken")
	s.call("POST", "3/changelog/bulkfetch", body).want(200).is("issueChangeLogs.0.issueId", "10002", "nextPageToken", nil)
	s.call("POST", "3/changelog/bulkfetch", object{"issueIdsOrKeys": []string{a, b}, "fieldIds": []string{"status"}}).want(200).
		is("issueChangeLogs.0.issueId", "10002", "issueChangeLogs.1", nil)
}

func TestBulkChangelogCanCountInEpochMilliseconds(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *Config) { c.BulkEpoch = true })
	s.transition(s.open(), "Approved").want(204)
	raw, err := rawCall(t.Context(), s, "POST", "/rest/api/3/changelog/bulkfetch", object{"issueIdsOrKeys": []string{"ACCESS-1"}})
	if err != nil || !strings.Contains(raw, `"created":1704103200000`) {
		t.Errorf("reply is %s, %v", raw, err)
	}
}
