package jira

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"usher/access"
)

func good() Config {
	return Config{
		URL: "https://acme.atlassian.net", Email: "bot@example.com", Token: "secret-token", Project: "ACCESS", IssueType: "Access request",
		Statuses: map[access.IssueStatus]string{access.IssueActive: "Active"},
		Fields:   map[string]string{FieldRole: "customfield_10102"},
	}
}

func TestNewChecksTheConfiguration(t *testing.T) {
	t.Parallel()
	if _, err := New(good()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"no url":             {func(c *Config) { c.URL = "" }, "jira url"},
		"plain http":         {func(c *Config) { c.URL = "http://acme.atlassian.net" }, "https"},
		"http elsewhere":     {func(c *Config) { c.URL, c.InsecureHTTP = "http://acme.atlassian.net", true }, "loopback"},
		"http to itself":     {func(c *Config) { c.URL = "http://127.0.0.1:80" }, "https"},
		"url with a query":   {func(c *Config) { c.URL = "https://acme.atlassian.net/?a=b" }, "jira url"},
		"url with a user":    {func(c *Config) { c.URL = "https://me:pw@acme.atlassian.net" }, "jira url"},
		"gateway":            {func(c *Config) { c.GatewayURL = "api.atlassian.com" }, "gateway"},
		"no email":           {func(c *Config) { c.Email = "" }, "email"},
		"no token":           {func(c *Config) { c.Token = "" }, "token"},
		"token with newline": {func(c *Config) { c.Token = "secret-token\n" }, "token"},
		"project name":       {func(c *Config) { c.Project = "Access requests" }, "project"},
		"project with path":  {func(c *Config) { c.Project = "A/../B" }, "project"},
		"no issue type":      {func(c *Config) { c.IssueType = " " }, "issue type"},
		"label with space":   {func(c *Config) { c.Labels = []string{"a b"} }, "label"},
		"unknown field":      {func(c *Config) { c.Fields = map[string]string{"colour": "customfield_1"} }, "colour"},
		"field by name":      {func(c *Config) { c.Fields = map[string]string{FieldRole: "Role"} }, "customfield"},
		"unknown status":     {func(c *Config) { c.Statuses = map[access.IssueStatus]string{"running": "x"} }, "running"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := good()
			c.change(&cfg)
			_, err := New(cfg)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret-token") {
				t.Errorf("error: %v", err)
			}
		})
	}
}

func TestNewNamesAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	_, err := New(Config{})
	for _, want := range []string{"url", "email", "token", "project", "issue type"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is missing in: %v", want, err)
		}
	}
}

func TestCredentialsNeverLeaveTheConfiguredHost(t *testing.T) {
	t.Parallel()
	var strayed atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strayed.Add(1) }))
	defer other.Close()
	tr := serve(t, func(w http.ResponseWriter, r *http.Request) {
		user, token, _ := r.BasicAuth()
		if user != "bot@example.com" || token != "secret-token" || r.UserAgent() != "usher" {
			t.Errorf("request: %v", r.Header)
		}
		http.Redirect(w, r, other.URL+"/login", http.StatusSeeOther)
	})
	_, err := tr.call(t.Context(), query{op: "read", method: http.MethodGet, path: "myself"}, nil)
	if te := targetError(t, err); !te.Transient {
		t.Errorf("%+v", te)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, other.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := tr.client.Client().Do(req)
	if err == nil {
		_ = resp.Body.Close()
		t.Error("a call to another host was signed")
	}
	if strayed.Load() != 0 {
		t.Error("the other host was reached")
	}
}

func TestBodiesAreClosedSoThatConnectionsAreReused(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	var from sync.Map
	tr := serve(t, func(w http.ResponseWriter, r *http.Request) {
		from.Store(r.RemoteAddr, true)
		w.WriteHeader([]int{200, 204, 400, 500, 302}[n.Add(1)%5])
		_, _ = w.Write([]byte(`{"errorMessages":["no"]}`)) // Refused for 204, which is right.
	})
	for range 20 {
		_, _ = tr.call(t.Context(), query{op: "write", method: http.MethodPost, path: "issue", body: 1}, nil)
	}
	connections := 0
	from.Range(func(any, any) bool { connections++; return true })
	if connections != 1 {
		t.Errorf("%d connections for 20 calls", connections)
	}
}
