package bot

import (
	"context"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"usher/access"
	"usher/sandbox/slacksim"
)

// memory is a network without a machine below it: in a synctest bubble its waits let the clock of the bubble run on.
type memory struct {
	calls chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newMemory() *memory { return &memory{calls: make(chan net.Conn), done: make(chan struct{})} }

func (m *memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.calls:
		return c, nil
	case <-m.done:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error {
	m.once.Do(func() { close(m.done) })
	return nil
}

func (m *memory) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

func (m *memory) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case m.calls <- far:
		return near, nil
	case <-m.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// inBubble plays a bot and a workspace in virtual time. When f returns, the bot is stopped, and the bubble ends only if no
// goroutine is left.
func inBubble(t *testing.T, adjust func(*slacksim.Config, *Config), f func(*stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		s := buildOn(t, m, time.Hour, func(sc *slacksim.Config, bc *Config) {
			sc.RetryScale, sc.Now, bc.Dial = 1, nil, m.dial
			if adjust != nil {
				adjust(sc, bc)
			}
		})
		s.run()
		s.must(s.sim.WaitConnected(s.ctx, s.bot.cfg.Connections))
		f(s)
	})
}

func TestACommandAFormAndAClickInVirtualTime(t *testing.T) {
	t.Parallel()
	began := time.Now()
	inBubble(t, nil, func(s *stage) {
		start := time.Now()
		v := s.form(ann(), "GitHub: Write")
		s.must(s.sim.SetInput(s.ctx, id(ann()), v.ID, blockReason, actionReason, "Because"))
		got, err := s.sim.SubmitView(s.ctx, id(ann()), v.ID)
		s.must(err)
		if got.View == nil || !holds(got.View.Plain(), []string{"Request filed"}) {
			t.Errorf("%+v", got)
		}
		m := s.ask(pendingRequest(1))
		time.Sleep(20 * time.Minute) // Pings go on meanwhile, and connections stay.
		if got := s.click(bob(), m, actionApprove); !got.Delivery.Acked {
			t.Error("the click was not acknowledged")
		}
		s.until("the click counts", func() bool { return s.core.count("decide") == 1 })
		if passed := time.Since(start); passed < 20*time.Minute || passed > 21*time.Minute {
			t.Errorf("%v passed", passed)
		}
		if n := s.sim.Connections(); n != 2 {
			t.Errorf("%d sockets", n)
		}
	})
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("virtual time took %v of real time", took)
	}
}

func TestCrashPointsAreMetOnTheWayOfARequest(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	met := map[string]int{}
	inBubble(t, func(_ *slacksim.Config, c *Config) {
		c.Crash = func(point string) {
			mu.Lock()
			defer mu.Unlock()
			met[point]++
		}
	}, func(s *stage) {
		s.form(ann(), "GitHub: Write")
		m := s.ask(pendingRequest(1))
		s.core.refuse("decide", &access.Refusal{Code: access.AlreadyDecided, Text: "Too late."})
		s.click(bob(), m, actionApprove)
		s.message(id(bob()), "Too late.")
		s.must(s.sim.OpenHome(s.ctx, id(ann())))
		s.homeTab(id(ann()), "Request")
		synctest.Wait()
		_, err := s.bot.openView(s.ctx, "none", loadingView())
		if err == nil {
			t.Error("a view without a trigger")
		}
		_ = s.bot.pushView(s.ctx, "none", loadingView())
	})
	for _, p := range CrashPoints() {
		if met[p] == 0 {
			t.Errorf("%q was never met", p)
		}
		delete(met, p)
	}
	if len(met) > 0 {
		t.Errorf("points without a name in the list: %v", met)
	}
}

func TestADecisionWhoseGoroutineEndedIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	var dead atomic.Bool
	inBubble(t, func(_ *slacksim.Config, c *Config) {
		c.Crash = func(point string) {
			if point == "before "+callAnswer && dead.Load() {
				runtime.Goexit()
			}
		}
	}, func(s *stage) {
		m := s.ask(pendingRequest(1))
		dead.Store(true)
		// The answer to a button with a wrong value is where this goroutine ends, before its acknowledgement.
		p := s.forged(id(bob()), "T0SANDBOX", "T0SANDBOX", "A0SANDBOX", m, actionCancel, "none")
		p = append(p[:len(p)-1], []byte(`,"response_url":"`+s.sim.APIURL()+`none"}`)...)
		d, err := s.sim.Send(s.ctx, "interactive", p)
		s.must(err)
		if d.Acked {
			t.Error("what was not done was acknowledged")
		}
		dead.Store(false)
		if got := s.click(bob(), m, actionApprove); !got.Delivery.Acked { // Another worker goes on.
			t.Error("not acknowledged")
		}
	})
}
