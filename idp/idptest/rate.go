package idptest

import (
	"testing"
	"time"

	"usher/idp"
)

// hotLoop is how many requests one call may send while the vendor refuses; more is a loop.
const hotLoop = 4

func rateCases() []testCase {
	return []testCase{
		{"a rate limit on a change says when to come back", func(t *testing.T, w *world) {
			w.need(t, "Fault", "Heal")
			u, g := w.ready(t)
			w.Fault(Fault{Kind: RateLimited, On: Changes})
			before := w.Calls()
			err := w.Provider.AddMember(t.Context(), g, u)
			wantKind(t, "AddMember", err, idp.Throttled)
			if idp.RetryAt(err).IsZero() {
				t.Fatal("the vendor told the time and the error does not")
			}
			if n := w.Calls() - before; n > hotLoop {
				t.Fatalf("one change sent %d requests", n)
			}
			w.wantTruth(t, g, u, false)
			w.Heal()
			w.eventually(t, "adding after the limit", func() bool { return w.Provider.AddMember(t.Context(), g, u) == nil })
			w.wantTruth(t, g, u, true)
		}},
		{"a rate limit without headers is a rate limit", func(t *testing.T, w *world) {
			w.need(t, "Fault", "Heal")
			u, g := w.ready(t)
			w.Fault(Fault{Kind: RateLimitedBare, On: Changes})
			before := w.Calls()
			wantKind(t, "AddMember", w.Provider.AddMember(t.Context(), g, u), idp.Throttled)
			wantKind(t, "RemoveMember", w.Provider.RemoveMember(t.Context(), g, u), idp.Throttled)
			if n := w.Calls() - before; n > 2*hotLoop {
				t.Fatalf("two changes sent %d requests", n)
			}
			w.Heal()
			w.eventually(t, "adding after the limit", func() bool { return w.Provider.AddMember(t.Context(), g, u) == nil })
		}},
		{"a rate limit on a read says when to come back", func(t *testing.T, w *world) {
			w.need(t, "Fault", "Heal")
			u := w.person(t)
			w.Fault(Fault{Kind: RateLimited, On: Reads})
			_, err := w.Provider.User(t.Context(), u)
			wantKind(t, "User", err, idp.Throttled)
			if idp.RetryAt(err).IsZero() {
				t.Fatal("the vendor told the time and the error does not")
			}
			w.Heal()
			w.eventually(t, "reading after the limit", func() bool {
				_, err := w.Provider.User(t.Context(), u)
				return err == nil
			})
		}},
		{"a rate limit on the second page is no short list", func(t *testing.T, w *world) {
			w.need(t, "Fault", "Heal", "BigGroup")
			lister := w.lister(t)
			g := w.BigGroup(t, 450)
			w.Fault(Fault{Kind: RateLimited, On: Reads, Skip: 1})
			members, err := lister.Members(t.Context(), g)
			wantKind(t, "Members", err, idp.Throttled)
			if len(members) != 0 {
				t.Fatalf("%d members beside the error", len(members))
			}
		}},
		{"the provider causes no refusal of its own and keeps a reserve for removals", reserve},
		{"after the window everything goes on", nextWindow},
	}
}

// ready makes a user and a group whose judgement is known, so that the next request for a change is the change.
func (w *world) ready(t *testing.T) (idp.UserID, idp.GroupID) {
	t.Helper()
	u, g := w.person(t), w.AddGroup(t, "Team")
	_, err := w.Provider.Group(t.Context(), g)
	must(t, "Group", err)
	return u, g
}

// limited makes a world of n changes per window and spends what it can.
func (w *world) limited(t *testing.T, n int) (*world, idp.GroupID, []idp.UserID, int) {
	t.Helper()
	w.need(t, "Limit", "Refusals")
	small := begin(t, w.Limit(t, n))
	users := small.crowd(t, n+5)
	g := small.AddGroup(t, "Team")
	added := 0
	for _, u := range users {
		err := small.Provider.AddMember(t.Context(), g, u)
		if err != nil {
			wantKind(t, "AddMember", err, idp.Throttled)
			at := idp.RetryAt(err)
			if at.IsZero() {
				t.Fatal("the error does not say when the window ends")
			}
			return small, g, users, added
		}
		added++
	}
	t.Fatalf("%d changes passed a window of %d", added, n)
	return nil, "", nil, 0
}

func reserve(t *testing.T, w *world) {
	const window = 60
	small, g, users, added := w.limited(t, window)
	if added < window*8/10-10 {
		t.Errorf("only %d of %d changes were used", added, window)
	}
	if n := small.Refusals(); n != 0 {
		t.Fatalf("the provider ran into the limit %d times although the headers told it", n)
	}
	urgent := idp.WithPriority(t.Context(), idp.Removal)
	must(t, "RemoveMember", small.Provider.RemoveMember(urgent, g, users[0]))
	is, err := small.Provider.IsMember(urgent, g, users[0])
	must(t, "IsMember", err)
	if is {
		t.Fatal("the removal did not happen")
	}
	wantKind(t, "AddMember", small.Provider.AddMember(t.Context(), g, users[0]), idp.Throttled)
	removed := 1
	for _, u := range users[1:added] {
		if err := small.Provider.RemoveMember(urgent, g, u); err != nil {
			wantKind(t, "RemoveMember", err, idp.Throttled)
			break
		}
		removed++
	}
	if n := small.Refusals(); n != 0 {
		t.Fatalf("the removals ran into the limit %d times", n)
	}
	if removed < 3 {
		t.Fatalf("the reserve let %d removals pass", removed)
	}
}

func nextWindow(t *testing.T, w *world) {
	w.need(t, "Advance") // A window lasts longer than a test in real time.
	small, g, users, added := w.limited(t, 20)
	if small.Advance == nil {
		t.Fatal("the limited world has no clock")
	}
	small.Advance(2 * time.Minute)
	for _, u := range users[added : added+3] {
		must(t, "AddMember in the next window", small.Provider.AddMember(t.Context(), g, u))
	}
	if n := small.Refusals(); n != 0 {
		t.Fatalf("the provider ran into the limit %d times", n)
	}
}
