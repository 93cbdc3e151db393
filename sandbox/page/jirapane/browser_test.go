package jirapane_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"usher/sandbox/page/browser"
	"usher/sandbox/page/jirapane"
)

// policy is that of the demo's page.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'"

// open shows the pane alone in a tab, to Maya.
func (s *site) open(address string) *browser.Tab {
	s.t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/jira/", http.StripPrefix("/jira", s.pane))
	mux.Handle("GET /{$}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		http.ServeFile(w, r, "testdata/shell.html")
	}))
	for _, name := range []string{"shell.js", "shell.css"} {
		mux.Handle("GET /"+name, http.FileServerFS(os.DirFS("testdata")))
	}
	mux.Handle("GET /idiomorph.js", http.FileServerFS(os.DirFS("../static")))
	mux.Handle("/", http.FileServerFS(jirapane.Assets()))
	srv := httptest.NewServer(mux)
	s.t.Cleanup(srv.Close)
	tab := browser.Open(s.t, 460, 900)
	tab.Go(srv.URL + "/?who=maya" + address)
	return tab
}

func TestAnIssueIsReadAndMovedByKeyboard(t *testing.T) {
	t.Parallel()
	s := start(t)
	key := s.file("Maya Chen: GitHub", nil)
	tab := s.open("")
	tab.See("Maya Chen: GitHub")
	tab.Accessible()
	tab.Press("Tab", "Tab", "Enter") // The list, its first row.
	tab.See("Description")
	if f := tab.Focused(); f.Role != "heading" || f.Name != "Maya Chen: GitHub" {
		t.Errorf("the issue is open, and the focus is on %+v", f)
	}
	tab.Press("Tab", "Enter")
	tab.See("Give up")
	tab.Accessible()
	tab.Press("Escape")
	tab.Gone("Give up")
	if f := tab.Focused(); !strings.HasPrefix(f.Name, "Status: Waiting for approval") {
		t.Errorf("the menu is closed, and the focus is on %+v", f)
	}
	tab.Press("Enter", "Tab", "Enter")
	tab.In("#jira-status summary").See("APPROVED")
	if is, _ := s.Jira.Issue(key); is.Status != "Approved" {
		t.Errorf("the issue is %s", is.Status)
	}
	if f := tab.Focused(); !strings.HasPrefix(f.Name, "Status: Approved") {
		t.Errorf("the issue has moved, and the focus is on %+v", f)
	}
	tab.Click("Access requests")
	tab.See("newest first")
	if f := tab.Focused(); f.Role != "link" || !strings.Contains(f.Name, key) {
		t.Errorf("back at the list the focus is on %+v", f)
	}
}

func TestADraftOutlivesWhatOthersDo(t *testing.T) {
	t.Parallel()
	s := start(t)
	key := s.file("one", nil)
	tab := s.open("&issue=" + key)
	tab.Type("Add a comment", "is it *done*?")
	tab.Click("History")
	tab.See("created the issue")
	if err := s.Jira.Comment("712020:priya", key, "from another"); err != nil {
		t.Fatal(err)
	}
	tab.Eval("refresh()", nil)
	tab.In("#jira-latest.jira-fresh").See("from another")
	tab.See("is it *done*?")
	tab.Click("Comments")
	tab.Click("Save")
	tab.In(".jira-entries").See("is it done?")
	tab.Gone("is it *done*?")
}

func TestJirasRefusalStaysUntilItIsRead(t *testing.T) {
	t.Parallel()
	s := start(t)
	key := s.file("one", nil)
	tab := s.open("&issue=" + key)
	tab.Click("Save")
	alert := tab.In("[role=alert]")
	alert.See("Comment body can not be empty!")
	if err := s.Jira.Comment("712020:priya", key, "from another"); err != nil {
		t.Fatal(err)
	}
	tab.Eval("refresh()", nil)
	tab.In(".jira-entries").See("from another")
	alert.See("Comment body can not be empty!")
	tab.Accessible()
	alert.Click("Dismiss")
	tab.Gone("Comment body can not be empty!")
}

func TestLinksToIssuesStayInThePane(t *testing.T) {
	t.Parallel()
	s := start(t)
	first := s.file("the first", nil)
	second := s.file("the second", object{"description": "after [the other|" + s.JiraURL + "/browse/" + first + "]"})
	tab := s.open("&issue=" + second)
	tab.Click("the other")
	tab.In("h3").See("the first")
	if !strings.HasSuffix(tab.Address(), "issue="+first) {
		t.Errorf("the address is %s", tab.Address())
	}
}
