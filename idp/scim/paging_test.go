package scim_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"usher/idp"
	"usher/idp/scim"
)

// TestTwentyFiveThousandMembers lists a big group page by page, and in one answer.
func TestTwentyFiveThousandMembers(t *testing.T) {
	t.Parallel()
	const n = 25_000
	for name, f := range map[string]flavor{"in pages": {manners: manners{emptyMembers: true, pageLimit: 1000, noGroups: true}}, "in one answer": {}} {
		s := start(t, f)
		g := idp.GroupID(s.addTeam("Everybody", s.crowd(n)))
		members, err := s.provider(t, func(c *scim.Config) { c.PageSize = 1000 }).Members(t.Context(), g)
		ok(t, err)
		seen := map[idp.UserID]bool{}
		for _, m := range members {
			seen[m.ID] = true
		}
		if len(members) != n || len(seen) != n {
			t.Errorf("%s: listed %d members, %d different ones", name, len(members), len(seen))
		}
	}
}

// shelf is a list whose rows move while it is read.
type shelf struct {
	rows   []string
	before func(read int, rows []string) []string
	read   int
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.URL.RawQuery, "usher-asks-for-nobody") {
		_, _ = w.Write([]byte(`{"totalResults":0}`))
		return
	}
	s.rows = s.before(s.read, s.rows)
	s.read++
	start, _ := strconv.Atoi(r.URL.Query().Get("startIndex"))
	count, _ := strconv.Atoi(r.URL.Query().Get("count"))
	var page []string
	for i := start - 1; i < len(s.rows) && len(page) < count; i++ {
		page = append(page, fmt.Sprintf(`{"id":%q}`, s.rows[i]))
	}
	_, _ = fmt.Fprintf(w, `{"totalResults":%d,"Resources":[%s]}`, len(s.rows), strings.Join(page, ","))
}

func (s *shelf) list(t *testing.T) ([]idp.Group, error) {
	t.Helper()
	for i := range 30 {
		s.rows = append(s.rows, fmt.Sprintf("g%02d", i))
	}
	p := serve(t, s.ServeHTTP, func(c *scim.Config) { c.PageSize = 10 })
	return p.UserGroups(t.Context(), "u")
}

// TestRowsThatMove lets a row go from the part that was read, which moves a row that stays out of sight.
func TestRowsThatMove(t *testing.T) {
	t.Parallel()
	s := &shelf{before: func(read int, rows []string) []string {
		if read == 1 {
			return rows[1:]
		}
		return rows
	}}
	groups, err := s.list(t)
	ok(t, err)
	seen := map[idp.GroupID]bool{}
	for _, g := range groups {
		seen[g.ID] = true
	}
	for i := 1; i < 30; i++ {
		if id := idp.GroupID(fmt.Sprintf("g%02d", i)); !seen[id] {
			t.Errorf("%s is missing", id)
		}
	}
}

// TestRowsThatNeverRest ends with an error, not with a part.
func TestRowsThatNeverRest(t *testing.T) {
	t.Parallel()
	s := &shelf{before: func(_ int, rows []string) []string { return rows[1:] }}
	groups, err := s.list(t)
	wantKind(t, err, idp.Unavailable)
	if len(groups) > 0 || s.read > 20 {
		t.Errorf("%d groups beside the error, after %d pages", len(groups), s.read)
	}
}

// TestRowsThatVanish lets a list shrink below what was read already.
func TestRowsThatVanish(t *testing.T) {
	t.Parallel()
	s := &shelf{before: func(read int, rows []string) []string {
		if read == 1 {
			return rows[25:]
		}
		return rows
	}}
	groups, err := s.list(t)
	ok(t, err)
	if len(groups) != 5 || groups[0].ID != "g25" {
		t.Errorf("listed %v", groups)
	}
}

// TestServersThatPageWrongly end in an error.
func TestServersThatPageWrongly(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"always the first page": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"totalResults":9,"Resources":[{"id":"a"},{"id":"b"},{"id":"c"}]}`))
		},
		"nothing of nine": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"totalResults":9,"Resources":[]}`))
		},
		"no total": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"Resources":[]}`)) },
		"no id": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"totalResults":1,"Resources":[{}]}`))
		},
		"one at a time": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"totalResults":9,"Resources":[{"id":"a"}]}`))
		},
	} {
		_, err := serve(t, handler, nil).FindUser(t.Context(), "a@suite.example")
		if idp.KindOf(err) != idp.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCursorPages pages as RFC 9865 has it.
func TestCursorPages(t *testing.T) {
	t.Parallel()
	pages := map[string]string{
		"":   `{"Resources":[{"id":"a","userName":"x@suite.example"}],"nextCursor":"c1"}`,
		"c1": `{"Resources":[{"id":"b","userName":"y@suite.example"}],"nextCursor":"c2"}`,
		"c2": `{"Resources":[{"id":"c","userName":"z@suite.example"}]}`,
	}
	handler := func(w http.ResponseWriter, r *http.Request) {
		if !r.URL.Query().Has("cursor") || r.URL.Query().Has("startIndex") {
			failure(w, http.StatusBadRequest)
			return
		}
		_, _ = w.Write([]byte(pages[r.URL.Query().Get("cursor")]))
	}
	change := func(c *scim.Config) { c.CursorPages, c.FindBy = true, "userName" }
	u, err := serve(t, handler, change).FindUser(t.Context(), "z@suite.example")
	ok(t, err)
	if u.ID != "c" {
		t.Errorf("found %s", u.ID)
	}
	loop := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"Resources":[{"id":"a"}],"nextCursor":"again"}`))
	}, change)
	_, err = loop.FindUser(t.Context(), "z@suite.example")
	wantKind(t, err, idp.Unavailable)
}
