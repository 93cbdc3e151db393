package jirasim

import (
	"net/http"
	"strings"
	"testing"
	"time"

	jira "github.com/andygrunwald/go-jira/v2/cloud"
)

// goJira is a client that knows nothing of this package.
func goJira(t *testing.T, s *site) *jira.Client {
	t.Helper()
	auth := jira.BasicAuthTransport{Username: s.email, APIToken: s.token}
	client, err := jira.NewClient(s.base, auth.Client())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		auth.Client().CloseIdleConnections()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	return client
}

// done checks a reply of the client and closes its body, which the client leaves open.
func done(t *testing.T, what string, resp *jira.Response, err error, status int) {
	t.Helper()
	if resp == nil {
		t.Fatalf("%s: no response: %v", what, err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != status || (err != nil) != (status >= 400) {
		t.Fatalf("%s: status %d, error %v, want %d", what, resp.StatusCode, err, status)
	}
}

func TestGoJiraLivesThroughARequest(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	c := goJira(t, s)
	me, resp, err := c.User.GetCurrentUser(ctx)
	done(t, "myself", resp, err, 200)
	if me.AccountID != BotAccount {
		t.Errorf("I am %+v", me)
	}
	fields, resp, err := c.Field.GetList(ctx)
	done(t, "fields", resp, err, 200)
	if len(fields) < 20 {
		t.Errorf("%d fields", len(fields))
	}
	made, resp, err := c.Issue.Create(ctx, &jira.Issue{Fields: &jira.IssueFields{
		Project: jira.Project{Key: "ACCESS"}, Type: jira.IssueType{Name: "Access request"}, Summary: "Figma", Labels: []string{"acc-7"},
		Description: "why *not*", Unknowns: map[string]any{FieldRisk: map[string]string{"value": "High"}},
	}})
	done(t, "create", resp, err, 201)
	list, resp, err := c.Issue.GetTransitions(ctx, made.Key)
	done(t, "transitions", resp, err, 200)
	for _, tr := range list {
		if tr.To.Name == "Approved" {
			s.clock.add(time.Minute)
			resp, err = c.Issue.DoTransition(ctx, made.Key, tr.ID)
			done(t, "transition", resp, err, 204)
		}
	}
	said, resp, err := c.Issue.AddComment(ctx, made.Key, &jira.Comment{Body: "approved"})
	done(t, "comment", resp, err, 201)
	if said.Body != "approved" || said.Author.AccountID != BotAccount {
		t.Errorf("comment is %+v", said)
	}
	_, resp, err = c.Issue.AddRemoteLink(ctx, made.ID, &jira.RemoteLink{GlobalID: "g", Object: &jira.RemoteLinkObject{URL: "https://e.x", Title: "t"}})
	done(t, "remote link", resp, err, 201)
	found, resp, err := c.Issue.SearchV2JQL(ctx, "labels = acc-7", &jira.SearchOptionsV2{Fields: []string{"*all"}, MaxResults: 10})
	done(t, "search", resp, err, 200)
	if len(found) != 1 || found[0].Key != made.Key || found[0].Fields.Status.Name != "Approved" || !resp.IsLast {
		t.Errorf("search finds %+v", found)
	}
	issue, resp, err := c.Issue.Get(ctx, made.Key, &jira.GetQueryOptions{Expand: "changelog"})
	done(t, "get", resp, err, 200)
	if issue.Fields.Description != "why *not*" || len(issue.Fields.Comments.Comments) != 1 || !time.Time(issue.Fields.Updated).Equal(s.clock.now()) {
		t.Errorf("issue is %+v", issue.Fields)
	}
	if h := issue.Changelog.Histories; len(h) != 2 || h[1].Author.AccountID != BotAccount || h[1].Items[0].ToString != "Approved" {
		t.Errorf("changelog is %+v", h)
	}
}

func TestGoJiraMeetsErrors(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	c := goJira(t, s)
	_, resp, err := c.Issue.Get(ctx, "ACCESS-1", nil)
	done(t, "get", resp, err, 404)
	if !strings.Contains(err.Error(), noIssue) {
		t.Errorf("error is %v", err)
	}
	_, resp, err = c.Issue.Search(ctx, "project = ACCESS", nil)
	done(t, "old search", resp, err, 410)
	s.Inject(Fault{Kind: FaultRateLimit, Times: 1, After: 7 * time.Second})
	_, resp, err = c.User.GetCurrentUser(ctx)
	done(t, "rate limit", resp, err, 429)
	if resp.Header.Get("Retry-After") != "7" {
		t.Errorf("Retry-After is %q", resp.Header.Get("Retry-After"))
	}
	if err := s.ExpireToken(BotAccount); err != nil {
		t.Fatal(err)
	}
	_, resp, err = c.User.GetCurrentUser(ctx)
	done(t, "expired", resp, err, 401)
}
