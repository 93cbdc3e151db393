package cli

import (
	"os"
	"path/filepath"
	"testing"
)

// pictureMost is how large a picture in the README may be, in bytes.
const pictureMost = 300_000

// The pictures of the README are taken where Usher is at work: a request has just been approved.
func TestPicturesForTheReadme(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("USHER_PICTURES")
	if folder == "" {
		t.Skip("make pictures takes the pictures of the README; USHER_PICTURES names their folder")
	}
	for name, take := range map[string]func(*testing.T, string){"demo": onADesk, "demo-phone": onAPhone} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(folder, name+".png")
			take(t, path)
			if f, err := os.Stat(path); err != nil || f.Size() > pictureMost {
				t.Errorf("%v: %d bytes", err, f.Size())
			}
			if err := os.Chmod(path, 0o644); err != nil { //nolint:gosec // It is for everybody.
				t.Error(err)
			}
		})
	}
}

// onADesk shows the approval in Slack, the issue in Jira that says so, and the new member in Okta.
func onADesk(t *testing.T, path string) {
	v := visit(t, 1440, 900)
	v.fillsIn()
	v.modal().Click("Send request")
	v.modal().See("Request filed")
	v.jira.See("ACCESS-1")
	v.Go(v.url + "/?who=priya&tab=messages&issue=ACCESS-1")
	v.slack.Click("Approve")
	v.slack.See("Approved by Priya Nair")
	v.okta.See("Maya Chen added to github-write")
	v.jira.See("ACTIVE")
	v.Shot(path)
}

// onAPhone shows the form of a request, filled in.
func onAPhone(t *testing.T, path string) {
	v := visit(t, 390, 844)
	v.Sharpen(2, 390, 844)
	v.fillsIn()
	v.Shot(path)
}

func (v *visitor) fillsIn() {
	s := v.to("Slack")
	s.See("You are Maya Chen")
	s.Click("Request access")
	m := v.modal()
	m.Type("App and role", "github write")
	m.Click("GitHub: Write")
	m.See("Priya Nair")
	m.Click("1 day")
	m.Type("Reason", "Ship the fix for the checkout before the sale starts")
}
