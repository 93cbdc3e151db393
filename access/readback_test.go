package access_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/access"
	"usher/idp"
)

// never is the lag of a directory whose reads do not show a change at all.
const never = 365 * 24 * time.Hour

// lagging is a directory whose reads show a change only some time after it was accepted.
type lagging struct {
	*directory
	mu      sync.Mutex
	lag     time.Duration
	changed time.Time // When the last change was made.
	writes  int       // Calls to change something,
	reads   int       // and those to look, since the lag was set.
}

// lagBy sets the lag of the changes from here on.
func (d *lagging) lagBy(lag time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lag, d.changed, d.writes, d.reads = lag, time.Time{}, 0, 0
}

// outdated has reads show what was before the last change.
func (d *lagging) outdated() {
	d.lagBy(never)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.changed = time.Now()
}

// caughtUp lets reads show everything from now on.
func (d *lagging) caughtUp() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lag = 0
}

func (d *lagging) counts() (writes, reads int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.writes, d.reads
}

// shows is the earliest time at which a read could show the change.
func (d *lagging) shows() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.changed.Add(d.lag)
}

func (d *lagging) change(before int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.writes++; len(d.directory.changes()) > before {
		d.changed = time.Now()
	}
}

func (d *lagging) AddMember(ctx context.Context, g idp.GroupID, u idp.UserID) error {
	defer d.change(len(d.directory.changes()))
	return d.directory.AddMember(ctx, g, u)
}

func (d *lagging) RemoveMember(ctx context.Context, g idp.GroupID, u idp.UserID) error {
	defer d.change(len(d.directory.changes()))
	return d.directory.RemoveMember(ctx, g, u)
}

func (d *lagging) IsMember(ctx context.Context, g idp.GroupID, u idp.UserID) (bool, error) {
	is, err := d.directory.IsMember(ctx, g, u)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reads++
	if !d.changed.IsZero() && time.Since(d.changed) < d.lag {
		is = !is
	}
	return is, err
}

func lag(t *testing.T, story func(t *testing.T, w *world, d *lagging)) {
	t.Helper()
	var d *lagging
	virtual(t, func(w *world, c *access.Config) {
		d = &lagging{directory: w.dir}
		c.Providers["dir"] = d
	}, func(t *testing.T, w *world) {
		w.run()
		story(t, w, d)
	})
}

// change is an addition or a removal as the evidence tells of it.
type change struct {
	effect       access.EffectKind
	proof, after access.EventKind   // What tells of it, and what follows at once.
	from, to     access.GrantState  // Before and after it is proven,
	issue, done  access.IssueStatus // and what the issue shows then.
}

// readBacks has the addition and then the removal of one access take place: begin is called before each, judge some time
// after it.
func readBacks(t *testing.T, w *world, begin func(), after time.Duration, judge func(access.RequestID, change)) {
	t.Helper()
	r := w.submit("rita", "write", 6*time.Hour)
	wait(time.Second)
	begin()
	if err := w.decide("mona", r.ID, access.Approve, ""); err != nil {
		t.Fatal(err)
	}
	wait(after)
	judge(r.ID, change{
		access.EffectAdd, access.EventMemberAdded, access.EventActive, access.GrantProvisioning, access.GrantActive,
		access.IssueApproved, access.IssueActive,
	})
	begin()
	wait(time.Until(w.grant(r.ID).DueAt) + after)
	judge(r.ID, change{
		access.EffectRemove, access.EventMemberRemoved, access.EventEnded, access.GrantRevoking, access.GrantEnded,
		access.IssueActive, access.IssueEnded,
	})
}

// proven reports what is wrong with a change that should be done and proven.
func (w *world) proven(id access.RequestID, c change) {
	w.t.Helper()
	if g := w.grant(id); g.State != c.to || w.count(id, c.proof) != 1 || w.count(id, c.after) != 1 {
		w.t.Errorf("%s: the grant is %s, trouble %q, with %d proofs", c.effect, g.State, g.Trouble, w.count(id, c.proof))
	}
	if got := w.tracker.of(id).status; got != c.done {
		w.t.Errorf("%s: the issue is %s", c.effect, got)
	}
}

func TestAChangeThatShowsLateIsProvenWithoutARepetition(t *testing.T) {
	t.Parallel()
	for _, by := range []time.Duration{0, 100 * time.Millisecond, 900 * time.Millisecond, 2500 * time.Millisecond, 7 * time.Second} {
		t.Run(fmt.Sprint(by), func(t *testing.T) {
			t.Parallel()
			lag(t, func(t *testing.T, w *world, d *lagging) {
				readBacks(t, w, func() { d.lagBy(by) }, 10*time.Second, func(id access.RequestID, c change) {
					w.proven(id, c)
					for _, e := range w.events(id) {
						if e.Kind == c.proof && e.At.Before(d.shows()) {
							t.Errorf("%s was proven %s before it showed", c.effect, d.shows().Sub(e.At))
						}
						if e.Kind == access.EventTrouble {
							t.Errorf("%s: trouble is told: %s", c.effect, e.Text)
						}
					}
					if writes, _ := d.counts(); writes != 1 {
						t.Errorf("%s: %d calls", c.effect, writes)
					}
					if s := w.service.Runner().Stats(); s.Failed[c.effect] != 0 || s.Done[c.effect] != 1 {
						t.Errorf("%s: failed %d times, done %d times", c.effect, s.Failed[c.effect], s.Done[c.effect])
					}
				})
			})
		})
	}
}

func TestAChangeThatNeverShowsIsTroubleAndNotDone(t *testing.T) {
	t.Parallel()
	lag(t, func(t *testing.T, w *world, d *lagging) {
		readBacks(t, w, func() { d.lagBy(never) }, 10*time.Minute, func(id access.RequestID, c change) {
			g := w.grant(id)
			if g.State != c.from || w.count(id, c.proof) != 0 || w.count(id, c.after) != 0 {
				t.Errorf("%s: the grant is %s with %d proofs", c.effect, g.State, w.count(id, c.proof))
			}
			if m, _ := w.slack.last(access.MessageStatus, id, "rita"); !strings.Contains(g.Trouble, "does not show it yet") || m.Grant == nil || m.Grant.Trouble != g.Trouble {
				t.Errorf("%s: the trouble is %q, the holder reads %+v", c.effect, g.Trouble, m.Grant)
			}
			if got := w.tracker.of(id).status; got != c.issue {
				t.Errorf("%s: the issue is %s", c.effect, got)
			}
			if s := w.service.Runner().Stats(); s.Done[c.effect] != 0 {
				t.Errorf("%s: counted as done %d times", c.effect, s.Done[c.effect])
			}
			// Each try looks once before the call and five times after it, and waits until the next.
			writes, reads := d.counts()
			if writes < 3 || writes > 100 || reads > 6*writes+6 {
				t.Errorf("%s: %d calls and %d reads in ten minutes", c.effect, writes, reads)
			}
			d.caughtUp()
			wait(time.Minute)
			w.proven(id, c)
			if again := w.grant(id).Trouble; again != "" {
				t.Errorf("%s: the trouble lasts: %s", c.effect, again)
			}
		})
	})
}

// A read that lags behind Usher's own removal shows a membership that is not there. Taken for one from before Usher, it
// would never be given, nor removed once it is there.
func TestAnAccessRightAfterAnotherIsGivenAndTakenAgain(t *testing.T) {
	t.Parallel()
	lag(t, func(t *testing.T, w *world, d *lagging) {
		first := w.active("rita", "write", time.Hour)
		wait(time.Until(w.grant(first).DueAt) + time.Second)
		if w.state(first) != access.GrantEnded {
			t.Fatalf("the first grant is %s", w.state(first))
		}
		d.outdated()
		r := w.submit("rita", "also-write", time.Hour)
		wait(time.Second)
		if err := w.decide("mona", r.ID, access.Approve, ""); err != nil {
			t.Fatal(err)
		}
		wait(20 * time.Second)
		if g := w.grant(r.ID); g.State != access.GrantProvisioning || g.Groups[0].Preexisting || g.Groups[0].Phase != access.PhaseInspect {
			t.Errorf("while reads are late the grant is %s with %+v", g.State, g.Groups)
		}
		d.caughtUp()
		wait(time.Minute)
		if g := w.grant(r.ID); g.State != access.GrantActive || g.Trouble != "" || !w.dir.member("gwrite", "rita") {
			t.Errorf("the second grant is %s, trouble %q", g.State, g.Trouble)
		}
		wait(time.Until(w.grant(r.ID).DueAt) + time.Second)
		if w.state(r.ID) != access.GrantEnded || w.dir.member("gwrite", "rita") {
			t.Errorf("after its end the second grant is %s", w.state(r.ID))
		}
		if got := fmt.Sprint(w.dir.changes()); got != "[add gwrite u-rita remove gwrite u-rita add gwrite u-rita remove gwrite u-rita]" {
			t.Errorf("changes: %s", got)
		}
	})
}
