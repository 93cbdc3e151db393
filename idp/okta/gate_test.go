package okta

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"usher/idp"
)

func newTestGate(most int) *gate {
	return newGate(newBudget(0.1), time.Now, most)
}

// queueUp starts calls that wait at a full gate, in order, and returns the order in which they are admitted.
func queueUp(t *testing.T, g *gate, priorities []idp.Priority) func() []int {
	t.Helper()
	var mu sync.Mutex
	var order []int
	var group sync.WaitGroup
	for i, priority := range priorities {
		group.Go(func() {
			if _, err := g.enter(t.Context(), "PUT", priority); err != nil {
				t.Errorf("enter: %v", err)
				return
			}
			mu.Lock()
			order = append(order, i)
			mu.Unlock()
			g.leave("PUT", priority, nil, time.Time{}, false)
		})
		for deadline := time.Now().Add(5 * time.Second); waiting(g) != i+1; {
			if time.Now().After(deadline) {
				t.Fatal("the call does not wait")
			}
			time.Sleep(time.Millisecond)
		}
	}
	return func() []int {
		group.Wait()
		return order
	}
}

func waiting(g *gate) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.queue)
}

func TestRemovalsPassTheGateFirst(t *testing.T) {
	t.Parallel()
	g := newTestGate(1)
	if _, err := g.enter(t.Context(), "PUT", idp.Normal); err != nil {
		t.Fatal(err)
	}
	finish := queueUp(t, g, []idp.Priority{idp.Normal, idp.Normal, idp.Removal, idp.Normal, idp.Removal})
	g.leave("PUT", idp.Normal, nil, time.Time{}, false)
	if got, want := finish(), []int{2, 4, 0, 1, 3}; !slices.Equal(got, want) {
		t.Fatalf("admitted in order %v, want %v", got, want)
	}
}

func TestTheGateBoundsSimultaneousCallsAndKeepsAPlaceForRemovals(t *testing.T) {
	t.Parallel()
	for priority, want := range map[idp.Priority]int{idp.Normal: 3, idp.Removal: 4} {
		g := newTestGate(4)
		var now, most atomic.Int64
		var group sync.WaitGroup
		for range 60 {
			group.Go(func() {
				if _, err := g.enter(t.Context(), "PUT", priority); err != nil {
					t.Errorf("enter: %v", err)
					return
				}
				if n := now.Add(1); n > most.Load() {
					most.Store(n)
				}
				for deadline := time.Now().Add(time.Second); most.Load() < int64(want) && time.Now().Before(deadline); {
					time.Sleep(time.Millisecond)
				}
				now.Add(-1)
				g.leave("PUT", priority, nil, time.Time{}, false)
			})
		}
		group.Wait()
		if most.Load() != int64(want) || g.inUse != 0 || g.budget.meter("PUT").inFlight != 0 {
			t.Fatalf("priority %d: %d at once, want %d; %d left over", priority, most.Load(), want, g.inUse)
		}
	}
}

func TestCallsThatHangDoNotHoldUpARemoval(t *testing.T) {
	t.Parallel()
	g := newTestGate(3)
	for range 2 {
		if _, err := g.enter(t.Context(), "GET", idp.Normal); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := g.enter(ctx, "GET", idp.Normal); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a third read got in: %v", err)
	}
	if _, err := g.enter(t.Context(), "DELETE", idp.Removal); err != nil {
		t.Fatal(err)
	}
}

func TestACallThatGivesUpLeavesNoTrace(t *testing.T) {
	t.Parallel()
	g := newTestGate(1)
	if _, err := g.enter(t.Context(), "PUT", idp.Normal); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := g.enter(ctx, "PUT", idp.Normal)
		done <- err
	}()
	for waiting(g) == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	g.leave("PUT", idp.Normal, nil, time.Time{}, false)
	if waiting(g) != 0 || g.inUse != 0 {
		t.Fatalf("%d wait, %d in use", waiting(g), g.inUse)
	}
	if _, err := g.enter(t.Context(), "PUT", idp.Normal); err != nil {
		t.Fatal(err)
	}
}

func TestComplaintsAboutSimultaneousCallsLowerTheBoundForAWhile(t *testing.T) {
	t.Parallel()
	g := newTestGate(8)
	answer := func(crowded bool) {
		if _, err := g.enter(t.Context(), "PUT", idp.Normal); err != nil {
			t.Fatal(err)
		}
		g.leave("PUT", idp.Normal, nil, time.Time{}, crowded)
	}
	answer(true)
	answer(true)
	if g.cap != 2 {
		t.Fatalf("the bound is %d, want 2", g.cap)
	}
	for range 10 {
		answer(true)
	}
	if g.cap != 1 {
		t.Fatalf("the bound is %d, want 1", g.cap)
	}
	for range 8 * calmAnswers {
		answer(false)
	}
	if g.cap != 8 {
		t.Fatalf("the bound is %d, want 8 again", g.cap)
	}
}
