package graphsim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"usher/sandbox/graphsim"
)

func TestFilters(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	index := *o
	index.index = true
	for filter, want := range map[string][]string{
		"mail eq 'ADA@suite.example'": {ada},
		"mail eq 'ada@suite.example' or userPrincipalName eq 'cyd@suite.example'":     {ada, cyd},
		"displayName eq 'Bob O''Hara'":                                                {bob},
		"proxyAddresses/any(p:p eq 'smtp:ada@suite.example')":                         {ada},
		"accountEnabled eq false":                                                     {cyd},
		"accountEnabled eq true and (department eq 'Engines' or id eq '" + bob + "')": {ada, bob},
		"startswith(userPrincipalName,'b')":                                           {bob},
		"department eq null":                                                          {bob, cyd},
		"createdDateTime ge 2020-01-01T00:00:00Z":                                     {ada, bob, cyd},
		"mail eq 'x'' or mail ne ''x'":                                                {},
	} {
		equal(t, filter, o.get("/users?$filter="+filter).ids(t), want)
	}
	equal(t, "advanced", index.get("/users?$count=true&$filter=not(accountEnabled eq true)").ids(t), []string{cyd})
	equal(t, "advanced", index.get("/users?$count=true&$filter=department ne 'Engines'").ids(t), []string{bob, cyd})
	equal(t, "advanced", index.get("/users/"+ada+"/memberOf?$count=true&$filter=displayName eq 'CRM'").ids(t), []string{crm})
	for _, query := range []string{
		"mail ne 'x'", "not(mail eq 'x')", "endswith(mail,'x')", "officeLocation eq 'x'", "mail ge 7 eq", "shoe eq 'x'", "mail eq", "mail eq 'x", "mail eq 'x' or", "(mail eq 'x'",
		"mail eq 'x')", "eq 'x'", "proxyAddresses/any(p:q eq 'x')", "proxyAddresses eq 'x'", "startswith(mail)", "mail contains 'x'",
	} {
		if g := o.get("/users?$filter=" + query); g.status != 400 {
			t.Errorf("%s: %d %s", query, g.status, g.body)
		}
	}
	o.get("/users/"+ada+"/memberOf?$filter=displayName eq 'CRM'").refusal(t, 400, "Request_UnsupportedQuery")
	if n := len(o.get("/auditLogs/signIns?$filter=userId eq '" + ada + "' and status/errorCode eq 0").ids(t)); n != 1 {
		t.Errorf("%d sign-ins", n)
	}
	if n := len(o.get("/auditLogs/signIns?$filter=status/errorCode eq 50126 and createdDateTime ge 2026-06-01T08:00:00Z").ids(t)); n != 1 {
		t.Errorf("%d failed sign-ins", n)
	}
}

func FuzzFilter(f *testing.F) {
	for _, seed := range []string{"mail eq 'x'", "a/any(p:p eq 'y')", "not (a ne 1)", "startswith(a,'b')", "((((", "'", "a eq 2026-01-01T00:00:00Z"} {
		f.Add(seed)
	}
	cfg := company(newClock())
	cfg.Limits.ResourceUnits = 1 << 30
	sim, err := graphsim.New(cfg)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o := &tenant{Server: sim, t: t}
		if status := o.direct("/v1.0/users", text); status != 200 && status != 400 {
			t.Errorf("%q: %d", text, status)
		}
	})
}

func TestSelectAndExpand(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	plain := o.get("/users/"+ada).want(t, 200).object(t)
	if _, unasked := plain["department"]; unasked || plain["surname"] != "Lane" || plain["accountEnabled"] != nil {
		t.Errorf("unasked: %v", plain)
	}
	few := o.get("/users/"+bob+"?$select=id,department,accountEnabled&$expand=manager($select=id)").want(t, 200).object(t)
	if few["department"] != nil || few["accountEnabled"] != true || few["manager"].(map[string]any)["id"] != ada || few["displayName"] != nil {
		t.Errorf("asked for: %v", few)
	}
	groups := o.get("/groups?$select=id,isAssignableToRole&$expand=owners").want(t, 200).object(t)["value"].([]any)
	if owners := groups[0].(map[string]any)["owners"].([]any); len(owners) != 1 || owners[0].(map[string]any)["id"] != bob {
		t.Errorf("owners: %v", groups[0])
	}
	if o.get("/users/"+bob+"/manager").want(t, 200).object(t)["id"] != ada {
		t.Error("the manager is another")
	}
	o.get("/users/"+ada+"/manager").refusal(t, 404, "Request_ResourceNotFound")
	for _, path := range []string{
		"/users?$select=shoe", "/users?$expand=shoe", "/users?$expand=manager($filter=x)", "/users?$orderby=mail", "/users?$skip=1", "/users?$top=0", "/users?$top=1000",
		"/users?$top=x", "/users?$skiptoken=rubbish", "/users?$count=true", "/groups/" + crm + "/members/$count", "/groups?$search=\"x\"",
	} {
		if g := o.get(path); g.status != 400 {
			t.Errorf("%s: %d %s", path, g.status, g.body)
		}
	}
	o.get("/shoes").refusal(t, 400, "BadRequest")
	o.call("PUT", "/users/"+ada, "{}").want(t, 405)
}

func TestPagesCoverTheListOnce(t *testing.T) {
	t.Parallel()
	cfg := company(newClock())
	for i := range 250 {
		cfg.Users = append(cfg.Users, graphsim.User{UserPrincipalName: fmt.Sprintf("crowd%d@suite.example", i)})
	}
	o := start(t, cfg)
	for _, top := range []int{7, 100, 253, 999} {
		seen, pages := map[string]bool{}, 0
		for next := fmt.Sprintf("/users?$select=id&$top=%d", top); next != ""; pages++ {
			page := o.get(next)
			for _, id := range page.ids(t) {
				if seen[id] {
					t.Fatalf("%s is listed twice", id)
				}
				seen[id] = true
			}
			next, _ = page.object(t)["@odata.nextLink"].(string)
			if next != "" && (!strings.HasPrefix(next, o.url+"/v1.0/users?") || !strings.Contains(next, "$skiptoken=")) {
				t.Fatalf("the link is %s", next)
			}
		}
		if len(seen) != 253 || pages != (253+top-1)/top {
			t.Errorf("$top=%d: %d people on %d pages", top, len(seen), pages)
		}
	}
	if n := len(o.get("/users").ids(t)); n != 100 {
		t.Errorf("a page without $top has %d", n)
	}
	if n := len(o.get("/users?$select=id,signInActivity&$top=999").ids(t)); n != 120 {
		t.Errorf("a page with sign-ins has %d", n)
	}
}

func TestOperationsAndFaultsHaveNames(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	names := o.Operations()
	for _, want := range []string{"user.get", "group.member.add", "group.member.remove", "group.member.delete", "pim.request", "token", "discovery"} {
		if !slices.Contains(names, want) {
			t.Errorf("no operation %s in %v", want, names)
		}
	}
	o.get("/users/" + ada)
	calls := o.Calls()
	if last := calls[len(calls)-1]; last.Name != "user.get" || last.Status != 200 || !strings.Contains(last.Reply, "Lane") || last.Changed {
		t.Errorf("the last call is %+v", last)
	}
	for _, c := range calls {
		if c.Name == "token" && (c.Body != "" || c.Reply != "" || c.Query != "") {
			t.Errorf("the log shows a sign-in: %+v", c)
		}
	}
	o.ResetCalls()
	if len(o.Calls()) != 0 {
		t.Error("the calls are not forgotten")
	}
}
