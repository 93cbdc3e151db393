package slacksim_test

import (
	"net/url"
	"testing"
	"time"

	"usher/sandbox/slacksim"
)

// tells fails unless do is followed by the closing of the channel that was taken before it.
func (b *bench) tells(name string, do func()) {
	b.t.Helper()
	ch := b.Changed()
	select {
	case <-ch:
		b.t.Fatalf("%s: told before anything happened", name)
	default:
	}
	do()
	select {
	case <-ch:
	case <-time.After(10 * time.Second):
		b.t.Errorf("%s: nobody was told", name)
	}
}

func TestChangesAreTold(t *testing.T) {
	t.Parallel()
	b := start(t)
	quiet := b.Changed()
	b.Users()
	b.Calls()
	b.Messages("U1ANN")
	select {
	case <-quiet:
		t.Error("looking is told as a change")
	default:
	}
	b.tells("fault", func() { b.Inject(slacksim.Fault{Kind: slacksim.Down}) })
	b.tells("end of faults", b.ClearFaults)
	b.tells("end of the calls", b.ResetCalls)
	b.tells("call", func() { b.form("auth.test", nil) })
	b.tells("message", func() { b.form("chat.postMessage", url.Values{"channel": {"U1ANN"}, "text": {"x"}}) })
}

func TestCallsAreToldWhenTheyArriveAndWhenTheyEnd(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.Inject(slacksim.Fault{Kind: slacksim.HangAfter, Times: 1})
	hung, answered := b.Waiting("*"), make(chan struct{})
	b.tells("arrival", func() {
		go func() {
			defer close(answered)
			b.form("auth.test", nil)
		}()
		<-hung
	})
	b.tells("end", b.ReleaseHangs)
	<-answered
}
