package jirasim

import (
	"strings"
	"testing"
)

func TestCreateAnswersIDKeyAndSelfOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, api := range []string{"2", "3"} {
		g := s.call("POST", api+"/issue", request()).want(201)
		m := g.json.(map[string]any)
		if len(m) != 3 {
			t.Errorf("reply has more than id, key and self: %s", g.raw)
		}
		id, isString := m["id"].(string)
		if !isString || m["self"] != s.base+"/rest/api/"+api+"/issue/"+id {
			t.Errorf("id or self is wrong: %s", g.raw)
		}
	}
	s.call("GET", "2/issue/ACCESS-2", nil).want(200).is("key", "ACCESS-2", "fields.status.name", "Waiting for approval",
		"fields.reporter.accountId", BotAccount, "fields.creator.accountId", BotAccount, "fields.created", "2024-01-01T10:00:00.000+0000",
		"fields.resolution", nil, "fields."+FieldRisk, nil, "fields.priority.name", "Medium")
}

func TestCreateTakesEveryKindOfField(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	alice := s.cfg.Accounts[2].AccountID
	key := s.open(
		field("description", "h2. Why\n*now*"), field(FieldApplication, "Figma"), field(FieldRisk, object{"value": "High"}),
		field(FieldAccessEnds, "2024-01-02T10:00:30.000+0000"), field(FieldAccessFor, object{"accountId": alice}),
		field("reporter", object{"id": alice}), field("labels", []string{"b", "a", "b"}), field("duedate", "2024-02-01"),
		field("priority", object{"name": "High"}),
	)
	s.call("GET", "2/issue/"+key, nil).want(200).is(
		"fields.description", "h2. Why\n*now*", "fields."+FieldApplication, "Figma", "fields."+FieldRisk+".value", "High",
		"fields."+FieldRisk+".id", "10203", "fields."+FieldAccessEnds, "2024-01-02T10:00:00.000+0000",
		"fields."+FieldAccessFor+".displayName", "Alice Archer", "fields.reporter.accountId", alice,
		"fields.creator.accountId", BotAccount, "fields.labels", "[a b]", "fields.duedate", "2024-02-01", "fields.priority.id", "2",
	)
	s.call("GET", "3/issue/"+key, nil).want(200).is(
		"fields.description.type", "doc", "fields.description.version", 1, "fields.description.content.0.type", "heading",
		"fields.description.content.1.content.0.marks.0.type", "strong", "fields."+FieldApplication, "Figma",
	)
}

func TestCreateRefusesWithJirasSentences(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxText+1)
	doc := func(s string) object {
		return object{"type": "doc", "version": 1, "content": []any{object{"type": "paragraph", "content": []any{object{"type": "text", "text": s}}}}}
	}
	offScreen := "Field 'environment' cannot be set. It is not on the appropriate screen, or unknown."
	for name, tt := range map[string]struct {
		api   string
		field string
		value any
		at    string
		say   string
	}{
		"unknown project":     {"2", "project", object{"key": "NOPE"}, "project", "Specify a valid project ID or key"},
		"no type":             {"2", "issuetype", nil, "issuetype", "Specify an issue type"},
		"unknown type":        {"2", "issuetype", object{"name": "Bug"}, "issuetype", "Specify a valid issue type"},
		"no summary":          {"2", "summary", "  ", "summary", "You must specify a summary of the issue."},
		"summary of lines":    {"2", "summary", "a\nb", "summary", "The summary is invalid because it contains newline characters."},
		"long summary":        {"2", "summary", strings.Repeat("x", 256), "summary", "Summary can't exceed 255 characters."},
		"off screen":          {"2", "environment", "x", "environment", offScreen},
		"unknown field":       {"2", "customfield_9", "x", "customfield_9", "Field 'customfield_9' cannot be set. It is not on the appropriate screen, or unknown."},
		"status":              {"2", "status", object{"name": "Done"}, "status", "Field 'status' cannot be set. It is not on the appropriate screen, or unknown."},
		"label with space":    {"2", "labels", []string{"a b"}, "labels", "The label 'a b' contains spaces which is invalid."},
		"labels not a list":   {"2", "labels", "a", "labels", "data was not an array"},
		"option":              {"2", FieldRisk, object{"value": "Huge"}, FieldRisk, "Option value 'Huge' is not valid"},
		"option as text":      {"2", FieldRisk, "High", FieldRisk, "Specify a valid 'id' or 'name' for Risk"},
		"long text field":     {"2", FieldRole, strings.Repeat("x", 256), FieldRole, "The entered text is too long. It exceeds the allowed limit of 255 characters."},
		"number for text":     {"2", FieldRole, 7, FieldRole, "Operation value must be a string"},
		"bad time":            {"2", FieldAccessEnds, "tomorrow", FieldAccessEnds, "Error parsing time: tomorrow"},
		"bad date":            {"2", "duedate", "01.02.2024", "duedate", "Error parsing date string: 01.02.2024"},
		"unknown user":        {"2", FieldAccessFor, object{"accountId": "nobody"}, FieldAccessFor, "Specify a valid value for access for"},
		"document in v2":      {"2", "description", doc("x"), "description", "Operation value must be a string"},
		"string in v3":        {"3", "description", "x", "description", "Operation value must be an Atlassian Document (see the Atlassian Document Format)"},
		"broken doc":          {"3", "description", object{"type": "doc", "version": 1, "content": []any{object{"type": "blink"}}}, "", "INVALID_INPUT"},
		"empty text in doc":   {"3", "description", doc(""), "", "INVALID_INPUT"},
		"long description v2": {"2", "description", long, "description", "The entered text is too long. It exceeds the allowed limit of 32767 characters."},
		"long description v3": {"3", "description", doc(long), "", "CONTENT_LIMIT_EXCEEDED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.call("POST", tt.api+"/issue", request(field(tt.field, tt.value))).refused(400, tt.at, tt.say)
			if n := len(s.Issues()); n != 0 {
				t.Errorf("%d issues were made all the same", n)
			}
		})
	}
}

func TestRefusedCreatesLeaveGaps(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first := s.call("POST", "2/issue", request()).want(201)
	s.call("POST", "2/issue", request(field("labels", []string{"a b"}))).want(400)
	second := s.call("POST", "2/issue", request()).want(201)
	first.is("key", "ACCESS-1", "id", "10001")
	second.is("key", "ACCESS-3", "id", "10003")
}

func TestCreateNeedsPermissions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	set := func(key string, have bool) {
		if err := s.SetPermission(BotAccount, key, have); err != nil {
			t.Fatal(err)
		}
	}
	set("MODIFY_REPORTER", false)
	s.call("POST", "2/issue", request(field("reporter", object{"accountId": AdminAccount}))).
		refused(400, "reporter", "Field 'reporter' cannot be set. It is not on the appropriate screen, or unknown.")
	set("CREATE_ISSUES", false)
	s.call("POST", "2/issue", request()).want(403)
	set("BROWSE_PROJECTS", false)
	s.call("POST", "2/issue", request()).refused(400, "project", "Specify a valid project ID or key")
}

func TestCreateRequiresWhatTheProjectRequires(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *Config) { c.Projects[0].Required = []string{FieldRisk} })
	s.call("POST", "2/issue", request()).refused(400, FieldRisk, "Risk is required.")
	s.open(field(FieldRisk, object{"id": "10201"}))
	g := s.call("GET", "3/issue/createmeta/ACCESS/issuetypes/10101", nil).want(200)
	if list := g.list("fields", "fieldId"); !strings.Contains(list, FieldRisk) || !strings.Contains(list, "reporter") {
		t.Errorf("create metadata lists %s", list)
	}
}

func TestCreateReadsOperationsAndPropertiesAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	body := request()
	body["update"] = object{FieldRole: []any{object{"set": "Editor"}}}
	body["properties"] = []any{object{"key": "usher", "value": object{"request": "r1"}}}
	key := s.call("POST", "2/issue", body).want(201).at("key").(string)
	is, _ := s.Issue(key)
	if is.Fields[FieldRole] != "Editor" || string(is.Properties["usher"]) != `{"request":"r1"}` {
		t.Errorf("issue is %+v", is)
	}
	body["properties"] = []any{object{"key": strings.Repeat("k", 256), "value": 1}}
	s.call("POST", "2/issue", body).want(400)
	body["properties"] = []any{object{"key": "usher", "value": strings.Repeat("v", maxProperty)}}
	s.call("POST", "2/issue", body).refused(400, "", "The maximum length of the property value is 32768 characters.")
	if n := len(s.Issues()); n != 1 {
		t.Errorf("a refused property left %d issues, want 1", n)
	}
}

func TestBodiesThatAreNotJSON(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.call("POST", "2/issue", "{").refused(400, "", "There was an error parsing JSON. Check that your request body is valid.")
	s.call("POST", "2/issue", "[]").want(400)
	s.call("POST", "2/issue", nil).want(415)
}

func TestEditIsOneChangelogEntry(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	key := s.open()
	s.clock.add(1500e6)
	s.call("PUT", "2/issue/"+key, object{
		"fields": object{"summary": "Figma for Bob", FieldRisk: object{"value": "Low"}},
		"update": object{
			"labels":  []any{object{"add": "x"}, object{"remove": "acc-1"}},
			"comment": []any{object{"add": object{"body": "changed"}}},
		},
		"transition": object{"id": "11"},
	}).want(204)
	is, _ := s.Issue(key)
	if len(is.Changelog) != 1 || len(is.Changelog[0].Items) != 3 || len(is.Comments) != 1 {
		t.Fatalf("history %+v, comments %+v", is.Changelog, is.Comments)
	}
	if is.Status != "Waiting for approval" {
		t.Error("an edit moved the issue")
	}
	s.call("GET", "3/issue/"+key+"/changelog", nil).want(200).is(
		"total", 1, "isLast", true, "values.0.author.accountId", BotAccount, "values.0.created", "2024-01-01T10:00:01.500+0000",
		"values.0.items.0.field", "Risk", "values.0.items.0.fieldtype", "custom", "values.0.items.0.toString", "Low",
		"values.0.items.0.to", "10201", "values.0.items.0.from", nil,
		"values.0.items.1.field", "labels", "values.0.items.1.fromString", "acc-1", "values.0.items.1.toString", "x",
		"values.0.items.2.field", "summary",
	)
	s.call("GET", "2/issue/"+key, nil).is("fields.updated", "2024-01-01T10:00:01.500+0000")
	s.call("PUT", "2/issue/"+key, object{"fields": object{"labels": []string{}}, "update": object{"labels": []any{}}}).want(400)
	s.call("PUT", "2/issue/"+key, object{"fields": object{FieldRisk: nil}}).want(204)
	if is, _ = s.Issue(key); is.Fields[FieldRisk] != nil {
		t.Error("null did not unset the field")
	}
}

func TestNotifyUsersNeedsAnAdministrator(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	key := s.open()
	s.call("PUT", "2/issue/"+key+"?notifyUsers=false", object{"fields": object{"summary": "a"}}).want(204)
	s.admin().call("PUT", "2/issue/"+key+"?notifyUsers=false", object{"fields": object{"summary": "b"}}).want(204)
	is, _ := s.Issue(key)
	if is.Changelog[0].Quiet || !is.Changelog[1].Quiet {
		t.Errorf("quiet: bot %v, admin %v", is.Changelog[0].Quiet, is.Changelog[1].Quiet)
	}
}

func TestUnknownHiddenAndDeletedIssuesLookAlike(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	hidden, deleted := s.open(), s.open()
	if err := s.Hide(hidden, AdminAccount); err != nil {
		t.Fatal(err)
	}
	s.call("DELETE", "2/issue/"+deleted, nil).want(403)
	s.admin().call("DELETE", "2/issue/"+deleted, nil).want(204)
	for _, key := range []string{hidden, deleted, "ACCESS-99", "10999", "x"} {
		s.call("GET", "3/issue/"+key, nil).refused(404, "", noIssue)
		s.call("PUT", "3/issue/"+key, object{"fields": object{}}).refused(404, "", noIssue)
		s.call("GET", "3/issue/"+key+"/comment", nil).refused(404, "", noIssue)
	}
	s.admin().call("GET", "3/issue/"+hidden, nil).want(200)
	s.open()
	g := s.call("POST", "3/issue/bulkfetch", object{"issueIdsOrKeys": []string{hidden, "10002", "ACCESS-3", "ACCESS-99"}}).want(200)
	if g.is("issueErrors", "[]").list("issues", "key") != "ACCESS-3" {
		t.Errorf("bulk fetch says %s", g.raw)
	}
}
