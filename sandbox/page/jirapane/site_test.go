package jirapane_test

import (
	"bytes"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"usher/sandbox"
	"usher/sandbox/jirasim"
	"usher/sandbox/page/browser"
	"usher/sandbox/page/jirapane"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(browser.Tests(m)) }

// site is a company with its Jira pane.
type site struct {
	*sandbox.World
	t    *testing.T
	pane http.Handler
}

func start(t *testing.T) *site {
	t.Helper()
	manifest, err := os.ReadFile(filepath.Join("..", "..", "..", "manifest.yml"))
	if err != nil {
		t.Fatal(err)
	}
	w, err := sandbox.Start(sandbox.Config{Manifest: manifest, Network: sandbox.NewNetwork()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return &site{World: w, t: t, pane: jirapane.New(w).Handler()}
}

type object = map[string]any

// api makes a call of the bot and returns what Jira answers.
func (s *site) api(method, path string, body any) object {
	s.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(s.t.Context(), method, "/rest/api/2/"+path, bytes.NewReader(raw))
	r.SetBasicAuth(jirasim.BotEmail, jirasim.BotToken)
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	s.Jira.ServeHTTP(rec, r)
	if rec.Code >= 300 {
		s.t.Fatalf("%s %s: %d %s", method, path, rec.Code, rec.Body)
	}
	out := object{}
	if rec.Body.Len() > 0 {
		if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil {
			s.t.Fatal(err)
		}
	}
	return out
}

// file files an issue as the product does, with more fields or others.
func (s *site) file(summary string, more object) string {
	s.t.Helper()
	fields := object{"project": object{"key": "ACCESS"}, "issuetype": object{"name": "Access request"}, "summary": summary}
	for k, v := range more {
		fields[k] = v
	}
	key, _ := s.api(http.MethodPost, "issue", object{"fields": fields})["key"].(string)
	return key
}

// get is the fragment for the parameters who, issue and so on, in pairs.
func (s *site) get(pairs ...string) string {
	s.t.Helper()
	q := url.Values{"tz": {"Europe/Berlin"}}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	rec := httptest.NewRecorder()
	s.pane.ServeHTTP(rec, httptest.NewRequestWithContext(s.t.Context(), http.MethodGet, "/?"+q.Encode(), http.NoBody))
	if rec.Code != http.StatusOK {
		s.t.Fatalf("%v: %d %s", pairs, rec.Code, rec.Body)
	}
	strict(s.t, rec.Body.String())
	return rec.Body.String()
}

// strict fails on what the page's Content-Security-Policy would refuse, and on ids that are not unique.
func strict(t *testing.T, fragment string) {
	t.Helper()
	if bad := regexp.MustCompile(`(?i)<(script|style|img|iframe)|\s(style|on[a-z]+)=|javascript:`).FindString(fragment); bad != "" {
		t.Errorf("the fragment holds %q:\n%s", bad, fragment)
	}
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`\sid="([^"]*)"`).FindAllStringSubmatch(fragment, -1) {
		if seen[m[1]] {
			t.Errorf("the id %q is there twice", m[1])
		}
		seen[m[1]] = true
	}
}

// post does something as somebody and returns the status and the sentence that says why not.
func (s *site) post(verb string, body object) (status int, sentence string) {
	s.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(s.t.Context(), http.MethodPost, "/"+verb, bytes.NewReader(raw))
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	s.pane.ServeHTTP(rec, r)
	var out struct{ Error, Failed string }
	if err := json.Unmarshal(rec.Body.Bytes(), &out); err != nil {
		s.t.Fatalf("%s answers %s", verb, rec.Body)
	}
	return rec.Code, out.Error + out.Failed
}

// text is what a fragment says, without tags and with single spaces.
func text(fragment string) string {
	words := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(fragment, " ")
	return strings.Join(strings.Fields(html.UnescapeString(words)), " ")
}

// says fails unless the text holds each of the words.
func says(t *testing.T, fragment string, words ...string) {
	t.Helper()
	have := text(fragment)
	for _, w := range words {
		if !strings.Contains(have, w) {
			t.Errorf("it does not say %q: %s", w, have)
		}
	}
}

func silent(t *testing.T, fragment string, words ...string) {
	t.Helper()
	for _, w := range words {
		if strings.Contains(fragment, w) {
			t.Errorf("it says %q: %s", w, fragment)
		}
	}
}

// drain reads a body to its end.
func drain(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
