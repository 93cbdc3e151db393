package okta

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"usher/idp"
)

func TestAJudgementIsTrustedForADayAndARefusalForTenMinutes(t *testing.T) {
	t.Parallel()
	var kind atomic.Value
	kind.Store("OKTA_GROUP")
	v := serve(t, map[string]http.HandlerFunc{
		"GET /api/v1/groups/" + string(ops): func(w http.ResponseWriter, r *http.Request) {
			reply(200, `{"id":"`+string(ops)+`","type":"`+kind.Load().(string)+`","profile":{"name":"ops"}}`)(w, r)
		},
		"PUT /": reply(204, ""),
	})
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	p := connect(t, v.URL, func(c *Config) { c.Now = func() time.Time { return now } })
	wantKind(t, p.AddMember(t.Context(), ops, ada), "")
	kind.Store("APP_GROUP")
	now = now.Add(idp.GovernableFor - time.Second)
	wantKind(t, p.AddMember(t.Context(), ops, ada), "")
	now = now.Add(2 * time.Second)
	wantKind(t, p.AddMember(t.Context(), ops, ada), idp.NotGovernable)
	kind.Store("OKTA_GROUP")
	now = now.Add(idp.RefusedFor - time.Second)
	wantKind(t, p.AddMember(t.Context(), ops, ada), idp.NotGovernable)
	now = now.Add(2 * time.Second)
	wantKind(t, p.AddMember(t.Context(), ops, ada), "")
}

func TestATokenThatMayNotReadRolesOrRulesStillGoverns(t *testing.T) {
	t.Parallel()
	denied := oktaError(403, "E0000006", "You do not have permission")
	v := serve(t, map[string]http.HandlerFunc{
		"GET /api/v1/groups/" + string(ops) + "/roles": denied, "GET /api/v1/groups/rules": denied, "PUT /": reply(204, ""),
	})
	p := connect(t, v.URL)
	g, err := p.Group(t.Context(), ops)
	if err != nil || g.Refusal != "" {
		t.Fatalf("got %+v, %v", g, err)
	}
	wantKind(t, p.AddMember(t.Context(), ops, ada), "")
}

func TestAJudgementThatCannotBeReadStopsTheAddition(t *testing.T) {
	t.Parallel()
	for path, answer := range map[string]http.HandlerFunc{
		"GET /api/v1/groups/" + string(ops):            reply(500, ""),
		"GET /api/v1/groups/" + string(ops) + "/roles": reply(502, "<html>"),
		"GET /api/v1/groups/rules":                     reply(200, `{}`),
	} {
		v := serve(t, map[string]http.HandlerFunc{path: answer, "PUT /": reply(204, "")})
		wantKind(t, connect(t, v.URL).AddMember(t.Context(), ops, ada), idp.Unavailable)
		for _, call := range v.paths {
			if strings.HasPrefix(call, "PUT") {
				t.Errorf("%s: the change was sent", path)
			}
		}
	}
}

func TestRulesOnEveryPageCountAndInactiveOnesDoNot(t *testing.T) {
	t.Parallel()
	rule := func(status, group string) string {
		return `[{"id":"0pr","name":"Engineers","status":"` + status + `","actions":{"assignUserToGroups":{"groupIds":["` + group + `"]}}}]`
	}
	for status, want := range map[string]bool{"ACTIVE": true, "INVALID": true, "INACTIVE": false} {
		v := serve(t, map[string]http.HandlerFunc{"GET /api/v1/groups/rules": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("after") == "" {
				link(w, r, "p2")
				reply(200, rule("ACTIVE", "00gother"))(w, r)
				return
			}
			reply(200, rule(status, string(ops)))(w, r)
		}})
		g, err := connect(t, v.URL).Group(t.Context(), ops)
		if err != nil || (g.Refusal != "") != want {
			t.Errorf("%s: refusal %q, error %v", status, g.Refusal, err)
		}
		if want && !strings.Contains(g.Refusal, "Engineers") {
			t.Errorf("the refusal %q does not name the rule", g.Refusal)
		}
	}
}

func TestARefusedChangeIsLookedIntoOnce(t *testing.T) {
	t.Parallel()
	v := serve(t, map[string]http.HandlerFunc{
		"GET /api/v1/groups/" + string(ops): reply(200, `{"id":"`+string(ops)+`","type":"BUILT_IN","profile":{"name":"Everyone"}}`),
		"DELETE /":                          oktaError(403, "E0000006", "You do not have permission"),
	})
	err := connect(t, v.URL).RemoveMember(t.Context(), ops, ada)
	wantKind(t, err, idp.NotGovernable)
	var e *idp.Error
	if !errors.As(err, &e) || e.Err == nil || !strings.HasSuffix(e.Err.Error(), ".") {
		t.Fatalf("the reason is missing: %v", err)
	}
	if v.count() != 2 {
		t.Fatalf("took %d calls: %v", v.count(), v.paths)
	}
}

func TestManyAdditionsAtOnceShareOneJudgement(t *testing.T) {
	t.Parallel()
	v := serve(t, map[string]http.HandlerFunc{"PUT /": reply(204, "")})
	p := connect(t, v.URL)
	var group sync.WaitGroup
	for range 40 {
		group.Go(func() {
			if err := p.AddMember(t.Context(), ops, ada); err != nil {
				t.Errorf("AddMember: %v", err)
			}
		})
	}
	group.Wait()
	if got := v.count(); got != 3+40 {
		t.Fatalf("took %d calls, want 3 for the judgement and 40 changes", got)
	}
}
