package idptest

import (
	"strings"
	"testing"
	"time"

	"usher/idp"
)

func managerCases() []testCase {
	finder := func(t *testing.T, w *world) idp.ManagerFinder {
		t.Helper()
		f := capable[idp.ManagerFinder](t, w, "ManagerFinder")
		w.need(t, "SetManager")
		return f
	}
	return []testCase{
		{"a manager is found by id, login and e-mail address", func(t *testing.T, w *world) {
			f := finder(t, w)
			boss := w.AddUser(t, Person{Login: "boss.login@suite.example", Email: "boss@suite.example", First: "Bo", Last: "Ss"})
			for _, text := range []string{string(boss), "boss.login@suite.example", "BOSS.LOGIN@suite.example", "boss@suite.example"} {
				u := w.person(t)
				w.SetManager(u, text)
				got, err := f.Manager(t.Context(), u)
				must(t, "Manager by "+text, err)
				if got.ID != boss {
					t.Fatalf("by %s: got %s, want %s", text, got.ID, boss)
				}
			}
		}},
		{"a manager who is nobody is not found", func(t *testing.T, w *world) {
			f := finder(t, w)
			w.AddUser(t, Person{Login: "boss.login@suite.example", Email: "boss@suite.example", First: "Bo", Last: "Ss"})
			for _, text := range []string{
				"", " ", "Bo Ss", "12345", "boss", "boss.login", "me", "..", ".", "a/b", "../me", "gone@suite.example", `" or "`, "rules", string(w.unknownUser(t)),
			} {
				u := w.person(t)
				w.SetManager(u, text)
				got, err := f.Manager(t.Context(), u)
				w.witness.keep(err)
				if idp.KindOf(err) != idp.UserNotFound {
					t.Errorf("by %q: got %s, %v", text, got.ID, err)
				}
			}
		}},
		{"the manager of nobody is not found", func(t *testing.T, w *world) {
			_, err := finder(t, w).Manager(t.Context(), w.unknownUser(t))
			wantKind(t, "Manager", err, idp.UserNotFound)
		}},
	}
}

func activityCases() []testCase {
	reader := func(t *testing.T, w *world) idp.ActivityReader {
		t.Helper()
		r := capable[idp.ActivityReader](t, w, "ActivityReader")
		w.need(t, "SignOn", "AppID")
		return r
	}
	const day = 24 * time.Hour
	return []testCase{
		{"the last use is the newest of this person in this app", func(t *testing.T, w *world) {
			r := reader(t, w)
			u, other := w.person(t), w.person(t)
			now := time.Now().UTC().Truncate(time.Second)
			want := now.Add(-5 * day)
			w.SignOn("app1", u, now.Add(-9*day))
			w.SignOn("app1", u, want)
			w.SignOn("app1", u, now.Add(-7*day)) // arrives late
			w.SignOn("app2", u, now.Add(-2*day))
			w.SignOn("app1", other, now.Add(-1*day))
			for _, c := range []struct{ since, want time.Time }{
				{now.Add(-30 * day), want},
				{time.Time{}, want},
				{now.Add(-400 * day), want},
				{now.Add(-4 * day), time.Time{}},
				{now.Add(day), time.Time{}},
			} {
				got, err := r.LastUse(t.Context(), w.AppID("app1"), u, c.since)
				must(t, "LastUse", err)
				if !got.Equal(c.want) {
					t.Fatalf("since %v: got %v, want %v", c.since, got, c.want)
				}
			}
		}},
		{"the last use of anybody is the newest in this app", func(t *testing.T, w *world) {
			r := reader(t, w)
			now := time.Now().UTC().Truncate(time.Second)
			w.SignOn("app1", w.person(t), now.Add(-9*day))
			w.SignOn("app1", w.person(t), now.Add(-5*day))
			w.SignOn("app2", w.person(t), now.Add(-2*day))
			for since, want := range map[time.Time]time.Time{now.Add(-20 * day): now.Add(-5 * day), now.Add(-4 * day): {}} {
				got, err := r.LastUse(t.Context(), w.AppID("app1"), "", since)
				must(t, "LastUse", err)
				if !got.Equal(want) {
					t.Fatalf("since %v: got %v, want %v", since, got, want)
				}
			}
		}},
		{"a failed sign-on is no use", func(t *testing.T, w *world) {
			r := reader(t, w)
			w.need(t, "FailSignOn")
			u := w.person(t)
			now := time.Now().UTC().Truncate(time.Second)
			w.SignOn("app1", u, now.Add(-5*day))
			for range 60 {
				w.FailSignOn("app1", u, now.Add(-2*day))
			}
			got, err := r.LastUse(t.Context(), w.AppID("app1"), u, now.Add(-30*day))
			must(t, "LastUse", err)
			if !got.Equal(now.Add(-5 * day)) {
				t.Fatalf("got %v", got)
			}
		}},
	}
}

func sessionCases() []testCase {
	return []testCase{
		{"sessions are ended for this person only", func(t *testing.T, w *world) {
			revoker := capable[idp.SessionRevoker](t, w, "SessionRevoker")
			w.need(t, "Sessions")
			u, other := w.person(t), w.person(t)
			must(t, "RevokeSessions", revoker.RevokeSessions(t.Context(), u))
			if w.Sessions(u) != 1 || w.Sessions(other) != 0 {
				t.Fatalf("ended %d and %d times, want 1 and 0", w.Sessions(u), w.Sessions(other))
			}
			wantKind(t, "RevokeSessions", revoker.RevokeSessions(t.Context(), w.unknownUser(t)), idp.UserNotFound)
		}},
	}
}

func checkCases() []testCase {
	checker := func(t *testing.T, w *world) idp.Checker {
		t.Helper()
		return capable[idp.Checker](t, w, "Checker")
	}
	return []testCase{
		{"a healthy provider checks out and changes nothing", func(t *testing.T, w *world) {
			c := checker(t, w)
			w.need(t, "Changes")
			w.AddGroup(t, "Team")
			before := w.Changes()
			for _, f := range c.Check(t.Context()) {
				w.judgeFinding(t, f)
				if !f.OK || f.NoExpiry {
					t.Errorf("not well: %+v", f)
				}
			}
			if w.Changes() != before {
				t.Fatal("the check changed something")
			}
			if c.ServerTime().IsZero() {
				t.Fatal("the vendor's clock is unknown")
			}
		}},
		{"wrong credentials are found and a way to mend them is told", func(t *testing.T, w *world) {
			checker(t, w)
			w.need(t, "Locked")
			locked, ok := w.Locked(t).(idp.Checker)
			if !ok {
				t.Fatal("the provider with the wrong credentials does not check itself")
			}
			wrong := 0
			for _, f := range locked.Check(t.Context()) {
				w.judgeFinding(t, f)
				if !f.OK {
					wrong++
				}
			}
			if wrong == 0 {
				t.Fatal("everything is said to be well")
			}
		}},
		{"a vendor that cannot be reached is found", func(t *testing.T, w *world) {
			c := checker(t, w)
			w.need(t, "Fault", "Heal")
			w.Fault(Fault{Kind: CutBefore, On: Reads})
			wrong := 0
			for _, f := range c.Check(t.Context()) {
				w.judgeFinding(t, f)
				if !f.OK {
					wrong++
				}
			}
			if wrong == 0 {
				t.Fatal("everything is said to be well")
			}
		}},
	}
}

func (w *world) judgeFinding(t *testing.T, f idp.Finding) {
	t.Helper()
	text := f.Subject + f.Detail + f.Fix
	if f.Subject == "" || f.Detail == "" || ((!f.OK || f.NoExpiry) && f.Fix == "") || (f.NoExpiry && !f.OK) {
		t.Errorf("an incomplete finding: %+v", f)
	}
	for _, secret := range w.Secrets {
		if strings.Contains(text, secret) {
			t.Errorf("the finding about %s shows a secret", f.Subject)
		}
	}
}
