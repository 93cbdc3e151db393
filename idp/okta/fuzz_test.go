package okta

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"usher/idp"
)

// canned is an Okta that answers one kind of request with a given reply and all others as they should be.
type canned struct {
	on           string // "METHOD suffix of the path"
	status       int
	body, link   string
	reset, date  string
	calls, asked int
}

// RoundTrip answers without a network.
func (c *canned) RoundTrip(r *http.Request) (*http.Response, error) {
	if c.calls++; c.calls > 500 {
		return nil, errors.New("too many calls")
	}
	status, body, h := sane(r)
	method, suffix, _ := strings.Cut(c.on, " ")
	if r.Method == method && strings.HasSuffix(r.URL.Path, suffix) {
		c.asked++
		status, body = c.status, c.body
		h.Add("Link", c.link)
		h.Set("X-Rate-Limit-Limit", "600")
		h.Set("X-Rate-Limit-Remaining", "599")
		h.Set("X-Rate-Limit-Reset", c.reset)
		h.Set("Date", c.date)
		h.Set("Retry-After", c.reset)
	}
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r, Header: h,
		Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}

// sane is the answer of a well-behaved org to one request.
func sane(r *http.Request) (int, string, http.Header) {
	h := http.Header{"Content-Type": {"application/json"}}
	user := `{"id":"` + string(ada) + `","status":"ACTIVE","profile":{"login":"ada@x.example","email":"ada@x.example","managerId":"ada@x.example"}}`
	group := `{"id":"` + string(ops) + `","type":"OKTA_GROUP","profile":{"name":"ops","description":null}}`
	switch path := r.URL.Path; {
	case r.Method != http.MethodGet:
		return 204, "", h
	case strings.HasSuffix(path, "/groups/"+string(ops)):
		return 200, group, h
	case strings.HasSuffix(path, "/users"), strings.HasSuffix(path, "/logs"), strings.HasSuffix(path, "/rules"), strings.HasSuffix(path, "/roles"), strings.HasSuffix(path, "/apps"):
		return 200, `[]`, h
	case strings.HasSuffix(path, "/groups"):
		return 200, "[" + group + "]", h
	default:
		return 200, user, h
	}
}

// replies are the requests whose replies the provider reads.
func replies() []string {
	return []string{
		"GET /users/" + string(ada), "GET /api/v1/users", "GET /users/" + string(ada) + "/groups", "GET /groups/" + string(ops),
		"GET /groups/" + string(ops) + "/users", "GET /groups/" + string(ops) + "/roles", "GET /groups/rules", "GET /logs",
		"PUT /groups/" + string(ops) + "/users/" + string(ada), "DELETE /groups/" + string(ops) + "/users/" + string(ada), "DELETE /sessions",
		"GET /users/me", "GET /users/" + string(ada) + "/roles", "GET /api/v1/groups", "GET /groups/" + string(ops) + "/apps",
	}
}

// FuzzReplies lets any reply stand for any request: nothing panics, nothing goes on without end, no change counts as done but
// by Okta's own confirmation, and nothing counts as membership, absence or a person but what says so.
func FuzzReplies(f *testing.F) {
	bodies := []string{
		``, ` `, `null`, `{}`, `[]`, `[null]`, `[{}]`, `[[]]`, `""`, `7`, `[7]`, `true`, `<html><title>Sign in</title></html>`,
		`{"errorCode":"E0000007","errorSummary":"Not found: Resource not found: ` + string(ops) + ` (UserGroup)"}`,
		`{"errorCode":"E0000007","errorSummary":null}`, `{"errorCode":7}`, `{"errorCode":"E0000038"}`, `{"errorCode":"E0000011"}`, `{"errorCode":"E00000999999"}`,
		`{"id":"` + string(ada) + `","status":"ACTIVE","profile":null}`, `{"id":"` + string(ada) + `"}`, `{"id":"someone","status":"ACTIVE"}`,
		`{"id":"` + string(ada) + `","status":"ACTIVE","lastLogin":"yesterday","profile":{"email":7,"login":["a",{"b":[]}],"managerId":{}}}`,
		`[{"id":"` + string(ada) + `","status":"ACTIVE","profile":{"email":"ada@x.example"}}]`, `[{"id":"` + string(ops) + `","type":"OKTA_GROUP"}]`,
		`[{"id":"` + string(ops) + `","type":7}]`, `[{"id":"` + string(ops) + `"}`, `[{"id":"g2"},{"type":"x"}]`, `{"id":"` + string(ops) + `","type":"NEW_KIND"}`,
		`[{"type":"","label":""}]`, `[{"name":"r","status":"ACTIVE","actions":{"assignUserToGroups":{"groupIds":["` + string(ops) + `"]}}}]`, `[{"actions":[]}]`,
		`[{"id":"` + string(ops) + `","type":"OKTA_GROUP","_embedded":{"stats":{"usersCount":-7,"appsCount":0,"hasAdminPrivlege":true}}}]`,
		`[{"id":"0oa1","label":"One","status":"ACTIVE"},{"id":"","label":7}]`, `[{"published":"2026-02-30T00:00:00Z"}]`, `[{"published":"2026-03-01T00:00:00Z","eventType":"user.authentication.sso","target":null}]`,
		strings.Repeat(`[`, 20_000), `[` + strings.Repeat("9", 400) + `]`, "\xff\xfe[]", `[] x`,
	}
	links := []string{"", `<https://x/?after=a>; rel="next"`, `<https://x/>; rel="next"`, `<%zz>; rel=next`, `<`, `<https://x/?after=a>; rel="self", <https://y/?after=b>; rel="next"`}
	for i := range replies() {
		for n, body := range bodies {
			link := links[0]
			if strings.HasPrefix(body, "[") {
				link = links[n%len(links)]
			}
			f.Add(uint8(i), uint16(0), body, link, "1772366460", "Sun, 01 Mar 2026 12:00:00 GMT")
			if n%6 == 0 {
				f.Add(uint8(i), uint16([]int{4, 200, 204, 229, 300, 103}[n/6%6]), body, "", "-1", "yesterday") // 204, 400, 404, 429, 500, 303
			}
		}
	}
	f.Fuzz(func(t *testing.T, on uint8, status uint16, body, link, reset, date string) {
		all := replies()
		c := &canned{on: all[int(on)%len(all)], status: 200 + int(status)%400, body: body, link: link, reset: reset, date: date}
		c.check(t)
	})
}

// check makes every call that the provider has.
func (c *canned) check(t *testing.T) {
	t.Helper()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	fresh := func() *Provider {
		p, err := New(Config{URL: "https://acme.okta.com", Token: testToken, Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		p.wire.next = c
		c.calls, c.asked = 0, 0
		return p
	}
	ctx := idp.WithPriority(t.Context(), idp.Removal) // So that no window of the reply's making turns a call away at once.
	u, err := fresh().User(ctx, ada)
	c.plain(t, "User", err)
	if err == nil && (u.ID != ada || u.StatusDetail == "" || !c.good()) {
		t.Errorf("user %+v by %+v", u, c)
	}
	if u, err = fresh().FindUser(ctx, "ada@x.example"); err == nil && (u.Email != "ada@x.example" || u.ID == "") {
		t.Errorf("found %+v by %+v", u, c)
	}
	c.plain(t, "FindUser", err)
	_, err = fresh().Manager(ctx, ada)
	c.plain(t, "Manager", err)
	g, err := fresh().Group(ctx, ops)
	c.plain(t, "Group", err)
	if err == nil && (g.ID != ops || !c.good() && c.status != http.StatusForbidden) {
		t.Errorf("group %+v by %+v", g, c)
	}
	_, err = fresh().Members(ctx, ops)
	c.plain(t, "Members", err)
	_, err = fresh().UserGroups(ctx, ada)
	c.plain(t, "UserGroups", err)
	_, err = fresh().LastUse(ctx, "0oa1", ada, now.Add(-time.Hour))
	c.plain(t, "LastUse", err)
	c.discovery(t, fresh())
	c.membership(t, fresh())
	c.changes(t, fresh)
	for _, line := range fresh().Check(ctx) {
		if strings.Contains(line.Detail, testToken) {
			t.Errorf("a secret in %+v", line)
		}
	}
}

// discovery demands that nothing is found but groups, and that a refusal to wait ends with the context.
func (c *canned) discovery(t *testing.T, p *Provider) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := p.Discover(ctx, func(d idp.Discovered) error {
		if !isGroupID(d.ID) || d.Members < -1 {
			t.Errorf("found %+v by %+v", d, c)
		}
		return nil
	})
	c.plain(t, "Discover", err)
	if err == nil && !c.good() && c.status != http.StatusForbidden && c.status != http.StatusNotFound {
		t.Errorf("discovered by %+v", c)
	}
}

// membership demands that an answer about a membership rests on a list that says so.
func (c *canned) membership(t *testing.T, p *Provider) {
	t.Helper()
	is, err := p.IsMember(t.Context(), ops, ada)
	c.plain(t, "IsMember", err)
	if c.asked == 0 || err != nil {
		if is && err != nil {
			t.Errorf("a member beside %v by %+v", err, c)
		}
		return
	}
	if c.on != "GET /users/"+string(ada)+"/groups" {
		return
	}
	var rows []struct {
		ID string `json:"id"`
	}
	if !c.good() || json.Unmarshal([]byte(c.body), &rows) != nil || rows == nil {
		t.Errorf("membership %v by %+v", is, c)
		return
	}
	if in := slices.ContainsFunc(rows, func(r struct {
		ID string `json:"id"`
	},
	) bool {
		return r.ID == string(ops)
	}); in != is {
		t.Errorf("membership %v by %+v", is, c)
	}
}

// changes demands that a change counts as done only by the answer that confirms it.
func (c *canned) changes(t *testing.T, fresh func() *Provider) {
	t.Helper()
	confirmed := (c.status == 200 || c.status == 204) && len(bytes.TrimSpace([]byte(c.body))) == 0
	for method, do := range map[string]func(*Provider) error{
		"PUT /groups":    func(p *Provider) error { return p.AddMember(t.Context(), ops, ada) },
		"DELETE /groups": func(p *Provider) error { return p.RemoveMember(t.Context(), ops, ada) },
		"DELETE /sess":   func(p *Provider) error { return p.RevokeSessions(t.Context(), ada) },
	} {
		err := do(fresh())
		c.plain(t, method, err)
		if strings.HasPrefix(c.on, method) && (err == nil) != confirmed {
			t.Errorf("%s: %v by %+v", method, err, c)
		}
		if c.asked > 1 && strings.HasPrefix(c.on, method) {
			t.Errorf("%s was sent %d times", method, c.asked)
		}
	}
}

// good reports whether no reply with another status than success was given.
func (c *canned) good() bool { return c.asked == 0 || c.status >= 200 && c.status < 300 }

// plain demands an error with a kind, without the secret, in a bounded number of calls.
func (c *canned) plain(t *testing.T, op string, err error) {
	t.Helper()
	if c.calls > 50 {
		t.Errorf("%s: %d calls by %+v", op, c.calls, c)
	}
	if err == nil {
		return
	}
	var e *idp.Error
	if !errors.As(err, &e) || idp.KindOf(err) == "" || e.Kind == missingUnknown || strings.Contains(err.Error(), testToken) {
		t.Errorf("%s: %v by %+v", op, err, c)
	}
}

// FuzzRateHeaders lets any headers come with an answer: whatever they say, nobody is held back for longer than a window may
// last, and a call is possible again afterwards.
func FuzzRateHeaders(f *testing.F) {
	for _, h := range [][5]string{
		{"600", "599", "1772366460", "Sun, 01 Mar 2026 12:00:00 GMT", ""},
		{"0", "0", "1772366402", "Sun, 01 Mar 2026 12:00:00 GMT", "1"},
		{"", "", "", "", ""},
		{"-1", "9223372036854775808", "9223372036854775807", "Thu, 01 Jan 1970 00:00:00 GMT", "1e300"},
		{"1", "5", "-5", "x", "NaN"},
		{"10", "0", "1772366460", "Sun, 01 Mar 2026 12:00:59 GMT", "Sun, 01 Mar 2026 12:01:00 GMT"},
		{"10", "0", "4102444800", "Sun, 01 Mar 2026 12:00:00 GMT", "86400"},
	} {
		f.Add(h[0], h[1], h[2], h[3], h[4], true)
		f.Add(h[0], h[1], h[2], h[3], h[4], false)
	}
	f.Fuzz(func(t *testing.T, limit, remaining, reset, date, after string, refused bool) {
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		h := http.Header{}
		for name, v := range map[string]string{
			"X-Rate-Limit-Limit": limit, "X-Rate-Limit-Remaining": remaining, "X-Rate-Limit-Reset": reset, "Date": date, "Retry-After": after,
		} {
			h.Set(name, v)
		}
		b := newBudget(0.1)
		if r, ok := readRate(h, now); ok {
			r.refused = refused
			b.observe("PUT", r, now, now)
		}
		for _, p := range []idp.Priority{idp.Normal, idp.Removal} {
			if v, until := b.judge("PUT", p, now); v != proceed && (until.Sub(now) > longestWindow+2*time.Second || !until.After(now)) {
				t.Errorf("priority %d is told %v until %v", p, v, until)
			}
			if n, err := strconv.Atoi(limit); err == nil && n > 1 {
				if v, until := b.judge("PUT", p, now.Add(longestWindow+2*time.Second)); v != proceed {
					t.Errorf("priority %d is held back for ever: %v until %v", p, v, until)
				}
			}
		}
		for _, at := range []time.Time{retryAt(h, now), retryAfter(h, now)} {
			if !at.IsZero() && (at.Before(now) || at.Sub(now) > longestWindow) {
				t.Errorf("come back at %v", at)
			}
		}
	})
}
