package graphsim_test

import (
	"strings"
	"testing"
	"time"

	"usher/sandbox/graphsim"
)

func TestMembersComeAndGoByReference(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	o.add(wiki, bob).want(t, 204)
	equal(t, "members", o.get("/groups/"+wiki+"/members").ids(t), []string{bob})
	if text := o.add(wiki, bob).refusal(t, 400, "Request_BadRequest"); !strings.Contains(text, "added object references already exist") {
		t.Errorf("a second addition says %q", text)
	}
	o.remove(wiki, bob).want(t, 204)
	if text := o.remove(wiki, bob).refusal(t, 404, "Request_ResourceNotFound"); !strings.Contains(text, wiki) {
		t.Errorf("the refusal does not name the group: %q", text)
	}
	o.add(wiki, "bbbbbbbb-0000-4000-8000-999999999999").refusal(t, 404, "Request_ResourceNotFound")
	o.add("cccccccc-0000-4000-8000-999999999999", bob).refusal(t, 404, "Request_ResourceNotFound")
	for _, body := range []string{`{}`, `{"@odata.id":"https://elsewhere.example/v1.0/directoryObjects/` + bob + `"}`, `{"@odata.id":7}`, `[`} {
		o.call("POST", "/groups/"+wiki+"/members/$ref", body).refusal(t, 400, "Request_BadRequest")
	}
	history := o.MemberHistory(wiki)
	if len(history) != 2 || !history[0].Added || history[1].Added || history[0].By != clientID {
		t.Errorf("history %+v", history)
	}
}

func TestWithoutRefThePersonIsDeleted(t *testing.T) {
	t.Parallel()
	cfg := company(newClock())
	o := start(t, cfg)
	o.call("DELETE", "/groups/"+crm+"/members/"+ada, "").refusal(t, 403, "Authorization_RequestDenied")
	equal(t, "members", o.Members(crm), []string{ada})
	cfg.Clients[0].Roles = append(allRoles(), graphsim.UserReadWrite)
	o = start(t, cfg)
	o.call("DELETE", "/groups/"+crm+"/members/"+ada, "").want(t, 204)
	o.get("/users/"+ada).refusal(t, 404, "Request_ResourceNotFound")
	gone := o.get("/directory/deletedItems/"+ada+"?$select=userPrincipalName,deletedDateTime").want(t, 200).object(t)
	if gone["deletedDateTime"] == nil || gone["userPrincipalName"] != strings.ReplaceAll(ada, "-", "")+"ada@suite.example" {
		t.Errorf("the deleted account is %v", gone)
	}
	if len(o.Members(crm)) != 0 {
		t.Error("a deleted person is a member")
	}
	must(t, o.PurgeUser(ada))
	o.get("/directory/deletedItems/"+ada).refusal(t, 404, "Request_ResourceNotFound")
}

func TestGroupsThatCannotBeChangedSaySoAsTheVendorDoes(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	for _, c := range []struct {
		group  graphsim.Group
		status int
		code   string
	}{
		{graphsim.Group{Dynamic: true}, 403, "Authorization_RequestDenied"},
		{graphsim.Group{RoleAssignable: true}, 403, "Authorization_RequestDenied"},
		{graphsim.Group{Restricted: true}, 403, "Authorization_RequestDenied"},
		{graphsim.Group{Synced: true}, 400, "Request_BadRequest"},
		{graphsim.Group{MailEnabled: true}, 400, "Request_BadRequest"},
	} {
		c.group.DisplayName = "odd"
		id, err := o.CreateGroup(c.group)
		must(t, err)
		o.add(id, bob).refusal(t, c.status, c.code)
		o.remove(id, bob).refusal(t, c.status, c.code)
		if len(o.Members(id)) != 0 {
			t.Errorf("%+v was changed", c.group)
		}
	}
	unified, err := o.CreateGroup(graphsim.Group{DisplayName: "Team", Unified: true, MailEnabled: true})
	must(t, err)
	o.add(unified, bob).want(t, 204)
}

func TestReadsTrailBehindWrites(t *testing.T) {
	t.Parallel()
	c := newClock()
	cfg := company(c)
	cfg.MemberLag = 10 * time.Second
	o := start(t, cfg)
	index := *o
	index.index = true
	o.add(wiki, bob).want(t, 204)
	o.remove(crm, ada).want(t, 204)
	for _, step := range []struct {
		pass             time.Duration
		members, counted int
	}{{0, 0, 0}, {11 * time.Second, 1, 0}, {10 * time.Second, 1, 1}} {
		c.move(step.pass)
		if n := len(o.get("/groups/" + wiki + "/members").ids(t)); n != step.members {
			t.Errorf("after %v: %d members are listed, want %d", step.pass, n, step.members)
		}
		if text := string(index.get("/groups/"+wiki+"/members/$count").want(t, 200).body); text != string(rune('0'+step.counted)) {
			t.Errorf("after %v: %s members are counted, want %d", step.pass, text, step.counted)
		}
		if n := len(o.get("/users/" + ada + "/memberOf").ids(t)); n != 2-step.members {
			t.Errorf("after %v: ada is in %d groups", step.pass, n)
		}
	}
	o.add(wiki, bob).refusal(t, 400, "Request_BadRequest") // a write knows the truth
}

func TestPIMEndsMemberships(t *testing.T) {
	t.Parallel()
	c := newClock()
	o := start(t, company(c))
	ask := func(action, user, expiration string) got {
		return o.call("POST", pim+"assignmentScheduleRequests",
			`{"accessId":"member","action":"`+action+`","principalId":"`+user+`","groupId":"`+crm+`","justification":"x","scheduleInfo":{"expiration":`+expiration+`}}`)
	}
	at := func(d time.Duration) string {
		return `{"type":"afterDateTime","endDateTime":"` + c.now().Add(d).Format(time.RFC3339) + `"}`
	}
	ask("adminUpdate", ada, at(time.Hour)).refusal(t, 400, "RoleAssignmentDoesNotExist") // the group is not under PIM yet
	ask("adminAssign", ada, at(time.Hour)).want(t, 201)
	ask("adminAssign", ada, at(time.Hour)).refusal(t, 400, "RoleAssignmentExists")
	ask("adminUpdate", bob, at(time.Hour)).refusal(t, 400, "RoleAssignmentDoesNotExist")
	ask("adminAssign", bob, at(4*time.Minute)).refusal(t, 400, "ActiveDurationTooShort")
	ask("adminAssign", "bbbbbbbb-0000-4000-8000-999999999999", at(time.Hour)).refusal(t, 400, "SubjectNotFound")
	ask("adminAssign", bob, `{"type":"afterDuration","duration":"PT2H"}`).refusal(t, 400, "InvalidRoleAssignmentRequest")
	ask("selfActivate", bob, at(time.Hour)).refusal(t, 400, "InvalidRoleAssignmentRequest")
	ask("adminAssign", bob, at(10*time.Minute)).want(t, 201)
	ask("adminRemove", bob, at(0)).refusal(t, 400, "ActiveDurationTooShort")
	if n := len(o.get(pim + "assignmentScheduleInstances?$filter=groupId eq '" + crm + "'").ids(t)); n != 2 {
		t.Errorf("%d assignments", n)
	}
	c.move(11 * time.Minute)
	equal(t, "after ten minutes", o.Members(crm), []string{ada})
	ask("adminUpdate", ada, `{"type":"noExpiration"}`).want(t, 201)
	c.move(100 * time.Hour)
	equal(t, "without end", o.Members(crm), []string{ada})
	o.signIn()
	ask("adminRemove", ada, `{"type":"noExpiration"}`).want(t, 201)
	if history := o.MemberHistory(crm); len(o.Members(crm)) != 0 || history[1].By != "expiry" {
		t.Errorf("history %+v", history)
	}
	cfg := company(c)
	cfg.NoGovernance = true
	start(t, cfg).get(pim+"assignmentScheduleInstances?$filter=groupId eq '"+crm+"'").refusal(t, 400, "AadPremiumLicenseRequired")
}
