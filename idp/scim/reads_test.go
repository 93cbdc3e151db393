package scim_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"usher/idp"
	"usher/idp/idptest"
	"usher/idp/scim"
)

// TestStatus is about the meanings of "active".
func TestStatus(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		active    string
		suspended bool
		want      idp.UserStatus
	}{
		{`"active":true,`, false, idp.Active},
		{`"active":"True",`, false, idp.Active}, // as Entra writes
		{`"active":false,`, false, idp.Departed},
		{`"active":"False",`, false, idp.Departed},
		{`"active":false,`, true, idp.Inactive},
		{``, false, idp.Active}, // not told
	} {
		p := fixed(t, `{"id":"u",`+c.active+`"userName":"a@suite.example"}`, func(cfg *scim.Config) { cfg.InactiveMeansSuspended = c.suspended })
		u, err := p.User(t.Context(), "u")
		ok(t, err)
		if u.Status != c.want || u.StatusDetail == "" || u.Email != "a@suite.example" {
			t.Errorf("%s gives %+v", c.active, u)
		}
	}
	_, err := fixed(t, `{"id":"u","active":"perhaps"}`, nil).User(t.Context(), "u")
	wantKind(t, err, idp.Unavailable)
}

// fixed is a provider whose server always says the same.
func fixed(t *testing.T, body string, change func(*scim.Config)) *scim.Provider {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }, change)
}

func serve(t *testing.T, handler http.HandlerFunc, change func(*scim.Config)) *scim.Provider {
	t.Helper()
	web := httptest.NewServer(handler)
	t.Cleanup(web.Close)
	cfg := scim.Config{URL: web.URL, Token: token, InsecureHTTP: true}
	if change != nil {
		change(&cfg)
	}
	p, err := scim.New(cfg)
	ok(t, err)
	t.Cleanup(p.Close)
	return p
}

// TestUserFields reads a user as RFC 7643 section 8.3 writes it, shortened.
func TestUserFields(t *testing.T) {
	t.Parallel()
	p := fixed(t, `{"id":"2819c223","externalId":"701984","userName":"bjensen@example.com","displayName":"Babs Jensen",
		"name":{"formatted":"Ms. Barbara J Jensen, III"},"userType":"Employee","title":"Tour Guide","active":true,
		"emails":[{"value":"babs@jensen.org","type":"home"},{"value":"bjensen@example.com","type":"work","primary":true}],
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"701984","costCenter":"4130",
		"organization":"Universal Studios","division":"Theme Park","department":"Tour Operations","manager":{"value":"26118915"}}}`, nil)
	u, err := p.User(t.Context(), "2819c223")
	ok(t, err)
	want := idp.User{
		ID: "2819c223", Login: "bjensen@example.com", Email: "bjensen@example.com", Name: "Babs Jensen", Title: "Tour Guide",
		Department: "Tour Operations", Status: idp.Active, StatusDetail: "active",
		Attributes: map[string]string{
			"externalId": "701984", "userType": "Employee", "employeeNumber": "701984", "costCenter": "4130",
			"organization": "Universal Studios", "division": "Theme Park",
		},
	}
	if fmt.Sprint(u) != fmt.Sprint(want) {
		t.Errorf("got  %+v\nwant %+v", u, want)
	}
}

// TestIgnoredFilters is about a server that answers every filter with everything: nobody may seem to be a member of all groups.
func TestIgnoredFilters(t *testing.T) {
	t.Parallel()
	s := start(t, flavor{manners: manners{ignoreFilter: true, noMembers: true, noGroups: true}})
	u := s.addUser(idptest.Person{Email: "a@suite.example"})
	s.addUser(idptest.Person{Email: "b@suite.example"})
	g := idp.GroupID(s.addTeam("Team", nil))
	for _, from := range []scim.Source{scim.Auto, scim.FromFilter} {
		p := s.provider(t, func(c *scim.Config) { c.MembersFrom = from })
		is, err := p.IsMember(t.Context(), g, u)
		wantKind(t, err, idp.Invalid)
		members, err := p.Members(t.Context(), g)
		wantKind(t, err, idp.Invalid)
		groups, err := p.UserGroups(t.Context(), u)
		wantKind(t, err, idp.Invalid)
		if is || len(members)+len(groups) > 0 {
			t.Errorf("from %q: %v, %v, %v", from, is, members, groups)
		}
		found, err := p.FindUser(t.Context(), "a@suite.example") // Everybody is looked at, and one fits.
		ok(t, err)
		if found.ID != u {
			t.Errorf("found %s", found.ID)
		}
		bad := 0
		for _, f := range p.Check(t.Context()) {
			if !f.OK && strings.Contains(f.Detail, "ignores") && f.Fix != "" {
				bad++
			}
		}
		if bad == 0 {
			t.Error("the check does not see that filters are ignored")
		}
	}
}

// TestSilentServer is about servers that neither show members, whether by no list or by an empty one, nor filter by them.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	for _, m := range []manners{{noMembers: true, noMemberFilter: true, noGroups: true}, {emptyMembers: true, noMemberFilter: true, noGroups: true}} {
		s := start(t, flavor{manners: m})
		u := s.addUser(idptest.Person{Email: "a@suite.example"})
		g := idp.GroupID(s.addTeam("Team", []string{string(u)}))
		p := s.provider(t, nil)
		_, err := p.IsMember(t.Context(), g, u) // "No" would be a lie.
		wantKind(t, err, idp.Invalid)
		members, err := p.Members(t.Context(), g)
		wantKind(t, err, idp.Invalid)
		groups, err := p.UserGroups(t.Context(), u)
		wantKind(t, err, idp.Invalid)
		if len(members)+len(groups) > 0 {
			t.Errorf("%v, %v beside the errors", members, groups)
		}
		found := false
		for _, f := range p.Check(t.Context()) {
			found = found || !f.OK && f.Subject == "filter of groups" && f.Fix != ""
		}
		if !found {
			t.Error("the check is content")
		}
	}
}

// TestSimpleServer is about one that shows all and filters nothing, which must be said.
func TestSimpleServer(t *testing.T) {
	t.Parallel()
	s := start(t, flavor{manners: manners{noMemberFilter: true}})
	u := s.addUser(idptest.Person{Email: "a@suite.example"})
	full, empty := idp.GroupID(s.addTeam("Full", []string{string(u)})), idp.GroupID(s.addTeam("Empty", nil))
	p := s.provider(t, func(c *scim.Config) { c.MembersFrom = scim.FromGroup })
	for g, want := range map[idp.GroupID]bool{full: true, empty: false} {
		is, err := p.IsMember(t.Context(), g, u)
		ok(t, err)
		members, err := p.Members(t.Context(), g)
		ok(t, err)
		if is != want || (len(members) == 1) != want {
			t.Errorf("%s: %v, %v", g, is, members)
		}
	}
	groups, err := p.UserGroups(t.Context(), u) // From the user's own attribute.
	ok(t, err)
	if len(groups) != 1 || groups[0].ID != full {
		t.Errorf("the groups are %v", groups)
	}
}

// TestNestedGroupsAreNoPeople reads a group with a group in it.
func TestNestedGroupsAreNoPeople(t *testing.T) {
	t.Parallel()
	p := fixed(t, `{"id":"g","members":[{"value":"u","type":"User"},{"value":"h","type":"Group"}]}`, nil)
	members, err := p.Members(t.Context(), "g")
	ok(t, err)
	if len(members) != 1 || members[0].ID != "u" {
		t.Errorf("the members are %v", members)
	}
	is, err := p.IsMember(t.Context(), "g", "h")
	ok(t, err)
	if is {
		t.Error("a group is a member")
	}
}

// TestBareNotFound is about a 404 that SCIM did not write.
func TestBareNotFound(t *testing.T) {
	t.Parallel()
	for body, c := range map[string]struct {
		bare bool
		want idp.Kind
	}{
		"404 page not found": {false, idp.Unavailable},
		"":                   {true, idp.UserNotFound},
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"404"}`: {false, idp.UserNotFound},
		`{"status":404,"detail":"numbers are not texts"}`:                            {false, idp.UserNotFound},
	} {
		p := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(body))
		}, func(cfg *scim.Config) { cfg.BareNotFound = c.bare })
		_, err := p.User(t.Context(), "u")
		wantKind(t, err, c.want)
	}
}

func TestDiscover(t *testing.T) {
	t.Parallel()
	s := start(t, flavor{})
	full, empty := s.addTeam("Full", s.crowd(3)), s.addTeam("Empty", nil)
	got := map[idp.GroupID]idp.Discovered{}
	ok(t, s.provider(t, nil).Discover(t.Context(), func(d idp.Discovered) error {
		got[d.ID] = d
		return nil
	}))
	if d := got[idp.GroupID(full)]; d.Name != "Full" || d.Members != 3 {
		t.Errorf("got %+v", d)
	}
	if d := got[idp.GroupID(empty)]; d.Name != "Empty" || d.Members != -1 { // It may hide them.
		t.Errorf("got %+v", d)
	}
	stop := fmt.Errorf("enough")
	if err := s.provider(t, nil).Discover(t.Context(), func(idp.Discovered) error { return stop }); err != stop { //nolint:errorlint // it must be this very error
		t.Errorf("got %v", err)
	}
}

// TestCheckSeesAServerWithoutPatch is about a server that could only be served by replacing whole groups.
func TestCheckSeesAServerWithoutPatch(t *testing.T) {
	t.Parallel()
	p := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/ServiceProviderConfig") {
			_, _ = w.Write([]byte(`{"patch":{"supported":false},"filter":{"supported":true}}`))
			return
		}
		_, _ = w.Write([]byte(`{"totalResults":0}`))
	}, nil)
	for _, f := range p.Check(t.Context()) {
		if f.OK == (f.Subject == "patch") {
			t.Errorf("%+v", f)
		}
	}
}

// TestLikeAWS is about a server like that of AWS IAM Identity Center: groups show an empty list of members, filters by members
// are taken only together with the group's id, and who is not there is a 404 (its developer guide, ListGroups).
func TestLikeAWS(t *testing.T) {
	t.Parallel()
	p := serve(t, func(w http.ResponseWriter, r *http.Request) {
		filter := r.URL.Query().Get("filter")
		switch {
		case r.URL.Query().Has("attributes") || r.URL.Query().Has("excludedAttributes"):
			t.Errorf("attributes were asked for: %s", r.URL.RawQuery)
		case r.URL.Path == "/Groups/g":
			_, _ = w.Write([]byte(`{"id":"g","displayName":"Team","members":[]}`))
		case r.URL.Path == "/Users/other":
			_, _ = w.Write([]byte(`{"id":"other","userName":"other@suite.example"}`))
		case filter == `id eq "g" and members eq "u"`:
			_, _ = w.Write([]byte(`{"totalResults":1,"itemsPerPage":1,"startIndex":1,"Resources":[{"id":"g","members":[]}]}`))
		case filter == `id eq "g" and members eq "other"`:
			_, _ = w.Write([]byte(`{"totalResults":0,"itemsPerPage":0,"startIndex":1,"Resources":[]}`))
		case strings.HasPrefix(filter, `id eq "g" and members eq`) || strings.HasPrefix(r.URL.Path, "/Users/"):
			failure(w, http.StatusNotFound)
		default:
			failure(w, http.StatusBadRequest)
		}
	}, func(c *scim.Config) { c.MemberAttribute, c.NoAttributes = "members", true })
	for user, want := range map[idp.UserID]bool{"u": true, "other": false} {
		is, err := p.IsMember(t.Context(), "g", user)
		ok(t, err)
		if is != want {
			t.Errorf("%s: %v", user, is)
		}
	}
	is, err := p.IsMember(t.Context(), "g", "gone")
	wantKind(t, err, idp.UserNotFound)
	if is {
		t.Error("nobody is a member")
	}
}
