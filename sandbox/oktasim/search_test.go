package oktasim_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"
)

func escape(text string) string { return url.QueryEscape(text) }

func TestUserExpressions(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	tests := []struct {
		param, text string
		want        []string // nil: refused
	}{
		{"search", `status eq "ACTIVE"`, []string{"00u1", "00u2", "00u3"}},
		{"search", `profile.department eq "engineering"`, []string{"00u1"}},
		{"search", `profile.login sw "b" or profile.email sw "c"`, []string{"00u2", "00u3"}},
		{"search", `profile.lastName co "hara" and not_an_attribute eq "x"`, nil},
		{"search", `profile.lastName eq "O'Hara \"Q\""`, []string{"00u3"}},
		{"search", `profile.badge eq "B-5"`, []string{"00u5"}},
		{"search", `profile.badge pr`, []string{"00u5"}},
		{"search", `profile.unheard eq "B-5"`, nil},
		{"search", `status ne "ACTIVE"`, nil},
		{"search", `(status eq "STAGED" or status eq "DEPROVISIONED") and profile.firstName sw "D"`, []string{"00u4"}},
		{"search", `id eq "00u2"`, []string{"00u2"}},
		{"search", `created lt "2027-01-01T00:00:00.000Z" and lastUpdated gt "2025-01-01T00:00:00Z" and id eq "00u1"`, []string{"00u1"}},
		{"search", `profile.login eq "ada@example.com`, nil},
		{"search", `profile.login eq`, nil},
		{"search", `(status eq "ACTIVE"`, nil},
		{"search", `status eq "ACTIVE" status eq "ACTIVE"`, nil},
		{"filter", `status eq "DEPROVISIONED"`, []string{"00u4"}},
		{"filter", `profile.login eq "ADA@example.com"`, []string{"00u1"}},
		{"filter", `profile.login sw "ada"`, nil},
		{"filter", `profile.department eq "Sales"`, nil},
		{"filter", `status ne "ACTIVE"`, nil},
		{"filter", `lastUpdated gt "2026-05-01T00:00:00.000Z"`, []string{}},
	}
	for _, test := range tests {
		t.Run(test.param+" "+test.text, func(t *testing.T) {
			g := o.get("/api/v1/users?" + test.param + "=" + escape(test.text))
			if test.want == nil {
				g.refusal(t, http.StatusBadRequest, "E0000031")
				return
			}
			equal(t, test.text, g.want(t, 200).ids(t), test.want)
		})
	}
}

func TestGroupExpressions(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	tests := []struct {
		query string
		want  []string
	}{
		{"q=app", []string{"00g1"}},
		{"search=" + escape(`profile.name sw "h" or profile.name eq "ENG"`), []string{"00g2", "00g3"}},
		{"search=" + escape(`type eq "APP_GROUP"`), []string{"00g4"}},
		{"search=" + escape(`profile.description pr and profile.name sw "app"`), []string{"00g1"}},
		{"search=" + escape(`type eq "OKTA_GROUP"`) + "&sortBy=profile.name&sortOrder=desc", []string{"00g3", "00g2", "00g1"}},
		{"filter=" + escape(`id eq "00g2" or id eq "00g4"`), []string{"00g2", "00g4"}},
		{"filter=" + escape(`profile.description eq "CRM"`), nil},
	}
	for _, test := range tests {
		g := o.get("/api/v1/groups?" + test.query)
		if test.want == nil {
			g.refusal(t, http.StatusBadRequest, "E0000031")
			continue
		}
		equal(t, test.query, g.want(t, 200).ids(t), test.want)
	}
}

func TestAppExpressions(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	equal(t, "by user", o.get("/api/v1/apps?filter="+escape(`user.id eq "00u2"`)).ids(t), []string{"0oa1"})
	equal(t, "by group", o.get("/api/v1/apps?filter="+escape(`group.id eq "00g1"`)).ids(t), []string{"0oa1"})
	equal(t, "by label", o.get("/api/v1/apps?q=wi").ids(t), []string{"0oa2"})
	o.get("/api/v1/apps?filter="+escape(`label eq "CRM"`)).refusal(t, 400, "E0000031")
	equal(t, "users, the deactivated one left out", o.get("/api/v1/apps/0oa1/users").ids(t), []string{"00u1", "00u2"})
	equal(t, "groups", o.get("/api/v1/apps/0oa1/groups").ids(t), []string{"00g1"})
	o.get("/api/v1/apps/0oax").refusal(t, 404, "E0000007")
}

func TestPlainListsHideDeprovisionedUsers(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	equal(t, "list", o.get("/api/v1/users").ids(t), []string{"00u1", "00u2", "00u3", "00u5"})
	equal(t, "q", o.get("/api/v1/users?q=dee").ids(t), nil)
	o.get("/api/v1/users/00u4").want(t, 200)
}

func TestSearchLagsLongerThanMembersAndLookupDoesNotLag(t *testing.T) {
	t.Parallel()
	c := newClock()
	cfg := company(c)
	cfg.MemberLag = 3 * time.Second // and so search 6 s
	o := start(t, cfg)
	o.call("POST", "/api/v1/users/00u2", `{"profile":{"login":"robert@example.com"}}`).want(t, 200)
	id, err := o.CreateGroup("brand-new", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := o.DeleteGroup("00g1"); err != nil {
		t.Fatal(err)
	}
	search := func(kind, text string) []string {
		return o.get("/api/v1/" + kind + "?search=" + escape(text)).ids(t)
	}
	c.move(5 * time.Second)
	equal(t, "new login", search("users", `profile.login eq "robert@example.com"`), nil)
	equal(t, "old login", search("users", `profile.login eq "bob@example.com"`), []string{"00u2"})
	equal(t, "new group", search("groups", `profile.name eq "brand-new"`), nil)
	equal(t, "deleted group", search("groups", `profile.name eq "app-crm"`), []string{"00g1"})
	o.get("/api/v1/users/robert@example.com").want(t, 200)
	o.get("/api/v1/groups/"+id).want(t, 200)
	o.get("/api/v1/groups/00g1").want(t, 404)
	c.move(time.Second)
	equal(t, "new login", search("users", `profile.login eq "robert@example.com"`), []string{"00u2"})
	equal(t, "new group", search("groups", `profile.name eq "brand-new"`), []string{id})
	equal(t, "deleted group", search("groups", `profile.name eq "app-crm"`), nil)
}

func TestAppsOfAGroup(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	equal(t, "one", o.get("/api/v1/groups/00g1/apps").ids(t), []string{"0oa1"})
	equal(t, "two", o.get("/api/v1/groups/00g2/apps").ids(t), []string{"0oa2", "0oa3"})
	equal(t, "none", o.get("/api/v1/groups/00g3/apps").ids(t), nil)
	o.get("/api/v1/groups/00gx/apps").refusal(t, 404, "E0000007")
	o.get("/api/v1/groups/00g1/apps?limit=few").refusal(t, 400, "E0000001")
}
