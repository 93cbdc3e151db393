package sandbox_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"usher/sandbox"
)

func start(t *testing.T) *sandbox.World {
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
	return w
}

func ask(t *testing.T, method, url, body string) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.NewDecoder(bytes.NewReader(b)).Decode(&v); err != nil {
		t.Fatalf("%s %s: %s", method, url, b)
	}
	return resp.StatusCode, v
}

func TestCompanyHasEverybodyTheTourNeeds(t *testing.T) {
	t.Parallel()
	c, err := sandbox.ParseCompany(sandbox.DefaultCompany())
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, p := range c.People {
		for what, is := range map[string]bool{"second": p.SecondSlack, "guest": p.Guest, "outsider": p.Outsider, "unconfirmed": p.Unconfirmed, "left": p.Left} {
			if is {
				count[what]++
			}
		}
		if len(p.OktaID()) != 20 {
			t.Errorf("%s has the Okta id %s", p.Handle, p.OktaID())
		}
	}
	for _, what := range []string{"second", "guest", "outsider", "unconfirmed", "left"} {
		if count[what] != 1 {
			t.Errorf("%d people are %s, want 1", count[what], what)
		}
	}
	if len(c.People) < 38 || len(c.Apps) != 10 {
		t.Errorf("%d people, %d apps", len(c.People), len(c.Apps))
	}
}

func TestCompanyFileErrorsAreAllNamed(t *testing.T) {
	t.Parallel()
	_, err := sandbox.ParseCompany([]byte("name: X\ndomain: x.example\nadmins: [nobody]\npeople:\n  - {handle: A1, name: A, manager: ghost}\n"))
	for _, want := range []string{"nobody", "A1", "ghost"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not name %s", err, want)
		}
	}
	if _, err := sandbox.ParseCompany([]byte("nam: X\n")); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("unknown key: %v", err)
	}
}

func TestOnlyLoopbackAddressesAreServed(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:80", "nonsense"} {
		if _, err := sandbox.Start(sandbox.Config{SlackAddr: addr}); err == nil {
			t.Errorf("%s was served", addr)
		}
	}
}

func TestControlMovesTheClockAndTellsTheTruth(t *testing.T) {
	t.Parallel()
	w := start(t)
	url, err := w.Serve("", w.Control())
	if err != nil {
		t.Fatal(err)
	}
	url += "/_sandbox/"
	if status, v := ask(t, "POST", url+"clock", `{"advance":"24h"}`); status != 200 {
		t.Fatal(status, v)
	}
	if got := w.Clock.Offset(); got != 24*time.Hour {
		t.Errorf("offset %s", got)
	}
	if status, v := ask(t, "POST", url+"clock", `{"advance":"soon"}`); status != 400 || v["error"] == nil {
		t.Error(status, v)
	}
	_, v := ask(t, "GET", url+"truth", "")
	groups, _ := v["groups"].(map[string]any)
	if len(groups) != len(w.Company.Groups) {
		t.Errorf("truth has %d groups", len(groups))
	}
	if status, v := ask(t, "POST", url+"faults", `{"vendor":"okta","name":"*","kind":"down","times":1}`); status != 200 {
		t.Error(status, v)
	}
	if status, v := ask(t, "GET", url+"screen?who=nobody", ""); status != 400 || v["error"] == nil {
		t.Error("a screen of nobody", v)
	}
	if status, v := ask(t, "GET", url+"issue?key=ACCESS-1", ""); status != 400 || v["error"] == nil {
		t.Error("an issue that is not there", v)
	}
	if status, _ := ask(t, "POST", url+"person", `{"who":"nobody","do":"look"}`); status != 400 {
		t.Error("an unknown person was accepted")
	}
}

func TestTheDatesOfAllVendorsFollowTheClock(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.Clock.Advance(48 * time.Hour)
	for _, url := range []string{w.SlackURL + "api.test", w.JiraURL + "/rest/api/2/serverInfo", w.OktaURL + "/api/v1/org"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		date, err := http.ParseTime(resp.Header.Get("Date"))
		if err != nil || w.Clock.Now().Sub(date).Abs() > time.Minute {
			t.Errorf("%s says %q two days later", url, resp.Header.Get("Date"))
		}
	}
}

func TestControlRefusesWhatItDoesNotKnowAndNamesWhatItDoes(t *testing.T) {
	t.Parallel()
	w := start(t)
	url, err := w.Serve("", w.Control())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ path, body, words string }{
		"clock back":      {"clock", `{"advance":"-1h"}`, "only goes forward"},
		"fault kind":      {"faults", `{"vendor":"okta","kind":"dwon"}`, "rate_concurrency"},
		"kind of another": {"faults", `{"vendor":"slack","kind":"conflict"}`, "ok_with_error"},
		"slack name":      {"faults", `{"vendor":"slack","kind":"down","name":"chat.post"}`, "chat.postMessage"},
		"jira name":       {"faults", `{"vendor":"jira","kind":"down","name":"issue.new"}`, "issue.create"},
		"okta name":       {"faults", `{"vendor":"okta","kind":"down","name":"group.add"}`, "group.member.add"},
		"times":           {"faults", `{"vendor":"okta","kind":"down","times":-1}`, "negative"},
		"vendor":          {"faults", `{"vendor":"github","kind":"down"}`, "slack, jira or okta"},
		"verb":            {"do", `{"who":"maya","do":"dance"}`, "press, set"},
		"nobody":          {"do", `{"who":"nobody","do":"home"}`, "people"},
		"no window":       {"do", `{"who":"maya","do":"close"}`, "no window open"},
		"no label":        {"do", `{"who":"maya","do":"press"}`, "label"},
		"no product":      {"usher", `{"do":"restart"}`, "without Usher"},
	} {
		status, v := ask(t, "POST", url+"/_sandbox/"+c.path, c.body)
		if text, _ := v["error"].(string); status != 400 || !strings.Contains(text, c.words) {
			t.Errorf("%s: %d %v, want %q", name, status, v, c.words)
		}
	}
	if n := w.Okta.Calls(); len(n) != 0 {
		t.Errorf("%d calls", len(n))
	}
}

func TestControlRefusesABrowserPageOfAnotherOrigin(t *testing.T) {
	t.Parallel()
	w := start(t)
	url, err := w.Serve("", w.Control())
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*http.Request){
		"origin": func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"host":   func(r *http.Request) { r.Host = "evil.example" },
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/_sandbox/clock", strings.NewReader(`{"advance":"1h"}`))
		if err != nil {
			t.Fatal(err)
		}
		change(req)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: status %d", name, resp.StatusCode)
		}
	}
}
