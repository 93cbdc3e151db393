package entra

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"usher/idp"
)

// handClock is a clock that only moves when it is told to.
type handClock struct {
	mu sync.Mutex
	t  time.Time
}

func newHandClock() *handClock { return &handClock{t: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *handClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *handClock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// pass lets one call through and gives the place back.
func pass(t *testing.T, g *gate, c class, p idp.Priority) time.Time {
	t.Helper()
	until, err := g.enter(t.Context(), c, 1, p)
	if err != nil {
		t.Fatal(err)
	}
	if until.IsZero() {
		g.leave(c, p, signal{answered: true})
	}
	return until
}

func TestTheReserveIsForRemovals(t *testing.T) {
	t.Parallel()
	clock := newHandClock()
	g := newGate(clock.now, 5, 0.1)
	spent := 0
	for pass(t, g, writes, idp.Normal).IsZero() {
		spent++
	}
	if spent != 2700 {
		t.Fatalf("ordinary calls spent %d of 3000", spent)
	}
	for i := range 300 {
		if until := pass(t, g, writes, idp.Removal); !until.IsZero() {
			t.Fatalf("removal %d waits until %v", i, until)
		}
	}
	if until := pass(t, g, writes, idp.Removal); until.Sub(clock.now()) != 50*time.Millisecond {
		t.Fatalf("an empty bucket is asked again in %v", until.Sub(clock.now()))
	}
	if !pass(t, g, reads, idp.Normal).IsZero() {
		t.Fatal("reads wait for the writes")
	}
	clock.move(150 * time.Second)
	if !pass(t, g, writes, idp.Normal).IsZero() {
		t.Fatal("the bucket has not filled up")
	}
}

func TestWhatGraphTellsIsBelieved(t *testing.T) {
	t.Parallel()
	clock := newHandClock()
	m := newMeter(writes, clock.now())
	told := func(percent string) {
		m.observe(signalOf(&answer{status: 204, header: http.Header{"X-Ms-Throttle-Limit-Percentage": {percent}}}), clock.now())
	}
	told("0.85")
	if !m.judge(1, idp.Normal, 0.1, clock.now()).IsZero() {
		t.Fatal("85 % hold ordinary calls back")
	}
	told("0.95")
	if m.judge(1, idp.Normal, 0.1, clock.now()).IsZero() || !m.judge(1, idp.Removal, 0.1, clock.now()).IsZero() {
		t.Fatal("95 % are for removals alone")
	}
	told("1.2")
	if until := m.judge(1, idp.Removal, 0.1, clock.now()); until.Sub(clock.now()) != spentPause {
		t.Fatalf("a spent limit is asked again in %v", until.Sub(clock.now()))
	}
	for _, odd := range []string{"", "full", "-1", "0.1", "17", "NaN"} {
		if s := signalOf(&answer{header: http.Header{"X-Ms-Throttle-Limit-Percentage": {odd}}}); s.percent != 0 {
			t.Errorf("%q is taken for %v", odd, s.percent)
		}
	}
}

func TestARefusalHoldsBackAsLongAsAskedFor(t *testing.T) {
	t.Parallel()
	clock := newHandClock()
	m := newMeter(reads, clock.now())
	wish := clock.now().Add(17 * time.Second)
	if got := m.complain(wish, clock.now()); !got.Equal(wish) || !m.judge(1, idp.Removal, 0, clock.now()).Equal(wish) {
		t.Fatalf("held back until %v, want %v", got, wish)
	}
	clock.move(17 * time.Second)
	if !m.judge(1, idp.Removal, 0, clock.now()).IsZero() {
		t.Fatal("held back longer than asked for")
	}
	m.observe(signal{answered: true}, clock.now())
	var waits []time.Duration
	for range 7 {
		waits = append(waits, m.complain(time.Time{}, clock.now()).Sub(clock.now()))
	}
	if waits[0] != time.Second || waits[1] != 2*time.Second || waits[6] != longestPause {
		t.Fatalf("without a wish it waits %v", waits)
	}
}

func TestRemovalsGoFirstAndHaveAPlaceOfTheirOwn(t *testing.T) {
	t.Parallel()
	g := newGate(newHandClock().now, 3, 0)
	enter := func(p idp.Priority) chan error {
		done := make(chan error, 1)
		go func() {
			_, err := g.enter(t.Context(), reads, 1, p)
			done <- err
		}()
		return done
	}
	queued := func(n int) {
		for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
			g.mu.Lock()
			have := len(g.queue)
			g.mu.Unlock()
			if have == n {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d wait, want %d", have, n)
			}
		}
	}
	for range 2 {
		if err := <-enter(idp.Normal); err != nil {
			t.Fatal(err)
		}
	}
	third := enter(idp.Normal)
	queued(1) // two of three places are for all
	if err := <-enter(idp.Removal); err != nil {
		t.Fatal(err)
	}
	second := enter(idp.Removal)
	queued(2)
	g.leave(reads, idp.Normal, signal{})
	if err := <-second; err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-third:
		t.Fatalf("an ordinary call went before the removal (%v)", err)
	default:
	}
	g.leave(reads, idp.Removal, signal{})
	if err := <-third; err != nil {
		t.Fatal(err)
	}
	g.leave(reads, idp.Removal, signal{})
	g.leave(reads, idp.Normal, signal{})
	g.leave(reads, idp.Normal, signal{})
	if g.inUse != 0 || g.others != 0 {
		t.Fatalf("%d places are lost", g.inUse)
	}
}

func TestWhoGivesUpWaitingLeavesNoTrace(t *testing.T) {
	t.Parallel()
	g := newGate(newHandClock().now, 1, 0)
	if _, err := g.enter(t.Context(), reads, 1, idp.Normal); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := g.enter(ctx, reads, 1, idp.Removal); err == nil {
		t.Fatal("two calls in one place")
	}
	g.leave(reads, idp.Normal, signal{})
	if len(g.queue) != 0 || g.inUse != 0 {
		t.Fatalf("%d wait, %d places in use", len(g.queue), g.inUse)
	}
	if !pass(t, g, reads, idp.Normal).IsZero() {
		t.Fatal("the place is lost")
	}
}
