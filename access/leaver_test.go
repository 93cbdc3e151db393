package access_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"usher/access"
	"usher/idp"
)

// mute has the directory answer nothing about people, or speak again.
func (d *directory) mute(yes bool) {
	d.failing(func(op string, _ idp.GroupID) error {
		if yes && op == "user" {
			return &idp.Error{Kind: idp.Unavailable, Op: "get user"}
		}
		return nil
	})
}

// left has Slack say that somebody's account was deactivated.
func (w *world) left(who string) {
	w.t.Helper()
	if err := w.service.Left(w.t.Context(), access.SlackID("U"+who)); err != nil {
		w.t.Fatal(err)
	}
}

// leaverTimers is how many questions about leavers are open.
func (w *world) leaverTimers() (n int) {
	w.t.Helper()
	err := w.store.View(w.t.Context(), func(tx access.Tx) error {
		n = 0
		list, err := tx.Due(time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC), 0)
		for _, t := range list {
			if t.Kind == access.TimerLeaver {
				n++
			}
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func TestALeaverIsAskedAboutUntilTheDirectoryAnswers(t *testing.T) {
	t.Parallel()
	for _, silence := range []time.Duration{0, time.Minute, time.Hour, 5 * time.Hour} {
		t.Run(fmt.Sprint(silence), func(t *testing.T) {
			t.Parallel()
			virtual(t, nil, func(t *testing.T, w *world) {
				stop := w.run()
				held, asked := w.active("rita", "write", 24*time.Hour), w.submit("rita", "pair", time.Hour).ID
				wait(time.Minute)
				w.dir.deactivate("rita")
				w.dir.mute(silence > 0)
				before := w.dir.callCount()
				w.left("rita")
				wait(silence / 2)
				stop() // What was acknowledged survives this.
				w.open()
				w.run()
				wait(silence - silence/2)
				if silence > 0 && w.state(held) != access.GrantActive {
					t.Fatalf("before the directory has answered the grant is %s", w.state(held))
				}
				if n := w.dir.callCount() - before; n > 150 {
					t.Errorf("%d calls in %s", n, silence)
				}
				w.dir.mute(false)
				soon := time.Minute
				if silence > 2*time.Hour {
					soon = 10 * time.Minute
				}
				wait(soon)
				if g := w.grant(held); g.State != access.GrantEnded || g.EndReason != access.EndOffboarded || w.dir.member("gwrite", "rita") {
					t.Errorf("%s after its answer the grant is %s, %s", soon, g.State, g.EndReason)
				}
				if r := w.request(asked); r.State != access.RequestCanceled {
					t.Errorf("the request is %s", r.State)
				}
				before = w.dir.callCount()
				wait(3 * time.Hour)
				if n := w.dir.callCount() - before; n != 0 || w.leaverTimers() != 0 {
					t.Errorf("once settled there are %d calls and %d timers", n, w.leaverTimers())
				}
			})
		})
	}
}

func TestALeaverWhoIsActiveInTheDirectoryKeepsEverything(t *testing.T) {
	t.Parallel()
	virtual(t, nil, func(t *testing.T, w *world) {
		w.run()
		held := w.active("rita", "write", 24*time.Hour)
		w.dir.mute(true)
		w.left("rita")
		wait(10 * time.Minute)
		w.dir.mute(false)
		wait(time.Minute)
		if w.state(held) != access.GrantActive || w.leaverTimers() != 0 {
			t.Errorf("the grant is %s, and %d timers are left", w.state(held), w.leaverTimers())
		}
	})
}

func TestALeaverWhoHoldsNothingCostsNothing(t *testing.T) {
	t.Parallel()
	virtual(t, nil, func(t *testing.T, w *world) {
		w.run()
		w.person("rob")
		over := w.active("rita", "write", time.Hour)
		wait(2 * time.Hour)
		if w.state(over) != access.GrantEnded {
			t.Fatalf("the grant is %s", w.state(over))
		}
		before := w.dir.callCount()
		for _, who := range []string{"nobody", "rob", "rita"} {
			w.dir.deactivate(who)
			w.left(who)
			if w.leaverTimers() != 0 {
				t.Errorf("%s, who holds nothing, is asked about", who)
			}
		}
		wait(time.Hour)
		if n := w.dir.callCount() - before; n != 0 {
			t.Errorf("%d calls", n)
		}
	})
}

// What somebody is given after Slack has told that they left, and before the directory has answered, ends with the rest.
func TestWhatALeaverIsGivenMeanwhileEnds(t *testing.T) {
	t.Parallel()
	virtual(t, nil, func(t *testing.T, w *world) {
		w.run()
		down := func(ops ...string) {
			w.dir.failing(func(op string, _ idp.GroupID) error {
				for _, o := range ops {
					if o == op {
						return &idp.Error{Kind: idp.Unavailable, Op: op}
					}
				}
				return nil
			})
		}
		first := w.active("rita", "auto", 24*time.Hour)
		second := w.submit("rita", "write", 24*time.Hour).ID
		wait(time.Minute)
		down("add")
		if err := w.decide("mona", second, access.Approve, ""); err != nil {
			t.Fatal(err)
		}
		wait(time.Minute)
		down("add", "user")
		w.dir.deactivate("rita")
		w.left("rita")
		wait(time.Minute)
		down("user")
		wait(5 * time.Minute)
		if w.state(second) != access.GrantActive {
			t.Fatalf("the test is wrong: the second grant is %s", w.state(second))
		}
		down()
		wait(time.Minute)
		for _, id := range []access.RequestID{first, second} {
			if g := w.grant(id); g.State != access.GrantEnded || g.EndReason != access.EndOffboarded {
				t.Errorf("the grant of %s is %s, %s", g.Role, g.State, g.EndReason)
			}
		}
	})
}

func TestALeaverToldOfAgainIsEndedOnce(t *testing.T) {
	t.Parallel()
	virtual(t, nil, func(t *testing.T, w *world) {
		w.run()
		held := w.active("rita", "write", 24*time.Hour)
		w.dir.deactivate("rita")
		w.dir.mute(true)
		for range 4 {
			w.left("rita")
			wait(70 * time.Second)
		}
		if n := w.leaverTimers(); n != 1 {
			t.Errorf("%d questions", n)
		}
		w.dir.mute(false)
		w.left("rita")
		w.left("rita")
		wait(2 * time.Minute)
		w.left("rita")
		wait(2 * time.Minute)
		if w.count(held, access.EventRevoking) != 1 || w.count(held, access.EventEnded) != 1 || w.leaverTimers() != 0 {
			t.Errorf("ended %d times, %d timers", w.count(held, access.EventEnded), w.leaverTimers())
		}
	})
}

// An answer that was on its way when Slack told it anew does not settle the new question.
func TestAnAnswerSettlesNoLaterQuestionAboutALeaver(t *testing.T) {
	t.Parallel()
	virtual(t, nil, func(t *testing.T, w *world) {
		w.run()
		held := w.active("rita", "write", 24*time.Hour)
		entered, goOn, once := make(chan bool), make(chan bool), true
		w.dir.failing(func(op string, _ idp.GroupID) error {
			if op == "user" && once {
				once = false
				entered <- true
				<-goOn
			}
			return nil
		})
		w.left("rita")
		<-entered
		// The directory has looked at an active account; it is turned off, and Slack tells it, before that answer arrives.
		w.left("rita")
		goOn <- true
		w.dir.deactivate("rita")
		wait(time.Minute)
		if g := w.grant(held); g.State != access.GrantEnded || w.leaverTimers() != 0 {
			t.Errorf("the grant is %s, and %d timers are left", g.State, w.leaverTimers())
		}
	})
}

func TestALeaverWhoCannotBeWrittenDownIsNotTakenOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	w.active("rita", "write", time.Hour)
	full := errors.New("no room")
	w.store = fullStore{w.store, full}
	w.open()
	if err := w.service.Left(t.Context(), "Urita"); !errors.Is(err, full) {
		t.Errorf("the error is %v", err)
	}
}

// fullStore can be read and not written.
type fullStore struct {
	access.Store
	err error
}

func (s fullStore) Update(context.Context, func(access.Tx) error) error { return s.err }
