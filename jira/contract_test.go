package jira

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"usher/access"
	"usher/sandbox/jirasim"
)

// judge is a transport that holds every request and answer against Atlassian's own document.
type judge struct {
	t      *testing.T
	router routers.Router
	mu     sync.Mutex
	seen   map[string]bool
}

func newJudge(t *testing.T) *judge {
	t.Helper()
	dir := os.Getenv("USHER_SPECS")
	if dir == "" {
		t.Skip("USHER_SPECS does not name the folder with Atlassian's documents")
	}
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(dir, "jira-platform-v2-derived.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc.Servers = openapi3.Servers{{URL: "http://jira.example"}}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return &judge{t: t, router: router, seen: map[string]bool{}}
}

func (j *judge) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	j.check(r, body)
	return http.DefaultTransport.RoundTrip(r)
}

func (j *judge) check(r *http.Request, body []byte) {
	c := r.Clone(context.Background())
	c.URL = &url.URL{Scheme: "http", Host: "jira.example", Path: r.URL.Path, RawQuery: r.URL.RawQuery}
	c.Host = "jira.example"
	c.Body = io.NopCloser(bytes.NewReader(body))
	route, vars, err := j.router.FindRoute(c)
	if err != nil {
		j.t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
		return
	}
	j.mu.Lock()
	j.seen[r.Method+" "+strings.TrimPrefix(route.Path, "/rest/api/2/")] = true
	j.mu.Unlock()
	in := &openapi3filter.RequestValidationInput{
		Request: c, PathParams: vars, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	}
	if err := openapi3filter.ValidateRequest(c.Context(), in); err != nil {
		j.t.Errorf("%s %s\n%s\n%v", r.Method, r.URL, body, err)
	}
	for name := range c.URL.Query() {
		if route.Operation.Parameters.GetByInAndName("query", name) == nil {
			j.t.Errorf("%s %s: no parameter %s in the document", r.Method, r.URL.Path, name)
		}
	}
}

func TestEveryRequestFitsAtlassiansDocument(t *testing.T) {
	t.Parallel()
	j := newJudge(t)
	s := newSite(t)
	s.restart(customFields, func(c *Config) { c.Transport = j })
	if wrong := bads(s.tr.Verify(t.Context())); len(wrong) > 0 {
		t.Errorf("findings: %+v", wrong)
	}
	if _, err := s.tr.Account(t.Context(), "alice@example.com"); err != nil {
		t.Error(err)
	}
	first, extra := s.open(), s.open()
	r := s.record(access.IssueWaiting, 1, access.EventRequested)
	r.Again = true
	if got, err := s.tr.Open(t.Context(), r); err != nil || got != first {
		t.Errorf("kept %+v of %+v and %+v: %v", got, first, extra, err)
	}
	s.SetIndexLag(1 << 40)
	s.Inject(jirasim.Fault{Name: "issue.create", Kind: jirasim.FaultDown, Times: 1})
	r.Request.ID, r.Again = "another", false
	for range 2 {
		if _, err := s.tr.Open(t.Context(), r); err == nil {
			t.Error("no error")
		}
		r.Again = true
	}
	for i, status := range []access.IssueStatus{access.IssueApproved, access.IssueActive, access.IssueEnded} {
		r := s.record(status, i+2, []access.EventKind{access.EventApproved, access.EventActive, access.EventEnded}[i])
		r.Again = i == 1
		if err := s.tr.Update(t.Context(), first, r); err != nil {
			t.Error(err)
		}
	}
	for _, want := range []string{
		"POST issue", "POST search/jql", "POST issue/bulkfetch", "POST issueLink", "POST issue/{issueIdOrKey}/comment",
		"POST issue/{issueIdOrKey}/transitions", "PUT issue/{issueIdOrKey}", "GET issue/{issueIdOrKey}/comment",
		"GET issue/{issueIdOrKey}/transitions", "GET issue/{issueIdOrKey}", "GET myself", "GET user/search", "GET mypermissions",
		"GET project/{projectIdOrKey}", "GET project/{projectIdOrKey}/statuses", "GET issue/createmeta/{projectIdOrKey}/issuetypes",
		"GET issue/createmeta/{projectIdOrKey}/issuetypes/{issueTypeId}",
	} {
		if !j.seen[want] {
			t.Errorf("%s was never called", want)
		}
	}
}
