package cli_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"usher/access"
	"usher/catalog"
	"usher/idp"
	"usher/store"
)

// bench is the core on the real file. With vendors that cost nothing, what is measured is Usher: its decisions, its evidence,
// its commits.
type bench struct {
	b       *testing.B
	v       *vendors
	out     outside
	store   *store.Store
	service *access.Service
	path    string

	mu     sync.Mutex
	offset time.Duration

	stop context.CancelFunc
	done chan error
}

// outside is what the core reaches the vendors by.
type outside struct {
	provider idp.Provider
	tracker  access.Tracker
	notifier access.Notifier
}

func newBench(b *testing.B, v *vendors, out outside) *bench {
	b.Helper()
	x := &bench{b: b, v: v, out: out, path: filepath.Join(b.TempDir(), "usher.db")}
	x.open()
	return x
}

func (x *bench) open() {
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
		Store: x.store, Tracker: x.out.tracker, Notifier: x.out.notifier, Providers: map[string]idp.Provider{"okta": x.out.provider}, Directory: "okta",
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
