package idptest

import (
	"strings"
	"testing"

	"usher/idp"
)

func lookupCases() []testCase {
	return []testCase{
		{"a user is found by e-mail address, letter case aside", func(t *testing.T, w *world) {
			u := w.personNamed(t, "Ada.Byron@suite.example")
			w.personNamed(t, "xada.byron@suite.example")
			w.personNamed(t, "ada.byron@suite.example.org")
			for _, email := range []string{"Ada.Byron@suite.example", "ada.byron@suite.example", "ADA.BYRON@SUITE.EXAMPLE"} {
				found, err := w.Provider.FindUser(t.Context(), email)
				must(t, "FindUser", err)
				if found.ID != u || !strings.EqualFold(found.Email, email) {
					t.Fatalf("found %s, want %s", found.ID, u)
				}
			}
		}},
		{"a part of an e-mail address finds nobody", func(t *testing.T, w *world) {
			w.personNamed(t, "ada.byron@suite.example")
			for _, email := range []string{"ada.byron", "ada.byron@suite", "byron@suite.example", "@suite.example", "ada.byron@suite.exampl", "", " ", "%", "*"} {
				_, err := w.Provider.FindUser(t.Context(), email)
				wantKind(t, "FindUser", err, idp.UserNotFound)
			}
		}},
		{"an e-mail address cannot change the question", func(t *testing.T, w *world) {
			w.personNamed(t, "ada.byron@suite.example")
			for _, email := range []string{
				`x" or profile.email sw "a`, `ada.byron@suite.example" or "1" eq "1`, `\`, `"`, `x@y.example\" or status eq \"ACTIVE`,
				"ada.byron@suite.example\x00", "a&filter=x@suite.example", "a#b@suite.example", "a/b@suite.example", "../me", "me",
			} {
				_, err := w.Provider.FindUser(t.Context(), email)
				wantKind(t, "FindUser", err, idp.UserNotFound)
			}
		}},
		{"two users with one address are ambiguous", func(t *testing.T, w *world) {
			w.need(t, "SameEmail")
			w.personNamed(t, "twin@suite.example")
			w.SameEmail(t, "twin@suite.example")
			_, err := w.Provider.FindUser(t.Context(), "twin@suite.example")
			wantKind(t, "FindUser", err, idp.Ambiguous)
		}},
		{"a departed namesake does not hide the present user", func(t *testing.T, w *world) {
			w.need(t, "SameEmail", "SetStatus")
			old := w.personNamed(t, "back@suite.example")
			w.SetStatus(t, old, idp.Departed)
			now := w.SameEmail(t, "back@suite.example")
			found, err := w.Provider.FindUser(t.Context(), "back@suite.example")
			must(t, "FindUser", err)
			if found.ID != now {
				t.Fatalf("found %s (%s), want %s", found.ID, found.Status, now)
			}
		}},
		{"a renamed user keeps the id", func(t *testing.T, w *world) {
			w.need(t, "Rename")
			u := w.personNamed(t, "before@suite.example")
			w.Rename(t, u, "after@suite.example")
			w.emails = append(w.emails, "after@suite.example")
			found, err := w.Provider.User(t.Context(), u)
			must(t, "User", err)
			if found.ID != u || found.Email != "after@suite.example" {
				t.Fatalf("got %s with %s", found.ID, found.Email)
			}
			found, err = w.Provider.FindUser(t.Context(), "after@suite.example")
			must(t, "FindUser", err)
			if found.ID != u {
				t.Fatalf("found %s, want %s", found.ID, u)
			}
			_, err = w.Provider.FindUser(t.Context(), "before@suite.example")
			wantKind(t, "FindUser by the old address", err, idp.UserNotFound)
		}},
		{"a login is not an id", func(t *testing.T, w *world) {
			w.personNamed(t, "ada.byron@suite.example")
			_, err := w.Provider.User(t.Context(), "ada.byron@suite.example")
			wantKind(t, "User", err, idp.UserNotFound, idp.Invalid)
		}},
		{"a user's fields are read", userFields},
		{"every status is told apart", everyStatus},
	}
}

func userFields(t *testing.T, w *world) {
	u := w.AddUser(t, Person{Login: "ada@suite.example", Email: "ada.byron@suite.example", First: "Ada", Last: "Byron", Title: "Analyst", Department: "Engines"})
	got, err := w.Provider.User(t.Context(), u)
	must(t, "User", err)
	if got.ID != u || got.Email != "ada.byron@suite.example" || got.Title != "Analyst" || got.Department != "Engines" ||
		!strings.Contains(got.Name, "Ada") || !strings.Contains(got.Name, "Byron") || got.Login == "" {
		t.Fatalf("got %+v", got)
	}
	if got.Status != idp.Active || got.StatusDetail == "" || !got.LastLogin.IsZero() {
		t.Fatalf("got status %q (%q), last login %v", got.Status, got.StatusDetail, got.LastLogin)
	}
	bare, err := w.Provider.User(t.Context(), w.person(t))
	must(t, "User", err)
	if bare.Title != "" || bare.Department != "" {
		t.Fatalf("empty fields read as %q and %q", bare.Title, bare.Department)
	}
}

func everyStatus(t *testing.T, w *world) {
	w.need(t, "SetStatus")
	for _, status := range []idp.UserStatus{idp.Active, idp.Inactive, idp.Departed} {
		u := w.person(t)
		if status != idp.Active {
			w.SetStatus(t, u, status)
		}
		got, err := w.Provider.User(t.Context(), u)
		must(t, "User", err)
		if got.Status != status || got.StatusDetail == "" {
			t.Fatalf("got status %q (%q), want %q", got.Status, got.StatusDetail, status)
		}
	}
}
