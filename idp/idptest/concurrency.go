package idptest

import (
	"sync"
	"testing"

	"usher/idp"
)

func concurrencyCases() []testCase {
	return []testCase{
		{"changes of many people at once all happen", func(t *testing.T, w *world) {
			users := w.crowd(t, 24)
			g := w.AddGroup(t, "Team", users[12:]...)
			together(users, func(i int, u idp.UserID) {
				var err error
				if i < 12 {
					err = w.Provider.AddMember(t.Context(), g, u)
				} else {
					err = w.Provider.RemoveMember(t.Context(), g, u)
				}
				if err != nil {
					t.Errorf("change of user %d: %v", i, err)
				}
			})
			for i, u := range users {
				w.wantTruth(t, g, u, i < 12)
			}
		}},
		{"changes of one person at once end in one of the two states", func(t *testing.T, w *world) {
			u, g := w.ready(t)
			together(make([]idp.UserID, 16), func(i int, _ idp.UserID) {
				var err error
				if i%2 == 0 {
					err = w.Provider.AddMember(t.Context(), g, u)
				} else {
					err = w.Provider.RemoveMember(t.Context(), g, u)
				}
				if err != nil {
					t.Errorf("change %d: %v", i, err)
				}
			})
			w.wantMember(t, g, u, w.has(g, u))
		}},
		{"reads and changes at once do not disturb each other", func(t *testing.T, w *world) {
			users := w.crowd(t, 20)
			g := w.AddGroup(t, "Team")
			together(users, func(i int, u idp.UserID) {
				if err := w.Provider.AddMember(t.Context(), g, u); err != nil {
					t.Errorf("AddMember: %v", err)
				}
				if is, err := w.Provider.IsMember(t.Context(), g, u); err != nil || !is {
					t.Errorf("IsMember after AddMember: %v, %v", is, err)
				}
				if got, err := w.Provider.User(t.Context(), u); err != nil || got.ID != u {
					t.Errorf("User: %v, %v", got.ID, err)
				}
				if err := w.Provider.RemoveMember(idp.WithPriority(t.Context(), idp.Removal), g, u); err != nil {
					t.Errorf("RemoveMember: %v", err)
				}
			})
			if n := len(w.Members(g)); n != 0 {
				t.Fatalf("%d members are left", n)
			}
		}},
	}
}

// together runs f for all users at once and waits.
func together(users []idp.UserID, f func(i int, u idp.UserID)) {
	var group sync.WaitGroup
	for i, u := range users {
		group.Go(func() { f(i, u) })
	}
	group.Wait()
}
