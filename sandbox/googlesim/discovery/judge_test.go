package discovery_test

import (
	"net/url"
	"strings"
	"testing"

	"usher/sandbox/googlesim/discovery"
)

// TestObjections proves that the judge objects, so that its silence elsewhere means something.
func TestObjections(t *testing.T) {
	t.Parallel()
	judge, err := discovery.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const member = `{"id":"1","email":"a@b.example","role":"MEMBER"}`
	for _, c := range []struct {
		what, method, address, body string
		status                      int
		answer, want                string // want is a part of the objection; "" means none
	}{
		{"fine", "POST", "/admin/directory/v1/groups/g/members", member, 200, member, ""},
		{"fine without body", "DELETE", "/admin/directory/v1/groups/g/members/m", "", 204, "", ""},
		{"fine error", "GET", "/v1/groups/g", "", 403, `{"error":{"code":403,"message":"m","status":"PERMISSION_DENIED"}}`, ""},
		{"number as text", "GET", "/admin/directory/v1/groups/g", "", 200, `{"directMembersCount":"7"}`, ""},
		{"unknown path", "GET", "/admin/directory/v1/nothing", "", 200, `{}`, "no such method"},
		{"wrong verb", "PUT", "/admin/directory/v1/groups/g/hasMember/m", "", 200, `{}`, "no such method"},
		{"unknown parameter", "GET", "/admin/directory/v1/groups?limit=3", "", 200, `{}`, "limit: not described"},
		{"no number", "GET", "/admin/directory/v1/groups?maxResults=many", "", 200, `{}`, "not a number"},
		{"too small", "GET", "/admin/directory/v1/groups?maxResults=0", "", 200, `{}`, "less than"},
		{"too big", "GET", "/admin/directory/v1/users?maxResults=501", "", 200, `{}`, "more than"},
		{"enum", "GET", "/admin/directory/v1/users/u?projection=all", "", 200, `{}`, "described values"},
		{"path enum", "GET", "/admin/reports/v1/activity/users/u/applications/nothing", "", 200, `{}`, "described values"},
		{"pattern", "GET", "/admin/reports/v1/activity/users/u/applications/saml?startTime=today", "", 200, `{}`, "pattern"},
		{"unknown field asked", "POST", "/admin/directory/v1/groups/g/members", `{"user":"1"}`, 200, member, "request.user: not described"},
		{"unknown field told", "GET", "/admin/directory/v1/groups/g", "", 200, `{"labels":{}}`, "answer.labels: not described"},
		{"wrong type", "GET", "/admin/directory/v1/users/u", "", 200, `{"suspended":"no"}`, "truth value"},
		{"number where text", "GET", "/admin/directory/v1/groups/g", "", 200, `{"directMembersCount":7}`, "not a text"},
		{"no int64", "GET", "/admin/directory/v1/groups/g", "", 200, `{"directMembersCount":"seven"}`, "int64"},
		{"no time", "GET", "/admin/directory/v1/users/u", "", 200, `{"lastLoginTime":"never"}`, "date-time"},
		{"deep", "GET", "/v1/groups/g/memberships/m", "", 200, `{"roles":[{"name":"MEMBER","expiryDetail":{"expireTime":"soon"}}]}`, "roles[0].expiryDetail"},
		{"body too much", "DELETE", "/admin/directory/v1/groups/g/members/m", "", 200, `{}`, "none is described"},
		{"list for object", "GET", "/admin/directory/v1/groups/g", "", 200, `[]`, "not an object"},
		{"no envelope", "GET", "/v1/groups/g", "", 403, `{"error":"denied"}`, "envelope"},
		{"other code", "GET", "/v1/groups/g", "", 403, `{"error":{"code":404,"message":"m","status":"NOT_FOUND"}}`, "code"},
	} {
		u, err := url.Parse("https://admin.googleapis.com" + c.address)
		if err != nil {
			t.Fatal(err)
		}
		_, err = judge.Exchange(c.method, u, []byte(c.body), c.status, []byte(c.answer))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
}
