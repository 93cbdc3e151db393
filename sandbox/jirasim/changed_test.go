package jirasim

import (
	"testing"
	"time"
)

// tells fails unless do is followed by the closing of the channel that was taken before it.
func (s *site) tells(name string, do func()) {
	s.t.Helper()
	ch := s.Changed()
	select {
	case <-ch:
		s.t.Fatalf("%s: told before anything happened", name)
	default:
	}
	do()
	select {
	case <-ch:
	case <-time.After(10 * time.Second):
		s.t.Errorf("%s: nobody was told", name)
	}
}

func TestChangesAreTold(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	key := s.open()
	quiet := s.Changed()
	s.Issues()
	s.Calls()
	if _, err := s.Offered(DefaultConfig(s.clock.now).Accounts[0].AccountID, key); err != nil {
		t.Fatal(err)
	}
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
	who := s.people[0].AccountID
	s.tells("comment", func() { must(s.Comment(who, key, "words")) })
	s.tells("permission", func() { must(s.SetPermission(who, permDelete, true)) })
	s.tells("hidden", func() { must(s.Hide(key, who)) })
	s.tells("fault", func() { s.Inject(Fault{Kind: FaultHangBefore, Times: 1}) })
	s.tells("end of faults", s.ClearFaults)
	s.tells("end of the calls", s.ResetCalls)
	s.tells("deleted", func() { must(s.DeleteIssue(who, key)) })
}

func TestCallsAreToldWhenTheyArriveAndWhenTheyEnd(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Inject(Fault{Kind: FaultHangAfter, Times: 1})
	hung, answered := s.Waiting("*"), make(chan struct{})
	s.tells("arrival", func() {
		go func() {
			defer close(answered)
			s.call("GET", "3/myself", nil).want(200)
		}()
		<-hung
	})
	s.tells("end", s.ReleaseHangs)
	<-answered
}
