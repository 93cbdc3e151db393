package access_test

import (
	"sync"
	"testing"
	"time"

	"usher/access"
	"usher/idp"
)

// Whoever asks to be left alone for ten minutes is left alone for ten minutes, by whatever is due there, and called soon after.
func TestNobodyIsCalledBeforeTheyWantToBe(t *testing.T) {
	t.Parallel()
	const wish = 10 * time.Minute
	for name, fail := range map[string]func(w *world, note func()){
		"provider 429": func(w *world, note func()) {
			w.dir.failing(func(string, idp.GroupID) error {
				note()
				return &idp.Error{Kind: idp.Throttled, Op: "call", RetryAt: w.service.Now().Add(wish)}
			})
		},
		"provider 503": func(w *world, note func()) {
			w.dir.failing(func(string, idp.GroupID) error {
				note()
				return &idp.Error{Kind: idp.Unavailable, Op: "call", RetryAt: w.service.Now().Add(wish)}
			})
		},
		"tracker": func(w *world, note func()) {
			w.tracker.failing(func(string) error {
				note()
				return &access.TargetError{Target: access.TargetJira, Op: "update", Transient: true, RetryAfter: wish}
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtual(t, nil, func(t *testing.T, w *world) {
				w.run()
				first := w.active("rita", "write", time.Hour)
				wait(5 * time.Second) // So that the second is due when the first has been told to wait.
				w.active("rob", "write", time.Hour)
				wait(time.Minute)
				var mu sync.Mutex
				var calls []time.Time
				fail(w, func() {
					mu.Lock()
					defer mu.Unlock()
					calls = append(calls, time.Now())
				})
				wait(time.Until(w.grant(first).DueAt) + 15*time.Minute)
				mu.Lock()
				defer mu.Unlock()
				if len(calls) < 2 {
					t.Fatalf("the test is wrong: calls at %v", calls)
				}
				for i, at := range calls[1:] {
					if gap := at.Sub(calls[0]); gap > 0 && gap < wish {
						t.Errorf("call %d came %v after the first, which asked for %v", i+2, gap, wish)
					}
				}
				if again := calls[len(calls)-1].Sub(calls[0]); again < wish || again > wish+5*time.Minute {
					t.Errorf("the last call came %v after the first", again)
				}
			})
		})
	}
}

// What is being given is not active yet: the admin's Home tab and the metrics count it when it is.
func TestWhatIsBeingGivenIsNotCountedAsActive(t *testing.T) {
	t.Parallel()
	virtual(t, nil, func(t *testing.T, w *world) {
		w.run()
		w.active("rob", "write", time.Hour)
		w.dir.failing(func(op string, _ idp.GroupID) error {
			if op != "add" {
				return nil
			}
			return &idp.Error{Kind: idp.Unavailable, Op: op}
		})
		r := w.submit("rita", "write", time.Hour)
		wait(time.Second)
		if err := w.decide("mona", r.ID, access.Approve, ""); err != nil {
			t.Fatal(err)
		}
		wait(time.Minute)
		h, err := w.service.Home(t.Context(), access.Person{User: "u-ada", Email: "ada@x.example"})
		if err != nil || !h.Admin || h.ActiveGrants != 1 || len(h.Failures) != 1 {
			t.Errorf("%v, admin %v: %d active, %d failing; want one of each", err, h.Admin, h.ActiveGrants, len(h.Failures))
		}
	})
}

// What is given back is due at once: it does not wait behind what was due later.
func TestWhatIsGivenBackIsDueAtOnce(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var due []time.Time
	virtual(t, func(w *world, c *access.Config) {
		c.Store = watchedStore{w.store, func(e access.Effect) {
			mu.Lock()
			defer mu.Unlock()
			if e.Kind == access.EffectRemove {
				due = append(due, e.Due)
			}
		}}
	}, func(t *testing.T, w *world) {
		w.run()
		id := w.active("rita", "write", time.Hour)
		wait(30 * time.Minute)
		if _, err := w.service.Release(t.Context(), w.person("rita"), access.GrantID(id)); err != nil {
			t.Fatal(err)
		}
		wait(time.Second)
		mu.Lock()
		defer mu.Unlock()
		if len(due) != 1 || due[0].After(w.grant(id).RevokingAt) {
			t.Errorf("due at %v, released at %v", due, w.grant(id).RevokingAt)
		}
	})
}
