package jirasim

import (
	"strings"
	"testing"
)

func TestTransitionsAreThoseOfTheCurrentStatus(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	key := s.open()
	path := "3/issue/" + key + "/transitions"
	g := s.call("GET", path, nil).want(200)
	if names := g.list("transitions", "name"); names != "Approve Deny Cancel Grant Close Give up" {
		t.Errorf("a new issue offers %s", names)
	}
	g.is("transitions.0.to.name", "Approved", "transitions.0.to.statusCategory.key", "indeterminate", "transitions.0.hasScreen", true,
		"transitions.3.hasScreen", false, "transitions.0.isGlobal", false, "transitions.0.fields", nil)
	g = s.call("GET", path+"?expand=transitions.fields&transitionId=21", nil).want(200)
	g.is("transitions.0.fields.resolution.required", false, "transitions.0.fields.resolution.allowedValues.1.name", "Won't Do", "transitions.1", nil)

	s.transition(key, "Approved").want(204)
	if names := s.call("GET", path, nil).list("transitions", "name"); names != "Cancel Grant Close Give up" {
		t.Errorf("an approved issue offers %s", names)
	}
	if all := s.call("GET", path+"?includeUnavailableTransitions=true", nil).list("transitions", "isAvailable"); strings.Count(all, "false") != 3 {
		t.Errorf("unavailable ones are listed as %s", all)
	}
	s.call("POST", path, object{"transition": object{"id": "11"}}).refused(400, "", "Transition id '11' is not valid for this issue.")
	s.call("POST", path, object{"transition": object{"id": nil}}).refused(400, "", "'transition' identifier must be an integer")
	s.call("POST", path, object{}).want(400)

	if err := s.SetPermission(BotAccount, "TRANSITION_ISSUES", false); err != nil {
		t.Fatal(err)
	}
	s.call("GET", path, nil).want(200).is("transitions", "[]")
	s.call("POST", path, object{"transition": object{"id": "31"}}).want(400)
}

func TestTransitionWritesHistoryAndResolution(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	key := s.open()
	s.clock.add(60e9)
	s.transition(key, "Denied").want(204)
	is, _ := s.Issue(key)
	if is.Status != "Denied" || is.Resolution != "Won't Do" || is.StatusCategory != "done" || len(is.Changelog) != 1 {
		t.Fatalf("issue is %+v", is)
	}
	s.call("GET", "2/issue/"+key+"?expand=changelog", nil).want(200).is(
		"fields.resolutiondate", "2024-01-01T10:01:00.000+0000", "fields.updated", "2024-01-01T10:01:00.000+0000",
		"changelog.histories.0.items.0.field", "resolution", "changelog.histories.0.items.1.field", "status",
		"changelog.histories.0.items.1.from", "10010", "changelog.histories.0.items.1.fromString", "Waiting for approval",
		"changelog.histories.0.items.1.toString", "Denied", "changelog.histories.0.author.accountId", BotAccount,
	)
	s.call("GET", "2/issue/"+key+"/transitions", nil).is("transitions", "[]")
}

func TestTransitionTakesOnlyWhatItsScreenShows(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(c *Config) {
		c.Projects[0].Workflow.Transitions[1].Screen = &Screen{Fields: []string{"resolution"}, Required: []string{"resolution"}, NoComment: true}
	})
	key := s.open()
	path := "2/issue/" + key + "/transitions"
	comment := object{"comment": []any{object{"add": object{"body": "done"}}}}
	s.call("POST", path, object{"transition": object{"id": "41"}, "update": comment}).
		refused(400, "comment", "Field 'comment' cannot be set. It is not on the appropriate screen, or unknown.")
	s.call("POST", path, object{"transition": object{"id": "11"}, "fields": object{"resolution": object{"name": "Done"}}}).
		refused(400, "resolution", "Field 'resolution' cannot be set. It is not on the appropriate screen, or unknown.")
	s.call("POST", path, object{"transition": object{"id": "21"}}).refused(400, "resolution", "Resolution is required.")
	s.call("POST", path, object{"transition": object{"id": "21"}, "fields": object{"resolution": object{"name": "Nope"}}}).want(400)
	s.call("POST", path, object{"transition": object{"id": "21"}, "fields": object{"resolution": object{"name": "Done"}}, "update": comment}).want(400)
	if is, _ := s.Issue(key); is.Status != "Waiting for approval" || len(is.Comments) != 0 || len(is.Changelog) != 0 {
		t.Fatalf("a refused transition left traces: %+v", is)
	}
	s.call("POST", path, object{"transition": object{"id": "11"}, "update": comment}).want(204)
	is, _ := s.Issue(key)
	if is.Status != "Approved" || len(is.Comments) != 1 || is.Comments[0].Author != BotAccount {
		t.Errorf("issue is %+v", is)
	}
}

func TestHumanInTheBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	key := s.open()
	alice, dave := s.cfg.Accounts[2].AccountID, s.cfg.Accounts[5].AccountID
	for name, err := range map[string]error{
		"transition":    s.Transition(alice, key, "Approve"),
		"by status":     s.Transition(alice, strings.ToLower(key), "Active"),
		"comment":       s.Comment(alice, key, "fine by *me*"),
		"field":         s.SetField(alice, key, "labels", []string{"acc-1", "vip"}),
		"remove field":  s.RemoveField("Role"),
		"rename status": s.RenameStatus("Done", "Finished"),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, err := range map[string]error{
		"wrong step":         s.Transition(alice, key, "Approve"),
		"no permission":      s.Transition(dave, key, "End access"),
		"unknown issue":      s.Comment(alice, "ACCESS-9", "x"),
		"unknown person":     s.Comment("nobody", key, "x"),
		"empty comment":      s.Comment(alice, key, " "),
		"spaces in label":    s.SetField(alice, key, "labels", []string{"a b"}),
		"field off screen":   s.SetField(alice, key, "status", "Done"),
		"unknown field":      s.RemoveField("Role"),
		"unknown status":     s.RenameStatus("Done", "x"),
		"unknown transition": s.RemoveTransition("x"),
		"delete":             s.DeleteIssue(alice, key),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if names, err := s.Offered(alice, key); err != nil || strings.Join(names, ", ") != "End access, Give up" {
		t.Errorf("offered %v, %v", names, err)
	}
	is, _ := s.Issue(key)
	if is.Status != "Active" || is.Changelog[0].Author != alice || is.Comments[0].Body != "fine by *me*" {
		t.Errorf("issue is %+v", is)
	}
	if list := s.IssuesByLabel("vip"); len(list) != 1 || list[0].Key != key {
		t.Errorf("label finds %v", list)
	}
	if strings.Contains(s.call("GET", "2/field", nil).raw, FieldRole) {
		t.Error("a removed field is still listed")
	}
	if names := s.call("GET", "2/project/ACCESS/statuses", nil).want(200).list("0.statuses", "name"); !strings.Contains(names, "Finished") {
		t.Errorf("statuses are %s", names)
	}
}
