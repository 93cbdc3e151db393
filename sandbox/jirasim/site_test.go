package jirasim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// clock is a virtual clock.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// site is a running site with a caller. Each reply to it is judged by Atlassian's document if there is one.
type site struct {
	*Server
	t     *testing.T
	http  *httptest.Server
	clock *clock
	email string
	token string
	base  string
}

func newSite(t *testing.T, change ...func(*Config)) *site {
	t.Helper()
	clk := &clock{t: time.Date(2024, 1, 1, 10, 0, 0, 0, time.UTC)}
	cfg := DefaultConfig(clk.now)
	for _, f := range change {
		f(&cfg)
	}
	srv, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ts := httptest.NewServer(srv)
	srv.SetURL(ts.URL)
	t.Cleanup(func() {
		srv.Close()
		ts.Close()
	})
	return &site{Server: srv, t: t, http: ts, clock: clk, email: BotEmail, token: BotToken, base: ts.URL}
}

// as is the same site for another caller.
func (s *site) as(email, token string) *site {
	other := *s
	other.email, other.token = email, token
	return &other
}

func (s *site) admin() *site { return s.as(AdminEmail, AdminToken) }

// got is a reply.
type got struct {
	t      *testing.T
	status int
	header http.Header
	raw    string
	json   any
}

// call sends a request; body may be nil, a string (sent as it is) or anything else (sent as JSON).
func (s *site) call(method, path string, body any) got {
	s.t.Helper()
	g, err := s.try(method, path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	return g
}

func (s *site) try(method, path string, body any) (got, error) {
	s.t.Helper()
	var payload []byte
	switch b := body.(type) {
	case nil:
	case string:
		payload = []byte(b)
	default:
		payload = marshal(b)
	}
	full := path
	if strings.HasPrefix(path, "2/") || strings.HasPrefix(path, "3/") {
		full = "/rest/api/" + path
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.base+full, bytes.NewReader(payload))
	if err != nil {
		s.t.Fatal(err)
	}
	if s.email != "" {
		req.SetBasicAuth(s.email, s.token)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := s.http.Client().Do(req)
	if err != nil {
		return got{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return got{}, err
	}
	g := got{t: s.t, status: resp.StatusCode, header: resp.Header, raw: string(raw)}
	if len(raw) > 0 && strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(raw, &g.json); err != nil {
			return g, err
		}
	}
	judge(s.t, method, strings.TrimPrefix(req.URL.Path, "/ex/jira/"+s.cfg.CloudID), payload, g)
	return g, nil
}

// want fails unless the reply has the status.
func (g got) want(status int) got {
	g.t.Helper()
	if g.status != status {
		g.t.Fatalf("status %d, want %d: %s", g.status, status, g.raw)
	}
	return g
}

// refused fails unless the reply is an error with exactly this sentence, in errorMessages or for the field.
func (g got) refused(status int, field, sentence string) {
	g.t.Helper()
	g.want(status)
	have := g.at("errors." + field)
	if field == "" {
		have = g.at("errorMessages.0")
	}
	if have != sentence {
		g.t.Fatalf("said %s, want %q", g.raw, sentence)
	}
	if _, isList := g.at("errorMessages").([]any); !isList {
		g.t.Fatalf("not Jira's form of an error: %s", g.raw)
	}
}

// at walks into the JSON: object members and array indexes joined by dots.
func (g got) at(path string) any {
	v := g.json
	for step := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

// is fails unless the values at the paths are as wanted: path, value, path, value.
func (g got) is(pairs ...any) got {
	g.t.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		if have := g.at(pairs[i].(string)); fmt.Sprint(have) != fmt.Sprint(pairs[i+1]) {
			g.t.Errorf("%s = %v, want %v in %s", pairs[i], have, pairs[i+1], g.raw)
		}
	}
	return g
}

// list collects one member of each element of an array, joined by spaces.
func (g got) list(array, member string) string {
	g.t.Helper()
	list, isList := g.json.([]any)
	if array != "" {
		list, isList = g.at(array).([]any)
	}
	if !isList {
		g.t.Fatalf("no array %s in %s", array, g.raw)
	}
	var out []string
	for i := range list {
		out = append(out, fmt.Sprint(got{json: list[i]}.at(member)))
	}
	return strings.Join(out, " ")
}

// request is the body of an ordinary access request.
func request(change ...func(fields object)) object {
	fields := object{
		"project": object{"key": "ACCESS"}, "issuetype": object{"name": "Access request"}, "summary": "Figma for Alice",
		"labels": []string{"acc-1"},
	}
	for _, f := range change {
		f(fields)
	}
	return object{"fields": fields}
}

func field(id string, v any) func(object) { return func(f object) { f[id] = v } }

// open files a request and returns its key.
func (s *site) open(change ...func(object)) string {
	s.t.Helper()
	return s.call("POST", "2/issue", request(change...)).want(201).at("key").(string)
}

func (s *site) search(jql string) string {
	s.t.Helper()
	return s.call("POST", "3/search/jql", object{"jql": jql, "fields": []string{"summary"}}).want(200).list("issues", "key")
}

// transition moves an issue by the API to a status.
func (s *site) transition(key, status string) got {
	s.t.Helper()
	g := s.call("GET", "2/issue/"+key+"/transitions", nil).want(200)
	list := g.at("transitions").([]any)
	for i := range list {
		if one := (got{json: list[i]}); one.at("to.name") == status {
			return s.call("POST", "2/issue/"+key+"/transitions", object{"transition": object{"id": one.at("id")}})
		}
	}
	s.t.Fatalf("no transition to %s: %s", status, g.raw)
	return got{}
}

// rawCall sends a request and returns the body as it came, for replies that are not what they should be.
func rawCall(ctx context.Context, s *site, method, path string, body any) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(marshal(body)))
	if err != nil {
		return "", err
	}
	req.SetBasicAuth(s.email, s.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.http.Client().Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	return string(raw), err
}
