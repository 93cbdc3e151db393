package idptest

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"usher/idp"
)

func groupCases() []testCase {
	return []testCase{
		{"a group's fields are read", func(t *testing.T, w *world) {
			g := w.AddGroup(t, "Team Ünïcode")
			got, err := w.Provider.Group(t.Context(), g)
			must(t, "Group", err)
			if got.ID != g || got.Name != "Team Ünïcode" || got.Refusal != "" {
				t.Fatalf("got %+v", got)
			}
		}},
		{"groups that must not be governed say why", func(t *testing.T, w *world) {
			w.need(t, "Ungovernable")
			for what, g := range w.Ungovernable(t) {
				got, err := w.Provider.Group(t.Context(), g)
				must(t, "Group "+what, err)
				if !isSentence(got.Refusal) {
					t.Errorf("%s: the refusal %q is not one plain sentence", what, got.Refusal)
				}
			}
		}},
		{"groups that must not be governed are not changed", func(t *testing.T, w *world) {
			w.need(t, "Ungovernable")
			u := w.person(t)
			for what, g := range w.Ungovernable(t) {
				before := w.has(g, u)
				wantKind(t, "AddMember to "+what, w.Provider.AddMember(t.Context(), g, u), idp.NotGovernable)
				w.wantTruth(t, g, u, before)
			}
		}},
		{"a user's groups are all listed", func(t *testing.T, w *world) {
			u := w.person(t)
			want := map[idp.GroupID]string{}
			for _, name := range []string{"One", "Two", "Three"} {
				want[w.AddGroup(t, name, u)] = name
			}
			not := w.AddGroup(t, "Not")
			groups, err := w.Provider.UserGroups(t.Context(), u)
			must(t, "UserGroups", err)
			for _, g := range groups {
				if name, ok := want[g.ID]; ok && name != g.Name {
					t.Errorf("group %s is called %q, want %q", g.ID, g.Name, name)
				}
				delete(want, g.ID)
			}
			if len(want) > 0 || hasGroup(groups, not) {
				t.Fatalf("missing %v, or listed the wrong group: %v", want, groups)
			}
		}},
		{"the judgement of a group costs nothing per change", func(t *testing.T, w *world) {
			g, users := w.AddGroup(t, "Team"), w.crowd(t, 5)
			must(t, "AddMember", w.Provider.AddMember(t.Context(), g, users[0]))
			before := w.Calls()
			for _, u := range users[1:] {
				must(t, "AddMember", w.Provider.AddMember(t.Context(), g, u))
			}
			if n := w.Calls() - before; n != (len(users)-1)*w.RequestsPerChange {
				t.Fatalf("%d more changes took %d calls", len(users)-1, n)
			}
		}},
		{"a removal is one call", func(t *testing.T, w *world) {
			u := w.person(t)
			g := w.AddGroup(t, "Team", u)
			before := w.Calls()
			must(t, "RemoveMember", w.Provider.RemoveMember(t.Context(), g, u))
			if n := w.Calls() - before; n != w.RequestsPerChange {
				t.Fatalf("took %d calls", n)
			}
		}},
	}
}

// isSentence accepts one line that begins with a capital, ends with a full stop and fits into a message.
func isSentence(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return unicode.IsUpper(first) && strings.HasSuffix(s, ".") && !strings.ContainsAny(s, "\r\n\t") && len(s) <= 250 && strings.Count(s, ". ") == 0
}
