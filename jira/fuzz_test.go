package jira

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/access"
)

// canned is a Jira that answers one kind of call with a given reply and all others as they should be.
type canned struct {
	on     string // "METHOD suffix of the path"
	status int
	body   string

	mu    sync.Mutex
	calls []string
}

// RoundTrip answers without a network.
func (c *canned) RoundTrip(r *http.Request) (*http.Response, error) {
	call := r.Method + " " + r.URL.Path
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	c.mu.Lock()
	c.calls = append(c.calls, call)
	n := len(c.calls)
	c.mu.Unlock()
	if n > 300 {
		return nil, errors.New("too many calls")
	}
	status, body := sane(r.Method, r.URL.Path)
	method, suffix, _ := strings.Cut(c.on, " ")
	if r.Method == method && strings.HasSuffix(r.URL.Path, suffix) {
		status, body = c.status, c.body
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}

// sane is the answer of a well-behaved site to one call.
func sane(method, path string) (int, string) {
	switch {
	case method == http.MethodPost && strings.HasSuffix(path, "/issue"):
		return 201, `{"id":"10000","key":"ACCESS-1","self":"x"}`
	case method == http.MethodPost && strings.HasSuffix(path, "/transitions"):
		return 204, ""
	case method == http.MethodPost && strings.HasSuffix(path, "/comment"):
		return 201, `{"id":"1"}`
	case method == http.MethodPut:
		return 204, ""
	case strings.HasSuffix(path, "/search/jql"):
		return 200, `{"issues":[],"isLast":true}`
	case strings.HasSuffix(path, "/bulkfetch"):
		return 200, `{"issues":[]}`
	case strings.HasSuffix(path, "/myself"):
		return 200, `{"accountId":"bot","active":true}`
	case strings.HasSuffix(path, "/comment"):
		return 200, `{"comments":[],"startAt":0,"maxResults":100,"total":0}`
	case strings.HasSuffix(path, "/transitions"):
		return 200, `{"transitions":[{"id":"11","name":"Approve","to":{"id":"10011","name":"Approved"},"hasScreen":true,"fields":{}}]}`
	case strings.HasSuffix(path, "/user/search"):
		return 200, `[]`
	case strings.HasSuffix(path, "/issuetypes"):
		return 200, `{"issueTypes":[{"id":"10101","name":"Access request"}],"total":1}`
	case strings.Contains(path, "/issuetypes/"):
		return 200, `{"fields":[{"fieldId":"summary","name":"Summary","schema":{"type":"string"}},{"fieldId":"description","schema":{"type":"string"}},` +
			`{"fieldId":"labels","schema":{"type":"array","items":"string"}},{"fieldId":"customfield_10104","schema":{"type":"datetime"}}],"total":4}`
	case method == http.MethodGet && strings.Contains(path, "/issue/"):
		return 200, `{"id":"10000","key":"ACCESS-1","fields":{"status":{"id":"10010","name":"Waiting for approval"},"issuetype":{"id":"10101"},"description":"x"}}`
	}
	return 200, `{}`
}

// replies are the calls whose replies the tracker reads.
func replies() []string {
	return []string{
		"POST /issue", "POST /transitions", "POST /comment", "PUT /issue/ACCESS-1", "POST /search/jql", "POST /bulkfetch", "GET /myself",
		"GET /comment", "GET /transitions", "GET /user/search", "GET /issuetypes", "GET /issuetypes/10101", "GET /issue/ACCESS-1",
		"GET /mypermissions", "GET /project/ACCESS", "GET /project/ACCESS/statuses",
	}
}

// FuzzReplies lets any reply stand for any call: nothing panics, nothing goes on without end, no write counts as done but by
// Jira's own confirmation, and nothing counts as absent but by Jira's own word.
func FuzzReplies(f *testing.F) {
	bodies := []string{
		``, `null`, `{}`, `[]`, `""`, `7`, `true`, `{"errorMessages":["no"],"errors":{}}`, `{"errorMessages":null,"errors":{"a":7}}`,
		`<html><title>Log in</title></html>`, `{"id":"1","key":"ACCESS-2"}`, `{"id":1,"key":"ACCESS-2"}`, `{"id":"1","key":"../../x"}`,
		`{"issues":null}`, `{"issues":[{}]}`, `{"issues":[{"id":"9","key":"ACCESS-9","fields":{"labels":["usher-r1"],"creator":{"accountId":"bot"}}}]}`,
		`{"issues":[{"id":"9","key":"ACCESS-99999999999999999999"}]}`, `{"comments":null,"total":5}`, `{"comments":[{}],"total":1000000000}`,
		`{"comments":[{"body":"x\nusher:r1:2","author":{"accountId":"bot"}}],"total":1}`,
		`{"transitions":[{}]}`, `{"transitions":[{"id":"11","to":{"name":"Approved"},"fields":{"resolution":{"required":true}}}]}`,
		`{"transitions":[{"id":"11","to":{"id":"10010","name":"Waiting for approval"}}]}`,
		`{"issueTypes":[{"id":"x","name":"Access request"}],"total":1000000000}`, `{"fields":[{}],"total":1000000000}`,
		`{"fields":{"status":{},"issuetype":{}}}`, `{"fields":{"status":{"id":"10011","name":"Approved"},"issuetype":{"id":"10101"}}}`, `{"accountId":""}`,
		`[{"accountId":"a","accountType":"atlassian","emailAddress":"ann@example.com","active":true}]`, `[null]`, `[[]]`, `{"permissions":{"CREATE_ISSUES":null}}`,
		`[{"id":"10101","statuses":[{"id":"10011","name":"Approved"}]}]`, strings.Repeat(`[`, 20_000), `{"a":` + strings.Repeat("9", 400) + `}`, "\xff\xfe{}", `{"id":"1"} x`,
	}
	for i := range replies() {
		for n, body := range bodies {
			if n < 12 || (n+i)%2 == 0 {
				f.Add(uint8(i), uint16(0), body) // 200
			}
			if n%6 == 0 {
				f.Add(uint8(i), uint16([]int{1, 4, 200, 204, 300, 102}[n/6%6]), body) // 201, 204, 400, 404, 500, 302
			}
		}
	}
	f.Fuzz(func(t *testing.T, on uint8, status uint16, body string) {
		all := replies()
		c := &canned{on: all[int(on)%len(all)], status: 200 + int(status)%400, body: body}
		c.check(t)
	})
}

// check plays a life against the canned reply.
func (c *canned) check(t *testing.T) {
	t.Helper()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	tr, err := New(Config{
		URL: "https://acme.atlassian.net", Email: "bot@example.com", Token: "token-never-to-be-seen", Project: "ACCESS", IssueType: "Access request",
		Statuses: map[access.IssueStatus]string{access.IssueApproved: "Approved"}, Fields: map[string]string{FieldEndsAt: "customfield_10104"},
		Transport: c, Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	record := func(status access.IssueStatus, seq int, again bool) access.IssueRecord {
		return access.IssueRecord{
			Request: access.Request{ID: "r1"}, Status: status, Again: again, Grant: &access.Grant{DueAt: now.Add(time.Hour)},
			Events: []access.Event{{Request: "r1", Seq: seq, At: now, Kind: access.EventActive, Text: "x"}},
		}
	}
	ctx := t.Context()
	for _, again := range []bool{false, true} {
		issue, err := tr.Open(ctx, record(access.IssueWaiting, 1, again))
		c.plain(t, "Open", err)
		if err == nil && issue.Key == "" {
			t.Errorf("opened nothing by %s", c)
		}
		if err == nil && c.on == "POST /issue" && !again && c.status != http.StatusCreated {
			t.Errorf("created by %s", c)
		}
	}
	for _, again := range []bool{false, true} {
		c.calls = nil
		err := tr.Update(ctx, access.Issue{Key: "ACCESS-1"}, record(access.IssueApproved, 2, again))
		c.plain(t, "Update", err)
		c.honest(t, err)
	}
	_, err = tr.Account(ctx, "ann@example.com")
	c.plain(t, "Account", err)
	for _, line := range tr.Verify(ctx) {
		if strings.Contains(line.Detail, "token-never") {
			t.Errorf("a secret in %+v", line)
		}
	}
	if len(c.calls) > 200 {
		t.Errorf("%d calls by %s", len(c.calls), c)
	}
}

// honest looks whether an update that claims success may do so.
func (c *canned) honest(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		return
	}
	confirmed := map[string]int{"POST /transitions": http.StatusNoContent, "POST /comment": http.StatusCreated}[c.on]
	for _, call := range c.calls {
		method, suffix, _ := strings.Cut(c.on, " ")
		if confirmed != 0 && strings.HasPrefix(call, method) && strings.HasSuffix(call, suffix) && c.status != confirmed {
			// A refused comment or transition may have been replaced by another way, which the sane site confirms.
			if c.status < 400 || c.status > 499 {
				t.Errorf("updated by %s", c)
			}
		}
	}
	var list struct {
		Comments []json.RawMessage `json:"comments"`
	}
	if c.on == "GET /comment" && (c.status > 299 || json.Unmarshal([]byte(c.body), &list) != nil || list.Comments == nil) {
		for _, call := range c.calls {
			if strings.HasPrefix(call, "GET") && strings.HasSuffix(call, "/comment") {
				t.Errorf("the comments were taken for read by %s", c)
			}
		}
	}
}

// plain demands an error that the core knows and that tells nothing.
func (c *canned) plain(t *testing.T, op string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	var te *access.TargetError
	if !errors.As(err, &te) || errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "token-never") {
		t.Errorf("%s: %v by %s", op, err, c)
	}
}

// String shows the reply.
func (c *canned) String() string {
	raw, _ := json.Marshal(c.body) // A string is never refused.
	return c.on + " " + http.StatusText(c.status) + " " + string(raw)
}
