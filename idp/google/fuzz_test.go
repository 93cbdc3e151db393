package google_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/google"
)

// FuzzAnswers puts any answer before every method: nothing panics, nothing that was not confirmed is a success, and every
// error has a kind, is one line and quotes nothing of the answer. Run it with -fuzzminimizetime 1x: a network is never twice the
// same, so minimizing takes for ever.
func FuzzAnswers(f *testing.F) {
	f.Add(200, `{"id":"117","primaryEmail":"ada@suite.example","name":{}}`)
	f.Add(200, `{"kind":"admin#directory#members","members":[{"id":"117","role":"MEMBER"}],"nextPageToken":"x"}`)
	f.Add(200, `{"kind":"admin#directory#groups","groups":[{"id":""}]}`)
	f.Add(200, `{"name":"groups/../x","labels":{}}`)
	f.Add(200, "")
	f.Add(204, "")
	f.Add(404, `{"error":{"errors":[{"reason":"notFound"}],"message":"quoted@suite.example"}}`)
	f.Add(409, `{"error":{"errors":[{"reason":"duplicate"}]}}`)
	f.Add(403, "quoted\r\n@")
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			t.Skip("no status that a server sends")
		}
		var mu sync.Mutex
		removals := 0
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/token" {
				_, _ = w.Write([]byte(`{"access_token":"x","token_type":"Bearer","expires_in":3600}`))
				return
			}
			mu.Lock()
			if r.Method == http.MethodDelete {
				removals++
			}
			mu.Unlock()
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}))
		defer web.Close()
		var clock atomic.Int64 // runs on, so that nothing waits for the end of a refusal
		p, err := google.New(google.Config{
			Now:         func() time.Time { return time.Unix(clock.Add(20), 0) },
			Credentials: file(t, map[string]any{"token_uri": web.URL + "/token"}), URL: web.URL, InsecureHTTP: true, Timeout: time.Second,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		const g, u = "03x8tuzt0u3n6c1", "117"
		judge := func(err error) {
			var e *idp.Error
			if err != nil && (!errors.As(err, &e) || e.Op == "" || e.Kind == "" || strings.Contains(string(e.Kind), "missing")) {
				t.Errorf("an error without kind: %v", err)
			}
			if err != nil && strings.ContainsAny(err.Error(), "\r\n@") {
				t.Errorf("an error that quotes: %q", err.Error())
			}
		}
		got, err := p.User(t.Context(), u)
		judge(err)
		if err == nil && got.ID != u {
			t.Errorf("user %q", got.ID)
		}
		_, err = p.FindUser(t.Context(), "ada@suite.example")
		judge(err)
		_, err = p.Manager(t.Context(), u)
		judge(err)
		_, err = p.Group(t.Context(), g)
		judge(err)
		_, err = p.UserGroups(t.Context(), u)
		judge(err)
		_, err = p.Members(t.Context(), g)
		judge(err)
		_, err = p.IsMember(idp.WithPriority(t.Context(), idp.Removal), g, u)
		judge(err)
		_, err = p.LastUse(t.Context(), "app", u, time.Time{})
		judge(err)
		_, err = p.Expiry(t.Context(), g, u)
		judge(err)
		judge(p.AddMember(t.Context(), g, u))
		judge(p.SetExpiry(t.Context(), g, u, time.Unix(1e9, 0)))
		judge(p.RevokeSessions(t.Context(), u))
		err = p.RemoveMember(t.Context(), g, u)
		judge(err)
		if err == nil && removals == 0 {
			t.Error("a removal that was never sent is a success")
		}
	})
}
