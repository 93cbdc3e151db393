package oktasim_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"usher/sandbox/oktasim"
)

func TestMembershipChangesAreRecordedWithWhoCausedThem(t *testing.T) {
	t.Parallel()
	c := newClock()
	o := start(t, company(c))
	at := c.now()
	o.as(groupSecret).call("PUT", "/api/v1/groups/00g1/users/00u2", "").want(t, 204)
	c.move(time.Minute)
	if err := o.AddMemberByHand("00g1", "00u3", "Ada Lovelace"); err != nil {
		t.Fatal(err)
	}
	o.as(groupSecret).call("DELETE", "/api/v1/groups/00g1/users/00u2", "").want(t, 204)
	want := []oktasim.Change{
		{At: at, User: "00u2", Added: true, Actor: "00Tgroup", Via: oktasim.ViaAPI},
		{At: at.Add(time.Minute), User: "00u3", Added: true, Actor: "Ada Lovelace", Via: oktasim.ViaConsole},
		{At: at.Add(time.Minute), User: "00u2", Actor: "00Tgroup", Via: oktasim.ViaAPI},
	}
	if diff := cmp.Diff(want, o.MemberHistory("00g1")); diff != "" {
		t.Error(diff)
	}
	equal(t, "members", o.Members("00g1"), []string{"00u1", "00u3", "00u4"})
}

func TestRepeatedAssignmentIsDoneAndCountedAsChangeless(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	for _, method := range []string{"PUT", "PUT", "DELETE", "DELETE"} {
		o.call(method, "/api/v1/groups/00g1/users/00u2", "").want(t, 204)
	}
	if n := o.ChangelessCalls(); n != 2 {
		t.Errorf("changeless calls: %d, want 2", n)
	}
	var changed []bool
	for _, call := range o.Calls() {
		changed = append(changed, call.Changed)
	}
	if diff := cmp.Diff([]bool{true, false, true, false}, changed); diff != "" {
		t.Error(diff)
	}
}

func TestMembershipRefusals(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	everyone := ""
	for _, g := range o.Groups() {
		if g.Type == oktasim.BuiltIn {
			everyone = g.ID
		}
	}
	tests := []struct {
		name, secret, group, user string
		status                    int
		code                      string
	}{
		{"Everyone", adminSecret, everyone, "00u1", 403, "E0000006"},
		{"imported group", adminSecret, "00g4", "00u1", 403, "E0000006"},
		{"admin group by a group admin", groupSecret, "00g3", "00u1", 403, "E0000006"},
		{"admin group by a super admin", adminSecret, "00g3", "00u1", 204, ""},
		{"read-only token", readerSecret, "00g1", "00u2", 403, "E0000006"},
		{"no such group", adminSecret, "00gx", "00u1", 404, "E0000007"},
		{"no such user", adminSecret, "00g1", "00ux", 404, "E0000007"},
		{"deactivated user", adminSecret, "00g2", "00u4", 403, "E0000038"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := o.as(test.secret).call("PUT", "/api/v1/groups/"+test.group+"/users/"+test.user, "")
			if test.code == "" {
				g.want(t, test.status)
				return
			}
			g.refusal(t, test.status, test.code)
		})
	}
}

func TestDeactivatedUsersStayInTheirGroups(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	if err := o.Deactivate("00u1"); err != nil {
		t.Fatal(err)
	}
	equal(t, "listed members", o.as(groupSecret).get("/api/v1/groups/00g1/users").ids(t), []string{"00u1", "00u4"})
	o.as(groupSecret).call("DELETE", "/api/v1/groups/00g1/users/00u4", "").want(t, 204)
	equal(t, "members", o.Members("00g1"), []string{"00u1"})
}

func TestMemberReadsLagBehindWrites(t *testing.T) {
	t.Parallel()
	c := newClock()
	cfg := company(c)
	cfg.MemberLag = 3 * time.Second
	o := start(t, cfg)
	o.call("PUT", "/api/v1/groups/00g1/users/00u2", "").want(t, 204)
	c.move(2 * time.Second)
	o.call("DELETE", "/api/v1/groups/00g1/users/00u1", "").want(t, 204)
	c.move(500 * time.Millisecond)
	count := func() any {
		return o.get("/api/v1/groups/00g1?expand=stats").object(t)["_embedded"].(map[string]any)["stats"].(map[string]any)["usersCount"]
	}
	equal(t, "before the lag", o.get("/api/v1/groups/00g1/users").ids(t), []string{"00u1", "00u4"})
	equal(t, "groups of the user", o.get("/api/v1/users/00u2/groups").ids(t)[:1], []string{"00g4"})
	equal(t, "truth", o.Members("00g1"), []string{"00u2", "00u4"})
	c.move(500 * time.Millisecond)
	equal(t, "after the first lag", o.get("/api/v1/groups/00g1/users").ids(t), []string{"00u1", "00u2", "00u4"})
	if n := count(); n != 3.0 {
		t.Errorf("stats count %v", n)
	}
	c.move(2 * time.Second)
	equal(t, "after the second lag", o.get("/api/v1/groups/00g1/users").ids(t), []string{"00u2", "00u4"})
}

func TestRuleAssignsAndRemovalExcludes(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	equal(t, "assigned at the start", o.Members("00g2"), []string{"00u1"})
	if err := o.SetProfile("00u3", "department", "Engineering"); err != nil {
		t.Fatal(err)
	}
	equal(t, "assigned by a new department", o.Members("00g2"), []string{"00u1", "00u3"})
	o.call("DELETE", "/api/v1/groups/00g2/users/00u1", "").want(t, 204)
	rule := o.get("/api/v1/groups/rules/0pr1").object(t)
	people := rule["conditions"].(map[string]any)["people"].(map[string]any)["users"].(map[string]any)
	if diff := cmp.Diff([]any{"00u1"}, people["exclude"]); diff != "" {
		t.Error(diff)
	}
	if err := o.SetProfile("00u1", "title", "Countess"); err != nil { // the rule runs again and must leave her out
		t.Fatal(err)
	}
	equal(t, "excluded", o.Members("00g2"), []string{"00u3"})
	if err := o.SetProfile("00u3", "department", "Sales"); err != nil {
		t.Fatal(err)
	}
	equal(t, "unassigned by the rule", o.Members("00g2"), nil)
	last := o.MemberHistory("00g2")[2]
	if last.Via != oktasim.ViaRule || last.Actor != "0pr1" || last.Added {
		t.Errorf("last change: %+v", last)
	}
}

func TestAdminsAssignmentOutlivesTheRule(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	o.call("PUT", "/api/v1/groups/00g2/users/00u1", "").want(t, 204)
	if err := o.SetProfile("00u1", "department", "Sales"); err != nil {
		t.Fatal(err)
	}
	equal(t, "members", o.Members("00g2"), []string{"00u1"})
}

func TestRuleExcludesAHundredUsersAtMost(t *testing.T) {
	t.Parallel()
	cfg := company(newClock())
	for i := range 100 {
		cfg.Rules[0].Exclude = append(cfg.Rules[0].Exclude, fmt.Sprintf("00uother%d", i))
	}
	o := start(t, cfg)
	o.call("DELETE", "/api/v1/groups/00g2/users/00u1", "").refusal(t, http.StatusBadRequest, "E0000001")
	equal(t, "members", o.Members("00g2"), []string{"00u1"})
}

func TestRuleLifeCycle(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	made := o.call("POST", "/api/v1/groups/rules", `{"type":"group_rule","name":"sales","conditions":{"expression":{"value":"user.department==\"Sales\" AND user.lastName!=\"X\" OR user.title==\"Engineer\"","type":"urn:okta:expression:1.0"}},"actions":{"assignUserToGroups":{"groupIds":["00g1"]}}}`).want(t, 200).object(t)
	id := made["id"].(string)
	if made["status"] != "INACTIVE" {
		t.Errorf("a new rule is %v", made["status"])
	}
	o.call("POST", "/api/v1/groups/rules/"+id+"/lifecycle/activate", "").want(t, 204)
	equal(t, "assigned", o.Members("00g1"), []string{"00u1", "00u2", "00u3", "00u4"})
	o.call("DELETE", "/api/v1/groups/rules/"+id, "").refusal(t, http.StatusBadRequest, "E0000001")
	o.call("POST", "/api/v1/groups/rules/"+id+"/lifecycle/deactivate", "").want(t, 204)
	equal(t, "kept", o.Members("00g1"), []string{"00u1", "00u2", "00u3", "00u4"})
	o.call("DELETE", "/api/v1/groups/rules/"+id+"?removeUsers=true", "").want(t, 202)
	equal(t, "removed", o.Members("00g1"), []string{"00u1", "00u4"})
	o.as(groupSecret).call("POST", "/api/v1/groups/rules/0pr1/lifecycle/deactivate", "").refusal(t, 403, "E0000006")
	o.call("POST", "/api/v1/groups/rules", `{"type":"group_rule","name":"x","conditions":{"expression":{"value":"isMemberOf(1)"}}}`).refusal(t, 400, "E0000001")
}

func TestAdminRoleOfAGroupShows(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	equal(t, "roles", o.get("/api/v1/groups/00g3/roles").ids(t), []string{"grp00g3"})
	equal(t, "no roles", o.get("/api/v1/groups/00g1/roles").ids(t), nil)
	o.as(groupSecret).get("/api/v1/groups/00g3/roles").refusal(t, 403, "E0000006")
	stats := o.get("/api/v1/groups?expand=stats&filter="+escape(`id eq "00g3"`)).want(t, 200)
	var list []struct {
		Embedded struct{ Stats map[string]any } `json:"_embedded"`
	}
	decode(t, stats.body, &list)
	if len(list) != 1 || list[0].Embedded.Stats["hasAdminPrivilege"] != true {
		t.Errorf("stats: %s", stats.body)
	}
}
