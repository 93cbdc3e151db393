package access_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"usher/access"
	"usher/idp"
)

// virtual plays a story in a world whose clock is the bubble's: waiting costs nothing and is exact.
func virtual(t *testing.T, adjust func(*world, *access.Config), story func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.adjust = func(c *access.Config) {
			c.Now = time.Now
			if adjust != nil {
				adjust(w, c)
			}
		}
		w.open()
		story(t, w)
	})
}

// wait lets time pass and everything come to rest.
func wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// count is how many events of a kind the evidence of a request holds.
func (w *world) count(id access.RequestID, kind access.EventKind) (n int) {
	for _, e := range w.events(id) {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

func TestARemovalThatIsRefusedForGoodIsNeverDone(t *testing.T) {
	t.Parallel()
	for _, kind := range []idp.Kind{
		idp.Forbidden, idp.Unauthorized, idp.NotGovernable, idp.UserNotAllowed, idp.Ambiguous, idp.Invalid,
		idp.UserNotFound, idp.GroupNotFound, // Said of the removal, while the directory still shows the member.
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			virtual(t, nil, func(t *testing.T, w *world) { refusedForGood(t, w, kind) })
		})
	}
}

func refusedForGood(t *testing.T, w *world, kind idp.Kind) {
	t.Helper()
	w.run()
	id := w.active("rita", "write", time.Hour)
	tries := 0
	w.dir.failing(func(op string, _ idp.GroupID) error {
		if op != "remove" {
			return nil
		}
		tries++
		return &idp.Error{Kind: kind, Op: "remove member"}
	})
	wait(time.Hour + 10*time.Minute)
	g := w.grant(id)
	if g.State != access.GrantRevoking || g.Trouble == "" || !w.dir.member("gwrite", "rita") {
		t.Fatalf("the grant is %s, trouble %q", g.State, g.Trouble)
	}
	w.dir.mu.Lock()
	if tries < 3 {
		t.Errorf("tried %d times in ten minutes", tries)
	}
	w.dir.mu.Unlock()
	for _, e := range w.events(id) {
		if e.Kind == access.EventMemberRemoved || e.Kind == access.EventEnded || strings.Contains(e.Text, "absence") {
			t.Errorf("the evidence says: %s %s", e.Kind, e.Text)
		}
	}
	if w.count(id, access.EventTrouble) != 1 || w.tracker.of(id).status != access.IssueActive {
		t.Errorf("trouble is told %d times, the issue is %s", w.count(id, access.EventTrouble), w.tracker.of(id).status)
	}
	if m, _ := w.slack.last(access.MessageStatus, id, "rita"); m.Grant == nil || m.Grant.Trouble != g.Trouble || m.Grant.State != access.GrantRevoking {
		t.Errorf("the holder reads %+v", m.Grant)
	}
	home, err := w.service.Home(t.Context(), w.person("ada"))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(home.Failures, func(f access.Failure) bool { return f.Effect.Kind == access.EffectRemove && f.Effect.Request == id }) {
		t.Errorf("admins see the failures %+v", home.Failures)
	}
	if len(home.Overdue) != 1 || home.Overdue[0].ID != g.ID {
		t.Errorf("admins see as overdue %+v", home.Overdue)
	}
	if s := w.service.Runner().Stats(); s.Done[access.EffectRemove] != 0 || s.Lateness["dir"].Count != 0 {
		t.Errorf("counted as done %d times, as late %d times", s.Done[access.EffectRemove], s.Lateness["dir"].Count)
	}

	w.dir.failing(nil)
	wait(2 * time.Hour)
	if w.state(id) != access.GrantEnded || w.dir.member("gwrite", "rita") || w.tracker.of(id).status != access.IssueEnded {
		t.Fatalf("after the directory changed its mind the grant is %s, the issue %s", w.state(id), w.tracker.of(id).status)
	}
	for kind, want := range map[access.EventKind]int{access.EventMemberRemoved: 1, access.EventEnded: 1, access.EventTroubleOver: 1} {
		if got := w.count(id, kind); got != want {
			t.Errorf("%d events %s", got, kind)
		}
	}
	if err := access.VerifyChain(w.events(id)); err != nil {
		t.Error(err)
	}
}
