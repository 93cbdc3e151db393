package rest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/rest"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	received := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"3": 3 * time.Second, "0": 0, "2.128": 2128 * time.Millisecond, " 7 ": 7 * time.Second, "600": 10 * time.Minute,
		"Fri, 01 May 2026 11:30:20 GMT": 20 * time.Second, // by the vendor's clock, which is half an hour late
	} {
		h := http.Header{"Retry-After": {text}, "Date": {"Fri, 01 May 2026 11:30:00 GMT"}}
		if got := rest.RetryAfter(h, received); !got.Equal(received.Add(want)) {
			t.Errorf("%q: %v, want %v", text, got.Sub(received), want)
		}
	}
	for _, text := range []string{"", "soon", "-1", "601", "NaN", "Inf", "1e300", "Fri, 01 May 2026 11:29:00 GMT", "Sat, 01 May 2027 11:29:00 GMT"} {
		h := http.Header{"Retry-After": {text}, "Date": {"Fri, 01 May 2026 11:30:00 GMT"}}
		if got := rest.RetryAfter(h, received); !got.IsZero() {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestKindOfStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]idp.Kind{
		301: idp.Unavailable, 400: idp.Invalid, 401: idp.Unauthorized, 403: idp.Forbidden, 404: idp.GroupNotFound, 408: idp.Unavailable,
		409: idp.Unavailable, 412: idp.Invalid, 418: idp.Invalid, 425: idp.Unavailable, 429: idp.Throttled, 500: idp.Unavailable, 503: idp.Unavailable, 0: idp.Unavailable,
	} {
		if got := rest.KindOfStatus(status, idp.GroupNotFound); got != want {
			t.Errorf("%d: %s, want %s", status, got, want)
		}
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"userRateLimit_1.2-x": "userRateLimit_1.2-x", "a b": "", "a@b": "", "a\n": "", "ü": "", strings.Repeat("a", 65): ""} {
		if got := rest.Plain(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestParseBase(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{"https://Acme.Example/": "https://acme.example", " https://acme.example/scim/v2/ ": "https://acme.example/scim/v2", "http://127.0.0.1:8080": "http://127.0.0.1:8080", "http://localhost:1": "http://localhost:1"} {
		u, err := rest.ParseBase(raw, true)
		if err != nil || u.String() != want {
			t.Errorf("%q: %v, %v", raw, u, err)
		}
	}
	for _, raw := range []string{"", "acme.example", "//acme.example", "mailto:a@b.example", "https://", "https://a:b@acme.example", "https://acme.example?x=1", "https://acme.example#x", "https://{acme}.example", "ftp://acme.example", "http://acme.example", "http://10.0.0.1", "https://acme\n.example"} {
		u, err := rest.ParseBase(raw, true)
		if err == nil || strings.Contains(err.Error(), "acme") {
			t.Errorf("%q: %v, %v", raw, u, err)
		}
	}
	if _, err := rest.ParseBase("http://127.0.0.1", false); err == nil {
		t.Error("plain http is accepted")
	}
}

func TestSecretsHide(t *testing.T) {
	t.Parallel()
	s := rest.Secret("open sesame")
	raw, err := json.Marshal(map[string]any{"a": s})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s, s), string(raw), s.LogValue().String()} {
		if strings.Contains(text, "sesame") || !strings.Contains(text, "[hidden]") {
			t.Errorf("it shows as %s", text)
		}
	}
	if rest.Secret("").String() != "" {
		t.Error("an empty secret is shown as one")
	}
}
