package okta

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"usher/idp"
)

func TestAConnectionThatEndsWithoutAnAnswerIsTriedOnce(t *testing.T) {
	t.Parallel()
	v := serve(t, map[string]http.HandlerFunc{"DELETE /": hangUp})
	err := connect(t, v.URL).RemoveMember(t.Context(), ops, ada)
	wantKind(t, err, idp.Unavailable)
	if got := v.count(); got != 1 {
		t.Fatalf("the vendor got %d calls, want 1", got)
	}
}

func TestAddingCostsOneCallOnceTheGroupIsKnown(t *testing.T) {
	t.Parallel()
	v := serve(t, map[string]http.HandlerFunc{"PUT /api/v1/groups/{g}/users/{u}": reply(204, "")})
	p := connect(t, v.URL)
	for range 3 {
		if err := p.AddMember(t.Context(), ops, ada); err != nil {
			t.Fatal(err)
		}
	}
	if got := v.count(); got != 3+3 {
		t.Fatalf("the vendor got %d calls, want 3 for the judgement and 3 changes: %v", got, v.paths)
	}
}

func TestEveryBadAnswerToAReadIsAnErrorAndNeverAShortList(t *testing.T) {
	t.Parallel()
	row := func(n int) string { return fmt.Sprintf(`{"id":"00u%d","status":"ACTIVE","profile":{}}`, n) }
	cases := map[string]struct {
		second http.HandlerFunc
		want   idp.Kind
	}{
		"401 without body":    {reply(401, ""), idp.Unauthorized},
		"500 without body":    {reply(500, ""), idp.Unavailable},
		"502 page":            {reply(502, "<html>bad gateway</html>"), idp.Unavailable},
		"200 page":            {reply(200, "<html>log in</html>"), idp.Unavailable},
		"200 without body":    {reply(200, ""), idp.Unavailable},
		"null":                {reply(200, "null"), idp.Unavailable},
		"truncated":           {reply(200, `[{"id":"00u2","sta`), idp.Unavailable},
		"wrong types":         {reply(200, `[{"id":7}]`), idp.Unavailable},
		"row without id":      {reply(200, `[{"status":"ACTIVE"}]`), idp.Unavailable},
		"an object":           {reply(200, `{"errorCode":"E0000009"}`), idp.Unavailable},
		"404 page of a proxy": {reply(404, "<html>no such site</html>"), idp.Unavailable},
		"404 of okta":         {oktaError(404, "E0000007", "Not found"), idp.GroupNotFound},
		"403 page":            {reply(403, "<html>blocked</html>"), idp.Forbidden},
		"redirect":            {reply(302, ""), idp.Unavailable},
		"connection closed":   {hangUp, idp.Unavailable},
		"cut within the body": {cutBody, idp.Unavailable},
		"the same page again": {func(w http.ResponseWriter, r *http.Request) { link(w, r, "c1"); reply(200, "["+row(1)+"]")(w, r) }, idp.Unavailable},
		"next without cursor": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Add("Link", `<https://x/y>; rel="next"`)
			reply(200, "[]")(w, r)
		}, idp.Unavailable},
		"429 without a header": {oktaError(429, "E0000047", "API call exceeded rate limit"), idp.Throttled},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := serve(t, map[string]http.HandlerFunc{"GET /api/v1/groups/{g}/users": func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("after") == "" {
					link(w, r, "c1")
					reply(200, "["+row(1)+"]")(w, r)
					return
				}
				c.second(w, r)
			}})
			members, err := connect(t, v.URL).Members(t.Context(), ops)
			wantKind(t, err, c.want)
			if members != nil {
				t.Fatalf("got %d members beside the error", len(members))
			}
			// Go's transport repeats a read by itself, once, if a kept connection turns out to be dead.
			if n := v.count(); n != 2 && (name != "connection closed" || n != 3) {
				t.Fatalf("the vendor got %d calls, want 2", n)
			}
		})
	}
}

func TestPagesAreReadToTheEndHoweverTheLinksAreWritten(t *testing.T) {
	t.Parallel()
	for _, joined := range []bool{false, true} {
		t.Run(fmt.Sprintf("joined=%v", joined), func(t *testing.T) {
			t.Parallel()
			v := serve(t, map[string]http.HandlerFunc{"GET /api/v1/groups/{g}/users": func(w http.ResponseWriter, r *http.Request) {
				page := 0
				_, _ = fmt.Sscanf(r.URL.Query().Get("after"), "p%d", &page)
				self := fmt.Sprintf(`<http://other.example%s?after=p%d&limit=200>; rel="self"`, r.URL.Path, page)
				next := fmt.Sprintf(`<http://other.example%s?after=p%d&limit=200>; rel="next"`, r.URL.Path, page+1)
				switch {
				case page == 3:
					w.Header().Add("Link", self)
				case joined:
					w.Header().Add("Link", self+", "+next)
				default:
					w.Header().Add("Link", self)
					w.Header().Add("Link", next)
				}
				reply(200, fmt.Sprintf(`[{"id":"00u%d","status":"ACTIVE","profile":{}}]`, page))(w, r)
			}})
			members, err := connect(t, v.URL).Members(t.Context(), ops)
			if err != nil || len(members) != 4 {
				t.Fatalf("got %d members, error %v; want 4", len(members), err)
			}
		})
	}
}

func TestAChangeIsDoneOnlyWhenOktaSaysSo(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		answer http.HandlerFunc
		want   idp.Kind
	}{
		"204":                        {reply(204, ""), ""},
		"200 page":                   {reply(200, "<html>log in</html>"), idp.Unavailable},
		"200 with an error":          {oktaError(200, "E0000009", "internal"), idp.Unavailable},
		"202":                        {reply(202, ""), idp.Unavailable},
		"302":                        {reply(302, ""), idp.Unavailable},
		"500":                        {reply(500, ""), idp.Unavailable},
		"503 read-only":              {oktaError(503, "E0000010", "read only"), idp.Unavailable},
		"400":                        {oktaError(400, "E0000001", "validation"), idp.Invalid},
		"401":                        {oktaError(401, "E0000011", "Invalid token provided"), idp.Unauthorized},
		"403":                        {oktaError(403, "E0000006", "You do not have permission"), idp.Forbidden},
		"403 status":                 {oktaError(403, "E0000038", "not allowed in the user's current status"), idp.UserNotAllowed},
		"404 group":                  {oktaError(404, "E0000007", "Not found: Resource not found: "+string(ops)+" (UserGroup)"), idp.GroupNotFound},
		"404 user":                   {oktaError(404, "E0000007", "Not found: Resource not found: "+string(ada)+" (User)"), idp.UserNotFound},
		"404 that does not say what": {oktaError(404, "E0000007", "Not found"), idp.UserNotFound},
		"404 wrong path":             {oktaError(404, "E0000008", "The requested path was not found"), idp.Invalid},
		"404 page of a proxy":        {reply(404, "<html>gone</html>"), idp.Unavailable},
		"409 activating":             {oktaError(409, "E0000112", "still activating"), idp.Unavailable},
		"501":                        {oktaError(501, "E0000060", "Unsupported operation."), idp.NotGovernable},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := serve(t, map[string]http.HandlerFunc{"PUT /": c.answer, "DELETE /": c.answer})
			p := connect(t, v.URL)
			wantKind(t, p.AddMember(t.Context(), ops, ada), c.want)
			wantKind(t, p.RemoveMember(t.Context(), ops, ada), c.want)
		})
	}
}

func TestARedirectIsNeverFollowed(t *testing.T) {
	t.Parallel()
	other := serve(t, nil)
	v := serve(t, map[string]http.HandlerFunc{"GET /api/v1/users/": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}})
	_, err := connect(t, v.URL).User(t.Context(), ada)
	wantKind(t, err, idp.Unavailable)
	if other.count() != 0 {
		t.Fatal("the redirect was followed")
	}
}

func TestTheEndOfTheContextIsVisibleInTheError(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	v := serve(t, map[string]http.HandlerFunc{"GET /api/v1/users/": func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-release:
		}
	}})
	t.Cleanup(func() { close(release) })
	p := connect(t, v.URL)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := p.User(ctx, ada)
	wantKind(t, err, idp.Unavailable)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%v does not wrap the context's error", err)
	}
	p.cfg.Timeout = 50 * time.Millisecond
	_, err = p.User(t.Context(), ada)
	wantKind(t, err, idp.Unavailable)
	if errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errTimeout) {
		t.Fatalf("%v takes our own timeout for the caller's", err)
	}
}

func TestIdsCannotLeaveTheirPath(t *testing.T) {
	t.Parallel()
	v := serve(t, nil)
	p := connect(t, v.URL)
	for _, id := range []string{"", "me", "..", ".", "a/b", "../users", "a%2fb", "a?b", "a b", "rules", "a#b", "{u}", strings.Repeat("a", 65)} {
		user, group := idp.UserID(id), idp.GroupID(id)
		if id != "rules" {
			_, err := p.User(t.Context(), user)
			wantKind(t, err, idp.UserNotFound)
			wantKind(t, p.AddMember(t.Context(), ops, user), idp.UserNotFound)
			wantKind(t, p.RemoveMember(t.Context(), ops, user), idp.UserNotFound)
			wantKind(t, p.RevokeSessions(t.Context(), user), idp.UserNotFound)
		}
		if id != "me" {
			_, err := p.Group(t.Context(), group)
			wantKind(t, err, idp.GroupNotFound)
			wantKind(t, p.AddMember(t.Context(), group, ada), idp.GroupNotFound)
			wantKind(t, p.RemoveMember(t.Context(), group, ada), idp.GroupNotFound)
		}
	}
	if v.count() != 0 {
		t.Fatalf("requests were sent: %v", v.paths)
	}
}

func cutBody(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "100")
	_, _ = w.Write([]byte(`[{"id":"00u2"`))
	_ = http.NewResponseController(w).Flush()
	hangUp(w, r)
}

func link(w http.ResponseWriter, r *http.Request, cursor string) {
	w.Header().Add("Link", fmt.Sprintf(`<http://%s%s?after=%s>; rel="next"`, r.Host, r.URL.Path, cursor))
}
