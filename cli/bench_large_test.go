package cli_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"usher/access"
	"usher/catalog"
	"usher/idp"
	"usher/store"
)

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
	x := newBench(b, v, v.alone())
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

// BenchmarkRestart (G9): from the opening of the file of a million grants to the first sweep, with nothing of the file in memory.
// The reference is reading the whole file once. What bbolt alone needs is measured in the store's own benchmark.
func BenchmarkRestart(b *testing.B) {
	n := 1_000_000
	if testing.Short() {
		n = 100_000
	}
	v := newVendors()
	x := newBench(b, v, v.alone())
	x.fill(n)
	x.close()
	read := x.reading()
	var cold, warm time.Duration
	for b.Loop() {
		chill(b, x.path)
		cold += x.restart()
		warm += x.restart()
	}
	b.ReportMetric(float64(n), "grants")
	b.ReportMetric(inMS(cold)/float64(b.N), "cold-ms")
	b.ReportMetric(inMS(warm)/float64(b.N), "warm-ms")
	b.ReportMetric(cold.Seconds()/float64(b.N)/read.Seconds(), "cold/read")
}

// restart is how long it takes from the opening of the file until the first sweep is over.
func (x *bench) restart() time.Duration {
	x.b.Helper()
	start := time.Now()
	x.open()
	x.run()
	for x.service.Runner().Stats().LastSweep.IsZero() {
		if time.Since(start) > time.Minute {
			x.b.Fatal("no sweep")
		}
		time.Sleep(50 * time.Microsecond) // Polls with a deadline.
	}
	took := time.Since(start)
	x.close()
	return took
}

// reading is how long it takes to read the file from the disk once.
func (x *bench) reading() time.Duration {
	x.b.Helper()
	chill(x.b, x.path)
	start := time.Now()
	f, err := os.Open(x.path)
	if err != nil {
		x.b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{f}, make([]byte, 1<<20)); err != nil {
		x.b.Fatal(err)
	}
	return time.Since(start)
}

// building tells on standard error how far a file has grown that takes long to make, about four times on the way.
func building(what string, done, of int) {
	if of >= 1_000_000 && done%(of/4) == 0 {
		fmt.Fprintf(os.Stderr, "%s: %d of %d\n", what, done, of)
	}
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
		building("grants for the restart", from, n)
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
	x.open()
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
