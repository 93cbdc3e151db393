package oktasim_test

import (
	"testing"
	"time"

	"usher/sandbox/oktasim"
)

// tells fails unless do is followed by the closing of the channel that was taken before it.
func (o *org) tells(name string, do func()) {
	o.t.Helper()
	ch := o.Changed()
	select {
	case <-ch:
		o.t.Fatalf("%s: told before anything happened", name)
	default:
	}
	do()
	select {
	case <-ch:
	case <-time.After(10 * time.Second):
		o.t.Errorf("%s: nobody was told", name)
	}
}

func TestChangesAreTold(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	quiet := o.Changed()
	o.Groups()
	o.Calls()
	select {
	case <-quiet:
		t.Error("looking is told as a change")
	default:
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	o.tells("member added", func() { must(o.AddMemberByHand("00g1", "00u2", "Ada")) })
	o.tells("member removed", func() { must(o.RemoveMemberByHand("00g1", "00u2", "Ada")) })
	o.tells("status", func() { must(o.Suspend("00u2")) })
	o.tells("profile", func() { must(o.SetProfile("00u2", "title", "Boss")) })
	o.tells("group", func() { must(o.RenameGroup("00g1", "renamed")) })
	o.tells("deleted user", func() { must(o.DeleteUser("00u2")) })
	o.tells("fault", func() { o.Inject(oktasim.Fault{Kind: oktasim.Down}) })
	o.tells("end of faults", o.ClearFaults)
	o.tells("end of the calls", o.ResetCalls)
}

func TestCallsAreToldWhenTheyArriveAndWhenTheyEnd(t *testing.T) {
	t.Parallel()
	o := start(t, company(newClock()))
	o.Inject(oktasim.Fault{Kind: oktasim.HangAfter, Times: 1})
	hung, answered := o.Waiting("*"), make(chan struct{})
	o.tells("arrival", func() {
		go func() {
			defer close(answered)
			o.call("GET", "/api/v1/users/00u1", "")
		}()
		<-hung
	})
	o.tells("end", o.ReleaseHangs)
	<-answered
}
