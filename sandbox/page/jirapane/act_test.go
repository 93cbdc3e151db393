package jirapane_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestAPersonMovesAnIssue(t *testing.T) {
	t.Parallel()
	s := start(t)
	key := s.file("one", nil)
	if status, sentence := s.post("transition", object{"who": "priya", "issue": key, "name": "Approve"}); status != http.StatusOK || sentence != "" {
		t.Fatalf("%d %s", status, sentence)
	}
	is, _ := s.Jira.Issue(key)
	if is.Status != "Approved" || is.Changelog[len(is.Changelog)-1].Author != "712020:priya" {
		t.Errorf("status %s, history %+v", is.Status, is.Changelog)
	}
	says(t, s.get("who", "priya", "issue", key), "Approved")
}

func TestAPersonComments(t *testing.T) {
	t.Parallel()
	s := start(t)
	key := s.file("one", nil)
	if status, sentence := s.post("comment", object{"who": "maya", "issue": key, "text": "is it *done*? <script>"}); status != http.StatusOK || sentence != "" {
		t.Fatalf("%d %s", status, sentence)
	}
	if is, _ := s.Jira.Issue(key); len(is.Comments) != 1 || is.Comments[0].Author != "712020:maya" || is.Comments[0].Body != "is it *done*? <script>" {
		t.Errorf("comments %+v", is.Comments)
	}
	if html := s.get("who", "priya", "issue", key); !strings.Contains(html, "is it <b>done</b>? &lt;script&gt;") {
		t.Error(html)
	}
}

func TestRefusalsAreJirasOwnSentences(t *testing.T) {
	t.Parallel()
	s := start(t)
	key := s.file("one", nil)
	if err := s.Jira.SetPermission("712020:maya", "ADD_COMMENTS", false); err != nil {
		t.Fatal(err)
	}
	before, _ := s.Jira.Issue(key)
	const refused, mistaken = http.StatusOK, http.StatusBadRequest
	for _, c := range []struct {
		verb   string
		body   object
		status int
		want   string
	}{
		{"comment", object{"who": "priya", "issue": key, "text": "  "}, refused, "Comment body can not be empty!"},
		{"comment", object{"who": "priya", "issue": key, "text": strings.Repeat("x", 32768)}, refused, "The entered text is too long. It exceeds the allowed limit of 32767 characters."},
		{"comment", object{"who": "maya", "issue": key, "text": "x"}, refused, "Maya Chen, you do not have the permission to comment on this issue."},
		{"comment", object{"who": "gina", "issue": key, "text": "x"}, refused, "You have no account on this site."},
		{"comment", object{"who": "derek", "issue": key, "text": "x"}, refused, "Your account has been deactivated."},
		{"comment", object{"who": "priya", "issue": "ACCESS-9", "text": "x"}, refused, "Issue does not exist or you do not have permission to see it."},
		{"transition", object{"who": "priya", "issue": key, "name": "End access"}, refused, `No transition "End access" from here, only Approve, Deny, Cancel, Grant, Close, Give up.`},
		{"transition", object{"who": "nobody", "issue": key, "name": "Approve"}, mistaken, `who is "nobody", who is not among the people of the company`},
		{"transition", object{"who": "priya", "key": key}, mistaken, `read the body: json: unknown field "key"`},
	} {
		if status, sentence := s.post(c.verb, c.body); status != c.status || sentence != c.want {
			t.Errorf("%s %v: %d %s, want %d %s", c.verb, c.body["who"], status, sentence, c.status, c.want)
		}
	}
	if after, _ := s.Jira.Issue(key); len(after.Comments) != 0 || after.Status != before.Status {
		t.Errorf("a refused action changed the issue: %+v", after)
	}
}
