package cli_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"usher/access"
	"usher/cli"
	"usher/sandbox"
	"usher/sandbox/jirasim"
	"usher/sandbox/oktasim"
	"usher/sandbox/slacksim"
)

// town is the company with the whole product in it, in the virtual time of a bubble: the production bot, adapters, core
// and file, against the simulators over a network in memory. The product can be killed at any point and started again.
type town struct {
	t     *testing.T
	world *sandbox.World
	net   *sandbox.Network
	dir   string
	log   logbook

	mu   sync.Mutex // Guards what a dying life writes.
	life *life
	plan []string // Where the next lives die, see setup.
	hits []string // The crash points met so far, each with its number, over all lives.
	back []string // Those of them that were met after the first death.

	book     *book // Its catalog.
	byCore   bool  // See oracle.
	promises []promise
	direct   map[string]string   // See oracle.
	oddity   string              // See setup.
	hands    map[string]bool     // See oracle.
	off      map[string]bool     // See oracle.
	roads    []slacksim.Carriage // How the next envelopes travel.
	full     string              // The crash point from which on the disk is full for a while.
	cleared  time.Time           // When it has room again, by the bubble's clock.
	refused  int                 // Updates that found no room.
	outages  []span
	jumps    []span        // Of the clock.
	skew     time.Duration // By how much the wall clock went back.
	diedAt   time.Time
	deaths   int
	tally    tally                           // Of the last judgment.
	trace    []string                        // What has happened, see deed.
	why      error                           // Why a person's last try failed.
	lag      func(addr string) time.Duration // How long a request to a vendor takes; nil if none does.
	patience time.Duration                   // How long something may take to come about; an hour if zero.
}

// setup says how a town differs from the usual one.
type setup struct {
	// deaths are where the product dies: at these points, in this order, one in each life.
	deaths []string
	// full is the crash point from which on the disk is full for seven minutes.
	full string
	// company and catalog are other files than Larkspur's.
	company, catalog string
	// oddity is what the histories of this town have and others do not, see oddities.
	oddity string
	// adjust changes the simulators' seeds.
	adjust func(*slacksim.Config, *jirasim.Config, *oktasim.Config)
}

// life is one process of the product.
type life struct {
	town *town
	plan string // Where it dies; empty means that it does not.
	prog *cli.Program
	stop context.CancelFunc
	done chan error
	dead atomic.Bool
	died chan struct{}
	over chan struct{} // Closed when this life is cleared up.

	open  atomic.Int64 // Connections.
	mu    sync.Mutex
	conns []net.Conn
	count map[string]int
	fuse  int // See dieAfter.
}

// logbook keeps the product's log for failures.
type logbook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logbook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// stuck ends a story that cannot go on.
type stuck string

// inTown runs f in a town of its own, inside a bubble; the product runs already. It returns what is wrong: f's findings, or
// why the story could not go on. The log comes with the first of them.
func inTown(t *testing.T, s setup, f func(ctx context.Context, w *town) []string) (faults []string) {
	t.Helper()
	s.company = cmp.Or(s.company, string(sandbox.DefaultCompany()))
	s.catalog = cmp.Or(s.catalog, string(sandbox.Catalog()))
	dir, err := os.MkdirTemp("/dev/shm", "usher-town-") // In memory: what a death leaves is not a matter of the disk here.
	if err != nil {
		dir, err = os.MkdirTemp("", "usher-town-")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	synctest.Test(t, func(t *testing.T) {
		w := &town{t: t, dir: dir, plan: s.deaths, full: s.full, net: sandbox.NewNetwork(), direct: map[string]string{}, hands: map[string]bool{}, off: map[string]bool{}, oddity: s.oddity}
		adjust := func(sc *slacksim.Config, jc *jirasim.Config, oc *oktasim.Config) {
			if sc.Carry = w.carry; s.adjust != nil {
				s.adjust(sc, jc, oc)
			}
		}
		manifest, err := os.ReadFile("../manifest.yml")
		if err != nil {
			t.Fatal(err)
		}
		company, err := sandbox.ParseCompany([]byte(s.company))
		if err != nil {
			t.Fatal(err)
		}
		if w.book, err = readBook(s.catalog); err != nil {
			t.Fatal(err)
		}
		w.world, err = sandbox.Start(sandbox.Config{Manifest: manifest, Network: w.net, Company: company, Adjust: adjust})
		if err != nil {
			t.Fatal(err)
		}
		for name, data := range map[string][]byte{"catalog.yml": []byte(s.catalog), "usher.yml": []byte(testSettings)} {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		defer func() {
			if w.lag != nil {
				time.Sleep(time.Second) // What was slowly being sent is sent.
			}
		}()
		defer func() {
			if err := w.world.Close(); err != nil {
				t.Error(err)
			}
		}()
		w.start(ctx)
		defer func() { w.end() }()
		defer func() {
			switch why := recover().(type) {
			case nil:
			case stuck:
				faults = append(append(faults, string(why)), w.judge(ctx)...)
			default:
				panic(why)
			}
			if len(faults) > 0 {
				faults = append(faults, "the product's log:\n"+w.log.String(), "the calls to Okta:\n"+w.oktaCalls())
			}
		}()
		faults = f(ctx, w)
	})
	return faults
}

// start begins the next life.
func (w *town) start(ctx context.Context) {
	w.t.Helper()
	l := &life{town: w, died: make(chan struct{}), over: make(chan struct{}), done: make(chan error, 1), count: map[string]int{}}
	if len(w.plan) > 0 {
		l.plan, w.plan = w.plan[0], w.plan[1:]
	}
	env := w.world.Environment()
	app := &cli.App{
		Stdout: &w.log, Stderr: &w.log, Now: w.world.Clock.Now, Dial: l.dial, Crash: l.crash,
		Getenv: func(k string) string { return env[k] },
	}
	cfg, err := cli.LoadConfig(filepath.Join(w.dir, "usher.yml"), app.Getenv)
	if err != nil {
		w.t.Fatal(err)
	}
	if l.prog, err = app.Wire(cfg, func(s access.Store) access.Store { return gate{s, l} }); err != nil {
		w.t.Fatal(err)
	}
	ctx, l.stop = context.WithCancel(ctx)
	w.life = l
	go func() {
		pprof.SetGoroutineLabels(pprof.WithLabels(ctx, pprof.Labels("life", l.label()))) // Whatever this one starts has it, too.
		l.done <- l.prog.Work(ctx)
	}()
}

// oktaCalls are the last calls that Okta got, one a line.
func (w *town) oktaCalls() string {
	var b strings.Builder
	list := w.world.Okta.Calls()
	for _, c := range list[max(0, len(list)-200):] {
		fmt.Fprintf(&b, "%s %d %s %s %d %s changed=%t\n", c.At.UTC().Format("15:04:05.000"), c.Seq, c.Name, c.Path, c.Status, c.Fault, c.Changed)
	}
	return b.String()
}

// end stops the present life in order, or clears up behind it if it died.
func (w *town) end() {
	w.t.Helper()
	l := w.life
	l.stop()
	if err := <-l.done; err != nil && !l.dead.Load() {
		w.t.Errorf("stop: %v", err)
	}
	l.cut()
	close(l.over)
	if err := l.prog.Close(); err != nil {
		w.t.Errorf("close: %v", err)
	}
}

// restart takes the place of whoever starts a dead program again.
func (w *town) restart(ctx context.Context) {
	w.t.Helper()
	w.end()
	w.mu.Lock()
	died := w.diedAt // The next life may die as soon as it begins.
	w.mu.Unlock()
	w.start(ctx)
	w.outages = append(w.outages, span{died, w.world.Clock.Now()})
}

var errDead = errors.New("the process is dead")

// crash ends the process, seen from outside: from here on nothing that it does reaches the disk or a vendor.
func (l *life) crash(point string) {
	if l.dead.Load() {
		runtime.Goexit()
	}
	l.mu.Lock()
	l.count[point]++
	at := fmt.Sprintf("%s#%d", point, l.count[point])
	l.town.hit(at)
	if l.fuse > 0 {
		if l.fuse--; l.fuse == 0 {
			l.plan = at
		}
	}
	plan := l.plan
	l.mu.Unlock()
	switch plan {
	case at:
		l.kill()
		runtime.Goexit()
	case "lost " + strings.TrimPrefix(at, "before "):
		l.dieInCall(strings.TrimPrefix(at, "before "))
	}
}

// counts returns how often the product has died and the crash points that were met so far.
func (w *town) counts() (deaths int, hits []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.deaths, slices.Clone(w.hits)
}

// recovery returns the crash points that were met after the first death.
func (w *town) recovery() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.back)
}

// hit notes a crash point that was met.
func (w *town) hit(at string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hits = append(w.hits, at)
	if at == w.full && w.cleared.IsZero() {
		w.cleared = time.Now().Add(fullFor)
	}
	if w.deaths > 0 {
		w.back = append(w.back, at)
	}
}

// dieAfter has the process die at the n-th crash point from now on.
func (l *life) dieAfter(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fuse = n
}

// dieInCall has the process die while its next call is under way: the vendor has done the work, the answer never comes.
func (l *life) dieInCall(call string) {
	x := l.town.world
	waiting := hangAfter(x, call)
	var either <-chan struct{}
	if deaths, _ := l.town.counts(); (deaths > 0 || l.town.lag != nil) && strings.HasPrefix(call, "send ") { // After a death, or in a tale, one cannot say which.
		_, name := operation(call)
		either = hangOn(x, "slack", map[string]string{"chat.update": "chat.postMessage", "chat.postMessage": "chat.update"}[name])
	}
	go func() {
		select {
		case <-waiting:
			l.kill()
			if either != nil {
				x.Slack.ClearFaults()
			}
		case <-either:
			l.kill()
			x.Slack.ClearFaults()
		case <-l.over: // Something else was in its way; the plan is void.
		}
	}()
}

// died notes a death.
func (w *town) died() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.diedAt = w.world.Clock.Now()
	w.deaths++
}

func (l *life) kill() {
	if !l.dead.Swap(true) {
		l.town.died()
		l.cut()
		close(l.died)
	}
}

// cut closes every connection.
func (l *life) cut() {
	l.mu.Lock()
	conns := l.conns
	l.conns = nil
	l.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
}

func (l *life) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if l.dead.Load() {
		return nil, errDead
	}
	c, err := l.town.net.Dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.conns = append(l.conns, c)
	l.mu.Unlock()
	if l.dead.Load() {
		_ = c.Close()
	}
	l.open.Add(1)
	c = &counted{Conn: c, open: &l.open}
	if f := l.town.lag; f != nil && f(addr) > 0 {
		return slowConn{c, f(addr)}, nil
	}
	return c, nil
}

// counted is a connection that tells when it is closed.
type counted struct {
	net.Conn
	open *atomic.Int64
	once sync.Once
}

func (c *counted) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}

// gate keeps a dead process from the store.
type gate struct {
	access.Store
	life *life
}

func (g gate) View(ctx context.Context, f func(access.Tx) error) error {
	if g.life.dead.Load() {
		return errDead
	}
	return g.Store.View(ctx, f)
}

func (g gate) Update(ctx context.Context, f func(access.Tx) error) error {
	if g.life.dead.Load() {
		return errDead
	}
	if g.life.town.noRoom() {
		return fmt.Errorf("update store: %w", syscall.ENOSPC)
	}
	return g.Store.Update(ctx, func(tx access.Tx) error {
		if g.life.dead.Load() {
			return errDead
		}
		return f(tx)
	})
}

// fullFor is how long a disk is full.
const fullFor = 7 * time.Minute

// noRoom reports whether the disk is full.
func (w *town) noRoom() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if time.Now().Before(w.cleared) {
		w.refused++
		return true
	}
	return false
}

// until waits in virtual time; whenever the product has died meanwhile, it is started again.
func (w *town) until(ctx context.Context, what string, cond func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(cmp.Or(w.patience, time.Hour))
	for !cond() {
		select {
		case <-w.life.died:
			w.restart(ctx)
		case <-time.After(500 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			panic(stuck(fmt.Sprintf("never came about: %s (%v)", what, w.why)))
		}
	}
}

// try repeats what a person does until it works, as people do when an app does not answer.
func (w *town) try(ctx context.Context, what string, f func(context.Context) error) {
	w.t.Helper()
	var err error
	w.until(ctx, what, func() bool {
		short, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		if err = w.world.Slack.WaitConnected(short, 1); err != nil {
			return false
		}
		if err = f(short); err != nil {
			time.Sleep(3 * time.Second) // People do not hammer, and Slack does not let them.
		}
		w.why = err
		return err == nil
	})
}
