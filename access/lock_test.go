package access_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/access"
	"usher/idp"
)

const lockingCatalog = `
version: 1
apps:
  - id: git
    name: Git
    risk: low
    status: approved
    owners: [owen@x.example]
    entitlements:
      - {id: locked, name: Locked, groups: ["dir:g"], durations: [1h, 6h], second_lock: true, policy: {rules: [{automatic: true, because: harmless}]}}
      - {id: open, name: Open, groups: ["dir:g"], durations: [30m, 6h], policy: {rules: [{automatic: true, because: harmless}]}}
`

// expiring is a directory that ends memberships by itself.
type expiring struct {
	*directory
	mu     sync.Mutex
	ends   map[string]time.Time
	refuse error // What SetExpiry answers.
	late   int   // How many reads do not see a membership yet.
	asked  int
}

func (d *expiring) SetExpiry(_ context.Context, g idp.GroupID, u idp.UserID, at time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	if d.refuse != nil {
		return d.refuse
	}
	if !d.member(g, strings.TrimPrefix(string(u), "u-")) {
		return &idp.Error{Kind: idp.UserNotFound, Op: "set expiry"}
	}
	d.ends[string(g)+"/"+string(u)] = at
	return nil
}

func (d *expiring) Expiry(_ context.Context, g idp.GroupID, u idp.UserID) (time.Time, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.late > 0 {
		d.late--
		return time.Time{}, &idp.Error{Kind: idp.UserNotFound, Op: "read expiry"}
	}
	return d.ends[string(g)+"/"+string(u)], nil
}

func (d *expiring) end() time.Time {
	at, _ := d.Expiry(context.Background(), "g", "u-rita")
	return at
}

func (d *expiring) answer(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refuse, d.asked = err, 0
}

// refused reports whether an end was asked for since the last answer was set.
func (d *expiring) refused() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked > 0
}

func locking(t *testing.T, can bool) (*world, *expiring) {
	t.Helper()
	w := newWorld(t)
	d := &expiring{directory: w.dir, ends: map[string]time.Time{}}
	if can {
		w.adjust = func(c *access.Config) { c.Providers["dir"] = d }
	}
	w.open()
	w.catalog(lockingCatalog)
	w.run()
	return w, d
}

// pending reports whether an effect of the kind waits to be done.
func (w *world) pending(kind access.EffectKind) (waits bool) {
	err := w.store.View(w.t.Context(), func(tx access.Tx) error {
		list, err := tx.Effects()
		waits = slices.ContainsFunc(list, func(e access.Effect) bool { return e.Kind == kind })
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return waits
}

func (w *world) told(id access.RequestID, words string) func() bool {
	return func() bool {
		return slices.ContainsFunc(w.events(id), func(e access.Event) bool { return strings.Contains(e.Text, words) })
	}
}

func TestTheVendorsOwnEndFollowsTheGrant(t *testing.T) {
	t.Parallel()
	w, d := locking(t, true)
	r := w.submit("rita", "locked", time.Hour)
	w.until("active", func() bool { return w.state(r.ID) == access.GrantActive })
	due := w.grant(r.ID).DueAt
	w.until("locked", func() bool { return d.end().Equal(due.Add(15 * time.Minute)) })
	w.until("told", w.told(r.ID, "will end the membership of dir:g by itself"))
	w.advance(50 * time.Minute)
	w.submit("rita", "locked", time.Hour) // An extension.
	w.until("extended", func() bool { return w.grant(r.ID).DueAt.Equal(due.Add(time.Hour)) })
	w.until("moved", func() bool { return d.end().Equal(due.Add(75 * time.Minute)) })
	w.advance(2 * time.Hour)
	w.until("ended", func() bool { return w.state(r.ID) == access.GrantEnded })
	if err := access.VerifyChain(w.events(r.ID)); err != nil {
		t.Error(err)
	}
}

func TestASecondLockNeverEndsWhatAnotherGrantNeeds(t *testing.T) {
	t.Parallel()
	w, d := locking(t, true)
	first := w.submit("rita", "locked", time.Hour)
	w.until("locked", func() bool { return !d.end().IsZero() })
	second := w.submit("rita", "open", 6*time.Hour)
	w.until("both", func() bool { return w.state(second.ID) == access.GrantActive })
	w.until("taken away", func() bool { return d.end().IsZero() })
	w.until("told", w.told(second.ID, "will not end the membership"))
	w.advance(time.Hour)
	w.until("first over", func() bool { return w.state(first.ID) == access.GrantEnded })
	if !w.dir.member("g", "rita") || !d.end().IsZero() {
		t.Errorf("the second grant's membership ends at %s", d.end())
	}
}

func TestALockIsSetAgainWhenTheGrantWithoutOneIsOver(t *testing.T) {
	t.Parallel()
	w, d := locking(t, true)
	open := w.submit("rita", "open", 30*time.Minute)
	w.until("open", func() bool { return w.state(open.ID) == access.GrantActive })
	kept := w.submit("rita", "locked", 6*time.Hour)
	w.until("kept", func() bool { return w.state(kept.ID) == access.GrantActive })
	w.until("looked", func() bool { return !w.pending(access.EffectLock) })
	if !d.end().IsZero() {
		t.Fatalf("an end at %s, though another grant has none", d.end())
	}
	w.advance(30 * time.Minute)
	w.until("over", func() bool { return w.state(open.ID) == access.GrantEnded })
	w.until("locked", func() bool { return d.end().Equal(w.grant(kept.ID).DueAt.Add(15 * time.Minute)) })
}

func TestAccessIsGivenWithoutASecondLockAndSaysSo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		can    bool
		answer error
	}{
		"a provider that cannot":  {false, nil},
		"a license that does not": {true, &idp.Error{Kind: idp.NotGovernable, Op: "set expiry", Err: errors.New("no license")}},
		"a right that is missing": {true, &idp.Error{Kind: idp.Forbidden, Op: "set expiry"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, d := locking(t, c.can)
			d.answer(c.answer)
			r := w.submit("rita", "locked", time.Hour)
			w.until("active", func() bool { return w.state(r.ID) == access.GrantActive })
			told := w.told(r.ID, "There is no second lock on dir:g")
			w.until("told", func() bool {
				w.advance(time.Second)
				return told()
			})
			w.until("on the issue", func() bool {
				return slices.ContainsFunc(w.tracker.of(r.ID).lines, func(e access.Event) bool { return e.Kind == access.EventMemberLocked })
			})
			w.advance(time.Hour)
			w.until("ended", func() bool { return w.state(r.ID) == access.GrantEnded })
		})
	}
}

func TestALockIsTriedAgain(t *testing.T) {
	t.Parallel()
	w, d := locking(t, true)
	d.answer(&idp.Error{Kind: idp.Unavailable, Op: "set expiry"})
	r := w.submit("rita", "locked", 6*time.Hour)
	w.until("active", func() bool { return w.state(r.ID) == access.GrantActive })
	d.answer(nil)
	w.until("locked", func() bool {
		w.advance(time.Minute)
		return !d.end().IsZero()
	})
}

func TestALockThatCannotBeSetHoldsNothingUp(t *testing.T) {
	t.Parallel()
	w, d := locking(t, true)
	d.answer(&idp.Error{Kind: idp.Forbidden, Op: "set expiry"})
	first := w.submit("rita", "locked", time.Hour)
	w.until("tried", d.refused)
	second := w.submit("rita", "open", 6*time.Hour)
	w.until("both", func() bool { return w.state(second.ID) == access.GrantActive })
	d.answer(&idp.Error{Kind: idp.Unavailable, Op: "set expiry"})
	w.advance(time.Hour)
	w.until("first over", func() bool { return w.state(first.ID) == access.GrantEnded })
	if _, err := w.service.Release(t.Context(), w.person("rita"), access.GrantID(second.ID)); err != nil {
		t.Fatal(err)
	}
	w.until("second over", func() bool { return w.state(second.ID) == access.GrantEnded })
	w.until("forgotten", func() bool {
		w.advance(time.Minute)
		return !w.pending(access.EffectLock)
	})
	if w.dir.member("g", "rita") {
		t.Error("the membership is left")
	}
}

func TestAnExtensionMovesTheLockThoughTheCatalogHasOtherGroupsNow(t *testing.T) {
	t.Parallel()
	w, d := locking(t, true)
	r := w.submit("rita", "locked", time.Hour)
	w.until("locked", func() bool { return !d.end().IsZero() })
	due := w.grant(r.ID).DueAt
	w.catalog(strings.ReplaceAll(lockingCatalog, "dir:g", "dir:h"))
	w.submit("rita", "locked", time.Hour)
	w.until("extended", func() bool { return w.grant(r.ID).DueAt.Equal(due.Add(time.Hour)) })
	w.until("moved", func() bool { return d.end().Equal(due.Add(75 * time.Minute)) })
}

func TestALockThatCannotBeMovedIsToldWithItsTime(t *testing.T) {
	t.Parallel()
	w, d := locking(t, true)
	r := w.submit("rita", "locked", time.Hour)
	w.until("locked", w.told(r.ID, "by itself at"))
	d.answer(&idp.Error{Kind: idp.NotGovernable, Op: "set expiry"})
	w.submit("rita", "locked", time.Hour)
	w.until("told", w.told(r.ID, "dir still ends the membership of dir:g by itself at"))
}

func TestALockThatIsReadLateIsToldAsSet(t *testing.T) {
	t.Parallel()
	w, d := locking(t, true)
	d.late = 2
	r := w.submit("rita", "locked", 6*time.Hour)
	told := w.told(r.ID, "will end the membership of dir:g by itself at")
	w.until("told", func() bool {
		w.advance(time.Second)
		return told()
	})
}

func TestAMembershipThatIsTooNewForALockIsLockedLater(t *testing.T) {
	t.Parallel()
	w, d := locking(t, true)
	d.answer(&idp.Error{Kind: idp.UserNotFound, Op: "set expiry"})
	w.submit("rita", "locked", 6*time.Hour)
	w.until("tried", d.refused)
	d.answer(nil)
	w.until("locked", func() bool {
		w.advance(time.Second)
		return !d.end().IsZero()
	})
	d.answer(&idp.Error{Kind: idp.UserNotFound, Op: "set expiry"})
	second := w.submit("rita", "open", 6*time.Hour)
	told := w.told(second.ID, "dir knows no such membership")
	w.until("told", func() bool {
		w.advance(time.Second)
		return told()
	})
}
