package okta

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"usher/idp"
)

func TestTheTimeToComeBackIsReadFromWhatIsThere(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) string { return strconv.FormatInt(now.Add(d).Unix(), 10) }
	for name, c := range map[string]struct {
		reset, date, after string
		want               time.Time
	}{
		"reset":                    {at(20 * time.Second), now.Format(http.TimeFormat), "", now.Add(20 * time.Second)},
		"reset by another clock":   {at(80 * time.Second), now.Add(time.Minute).Format(http.TimeFormat), "", now.Add(20 * time.Second)},
		"reset before retry-after": {at(20 * time.Second), "", "5", now.Add(20 * time.Second)},
		"reset that is over":       {at(-5 * time.Second), "", "", now.Add(time.Second)},
		"reset of the next year":   {at(9000 * time.Hour), "", "", time.Time{}},
		"retry-after":              {"", "", "5", now.Add(5 * time.Second)},
		"decimal retry-after":      {"", "", " 1.5 ", now.Add(1500 * time.Millisecond)},
		"negative retry-after":     {"", "", "-5", time.Time{}},
		"endless retry-after":      {"", "", "1e9", time.Time{}},
		"not a number":             {"soon", "", "NaN", time.Time{}},
		"nothing":                  {"", "", "", time.Time{}},
	} {
		h := http.Header{}
		h.Set("X-Rate-Limit-Reset", c.reset)
		h.Set("Date", c.date)
		h.Set("Retry-After", c.after)
		if got := retryAt(h, now); !got.Equal(c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestOnlyHarmlessHeadersAreShown(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"aBc-12_3": "aBc-12_3", "": "", "a b": "", "a\r\nb": "", "<script>": "", strings.Repeat("a", 100): "", testToken + "!": "",
	} {
		h := http.Header{}
		h["X-Okta-Request-Id"] = []string{id}
		if got := requestID(h); got != want {
			t.Errorf("request id %q: got %q", id, got)
		}
	}
	for text, want := range map[string]string{"17": "17", "": "", "x": "", "12345678901": "", "1\n": ""} {
		if got := cleanNumber(text); got != want {
			t.Errorf("number %q: got %q", text, got)
		}
	}
	for code, want := range map[string]bool{"E0000007": true, "E000007": false, "X0000007": false, "E00000x7": false, "": false, "E-000007": false} {
		if got := isErrorCode(code); got != want {
			t.Errorf("code %q: got %v", code, got)
		}
	}
}

func TestOnlyTheRightEventsAreUses(t *testing.T) {
	t.Parallel()
	event := func(change func(*eventRow)) eventRow {
		var e eventRow
		e.EventType, e.Outcome.Result, e.Actor.ID = "user.authentication.sso", "SUCCESS", string(ada)
		e.Target = append(e.Target, struct {
			ID   string `json:"id"`
			Type string `json:"type"`
		}{"0oa1", "AppInstance"})
		change(&e)
		return e
	}
	for name, c := range map[string]struct {
		e    eventRow
		want bool
	}{
		"a use":          {event(func(*eventRow) {}), true},
		"another event":  {event(func(e *eventRow) { e.EventType = "user.session.start" }), false},
		"a failure":      {event(func(e *eventRow) { e.Outcome.Result = "FAILURE" }), false},
		"another person": {event(func(e *eventRow) { e.Actor.ID = "00uother" }), false},
		"another app":    {event(func(e *eventRow) { e.Target[0].ID = "0oa2" }), false},
		"not an app":     {event(func(e *eventRow) { e.Target[0].Type = "User" }), false},
	} {
		if got := c.e.isUse("0oa1", ada); got != c.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestTheRolesOfTheOwnerSayWhoMayChangeMembers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		roles  []string
		err    error
		ok     bool
		detail string
	}{
		"unknown":   {nil, errors.New("forbidden"), true, "Cannot be judged"},
		"super":     {[]string{"SUPER_ADMIN", "CUSTOM"}, nil, true, "far more than needed"},
		"members":   {[]string{"GROUP_MEMBERSHIP_ADMIN"}, nil, true, "GROUP_MEMBERSHIP_ADMIN"},
		"custom":    {[]string{"CUSTOM"}, nil, true, "cannot be judged"},
		"read only": {[]string{"READ_ONLY_ADMIN"}, nil, false, "READ_ONLY_ADMIN"},
		"none":      {nil, nil, false, "None of"},
	} {
		f := judgeOwner(c.roles, c.err)
		if f.OK != c.ok || !strings.Contains(f.Detail, c.detail) || (!f.OK && f.Fix == "") {
			t.Errorf("%s: got %+v", name, f)
		}
	}
}

func TestOnlyStrongRSAKeysAreTaken(t *testing.T) {
	t.Parallel()
	big, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8 := func(key any) Secret {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return Secret(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
	pkcs1 := Secret(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(big)}))
	for name, c := range map[string]struct {
		key Secret
		ok  bool
	}{
		"pkcs1": {pkcs1, true}, "pkcs8": {pkcs8(big), true}, "a curve": {pkcs8(curve), false}, "no pem": {"x", false},
		"half of it": {pkcs1[:len(pkcs1)/2], false}, "nothing": {"", false},
	} {
		if _, err := parseRSAKey(c.key); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnswersOfTheTokenEndpointAreSorted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		body   string
		want   idp.Kind
	}{
		{401, `{"error":"invalid_client","error_description":"x"}`, idp.Unauthorized},
		{400, `{"error":"invalid_scope"}`, idp.Forbidden},
		{400, `{"error":"invalid_dpop_proof"}`, idp.Unauthorized},
		{400, `{"error":"use_dpop_nonce"}`, idp.Unauthorized},
		{403, `{"error":"access_denied"}`, idp.Forbidden},
		{400, `{"error":"something new"}`, idp.Unavailable},
		{401, ``, idp.Unauthorized},
		{403, `<html>`, idp.Forbidden},
		{429, ``, idp.Throttled},
		{500, ``, idp.Unavailable},
		{302, ``, idp.Unavailable},
	} {
		err := tokenError("sign in", &http.Response{StatusCode: c.status, Header: http.Header{}}, []byte(c.body), time.Now())
		if got := idp.KindOf(err); got != c.want {
			t.Errorf("%d %s: got %v", c.status, c.body, err)
		}
	}
}

func TestGroupsOfUnknownTypeAreRefused(t *testing.T) {
	t.Parallel()
	for kind, governed := range map[string]bool{"OKTA_GROUP": true, "BUILT_IN": false, "APP_GROUP": false, "": false, "NEW_KIND": false} {
		refusal := typeRefusal(kind)
		if (refusal == "") != governed || (!governed && !strings.HasSuffix(refusal, ".")) {
			t.Errorf("%s: %q", kind, refusal)
		}
	}
}
