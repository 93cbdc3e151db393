package jira

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"usher/access"
	"usher/sandbox"
	"usher/sandbox/jirasim"
)

// network is a network in memory that knows which calls are under way.
type network struct {
	net.Listener
	memory *sandbox.Network

	mu   sync.Mutex
	open map[net.Conn]http.ConnState
}

func newNetwork(t *testing.T, addr string) *network {
	t.Helper()
	n := &network{memory: sandbox.NewNetwork(), open: map[net.Conn]http.ConnState{}}
	var err error
	if n.Listener, err = n.memory.Listen(addr); err != nil {
		t.Fatal(err)
	}
	return n
}

func (n *network) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	return n.memory.Dial(ctx, network, addr)
}

func (n *network) note(c net.Conn, s http.ConnState) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.open[c] = s; s == http.StateClosed || s == http.StateHijacked {
		delete(n.open, c)
	}
}

// busy counts the connections on which a call is under way.
func (n *network) busy() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	count := 0
	for _, s := range n.open {
		if s == http.StateActive {
			count++
		}
	}
	return count
}

// inMemory is newSite on a network in memory, for use within a bubble of virtual time, which both sides go by. stop ends
// everything; the bubble sees to it that nothing is left.
func inMemory(t *testing.T, change ...func(*jirasim.Config)) (s *site, n *network, stop func()) {
	t.Helper()
	s = &site{t: t}
	cfg := jirasim.DefaultConfig(time.Now)
	for _, c := range change {
		c(&cfg)
	}
	sim, err := jirasim.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.Server, n = sim, newNetwork(t, "127.0.0.1:80")
	web := &http.Server{Handler: sim, ConnState: n.note, ReadHeaderTimeout: time.Hour}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = web.Serve(n.Listener)
	}()
	s.cfg = siteConfig("http://127.0.0.1")
	s.cfg.Dial, s.cfg.Timeout = n.dial, 0
	sim.SetURL(s.cfg.URL)
	if s.tr, err = New(s.cfg); err != nil {
		t.Fatal(err)
	}
	return s, n, func() {
		s.tr.Close()
		sim.Close()
		_ = web.Close()
		<-served
	}
}

func TestARoundTripInVirtualTimeLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _, stop := inMemory(t)
		defer stop()
		s.Inject(jirasim.Fault{Name: "issue.create", Kind: jirasim.FaultSlow, Times: 1, After: 15 * time.Second})
		began := time.Now()
		i, err := s.tr.Open(t.Context(), s.record(access.IssueWaiting, 1, access.EventRequested))
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < 15*time.Second || took > 16*time.Second {
			t.Errorf("it took %v of virtual time, want 15 s", took)
		}
		time.Sleep(365 * 24 * time.Hour)
		if err := s.tr.Update(t.Context(), i, s.record(access.IssueApproved, 2, access.EventApproved)); err != nil {
			t.Fatal(err)
		}
		if st, ok := s.Issue(i.Key); !ok || st.Status != "Approved" {
			t.Errorf("%+v, %v", st, ok)
		}
	})
}
