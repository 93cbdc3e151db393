package entra

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"usher/idp"
)

const (
	addCall    = "POST /v1.0/groups/bbbbbbbb-0000-4000-8000-000000000001/members/$ref"
	removeCall = "DELETE /v1.0/groups/bbbbbbbb-0000-4000-8000-000000000001/members/aaaaaaaa-0000-4000-8000-000000000001/$ref"
	listCall   = "GET /v1.0/users/aaaaaaaa-0000-4000-8000-000000000001/memberOf"
	already    = "One or more added object references already exist for the following modified properties: 'members'."
	isIn       = `{"@odata.context":"x","value":[{"@odata.type":"#microsoft.graph.directoryRole","id":"dddddddd-0000-4000-8000-000000000001"},{"@odata.type":"#microsoft.graph.group","id":"bbbbbbbb-0000-4000-8000-000000000001"}]}`
)

func TestAlreadyMemberIsBelievedOnlyWithPhraseAndRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, code, message, list string
		want                      idp.Kind
	}{
		{"code, phrase and read", codeBadRequest, already, isIn, ""},
		{"the read contradicts", codeBadRequest, already, noGroups, idp.Unavailable},
		{"another bad request", codeBadRequest, "Invalid URL format specified in payload.", isIn, idp.Invalid},
		{"another code", "Request_Other", already, isIn, idp.Invalid},
		{"a group that is not known everywhere yet", codeBadRequest, "One or more source resource object do not exist.", noGroups, idp.Unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := serve(t, map[string]http.HandlerFunc{addCall: graphError(400, c.code, c.message), listCall: reply(200, c.list)})
			err := connect(t, v.URL).AddMember(t.Context(), ops, ada)
			wantKind(t, err, c.want)
			if n := v.count(http.MethodPost); n > rounds {
				t.Errorf("%d attempts", n)
			}
		})
	}
}

func TestNotFoundOnRemovalIsLookedInto(t *testing.T) {
	t.Parallel()
	missing := graphError(404, codeNotFound, "Resource '"+string(ops)+"' does not exist or one of its queried reference-property objects are not present.")
	for _, c := range []struct {
		name  string
		other map[string]http.HandlerFunc
		want  idp.Kind
	}{
		{"no member", nil, ""},
		{"listed still", map[string]http.HandlerFunc{listCall: reply(200, isIn)}, idp.Unavailable},
		{"the group is gone", map[string]http.HandlerFunc{"GET /v1.0/groups/" + string(ops): missing}, idp.GroupNotFound},
		{"the user is gone", map[string]http.HandlerFunc{listCall: missing}, idp.UserNotFound},
		{"the read fails", map[string]http.HandlerFunc{listCall: reply(502, "<html>")}, idp.Unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			handlers := map[string]http.HandlerFunc{removeCall: missing}
			for pattern, h := range c.other {
				handlers[pattern] = h
			}
			wantKind(t, connect(t, serve(t, handlers).URL).RemoveMember(t.Context(), ops, ada), c.want)
		})
	}
	// A page of a proxy proves nothing.
	v := serve(t, map[string]http.HandlerFunc{removeCall: reply(404, "<html>not here</html>")})
	wantKind(t, connect(t, v.URL).RemoveMember(t.Context(), ops, ada), idp.Unavailable)
}

func TestNotFoundOnAdditionIsLookedInto(t *testing.T) {
	t.Parallel()
	missing := graphError(404, codeNotFound, "Resource '"+string(ops)+"' does not exist.")
	for _, c := range []struct {
		name  string
		other map[string]http.HandlerFunc
		want  idp.Kind
	}{
		{"the user is gone", map[string]http.HandlerFunc{"GET /v1.0/users/" + string(ada): missing}, idp.UserNotFound},
		{"both are there", nil, idp.Unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			handlers := map[string]http.HandlerFunc{addCall: missing}
			for pattern, h := range c.other {
				handlers[pattern] = h
			}
			wantKind(t, connect(t, serve(t, handlers).URL).AddMember(t.Context(), ops, ada), c.want)
		})
	}
}

func TestAChangeIsConfirmedByAnEmpty204Only(t *testing.T) {
	t.Parallel()
	for _, h := range []http.HandlerFunc{reply(200, `{}`), reply(202, ""), reply(200, ""), reply(204, ""), reply(302, "")} {
		v := serve(t, map[string]http.HandlerFunc{addCall: h, removeCall: h})
		p := connect(t, v.URL)
		add, remove := p.AddMember(t.Context(), ops, ada), p.RemoveMember(t.Context(), ops, ada)
		rec := httptest.NewRecorder()
		h(rec, nil)
		want := idp.Unavailable
		if rec.Code == http.StatusNoContent {
			want = ""
		}
		wantKind(t, add, want)
		wantKind(t, remove, want)
	}
}

func TestTheLinkToTheNextPageCannotLeadAway(t *testing.T) {
	t.Parallel()
	var leaked atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { leaked.Add(1) }))
	t.Cleanup(other.Close)
	path := "/v1.0/users/" + string(ada) + "/memberOf"
	for _, link := range []string{
		other.URL + path + "?$skiptoken=x", "HERE/v1.0/users?$skiptoken=x", "HERE/beta/users/" + string(ada) + "/memberOf?$skiptoken=x",
		"https://graph.microsoft.com" + path + "?$skiptoken=x", "//evil.example" + path + "?x=1", path + "?$skiptoken=x", "HERE" + path, ":", "HERE" + path + "?%zz",
	} {
		var here string
		v := serve(t, map[string]http.HandlerFunc{listCall: func(w http.ResponseWriter, r *http.Request) {
			reply(200, `{"@odata.context":"x","value":[],"@odata.nextLink":"`+strings.ReplaceAll(link, "HERE", here)+`"}`)(w, r)
		}})
		here = v.URL
		_, err := connect(t, v.URL).IsMember(t.Context(), ops, ada)
		wantKind(t, err, idp.Unavailable)
		if n := v.count(""); n != 1 {
			t.Errorf("%s: %d calls", link, n)
		}
	}
	if leaked.Load() != 0 {
		t.Fatal("the token went to another server")
	}
}

func TestPagesThatRepeatEnd(t *testing.T) {
	t.Parallel()
	var here string
	v := serve(t, map[string]http.HandlerFunc{listCall: func(w http.ResponseWriter, r *http.Request) {
		reply(200, `{"@odata.context":"x","value":[],"@odata.nextLink":"`+here+`/v1.0/users/`+string(ada)+`/memberOf?$skiptoken=same"}`)(w, r)
	}})
	here = v.URL
	_, err := connect(t, v.URL).IsMember(t.Context(), ops, ada)
	wantKind(t, err, idp.Unavailable)
	if n := v.count(""); n != 2 {
		t.Errorf("%d calls", n)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var leaked atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { leaked.Add(1) }))
	t.Cleanup(other.Close)
	v := serve(t, map[string]http.HandlerFunc{"GET /v1.0/users/" + string(ada): func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	}})
	_, err := connect(t, v.URL).User(t.Context(), ada)
	wantKind(t, err, idp.Unavailable)
	if leaked.Load() != 0 {
		t.Fatal("the redirect was followed")
	}
}

func TestRemovalsAskForPriority(t *testing.T) {
	t.Parallel()
	v := serve(t, map[string]http.HandlerFunc{removeCall: reply(204, "")})
	p := connect(t, v.URL)
	ctx := idp.WithPriority(t.Context(), idp.Removal)
	if err := errors.Join(p.RemoveMember(ctx, ops, ada), p.AddMember(t.Context(), ops, ada)); err != nil {
		t.Fatal(err)
	}
	for _, c := range v.calls {
		want := ""
		if c.Method == http.MethodDelete {
			want = "High"
		}
		if got := c.Header.Get("X-Ms-Throttle-Priority"); got != want {
			t.Errorf("%s asks for priority %q, want %q", c.Method, got, want)
		}
	}
}

func TestRetryAfterInAllItsForms(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"2.128": 2128 * time.Millisecond, "10": 10 * time.Second, "0": 0, " 3 ": 3 * time.Second,
		"Sun, 01 Mar 2026 12:00:40 GMT": 30 * time.Second, // the vendor's clock is 10 s ahead
	} {
		h := http.Header{"Retry-After": {text}, "Date": {"Sun, 01 Mar 2026 12:00:10 GMT"}}
		if got := retryAfter(h, now); !got.Equal(now.Add(want)) {
			t.Errorf("%q: %v", text, got.Sub(now))
		}
	}
	for _, text := range []string{"", "soon", "-1", "1e9", "NaN", "99999999", "Mon, 01 Mar 2027 12:00:00 GMT"} {
		if got := retryAfter(http.Header{"Retry-After": {text}}, now); !got.IsZero() {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestErrorsShowNothingOfTheMessage(t *testing.T) {
	t.Parallel()
	v := serve(t, map[string]http.HandlerFunc{"GET /v1.0/users/" + string(ada): graphError(400, codeBadRequest, "ada@suite.example is odd")})
	_, err := connect(t, v.URL).User(t.Context(), ada)
	wantKind(t, err, idp.Invalid)
	if text := err.Error(); strings.Contains(text, "ada@") || !strings.Contains(text, "cccccccc-0000-4000-8000-000000000001") || !strings.Contains(text, codeBadRequest) {
		t.Errorf("the error is %q", text)
	}
}

func TestTheGroupsOfAPersonAreGroupsOnly(t *testing.T) {
	t.Parallel()
	v := serve(t, map[string]http.HandlerFunc{listCall: reply(200, isIn)})
	p := connect(t, v.URL)
	groups, err := p.UserGroups(t.Context(), ada)
	if err != nil || len(groups) != 1 || groups[0].ID != ops {
		t.Fatalf("groups %v, %v", groups, err)
	}
	if is, err := p.IsMember(context.Background(), "dddddddd-0000-4000-8000-000000000001", ada); is || err != nil {
		t.Fatalf("a directory role counts as a group: %v, %v", is, err)
	}
}
