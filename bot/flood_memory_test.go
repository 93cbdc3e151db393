package bot

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/sandbox/battery"
	"usher/sandbox/slacksim"
)

const (
	// heldFlood is how large all that is clicked in the flood below is as Slack sends it: four times what may wait.
	heldFlood = 4 * backlogBytes
	// heldMax is by how much the heap may grow meanwhile, that of the simulator in the same process included.
	heldMax = 3 * backlogBytes
)

// TestAFloodThatNobodyWorksOffStaysInBoundedMemory has a burst of clicks come, half of them repetitions, while the database
// answers none of them. What does not fit is not acknowledged and comes again, and in the end each click is done once. It is not
// parallel, for the heap is that of the whole process.
func TestAFloodThatNobodyWorksOffStaysInBoundedMemory(t *testing.T) {
	size := 6000
	if raceOn {
		size /= 4 // Of four times the size each.
	}
	battery.Alone(t)
	seed := battery.Seed(t)
	s, core := floodStage(t)
	core.gate = make(chan struct{})
	open := sync.OnceFunc(func() { close(core.gate) })
	t.Cleanup(open)
	f := makeClicks(s, size, rand.New(rand.NewPCG(seed, 1)))
	s.run()
	t.Cleanup(open) // Before the bot is stopped, which waits for what is in hand.
	s.must(s.sim.WaitConnected(s.ctx, 2))
	var out flooded
	before, held := liveHeap(), uint64(0)
	peak := watchHeap(func() {
		left := out.send(s, f.frames)
		held = max(before, liveHeap()) - before
		open()
		for len(left) > 0 {
			left = out.send(s, left)
		}
		s.until("everything is done", func() bool { return core.did(f.once) })
	})
	t.Logf("the heap grew by %d MB at most, by %d MB with all that waits; %d came again", peak>>20, held>>20, out.again)
	if peak > heldMax || held > heldMax {
		t.Errorf("seed %d: the heap grew by %d MB, by %d MB with all that waits, want %d at most", seed, peak>>20, held>>20, heldMax>>20)
	}
	for _, key := range f.once {
		if n := core.done[key]; n != 1 {
			t.Errorf("seed %d: %s %d times", seed, key, n)
		}
	}
	if len(out.acked) != size || out.again == 0 {
		t.Errorf("seed %d: %d of %d acknowledged, %d sent again", seed, len(out.acked), size, out.again)
	}
}

// makeClicks makes approvals of messages so large that all of them together are heldFlood, each of them twice.
func makeClicks(s *stage, size int, r *rand.Rand) (f flood) {
	s.t.Helper()
	ask := s.ask(pendingRequest(1))
	at := slacksim.InMessage(ask.Channel, ask.TS)
	for i := range size / 2 {
		one, err := s.sim.Pressed(id(bob()), at, actionApprove)
		s.must(err)
		one.EnvelopeID = fmt.Sprintf("click-%08d", i)
		one.Payload = bytes.ReplaceAll(one.Payload, []byte(testID(1)), []byte(testID(i)))
		text := []byte(`"text":"`)
		more := strings.Repeat("x", max(0, heldFlood/(size/2)-len(one.Payload)))
		one.Payload = bytes.Replace(one.Payload, text, append(text, more...), 1)
		f.frames = append(f.frames, one)
		f.once = append(f.once, "decide "+testID(i))
	}
	f.frames = slices.Concat(f.frames, f.frames)
	r.Shuffle(len(f.frames), func(i, j int) { f.frames[i], f.frames[j] = f.frames[j], f.frames[i] })
	return f
}

// liveHeap is what is left of the heap after a collection.
func liveHeap() uint64 {
	runtime.GC()
	return lastLive()
}

// lastLive is what the last collection left.
func lastLive() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// watchHeap tells by how much the live heap grew at most while f ran.
func watchHeap(f func()) uint64 {
	before := liveHeap()
	peak := before
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				peak = max(peak, lastLive())
			}
		}
	}()
	f()
	close(stop)
	<-done
	return peak - before
}
