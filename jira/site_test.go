package jira

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/access"
	"usher/catalog"
	"usher/sandbox/jirasim"
)

// clock is the time of a test; the site and the tracker share it. Nil is the time of a bubble.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	if c == nil {
		return time.Now() // In a bubble, where time is virtual.
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// site is a simulated Jira with a tracker on it.
type site struct {
	*jirasim.Server
	*clock
	t   *testing.T
	cfg Config
	tr  *Tracker
}

func newSite(t *testing.T, change ...func(*jirasim.Config)) *site {
	t.Helper()
	s := &site{t: t, clock: &clock{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}}
	cfg := jirasim.DefaultConfig(s.Now)
	for _, c := range change {
		c(&cfg)
	}
	sim, err := jirasim.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.Server = sim
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", s.Now().UTC().Format(http.TimeFormat)) // By the site's clock, not this machine's.
		sim.ServeHTTP(w, r)
	}))
	sim.SetURL(srv.URL)
	t.Cleanup(func() { sim.Close(); srv.Close() })
	s.cfg = siteConfig(srv.URL)
	s.cfg.Now = s.Now
	s.restart()
	return s
}

// siteConfig speaks to the default site under the given address.
func siteConfig(address string) Config {
	return Config{
		URL: address, Email: jirasim.BotEmail, Token: jirasim.BotToken, Project: "ACCESS", IssueType: "Access request",
		Labels: []string{"access"}, Reporter: true, InsecureHTTP: true, Timeout: 5 * time.Second,
		Statuses: map[access.IssueStatus]string{
			access.IssueWaiting: "Waiting for approval", access.IssueApproved: "10011", access.IssueActive: "Active",
			access.IssueEnded: "done", access.IssueDenied: "Denied", access.IssueCanceled: "Canceled",
			access.IssueExpired: "Canceled", access.IssueFailed: "Failed",
		},
	}
}

// restart makes a new tracker, as a new process would.
func (s *site) restart(change ...func(*Config)) {
	s.t.Helper()
	for _, c := range change {
		c(&s.cfg)
	}
	tr, err := New(s.cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(tr.Close)
	s.tr = tr
}

// changes names the calls that changed something since the last ResetCalls.
func (s *site) changes() []string {
	var out []string
	for _, c := range s.Calls() {
		if c.Changed {
			out = append(out, c.Name)
		}
	}
	return out
}

func (s *site) count(name string) int {
	n := 0
	for _, c := range s.changes() {
		if c == name {
			n++
		}
	}
	return n
}

// as makes a call with somebody's credentials, past the tracker.
func (s *site) as(email, token, method, path string, body, out any) {
	s.t.Helper()
	other := s.cfg
	other.Email, other.Token = email, token
	tr, err := New(other)
	if err != nil {
		s.t.Fatal(err)
	}
	defer tr.Close()
	path, raw, _ := strings.Cut(path, "?")
	values, err := url.ParseQuery(raw)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := tr.call(s.t.Context(), query{op: method + " " + path, method: method, path: path, values: values, body: body}, out); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) asAdmin(method, path string, body, out any) {
	s.t.Helper()
	s.as(jirasim.AdminEmail, jirasim.AdminToken, method, path, body, out)
}

// shown is an issue as an admin reads it.
type shown struct {
	ID, Key string
	Fields  map[string]json.RawMessage
	Props   map[string]state `json:"properties"`
	Bodies  []string         `json:"-"` // Of the comments, oldest first.
}

func (i shown) text(field string) string {
	var v any
	_ = json.Unmarshal(i.Fields[field], &v)
	switch v := v.(type) {
	case string:
		return v
	case map[string]any:
		for _, k := range []string{"accountId", "name", "value"} {
			if s, ok := v[k].(string); ok {
				return s
			}
		}
	}
	return string(i.Fields[field])
}

func (s *site) show(key string) shown {
	s.t.Helper()
	var got shown
	s.asAdmin(http.MethodGet, "issue/"+key+"?fields=*all&properties=usher", nil, &got)
	var page struct{ Comments []struct{ Body string } }
	s.asAdmin(http.MethodGet, "issue/"+key+"/comment", nil, &page)
	for _, c := range page.Comments {
		got.Bodies = append(got.Bodies, c.Body)
	}
	return got
}

// request is a pending request of Alice's, made now.
func (s *site) request() access.Request {
	return access.Request{
		ID: "01hq3v5k7n9p2r4t6w8y0abcde", Kind: access.KindAccess, State: access.RequestPending,
		Requester: access.Person{
			User: "00ualice", Email: "alice@example.com", Name: "Alice Archer", Account: "712020:a11ce000-0000-4000-8000-000000000001",
		},
		Subject: access.Person{
			User: "00ualice", Email: "alice@example.com", Name: "Alice Archer", Account: "712020:a11ce000-0000-4000-8000-000000000001",
		},
		Role: access.Role{
			App: "github", AppName: "GitHub", Entitlement: "github-write", EntitlementName: "Write", Risk: catalog.RiskMedium,
		},
		Duration: catalog.Duration(6 * time.Hour), Justification: "Fix the *build* in {repo}\nh1. now",
		Policy: access.Policy{Version: "3f2a", Rule: "department, rule 1", Because: "GitHub is a department tool", Steps: []catalog.Step{
			{Approvers: []catalog.Approver{{Kind: catalog.ApproverManager}}, Quorum: 1},
			{Approvers: []catalog.Approver{{Kind: catalog.ApproverOwner, Emails: []string{"bob@example.com"}}}, Quorum: 1},
		}},
		CreatedAt: s.Now(), Events: 1, Head: "abc123",
	}
}

// record is the request with the status and one event per given kind, numbered from first.
func (s *site) record(status access.IssueStatus, first int, kinds ...access.EventKind) access.IssueRecord {
	r := access.IssueRecord{Request: s.request(), Status: status}
	for i, k := range kinds {
		r.Events = append(r.Events, access.Event{
			Request: r.Request.ID, Seq: first + i, At: s.Now(), Kind: k, Text: "It happened: " + string(k) + ".",
		})
	}
	r.Request.Events = first + len(kinds) - 1
	if status == access.IssueActive || status == access.IssueEnded {
		r.Grant = &access.Grant{ID: access.GrantID(r.Request.ID), State: access.GrantActive, DueAt: s.Now().Add(6 * time.Hour)}
	}
	return r
}

// open opens the issue of a pending request and empties the log of calls.
func (s *site) open() access.Issue {
	s.t.Helper()
	i, err := s.tr.Open(s.t.Context(), s.record(access.IssueWaiting, 1, access.EventRequested))
	if err != nil {
		s.t.Fatal(err)
	}
	s.ResetCalls()
	return i
}

// persist tries until it works, as the runner does: it waits as long as it is told, and says when it tries again.
func (s *site) persist(f func(again bool) error) (tries int) {
	s.t.Helper()
	for tries < 100 {
		err := f(tries > 0)
		tries++
		if err == nil {
			return tries
		}
		var te *access.TargetError
		if !errors.As(err, &te) || !te.Transient {
			s.t.Fatalf("try %d: %v", tries, err)
		}
		s.pass(max(te.RetryAfter, time.Second))
	}
	s.t.Fatalf("it never worked")
	return tries
}

// trouble makes the next call of a name meet a fault.
func (s *site) trouble(name string, kind jirasim.FaultKind) {
	f := jirasim.Fault{Name: name, Kind: kind, Times: 1}
	if kind == jirasim.FaultSlowDrip {
		f.After = 50 * time.Millisecond
	}
	s.Inject(f)
}

// troubles are the faults that a write may meet; some come after the work was done, some before.
func troubles() []jirasim.FaultKind {
	return []jirasim.FaultKind{
		jirasim.FaultDown, jirasim.FaultResetBefore, jirasim.FaultLostAnswer, jirasim.FaultSlowDrip, jirasim.FaultRateLimit,
		jirasim.FaultBareLimit, jirasim.FaultError500, jirasim.FaultError502, jirasim.FaultError503, jirasim.FaultTruncated,
		jirasim.FaultWrongTypes, jirasim.FaultUnauthorize, jirasim.FaultForbidden, jirasim.FaultConflict,
	}
}
