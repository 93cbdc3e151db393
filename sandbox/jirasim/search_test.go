package jirasim

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestOldSearchIsGone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const say = "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. " +
		"A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
	s.call("GET", "2/search?jql=project=ACCESS", nil).refused(410, "", say)
	s.call("POST", "3/search", object{"jql": "project = ACCESS"}).refused(410, "", say)
}

func TestSearchShowsIDsOnlyUnlessAsked(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.open()
	g := s.call("GET", "3/search/jql?jql=project%3DACCESS", nil).want(200)
	if g.raw != `{"isLast":true,"issues":[{"id":"10001"}]}` {
		t.Errorf("reply is %s", g.raw)
	}
	s.call("GET", "2/search/jql?jql=project%3DACCESS&fields=summary,labels", nil).
		is("issues.0.key", "ACCESS-1", "issues.0.fields.summary", "Figma for Alice", "issues.0.fields.status", nil)
	s.call("GET", "2/search/jql?jql=project%3DACCESS&fields=*all&fields=-comment", nil).
		is("issues.0.fields.status.name", "Waiting for approval", "issues.0.fields.comment", nil)
	s.call("GET", "2/search/jql?jql=project%3DACCESS&fields=*navigable&expand=names", nil).
		is("names.summary", "Summary", "issues.0.fields.comment", nil, "issues.0.names", nil)
}

func TestSearchPages(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *Config) { c.PageCap = 2 })
	for range 5 {
		s.open()
	}
	jql := "project = ACCESS ORDER BY key ASC"
	var seen []string
	body := object{"jql": jql, "fields": []string{"summary"}, "maxResults": 50}
	for range 3 {
		g := s.call("POST", "3/search/jql", body).want(200)
		seen = append(seen, g.list("issues", "key"))
		last := g.at("isLast") == true
		if (g.at("nextPageToken") == nil) != last || last != (len(seen) == 3) {
			t.Fatalf("page %d: %s", len(seen), g.raw)
		}
		body["nextPageToken"] = g.at("nextPageToken")
	}
	if fmt.Sprint(seen) != "[ACCESS-1 ACCESS-2 ACCESS-3 ACCESS-4 ACCESS-5]" {
		t.Errorf("pages are %q", seen)
	}
	token := s.call("POST", "3/search/jql", object{"jql": jql, "maxResults": 1}).at("nextPageToken")
	s.call("POST", "3/search/jql", object{"jql": "project = ACCESS", "nextPageToken": token}).want(400)
	s.call("POST", "3/search/jql", object{"jql": jql, "nextPageToken": "garbage"}).want(400)
	s.clock.add(8 * 24 * time.Hour)
	s.call("POST", "3/search/jql", object{"jql": jql, "nextPageToken": token}).want(400)
	if n := s.call("POST", "3/search/approximate-count", object{"jql": jql}).want(200).at("count"); n != 5.0 {
		t.Errorf("count is %v", n)
	}
	if n := len(s.call("POST", "3/search/jql", object{"jql": jql, "fields": []string{"key"}}).at("issues").([]any)); n != 5 {
		t.Errorf("a page of keys has %d", n)
	}
}

func TestSearchRefusesBadInput(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.open()
	const payload = "Invalid request payload. Refer to the REST API documentation and try again."
	const unbounded = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
	many := make([]int, 51)
	for name, tt := range map[string]struct {
		body object
		say  string
	}{
		"empty":             {object{"jql": ""}, unbounded},
		"none":              {object{}, unbounded},
		"order only":        {object{"jql": "order by key desc"}, unbounded},
		"unknown member":    {object{"jql": "project = ACCESS", "startAt": 0}, payload},
		"fields as text":    {object{"jql": "project = ACCESS", "fields": "summary"}, payload},
		"size as text":      {object{"jql": "project = ACCESS", "maxResults": "x"}, payload},
		"size zero":         {object{"jql": "project = ACCESS", "maxResults": 0}, "The value of the 'maxResults' parameter must be between 1 and 5000."},
		"too many ids":      {object{"jql": "project = ACCESS", "reconcileIssues": many}, "The number of issues to reconcile exceeds the maximum of 50."},
		"key to reconcile":  {object{"jql": "project = ACCESS", "reconcileIssues": []string{"ACCESS-1"}}, payload},
		"unknown project":   {object{"jql": "project = NOPE"}, "The value 'NOPE' does not exist for the field 'project'."},
		"unknown status":    {object{"jql": "status in (Done, Gone)"}, "The value 'Gone' does not exist for the field 'status'."},
		"unknown field":     {object{"jql": "colour = red"}, "Field 'colour' does not exist or you do not have permission to view it."},
		"unknown key":       {object{"jql": "key = ACCESS-9"}, "An issue with key 'ACCESS-9' does not exist for field 'key'."},
		"unknown function":  {object{"jql": "assignee = me()"}, "Unable to find JQL function 'me()'."},
		"no operator":       {object{"jql": "project"}, "Error in the JQL Query: Expecting operator before the end of the query. The valid operators are '=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'."},
		"open quote":        {object{"jql": `labels = "a`}, "Error in the JQL Query: The quoted string 'a' has not been completed. (line 1, character 10)"},
		"open list":         {object{"jql": "labels in (a, b"}, "Error in the JQL Query: Expecting ')' before the end of the query."},
		"two clauses":       {object{"jql": "labels = a labels = b"}, "Error in the JQL Query: Expecting either 'OR' or 'AND' but got 'labels'. (line 1, character 12)"},
		"reserved":          {object{"jql": "labels = a@b"}, "Error in the JQL Query: The character '@' is a reserved JQL character. You must enclose it in a string or use the escape '\\u0040' instead. (line 1, character 11)"},
		"label contains":    {object{"jql": "labels ~ a"}, "The operator '~' is not supported by the 'labels' field."},
		"summary equals":    {object{"jql": "summary = a"}, "The operator '=' is not supported by the 'summary' field."},
		"quoted epoch":      {object{"jql": `updated > "1704103200000"`}, "Date value '1704103200000' for field 'updated' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."},
		"ISO time":          {object{"jql": `updated > "2024-01-01T10:00:00Z"`}, "Date value '2024-01-01T10:00:00Z' for field 'updated' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."},
		"unknown sort":      {object{"jql": "project = ACCESS order by colour"}, "Not able to sort using field 'colour'."},
		"unsupported word":  {object{"jql": "status was Done"}, "The simulator does not know the JQL operator 'was'."},
		"eight sort fields": {object{"jql": "project = ACCESS order by key,key,key,key,key,key,key,key"}, "The 'orderBy' clause can contain a maximum of 7 fields."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			quiet := *s
			quiet.t = t
			quiet.callAnyBody("3/search/jql", tt.body).refused(400, "", tt.say)
		})
	}
	s.call("GET", "3/search/jql?jql=project%3DACCESS&maxResults=x", nil).want(400)
}

// callAnyBody posts a body that need not fit Jira's document.
func (s *site) callAnyBody(path string, body object) got {
	s.t.Helper()
	return s.call("POST", path, body)
}

func TestJQLFindsWhatItSays(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *Config) { c.Accounts[0].TimeZone = "America/New_York" })
	alice := s.cfg.Accounts[2].AccountID
	s.open(field("labels", []string{"acc-1", "vip"}), field("summary", "Figma for Alice"), field(FieldRisk, object{"value": "High"}))
	s.clock.add(90 * time.Second)
	s.open(field("labels", []string{"acc-2"}), field("summary", "GitHub for Bob"), field(FieldAccessFor, object{"accountId": alice}))
	s.clock.add(24 * time.Hour)
	s.open(field("labels", []string{}), field("summary", "Okta"), field("duedate", "2024-03-01"), field("description", "see [the page|https://e.x/y]"))
	s.transition("ACCESS-2", "Approved").want(204)
	for jql, want := range map[string]string{
		`project = ACCESS`: "3 2 1",
		`project = "Access requests" ORDER BY created ASC`:      "1 2 3",
		`project in (ACCESS, 10000) order by updated desc, key`: "2 3 1",
		`labels = acc-1`:                                              "1",
		`labels in ("acc-1", acc-2)`:                                  "2 1",
		`labels != acc-1`:                                             "2",
		`labels is EMPTY`:                                             "3",
		`labels is not null AND NOT labels = vip`:                     "2",
		`not (labels = acc-1 or labels is empty)`:                     "2",
		`labels = "ACC-1"`:                                            "",
		`status = Approved`:                                           "2",
		`status = 10011`:                                              "2",
		`status != approved`:                                          "3 1",
		`status not in (Approved, "Waiting for approval")`:            "",
		`statusCategory = "To Do"`:                                    "3 1",
		`statusCategory = 4 || statusCategory = Done`:                 "2",
		`key = access-2`:                                              "2",
		`id in (10001, 10003) && project = ACCESS`:                    "3 1",
		`issuekey > ACCESS-1`:                                         "3 2",
		`key != ACCESS-1`:                                             "3 2",
		`updated >= 1704103200000 and updated < 1704103290000`:        "1",
		`updated >= "2024-01-01 05:00" and updated < "2024-01-02"`:    "1",
		`created >= "2024/01/01 05:01"`:                               "3 2",
		`created >= -1d`:                                              "3 2",
		`created >= "-23h 30m"`:                                       "3",
		`created >= startOfDay()`:                                     "3",
		`created < startOfDay(-1d)`:                                   "",
		`created <= now() and created > endOfDay(-2d)`:                "3 2 1",
		`resolutiondate is empty and resolution = EMPTY`:              "3 2 1",
		`duedate = 2024-03-01`:                                        "3",
		`summary ~ "alice figma"`:                                     "1",
		`summary ~ "git*" or text ~ page`:                             "3 2",
		`summary !~ okta`:                                             "2 1",
		`creator = currentUser() and reporter = "` + BotAccount + `"`: "3 2 1",
		`assignee is empty`:                                           "3 2 1",
		`"Access for" = "` + alice + `"`:                              "2",
		`cf[10103] = High`:                                            "1",
		`Risk = 10203`:                                                "1",
		`priority = Medium and issuetype = "Access request"`:          "3 2 1",
		`type = Task`:                                                 "",
		`project = ACCESS and (labels = acc-1 or status = Approved) order by key`: "1 2",
		`labels = acc-1 or labels = acc-2 and status = Approved`:                  "2 1",
		`project = ACCESS order by status, key desc`:                              "2 3 1",
		`project = ACCESS order by summary`:                                       "1 2 3",
		`project = ACCESS order by priority desc, duedate desc, key`:              "3 1 2",
	} {
		if got := strings.ReplaceAll(s.search(jql), "ACCESS-", ""); got != want {
			t.Errorf("%s finds %q, want %q", jql, got, want)
		}
	}
}

func TestSearchLagsBehind(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *Config) { c.IndexLag = 30 * time.Second })
	find := func(want string, reconcile ...int) {
		t.Helper()
		body := object{"jql": "labels = acc-1", "fields": []string{"status"}}
		if reconcile != nil {
			body["reconcileIssues"] = reconcile
		}
		if got := s.call("POST", "3/search/jql", body).want(200).list("issues", "fields.status.name"); got != want {
			t.Errorf("search sees %q, want %q", got, want)
		}
	}
	key := s.open()
	s.call("GET", "3/issue/"+key, nil).want(200)
	find("")
	find("Waiting for approval", 10001)
	s.clock.add(29 * time.Second)
	find("")
	s.clock.add(time.Second)
	find("Waiting for approval")
	s.transition(key, "Approved").want(204)
	s.call("GET", "3/issue/"+key, nil).is("fields.status.name", "Approved")
	find("Waiting for approval")
	find("Approved", 10001, 4711)
	s.call("GET", "3/search/jql?jql=labels%3Dacc-1&fields=status&reconcileIssues=4711,10001", nil).is("issues.0.fields.status.name", "Approved")
	s.clock.add(10 * time.Second)
	s.call("PUT", "3/issue/"+key, object{"fields": object{"labels": []string{"other"}}}).want(204)
	find("Waiting for approval")
	find("", 10001)
	s.clock.add(20 * time.Second)
	find("Approved")
	s.clock.add(10 * time.Second)
	find("")
	s.SetIndexLag(0)
	if err := s.SetField(AdminAccount, key, "labels", []string{"acc-1"}); err != nil {
		t.Fatal(err)
	}
	find("Approved")
	if err := s.DeleteIssue(AdminAccount, key); err != nil {
		t.Fatal(err)
	}
	find("")
}

func TestSearchHidesWhatTheCallerMayNotSee(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	key := s.open()
	if err := s.Hide(key, AdminAccount); err != nil {
		t.Fatal(err)
	}
	if got := s.search("labels = acc-1"); got != "" {
		t.Errorf("the bot finds %s", got)
	}
	if got := s.admin().search("labels = acc-1"); got != key {
		t.Errorf("the admin finds %q", got)
	}
	s.call("POST", "3/search/jql", object{"jql": "key = " + key}).want(400)
}

func FuzzJQL(f *testing.F) {
	for _, seed := range []string{"project = A order by key", `a in ("x", y) or not (b ~ c)`, `updated >= -1d`, `!!(`, `cf[1] = f(1,"2")`} {
		f.Add(seed)
	}
	srv, err := New(DefaultConfig(nil))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, jql string) {
		c := &call{s: srv, api: "2", who: srv.people[0], at: time.Unix(0, 0)}
		if _, err := c.hits(jql, nil); err != nil && strings.TrimSpace(err.Error()) == "" {
			t.Error("an error without words")
		}
	})
}
