package jira

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"usher/access"
)

// serve starts a site that answers every call with f and returns a tracker on it.
func serve(t *testing.T, f http.HandlerFunc, change ...func(*Config)) *Tracker {
	t.Helper()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	cfg := Config{
		URL: s.URL, Email: "bot@example.com", Token: "secret-token", Project: "ACCESS", IssueType: "10101", InsecureHTTP: true,
		Now: func() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) },
	}
	for _, c := range change {
		c(&cfg)
	}
	tr, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.Close)
	return tr
}

func targetError(t *testing.T, err error) *access.TargetError {
	t.Helper()
	var te *access.TargetError
	if !errors.As(err, &te) || te.Target != access.TargetJira || te.Op == "" {
		t.Fatalf("not an error of the target: %#v", err)
	}
	return te
}

func TestAnswersBecomeTheRightKindOfError(t *testing.T) {
	t.Parallel()
	const platform = `{"errorMessages":["Issue does not exist or you do not have permission to see it."],"errors":{}}`
	for _, c := range []struct {
		name      string
		status    int
		header    map[string]string
		body      string
		transient bool
		sent      bool // For a write.
		only      bool
		wait      time.Duration
		text      string
	}{
		{name: "bad request", status: 400, body: `{"errorMessages":[],"errors":{"reporter":"Field 'reporter' cannot be set."}}`, text: "reporter: Field 'reporter' cannot be set."},
		{name: "service management", status: 400, body: `{"errorMessage":"The request is bad","i18nErrorMessage":{"i18nKey":"x","parameters":[]}}`, text: "The request is bad"},
		{name: "expired token", status: 401, transient: true, wait: time.Minute, text: "token expired or lacks rights"},
		{name: "forbidden", status: 403, body: platform, transient: true, only: true, wait: time.Minute, text: "token expired or lacks rights"},
		{name: "missing issue", status: 404, body: platform, text: "Issue does not exist"},
		{name: "no Jira there", status: 404, body: "<html>secret page</html>", transient: true, wait: time.Minute, text: "no Jira under this address"},
		{name: "redirect", status: 302, header: map[string]string{"Location": "http://127.0.0.2/"}, transient: true, wait: time.Minute, text: "no Jira under this address"},
		{name: "conflict", status: 409, transient: true, only: true, text: "same moment"},
		{name: "too much", status: 413, body: `{"errorMessages":["limit"],"errors":{}}`, text: "limit"},
		{name: "limited", status: 429, header: map[string]string{"Retry-After": "7", "RateLimit-Reason": "jira-burst-based"}, transient: true, wait: 7 * time.Second, text: "jira-burst-based"},
		{name: "limited on one issue", status: 429, header: map[string]string{"Retry-After": "2", "RateLimit-Reason": "jira-per-issue-on-write"}, transient: true, only: true, wait: 2 * time.Second},
		{name: "limited until a date", status: 429, header: map[string]string{"Retry-After": "Tue, 24 Nov 2026 12:00:30 GMT"}, transient: true, wait: 30 * time.Second},
		{name: "limited until a reset", status: 429, header: map[string]string{"X-RateLimit-Reset": "2026-11-24T12:00:45Z"}, transient: true, wait: 45 * time.Second},
		{name: "limited until a minute", status: 429, header: map[string]string{"X-RateLimit-Reset": "2026-11-24T12:02Z"}, transient: true, wait: 2 * time.Minute},
		{name: "limited by their clock", status: 429, header: map[string]string{
			"Retry-After": "Tue, 24 Nov 2026 11:00:20 GMT", "Date": "Tue, 24 Nov 2026 11:00:00 GMT",
		}, transient: true, wait: 20 * time.Second},
		{name: "limited without a word", status: 429, transient: true},
		{name: "limited with nonsense", status: 429, header: map[string]string{"Retry-After": "soon"}, transient: true},
		{name: "limited by no number", status: 429, header: map[string]string{"Retry-After": "NaN"}, transient: true},
		{name: "limited for years", status: 429, header: map[string]string{"Retry-After": "1e30"}, transient: true, wait: time.Hour},
		{name: "server error", status: 500, body: "{", transient: true, sent: true},
		{name: "proxy page", status: 502, body: "<html>oops</html>", transient: true, sent: true},
		{name: "overloaded", status: 503, header: map[string]string{"Retry-After": "3"}, transient: true, sent: true, wait: 3 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tr := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", "Tue, 24 Nov 2026 12:00:00 GMT")
				for k, v := range c.header {
					w.Header().Set(k, v)
				}
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			})
			for _, write := range []bool{false, true} {
				_, err := tr.call(t.Context(), query{op: "try it", method: http.MethodPost, path: "issue", write: write, body: 1}, nil)
				te := targetError(t, err)
				if te.Transient != c.transient || te.Sent != (write && c.sent) || te.Only != c.only || te.RetryAfter != c.wait {
					t.Errorf("write %v: transient %v sent %v only %v wait %s", write, te.Transient, te.Sent, te.Only, te.RetryAfter)
				}
				if !strings.Contains(err.Error(), c.text) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "\n") {
					t.Errorf("text: %s", err)
				}
				if !denied(err, c.status) {
					t.Errorf("the status is lost: %v", err)
				}
			}
		})
	}
}

func TestErrorsQuoteNothingThatPeopleTyped(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`The label 'my secret plan' contains spaces which is invalid.`: `The label '…' contains spaces which is invalid.`,
		`Field 'customfield_10101' cannot be set.`:                     `Field 'customfield_10101' cannot be set.`,
		`Option "because I said so" is not valid`:                      `Option "…" is not valid`,
		`User ann.lee@example.com is unknown`:                          `User … is unknown`,
		"two\nlines":                                                   "two lines",
	} {
		if got := redact(in); got != want {
			t.Errorf("redact(%q) = %q, want %q", in, got, want)
		}
	}
	if got := redact(strings.Repeat("ä", 500)); len([]rune(got)) != maxMessage+1 {
		t.Errorf("%d characters", len([]rune(got)))
	}
}

func TestNetworkErrorsSayWhetherAnythingWasSent(t *testing.T) {
	t.Parallel()
	q := query{op: "find account", method: http.MethodPost, path: "x", write: true}
	q.values = map[string][]string{"query": {"ann.lee@example.com"}}

	t.Run("nothing listens", func(t *testing.T) {
		t.Parallel()
		s := httptest.NewServer(http.NotFoundHandler())
		s.Close()
		tr := serve(t, nil, func(c *Config) { c.URL = s.URL })
		_, err := tr.call(t.Context(), q, nil)
		if te := targetError(t, err); !te.Transient || te.Sent {
			t.Errorf("%+v", te)
		}
		if strings.Contains(err.Error(), "ann.lee") {
			t.Errorf("text: %s", err)
		}
	})
	for name, h := range map[string]http.HandlerFunc{
		"cut off": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"cut off in the middle": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte(`{"key":`))
			panic(http.ErrAbortHandler)
		},
		"half an answer":    func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"key":`)) },
		"a login page":      func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`<html>`)) },
		"another type":      func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"key":[1]}`)) },
		"an endless answer": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, maxAnswer+1)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out struct{ Key string }
			_, err := serve(t, h).call(t.Context(), q, &out)
			if te := targetError(t, err); !te.Transient || !te.Sent {
				t.Errorf("%+v", te)
			}
			if strings.Contains(err.Error(), "ann.lee") {
				t.Errorf("text: %s", err)
			}
		})
	}
	t.Run("given up by the caller", func(t *testing.T) {
		t.Parallel()
		arrived, release := make(chan struct{}), make(chan struct{})
		tr := serve(t, func(http.ResponseWriter, *http.Request) { close(arrived); <-release })
		defer close(release)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-arrived; cancel() }()
		_, err := tr.call(ctx, q, nil)
		if te := targetError(t, err); !te.Transient || !te.Sent || !errors.Is(err, context.Canceled) {
			t.Errorf("%+v", te)
		}
	})
	t.Run("timeout", func(t *testing.T) {
		t.Parallel()
		release := make(chan struct{})
		tr := serve(t, func(http.ResponseWriter, *http.Request) { <-release }, func(c *Config) { c.Timeout = 50 * time.Millisecond })
		defer close(release)
		_, err := tr.call(t.Context(), q, nil)
		if te := targetError(t, err); !te.Transient || !te.Sent {
			t.Errorf("%+v", te)
		}
	})
}
