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

// timeless is a store whose timers never become due.
type timeless struct{ access.Store }

type timelessTx struct{ access.Tx }

func (timelessTx) Due(time.Time, int) ([]access.Timer, error) { return nil, nil }
func (timelessTx) NextDue() (time.Time, bool, error)          { return time.Time{}, false, nil }

func (s timeless) View(ctx context.Context, f func(access.Tx) error) error {
	return s.Store.View(ctx, func(tx access.Tx) error { return f(timelessTx{tx}) })
}

// An access that could not be given before its provisional end is not given after it, whether the timer has fired or not.
func TestNobodyIsAddedAfterTheEnd(t *testing.T) {
	t.Parallel()
	for _, timers := range []bool{true, false} {
		for held, given := range map[time.Duration]bool{55 * time.Minute: true, 60 * time.Minute: false, 30 * time.Hour: false} {
			t.Run(fmt.Sprintf("held up for %s, timers %t", held, timers), func(t *testing.T) {
				t.Parallel()
				virtual(t, func(w *world, c *access.Config) {
					if !timers {
						c.Store = timeless{w.store}
					}
				}, func(t *testing.T, w *world) { heldUp(t, w, held, given) })
			})
		}
	}
}

// heldUp has the second of two additions fail for so long.
func heldUp(t *testing.T, w *world, held time.Duration, given bool) {
	t.Helper()
	w.run()
	down := true
	var lastAdd time.Time
	w.dir.failing(func(op string, g idp.GroupID) error {
		if op != "add" || g != "gadmin2" {
			return nil
		}
		if lastAdd = time.Now(); down {
			return &idp.Error{Kind: idp.Unavailable, Op: "add member"}
		}
		return nil
	})
	r := w.submit("rita", "admin", time.Hour)
	wait(time.Second)
	for _, who := range []string{"owen", "sec"} {
		if err := w.decide(who, r.ID, access.Approve, ""); err != nil {
			t.Fatal(err)
		}
		wait(time.Second)
	}
	wait(time.Minute) // The first addition may have to wait for the directory, which has just failed.
	end := w.grant(r.ID).DueAt
	if g := w.grant(r.ID); g.State != access.GrantProvisioning || end.IsZero() || !w.dir.member("gadmin", "rita") {
		t.Fatalf("the grant is %s with an end at %s", g.State, end)
	}
	wait(held)
	w.dir.mu.Lock()
	down = false
	w.dir.mu.Unlock()
	wait(2 * time.Minute)
	w.dir.mu.Lock()
	if !lastAdd.Before(end) {
		t.Errorf("an addition was asked for %s after the end", lastAdd.Sub(end))
	}
	w.dir.mu.Unlock()
	g := w.grant(r.ID)
	if given {
		if g.State != access.GrantActive || !g.DueAt.Equal(g.StartedAt.Add(time.Hour)) || !w.dir.member("gadmin2", "rita") {
			t.Errorf("the grant is %s and lasts %s", g.State, g.DueAt.Sub(g.StartedAt))
		}
		return
	}
	if g.State != access.GrantFailed || !strings.Contains(g.Failure, "time asked for passed") {
		t.Errorf("the grant is %s: %s", g.State, g.Failure)
	}
	if got := strings.Join(w.dir.changes(), ", "); got != "add gadmin u-rita, remove gadmin u-rita" {
		t.Errorf("changes: %s", got)
	}
	if w.count(r.ID, access.EventMemberAdded) != 1 || w.count(r.ID, access.EventActive) != 0 || w.tracker.of(r.ID).status != access.IssueFailed {
		t.Errorf("the issue is %s:\n%s", w.tracker.of(r.ID).status, w.tracker.dump())
	}
}

// A timer that fires late prolongs nothing: neither the time to decide nor the access.
func TestALateTimerProlongsNothing(t *testing.T) {
	t.Parallel()
	virtual(t, nil, func(t *testing.T, w *world) {
		stop := w.run()
		r := w.submit("rob", "write", time.Hour)
		wait(71 * time.Hour)
		id := w.active("rita", "write", time.Hour)
		x, err := w.service.Extend(t.Context(), w.person("rita"), access.GrantID(id), "", "")
		if err != nil {
			t.Fatal(err)
		}
		wait(time.Second)
		end := w.grant(id).DueAt
		stop()
		wait(time.Until(end))
		if err := w.decide("mona", x.ID, access.Approve, ""); access.CodeOf(err) != access.GrantOver {
			t.Errorf("an extension approved at the end: %v", err)
		}
		if err := w.decide("mona", r.ID, access.Approve, ""); access.CodeOf(err) != access.RequestOver {
			t.Errorf("an approval after the deadline: %v", err)
		}
		w.open()
		w.run()
		wait(time.Minute)
		if g := w.grant(id); g.State != access.GrantEnded || !g.DueAt.Equal(end) || g.Extensions != 0 {
			t.Errorf("the grant is %s, its end moved by %s", g.State, g.DueAt.Sub(end))
		}
		if state := w.request(x.ID).State; state != access.RequestCanceled {
			t.Errorf("the extension is %s", state)
		}
		if state := w.request(r.ID).State; state != access.RequestExpired || w.grant(r.ID).ID != "" || w.dir.member("gwrite", "rob") {
			t.Errorf("the request is %s", state)
		}
	})
}

// overtaken is a store that has something else happen just before one change.
type overtaken struct {
	access.Store
	mu     sync.Mutex
	before func()
}

func (s *overtaken) once(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = f
}

func (s *overtaken) Update(ctx context.Context, f func(access.Tx) error) error {
	s.mu.Lock()
	first := s.before
	s.before = nil
	s.mu.Unlock()
	if first != nil {
		first()
	}
	return s.Store.Update(ctx, f)
}

// Who may decide two steps has decided about the one that was on show: the copy is drawn anew a moment after the first step.
func TestAClickOnTheStepBeforeDoesNotCountForTheNext(t *testing.T) {
	t.Parallel()
	for step, want := range map[int]access.RequestState{1: access.RequestPending, 2: access.RequestApproved, 0: access.RequestApproved} {
		w := newWorld(t)
		w.catalog(strings.Replace(testCatalog, "[{approvers: [owner], quorum: 2}]", "[{approvers: [owner]}, {approvers: [owner]}]", 1))
		w.run()
		r := w.submit("rita", "pair", time.Hour)
		w.until("asked", func() bool { return w.request(r.ID).Issue.Key != "" && !w.pending(access.EffectAsk) })
		if err := w.decide("owen", r.ID, access.Approve, ""); err != nil {
			t.Fatal(err)
		}
		w.until("asked again", func() bool { return w.request(r.ID).Step == 1 && !w.pending(access.EffectAsk) })
		_, err := w.service.Decide(t.Context(), w.person("olga"), r.ID, access.Approve, "", access.Origin{Home: true, Step: step})
		if got := w.request(r.ID).State; got != want || (err == nil) != (want == access.RequestApproved) {
			t.Errorf("a click on step %d: %v, the request is %s", step, err, got)
		}
		if code := access.CodeOf(err); err != nil && code != access.AlreadyDecided {
			t.Errorf("refused by %s", code)
		}
	}
}

// Two owners click at the same moment. Whoever comes second has not decided for security.
func TestAVerdictThatIsOvertakenDoesNotDecideTheNextStep(t *testing.T) {
	t.Parallel()
	for _, v := range []access.Verdict{access.Approve, access.Deny} {
		w := newWorld(t)
		store := &overtaken{Store: w.store}
		w.store = store
		w.open()
		stop := w.run()
		r := w.submit("rita", "admin", time.Hour)
		w.until("asked", func() bool { return w.request(r.ID).Issue.Key != "" && !w.pending(access.EffectAsk) })
		stop() // So that the change is that of the decision.
		olga := w.person("olga")
		var first error
		store.once(func() { first = w.decide("owen", r.ID, access.Approve, "") })
		_, err := w.service.Decide(t.Context(), olga, r.ID, v, "because", access.Origin{Home: true})
		if first != nil || access.CodeOf(err) != access.AlreadyDecided {
			t.Errorf("%s after %v: %v", v, first, err)
		}
		if got := w.request(r.ID); got.State != access.RequestPending || got.Step != 1 || len(got.Decisions) != 1 || !got.Decisions[0].By.Is(w.person("owen")) {
			t.Errorf("%s: the request is %s at step %d with %+v", v, got.State, got.Step, got.Decisions)
		}
	}
}
