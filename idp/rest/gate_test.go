package rest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"usher/idp"
)

// within runs f in virtual time with a gate.
func within(t *testing.T, l Limits, f func(t *testing.T, g *gate)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, newGate(l, time.Now)) })
}

// enter admits one request or tells for how long it is put off.
func enter(t *testing.T, g *gate, lane string, removal bool) time.Duration {
	t.Helper()
	until, err := g.enter(t.Context(), lane, removal)
	if err != nil {
		t.Fatal(err)
	}
	if until.IsZero() {
		return 0
	}
	return until.Sub(g.now())
}

func TestAReserveIsKeptForRemovals(t *testing.T) {
	t.Parallel()
	within(t, Limits{InFlight: 5, Reserve: 0.2, PerMinute: map[string]int{"a": 10}}, func(t *testing.T, g *gate) {
		for range 8 {
			if wait := enter(t, g, "a", false); wait != 0 {
				t.Fatalf("put off by %v", wait)
			}
			g.leave("a", false, nil)
			time.Sleep(time.Second)
		}
		if wait := enter(t, g, "a", false); wait != window-8*time.Second {
			t.Fatalf("an ordinary request is put off by %v", wait)
		}
		for range 2 {
			if wait := enter(t, g, "a", true); wait != 0 {
				t.Fatalf("a removal is put off by %v", wait)
			}
			g.leave("a", true, nil)
		}
		if wait := enter(t, g, "a", true); wait != window-8*time.Second {
			t.Fatalf("a removal beyond the budget is put off by %v", wait)
		}
		if wait := enter(t, g, "b", false); wait != 0 {
			t.Fatalf("another budget is spent, too: %v", wait)
		}
		g.leave("b", false, nil)
		time.Sleep(window - 8*time.Second)
		if wait := enter(t, g, "a", true); wait != 0 {
			t.Fatalf("when the first is out of the window: %v", wait)
		}
		g.leave("a", true, nil)
	})
}

// TestNeverMoreThanTheBudget counts in every minute that begins with a request.
func TestNeverMoreThanTheBudget(t *testing.T) {
	t.Parallel()
	within(t, Limits{InFlight: 5, PerMinute: map[string]int{"a": 20}}, func(t *testing.T, g *gate) {
		var sent []time.Time
		for began := time.Now(); time.Since(began) < 10*time.Minute; time.Sleep(700 * time.Millisecond) {
			for enter(t, g, "a", false) == 0 {
				sent = append(sent, time.Now())
				g.leave("a", false, nil)
			}
		}
		for i, first := range sent {
			n := 0
			for _, at := range sent[i:] {
				if at.Sub(first) < time.Minute {
					n++
				}
			}
			if n > 20 {
				t.Fatalf("%d requests within a minute", n)
			}
		}
		if len(sent) < 180 {
			t.Fatalf("only %d of about 200 requests were sent", len(sent))
		}
	})
}

func TestRefusalsOfOthersDoNotKeepRemovalsFromTrying(t *testing.T) {
	t.Parallel()
	within(t, Limits{InFlight: 5}, func(t *testing.T, g *gate) {
		refuse := func(removal bool, at time.Time) time.Duration {
			e := &idp.Error{Kind: idp.Throttled, RetryAt: at}
			if wait := enter(t, g, "a", removal); wait != 0 {
				t.Fatalf("put off by %v", wait)
			}
			g.leave("a", removal, e)
			return time.Until(e.RetryAt)
		}
		if d := refuse(false, time.Time{}); d != time.Second {
			t.Fatalf("a refusal without a date lasts %v", d)
		}
		if wait := enter(t, g, "a", false); wait != time.Second {
			t.Fatalf("the next is put off by %v", wait)
		}
		if d := refuse(true, time.Now().Add(20*time.Second)); d != 20*time.Second {
			t.Fatalf("a refusal with a date lasts %v", d)
		}
		for _, removal := range []bool{true, false} {
			if wait := enter(t, g, "a", removal); wait != 20*time.Second {
				t.Fatalf("removal %v is put off by %v", removal, wait)
			}
		}
		time.Sleep(20 * time.Second)
		if d := refuse(false, time.Time{}); d != 4*time.Second {
			t.Fatalf("the third refusal lasts %v", d)
		}
		time.Sleep(4 * time.Second)
		enter(t, g, "a", false)
		g.leave("a", false, nil)
		if d := refuse(false, time.Time{}); d != time.Second {
			t.Fatalf("after a success a refusal lasts %v", d)
		}
	})
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	within(t, Limits{InFlight: 3}, func(t *testing.T, g *gate) {
		for range 2 {
			enter(t, g, "a", false)
		}
		ctx, cancel := context.WithCancel(t.Context())
		given := make(chan error, 1)
		go func() {
			_, err := g.enter(ctx, "a", false)
			given <- err
		}()
		synctest.Wait()
		enter(t, g, "a", true) // the last place is for removals
		order := make(chan bool, 2)
		for _, removal := range []bool{false, true} {
			go func() {
				_, _ = g.enter(t.Context(), "a", removal)
				order <- removal
			}()
			synctest.Wait()
		}
		cancel()
		if err := <-given; !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
		g.leave("a", true, nil)
		if first := <-order; !first {
			t.Fatal("a removal waited behind an ordinary request")
		}
		g.leave("a", false, nil)
		if second := <-order; second {
			t.Fatal("the removal was admitted twice")
		}
		for _, removal := range []bool{true, false, false} {
			g.leave("a", removal, nil)
		}
		if g.inUse != 0 || g.others != 0 || len(g.queue) != 0 {
			t.Fatalf("left behind: %d in use, %d others, %d in the queue", g.inUse, g.others, len(g.queue))
		}
	})
}

// TestNoPlaceIsLost lets a request be admitted and given up at the same moment, many times.
func TestNoPlaceIsLost(t *testing.T) {
	t.Parallel()
	within(t, Limits{InFlight: 1}, func(t *testing.T, g *gate) {
		given := 0
		for i := range 200 {
			enter(t, g, "a", false)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() {
				_, err := g.enter(ctx, "a", false)
				done <- err
			}()
			synctest.Wait()
			if i%2 == 0 {
				cancel() // It wakes up to find that it was admitted meanwhile.
			}
			g.leave("a", false, nil)
			cancel()
			if <-done == nil {
				g.leave("a", false, nil)
			} else {
				given++
			}
			if g.inUse != 0 || g.others != 0 || len(g.queue) != 0 {
				t.Fatalf("left behind: %d in use, %d others, %d in the queue", g.inUse, g.others, len(g.queue))
			}
		}
		if given == 0 || given == 200 {
			t.Fatalf("given up %d of 200 times, so one way was not tried", given)
		}
	})
}

func TestAClockThatGoesBack(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	g := newGate(Limits{InFlight: 5, PerMinute: map[string]int{"a": 1}}, func() time.Time { return now })
	enter(t, g, "a", false)
	g.leave("a", false, &idp.Error{Kind: idp.Throttled, RetryAt: now.Add(time.Minute)})
	now = now.Add(-time.Hour)
	if wait := enter(t, g, "a", false); wait != 0 {
		t.Fatalf("put off by %v", wait)
	}
	g.leave("a", false, nil)
}
