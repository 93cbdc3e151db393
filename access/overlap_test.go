package access_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"usher/access"
	"usher/catalog"
	"usher/idp"
)

// odd is a directory whose changes do not go as they should.
type odd struct {
	*directory
	add, remove atomic.Pointer[oddity]
}

// oddity carries a change out in its own way.
type oddity func(ctx context.Context, change func() error) error

func (d *odd) AddMember(ctx context.Context, g idp.GroupID, u idp.UserID) error {
	return (*d.add.Load())(ctx, func() error { return d.directory.AddMember(ctx, g, u) })
}

func (d *odd) RemoveMember(ctx context.Context, g idp.GroupID, u idp.UserID) error {
	return (*d.remove.Load())(ctx, func() error { return d.directory.RemoveMember(ctx, g, u) })
}

func usual() *oddity {
	o := oddity(func(_ context.Context, change func() error) error { return change() })
	return &o
}

func oddly(f oddity) *oddity { return &f }

// inOddTown plays a story with such a directory.
func inOddTown(t *testing.T, story func(t *testing.T, w *world, d *odd)) {
	t.Helper()
	var d *odd
	virtual(t, func(w *world, c *access.Config) {
		d = &odd{directory: w.dir}
		d.add.Store(usual())
		d.remove.Store(usual())
		c.Providers["dir"] = d
	}, func(t *testing.T, w *world) {
		w.run()
		story(t, w, d)
	})
}

// Rita's access ends, and the answer to the removal does not come. Before it is tried again, she has been given the same
// group by another role: then the record must say what the lost try did.
func TestARemovalWithoutAnAnswerIsToldAsItWas(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		took          bool
		removed, kept int
		changes       []string
	}{
		"it had been done":     {true, 1, 0, []string{"add gwrite u-rita", "remove gwrite u-rita", "add gwrite u-rita"}},
		"it had not been done": {false, 0, 1, []string{"add gwrite u-rita"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inOddTown(t, func(t *testing.T, w *world, d *odd) {
				first := w.active("rita", "write", time.Hour)
				d.remove.Store(oddly(func(_ context.Context, change func() error) error {
					time.Sleep(20 * time.Second)
					if c.took {
						_ = change()
					}
					d.remove.Store(usual())
					return &idp.Error{Kind: idp.Unavailable, Op: "remove member"}
				}))
				wait(time.Until(w.grant(first).DueAt) + time.Second)
				second := w.submit("rita", "also-write", time.Hour)
				wait(time.Second)
				if err := w.decide("mona", second.ID, access.Approve, ""); err != nil {
					t.Fatal(err)
				}
				wait(time.Minute)
				if w.state(first) != access.GrantEnded || w.state(second.ID) != access.GrantActive || !w.dir.member("gwrite", "rita") {
					t.Errorf("the first is %s, the second %s", w.state(first), w.state(second.ID))
				}
				if got := w.dir.changes(); !slices.Equal(got, c.changes) {
					t.Errorf("changes: %q", got)
				}
				if r, k := w.count(first, access.EventMemberRemoved), w.count(first, access.EventMemberKept); r != c.removed || k != c.kept {
					t.Errorf("told as removed %d times, as kept %d times", r, k)
				}
				for _, e := range w.events(first) {
					if e.Kind == access.EventMemberRemoved && !strings.HasPrefix(e.Text, "Read that rita is not") {
						t.Errorf("the record says: %s", e.Text)
					}
				}
				if n := w.count(second.ID, access.EventMemberAdded); n != c.removed {
					t.Errorf("the second tells of %d additions", n)
				}
				wait(2 * time.Hour)
				if w.dir.member("gwrite", "rita") {
					t.Error("the second did not end")
				}
			})
		})
	}
}

// Two roles give the same group, and both grants look before either has added.
func TestOneMembershipForTwoGrantsIsAddedOnceAndToldSo(t *testing.T) {
	t.Parallel()
	inOddTown(t, func(t *testing.T, w *world, d *odd) {
		var adds atomic.Int32
		d.add.Store(oddly(func(_ context.Context, change func() error) error {
			adds.Add(1)
			return change()
		}))
		w.dir.failing(func(op string, _ idp.GroupID) error {
			if op == "read" {
				return &idp.Error{Kind: idp.Unavailable, Op: "read membership"}
			}
			return nil
		})
		var ids []access.RequestID
		for _, role := range []catalog.EntitlementID{"write", "also-write"} {
			r := w.submit("rita", role, time.Hour)
			wait(time.Second)
			if err := w.decide("mona", r.ID, access.Approve, ""); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, r.ID)
		}
		wait(time.Minute)
		w.dir.failing(nil)
		wait(time.Minute)
		added, joined := 0, 0
		for _, id := range ids {
			if w.state(id) != access.GrantActive {
				t.Errorf("a grant is %s", w.state(id))
			}
			added, joined = added+w.count(id, access.EventMemberAdded), joined+w.count(id, access.EventMemberJoined)
		}
		if adds.Load() != 1 || added != 1 || joined != 1 {
			t.Errorf("%d calls to add, told as added %d times, as joined %d times", adds.Load(), added, joined)
		}
		wait(2 * time.Hour)
		if got := w.dir.changes(); !slices.Equal(got, []string{"add gwrite u-rita", "remove gwrite u-rita"}) {
			t.Errorf("changes: %q", got)
		}
	})
}

// The vendor goes on with an addition that it was asked for, whether or not anybody still waits for the answer. Whoever ends
// the grant meanwhile must not have the removal overtake it.
func TestARemovalWaitsForTheAdditionInHand(t *testing.T) {
	t.Parallel()
	inOddTown(t, func(t *testing.T, w *world, d *odd) {
		d.add.Store(oddly(func(ctx context.Context, change func() error) error {
			done := make(chan error, 1)
			go func() { time.Sleep(3 * time.Second); done <- change() }()
			select {
			case err := <-done:
				return err
			case <-ctx.Done():
				return &idp.Error{Kind: idp.Unavailable, Op: "add member", Err: ctx.Err()}
			}
		}))
		r := w.submit("rita", "write", time.Hour)
		wait(time.Second)
		if err := w.decide("mona", r.ID, access.Approve, ""); err != nil {
			t.Fatal(err)
		}
		wait(time.Second)
		if _, err := w.service.Release(t.Context(), w.person("rita"), w.grant(r.ID).ID); err != nil {
			t.Fatal(err)
		}
		wait(time.Minute)
		if got := w.dir.changes(); !slices.Equal(got, []string{"add gwrite u-rita", "remove gwrite u-rita"}) || w.state(r.ID) != access.GrantFailed {
			t.Errorf("the grant is %s, changes: %q", w.state(r.ID), got)
		}
	})
}

// The person is gone, and the group must not be read: that proves nothing, and somebody has to look. It is tried for a while, and
// rarely from then on.
func TestARemovalThatCannotBeProvenIsToldAsThat(t *testing.T) {
	t.Parallel()
	virtual(t, nil, func(t *testing.T, w *world) {
		w.run()
		id := w.active("rita", "write", time.Hour)
		tries := 0
		w.dir.failing(func(op string, _ idp.GroupID) error {
			if op == "group" {
				return &idp.Error{Kind: idp.Forbidden, Op: op}
			}
			if op == "remove" {
				tries++
			}
			return &idp.Error{Kind: idp.UserNotFound, Op: op}
		})
		wait(time.Until(w.grant(id).DueAt) + time.Minute)
		g := w.grant(id)
		if g.State != access.GrantRevoking || !strings.Contains(g.Trouble, "not proven. An admin has to look") {
			t.Errorf("the grant is %s, trouble %q", g.State, g.Trouble)
		}
		wait(24 * time.Hour)
		w.dir.mu.Lock()
		if tries > 80 {
			t.Errorf("tried %d times in a day", tries)
		}
		w.dir.mu.Unlock()
		if w.count(id, access.EventTrouble) != 1 || w.count(id, access.EventMemberRemoved) != 0 || w.state(id) != access.GrantRevoking {
			t.Errorf("a day later the grant is %s", w.state(id))
		}
		w.dir.failing(nil)
		wait(2 * time.Hour)
		if w.state(id) != access.GrantEnded || w.dir.member("gwrite", "rita") {
			t.Errorf("when it may be read the grant is %s", w.state(id))
		}
	})
}

// A directory behind a wrong address knows nobody and nothing. That is not believed, however long it lasts, while the catalog
// names a group that can be asked for; where it names none, it is believed when it lasts.
func TestADirectoryThatKnowsNothingIsNotBelieved(t *testing.T) {
	t.Parallel()
	const forGood, strange = 100 * time.Hour, "none of the other groups"
	for name, c := range map[string]struct {
		back    time.Duration // When it knows everything again.
		after   time.Duration // Of the end,
		want    access.GrantState
		by      access.EventKind
		knows   idp.GroupID // The one group that it does know.
		catalog string      // Another one than the usual.
		trouble string
	}{
		"back in five minutes":      {back: 5 * time.Minute, after: 4 * time.Minute, want: access.GrantRevoking, trouble: strange},
		"and removed then":          {back: 5 * time.Minute, after: 7 * time.Minute, want: access.GrantEnded, by: access.EventMemberRemoved},
		"for hours":                 {back: forGood, after: 9 * time.Hour, want: access.GrantRevoking, trouble: strange},
		"back after hours":          {back: 9 * time.Hour, after: 9*time.Hour + time.Minute, want: access.GrantEnded, by: access.EventMemberRemoved},
		"and knows another":         {back: forGood, after: time.Hour, want: access.GrantEnded, by: access.EventMemberRemoved, knows: "gpair"},
		"and yet another":           {back: forGood, after: time.Hour, want: access.GrantEnded, by: access.EventMemberRemoved, knows: "gauto"},
		"and knows one, at once":    {back: forGood, after: 4 * time.Minute, want: access.GrantRevoking, knows: "gpair"},
		"and there is no other one": {back: forGood, after: time.Hour, want: access.GrantEnded, by: access.EventMemberRemoved, catalog: oneGroup},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtual(t, nil, func(t *testing.T, w *world) {
				w.run()
				id := w.active("rita", "write", time.Hour)
				due := w.grant(id).DueAt
				if c.catalog != "" {
					w.catalog(c.catalog)
				}
				w.dir.failing(func(op string, g idp.GroupID) error {
					switch {
					case time.Since(due) > c.back, op == "group" && g == c.knows:
						return nil
					case op == "group":
						return &idp.Error{Kind: idp.GroupNotFound, Op: op}
					}
					return &idp.Error{Kind: idp.UserNotFound, Op: op}
				})
				wait(time.Until(due) + c.after)
				if g := w.grant(id); g.State != c.want || c.by != "" && w.count(id, c.by) != 1 {
					t.Errorf("%s later the grant is %s, trouble %q", c.after, g.State, g.Trouble)
				} else if !strings.Contains(g.Trouble, c.trouble) {
					t.Errorf("the trouble is %q", g.Trouble)
				}
				if c.want == access.GrantEnded && c.back < forGood && w.dir.member("gwrite", "rita") {
					t.Error("rita is still a member")
				}
			})
		})
	}
}

// oneGroup is a catalog that names the group in question and none else.
const oneGroup = `
version: 1
apps:
  - id: git
    name: Git
    risk: medium
    status: approved
    owners: [owen@x.example]
    entitlements:
      - id: write
        name: Write
        groups: ["dir:gwrite"]
        durations: [1h]
        policy: {rules: [{steps: [{approvers: [manager]}]}]}
`
