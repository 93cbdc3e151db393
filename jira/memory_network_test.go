package jira

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"usher/access"
	"usher/sandbox/jirasim"
)

// network is a network in memory. Nothing in it waits for the kernel, so virtual time goes on while calls are under way.
type network struct {
	dialed chan net.Conn
	closed chan struct{}
	once   sync.Once

	mu   sync.Mutex
	open map[net.Conn]http.ConnState
}

func newNetwork() *network {
	return &network{dialed: make(chan net.Conn), closed: make(chan struct{}), open: map[net.Conn]http.ConnState{}}
}

func (n *network) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case n.dialed <- server:
		return client, nil
	case <-n.closed:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept waits for the next connection.
func (n *network) Accept() (net.Conn, error) {
	select {
	case c := <-n.dialed:
		return c, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

// Close refuses connections from now on. It is safe to call twice.
func (n *network) Close() error {
	n.once.Do(func() { close(n.closed) })
	return nil
}

// Addr is of no use here.
func (n *network) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "unix"} }

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
	s.Server, n = sim, newNetwork()
	web := &http.Server{Handler: sim, ConnState: n.note, ReadHeaderTimeout: time.Hour}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = web.Serve(n)
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
