package cli

import (
	"io"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"usher/idp/okta"
	"usher/sandbox/page"
	"usher/sandbox/page/browser"
)

// visitor is a newcomer with the demo's page before them.
type visitor struct {
	*browser.Tab
	slack, jira, okta, bar *browser.Place
	url                    string
	phone                  bool
}

// visit opens the demo's page as usher demo serves it, without the story that it plays beside it.
func visit(t testing.TB, width, height int) *visitor {
	t.Helper()
	manifest, err := os.ReadFile("../manifest.yml")
	if err != nil {
		t.Fatal(err)
	}
	start, err := readStart("", "", okta.Name)
	if err != nil {
		t.Fatal(err)
	}
	a := &App{Stdout: io.Discard, Stderr: io.Discard, Getenv: func(string) string { return "" }, Now: time.Now, Manifest: manifest}
	h := &pageHost{app: a, start: start, fell: make(chan error, 1)}
	stage, err := h.begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p, err := page.New(page.Config{Stage: stage, Fresh: h.fresh, Story: true, Pace: -1})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(p)
	t.Cleanup(func() {
		p.Close()
		srv.Close()
		if err := h.end(); err != nil {
			t.Error(err)
		}
	})
	tab := browser.Open(t, width, height)
	v := &visitor{
		Tab: tab, slack: tab.In("#slack"), jira: tab.In("#jira"), okta: tab.In("#directory"), bar: tab.In("#bar"), url: srv.URL, phone: width < 1080,
	}
	tab.Go(srv.URL)
	return v
}

// to brings a system to the front where only one fits.
func (v *visitor) to(name string) *browser.Place {
	if v.phone {
		v.In("#switch").Click(name)
	}
	switch name {
	case "Jira":
		return v.jira
	case "Okta":
		return v.okta
	}
	return v.slack
}

func (v *visitor) modal() *browser.Place { return v.slack.In("[role=dialog]") }

// become changes who the visitor is, and opens a tab of the app.
func (v *visitor) become(name, title, tab string) {
	s := v.to("Slack")
	s.Click("change who you are")
	s.Type("Search people", name)
	s.In("#sl-people").Click(name + " " + title)
	s.See("You are " + name)
	s.Click(tab)
}

func TestTheWholeStoryByClicksAndKeys(t *testing.T) {
	t.Parallel()
	for name, size := range map[string][2]int{"desktop": {1440, 900}, "phone": {390, 844}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := visit(t, size[0], size[1])
			v.asks(t)
			v.approves()
			v.countsDown()
			v.ends()
			v.denies()
			v.extendsAndGivesBack()
			v.oktaFails()
			v.calm(t)
		})
	}
}

// calm fails if the page jumped by itself. The list of calls, in which the newest is on top, may move its lines.
func (v *visitor) calm(t *testing.T) {
	t.Helper()
	shifts := slices.DeleteFunc(v.Shifts(), func(s browser.Shift) bool {
		return !slices.ContainsFunc(s.Moved, func(moved string) bool { return !strings.HasPrefix(moved, "<tr#call-") })
	})
	if jump := browser.LayoutShift(shifts); jump > 0.1 {
		t.Errorf("the layout jumped by %.3f: %+v", jump, shifts)
	}
	for _, s := range shifts {
		if slices.ContainsFunc(s.Moved, func(moved string) bool { return strings.HasPrefix(moved, "<main#panes") }) {
			t.Errorf("the bar on top changed its height: %+v", s)
		}
	}
}

func (v *visitor) asks(t *testing.T) {
	s := v.to("Slack")
	s.See("You are Maya Chen")
	s.Click("Request access")
	m := v.modal()
	m.Type("App and role", "githb writ")
	m.Click("GitHub: Write")
	m.See("Priya Nair")
	m.Click("1 day")
	m.Click("Send request")
	m.See("Please complete this required field.")
	m.Type("Reason", "Fix the checkout")
	if got := m.Axe(); len(got) > 0 {
		t.Error(got)
	}
	m.Click("Send request")
	m.See("Request filed")
	v.Press("Escape")
	v.slack.Gone("Request filed")
	j := v.to("Jira")
	j.See("ACCESS-1")
	j.See("WAITING FOR APPROVAL")
}

func (v *visitor) approves() {
	v.become("Priya Nair", "Engineering Manager", "Messages")
	v.slack.See("Maya Chen asks for GitHub: Write")
	v.slack.See("Fix the checkout")
	v.slack.Click("Approve")
	v.slack.See("Approved by Priya Nair")
	v.to("Okta").See("Maya Chen added to github-write")
	v.to("Jira").Click("ACCESS-1")
	v.jira.See("ACTIVE")
}

func (v *visitor) countsDown() {
	v.become("Maya Chen", "Software Engineer", "Home")
	v.slack.See("GitHub: Write")
	v.slack.See("1 day left")
}

func (v *visitor) ends() {
	v.bar.Click("+1 day")
	v.to("Okta").See("Maya Chen removed from github-write")
	v.to("Jira").See("DONE")
	v.to("Slack").See("Nothing through Usher at the moment")
}

// requests fills in the form and sends it, for a role and a length that are named in full.
func (v *visitor) requests(words, role, length, why string) {
	v.become("Maya Chen", "Software Engineer", "Home")
	v.slack.Click("Request access")
	m := v.modal()
	m.Type("App and role", words)
	m.Click(role)
	m.Click(length)
	m.Type("Reason", why)
	m.Click("Send request")
	m.See("Request filed")
	m.Click("Close")
	v.slack.Gone("Request filed")
}

func (v *visitor) denies() {
	v.requests("github write", "GitHub: Write", "1 day", "Only to look around")
	v.become("Priya Nair", "Engineering Manager", "Messages")
	v.slack.See("Only to look around")
	v.slack.Click("Deny")
	m := v.modal()
	m.Type("Why not?", "Read access is enough for that")
	m.Click("Deny")
	v.slack.See("Denied by Priya Nair")
	v.become("Maya Chen", "Software Engineer", "Messages")
	v.slack.See("Read access is enough for that")
	v.to("Jira").Click("Access requests")
	v.jira.See("DENIED")
}

func (v *visitor) extendsAndGivesBack() {
	v.requests("github write", "GitHub: Write", "1 day", "Ship the release")
	v.become("Priya Nair", "Engineering Manager", "Messages")
	v.slack.See("Ship the release")
	v.slack.Click("Approve")
	v.become("Maya Chen", "Software Engineer", "Messages")
	v.slack.See("GitHub: Write: active")
	v.bar.Click("Next due")
	v.slack.In("article", "ends soon").Click("Extend by 1 day")
	v.become("Priya Nair", "Engineering Manager", "Messages")
	v.slack.In("article", "asks to extend").Click("Approve")
	v.slack.In("article", "asks to extend").See("Approved by Priya Nair")
	v.become("Maya Chen", "Software Engineer", "Home")
	v.slack.See("1 day 4 h left")
	v.slack.Click("Release")
	v.In("dialog").Click("Release")
	v.to("Okta").See("Maya Chen removed from github-write")
	v.to("Slack").See("Nothing through Usher at the moment")
}

func (v *visitor) oktaFails() {
	v.requests("github write", "GitHub: Write", "1 day", "Mend the build")
	v.bar.Choose("Okta", "is down")
	v.become("Priya Nair", "Engineering Manager", "Messages")
	v.slack.In("article", "Mend the build").Click("Approve")
	v.become("Maya Chen", "Software Engineer", "Messages")
	v.slack.See("The directory cannot be reached")
	v.bar.Choose("Okta", "works")
	v.bar.Click("+1 h")
	v.slack.See("GitHub: Write: active")
	v.to("Okta").See("Maya Chen added to github-write")
}
