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
		Catalog: func() *catalog.Catalog { return c }, Now: x.now, Logger: quiet, InFlight: 50, Calm: -1,
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

// BenchmarkLifeCycles (G2) runs whole lives: ask, record, ask the approver, decide, change the group, read back, tell, give
// back, remove, read back, record. The raw reference is pairs of write and fsync on the same disk, the shape of one commit.
func BenchmarkLifeCycles(b *testing.B) {
	for _, callers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) { lifeCycles(b, callers) })
	}
}

func lifeCycles(b *testing.B, callers int) {
	raw := rawCommits(b)
	v := newVendors()
	x := newBench(b, v, v)
	x.run()
	defer x.close()
	boss := identify(b, x.service, "boss")
	cpu := cpuTime(b)
	b.ResetTimer()
	start := time.Now()
	clicks := x.lives(callers, b.N, boss)
	took := time.Since(start).Seconds()
	b.StopTimer()
	rate := float64(b.N) / took
	b.ReportMetric(rate, "lives/s")
	b.ReportMetric(rate/raw, "lives/raw-commit")
	b.ReportMetric(float64((cpuTime(b)-cpu).Microseconds())/1000/float64(b.N), "cpu-ms/life")
	slices.Sort(clicks)
	b.ReportMetric(clicks[len(clicks)/2].Seconds()*1000, "click-p50-ms")
	b.ReportMetric(clicks[len(clicks)*99/100].Seconds()*1000, "click-p99-ms")
	info, err := os.Stat(x.path)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/float64(b.N)/1024, "file-KB/life")
}

// lives runs n lives by so many callers and returns how long each approval took until it was durable.
func (x *bench) lives(callers, n int, boss access.Person) []time.Duration {
	x.b.Helper()
	work := make(chan struct{}, n)
	for range n {
		work <- struct{}{}
	}
	close(work)
	var mu sync.Mutex
	var clicks []time.Duration
	var wg sync.WaitGroup
	for i := range callers {
		who := identify(x.b, x.service, fmt.Sprintf("p%d", i))
		wg.Go(func() {
			for range work {
				click, err := x.v.live(x.b.Context(), x.service, who, boss)
				if err != nil {
					x.b.Error(err)
					return
				}
				mu.Lock()
				clicks = append(clicks, click)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return clicks
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
