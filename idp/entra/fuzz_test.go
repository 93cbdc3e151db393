package entra

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"usher/idp"
)

// FuzzAnswers feeds bodies and headers of all kinds to everything that reads them: nothing may panic, show what it was given, or
// have no kind.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		`{"error":{"code":"Request_BadRequest","message":"x"}}`, `{"error":"x"}`, `{"error":{"code":"a b\n"}}`, `[]`, ``, `null`, `{"value":[{"id":7}]}`, goodUser, goodGroup, "<html>",
	} {
		f.Add(seed, 400, "2.5", "0.9")
	}
	f.Fuzz(func(t *testing.T, body string, status int, after, percent string) {
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		a := &answer{status: status, body: []byte(body), received: now, header: http.Header{"Retry-After": {after}, "X-Ms-Throttle-Limit-Percentage": {percent}, "Request-Id": {body}}}
		e := a.errorOf(call{op: "fuzz", missing: idp.UserNotFound})
		if e.Kind == "" || strings.ContainsAny(e.Error(), "\r\n") || len(e.Code) > 80 {
			t.Errorf("%+v", e)
		}
		if !e.RetryAt.IsZero() && (e.RetryAt.Before(now) || e.RetryAt.After(now.Add(longestWait))) {
			t.Errorf("come back at %v", e.RetryAt)
		}
		if s := signalOf(a); s.percent < 0 || s.percent >= 3 {
			t.Errorf("percent %v", s.percent)
		}
		var row userRow
		if err := a.read("fuzz", &row); err == nil {
			if u, err := row.checked("fuzz"); err == nil && (u.ID == "" || u.StatusDetail == "") {
				t.Errorf("%+v", u)
			}
		} else if idp.KindOf(err) != idp.Unavailable {
			t.Errorf("%v", err)
		}
		var group groupRow
		if a.read("fuzz", &group) == nil {
			if refusal := group.refusal(); refusal != "" && !strings.HasSuffix(refusal, ".") {
				t.Errorf("%q", refusal)
			}
		}
		_, _ = readClaims(body)
	})
}

// FuzzNextLink looks for a link that leads out of the list that is being read.
func FuzzNextLink(f *testing.F) {
	for _, seed := range []string{"https://graph.microsoft.com/v1.0/users?$skiptoken=x", "https://graph.microsoft.com@evil.example/v1.0/users?x=1", "//evil", "https://GRAPH.microsoft.com/v1.0/users?a=b", "https://graph.microsoft.com/v1.0/users/../groups?x=1"} {
		f.Add(seed)
	}
	p := &Provider{where: addresses{graph: &url.URL{Scheme: "https", Host: "graph.microsoft.com"}}}
	f.Fuzz(func(t *testing.T, link string) {
		c := call{op: "fuzz", path: "/users"}
		next, err := p.next(c, link)
		if err == nil && (next.path != c.path || len(next.query) == 0) {
			t.Errorf("%q leads to %s", link, next.path)
		}
		if err != nil && (idp.KindOf(err) != idp.Unavailable || strings.ContainsAny(err.Error(), "\r\n")) {
			t.Errorf("%q: %v", link, err)
		}
	})
}

func TestQuoteKeepsAValueInItsPlace(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"a": "'a'", "o'hara": "'o''hara'", "'": "''''", "": "''", "x' or 1 eq 1": "'x'' or 1 eq 1'"} {
		if got := quote(in); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}
