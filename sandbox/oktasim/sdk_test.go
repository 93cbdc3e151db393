package oktasim_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/okta/okta-sdk-golang/v5/okta"

	"usher/sandbox/oktasim"
)

// officialClient is Okta's own Go client pointed at the organization.
func officialClient(t *testing.T, o *org) *okta.APIClient {
	t.Helper()
	cfg, err := okta.NewConfiguration(
		okta.WithOrgUrl(o.url), okta.WithToken(o.secret), okta.WithCache(false), okta.WithTestingDisableHttpsCheck(true),
		okta.WithHttpClientPtr(o.client), okta.WithRateLimitMaxRetries(1), okta.WithRateLimitMaxBackOff(1),
	)
	if err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(o.url)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Host = target.Host // the SDK drops the port
	return okta.NewAPIClient(cfg)
}

func TestOfficialClientManagesMembers(t *testing.T) {
	t.Parallel()
	cfg := company(newClock())
	crowd(&cfg, 5)
	o := start(t, cfg)
	client := officialClient(t, o)
	ctx := t.Context()
	for range 2 {
		if resp, err := client.GroupAPI.AssignUserToGroup(ctx, "00g1", "00u2").Execute(); err != nil || resp.StatusCode != http.StatusNoContent {
			t.Fatalf("assign: %v %v", resp, err)
		}
	}
	equal(t, "members", o.Members("00g1"), []string{"00u1", "00u2", "00u4"})
	for range 2 {
		if _, err := client.GroupAPI.UnassignUserFromGroup(ctx, "00g1", "00u2").Execute(); err != nil {
			t.Fatalf("unassign: %v", err)
		}
	}
	equal(t, "members", o.Members("00g1"), []string{"00u1", "00u4"})

	var seen []string
	members, resp, err := client.GroupAPI.ListGroupUsers(ctx, "00g2").Limit(2).Execute()
	for {
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range members {
			seen = append(seen, m.GetId())
		}
		if !resp.HasNextPage() {
			break
		}
		next, err2 := url.Parse(resp.NextPage())
		if err2 != nil {
			t.Fatal(err2)
		}
		members, resp, err = client.GroupAPI.ListGroupUsers(ctx, "00g2").Limit(2).After(next.Query().Get("after")).Execute()
	}
	equal(t, "paged", seen, o.Members("00g2"))

	_, err = client.GroupAPI.AssignUserToGroup(ctx, "00gx", "00u2").Execute()
	var failure *okta.GenericOpenAPIError
	if failure, _ = err.(*okta.GenericOpenAPIError); failure == nil { //nolint:errorlint // the SDK returns it unwrapped
		t.Fatalf("assign to no group: %T %v", err, err)
	}
	if model, isError := failure.Model().(okta.Error); !isError || model.GetErrorCode() != "E0000007" {
		t.Errorf("model: %+v", failure.Model())
	}
}

func TestOfficialClientDecodesEverythingItReads(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	client := officialClient(t, o)
	ctx := t.Context()
	user, _, err := client.UserAPI.GetUser(ctx, "cyd@example.com").Execute()
	if err != nil {
		t.Fatal(err)
	}
	badge, found := user.Profile.AdditionalProperties["badge"]
	if user.GetId() != "00u3" || user.Profile.GetDepartment() != "Sales" || !found || badge != nil || user.LastLogin.Get() != nil {
		t.Errorf("user: %+v", user)
	}
	users, _, err := client.UserAPI.ListUsers(ctx).Search(`profile.department eq "Engineering"`).Execute()
	if err != nil || len(users) != 1 || users[0].GetId() != "00u1" {
		t.Errorf("search: %v %v", users, err)
	}
	groups, _, err := client.GroupAPI.ListGroups(ctx).Expand("stats").Execute()
	if err != nil || len(groups) != 5 || groups[2].GetEmbedded()["stats"]["hasAdminPrivilege"] != true {
		t.Errorf("groups: %+v %v", groups, err)
	}
	group, _, err := client.GroupAPI.GetGroup(ctx, "00g4").Execute()
	if err != nil || group.GetType() != oktasim.AppGroup {
		t.Errorf("group: %+v %v", group, err)
	}
	of, _, err := client.UserAPI.ListUserGroups(ctx, "00u1").Execute()
	if err != nil || len(of) != 3 {
		t.Errorf("groups of the user: %v %v", of, err)
	}
	rules, _, err := client.GroupAPI.ListGroupRules(ctx).Execute()
	if err != nil || len(rules) != 1 || rules[0].Actions.AssignUserToGroups.GroupIds[0] != "00g2" {
		t.Errorf("rules: %+v %v", rules, err)
	}
	roles, _, err := client.RoleAssignmentAPI.ListGroupAssignedRoles(ctx, "00g3").Execute()
	if err != nil || len(roles) != 1 {
		t.Errorf("roles: %+v %v", roles, err)
	}
	apps, _, err := client.ApplicationAPI.ListApplications(ctx).Execute()
	if err != nil || len(apps) != 3 {
		t.Errorf("apps: %+v %v", apps, err)
	}
	ofGroup, _, err := client.GroupAPI.ListAssignedApplicationsForGroup(ctx, "00g2").Execute()
	if err != nil || len(ofGroup) != 2 {
		t.Errorf("apps of the group: %+v %v", ofGroup, err)
	}
	appUsers, _, err := client.ApplicationUsersAPI.ListApplicationUsers(ctx, "0oa1").Execute()
	if err != nil || len(appUsers) != 2 {
		t.Errorf("users of the app: %+v %v", appUsers, err)
	}
	created, _, err := client.GroupAPI.CreateGroup(ctx).Group(okta.Group{Profile: &okta.GroupProfile{Name: okta.PtrString("made")}}).Execute()
	if err != nil || !strings.HasPrefix(created.GetId(), "00g") {
		t.Errorf("create: %+v %v", created, err)
	}
	if _, err = client.UserAPI.DeactivateUser(ctx, "00u3").Execute(); err != nil {
		t.Errorf("deactivate: %v", err)
	}
}

func TestOfficialClientReadsTheLog(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	client := officialClient(t, o)
	since, until := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC)
	events, resp, err := client.SystemLogAPI.ListLogEvents(t.Context()).Since(since).Until(until).
		Filter(sso + ` and outcome.result eq "FAILURE"`).Execute()
	if err != nil || len(events) != 1 || events[0].Actor.GetId() != "00u2" || resp.HasNextPage() {
		t.Errorf("log: %+v %v", events, err)
	}
	// The number of the network of the last sign-on is larger than the SDK's field for it.
	if _, _, err = client.SystemLogAPI.ListLogEvents(t.Context()).Since(since).Until(until).Execute(); err == nil {
		t.Error("the SDK has learned to read large network numbers: say so in the adapter")
	}
	_, resp, err = client.SystemLogAPI.ListLogEvents(t.Context()).Filter(`eventType eq "no.such.event"`).Execute()
	if err != nil || !resp.HasNextPage() {
		t.Errorf("polling without a next page: %v", err)
	}
}

func TestOfficialClientWaitsForTheRateLimit(t *testing.T) {
	t.Parallel()
	cfg := company(newClock())
	cfg.Now = time.Now
	o := start(t, cfg)
	client := officialClient(t, o)
	o.Inject(oktasim.Fault{Name: "group.get", Kind: oktasim.RateLimit, Times: 1, After: time.Second})
	group, _, err := client.GroupAPI.GetGroup(t.Context(), "00g1").Execute()
	if err != nil || group.GetId() != "00g1" {
		t.Fatalf("after one 429: %v", err)
	}
	calls := o.Calls()
	if len(calls) != 2 || calls[0].Status != 429 || calls[1].Status != 200 {
		t.Errorf("calls: %+v", calls)
	}
}
