package cli

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestThePageIsForEverybody has axe-core judge what a newcomer sees, at both widths.
func TestThePageIsForEverybody(t *testing.T) {
	t.Parallel()
	for name, size := range map[string][2]int{"desktop": {1440, 900}, "phone": {390, 844}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := visit(t, size[0], size[1])
			v.to("Slack").See("You are Maya Chen")
			v.fits(t)
			v.requests("github write", "GitHub: Write", "1 day", "Fix the checkout")
			v.become("Priya Nair", "Engineering Manager", "Messages")
			v.slack.See("Fix the checkout")
			v.fits(t)
			v.slack.Click("Deny")
			v.modal().See("Why not?")
			v.fits(t)
			v.Press("Escape")
			v.to("Jira").Click("ACCESS-1")
			v.jira.See("Fix the checkout")
			v.fits(t)
			v.to("Okta").Click("github-write")
			v.okta.See("Add by hand")
			v.fits(t)
			if v.phone {
				v.In("#switch").Click("Calls")
				v.In("#calls").See("issue.create")
				v.fits(t)
			}
		})
	}
}

// fits fails on a barrier, and on a page that is wider than its window.
func (v *visitor) fits(t *testing.T) {
	t.Helper()
	v.Accessible()
	var wide bool
	v.Eval("document.documentElement.scrollWidth > innerWidth", &wide)
	if wide {
		t.Errorf("%s is wider than the window", v.Address())
	}
}

// TestARequestWithoutAMouse files a request by keys alone. Whatever gets the focus on the way shows it.
func TestARequestWithoutAMouse(t *testing.T) {
	t.Parallel()
	v := visit(t, 1440, 900)
	v.slack.See("You are Maya Chen")
	reach := func(words string) {
		t.Helper()
		var seen []string
		for range 60 {
			v.Press("Tab")
			f := v.Focused()
			if !f.Ring && f.Role != "RootWebArea" && f.Role != "generic" {
				t.Errorf("%s %q has the focus and does not show it", f.Role, f.Name)
			}
			if strings.Contains(f.Name, words) {
				return
			}
			seen = append(seen, fmt.Sprint(f.Role, " ", f.Name))
		}
		t.Fatalf("Tab does not reach %q, only %q", words, seen)
	}
	reach("Request access")
	v.Press("Enter")
	v.modal().See("App and role")
	if f := v.Focused(); f.Role != "combobox" {
		reach("App and role")
	}
	for _, c := range "github write" {
		v.Press(strings.ReplaceAll(string(c), " ", "Space"))
	}
	v.slack.See("GitHub: Write")
	v.modal().See("Push to every repository")
	v.Press("Enter")
	v.modal().See("Priya Nair")
	reach("Reason")
	for _, c := range "hotfix" {
		v.Press(string(c))
	}
	reach("Send request")
	v.Press("Enter")
	v.modal().See("Request filed")
	v.Press("Escape")
	v.slack.Gone("Request filed")
	v.jira.See("ACCESS-1")
}

// TestTheTourPlaysOnThePage lets the page play its story and follow whoever acts.
func TestTheTourPlaysOnThePage(t *testing.T) {
	t.Parallel()
	v := visit(t, 1440, 900)
	v.slack.See("You are Maya Chen")
	v.bar.Click("Play the tour")
	v.bar.See("of 31")
	patience := time.After(2 * time.Minute)
	for tick := time.Tick(100 * time.Millisecond); !strings.Contains(v.bar.Text(), "Every step was true"); {
		select {
		case <-tick:
		case <-patience:
			t.Fatalf("the tour does not end; the page shows %s", v.bar.Text())
		}
	}
	v.jira.See("ACCESS-")
	v.bar.Click("Close")
	v.bar.Click("Start over")
	v.jira.See("No issues yet")
}
