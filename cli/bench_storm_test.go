package cli_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/access"
	"usher/catalog"
	"usher/idp"
	"usher/store"
)

// BenchmarkStorm (G3): so many grants end at the same instant, with 50 calls to Okta in flight. The reference are the same
// calls, a removal and a read each, by 50 workers who keep nothing.
func BenchmarkStorm(b *testing.B) {
	n := 2000
	if os.Getenv("USHER_BATTERY") == "nightly" {
		n = 10_000
	}
	v := newVendors()
	d := newDistant(b, v)
	x := newBench(b, d, v)
	x.run()
	defer x.close()
	for storm := 1; b.Loop(); storm++ {
		x.give(n)
		floor := d.floor(n)
		clear(d.removed)
		start := x.jump(time.Hour)
		x.until(b, func() bool { return x.count(access.GrantEnded) >= n*storm })
		all := time.Since(start)
		var late []time.Duration
		for _, at := range d.removed {
			late = append(late, at.Sub(start))
		}
		slices.Sort(late)
		b.ReportMetric(late[len(late)*99/100].Seconds(), "late-p99-s")
		b.ReportMetric(late[len(late)*99/100].Seconds()/floor.Seconds(), "late-p99/floor")
		b.ReportMetric(all.Seconds()/floor.Seconds(), "recorded/floor")
		b.ReportMetric(float64(n)/all.Seconds(), "removals/s")
	}
}

// floor is how long the same calls take without anything else.
func (d *distant) floor(n int) time.Duration {
	start := time.Now()
	work := make(chan int, n)
	for i := range n {
		work <- i
	}
	close(work)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			for i := range work {
				for _, m := range []string{http.MethodDelete, http.MethodGet} {
					_ = d.call(m, idp.UserID(fmt.Sprint("floor", i))) // A failure would only make the reference faster.
				}
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}

// give makes n grants active.
func (x *bench) give(n int) {
	x.b.Helper()
	work := make(chan int, n)
	for i := range n {
		work <- i
	}
	close(work)
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for i := range work {
				who := identify(x.b, x.service, fmt.Sprintf("s%d", i))
				d := access.Draft{By: who, Entitlement: "auto", Duration: catalog.Duration(time.Hour), Justification: "storm"}
				if _, err := x.service.Submit(x.b.Context(), d); err != nil {
					x.b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	x.until(x.b, func() bool { return x.count(access.GrantActive) >= n })
}

// count counts the grants of a state.
func (x *bench) count(state access.GrantState) (n int) {
	x.b.Helper()
	err := x.store.View(x.b.Context(), func(tx access.Tx) error {
		n = 0
		open, err := tx.IDs(access.Grants, "open", "", 0)
		if err != nil {
			return err
		}
		all, err := tx.IDs(access.Grants, "all", "", 0)
		if err != nil {
			return err
		}
		if state == access.GrantEnded {
			n = len(all) - len(open)
			return nil
		}
		for _, id := range open {
			var g access.Grant
			if err := tx.Get(access.Grants, id, &g); err != nil {
				return err
			}
			if g.State == state {
				n++
			}
		}
		return nil
	})
	if err != nil {
		x.b.Fatal(err)
	}
	return n
}

func (x *bench) until(b *testing.B, cond func() bool) {
	b.Helper()
	for end := time.Now().Add(5 * time.Minute); !cond(); time.Sleep(5 * time.Millisecond) { // Polls with a deadline.
		if time.Now().After(end) {
			b.Fatal("never came about")
		}
	}
}

// BenchmarkSingleExpiry (G4): grants end one by one; how late is the first byte of the removal. The reference are as many bare
// timers, each followed by the same call.
func BenchmarkSingleExpiry(b *testing.B) {
	const n = 200
	v := newVendors()
	d := newDistant(b, v)
	x := newBench(b, d, v)
	x.run()
	defer x.close()
	trickle := func() {
		for i := range n {
			who := identify(b, x.service, fmt.Sprintf("s%d", i))
			draft := access.Draft{By: who, Entitlement: "auto", Duration: catalog.Duration(time.Hour), Justification: "one by one"}
			if _, err := x.service.Submit(b.Context(), draft); err != nil {
				b.Fatal(err)
			}
			time.Sleep(20 * time.Millisecond) // Makes them end one by one.
		}
		x.until(b, func() bool { return x.count(access.GrantActive) == n })
	}
	for round := 1; b.Loop(); round++ {
		trickle()
		x.jump(time.Hour - 6*time.Second) // Before the first is due.
		x.until(b, func() bool { return x.count(access.GrantEnded) == n*round })
		late := x.lateness(d)
		b.ReportMetric(late[len(late)/2].Seconds()*1000, "late-p50-ms")
		b.ReportMetric(late[len(late)*99/100].Seconds()*1000, "late-p99-ms")
		bare := d.timers(b, n)
		b.ReportMetric(late[len(late)/2].Seconds()/bare[len(bare)/2].Seconds(), "late-p50/bare")
		b.ReportMetric(late[len(late)*99/100].Seconds()/bare[len(bare)*99/100].Seconds(), "late-p99/bare")
	}
}

// timers has n bare timers fire one by one, each with a removal, and returns how late their first bytes were.
func (d *distant) timers(b *testing.B, n int) (late []time.Duration) {
	b.Helper()
	first := time.Now().Add(100 * time.Millisecond)
	at := func(i int) time.Time { return first.Add(time.Duration(i) * 20 * time.Millisecond) }
	var wg sync.WaitGroup
	for i := range n {
		wg.Add(1)
		time.AfterFunc(time.Until(at(i)), func() {
			defer wg.Done()
			if err := d.call(http.MethodDelete, idp.UserID(fmt.Sprint("bare", i))); err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range n {
		late = append(late, d.removed[idp.UserID(fmt.Sprint("bare", i))].Sub(at(i)))
	}
	slices.Sort(late)
	return late
}

// lateness compares when each removal arrived at Okta with when it was due.
func (x *bench) lateness(d *distant) (late []time.Duration) {
	x.b.Helper()
	err := x.store.View(x.b.Context(), func(tx access.Tx) error {
		ids, err := tx.IDs(access.Grants, "all", "", 0)
		if err != nil {
			return err
		}
		late = nil
		for _, id := range ids {
			var g access.Grant
			if err := tx.Get(access.Grants, id, &g); err != nil {
				return err
			}
			late = append(late, d.removed[g.Subject.User].Add(x.offset).Sub(g.DueAt))
		}
		return nil
	})
	if err != nil {
		x.b.Fatal(err)
	}
	slices.Sort(late)
	return late
}

// bareTimers is the variable that makes the benchmark's binary the reference of BenchmarkIdle: a process that has so many timers
// and does nothing.
const bareTimers = "USHER_BENCH_TIMERS"

// idles waits for ten seconds and returns what that costs in percent of a core, and the memory that is not the file's.
func idles(b *testing.B) (percent, memory float64) {
	b.Helper()
	cpu := cpuTime(b)
	time.Sleep(10 * time.Second) // What is measured is that nothing happens.
	return (cpuTime(b) - cpu).Seconds() / 10 * 100, anonymousMB(b)
}

// BenchmarkBareTimers is the reference of BenchmarkIdle, which starts it.
func BenchmarkBareTimers(b *testing.B) {
	n, err := strconv.Atoi(os.Getenv(bareTimers))
	if err != nil {
		b.Skip("BenchmarkIdle starts this.")
	}
	for i := range n {
		time.AfterFunc(30*24*time.Hour+time.Duration(i)*time.Second, func() {})
	}
	percent, memory := idles(b)
	fmt.Printf("bare %g %g\n", percent, memory) //nolint:forbidigo // Its parent reads it.
}

// bareIdle is what an empty process with n timers costs.
func bareIdle(b *testing.B, n int) (percent, memory float64) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^$", "-test.bench=^BenchmarkBareTimers$", "-test.benchtime=1x") //nolint:gosec // Itself.
	cmd.Env = append(os.Environ(), bareTimers+"="+strconv.Itoa(n))
	out, err := cmd.Output()
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(out), "bare ")
	if _, err := fmt.Sscan(rest, &percent, &memory); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	return percent, memory
}

// BenchmarkIdle (G8): 100,000 grants wait for their end. What it costs in ten seconds, and how much memory is held that is not
// the file's. The reference is an empty process with as many timers.
func BenchmarkIdle(b *testing.B) {
	barePercent, bareMB := bareIdle(b, 100_000)
	v := newVendors()
	x := newBench(b, v, v)
	x.fill(100_000)
	start := time.Now()
	x.run()
	defer x.close()
	x.until(b, func() bool { return !x.service.Runner().Stats().LastSweep.IsZero() })
	b.ReportMetric(time.Since(start).Seconds()*1000, "start-to-sweep-ms")
	x.until(b, func() bool { // The one look over all records that follows a start takes its time.
		cpu := cpuTime(b)
		time.Sleep(time.Second)
		return cpuTime(b)-cpu < 10*time.Millisecond
	})
	for b.Loop() {
		percent, memory := idles(b)
		b.ReportMetric(percent, "cpu-percent")
		b.ReportMetric(memory, "anon-MB")
		b.ReportMetric(percent/max(barePercent, 0.001), "cpu/bare") // One scheduler's tick in ten seconds is not to be told from none.
		b.ReportMetric(memory/bareMB, "anon/bare")
	}
}

// BenchmarkRestart (G9): from the opening of the file to the first sweep. Nightly with a million grants; the cold cache is
// measured in the store's own benchmark.
func BenchmarkRestart(b *testing.B) {
	n := 100_000
	if os.Getenv("USHER_BATTERY") == "nightly" {
		n = 1_000_000
	}
	v := newVendors()
	x := newBench(b, v, v)
	x.fill(n)
	x.close()
	for b.Loop() {
		x.open(v)
		x.run()
		x.until(b, func() bool { return !x.service.Runner().Stats().LastSweep.IsZero() })
		b.StopTimer()
		x.close()
		b.StartTimer()
	}
	b.ReportMetric(float64(n), "grants")
}

// fill writes active grants into the file without anybody having asked for them.
func (x *bench) fill(n int) {
	x.b.Helper()
	if err := x.store.Close(); err != nil {
		x.b.Fatal(err)
	}
	s, err := store.Open(store.Config{Path: x.path, NoSync: true})
	if err != nil {
		x.b.Fatal(err)
	}
	due := time.Now().Add(30 * 24 * time.Hour)
	for from := 0; from < n; from += 5000 {
		err := s.Update(x.b.Context(), func(tx access.Tx) error {
			for i := from; i < min(n, from+5000); i++ {
				if err := fillOne(tx, i, due.Add(time.Duration(i)*time.Second)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			x.b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		x.b.Fatal(err)
	}
	x.open(x.v)
}

func fillOne(tx access.Tx, i int, due time.Time) error {
	id := fmt.Sprintf("%026d", i)
	who := access.Person{User: idp.UserID(fmt.Sprintf("00u%017d", i)), Slack: access.SlackID(fmt.Sprintf("U%09d", i)), Name: "Somebody", Email: fmt.Sprintf("p%d@x.example", i)}
	role := access.Role{App: "app", AppName: "App", Entitlement: "auto", EntitlementName: "Auto", Groups: []catalog.Group{{Provider: "okta", ID: "00g1auto"}}, Risk: catalog.RiskLow}
	r := access.Request{
		ID: access.RequestID(id), Kind: access.KindAccess, State: access.RequestApproved, Requester: who, Subject: who, Role: role,
		Duration: catalog.Duration(time.Hour), Justification: "bench", Grant: access.GrantID(id), Issue: access.Issue{ID: id, Key: "ACCESS-1"},
	}
	g := access.Grant{
		ID: access.GrantID(id), Request: r.ID, State: access.GrantActive, Subject: who, Role: role, DueAt: due,
		Groups: []access.GrantGroup{{Group: role.Groups[0], Phase: access.PhaseMember}},
	}
	if err := tx.Put(access.Requests, id, r, "requester/"+string(who.User)); err != nil {
		return err
	}
	if err := tx.Put(access.Grants, id, g, "all", "open", "subject/"+string(who.User)); err != nil {
		return err
	}
	return tx.SetTimer(access.Timer{ID: "due/" + id, Kind: access.TimerDue, At: due, Request: r.ID, Grant: g.ID})
}

// anonymousMB is the memory of this process that is not backed by files.
func anonymousMB(b *testing.B) float64 {
	b.Helper()
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Skip("the memory is read from /proc/self/status, which is not here")
	}
	for _, line := range strings.Split(string(raw), "\n") {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			kb, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				b.Fatal(err)
			}
			return float64(kb) / 1024
		}
	}
	return 0
}
