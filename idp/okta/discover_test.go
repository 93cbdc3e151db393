package okta

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"usher/idp"
)

// listed is one group as the list with stats shows it, between the given members of its JSON.
func listed(id, more string) string {
	return `{"id":"` + id + `","type":"OKTA_GROUP","profile":{"name":"n","description":null}` + more + `}`
}

func stats(fields string) string { return `,"_embedded":{"stats":{` + fields + `},"other":7}` }

// discover collects what is found in a vendor whose list of groups has the given rows.
func discover(t *testing.T, rows string, handlers map[string]http.HandlerFunc, change ...func(*Config)) (*vendor, []idp.Discovered, error) {
	t.Helper()
	all := map[string]http.HandlerFunc{
		"GET /api/v1/groups":           reply(200, "["+rows+"]"),
		"GET /api/v1/groups/{g}/roles": reply(200, `[]`),
		"GET /api/v1/groups/{g}/apps":  reply(200, `[]`),
	}
	for pattern, h := range handlers {
		all[pattern] = h
	}
	v := serve(t, all)
	var found []idp.Discovered
	err := connect(t, v.URL, change...).Discover(t.Context(), func(d idp.Discovered) error {
		found = append(found, d)
		return nil
	})
	return v, found, err
}

func TestDiscoverReadsTheStats(t *testing.T) {
	t.Parallel()
	const held, none = `[{"type":"HELP_DESK_ADMIN"}]`, `[]`
	const byRole, byFlag = "the admin role HELP_DESK_ADMIN", "an admin role"
	for name, c := range map[string]struct {
		more    string
		roles   string // the answer, if asked
		members int
		refusal string
		calls   int // beside those for the list and the rules
	}{
		"as the live service writes them":      {stats(`"usersCount":7,"appsCount":0,"hasAdminPrivilege":false`), held, 7, "", 0},
		"as the document spells the flag":      {stats(`"usersCount":0,"appsCount":0,"hasAdminPrivlege":false`), held, 0, "", 0},
		"admin":                                {stats(`"usersCount":7,"appsCount":0,"hasAdminPrivilege":true`), held, 7, byRole, 1},
		"admin as the document spells it":      {stats(`"usersCount":7,"appsCount":0,"hasAdminPrivlege":true`), held, 7, byRole, 1},
		"admin by one of two flags":            {stats(`"appsCount":0,"hasAdminPrivilege":false,"hasAdminPrivlege":true`), held, -1, byRole, 1},
		"admin by a role that is not listed":   {stats(`"usersCount":7,"appsCount":0,"hasAdminPrivilege":true`), none, 7, byFlag, 1},
		"without a flag, and the roles say so": {stats(`"usersCount":7,"appsCount":0`), held, 7, byRole, 1},
		"without a flag and roles":             {stats(`"usersCount":7,"appsCount":0`), none, 7, "", 1},
		"no apps counted":                      {stats(`"usersCount":7,"hasAdminPrivilege":false`), none, 7, "", 1},
		"null":                                 {stats(`"usersCount":null,"appsCount":null,"hasAdminPrivilege":null`), none, -1, "", 2},
		"a negative count":                     {stats(`"usersCount":-3,"appsCount":0,"hasAdminPrivilege":false`), none, -1, "", 0},
		"no stats":                             {"", none, -1, "", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, found, err := discover(t, listed("00g1", c.more), map[string]http.HandlerFunc{"GET /api/v1/groups/{g}/roles": reply(200, c.roles)})
			if err != nil || len(found) != 1 {
				t.Fatalf("found %+v, %v", found, err)
			}
			d, rules := found[0], 1
			if d.ID != "00g1" || d.Name != "n" || d.Members != c.members || d.Owners != nil {
				t.Errorf("got %+v", d)
			}
			if c.refusal != "" {
				c.refusal, rules = "This group holds "+c.refusal+", and admin rights are not given out by Usher.", 0
			}
			if d.Refusal != c.refusal || v.count() != 1+rules+c.calls {
				t.Errorf("refused for %q by %v", d.Refusal, v.paths)
			}
		})
	}
}

func TestDiscoverReadsAppsOfEveryKind(t *testing.T) {
	t.Parallel()
	_, found, err := discover(t, listed("00g1", ""), map[string]http.HandlerFunc{
		"GET /api/v1/groups/{g}/apps": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("limit") != "200" {
				t.Errorf("asked by %s", r.URL.RawQuery)
			}
			if r.URL.Query().Get("after") == "" {
				link(w, r, "c1")
				reply(200, `[{"id":"0oa1","label":"One","status":"ACTIVE","signOnMode":"OF_THE_FUTURE","settings":7},{"id":"0oa2","label":"Off","status":"INACTIVE"}]`)(w, r)
				return
			}
			reply(200, `[{"id":"0oa1","label":"One","status":"ACTIVE"},{"id":"0oa3","label":"Three","status":"ACTIVE"},{"id":"0oa4","label":"Gone","status":"DELETED"}]`)(w, r)
		},
	})
	if err != nil || len(found) != 1 {
		t.Fatalf("found %+v, %v", found, err)
	}
	if apps := found[0].Apps; len(apps) != 2 || apps[0] != (idp.App{ID: "0oa1", Name: "One"}) || apps[1] != (idp.App{ID: "0oa3", Name: "Three"}) {
		t.Errorf("apps %+v", apps)
	}
}

func TestDiscoverTellsAGroupOnceAndLeavesOutWhatIsGone(t *testing.T) {
	t.Parallel()
	gone := oktaError(404, "E0000007", "Not found: Resource not found: 00g2 (UserGroup)")
	v, found, err := discover(t, "", map[string]http.HandlerFunc{
		"GET /api/v1/groups": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("expand") != "stats" || r.URL.Query().Get("limit") != "200" {
				t.Errorf("asked by %s", r.URL.RawQuery)
			}
			if r.URL.Query().Get("after") == "" {
				link(w, r, "c1")
				reply(200, "["+listed("00g1", "")+","+listed("00g2", "")+"]")(w, r)
				return
			}
			reply(200, "["+listed("00g1", "")+","+listed("00g3", "")+","+listed("00g4", "")+"]")(w, r)
		},
		"GET /api/v1/groups/00g2/roles": gone,
		"GET /api/v1/groups/00g3/apps":  gone,
	})
	if err != nil || len(found) != 2 || found[0].ID != "00g1" || found[1].ID != "00g4" {
		t.Fatalf("found %+v, %v by %v", found, err, v.paths)
	}
}

func TestDiscoverTakesNoOddAnswer(t *testing.T) {
	t.Parallel()
	const apps, roles, rules = "GET /api/v1/groups/{g}/apps", "GET /api/v1/groups/{g}/roles", "GET /api/v1/groups/rules"
	for name, c := range map[string]struct {
		rows     string
		handlers map[string]http.HandlerFunc
		want     idp.Kind
	}{
		"a group without id":        {listed("", ""), nil, idp.Unavailable},
		"a group with an odd id":    {listed("../users", ""), nil, idp.Unavailable},
		"the folder of rules":       {listed("rules", ""), nil, idp.Unavailable},
		"a group without type":      {`{"id":"00g1"}`, nil, idp.Unavailable},
		"a count that is a text":    {listed("00g1", stats(`"usersCount":"7"`)), nil, idp.Unavailable},
		"an app without id":         {listed("00g1", ""), map[string]http.HandlerFunc{apps: reply(200, `[{"label":"One"}]`)}, idp.Unavailable},
		"apps that are none":        {listed("00g1", ""), map[string]http.HandlerFunc{apps: reply(200, `{}`)}, idp.Unavailable},
		"apps in trouble":           {listed("00g1", ""), map[string]http.HandlerFunc{apps: reply(500, ``)}, idp.Unavailable},
		"apps behind a lost path":   {listed("00g1", ""), map[string]http.HandlerFunc{apps: reply(404, `<html>`)}, idp.Unavailable},
		"roles in trouble":          {listed("00g1", ""), map[string]http.HandlerFunc{roles: reply(500, ``)}, idp.Unavailable},
		"rules in trouble":          {listed("00g1", ""), map[string]http.HandlerFunc{rules: reply(500, ``)}, idp.Unavailable},
		"credentials not accepted":  {listed("00g1", ""), map[string]http.HandlerFunc{apps: oktaError(401, "E0000011", "Invalid token provided")}, idp.Unauthorized},
		"groups that are forbidden": {"", map[string]http.HandlerFunc{"GET /api/v1/groups": oktaError(403, "E0000006", "no")}, idp.Forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, found, err := discover(t, c.rows, c.handlers)
			if len(found) != 0 {
				t.Errorf("found %+v", found)
			}
			wantKind(t, err, c.want)
		})
	}
}

func TestDiscoverWithoutTheRightToReadAppsSeesNone(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	v, found, err := discover(t, listed("00g1", "")+","+listed("00g2", ""), map[string]http.HandlerFunc{
		"GET /api/v1/groups/{g}/apps": oktaError(403, "E0000006", "You do not have permission"),
	}, func(c *Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError}))
	})
	if n := strings.Count(log.String(), "apps may not be read"); n != 1 || !strings.Contains(log.String(), "okta.apps.read") {
		t.Errorf("told %d times:\n%s", n, log.String())
	}
	if err != nil || len(found) != 2 || found[0].Apps != nil || found[1].Apps != nil {
		t.Fatalf("found %+v, %v", found, err)
	}
	if n := strings.Count(strings.Join(v.paths, "\n"), "/apps"); n != 1 {
		t.Errorf("asked %d times although refused", n)
	}
}

func TestWaitingForTheWindowEndsWithTheContext(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 1)
	v := serve(t, map[string]http.HandlerFunc{"GET /api/v1/groups": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "50")
		oktaError(429, "E0000047", "API call exceeded rate limit")(w, r)
		asked <- struct{}{}
	}})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	p := connect(t, v.URL)
	go func() {
		done <- p.Discover(ctx, func(idp.Discovered) error { return nil })
	}()
	<-asked
	cancel()
	select {
	case err := <-done:
		wantKind(t, err, idp.Unavailable)
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("%v does not wrap the context's error", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it goes on waiting")
	}
	if v.count() != 1 {
		t.Errorf("sent %v", v.paths)
	}
}
