package google

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"usher/idp"
	"usher/idp/rest"
)

func body(reason, text string) string {
	return fmt.Sprintf(`{"error":{"code":1,"message":%q,"errors":[{"domain":"global","reason":%q}]}}`, text, reason)
}

func TestJudge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		body   string
		want   idp.Kind
		code   string
	}{
		{403, body("userRateLimitExceeded", "x"), idp.Throttled, "userRateLimitExceeded"},
		{403, body("quotaExceeded", "x"), idp.Throttled, "quotaExceeded"},
		{403, body("rateLimitExceeded", "x"), idp.Throttled, "rateLimitExceeded"},
		{429, `{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED"}}`, idp.Throttled, "RESOURCE_EXHAUSTED"},
		{429, "<html>", idp.Throttled, "HTTP 429"},
		{403, body("forbidden", "x"), idp.Forbidden, "forbidden"},
		{403, body("insufficientPermissions", "x"), idp.Forbidden, "insufficientPermissions"},
		{403, body("domainPolicy", "x"), idp.Forbidden, "domainPolicy"},
		{403, `{"error":{"code":403,"message":"Error(3005): no","status":"PERMISSION_DENIED"}}`, idp.NotGovernable, ""},
		{403, `{"error":{"code":403,"message":"Error(3006): no","status":"PERMISSION_DENIED"}}`, idp.NotGovernable, ""},
		{403, `{"error":{"code":403,"message":"Error(4013): no","status":"PERMISSION_DENIED"}}`, idp.Forbidden, "PERMISSION_DENIED"},
		{401, body("authError", "x"), idp.Unauthorized, "authError"},
		{401, "", idp.Unauthorized, "HTTP 401"},
		{404, body("notFound", "x"), idp.GroupNotFound, "notFound"},
		{404, `{"error":{"code":404,"message":"x","status":"NOT_FOUND"}}`, idp.GroupNotFound, "NOT_FOUND"},
		{404, "<html>a captive portal", idp.Unavailable, "HTTP 404"},
		{404, body("", "x"), idp.Unavailable, "HTTP 404"},
		{409, body("conflict", "x"), idp.Unavailable, "conflict"},
		{409, body("duplicate", "x"), idp.Unavailable, "duplicate"},
		{400, body("invalid", "x"), idp.Invalid, "invalid"},
		{412, body("conditionNotMet", "x"), idp.Invalid, "conditionNotMet"},
		{500, body("backendError", "x"), idp.Unavailable, "backendError"},
		{503, "", idp.Unavailable, "HTTP 503"},
		{302, "", idp.Unavailable, "HTTP 302"},
		{403, `{"error":{"errors":[{"reason":"a\r\nb@c.example"}]}}`, idp.Forbidden, "HTTP 403"},
	} {
		e := judge(rest.Request{Op: "try", Missing: idp.GroupNotFound}, &rest.Answer{Status: c.status, Body: []byte(c.body), Header: http.Header{}})
		if e.Kind != c.want || e.Code != c.code {
			t.Errorf("%d %s: %s %q, want %s %q", c.status, c.body, e.Kind, e.Code, c.want, c.code)
		}
	}
}

// FuzzJudge throws any answer at the translation: the error is one line of a known kind and quotes nothing.
func FuzzJudge(f *testing.F) {
	f.Add(403, body("userRateLimitExceeded", "secret"), "3")
	f.Add(404, "<html>secret", "Thu, 01 Jan 2026 00:00:00 GMT")
	f.Add(200, `{"error":{"message":"Error(3005) secret"}}`, "-1")
	f.Fuzz(func(t *testing.T, status int, text, after string) {
		a := &rest.Answer{Status: status, Body: []byte(text), Header: http.Header{"Retry-After": {after}}, Received: time.Unix(1e9, 0)}
		e := judge(rest.Request{Op: "try", Scope: scopeUsers, Missing: idp.UserNotFound}, a)
		if strings.ContainsAny(e.Error(), "\r\n@") || len(e.Error()) > 400 {
			t.Errorf("%q", e.Error())
		}
		if e.Kind == missingUnknown || e.Kind == "" || e.Op != "try" {
			t.Errorf("kind %q, op %q", e.Kind, e.Op)
		}
		if at := e.RetryAt; !at.IsZero() && (at.Before(a.Received) || at.Sub(a.Received) > time.Hour) {
			t.Errorf("retry at %v", at)
		}
	})
}

func TestLabels(t *testing.T) {
	t.Parallel()
	const forum = "cloudidentity.googleapis.com/groups.discussion_forum"
	for label, refused := range map[string]bool{
		forum: false, "cloudidentity.googleapis.com/groups.security": false, "cloudidentity.googleapis.com/groups.dynamic": true,
		"cloudidentity.googleapis.com/groups.locked": true, "system/groups/external": true,
	} {
		text := labels{forum: "", label: ""}.refusal()
		if (text != "") != refused || refused && (!strings.HasSuffix(text, ".") || strings.Count(text, ". ") > 0) {
			t.Errorf("%s: %q", label, text)
		}
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	for id, want := range map[idp.UserID]bool{"117": true, "": false, "me": false, "12a": false, "-1": false, "a@b.example": false, idp.UserID(strings.Repeat("1", 65)): false} {
		if isUserID(id) != want {
			t.Errorf("user id %q", id)
		}
	}
	for id, want := range map[idp.GroupID]bool{"03x8tuzt0u3n6c1": true, "": false, "03X8TUZT0U3N6C1": false, "team": false, "a@b.example": false, "0/../00000": false} {
		if isGroupID(id) != want {
			t.Errorf("group id %q", id)
		}
	}
}
