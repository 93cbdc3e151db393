package webhook_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"usher/idp"
)

// TestCheckSeesAReceiverThatVerifiesNothing is about one that anybody could speak to.
func TestCheckSeesAReceiverThatVerifiesNothing(t *testing.T) {
	t.Parallel()
	p := serve(t, func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, "group_not_found", "") }, nil)
	found := false
	for _, f := range p.Check(t.Context()) {
		found = found || !f.OK && f.Subject == "forged signature" && strings.Contains(f.Detail, "anybody") && f.Fix != ""
	}
	if !found {
		t.Error("the check is content")
	}
}

func TestCheckFindings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		subject string
	}{
		"another server": {func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }, "signature"},
		"everything is a group": {func(w http.ResponseWriter, _ *http.Request) {
			answer(w, 200, map[string]any{"id": "usher-asks-for-nobody", "name": "x"})
		}, "signature"},
		"another clock": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
			refuse(w, http.StatusNotFound, "group_not_found", "")
		}, "clock"},
		"no answer for one user": {func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/users/") {
				answer(w, 200, map[string]any{"users": []any{}}) // As if it were a search.
				return
			}
			refuse(w, http.StatusNotFound, "group_not_found", "")
		}, "users"},
		"no users at all": {func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/users/") {
				refuse(w, http.StatusNotImplemented, "invalid", "")
				return
			}
			refuse(w, http.StatusNotFound, "group_not_found", "")
		}, "users"},
		"groups everywhere": {func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, "group_not_found", "") }, "users"},
	} {
		bad := false
		for _, f := range serve(t, c.handler, nil).Check(t.Context()) {
			bad = bad || f.Subject == c.subject && !f.OK && f.Detail != "" && f.Fix != ""
		}
		if !bad {
			t.Errorf("%s: nothing wrong about the %s", name, c.subject)
		}
	}
}

func TestDiscover(t *testing.T) {
	t.Parallel()
	s := start(t)
	want := map[idp.GroupID]bool{}
	for range 250 {
		want[s.addTeam("Team")] = true
	}
	ok(t, s.provider(t, nil).Discover(t.Context(), func(d idp.Discovered) error {
		if d.Members != -1 || d.Name != "Team" {
			t.Errorf("got %+v", d)
		}
		delete(want, d.ID)
		return nil
	}))
	if len(want) > 0 {
		t.Errorf("%d groups are missing", len(want))
	}
}

// TestReceiversNeedNotListGroups is about what they may say instead.
func TestReceiversNeedNotListGroups(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"as the protocol has it": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotImplemented) },
		"no such path":           http.NotFound,
		"no such method":         func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusMethodNotAllowed) },
		"a group without an id":  func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound, "group_not_found", "") },
		"a wrong request":        func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusBadRequest, "invalid", "") },
	} {
		err := serve(t, handler, nil).Discover(t.Context(), func(idp.Discovered) error { return nil })
		if idp.KindOf(err) != idp.Invalid || !errors.Is(err, idp.ErrNoList) || !strings.Contains(err.Error(), "groups are not listed: name them in the catalog") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, status := range []int{401, 403, 429, 500, 503} {
		p := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }, nil)
		err := p.Discover(t.Context(), func(idp.Discovered) error { return nil })
		if err == nil || strings.Contains(err.Error(), "does not list") {
			t.Errorf("status %d: %v", status, err)
		}
	}
	s := start(t)
	s.addTeam("Team")
	mine := &idp.Error{Kind: idp.GroupNotFound, Op: "mine", Code: "HTTP 404"}
	if err := s.provider(t, nil).Discover(t.Context(), func(idp.Discovered) error { return mine }); !errors.Is(err, mine) {
		t.Errorf("the listener's own error became %v", err)
	}
}

// TestTwentyFiveThousandMembers lists a big group page by page.
func TestTwentyFiveThousandMembers(t *testing.T) {
	t.Parallel()
	const n = 25_000
	var rows []any
	for i := range n {
		rows = append(rows, map[string]any{"id": fmt.Sprintf("u%d", i)})
	}
	p := serve(t, func(w http.ResponseWriter, r *http.Request) { pages(w, r, "members", rows) }, nil)
	members, err := p.Members(t.Context(), "g")
	ok(t, err)
	if len(members) != n {
		t.Errorf("listed %d members", len(members))
	}
}
