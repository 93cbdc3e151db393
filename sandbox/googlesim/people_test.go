package googlesim_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"usher/sandbox/googlesim"
)

const users = "/admin/directory/v1/users"

func TestUsers(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	a := c.want(200, "", "GET", users+"/a.byron@acme.example?projection=full", nil)
	if a.body["id"] != ada || a.body["lastLoginTime"] != "1970-01-01T00:00:00.000Z" || a.body["primaryEmail"] != "ada@acme.example" {
		t.Errorf("got %s", a.raw)
	}
	for _, absent := range []string{"relations", "suspensionReason", "customSchemas", "nonEditableAliases"} {
		if _, has := a.body[absent]; has {
			t.Errorf("%s is there although empty", absent)
		}
	}
	c.want(404, "notFound", "GET", users+"/nobody@acme.example", nil)
	c.want(404, "notFound", "GET", users+"/"+team, nil)
	c.want(404, "notFound", "GET", users+"/team@acme.example", nil)
	c.want(403, "forbidden", "GET", users+"/x@elsewhere.example", nil)
	if err := c.SetManager(ada, "boss@acme.example"); err != nil {
		t.Fatal(err)
	}
	if err := c.SetStatus(ada, true, false); err != nil {
		t.Fatal(err)
	}
	a = c.want(200, "", "GET", users+"/"+ada, nil)
	if a.body["suspended"] != true || a.body["suspensionReason"] != "ADMIN" || !strings.Contains(string(a.raw), `"type": "manager"`) {
		t.Errorf("got %s", a.raw)
	}
	c.want(204, "", "POST", users+"/"+ada+"/signOut", nil)
	c.want(404, "notFound", "POST", users+"/1/signOut", nil)
	if n := c.SignOuts(ada); n != 1 {
		t.Errorf("signed out %d times", n)
	}
}

func TestSearchForUsers(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	for query, want := range map[string][]string{
		"email='ada@acme.example'": {ada}, "email:A.byron@acme.example": {ada}, "email=nobody@acme.example": nil, "email='o\\'hara@acme.example'": nil,
	} {
		a := c.want(200, "", "GET", users+"?customer=my_customer&query="+strings.NewReplacer("'", "%27", `\`, "%5C").Replace(query), nil)
		if got := a.strings("users", "id"); !slices.Equal(got, want) {
			t.Errorf("%s: %v", query, got)
		}
	}
	if got := c.want(200, "", "GET", users+"?domain=acme.example&maxResults=2", nil); len(got.strings("users", "id")) != 2 || got.body["nextPageToken"] == nil {
		t.Errorf("got %s", got.raw)
	}
	c.want(400, "invalid", "GET", users+"?customer=my_customer&query=isAdmin=true", nil)
	c.want(400, "badRequest", "GET", users, nil)
}

func TestRenamesAndDeletions(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	if err := c.AddMemberByHand(team, ada, googlesim.Member, "x"); err != nil {
		t.Fatal(err)
	}
	if err := c.Rename(ada, "lovelace@acme.example"); err != nil {
		t.Fatal(err)
	}
	if a := c.want(200, "", "GET", users+"/ada@acme.example", nil); a.body["primaryEmail"] != "lovelace@acme.example" {
		t.Errorf("the old address leads to %v", a.body["primaryEmail"])
	}
	if err := c.DeleteAlias("ada@acme.example"); err != nil {
		t.Fatal(err)
	}
	c.want(404, "notFound", "GET", users+"/ada@acme.example", nil)
	if err := c.DeleteUser(ada); err != nil {
		t.Fatal(err)
	}
	c.want(404, "notFound", "GET", users+"/"+ada, nil)
	if got := c.Members(team); len(got) != 0 {
		t.Errorf("a deleted user is still a member: %v", got)
	}
	if err := c.DeleteGroup(team); err != nil {
		t.Fatal(err)
	}
	again, err := c.CreateGroup(googlesim.Group{Email: "team@acme.example", Name: "Team"})
	if err != nil || again == team {
		t.Fatalf("the same address again is %q, %v", again, err)
	}
	c.want(404, "notFound", "GET", "/admin/directory/v1/groups/"+team, nil)
}

func TestReports(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	now := c.clock()
	record := func(name, app string, ago time.Duration) {
		t.Helper()
		if err := c.Record(googlesim.ReportSAML, name, ada, now.Add(-ago), map[string]string{"application_name": app}); err != nil {
			t.Fatal(err)
		}
	}
	record(googlesim.LoginSuccess, "Pay", 181*24*time.Hour)
	record(googlesim.LoginSuccess, "Pay", 48*time.Hour)
	record(googlesim.LoginFailure, "Pay", 24*time.Hour)
	record(googlesim.LoginSuccess, "Wiki", 12*time.Hour)
	record(googlesim.LoginSuccess, "Pay", 72*time.Hour) // late
	const base = "/admin/reports/v1/activity/users/"
	for path, want := range map[string]int{
		ada + "/applications/saml":                                                       4,
		"all/applications/saml?eventName=login_success":                                  3,
		ada + "/applications/saml?eventName=login_success&filters=application_name==Pay": 2,
		ada + "/applications/saml?filters=application_name%3C%3EPay":                     1,
		ada + "/applications/saml?startTime=2026-05-03T00:00:00Z":                        2,
		ada + "/applications/saml?endTime=2026-05-03T00:00:00Z":                          2,
		ada + "/applications/token":                                                      0,
		clerk + "/applications/saml":                                                     0,
	} {
		if got := c.want(200, "", "GET", base+path, nil); len(got.strings("items", "kind")) != want {
			t.Errorf("%s: %s", path, got.raw)
		}
	}
	a := c.want(200, "", "GET", base+ada+"/applications/saml?maxResults=1", nil)
	if !strings.Contains(string(a.raw), "Wiki") {
		t.Errorf("the newest does not come first: %s", a.raw)
	}
	if a = c.want(200, "", "GET", base+ada+"/applications/saml?maxResults=9&pageToken="+a.body["nextPageToken"].(string), nil); len(a.strings("items", "kind")) != 3 {
		t.Errorf("the rest: %s", a.raw)
	}
	c.want(400, "invalid", "GET", base+ada+"/applications/saml?startTime=2026-05-05T00:00:00Z", nil)
	c.want(400, "invalid", "GET", base+"1/applications/saml", nil)
	if a := c.call(clerk, "GET", base+"all/applications/saml", nil); a.status != 403 || a.reason != "forbidden" {
		t.Errorf("an admin of groups reads reports: %d %s", a.status, a.reason)
	}
}

func TestAdminRolesOfGroups(t *testing.T) {
	t.Parallel()
	c := open(t, func(cfg *googlesim.Config) {
		cfg.Groups = append(cfg.Groups, googlesim.Group{ID: "0admins00000001", Email: "admins@acme.example", AdminRole: true})
	})
	const base = "/admin/directory/v1/customer/my_customer/roleassignments"
	for query, want := range map[string][]string{"": {"0admins00000001"}, "?userKey=0admins00000001": {"0admins00000001"}, "?userKey=" + team: nil} {
		if got := c.want(200, "", "GET", base+query, nil).strings("items", "assignedTo"); !slices.Equal(got, want) {
			t.Errorf("%s: %v", query, got)
		}
	}
	c.want(404, "notFound", "GET", base+"?userKey=0nothing0000001", nil)
}
