package jirasim

import (
	"strings"
	"testing"
	"time"
)

func TestWhoMayCall(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *Config) { c.Accounts[1].TokenExpires = time.Date(2024, 1, 1, 11, 0, 0, 0, time.UTC) })
	const say = "Client must be authenticated to access this resource."
	scoped := s.cfg.Accounts[0].ScopedToken
	gateway := "/ex/jira/" + s.cfg.CloudID + "/rest/api/3/myself"
	s.call("GET", "3/myself", nil).want(200).is("accountId", BotAccount, "accountType", "app", "emailAddress", BotEmail, "timeZone", "UTC")
	if got := s.call("GET", "3/myself", nil).header.Get("Content-Type"); got != "application/json;charset=UTF-8" {
		t.Errorf("content type is %s", got)
	}
	s.as(strings.ToUpper(BotEmail), BotToken).call("GET", "2/myself", nil).want(200)
	s.as(BotEmail, "wrong").call("GET", "3/myself", nil).refused(401, "", say)
	s.as("nobody@example.com", BotToken).call("GET", "3/field", nil).refused(401, "", say)
	s.as("", "").call("GET", "3/field", nil).refused(401, "", say)
	s.as("", "").call("GET", "3/serverInfo", nil).want(200)
	s.as("", "x").as(BotEmail, "wrong").call("GET", "3/serverInfo", nil).want(401)
	s.as(BotEmail, scoped).call("GET", "3/myself", nil).want(401)
	s.call("GET", gateway, nil).want(401)
	g := s.as(BotEmail, scoped).call("GET", gateway, nil).want(200)
	if self, _ := g.at("self").(string); !strings.HasPrefix(self, s.base+"/ex/jira/"+s.cfg.CloudID+"/rest/api/3/user?accountId=") {
		t.Errorf("self is %s", self)
	}
	s.admin().call("GET", "3/myself", nil).want(200)
	s.clock.add(time.Hour)
	s.admin().call("GET", "3/myself", nil).want(401)

	if err := s.ExpireToken(BotAccount); err != nil {
		t.Fatal(err)
	}
	s.call("POST", "2/issue", request()).refused(401, "", say)
	if err := s.SetToken(BotAccount, "fresh"); err != nil {
		t.Fatal(err)
	}
	s.as(BotEmail, "fresh").call("POST", "2/issue", request()).want(201)
	if err := s.SetActive(BotAccount, false); err != nil {
		t.Fatal(err)
	}
	s.as(BotEmail, "fresh").call("GET", "3/myself", nil).want(401)
}

func TestUsersAreKnownByAccountIDOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	alice, carol := s.cfg.Accounts[2], s.cfg.Accounts[4]
	s.call("GET", "3/user?accountId="+alice.AccountID, nil).want(200).is("emailAddress", alice.Email, "accountType", "atlassian", "active", true)
	s.call("GET", "3/user?accountId="+carol.AccountID, nil).want(200).is("displayName", "Carol Cook", "emailAddress", nil)
	s.call("GET", "3/user?accountId=nobody", nil).want(404)
	s.call("GET", "3/user?username=alice", nil).refused(400, "", "The query parameter 'username' is not supported in GDPR strict mode.")
	s.call("GET", "3/user?key=alice", nil).want(400)
	s.call("GET", "3/user/search", nil).want(400)
	s.call("GET", "3/user/search?username=x", nil).want(400)
	for query, want := range map[string]string{
		"alice": "Alice Archer", "ALICE%40example.com": "Alice Archer", "arch": "Alice Archer", "carol%40example.com": "Carol Cook",
		"carol%40exam": "", "cook": "Carol Cook", "dave": "", "a": "Access Bot Alice Archer",
	} {
		if got := s.call("GET", "3/user/search?query="+query, nil).want(200).list("", "displayName"); got != want {
			t.Errorf("%s finds %q, want %q", query, got, want)
		}
	}
	s.call("GET", "3/user/picker?query=bob", nil).want(200).is("total", 1, "users.0.displayName", "Bob Baker", "header", "Showing 1 of 1 matching users")
	s.call("GET", "3/user/assignable/search?project=ACCESS&query=bob", nil).want(200).is("0.displayName", "Bob Baker")
	s.call("GET", "3/user/assignable/search?query=bob", nil).want(400)
	if err := s.SetPermission(BotAccount, "USER_PICKER", false); err != nil {
		t.Fatal(err)
	}
	s.call("GET", "3/user/search?query=alice", nil).want(200).is("0", nil)
	s.call("GET", "3/user?accountId="+alice.AccountID, nil).want(404)
}

func TestDatesAreInTheZoneOfTheCaller(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *Config) { c.Accounts[0].TimeZone = "Europe/Berlin" })
	key := s.open()
	s.call("GET", "3/issue/"+key, nil).is("fields.created", "2024-01-01T11:00:00.000+0100")
	s.admin().call("GET", "3/issue/"+key, nil).is("fields.created", "2024-01-01T10:00:00.000+0000")
}

func TestMyPermissions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.call("GET", "3/mypermissions", nil).refused(400, "", "The 'permissions' query parameter is required.")
	s.call("GET", "3/mypermissions?permissions=FLY", nil).want(400)
	s.call("GET", "3/mypermissions?permissions=CREATE_ISSUES&projectKey=NOPE", nil).want(404)
	s.call("GET", "3/mypermissions?permissions=CREATE_ISSUES,ADMINISTER&projectKey=ACCESS", nil).want(200).
		is("permissions.CREATE_ISSUES.havePermission", true, "permissions.ADMINISTER.havePermission", false, "permissions.ADMINISTER.type", "GLOBAL")
}

func TestWhatTheSiteHas(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.call("GET", "3/serverInfo", nil).want(200).is("deploymentType", "Cloud", "baseUrl", s.base, "serverTime", "2024-01-01T10:00:00.000+0000")
	fields := s.call("GET", "3/field", nil).want(200)
	for _, want := range []string{"summary", "labels", FieldRisk, "statuscategorychangedate"} {
		if !strings.Contains(fields.list("", "id"), want) {
			t.Errorf("fields lack %s", want)
		}
	}
	s.call("GET", "3/project", nil).want(200).is("0.key", "ACCESS", "0.projectTypeKey", "software")
	s.call("GET", "3/project/search", nil).want(200).is("values.0.key", "ACCESS", "isLast", true)
	s.call("GET", "3/project/ACCESS", nil).want(200).is("issueTypes.0.name", "Access request", "lead.accountId", AdminAccount)
	s.call("GET", "3/project/10000", nil).want(200)
	s.call("GET", "3/project/NOPE", nil).refused(404, "", "No project could be found with key 'NOPE'.")
	s.call("GET", "3/project/77", nil).refused(404, "", "No project could be found with id '77'.")
	s.call("GET", "3/project/ACCESS/statuses", nil).want(200).is("0.name", "Access request", "0.statuses.0.statusCategory.key", "new")
	s.call("GET", "3/issuetype", nil).want(200).is("1.name", "Task")
	s.call("GET", "3/status", nil).want(200).is("1.name", "Approved")
	s.call("GET", "3/status/approved", nil).want(200).is("id", "10011")
	s.call("GET", "3/status/gone", nil).want(404)
	s.call("GET", "3/statuscategory", nil).want(200).is("3.key", "done")
	s.call("GET", "3/priority", nil).want(200).is("2.name", "Medium")
	s.call("GET", "3/resolution", nil).want(200).is("0.name", "Done")
	s.call("GET", "3/issue/createmeta/ACCESS/issuetypes", nil).want(200).is("total", 2, "issueTypes.0.id", "10101")
	s.call("GET", "3/issue/createmeta/NOPE/issuetypes", nil).want(400)
	s.call("GET", "3/issue/createmeta/ACCESS/issuetypes/1", nil).want(400)
	s.call("GET", "2/issue/createmeta/ACCESS/issuetypes/10101?maxResults=200", nil).want(200).
		is("fields.0.fieldId", "issuetype", "fields.2.fieldId", "summary", "fields.2.required", true)
	key := s.open()
	s.call("GET", "3/issue/"+key+"/editmeta", nil).want(200).is("fields.labels.operations.0", "add", "fields.comment.name", "Comment")
	g := s.call("GET", "3/issue/"+key+"?expand=names,schema,transitions,renderedFields,operations,editmeta&fields=summary,"+FieldRisk, nil).want(200)
	g.is("names."+FieldRisk, "Risk", "schema.summary.type", "string", "transitions.0.name", "Approve", "editmeta.fields.summary.required", true)
}

func TestPathsThatDoNotExist(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.call("GET", "3/nothing", nil).want(404).is("status-code", 404, "message", "null for uri: "+s.base+"/rest/api/3/nothing")
	s.call("GET", "/rest/api/4/myself", nil).want(404)
	s.call("PATCH", "3/myself", nil).want(405)
	if g := s.call("GET", "/browse/ACCESS-1", nil).want(404); !strings.Contains(g.header.Get("Content-Type"), "text/html") {
		t.Errorf("content type is %s", g.header.Get("Content-Type"))
	}
	s.call("GET", "/rest/api/latest/myself", nil).want(200)
}

func TestNewRefusesBadSites(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*Config){
		"no accounts":        func(c *Config) { c.Accounts = nil },
		"double account":     func(c *Config) { c.Accounts[1].AccountID = c.Accounts[0].AccountID },
		"bad zone":           func(c *Config) { c.Accounts[0].TimeZone = "Mars/Base" },
		"bad key":            func(c *Config) { c.Projects[0].Key = "access" },
		"no types":           func(c *Config) { c.Projects[0].IssueTypes = nil },
		"bad initial":        func(c *Config) { c.Projects[0].Workflow.Initial = "1" },
		"bad category":       func(c *Config) { c.Projects[0].Workflow.Statuses[0].Category = "open" },
		"transition nowhere": func(c *Config) { c.Projects[0].Workflow.Transitions[0].To = "1" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := DefaultConfig(nil)
			spoil(&cfg)
			if _, err := New(cfg); err == nil {
				t.Error("no error")
			}
		})
	}
}
