package cli_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"usher/access"
	"usher/catalog"
	"usher/idp"
	"usher/store"
)

// bench is the core on the real file with vendors that cost nothing, so that what is measured is Usher: its decisions, its
// evidence, its commits.
type bench struct {
	b       *testing.B
	v       *vendors
	store   *store.Store
	service *access.Service
	path    string

	mu     sync.Mutex
	offset time.Duration

	stop context.CancelFunc
	done chan error
}

func newBench(b *testing.B, provider idp.Provider, v *vendors) *bench {
	b.Helper()
	x := &bench{b: b, v: v, path: filepath.Join(b.TempDir(), "usher.db")}
	x.open(provider)
	return x
}

func (x *bench) open(provider idp.Provider) {
	x.b.Helper()
	var err error
	quiet := slog.New(slog.DiscardHandler)
	if x.store, err = store.Open(store.Config{Path: x.path, Logger: quiet}); err != nil {
		x.b.Fatal(err)
	}
	c, err := catalog.Parse(catalog.Source{Name: "bench.yml", Data: []byte(benchCatalog)})
	if err != nil {
		x.b.Fatal(err)
	}
	x.service, err = access.New(access.Config{
		Store: x.store, Tracker: x.v, Notifier: x.v, Providers: map[string]idp.Provider{"okta": provider}, Directory: "okta",
		Catalog: func() *catalog.Catalog { return c }, Now: x.now, Logger: quiet, InFlight: 50,
		Identity: access.Identity{MatchEmail: true, Domains: []string{"x.example"}},
	})
	if err != nil {
		x.b.Fatal(err)
	}
}

func (x *bench) run() {
	ctx, stop := context.WithCancel(x.b.Context())
	x.stop, x.done = stop, make(chan error, 1)
	go func() { x.done <- x.service.Runner().Run(ctx) }()
}

func (x *bench) close() {
	x.b.Helper()
	if x.stop != nil {
		x.stop()
		if err := <-x.done; err != nil {
			x.b.Error(err)
		}
	}
	if err := x.store.Close(); err != nil {
		x.b.Error(err)
	}
}

func (x *bench) now() time.Time {
	x.mu.Lock()
	defer x.mu.Unlock()
	return time.Now().Add(x.offset)
}

// jump moves the clock and returns the moment at which it did.
func (x *bench) jump(d time.Duration) time.Time {
	x.mu.Lock()
	x.offset += d
	x.mu.Unlock()
	at := time.Now()
	x.service.Runner().Wake()
	return at
}

// BenchmarkLifeCycles (G2) runs whole lives, asked for by 64 callers as fast as they are accepted: ask, record, ask the
// approver, decide, change the group, read back, tell, give back, remove, read back, record. The raw reference is pairs of
// write and fsync on the same disk, the shape of one commit.
func BenchmarkLifeCycles(b *testing.B) {
	raw := rawCommits(b)
	v := newVendors()
	x := newBench(b, v, v)
	boss := identify(b, x.service, "boss")
	f := newFlow(x, boss, b.N)
	x.run()
	defer x.close()
	cpu := cpuTime(b)
	b.ResetTimer()
	start := time.Now()
	f.run(64)
	took := time.Since(start).Seconds()
	b.StopTimer()
	rate := float64(b.N) / took
	b.ReportMetric(rate, "lives/s")
	b.ReportMetric(rate/raw, "lives/raw-commit")
	b.ReportMetric(float64((cpuTime(b)-cpu).Microseconds())/1000/float64(b.N), "cpu-ms/life")
	f.report()
	st, err := x.store.Stats(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(st.FileBytes-st.FreeBytes)/float64(b.N)/1024, "file-KB/life")
	b.ReportMetric(float64(st.Updates)/float64(b.N), "updates/life")
	b.ReportMetric(float64(st.Updates)/float64(st.Commits), "updates/commit")
}

// BenchmarkClickAlone (G1): one approval at a time, each until it is durable, while nothing else happens.
func BenchmarkClickAlone(b *testing.B) {
	raw := rawCommits(b)
	v := newVendors()
	x := newBench(b, v, v)
	boss := identify(b, x.service, "boss")
	f := newFlow(x, boss, b.N)
	asked := make(chan access.RequestID, 1)
	v.asked = func(id access.RequestID) { asked <- id }
	v.moved = func(access.RequestID, access.IssueStatus) {}
	x.run()
	defer x.close()
	for i := range b.N {
		if err := f.ask(i); err != nil {
			b.Fatal(err)
		}
		id := <-asked
		time.Sleep(20 * time.Millisecond) // What the question has brought about is written down by then.
		if err := f.approve(id); err != nil {
			b.Fatal(err)
		}
	}
	f.report()
	b.ReportMetric(f.clicks[len(f.clicks)/2].Seconds()*raw, "click-p50/raw-commit")
}

// flow is many lives at once. Whoever is asked approves, whoever has the access gives it back.
type flow struct {
	x    *bench
	boss access.Person
	n    int
	jobs chan func() error
	left sync.WaitGroup

	mu     sync.Mutex
	clicks []time.Duration
}

func newFlow(x *bench, boss access.Person, n int) *flow {
	f := &flow{x: x, boss: boss, n: n, jobs: make(chan func() error, 3*n+3)}
	x.v.asked = func(id access.RequestID) { f.jobs <- func() error { return f.approve(id) } }
	x.v.moved = func(id access.RequestID, s access.IssueStatus) {
		switch s { // Nobody waits for the others.
		case access.IssueActive:
			f.jobs <- func() error { return f.release(id) }
		case access.IssueEnded:
			f.left.Done()
		}
	}
	return f
}

// run plays the lives with so many callers and returns when all have ended.
func (f *flow) run(callers int) {
	f.left.Add(f.n)
	work := make(chan int, f.n)
	for i := range f.n {
		work <- i
	}
	close(work)
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for i := range work {
				if err := f.ask(i); err != nil {
					f.x.b.Error(err)
				}
			}
		})
		go func() { // Those who are asked; they end with the process.
			for job := range f.jobs {
				if err := job(); err != nil {
					f.x.b.Error(err)
				}
			}
		}()
	}
	wg.Wait()
	f.left.Wait()
	close(f.jobs)
}

func (f *flow) ask(i int) error {
	name := fmt.Sprintf("p%d", i)
	who := access.Person{User: idp.UserID(name), Slack: access.SlackID("U" + name), Email: name + "@x.example", Name: name}
	_, err := f.x.service.Submit(f.x.b.Context(), access.Draft{By: who, Entitlement: "role", Duration: access.NotChosen, Justification: "bench"})
	return err
}

func (f *flow) approve(id access.RequestID) error {
	start := time.Now()
	_, err := f.x.service.Decide(f.x.b.Context(), f.boss, id, access.Approve, "", access.Origin{Home: true})
	f.mu.Lock()
	f.clicks = append(f.clicks, time.Since(start))
	f.mu.Unlock()
	return err
}

func (f *flow) release(id access.RequestID) error {
	r, _, err := f.x.service.Request(f.x.b.Context(), f.boss, id)
	if err == nil {
		_, err = f.x.service.Release(f.x.b.Context(), r.Subject, access.GrantID(id))
	}
	if access.CodeOf(err) == access.GrantOver {
		return nil // The entry was written twice.
	}
	return err
}

// report says how long the approvals took until they were durable.
func (f *flow) report() {
	slices.Sort(f.clicks)
	f.x.b.ReportMetric(f.clicks[len(f.clicks)/2].Seconds()*1000, "click-p50-ms")
	f.x.b.ReportMetric(f.clicks[len(f.clicks)*99/100].Seconds()*1000, "click-p99-ms")
}

// rawCommits measures pairs of a 4 KiB write and an fsync per second, the shape of one commit.
func rawCommits(b *testing.B) float64 {
	b.Helper()
	f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
	if err != nil {
		b.Fatal(err)
	}
	page := make([]byte, 4096)
	start, n := time.Now(), 0
	for ; time.Since(start) < 300*time.Millisecond; n++ {
		for range 2 {
			if _, err := f.WriteAt(page, 0); err != nil {
				b.Fatal(err)
			}
			if err := f.Sync(); err != nil {
				b.Fatal(err)
			}
		}
	}
	rate := float64(n) / time.Since(start).Seconds()
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	return rate
}

// cpuTime is what this process has used so far.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

const benchCatalog = `
version: 1
apps:
  - id: app
    name: App
    risk: low
    status: approved
    owners: [boss@x.example]
    entitlements:
      - {id: role, name: Role, groups: ["okta:00g1bench"]}
      - {id: auto, name: Auto, groups: ["okta:00g1auto"], durations: [1h, 2h, 4h], policy: {rules: [{automatic: true, because: For the storm}]}}
`
