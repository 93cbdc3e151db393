package page_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"usher/sandbox"
	"usher/sandbox/ldapsim"
	"usher/sandbox/page"
)

// idle is a product that does nothing.
type idle struct{}

func (idle) Stop(context.Context) error  { return nil }
func (idle) Start(context.Context) error { return nil }

// served is the page of a company without a product.
type served struct {
	t   *testing.T
	p   *page.Server
	url string
}

func stage(t *testing.T) page.Stage {
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
	return page.Stage{World: w, Product: idle{}, NextDue: func() time.Time { return time.Time{} }}
}

func serve(t *testing.T) served {
	t.Helper()
	p, err := page.New(page.Config{Stage: stage(t), Story: true, Fresh: func(_ context.Context, old page.Stage) (page.Stage, error) {
		return stage(t), old.World.Close()
	}})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(p)
	t.Cleanup(func() {
		p.Close()
		srv.Close()
	})
	return served{t, p, srv.URL}
}

// answer is what came with a body.
type answer struct {
	StatusCode int
	Header     http.Header
}

func (s served) ask(method, path, body string, header ...string) (answer, string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header}, string(b)
}

// changing are the addresses that change something, with a body that would.
func changing() map[string]string {
	return map[string]string{
		"/clock": `{"Advance":"1h"}`, "/faults": `{"Vendor":"okta","Kind":"down"}`, "/reset": `{}`, "/tour": `{"Do":"play"}`,
		"/directory/add": `{"Who":"noor","Group":"00g1githubwrite","User":"00umaya0000000000000"}`, "/directory/deactivate": `{"Who":"noor","Person":"maya"}`,
		"/slack/command": `{"who":"maya","text":"/access"}`, "/slack/press": `{}`, "/slack/open": `{"who":"maya","tab":"home"}`,
		"/jira/comment": `{}`, "/jira/transition": `{}`, "/_sandbox/clock": `{"advance":"1h"}`, "/_sandbox/do": `{"who":"maya","do":"home"}`,
	}
}

func TestAPageOfAnotherOriginCannotDriveIt(t *testing.T) {
	t.Parallel()
	s := serve(t)
	before := s.p.Stage().World.Clock.Offset()
	for path, body := range changing() {
		for name, header := range map[string][]string{
			"another site":         {"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
			"another port":         {"Sec-Fetch-Site", "same-site", "Origin", "http://127.0.0.1:9"},
			"an old browser":       {"Origin", "https://evil.example"},
			"a sandboxed frame":    {"Origin", "null"},
			"a name that rebinds":  {"Host", "evil.example"},
			"a rebinding loopback": {"Host", "127.0.0.1.evil.example"},
		} {
			if resp, text := s.ask(http.MethodPost, path, body, header...); resp.StatusCode != http.StatusForbidden {
				t.Errorf("%s from %s: %d %s", path, name, resp.StatusCode, text)
			}
		}
	}
	for _, path := range []string{"/", "/slack/?who=maya", "/events", "/_sandbox/truth"} {
		if resp, _ := s.ask(http.MethodGet, path, "", "Host", "evil.example"); resp.StatusCode != http.StatusForbidden {
			t.Errorf("GET %s by a foreign name: %d", path, resp.StatusCode)
		}
	}
	if s.p.Stage().World.Clock.Offset() != before {
		t.Error("the clock was moved")
	}
	if resp, text := s.ask(http.MethodPost, "/clock", `{"Advance":"1h"}`, "Sec-Fetch-Site", "same-origin", "Origin", s.url); resp.StatusCode != http.StatusOK {
		t.Errorf("the page's own: %d %s", resp.StatusCode, text)
	}
}

func TestFormsAndScriptsOfOthersCannotPostJSON(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""} {
		if resp, text := s.ask(http.MethodPost, "/clock", `{"Advance":"1h"}`, "Content-Type", kind); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%q: %d %s", kind, resp.StatusCode, text)
		}
	}
}

func TestNoGETChangesAnything(t *testing.T) {
	t.Parallel()
	s := serve(t)
	w := s.p.Stage().World
	changed := []<-chan struct{}{w.Slack.Changed(), w.Jira.Changed(), w.Okta.Changed()}
	for path := range changing() {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			if resp, _ := s.ask(method, path, ""); resp.StatusCode != http.StatusMethodNotAllowed && resp.StatusCode != http.StatusNotFound {
				t.Errorf("%s %s: %d", method, path, resp.StatusCode)
			}
		}
	}
	for _, q := range []string{"?who=maya", "?who=maya&tab=home", "?who=priya&tab=messages", "?who=noor&tab=general&issue=ACCESS-1&group=00g1githubwrite"} {
		for _, path := range []string{"/", "/slack/", "/jira/", "/directory/", "/bar/", "/calls/"} {
			if resp, text := s.ask(http.MethodGet, path+q, ""); resp.StatusCode != http.StatusOK {
				t.Errorf("%s%s: %d %s", path, q, resp.StatusCode, text)
			}
		}
	}
	for i, c := range changed {
		select {
		case <-c:
			t.Errorf("vendor %d was changed by looking", i)
		default:
		}
	}
	if w.Clock.Offset() != 0 {
		t.Error("the clock was moved by looking")
	}
}

func TestEverythingHasAStrictPolicy(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for _, path := range []string{
		"/", "/slack/?who=maya", "/static/page.js", "/static/page.css", "/static/idiomorph.js", "/static/blockkit.css", "/static/slack/pane.js",
		"/static/jira/pane.css", "/static/directory/pane.js", "/nowhere", "/_sandbox/people",
	} {
		resp, text := s.ask(http.MethodGet, path, "")
		csp := resp.Header.Get("Content-Security-Policy")
		for _, need := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} {
			if !strings.Contains(csp, need) {
				t.Errorf("%s: the policy %q lacks %s", path, csp, need)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") || resp.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %q lets others in", path, csp)
		}
		for _, outside := range []string{`src="http`, `src="//`, `href="http`, "@import", "url(http", " style=\"", "onclick="} {
			if strings.HasSuffix(path, ".js") {
				break
			}
			if strings.Contains(text, outside) {
				t.Errorf("%s has %s", path, outside)
			}
		}
	}
}

func TestTheBrowserIsToldOfChanges(t *testing.T) {
	t.Parallel()
	s := serve(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	lines := bufio.NewScanner(resp.Body)
	told := func(want string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), want) {
				return
			}
		}
		t.Fatalf("the stream ended without %s: %v", want, lines.Err())
	}
	told("retry")
	s.ask(http.MethodPost, "/directory/add", changing()["/directory/add"])
	told(`data: "directory"`)
	s.ask(http.MethodPost, "/clock", `{"Advance":"24h"}`)
	told("event: moved")
	if _, err := s.p.Stage().World.Slack.Say("U0MAYA", "C0GENERAL", "hello"); err != nil {
		t.Fatal(err)
	}
	told(`data: "slack"`)
	s.ask(http.MethodPost, "/reset", `{}`)
	told("event: reset")
	if s.p.Stage().World.Clock.Offset() != 0 || s.p.Stage().World.Member("00g1githubwrite", "maya") {
		t.Error("the company is not in its first state")
	}
	s.p.Close()
	for lines.Scan() {
	}
	if err := lines.Err(); err != nil && !errors.Is(err, io.EOF) {
		t.Errorf("the stream did not end well: %v", err)
	}
}

func TestFaultsAreSwitchedOnAndOff(t *testing.T) {
	t.Parallel()
	s := serve(t)
	w := s.p.Stage().World
	ping := func() error {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.OktaURL+"/api/v1/groups", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "SSWS "+sandbox.OktaToken)
		resp, err := http.DefaultClient.Do(r)
		if err == nil {
			_ = resp.Body.Close()
		}
		return err
	}
	s.ask(http.MethodPost, "/faults", `{"Vendor":"okta","Kind":"down"}`)
	if ping() == nil {
		t.Error("Okta answers though it is down")
	}
	if _, bar := s.ask(http.MethodGet, "/bar/?who=maya", ""); !strings.Contains(bar, `<option value="down" selected>`) {
		t.Errorf("the switch does not show it:\n%s", bar)
	}
	s.ask(http.MethodPost, "/faults", `{"Vendor":"okta","Kind":""}`)
	if err := ping(); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{`{"Vendor":"aol","Kind":"down"}`, `{"Vendor":"okta","Kind":"on fire"}`} {
		if resp, _ := s.ask(http.MethodPost, "/faults", bad); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, resp.StatusCode)
		}
	}
	for _, bad := range []string{`{"Advance":"-1h"}`, `{"Advance":"soon"}`, `{"To":"due"}`, `{"To":"dawn"}`} {
		if resp, _ := s.ask(http.MethodPost, "/clock", bad); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, resp.StatusCode)
		}
	}
}

func TestNothingIsBegunWhenThePageIsClosed(t *testing.T) {
	t.Parallel()
	begun := 0
	p, err := page.New(page.Config{Stage: stage(t), Story: true, Fresh: func(_ context.Context, old page.Stage) (page.Stage, error) {
		begun++
		return old, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(p)
	t.Cleanup(srv.Close)
	p.Close()
	p.Close()
	for path, body := range map[string]string{"/reset": `{}`, "/tour": `{"Do":"play"}`} {
		if resp, text := (served{t, p, srv.URL}).ask(http.MethodPost, path, body); resp.StatusCode != http.StatusBadRequest || begun != 0 {
			t.Errorf("%s: %d %s", path, resp.StatusCode, text)
		}
	}
}

func TestThePageShowsWhicheverDirectoryIsThere(t *testing.T) {
	t.Parallel()
	for name, label := range map[string]string{"entra": "Entra ID", "google": "Google", "ldap": "LDAP"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, err := sandbox.Start(sandbox.Config{Directory: name})
			if errors.Is(err, ldapsim.ErrNotInstalled) && os.Getenv("USHER_SLAPD") != "required" {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = w.Close() })
			p, err := page.New(page.Config{Stage: page.Stage{World: w, Product: idle{}, NextDue: func() time.Time { return time.Time{} }}})
			if err != nil {
				t.Fatal(err)
			}
			srv := httptest.NewServer(p)
			t.Cleanup(srv.Close)
			t.Cleanup(p.Close)
			s := served{t, p, srv.URL}
			if resp, text := s.ask(http.MethodPost, "/directory/add", `{"Who":"noor","Group":"`+w.Directory.GroupID("00g1githubwrite")+`","User":"`+w.Directory.UserID("maya")+`"}`); resp.StatusCode != http.StatusOK {
				t.Fatal(text)
			}
			if resp, text := s.ask(http.MethodPost, "/faults", `{"Vendor":"`+name+`","Kind":"rate_limit"}`); resp.StatusCode != http.StatusOK {
				t.Error(text)
			}
			_, text := s.ask(http.MethodGet, "/?who=maya", "")
			for _, want := range []string{label + " <span>Admin console of Larkspur", "by Noor Haddad, by hand", `aria-label="` + label + `"`, label + " provisions Slack", `data-fault="` + name + `"`} {
				if !strings.Contains(text, want) {
					t.Errorf("the page lacks %q", want)
				}
			}
			if strings.Contains(text, ">Okta") {
				t.Error("the page names Okta")
			}
		})
	}
}
