package oktasim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/sandbox/oktasim"
)

const (
	adminSecret  = "00super-secret"
	groupSecret  = "00group-secret"
	readerSecret = "00reader-secret"
)

// clock is a clock that only moves when it is told to.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 6, 1, 9, 0, 17, 250e6, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// company is a small organization with one of everything.
func company(c *clock) oktasim.Config {
	last := c.now().AddDate(0, 0, -3)
	return oktasim.Config{
		Now: c.now,
		Tokens: []oktasim.Token{
			{ID: "00Tsuper", Secret: adminSecret, OwnerUserID: "00u1", Admin: oktasim.SuperAdmin},
			{ID: "00Tgroup", Secret: groupSecret, OwnerUserID: "00u2", Admin: oktasim.GroupAdmin},
			{ID: "00Tread", Secret: readerSecret, OwnerUserID: "00u1", Admin: oktasim.ReadOnly},
		},
		Users: []oktasim.User{
			{ID: "00u1", Login: "ada@example.com", First: "Ada", Last: "Lovelace", Department: "Engineering", LastLogin: &last},
			{ID: "00u2", Login: "bob@example.com", First: "Bob", Last: "Hope", ManagerID: "00u1", Manager: "Ada Lovelace", Title: "Engineer"},
			{ID: "00u3", Login: "cyd@example.com", First: "Cyd", Last: "O'Hara \"Q\"", Department: "Sales", Custom: map[string]any{"badge": nil}},
			{ID: "00u4", Login: "dee@example.com", First: "Dee", Last: "Gone", Status: oktasim.StatusDeprovisioned},
			{ID: "00u5", Login: "eve@example.com", First: "Eve", Last: "Stage", Status: oktasim.StatusStaged, Custom: map[string]any{"badge": "B-5"}},
		},
		Groups: []oktasim.Group{
			{ID: "00g1", Name: "app-crm", Description: "CRM", Members: []string{"00u1", "00u4"}},
			{ID: "00g2", Name: "eng", RuleIDs: []string{"0pr1"}},
			{ID: "00g3", Name: "helpdesk", AdminRole: true},
			{ID: "00g4", Name: "imported", Type: oktasim.AppGroup, Members: []string{"00u2"}},
		},
		Rules: []oktasim.Rule{{ID: "0pr1", Name: "engineers", Expression: `user.department=="Engineering"`}},
		Apps: []oktasim.App{
			{ID: "0oa1", Label: "CRM", Name: "crm", Groups: []string{"00g1"}, AssignedUsers: []string{"00u2"}},
			{ID: "0oa2", Label: "Wiki", SignOnMode: "BOOKMARK", Groups: []string{"00g2"}},
			{ID: "0oa3", Label: "Portal", SignOnMode: "OPENID_CONNECT", Groups: []string{"00g2"}},
		},
		Logins: []oktasim.SSO{
			{User: "00u1", App: "0oa1", At: c.now().AddDate(0, 0, -100)},
			{User: "00u1", App: "0oa1", At: c.now().AddDate(0, 0, -40)},
			{User: "00u2", App: "0oa1", At: c.now().AddDate(0, 0, -2), Result: "FAILURE"},
			{User: "00u1", App: "0oa1", At: c.now().AddDate(0, 0, -1), ASNumber: 4200000000},
			{User: "00u2", App: "0oa2", At: c.now().Add(-time.Hour), Late: 2 * time.Hour},
		},
	}
}

// org is a running organization and a bare HTTP client of it.
type org struct {
	*oktasim.Server
	t      *testing.T
	url    string
	secret string
	client *http.Client
}

func start(t *testing.T, cfg oktasim.Config) *org {
	t.Helper()
	sim, err := oktasim.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ts := httptest.NewServer(sim)
	sim.SetURL(ts.URL + "/")
	transport := &http.Transport{DisableKeepAlives: true} // a transport repeats GETs on reused connections
	t.Cleanup(func() {
		sim.Close()
		transport.CloseIdleConnections()
		ts.Close()
	})
	return &org{Server: sim, t: t, url: ts.URL, secret: adminSecret, client: &http.Client{Transport: transport}}
}

// as returns the same organization seen by another token.
func (o *org) as(secret string) *org {
	other := *o
	other.secret = secret
	return &other
}

type got struct {
	status int
	header http.Header
	body   []byte
}

// try makes a call and returns the transport's error, judging the reply by Okta's document.
func (o *org) try(ctx context.Context, method, path, body string) (got, error) {
	o.t.Helper()
	url := path
	if !strings.HasPrefix(path, "http") {
		url = o.url + path
	}
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	if o.secret != "" {
		req.Header.Set("Authorization", "SSWS "+o.secret)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := o.client.Do(req)
	if err != nil {
		return got{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	g := got{resp.StatusCode, resp.Header, text}
	return g, err
}

// call makes a call that must be answered, and judges the answer by Okta's document.
func (o *org) call(method, path, body string) got {
	o.t.Helper()
	g, err := o.try(context.Background(), method, path, body)
	if err != nil {
		o.t.Fatalf("%s %s: %v", method, path, err)
	}
	judge(o.t, method, o.url, path, body, g)
	return g
}

func (o *org) get(path string) got {
	o.t.Helper()
	return o.call(http.MethodGet, path, "")
}

// want checks the status and returns the answer.
func (g got) want(t *testing.T, status int) got {
	t.Helper()
	if g.status != status {
		t.Fatalf("status %d, want %d: %s", g.status, status, g.body)
	}
	return g
}

// refusal checks status and error code.
func (g got) refusal(t *testing.T, status int, code string) got {
	t.Helper()
	g.want(t, status)
	var e struct {
		ErrorCode, ErrorSummary, ErrorLink, ErrorID string
		ErrorCauses                                 []struct{ ErrorSummary string }
	}
	decode(t, g.body, &e)
	if e.ErrorCode != code || e.ErrorLink != code || e.ErrorSummary == "" || e.ErrorID == "" || e.ErrorCauses == nil {
		t.Fatalf("error body %s, want code %s with all five members", g.body, code)
	}
	return g
}

func (g got) ids(t *testing.T) []string {
	t.Helper()
	var list []struct{ ID string }
	decode(t, g.body, &list)
	out := []string{}
	for _, el := range list {
		out = append(out, el.ID)
	}
	return out
}

func (g got) object(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	decode(t, g.body, &v)
	return v
}

// link finds the URL of a relation; "" when there is none. Each header line holds one link.
func (g got) link(t *testing.T, rel string) string {
	t.Helper()
	for _, line := range g.header.Values("Link") {
		if strings.Contains(line, ",") {
			t.Fatalf("two links in one line: %s", line)
		}
		if target, found := strings.CutSuffix(line, `>; rel="`+rel+`"`); found {
			return strings.TrimPrefix(target, "<")
		}
	}
	return ""
}

func decode(t *testing.T, body []byte, into any) {
	t.Helper()
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(into); err != nil {
		t.Fatalf("decode %s: %v", body, err)
	}
}

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}
