package idptest

import (
	"testing"

	"usher/idp"
)

func membershipCases() []testCase {
	return []testCase{
		{"name is set", func(t *testing.T, w *world) {
			if w.Provider.Name() == "" {
				t.Fatal("the provider has no name")
			}
		}},
		{"adding makes a member", func(t *testing.T, w *world) {
			u, g := w.person(t), w.AddGroup(t, "Team")
			w.wantMember(t, g, u, false)
			must(t, "AddMember", w.Provider.AddMember(t.Context(), g, u))
			w.wantTruth(t, g, u, true)
			w.wantMember(t, g, u, true)
		}},
		{"adding twice is harmless", func(t *testing.T, w *world) {
			u, g := w.person(t), w.AddGroup(t, "Team")
			for range 3 {
				must(t, "AddMember", w.Provider.AddMember(t.Context(), g, u))
			}
			if n := len(w.Members(g)); n != 1 {
				t.Fatalf("the group has %d members, want 1", n)
			}
		}},
		{"removing takes the member out", func(t *testing.T, w *world) {
			u := w.person(t)
			g := w.AddGroup(t, "Team", u)
			w.wantMember(t, g, u, true)
			must(t, "RemoveMember", w.Provider.RemoveMember(t.Context(), g, u))
			w.wantTruth(t, g, u, false)
			w.wantMember(t, g, u, false)
		}},
		{"removing twice is harmless", func(t *testing.T, w *world) {
			u := w.person(t)
			g := w.AddGroup(t, "Team", u)
			for range 3 {
				must(t, "RemoveMember", w.Provider.RemoveMember(t.Context(), g, u))
			}
			w.wantTruth(t, g, u, false)
		}},
		{"removing somebody who never was a member succeeds", func(t *testing.T, w *world) {
			u, g := w.person(t), w.AddGroup(t, "Team")
			must(t, "RemoveMember", w.Provider.RemoveMember(t.Context(), g, u))
		}},
		{"a member can come back", func(t *testing.T, w *world) {
			u, g := w.person(t), w.AddGroup(t, "Team")
			for range 2 {
				must(t, "AddMember", w.Provider.AddMember(t.Context(), g, u))
				w.wantMember(t, g, u, true)
				must(t, "RemoveMember", w.Provider.RemoveMember(t.Context(), g, u))
				w.wantMember(t, g, u, false)
			}
		}},
		{"a change touches nobody else", changeTouchesNobodyElse},
		{"a membership made by hand is seen", func(t *testing.T, w *world) {
			w.need(t, "Join", "Leave")
			u, g := w.person(t), w.AddGroup(t, "Team")
			w.wantMember(t, g, u, false)
			w.Join(g, u)
			w.wantMember(t, g, u, true)
			w.Leave(g, u)
			w.wantMember(t, g, u, false)
		}},
		{"reads that lag are false, not wrong, and come true", func(t *testing.T, w *world) {
			w.need(t, "Lag")
			w = begin(t, w.Lag(t, lagTime))
			u, g := w.person(t), w.AddGroup(t, "Team")
			must(t, "AddMember", w.Provider.AddMember(t.Context(), g, u))
			w.wantTruth(t, g, u, true)
			w.eventually(t, "seeing the new member", func() bool {
				is, err := w.Provider.IsMember(t.Context(), g, u)
				must(t, "IsMember", err)
				return is
			})
			must(t, "RemoveMember", w.Provider.RemoveMember(t.Context(), g, u))
			w.wantTruth(t, g, u, false)
			w.eventually(t, "seeing the removal", func() bool {
				is, err := w.Provider.IsMember(t.Context(), g, u)
				must(t, "IsMember", err)
				return !is
			})
		}},
	}
}

func changeTouchesNobodyElse(t *testing.T, w *world) {
	all := w.crowd(t, 4)
	g := w.AddGroup(t, "Team", all[0], all[1])
	other := w.AddGroup(t, "Other", all...)
	must(t, "AddMember", w.Provider.AddMember(t.Context(), g, all[2]))
	must(t, "RemoveMember", w.Provider.RemoveMember(t.Context(), g, all[0]))
	for i, want := range []bool{false, true, true, false} {
		w.wantTruth(t, g, all[i], want)
		w.wantTruth(t, other, all[i], true)
	}
	groups, err := w.Provider.UserGroups(t.Context(), all[1])
	must(t, "UserGroups", err)
	if !hasGroup(groups, g) || !hasGroup(groups, other) {
		t.Fatalf("a bystander's groups are %v", groups)
	}
}

func hasGroup(groups []idp.Group, id idp.GroupID) bool {
	for _, g := range groups {
		if g.ID == id {
			return true
		}
	}
	return false
}
