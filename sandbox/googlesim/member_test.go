package googlesim_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"usher/sandbox/googlesim"
)

const members = "/admin/directory/v1/groups/" + team + "/members"

func TestMembersComeAndGo(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	c.want(404, "notFound", "GET", members+"/"+ada, nil)
	c.want(404, "notFound", "DELETE", members+"/"+ada, nil)
	a := c.want(200, "", "POST", members, map[string]string{"email": "A.BYRON@acme.example"})
	if a.body["id"] != ada || a.body["role"] != "MEMBER" || a.body["email"] != "ada@acme.example" {
		t.Errorf("an alias led to %v", a.body)
	}
	for _, key := range []string{ada, "ada@acme.example", "a.byron@ACME.example"} {
		if a := c.want(200, "", "GET", members+"/"+key, nil); a.body["id"] != ada {
			t.Errorf("%s: %v", key, a.body)
		}
	}
	if got := c.Members("team@acme.example"); !slices.Equal(got, []string{ada}) {
		t.Errorf("the truth is %v", got)
	}
	if a := c.want(200, "", "GET", "/admin/directory/v1/groups/"+team, nil); a.body["directMembersCount"] != "1" {
		t.Errorf("the count is %v", a.body["directMembersCount"])
	}
	if a := c.want(204, "", "DELETE", members+"/"+ada, nil); len(a.raw) != 0 {
		t.Errorf("a body: %s", a.raw)
	}
	c.want(404, "notFound", "DELETE", members+"/"+ada, nil)
	history := c.MemberHistory(team)
	if len(history) != 2 || !history[0].Added || history[1].Added || history[0].By != root {
		t.Errorf("the history is %+v", history)
	}
}

func TestDuplicatesAreRefusedWhateverTheRole(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	c.want(200, "", "POST", members, map[string]string{"id": ada, "role": "MANAGER"})
	for _, role := range []string{"MEMBER", "MANAGER", "OWNER"} {
		c.want(409, "duplicate", "POST", members, map[string]string{"id": ada, "role": role})
	}
	if role, _, found := c.Membership(team, ada); !found || role != googlesim.Manager {
		t.Errorf("the role is %q", role)
	}
	if a := c.want(200, "", "PATCH", members+"/"+ada, map[string]string{"role": "OWNER"}); a.body["role"] != "OWNER" {
		t.Errorf("after the change: %v", a.body)
	}
	if got := c.want(200, "", "GET", members+"?roles=OWNER", nil).strings("members", "id"); !slices.Equal(got, []string{ada}) {
		t.Errorf("owners are %v", got)
	}
	if got := c.want(200, "", "GET", members+"?roles=MEMBER,MANAGER", nil).strings("members", "id"); got != nil {
		t.Errorf("others are %v", got)
	}
}

func TestRefusalsOfInserts(t *testing.T) {
	t.Parallel()
	c := open(t, func(cfg *googlesim.Config) {
		cfg.Groups = append(cfg.Groups,
			googlesim.Group{ID: "0dynamic0000001", Email: "dyn@acme.example", Dynamic: true},
			googlesim.Group{ID: "0locked00000001", Email: "locked@acme.example", Locked: true},
			googlesim.Group{ID: "0inside00000001", Email: "inside@acme.example", Inside: true})
	})
	if a := c.send("POST", members, c.token(root, scopes()...), nil); a.status != 400 || a.reason != "required" {
		t.Errorf("without a body: %d %s", a.status, a.raw)
	}
	c.want(400, "required", "POST", members, map[string]string{})
	c.want(400, "invalid", "POST", members, map[string]string{"id": ada, "role": "KING"})
	c.want(404, "notFound", "POST", members, map[string]string{"id": "100000000000000000099"})
	c.want(404, "notFound", "POST", members, map[string]string{"email": "nobody@acme.example"})
	c.want(404, "notFound", "POST", "/admin/directory/v1/groups/0nothing0000001/members", map[string]string{"id": ada})
	c.want(403, "forbidden", "POST", "/admin/directory/v1/groups/x@elsewhere.example/members", map[string]string{"id": ada})
	c.want(400, "cyclicMembershipsNotAllowed", "POST", members, map[string]string{"email": "team@acme.example"})
	c.want(412, "conditionNotMet", "POST", "/admin/directory/v1/groups/0dynamic0000001/members", map[string]string{"id": ada})
	c.want(412, "conditionNotMet", "POST", "/admin/directory/v1/groups/0inside00000001/members", map[string]string{"email": "x@elsewhere.example"})
	if a := c.call(clerk, "POST", "/admin/directory/v1/groups/0locked00000001/members", map[string]string{"id": ada}); a.status != 403 {
		t.Errorf("an ordinary admin changed a locked group: %d", a.status)
	}
	c.want(200, "", "POST", "/admin/directory/v1/groups/0locked00000001/members", map[string]string{"id": ada})
	// Any address from outside becomes a member, also a mistyped one.
	c.want(200, "", "POST", members, map[string]string{"email": "x@elsewhere.example"})
	c.want(409, "duplicate", "POST", members, map[string]string{"email": "X@elsewhere.example"})
	c.want(400, "invalid", "GET", "/admin/directory/v1/groups/"+team+"/hasMember/x@elsewhere.example", nil)
}

func TestNestedMembership(t *testing.T) {
	t.Parallel()
	c := open(t, func(cfg *googlesim.Config) {
		cfg.Groups = append(cfg.Groups, googlesim.Group{ID: "0inner000000001", Email: "inner@acme.example", Members: []string{ada}})
	})
	has := "/admin/directory/v1/groups/" + team + "/hasMember/" + ada
	if a := c.want(200, "", "GET", has, nil); a.body["isMember"] != false {
		t.Errorf("before: %s", a.raw)
	}
	c.want(200, "", "POST", members, map[string]string{"email": "inner@acme.example"})
	if a := c.want(200, "", "GET", has, nil); a.body["isMember"] != true {
		t.Errorf("after: %s", a.raw)
	}
	c.want(404, "notFound", "GET", members+"/"+ada, nil)
	c.want(404, "notFound", "GET", "/admin/directory/v1/groups/"+team+"/hasMember/100000000000000000099", nil)
	c.want(400, "cyclicMembershipsNotAllowed", "POST", "/admin/directory/v1/groups/0inner000000001/members", map[string]string{"id": team})
	if got := c.want(200, "", "GET", "/admin/directory/v1/groups?userKey="+ada, nil).strings("groups", "id"); !slices.Equal(got, []string{"0inner000000001"}) {
		t.Errorf("the groups of a person are the direct ones, got %v", got)
	}
}

func TestPagesOfMembers(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	want := map[string]bool{}
	for i := range 450 {
		id, err := c.CreateUser(googlesim.User{Primary: fmt.Sprintf("crowd%d@acme.example", i)})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddMemberByHand(team, id, googlesim.Member, "x"); err != nil {
			t.Fatal(err)
		}
		want[id] = true
	}
	path, pages := members+"?maxResults=999", 0
	for {
		a := c.want(200, "", "GET", path, nil)
		pages++
		ids := a.strings("members", "id")
		for _, id := range ids {
			if !want[id] {
				t.Errorf("%s is listed twice or not a member", id)
			}
			delete(want, id)
		}
		next, more := a.body["nextPageToken"].(string)
		if !more {
			break
		}
		if len(ids) != 200 {
			t.Errorf("a page of %d", len(ids))
		}
		if err := c.RemoveMemberByHand(team, ids[0], "x"); err != nil { // who goes shifts nobody
			t.Fatal(err)
		}
		path = members + "?maxResults=200&pageToken=" + next
	}
	if len(want) != 0 || pages != 3 {
		t.Errorf("%d are missing after %d pages", len(want), pages)
	}
	c.want(400, "invalid", "GET", members+"?pageToken=nonsense", nil)
}

func TestReadsLag(t *testing.T) {
	t.Parallel()
	c := open(t, func(cfg *googlesim.Config) { cfg.MemberLag = time.Minute })
	c.want(200, "", "POST", members, map[string]string{"id": ada})
	c.want(404, "notFound", "GET", members+"/"+ada, nil)
	c.want(409, "duplicate", "POST", members, map[string]string{"id": ada})
	if got := c.Members(team); len(got) != 1 {
		t.Errorf("the truth lags: %v", got)
	}
	c.pass(time.Minute)
	c.want(200, "", "GET", members+"/"+ada, nil)
	c.want(204, "", "DELETE", members+"/"+ada, nil)
	c.want(200, "", "GET", members+"/"+ada, nil)
	c.pass(time.Minute)
	c.want(404, "notFound", "GET", members+"/"+ada, nil)
}
