package directorypane_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"usher/sandbox"
	"usher/sandbox/page/directorypane"
)

const (
	write = "00g1githubwrite"
	maya  = "00umaya0000000000000"
)

type stage struct {
	t    *testing.T
	w    *sandbox.World
	pane http.Handler
}

func open(t *testing.T) stage {
	t.Helper()
	w, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return stage{t, w, directorypane.New(w).Handler()}
}

func (s stage) ask(method, path, body string) (int, string) {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	rec := httptest.NewRecorder()
	s.pane.ServeHTTP(rec, r)
	b, err := io.ReadAll(rec.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return rec.Code, string(b)
}

func (s stage) shows(path string, words ...string) {
	s.t.Helper()
	code, html := s.ask(http.MethodGet, path, "")
	if code != http.StatusOK {
		s.t.Fatalf("%s: %d %s", path, code, html)
	}
	for _, w := range words {
		if !strings.Contains(html, w) {
			s.t.Errorf("%s lacks %q:\n%s", path, w, html)
		}
	}
}

func TestGroupsShowWhoIsInThem(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.shows("/?who=tomas", "github-write", "with you", "No member has changed yet", "Deactivate Tomas Berg")
	s.shows("/?who=maya&group="+write, "2 members", "Tomas Berg", "Jonas Weber", `<option value="`+maya+`">Maya Chen`)
	if code, text := s.ask(http.MethodGet, "/?who=nobody", ""); code != http.StatusBadRequest || !strings.Contains(text, "not among the people") {
		t.Errorf("nobody: %d %s", code, text)
	}
}

func TestAnAdministratorChangesMembersByHand(t *testing.T) {
	t.Parallel()
	s := open(t)
	if code, text := s.ask(http.MethodPost, "/add", `{"Who":"noor","Group":"`+write+`","User":"`+maya+`"}`); code != http.StatusOK {
		t.Fatal(code, text)
	}
	if !s.w.Member(write, "maya") {
		t.Error("Maya was not added")
	}
	s.shows("/?who=maya", "<b>Maya Chen</b> added to", "by Noor Haddad, by hand", "with you", `class="fresh"`)
	if code, text := s.ask(http.MethodPost, "/remove", `{"Who":"noor","Group":"`+write+`","User":"`+maya+`"}`); code != http.StatusOK {
		t.Fatal(code, text)
	}
	if s.w.Member(write, "maya") {
		t.Error("Maya was not removed")
	}
	for _, bad := range []string{
		`{"Who":"noor","Group":"` + write + `","User":""}`, `{"Who":"noor","Group":"00gnone","User":"` + maya + `"}`,
		`{"Who":"x","Group":"` + write + `","User":"` + maya + `"}`, `{"Sudo":true}`, `{`,
	} {
		if code, text := s.ask(http.MethodPost, "/add", bad); code != http.StatusBadRequest || !strings.Contains(text, `"error"`) {
			t.Errorf("%s: %d %s", bad, code, text)
		}
	}
}

func TestALeaverIsTurnedOffInBothSystems(t *testing.T) {
	t.Parallel()
	s := open(t)
	active := func() bool {
		u, _ := s.w.Slack.User("U0MAYA")
		o, _ := s.w.Okta.User(maya)
		if u.Deleted == (o.Status == "ACTIVE") {
			t.Errorf("Slack deleted: %t, Okta %s", u.Deleted, o.Status)
		}
		return !u.Deleted
	}
	if code, text := s.ask(http.MethodPost, "/deactivate", `{"Who":"noor","Person":"maya"}`); code != http.StatusOK || active() {
		t.Errorf("%d %s", code, text)
	}
	s.shows("/?who=maya", "The account is not active", "Activate Maya Chen")
	if code, text := s.ask(http.MethodPost, "/reactivate", `{"Who":"noor","Person":"maya"}`); code != http.StatusOK || !active() {
		t.Errorf("%d %s", code, text)
	}
}

func TestNamesAreText(t *testing.T) {
	t.Parallel()
	s := open(t)
	if err := s.w.Okta.RenameGroup(write, `<img src=x onerror=alert(1)>`); err != nil {
		t.Fatal(err)
	}
	if _, html := s.ask(http.MethodGet, "/?who=maya", ""); strings.Contains(html, "<img") {
		t.Errorf("markup of a name is in the page:\n%s", html)
	}
}

func TestLookingChangesNothing(t *testing.T) {
	t.Parallel()
	s := open(t)
	changed := s.w.Okta.Changed()
	for _, path := range []string{"/?who=maya", "/?who=maya&group=" + write, "/?who=maya&group=none"} {
		s.ask(http.MethodGet, path, "")
	}
	for _, path := range []string{"/add", "/remove", "/deactivate"} {
		if code, _ := s.ask(http.MethodGet, path+"?who=maya", ""); code != http.StatusMethodNotAllowed && code != http.StatusNotFound {
			t.Errorf("GET %s: %d", path, code)
		}
	}
	select {
	case <-changed:
		t.Error("a look changed the directory")
	default:
	}
}
