package jirapane_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"usher/sandbox/jirasim"
	"usher/sandbox/page/jirapane"
)

func TestTheListShowsIssuesNewestFirst(t *testing.T) {
	t.Parallel()
	s := start(t)
	says(t, s.get("who", "maya"), "No issues yet", "When somebody asks for access in Slack")

	first := s.file("Maya Chen: GitHub, Write, 6 hours", object{"reporter": object{"accountId": "712020:maya"}})
	second := s.file("<b>Figma</b> & more", object{"assignee": object{"accountId": "712020:noor"}})
	html := s.get("who", "maya", "tab", "home")
	says(t, html, first, "Maya Chen: GitHub, Write, 6 hours", "Waiting for approval", "Maya Chen", "Noor Haddad", "Access Bot", "Today at ", "<b>Figma</b> & more")
	if strings.Index(html, second) > strings.Index(html, first) {
		t.Error("the older issue stands first")
	}
	for _, part := range []string{
		`id="jira-row-` + first + `"`, `href="?issue=` + first + `&amp;tab=home&amp;who=maya"`, `data-issue="` + first + `"`,
		`<span class="jira-lozenge jira-new">`, `aria-label="Access request"`,
	} {
		if !strings.Contains(html, part) {
			t.Errorf("the list lacks %s:\n%s", part, html)
		}
	}
	silent(t, html, "No issues yet", "Show older", "tz=")
}

func TestARowChangesItsVersionWithTheIssue(t *testing.T) {
	t.Parallel()
	s := start(t)
	key := s.file("one", nil)
	before := s.get("who", "maya")
	if again := s.get("who", "maya"); again != before {
		t.Errorf("two looks at the same differ: %s", cmp.Diff(before, again))
	}
	s.Clock.Advance(time.Second)
	if err := s.Jira.Comment("712020:maya", key, "words"); err != nil {
		t.Fatal(err)
	}
	if version(before, key) == version(s.get("who", "maya"), key) {
		t.Error("a comment leaves the version as it was")
	}
}

func version(html, key string) string {
	_, rest, _ := strings.Cut(html, `id="jira-row-`+key+`" data-version="`)
	v, _, _ := strings.Cut(rest, `"`)
	return v
}

func TestALongListIsShownInParts(t *testing.T) {
	t.Parallel()
	s := start(t)
	for i := range 103 {
		s.Clock.Advance(time.Second) // Jira limits how fast issues are made.
		s.file(fmt.Sprint("number ", i), nil)
	}
	html := s.get("who", "maya")
	if n := strings.Count(html, `id="jira-row-`); n != 100 {
		t.Errorf("%d rows", n)
	}
	says(t, html, "Show older (3)")
	if !strings.Contains(html, `data-rows="200"`) || !strings.Contains(html, "rows=200") {
		t.Errorf("no way to the older ones: %s", html)
	}
	html = s.get("who", "maya", "rows", "200")
	if n := strings.Count(html, `id="jira-row-`); n != 103 || strings.Contains(html, "Show older") {
		t.Errorf("%d rows of 103, or still more of them", n)
	}
}

func TestAnIssueShowsEverythingOnIt(t *testing.T) {
	t.Parallel()
	s := start(t)
	due := time.Date(2031, 5, 6, 22, 30, 0, 0, time.UTC)
	other := s.file("the other", nil)
	key := s.file("Maya Chen: GitHub", object{
		"description": "*Who:* Maya\n\nh3. Why\n{quote}\n<i>release</i>\n{quote}\n{color:#97a0af}usher:r1:1{color}\n[~accountid:712020:priya]", "labels": []string{"usher", "usher-r1"},
		"reporter": object{"accountId": "712020:maya"}, "assignee": object{"accountId": "712020:noor"}, "duedate": "2031-05-07",
		jirasim.FieldApplication: "GitHub", jirasim.FieldRisk: object{"value": "High"}, jirasim.FieldAccessFor: object{"accountId": "712020:jonas"},
		jirasim.FieldAccessEnds: due.Format("2006-01-02T15:04:05.000-0700"),
	})
	s.api(http.MethodPost, "issueLink", object{"type": object{"name": "Blocks"}, "inwardIssue": object{"key": key}, "outwardIssue": object{"key": other}})
	s.api(http.MethodPost, "issue/"+key+"/remotelink", object{"object": object{"url": "https://docs.example/a", "title": "Runbook"}})
	s.api(http.MethodPost, "issue/"+key+"/remotelink", object{"object": object{"url": "javascript:alert(1)", "title": "Trap"}})
	s.api(http.MethodPost, "issue/"+key+"/comment", object{"body": "Approved by *Priya*"})

	html := s.get("who", "maya", "issue", key)
	says(
		t, html, "Access requests / "+key, "Maya Chen: GitHub", "Waiting for approval", "Who: Maya", "<i>release</i>", "@Priya Nair",
		"Assignee NH Noor Haddad", "Reporter MC Maya Chen", "Creator AB Access Bot", "Priority Medium", "Due date May 7, 2031",
		"Application GitHub", "Risk High", "Access for JW Jonas Weber", "Access ends May 7, 2031 at 00:30", "commented Today at", "Labels usher usher-r1", "Resolution Unresolved",
		"blocks "+other+" the other", "Runbook", "Trap", "Approved by Priya", "Comments 1", "History 4", "All 5",
	)
	for _, part := range []string{
		"<h5>Why</h5><blockquote><p>&lt;i&gt;release&lt;/i&gt;</p></blockquote>", `href="https://docs.example/a" target="_blank"`,
		`id="jira-field-` + jirasim.FieldRisk + `"`, `data-step="Approve"`, `<button type="submit">Save</button>`, `data-issue=""`, "<b>Priya</b>",
	} {
		if !strings.Contains(html, part) {
			t.Errorf("the issue lacks %s:\n%s", part, html)
		}
	}
	silent(t, html, "Duration", "#97a0af", "created the issue")
}

func TestTheHistorySaysWhoChangedWhat(t *testing.T) {
	t.Parallel()
	s := start(t)
	key := s.file("one", object{"description": "short"})
	long := strings.Repeat("long ", 100)
	s.api(http.MethodPut, "issue/"+key, object{"fields": object{"description": long, jirasim.FieldRole: "Write"}})
	s.api(http.MethodPut, "issue/"+key, object{"fields": object{jirasim.FieldAccessEnds: "2031-05-06T22:30:00.000+0000"}})
	if err := s.Jira.Transition("712020:maya", key, "Deny"); err != nil {
		t.Fatal(err)
	}
	if err := s.Jira.Comment("712020:priya", key, "words"); err != nil {
		t.Fatal(err)
	}
	html := s.get("who", "maya", "issue", key, "activity", "history")
	says(
		t, html, "Access Bot created the issue", "MC Maya Chen changed the Status , the Resolution", "from Waiting for approval → to Denied", "from None → to Won't Do",
		"the Role , the Description", "from short → to long", "the Access ends Today at", "from None → to May 7, 2031 at 00:30", "from None → to Write", "Denied ✓ Won't Do",
	)
	if strings.Index(html, "Maya Chen") > strings.Index(html, "created the issue") {
		t.Error("the oldest change stands first")
	}
	if !strings.Contains(html, "<summary>long") || !strings.Contains(html, `aria-current="true">History`) {
		t.Errorf("a long value is not folded, or the tab is not marked: %s", html)
	}
	silent(t, html, `class="jira-comment"`)
	if all := s.get("who", "maya", "issue", key, "activity", "all"); !strings.Contains(all, "created the issue") || !strings.Contains(all, `class="jira-comment"`) {
		t.Errorf("all is not all: %s", all)
	}
}

func TestPeopleSeeWhatJiraShowsThem(t *testing.T) {
	t.Parallel()
	s := start(t)
	key := s.file("one", nil)
	if err := s.Jira.Hide(key, "712020:priya"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ who, issue, want string }{
		{"gina", "", "You don't have access to this site Gina Ferrari has no account"},
		{"victor", key, "You don't have access to this site"},
		{"derek", "", "Your account has been deactivated Derek Stone"},
		{"maya", key, "You can't view this issue It may have been deleted or you don't have permission to view it. View all issues"},
		{"maya", "ACCESS-99", "You can't view this issue"},
		{"maya", "<script>", "You can't view this issue"},
		{"maya", "", "No issues yet"},
		{"priya", key, "Details"},
		{"priya", "", key},
	} {
		says(t, s.get("who", c.who, "issue", c.issue), c.want)
	}
	rec := httptest.NewRecorder()
	s.pane.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?who=nobody", http.NoBody))
	if rec.Code != http.StatusBadRequest || !strings.Contains(rec.Body.String(), "nobody") {
		t.Errorf("nobody sees %d %s", rec.Code, rec.Body)
	}
}

func TestButtonsAreOfferedToThoseWhoMayPressThem(t *testing.T) {
	t.Parallel()
	s := start(t)
	key := s.file("one", nil)
	for _, perm := range []string{"TRANSITION_ISSUES", "ADD_COMMENTS"} {
		if err := s.Jira.SetPermission("712020:maya", perm, false); err != nil {
			t.Fatal(err)
		}
	}
	silent(t, s.get("who", "maya", "issue", key), "data-step", "<form", "<textarea")
	if html := s.get("who", "priya", "issue", key); !strings.Contains(html, "data-step") || !strings.Contains(html, "<form") {
		t.Errorf("Priya is not offered what she may do: %s", html)
	}
}

func TestLookingHasNoEffects(t *testing.T) {
	t.Parallel()
	s := start(t)
	key := s.file("one", nil)
	before, changed := s.Jira.Issues(), s.Jira.Changed()
	s.get("who", "maya")
	s.get("who", "maya", "issue", key, "activity", "all")
	for _, path := range []string{"/transition", "/comment"} {
		rec := httptest.NewRecorder()
		s.pane.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path+"?who=maya&issue="+key+"&name=Approve&text=x", http.NoBody))
		if rec.Code != http.StatusMethodNotAllowed {
			t.Errorf("GET %s answers %d", path, rec.Code)
		}
	}
	if diff := cmp.Diff(before, s.Jira.Issues()); diff != "" {
		t.Error(diff)
	}
	select {
	case <-changed:
		t.Error("looking is told as a change")
	default:
	}
}

func TestAssetsAreThere(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"pane.css", "pane.js"} {
		f, err := jirapane.Assets().Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if drain(t, f) == "" {
			t.Errorf("%s is empty", name)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}
