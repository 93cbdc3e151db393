package idptest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"usher/idp"
)

// patience bounds every wait of the suite in real time.
const patience = 10 * time.Second

// testCase is one promise of the interface.
type testCase struct {
	name string
	run  func(t *testing.T, w *world)
}

// Run judges the providers that newWorld makes, one new world per case.
func Run(t *testing.T, newWorld func(t *testing.T) World) {
	t.Helper()
	var all []testCase
	for _, group := range [][]testCase{
		membershipCases(), missingCases(), lookupCases(), groupCases(), rateCases(), troubleCases(), answerCases(),
		pagingCases(), contextCases(), wishCases(), concurrencyCases(), managerCases(), activityCases(), sessionCases(), checkCases(),
		discoveryCases(), expiryCases(), absentCases(),
	} {
		all = append(all, group...)
	}
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := begin(t, newWorld(t))
			t.Cleanup(func() { w.judgeTexts(t) })
			c.run(t, w)
		})
	}
}

// world is a World with the steps that cases share.
type world struct {
	World
	people  int
	emails  []string
	witness *witness
}

func begin(t *testing.T, given World) *world {
	t.Helper()
	if given.Provider == nil || given.AddUser == nil || given.AddGroup == nil || given.Members == nil || given.Calls == nil {
		t.Fatal("the world lacks Provider, AddUser, AddGroup, Members or Calls")
	}
	if given.RequestsPerChange == 0 {
		given.RequestsPerChange = 1
	}
	w := &world{World: given, witness: &witness{Provider: given.Provider}}
	w.Provider = w.witness
	return w
}

// person makes a user with an address of its own.
func (w *world) person(t *testing.T) idp.UserID {
	t.Helper()
	w.people++
	return w.personNamed(t, fmt.Sprintf("person%d@suite.example", w.people))
}

func (w *world) personNamed(t *testing.T, email string) idp.UserID {
	t.Helper()
	w.emails = append(w.emails, email)
	return w.AddUser(t, Person{Email: email, First: "Pat", Last: "Suite"})
}

// crowd makes n users.
func (w *world) crowd(t *testing.T, n int) []idp.UserID {
	t.Helper()
	users := make([]idp.UserID, n)
	for i := range users {
		users[i] = w.person(t)
	}
	return users
}

// has reports the vendor's truth.
func (w *world) has(group idp.GroupID, user idp.UserID) bool {
	for _, m := range w.Members(group) {
		if m == user {
			return true
		}
	}
	return false
}

func (w *world) wantTruth(t *testing.T, group idp.GroupID, user idp.UserID, want bool) {
	t.Helper()
	if w.has(group, user) != want {
		t.Fatalf("the vendor's truth: member is %v, want %v", !want, want)
	}
}

func (w *world) wantMember(t *testing.T, group idp.GroupID, user idp.UserID, want bool) {
	t.Helper()
	got, err := w.Provider.IsMember(t.Context(), group, user)
	if err != nil {
		t.Fatalf("IsMember: %v", err)
	}
	if got != want {
		t.Fatalf("IsMember is %v, want %v", got, want)
	}
}

// judgeTexts looks through every error and log line of the case.
func (w *world) judgeTexts(t *testing.T) {
	t.Helper()
	logs := ""
	if w.Logs != nil {
		logs = w.Logs()
	}
	for _, err := range w.witness.all() {
		text := err.Error()
		for _, secret := range w.Secrets {
			if strings.Contains(text, secret) {
				t.Errorf("an error shows a secret: %s", strings.ReplaceAll(text, secret, "[the secret]"))
			}
		}
		for _, email := range w.emails {
			if strings.Contains(strings.ToLower(text), strings.ToLower(email)) {
				t.Errorf("an error shows the e-mail address of a person: %s", text)
			}
		}
		if strings.ContainsAny(text, "\r\n") {
			t.Errorf("an error has more than one line: %q", text)
		}
		if !isKind(err) {
			t.Errorf("an error without one of the kinds of package idp: %v", err)
		}
	}
	for _, secret := range w.Secrets {
		if strings.Contains(logs, secret) {
			t.Error("the log shows a secret")
		}
	}
}

func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// wantKind fails unless err has one of the kinds; "" stands for no error.
func wantKind(t *testing.T, what string, err error, want ...idp.Kind) {
	t.Helper()
	got := idp.KindOf(err)
	for _, kind := range want {
		if got == kind {
			return
		}
	}
	t.Fatalf("%s: kind %q (%v), want %q", what, got, err, want)
}

// eventually repeats f until it reports true, or fails when patience ends. Between the attempts the clock moves on.
func (w *world) eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !f() {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not happen within %v", what, patience)
		}
		w.pass(time.Second)
	}
}

// pass lets time go by: d on a movable clock, a moment on a real one.
func (w *world) pass(d time.Duration) {
	if w.Advance != nil {
		w.Advance(d)
		return
	}
	pause()
}

// pause waits a moment of real time between two looks.
func pause() {
	timer := time.NewTimer(5 * time.Millisecond)
	defer timer.Stop()
	<-timer.C
}
