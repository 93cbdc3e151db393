package access_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"usher/access"
	"usher/idp"
)

// The addition is on its way when its access is given back, and another role that needs the same group has been approved meanwhile.
// What Usher added is in the evidence, whoever keeps it.
func TestAnAdditionThatAnotherGrantKeepsIsTold(t *testing.T) {
	t.Parallel()
	inOddTown(t, func(t *testing.T, w *world, d *odd) {
		d.add.Store(oddly(func(_ context.Context, change func() error) error {
			d.add.Store(usual())
			time.Sleep(10 * time.Second)
			return change()
		}))
		first := w.approved(time.Hour)
		second := w.approvedFor("also-write", time.Hour)
		w.release(first)
		wait(time.Minute)
		if w.state(second) != access.GrantActive {
			t.Fatalf("the second is %s", w.state(second))
		}
		wait(2 * time.Hour)
		if got := w.dir.changes(); !slices.Equal(got, []string{"add gwrite u-rita", "remove gwrite u-rita"}) {
			t.Errorf("changes: %q", got)
		}
		told := w.count(first, access.EventMemberAdded) + w.count(second, access.EventMemberAdded)
		if gone := w.count(first, access.EventMemberRemoved) + w.count(second, access.EventMemberRemoved); told != 1 || gone != 1 {
			t.Errorf("added once and told %d times, removed once and told %d times", told, gone)
		}
	})
}

// The addition was never sent, for the budget was spent; the access is given back, and the look before the removal fails once. The
// record must not tell of a removal, for nobody was a member.
func TestNothingIsToldAsRemovedWhenTheLookFails(t *testing.T) {
	t.Parallel()
	inOddTown(t, func(t *testing.T, w *world, d *odd) {
		d.add.Store(oddly(func(context.Context, func() error) error {
			return &idp.Error{Kind: idp.Throttled, Op: "add member", RetryAt: time.Now().Add(time.Minute)}
		}))
		id := w.approved(time.Hour)
		wait(5 * time.Second)
		lost := false
		w.dir.failing(func(op string, _ idp.GroupID) error {
			if op == "read" && !lost {
				lost = true
				return &idp.Error{Kind: idp.Unavailable, Op: op}
			}
			return nil
		})
		w.release(id)
		wait(5 * time.Minute)
		w.nothingAdded(id)
	})
}

// The removal was made and its answer lost, and before it is tried again another role has been given the same group. For a minute
// nobody can look: the record does not say that the membership was left in place.
func TestARemovalThatCannotBeLookedIntoIsNotToldAsLeftInPlace(t *testing.T) {
	t.Parallel()
	inOddTown(t, func(t *testing.T, w *world, d *odd) {
		first := w.active("rita", "write", time.Hour)
		d.remove.Store(oddly(func(_ context.Context, change func() error) error {
			d.remove.Store(usual())
			if err := change(); err != nil {
				return err
			}
			w.dir.failing(func(op string, _ idp.GroupID) error { return &idp.Error{Kind: idp.Unavailable, Op: op} })
			return &idp.Error{Kind: idp.Unavailable, Op: "remove member"}
		}))
		w.release(first)
		second := w.approvedFor("also-write", time.Hour)
		wait(2 * time.Minute)
		w.dir.failing(nil)
		wait(time.Minute)
		if w.state(first) != access.GrantEnded || w.state(second) != access.GrantActive || !w.dir.member("gwrite", "rita") {
			t.Errorf("the first is %s, the second %s", w.state(first), w.state(second))
		}
		i := slices.IndexFunc(w.events(first), func(e access.Event) bool { return e.Kind == access.EventMemberKept })
		if i < 0 || w.events(first)[i].Facts["found"] != "unknown" {
			t.Errorf("the record says: %+v", w.events(first))
		}
		if n := w.count(second, access.EventMemberAdded); n != 1 {
			t.Errorf("the second tells of %d additions", n)
		}
	})
}
