package idptest

import (
	"strings"
	"testing"

	"usher/idp"
)

func missingCases() []testCase {
	return []testCase{
		{"a user who never was is not found", func(t *testing.T, w *world) {
			_, err := w.Provider.User(t.Context(), w.unknownUser(t))
			wantKind(t, "User", err, idp.UserNotFound)
			_, err = w.Provider.UserGroups(t.Context(), w.unknownUser(t))
			wantKind(t, "UserGroups", err, idp.UserNotFound)
		}},
		{"a deleted user is not found", func(t *testing.T, w *world) {
			w.need(t, "DeleteUser")
			u, g := w.person(t), w.AddGroup(t, "Team")
			w.DeleteUser(u)
			_, err := w.Provider.User(t.Context(), u)
			wantKind(t, "User", err, idp.UserNotFound)
			wantKind(t, "AddMember", w.Provider.AddMember(t.Context(), g, u), idp.UserNotFound)
			is, err := w.Provider.IsMember(t.Context(), g, u)
			wantKind(t, "IsMember", err, "", idp.UserNotFound)
			if is {
				t.Fatal("a deleted user is a member")
			}
		}},
		{"a group that never was is not found", func(t *testing.T, w *world) {
			_, err := w.Provider.Group(t.Context(), w.unknownGroup(t))
			wantKind(t, "Group", err, idp.GroupNotFound)
		}},
		{"a deleted group is not found", func(t *testing.T, w *world) {
			w.need(t, "DeleteGroup")
			u, g := w.person(t), w.AddGroup(t, "Team")
			must(t, "AddMember", w.Provider.AddMember(t.Context(), g, u))
			w.DeleteGroup(g)
			wantKind(t, "AddMember", w.Provider.AddMember(t.Context(), g, u), idp.GroupNotFound)
			_, err := w.Provider.Group(t.Context(), g)
			wantKind(t, "Group", err, idp.GroupNotFound)
			wantKind(t, "RemoveMember", w.Provider.RemoveMember(t.Context(), g, u), "", idp.GroupNotFound)
			is, err := w.Provider.IsMember(t.Context(), g, u)
			wantKind(t, "IsMember", err, "", idp.GroupNotFound)
			if is {
				t.Fatal("somebody is a member of a deleted group")
			}
		}},
		{"adding nobody says who is missing", func(t *testing.T, w *world) {
			g := w.AddGroup(t, "Team")
			wantKind(t, "AddMember", w.Provider.AddMember(t.Context(), g, w.unknownUser(t)), idp.UserNotFound)
			if n := len(w.Members(g)); n != 0 {
				t.Fatalf("the group has %d members, want none", n)
			}
		}},
		{"adding to nowhere says what is missing", func(t *testing.T, w *world) {
			wantKind(t, "AddMember", w.Provider.AddMember(t.Context(), w.unknownGroup(t), w.person(t)), idp.GroupNotFound)
		}},
		{"removing nobody is success or says who is missing", func(t *testing.T, w *world) {
			u := w.person(t)
			g := w.AddGroup(t, "Team", u)
			err := w.Provider.RemoveMember(t.Context(), g, w.unknownUser(t))
			wantKind(t, "RemoveMember", err, "", idp.UserNotFound)
			w.wantTruth(t, g, u, true)
		}},
		{"a group made again under its old name is another group", func(t *testing.T, w *world) {
			w.need(t, "DeleteGroup")
			u, old := w.person(t), w.AddGroup(t, "Team")
			must(t, "AddMember", w.Provider.AddMember(t.Context(), old, u))
			w.DeleteGroup(old)
			again := w.AddGroup(t, "Team")
			wantKind(t, "AddMember", w.Provider.AddMember(t.Context(), old, u), idp.GroupNotFound)
			w.wantTruth(t, again, u, false)
		}},
		{"odd ids change and find nothing", oddIDs},
	}
}

// oddIDs tries texts that could leave their place in a request.
func oddIDs(t *testing.T, w *world) {
	u := w.person(t)
	g := w.AddGroup(t, "Team", u)
	before := len(w.Members(g))
	odd := []string{
		"", " ", ".", "..", "../" + string(u), string(u) + "/../" + string(u), string(u) + "?x=1", string(u) + "#", "%2e%2e",
		string(u) + "%2f", "{userId}", "*", "me", "ünï", "a\r\nb", "\x00", strings.Repeat("a", 5000),
	}
	permanent := []idp.Kind{idp.UserNotFound, idp.GroupNotFound, idp.Invalid}
	for _, id := range odd {
		_, err := w.Provider.User(t.Context(), idp.UserID(id))
		wantKind(t, "User "+id, err, permanent...)
		_, err = w.Provider.Group(t.Context(), idp.GroupID(id))
		wantKind(t, "Group "+id, err, permanent...)
		wantKind(t, "AddMember", w.Provider.AddMember(t.Context(), g, idp.UserID(id)), permanent...)
		wantKind(t, "AddMember", w.Provider.AddMember(t.Context(), idp.GroupID(id), u), permanent...)
		_, err = w.Provider.UserGroups(t.Context(), idp.UserID(id))
		wantKind(t, "UserGroups", err, permanent...)
		wantKind(t, "RemoveMember", w.Provider.RemoveMember(t.Context(), g, idp.UserID(id)), append(permanent, "")...)
		is, _ := w.Provider.IsMember(t.Context(), g, idp.UserID(id))
		if is {
			t.Fatalf("%q is a member", id)
		}
	}
	if len(w.Members(g)) != before {
		t.Fatal("an odd id changed the group")
	}
}

// unknownUser returns an id of the vendor's own shape that nobody has.
func (w *world) unknownUser(t *testing.T) idp.UserID {
	t.Helper()
	return idp.UserID(nextOf(string(w.person(t))))
}

func (w *world) unknownGroup(t *testing.T) idp.GroupID {
	t.Helper()
	return idp.GroupID(nextOf(string(w.AddGroup(t, "Shape"))))
}

// nextOf replaces the last four letters by nines and zeros, which keeps length and alphabet.
func nextOf(id string) string {
	if len(id) < 8 {
		return id + "9090"
	}
	return id[:len(id)-4] + "9090"
}
