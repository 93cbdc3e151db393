package bot

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"

	"usher/access"
	"usher/sandbox/battery"
	"usher/sandbox/slacksim"
)

// floodCore counts what is done for each distinct delivery. Its decisions take as long as a commit.
type floodCore struct {
	*fakeCore
	commit time.Duration
	gate   chan struct{} // No decision is made until it is closed. Default none.

	mu   sync.Mutex
	done map[string]int
}

func (c *floodCore) count(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done[key]++
}

func (c *floodCore) Identify(_ context.Context, p access.SlackProfile) (access.Person, error) {
	return access.Person{User: "00ux", Slack: p.ID, Name: p.Name}, nil
}

func (c *floodCore) Choices(_ context.Context, _ access.Person, query string, _ int) ([]access.Choice, error) {
	c.count("command " + query)
	return nil, nil
}

func (c *floodCore) Decide(ctx context.Context, _ access.Person, id access.RequestID, _ access.Verdict, _ string, _ access.Origin) (access.Request, error) {
	if c.gate != nil {
		<-c.gate // However long: this database finishes what it has begun.
		c.count("decide " + string(id))
		return access.Request{}, nil
	}
	t := time.NewTimer(c.commit)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
		return access.Request{}, ctx.Err()
	}
	c.count("decide " + string(id))
	return access.Request{}, nil
}

func (c *floodCore) Home(_ context.Context, by access.Person) (access.Home, error) {
	c.count("home " + string(by.Slack))
	return access.Home{Person: by, Now: noon()}, nil
}

// flood is a burst of envelopes of all kinds: half of them repeat another one, half of those in an envelope of their own.
type flood struct {
	frames []slacksim.Frame
	once   []string // What must be done exactly once.
	homes  []string // What must be done at least once.
}

const floodPeople = 200

func floodUser(i int) string { return fmt.Sprintf("U9F%04d", i%floodPeople) }

func makeFlood(s *stage, size int, r *rand.Rand) flood {
	s.t.Helper()
	var f flood
	ask := s.ask(pendingRequest(1))
	at := slacksim.InMessage(ask.Channel, ask.TS)
	frame := func(fr slacksim.Frame, err error) slacksim.Frame {
		s.must(err)
		fr.EnvelopeID = fmt.Sprintf("flood-%08d", len(f.frames))
		return fr
	}
	homes := map[string]bool{}
	for i := range size / 2 {
		switch i % 3 {
		case 0:
			f.frames = append(f.frames, frame(s.sim.Opened(floodUser(i))))
			homes["home "+floodUser(i)] = true
		case 1:
			word := fmt.Sprintf("word%06d", i)
			f.frames = append(f.frames, frame(s.sim.Typed(floodUser(i), "/access", word)))
			f.once = append(f.once, "command "+word)
		case 2:
			one := frame(s.sim.Pressed(id(bob()), at, actionApprove))
			one.Payload = bytes.ReplaceAll(one.Payload, []byte(testID(1)), []byte(testID(i)))
			f.frames = append(f.frames, one)
			f.once = append(f.once, "decide "+testID(i))
		}
	}
	for i, one := range slices.Clone(f.frames) {
		if i%2 == 0 {
			one.EnvelopeID += "-again"
		}
		f.frames = append(f.frames, one)
	}
	r.Shuffle(len(f.frames), func(i, j int) { f.frames[i], f.frames[j] = f.frames[j], f.frames[i] })
	for h := range homes {
		f.homes = append(f.homes, h)
	}
	return f
}

// flooded is what became of a flood.
type flooded struct {
	acked []time.Duration
	again int    // Sendings that were not acknowledged and came again.
	peak  uint64 // By how many bytes the live heap of the whole process grew at most.
	bot   *Bot
}

// floodStage is a bot that does not run yet, with people enough and patience for a flood.
func floodStage(t testing.TB) (*stage, *floodCore) {
	t.Helper()
	s := build(t, func(sc *slacksim.Config, _ *Config) {
		sc.TriggerLife, sc.CallsMax = time.Minute, 100
		for i := range floodPeople {
			sc.Users = append(sc.Users, slacksim.User{ID: floodUser(i), Name: fmt.Sprint("flood", i)})
		}
	})
	core := &floodCore{fakeCore: s.core, commit: time.Millisecond, done: map[string]int{}}
	s.bot.core = core
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	s.ctx = ctx
	return s, core
}

// playFlood runs the burst, sends again what was not acknowledged, as Slack does, and waits until all of it is done.
func playFlood(t testing.TB, size int, seed uint64) flooded {
	t.Helper()
	s, core := floodStage(t)
	f := makeFlood(s, size, rand.New(rand.NewPCG(seed, 1)))
	s.run()
	s.must(s.sim.WaitConnected(s.ctx, 2))
	out := flooded{bot: s.bot}
	out.peak = watchHeap(func() {
		for left := f.frames; len(left) > 0; {
			left = out.send(s, left)
			if out.again > 10*size {
				t.Fatalf("seed %d: %d envelopes are never acknowledged", seed, len(left))
			}
		}
		s.until("everything is done", func() bool { return core.did(slices.Concat(f.once, f.homes)) })
	})
	s.stop()
	s.must(<-s.done)
	s.done <- nil
	for _, key := range f.once {
		if n := core.done[key]; n != 1 {
			t.Errorf("seed %d: %s %d times", seed, key, n)
		}
	}
	return out
}

func (o *flooded) send(s *stage, frames []slacksim.Frame) (left []slacksim.Frame) {
	s.t.Helper()
	got, err := s.sim.Burst(s.ctx, frames)
	s.must(err)
	for i, d := range got {
		if d.Acked {
			o.acked = append(o.acked, d.AckedIn)
		} else {
			left = append(left, frames[i])
		}
	}
	o.again += len(left)
	return left
}

func (c *floodCore) did(keys []string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !slices.ContainsFunc(keys, func(k string) bool { return c.done[k] == 0 })
}

func TestAFloodLosesNothingAndDoesNothingTwice(t *testing.T) {
	t.Parallel()
	const size = 3000
	battery.Alone(t)
	seed := battery.Seed(t)
	got := playFlood(t, size, seed)
	if len(got.acked) != size {
		t.Errorf("seed %d: %d of %d acknowledged, %d sent again", seed, len(got.acked), size, got.again)
	}
	if q := got.bot.backlog; q.peak > 2*backlogMax || q.bytes != 0 {
		t.Errorf("seed %d: up to %d waited, %d bytes left", seed, q.peak, q.bytes)
	}
}

func TestTheBacklogIsBoundedInBytesAndNumber(t *testing.T) {
	t.Parallel()
	q := newBacklog(3)
	big := job{size: backlogBytes/2 - 1}
	if !q.put(laneShow, big) || !q.put(laneDecide, big) || q.put(laneDecide, big) {
		t.Error("bytes are not bounded")
	}
	q.done(<-q.decide)
	q.done(<-q.show)
	for i := range 4 {
		if q.put(laneShow, job{}) != (i < 3) {
			t.Error("the number is not bounded")
		}
	}
	if !q.put(laneDecide, job{}) || q.bytes != 0 {
		t.Error("windows hold up decisions")
	}
	q.close()
	q.close()
	if q.put(laneDecide, job{}) {
		t.Error("something was taken on after the end")
	}
}

// bareFlood sends a flood as large to two bare loops that read an envelope and acknowledge it, and returns how long that took
// for each.
func bareFlood(b *testing.B, size int) (acked []time.Duration) {
	b.Helper()
	s, _ := floodStage(b)
	ctx := s.ctx
	f := makeFlood(s, size, rand.New(rand.NewPCG(1, 1)))
	api := slack.New("xoxb-sandbox", slack.OptionAppLevelToken("xapp-sandbox"), slack.OptionAPIURL(s.bot.cfg.APIURL))
	for range 2 {
		_, url, err := api.StartSocketModeContext(ctx)
		s.must(err)
		c, _, err := websocket.DefaultDialer.DialContext(ctx, url, nil) //nolint:bodyclose // There is no body to a socket.
		s.must(err)
		defer func() { _ = c.Close() }()
		go func() {
			var e struct {
				ID string `json:"envelope_id"`
			}
			for c.ReadJSON(&e) == nil {
				if e.ID != "" && c.WriteJSON(e) != nil {
					return
				}
			}
		}()
	}
	s.must(s.sim.WaitConnected(ctx, 2))
	var out flooded
	for left := f.frames; len(left) > 0; {
		left = out.send(s, left)
	}
	return out.acked
}

// BenchmarkFlood is 30,000 envelopes in one burst over two sockets: how fast they are acknowledged, and what it takes.
// Bot and workspace share the processors. The reference are bare loops over the same sockets.
func BenchmarkFlood(b *testing.B) {
	for b.Loop() {
		const size = 30000
		got := playFlood(b, size, 1)
		slices.Sort(got.acked)
		at := func(p float64) float64 {
			return float64(got.acked[min(size-1, int(p*size))].Microseconds()) / 1000
		}
		bare := bareFlood(b, size)
		slices.Sort(bare)
		b.ReportMetric(at(0.99)/(float64(bare[size*99/100].Microseconds())/1000), "ack-p99/bare")
		b.ReportMetric(at(0.50), "ack-p50-ms")
		b.ReportMetric(at(0.99), "ack-p99-ms")
		b.ReportMetric(at(1), "ack-max-ms")
		b.ReportMetric(float64(got.again), "again")
		b.ReportMetric(float64(size-len(got.acked)), "lost")
		b.ReportMetric(float64(got.bot.backlog.peak), "waiting")
		b.ReportMetric(float64(got.peak)/(1<<20), "peak-MB")
	}
}
