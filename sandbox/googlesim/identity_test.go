package googlesim_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"usher/sandbox/googlesim"
)

func TestGroupsOfCloudIdentity(t *testing.T) {
	t.Parallel()
	c := open(t, func(cfg *googlesim.Config) {
		cfg.Groups = append(cfg.Groups, googlesim.Group{ID: "0dynamic0000001", Email: "dyn@acme.example", Dynamic: true, Security: true, Locked: true})
	})
	if a := c.want(200, "", "GET", "/v1/groups:lookup?groupKey.id=DYN@acme.example", nil); a.body["name"] != "groups/0dynamic0000001" {
		t.Errorf("got %s", a.raw)
	}
	a := c.want(200, "", "GET", "/v1/groups/0dynamic0000001", nil)
	labels, _ := a.body["labels"].(map[string]any)
	for _, label := range []string{googlesim.LabelForum, googlesim.LabelDynamic, googlesim.LabelSecurity, googlesim.LabelLocked} {
		if value, has := labels[label]; !has || value != "" {
			t.Errorf("label %s is %v", label, value)
		}
	}
	for _, path := range []string{"/v1/groups/0nothing0000001", "/v1/groups:lookup?groupKey.id=nobody@acme.example", "/v1/groups?parent=customers/C0other"} {
		if a := c.call(root, "GET", path, nil); a.status != 403 || !strings.Contains(a.reason, "or it may not exist") {
			t.Errorf("%s: %d %s", path, a.status, a.raw)
		}
	}
	a = c.want(200, "", "GET", "/v1/groups?parent=customers/C0sandbox&view=FULL&pageSize=1", nil)
	if got := a.strings("groups", "name"); !slices.Equal(got, []string{"groups/0dynamic0000001"}) || a.body["nextPageToken"] == nil {
		t.Errorf("got %s", a.raw)
	}
	c.want(400, "", "GET", "/v1/groups?view=FULL", nil)
}

func TestMembershipsThatEnd(t *testing.T) {
	t.Parallel()
	c := open(t, nil)
	const base = "/v1/groups/" + team + "/memberships"
	c.want(404, "", "GET", base+":lookup?memberKey.id=ada@acme.example", nil)
	end := c.clock().Add(time.Hour).Format(time.RFC3339)
	role := func(at string) map[string]any {
		return map[string]any{"name": "MEMBER", "expiryDetail": map[string]any{"expireTime": at}}
	}
	a := c.want(200, "", "POST", base, map[string]any{"preferredMemberKey": map[string]any{"id": "ada@acme.example"}, "roles": []any{role(end)}})
	if a.body["done"] != true {
		t.Errorf("got %s", a.raw)
	}
	c.want(409, "", "POST", base, map[string]any{"preferredMemberKey": map[string]any{"id": "ada@acme.example"}})
	one := base + "/" + ada
	if a := c.want(200, "", "GET", base+":lookup?memberKey.id=ada@acme.example", nil); a.body["name"] != strings.TrimPrefix(one, "/v1/") {
		t.Errorf("got %s", a.raw)
	}
	change := func(mask string, role map[string]any) map[string]any {
		return map[string]any{"updateRolesParams": []any{map[string]any{"fieldMask": mask, "membershipRole": role}}}
	}
	const mask = "expiry_detail.expire_time"
	later := c.clock().Add(3 * time.Hour).Format(time.RFC3339)
	c.want(200, "", "POST", one+":modifyMembershipRoles", change(mask, role(later)))
	if a := c.want(200, "", "GET", one, nil); !strings.Contains(string(a.raw), later) {
		t.Errorf("got %s", a.raw)
	}
	for what, body := range map[string]any{
		"in the past": change(mask, role(c.clock().Add(-time.Hour).Format(time.RFC3339))), "another mask": change("name", role(later)),
		"an owner": change(mask, map[string]any{"name": "OWNER"}), "nothing": map[string]any{},
		"both":                 map[string]any{"addRoles": []any{map[string]any{"name": "OWNER"}}, "updateRolesParams": []any{map[string]any{"fieldMask": mask, "membershipRole": role(later)}}},
		"a role beside an end": map[string]any{"addRoles": []any{map[string]any{"name": "OWNER"}}},
	} {
		if a := c.call(root, "POST", one+":modifyMembershipRoles", body); a.status != 400 {
			t.Errorf("%s: %d %s", what, a.status, a.raw)
		}
	}
	c.pass(3 * time.Hour)
	c.want(404, "", "GET", one, nil)
	c.want(404, "notFound", "GET", members+"/"+ada, nil)
	if _, _, found := c.Membership(team, ada); found {
		t.Error("the membership outlived its end")
	}
	if history := c.MemberHistory(team); len(history) != 2 || history[1].Added || history[1].By != "cloud-support@google.com" {
		t.Errorf("the history is %+v", history)
	}
}

func TestRolesOverCloudIdentity(t *testing.T) {
	t.Parallel()
	c := open(t, func(cfg *googlesim.Config) { cfg.PlainEdition = true })
	if err := c.AddMemberByHand(team, ada, googlesim.Member, "x"); err != nil {
		t.Fatal(err)
	}
	const modify = "/v1/groups/" + team + "/memberships/" + ada + ":modifyMembershipRoles"
	end := map[string]any{"name": "MEMBER", "expiryDetail": map[string]any{"expireTime": c.clock().Add(time.Hour).Format(time.RFC3339)}}
	a := c.call(root, "POST", modify, map[string]any{"updateRolesParams": []any{map[string]any{"fieldMask": "expiry_detail.expire_time", "membershipRole": end}}})
	if a.status != 403 || !strings.Contains(a.reason, "3005") {
		t.Errorf("a plain edition: %d %s", a.status, a.raw)
	}
	c.want(200, "", "POST", modify, map[string]any{"addRoles": []any{map[string]any{"name": "OWNER"}}})
	if role, _, _ := c.Membership(team, ada); role != googlesim.Owner {
		t.Errorf("the role is %s", role)
	}
	c.want(400, "", "POST", modify, map[string]any{"removeRoles": []any{"MEMBER"}})
	c.want(200, "", "POST", modify, map[string]any{"removeRoles": []any{"OWNER"}})
	if role, _, _ := c.Membership(team, ada); role != googlesim.Member {
		t.Errorf("the role is %s", role)
	}
}

// TestTransitiveMemberships holds who is in a group and by which way, and that the search is one of the larger editions.
func TestTransitiveMemberships(t *testing.T) {
	t.Parallel()
	c := open(t, func(cfg *googlesim.Config) {
		cfg.Groups = append(cfg.Groups, googlesim.Group{ID: "0inner000000001", Email: "inner@acme.example", Members: []string{ada, root}})
	})
	const search = "/v1/groups/" + team + "/memberships:searchTransitiveMemberships"
	if a := c.want(200, "", "GET", search, nil); a.body["memberships"] != nil || a.body["nextPageToken"] != nil {
		t.Errorf("an empty group: %s", a.raw)
	}
	for member, role := range map[string]string{"inner@acme.example": googlesim.Member, ada: googlesim.Owner, clerk: googlesim.Manager} {
		if err := c.AddMemberByHand(team, member, role, "x"); err != nil {
			t.Fatal(err)
		}
	}
	got, token := map[string]string{}, ""
	for range 4 {
		a := c.want(200, "", "GET", search+"?pageSize=1&pageToken="+token, nil)
		rows, _ := a.body["memberships"].([]any)
		if len(rows) != 1 {
			t.Fatalf("a page of %d: %s", len(rows), a.raw)
		}
		row, _ := rows[0].(map[string]any)
		key, _ := row["preferredMemberKey"].([]any)[0].(map[string]any)
		role, _ := row["roles"].([]any)[0].(map[string]any)
		address, _ := key["id"].(string)
		got[address] = strings.Join([]string{row["relationType"].(string), role["role"].(string), strings.Split(row["member"].(string), "/")[0]}, " ")
		token, _ = a.body["nextPageToken"].(string)
	}
	want := map[string]string{
		"inner@acme.example": "DIRECT MEMBER groups", "ada@acme.example": "DIRECT_AND_INDIRECT OWNER users", clerk: "DIRECT MANAGER users", root: "INDIRECT MEMBER users",
	}
	if !maps.Equal(got, want) || token != "" {
		t.Errorf("got %v and the token %q, want %v", got, token, want)
	}
	c.want(400, "", "GET", search+"?pageSize=0", nil)
	c.want(400, "", "GET", search+"?pageToken=x", nil)
	if a := c.call(root, "GET", strings.Replace(search, team, "0nothing0000001", 1), nil); a.status != 403 || !strings.Contains(a.reason, "2028") {
		t.Errorf("no group: %d %s", a.status, a.raw)
	}
	c.SetPlainEdition(true)
	if a := c.call(root, "GET", search, nil); a.status != 403 || !strings.Contains(string(a.raw), `"PERMISSION_DENIED"`) {
		t.Errorf("a plain edition: %d %s", a.status, a.raw)
	}
}
