package okta_test

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"usher/idp"
	"usher/idp/okta"
	"usher/sandbox"
	"usher/sandbox/oktasim"
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

// orgInMemory is a simulated org on a network in memory, for use within a bubble of virtual time.
type orgInMemory struct {
	*oktasim.Server
	*network
	provider *okta.Provider
	latency  time.Duration // of every call, half of it on the way there

	keep sync.Mutex
	seen []seen
}

// seen is one call as it came in; the org itself remembers the latest ones only.
type seen struct {
	at           time.Time
	method, path string
	status       int
}

// observer notes the status of an answer.
type observer struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (w *observer) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets the faults get at the connection.
func (w *observer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

const (
	memoryUser  = idp.UserID("00uuser0000000000001")
	memoryGroup = idp.GroupID("00ggroup000000000001")
	memoryURL   = "http://127.0.0.1"
)

// inMemory starts the org and a provider on it. stop ends both; the bubble sees to it that nothing is left.
func inMemory(t *testing.T, change func(*oktasim.Config), tune func(*okta.Config)) (o *orgInMemory, stop func()) {
	t.Helper()
	cfg := oktasim.Config{
		Users: []oktasim.User{
			{ID: "00urobot000000000001", Login: "robot@suite.example", First: "Usher", Last: "Robot"},
			{ID: "00uboss0000000000001", Login: "boss@suite.example", First: "Big", Last: "Boss"},
			{ID: string(memoryUser), Login: "ada@suite.example", First: "Ada", Last: "Lane", ManagerID: "00uboss0000000000001"},
		},
		Tokens: []oktasim.Token{{ID: "00Trobot", Secret: simToken, OwnerUserID: "00urobot000000000001", Admin: oktasim.SuperAdmin}},
		Groups: []oktasim.Group{{ID: string(memoryGroup), Name: "Governed"}},
		Apps:   []oktasim.App{{ID: "0oaapp1", Label: "One"}},
	}
	if change != nil {
		change(&cfg)
	}
	sim, err := oktasim.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	sim.SetURL(memoryURL)
	o = &orgInMemory{Server: sim, network: newNetwork(t, "127.0.0.1:80")}
	web := &http.Server{Handler: o, ConnState: o.note, ReadHeaderTimeout: time.Hour}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = web.Serve(o.Listener)
	}()
	pc := okta.Config{URL: memoryURL, Token: simToken, InsecureHTTP: true, Dial: o.dial}
	if tune != nil {
		tune(&pc)
	}
	if o.provider, err = okta.New(pc); err != nil {
		t.Fatal(err)
	}
	return o, func() {
		o.provider.Close()
		sim.Close()
		_ = web.Close()
		<-served
	}
}

// ServeHTTP answers as the org does, after a while.
func (o *orgInMemory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	time.Sleep(o.latency / 2)
	call, answer := seen{at: time.Now(), method: r.Method, path: r.URL.Path}, &observer{ResponseWriter: w, status: http.StatusOK}
	defer func() {
		call.status = answer.status
		o.keep.Lock()
		defer o.keep.Unlock()
		o.seen = append(o.seen, call)
	}()
	o.Server.ServeHTTP(answer, r)
	time.Sleep(o.latency - o.latency/2)
}

func TestARoundTripInVirtualTimeLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o, stop := inMemory(t, nil, nil)
		defer stop()
		o.Inject(oktasim.Fault{Name: "group.member.add", Kind: oktasim.Slow, Times: 1, After: 20 * time.Second})
		began := time.Now()
		if err := o.provider.AddMember(t.Context(), memoryGroup, memoryUser); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < 20*time.Second || took > 21*time.Second {
			t.Errorf("it took %v of virtual time, want 20 s", took)
		}
		if in, err := o.provider.IsMember(t.Context(), memoryGroup, memoryUser); err != nil || !in {
			t.Errorf("member %v, %v", in, err)
		}
		time.Sleep(365 * 24 * time.Hour)
		if err := o.provider.RemoveMember(t.Context(), memoryGroup, memoryUser); err != nil {
			t.Fatal(err)
		}
		if got := o.Members(string(memoryGroup)); len(got) != 0 {
			t.Errorf("members %v", got)
		}
	})
}
