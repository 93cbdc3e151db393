package graphsim_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/sandbox/graphsim"
)

const (
	clientID = "aaaaaaaa-0000-4000-8000-000000000001"
	secret   = "a~secret"
	ada      = "bbbbbbbb-0000-4000-8000-000000000001"
	bob      = "bbbbbbbb-0000-4000-8000-000000000002"
	cyd      = "bbbbbbbb-0000-4000-8000-000000000003"
	crm      = "cccccccc-0000-4000-8000-000000000001"
	wiki     = "cccccccc-0000-4000-8000-000000000002"
	dynamic  = "cccccccc-0000-4000-8000-000000000003"
	appID    = "dddddddd-0000-4000-8000-000000000001"
	pim      = "/identityGovernance/privilegedAccess/group/"
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

func allRoles() []string {
	return []string{
		graphsim.UserRead, graphsim.UserRevokeSessions, graphsim.GroupMemberWrite, graphsim.AuditLogRead, graphsim.ApplicationRead, graphsim.PIMWrite,
	}
}

// company is a small tenant with one of everything.
func company(c *clock) graphsim.Config {
	return graphsim.Config{
		Now:     c.now,
		Clients: []graphsim.Client{{ID: clientID, Secret: secret, Roles: allRoles()}},
		Users: []graphsim.User{
			{ID: ada, UserPrincipalName: "ada@suite.example", Mail: "ada@suite.example", GivenName: "Ada", Surname: "Lane", Department: "Engines"},
			{ID: bob, UserPrincipalName: "bob@suite.example", Mail: "bob@suite.example", DisplayName: "Bob O'Hara", ManagerID: ada},
			{ID: cyd, UserPrincipalName: "cyd@suite.example", Disabled: true},
		},
		Groups: []graphsim.Group{
			{ID: crm, DisplayName: "CRM", Members: []string{ada}, Owners: []string{bob}},
			{ID: wiki, DisplayName: "Wiki"},
			{ID: dynamic, DisplayName: "Engineers", Dynamic: true, Members: []string{ada}},
		},
		Apps:    []graphsim.App{{ID: "dddddddd-0000-4000-8000-000000000009", AppID: appID, DisplayName: "CRM", Groups: []string{crm}}},
		SignIns: []graphsim.SignIn{{User: ada, AppID: appID, At: c.now().Add(-time.Hour)}, {User: ada, AppID: appID, At: c.now().Add(-time.Minute), ErrorCode: 50126}},
	}
}

// tenant is a running tenant and a bare HTTP client of it.
type tenant struct {
	*graphsim.Server
	t      *testing.T
	url    string
	token  string
	client *http.Client
	index  bool // asks the index that lags behind
}

func start(t *testing.T, cfg graphsim.Config) *tenant {
	t.Helper()
	sim, err := graphsim.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(sim)
	sim.SetURL(web.URL + "/")
	transport := &http.Transport{DisableKeepAlives: true} // a transport repeats GETs on reused connections
	t.Cleanup(func() {
		sim.Close()
		transport.CloseIdleConnections()
		web.Close()
	})
	o := &tenant{Server: sim, t: t, url: web.URL, client: &http.Client{Transport: transport}}
	o.signIn()
	return o
}

// signIn fetches a token for the client.
func (o *tenant) signIn() {
	o.t.Helper()
	g := o.login(url.Values{"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {secret}, "scope": {"https://graph.microsoft.com/.default"}})
	o.token, _ = g.want(o.t, 200).object(o.t)["access_token"].(string)
}

func (o *tenant) login(form url.Values) got {
	o.t.Helper()
	req, err := http.NewRequestWithContext(o.t.Context(), http.MethodPost, o.url+"/"+o.TenantID()+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	if err != nil {
		o.t.Fatal(err)
	}
	g, err := o.send(req)
	if err != nil {
		o.t.Fatal(err)
	}
	return g
}

type got struct {
	status int
	header http.Header
	body   []byte
}

// send makes a call and reads the whole answer.
func (o *tenant) send(req *http.Request) (got, error) {
	resp, err := o.client.Do(req)
	if err != nil {
		return got{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return got{resp.StatusCode, resp.Header, body}, err
}

// try makes a call and returns the transport's error. Paths are below /v1.0 unless they are whole addresses.
func (o *tenant) try(ctx context.Context, method, path, body string) (got, error) {
	o.t.Helper()
	address := path
	if !strings.HasPrefix(path, "http") {
		address = o.url + "/v1.0" + strings.ReplaceAll(path, " ", "%20")
	}
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+o.token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if o.index {
		req.Header.Set("ConsistencyLevel", "eventual")
	}
	return o.send(req)
}

// call makes a call that must be answered.
func (o *tenant) call(method, path, body string) got {
	o.t.Helper()
	g, err := o.try(context.Background(), method, path, body)
	if err != nil {
		o.t.Fatalf("%s %s: %v", method, path, err)
	}
	return g
}

func (o *tenant) get(path string) got {
	o.t.Helper()
	return o.call(http.MethodGet, path, "")
}

func (o *tenant) add(group, user string) got {
	o.t.Helper()
	return o.call(http.MethodPost, "/groups/"+group+"/members/$ref", `{"@odata.id":"`+o.url+`/v1.0/directoryObjects/`+user+`"}`)
}

func (o *tenant) remove(group, user string) got {
	o.t.Helper()
	return o.call(http.MethodDelete, "/groups/"+group+"/members/"+user+"/$ref", "")
}

// want checks the status and returns the answer.
func (g got) want(t *testing.T, status int) got {
	t.Helper()
	if g.status != status {
		t.Fatalf("status %d, want %d: %s", g.status, status, g.body)
	}
	return g
}

// refusal checks status, code and form of an error.
func (g got) refusal(t *testing.T, status int, code string) string {
	t.Helper()
	g.want(t, status)
	var e struct {
		Error struct {
			Code, Message string
			InnerError    map[string]string
		}
	}
	if err := json.Unmarshal(g.body, &e); err != nil {
		t.Fatal(err)
	}
	if e.Error.Code != code || e.Error.Message == "" || e.Error.InnerError["request-id"] != g.header.Get("Request-Id") || e.Error.InnerError["date"] == "" {
		t.Fatalf("error body %s, want code %s and the request id", g.body, code)
	}
	return e.Error.Message
}

func (g got) object(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(g.body, &v); err != nil {
		t.Fatalf("%s: %v", g.body, err)
	}
	return v
}

// ids lists the ids of a page.
func (g got) ids(t *testing.T) []string {
	t.Helper()
	list, _ := g.want(t, 200).object(t)["value"].([]any)
	out := []string{}
	for _, el := range list {
		id, _ := el.(map[string]any)["id"].(string)
		out = append(out, id)
	}
	return out
}

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
