package cli_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"usher/access"
	"usher/idp"
)

// way is how people reach the core. Those that click tell how long it took until they were answered.
type way interface {
	ask(i int) error
	approve(id access.RequestID) (time.Duration, error)
	release(id access.RequestID) error
}

// BenchmarkLifeCycles (G2) runs whole lives, asked for by 64 callers as fast as they are accepted: ask, record, ask the
// approver, decide, change the group, read back, tell, give back, remove, read back, record.
//
// By the bot, each form and click comes as an envelope of Slack, each message goes to Slack's Web API, each entry to Jira's,
// and each look at somebody or at a group, and each change of it, is a call to Okta of 5 ms, by the production adapters; all of
// these answer from this very process, whose time they take. The reference are as many bare calls to Okta by as many workers as
// its adapter lets through at once, who keep nothing. The core alone has vendors that answer at once.
func BenchmarkLifeCycles(b *testing.B) {
	b.Run("bot", func(b *testing.B) {
		k := newDesk(b, b.N)
		defer k.close()
		rate := lives(b, k.x, k)
		calls := k.far.calls.Load()
		floor := float64(b.N) / k.far.floor(int(calls)/2, oktaAtOnce).Seconds() // Two calls each.
		b.ReportMetric(float64(calls)/float64(b.N), "okta-calls/life")
		b.ReportMetric(float64(k.site.calls.Load())/float64(b.N), "jira-calls/life")
		b.ReportMetric(float64(k.posts())/float64(b.N), "slack-posts/life")
		b.ReportMetric(floor, "floor-lives/s")
		b.ReportMetric(rate/floor, "lives/floor")
	})
	b.Run("core", func(b *testing.B) {
		v := newVendors()
		x := newBench(b, v, v.alone())
		x.run()
		defer x.close()
		lives(b, x, direct{x, identify(b, x.service, "boss")})
	})
}

// lives plays b.N lives and reports what they took.
func lives(b *testing.B, x *bench, by way) (rate float64) {
	b.Helper()
	raw := rawCommit(b)
	f := newFlow(x, by, b.N)
	cpu := cpuTime(b)
	b.ResetTimer()
	start := time.Now()
	f.run(64)
	rate = float64(b.N) / time.Since(start).Seconds()
	b.StopTimer()
	b.ReportMetric(inMS(cpuTime(b)-cpu)/float64(b.N), "cpu-ms/life")
	b.ReportMetric(rate, "lives/s")
	f.report(raw)
	st, err := x.store.Stats(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(st.FileBytes-st.FreeBytes)/float64(b.N)/1024, "file-KB/life")
	b.ReportMetric(float64(st.Updates)/float64(b.N), "updates/life")
	b.ReportMetric(float64(st.Updates)/float64(st.Commits), "updates/commit")
	return rate
}

// BenchmarkClickAlone (G1): one approval at a time, each until it is durable: by the bot from the sending of the envelope to
// its acknowledgement, and by the core alone. Nothing else happens meanwhile but what earlier approvals have left to tell.
func BenchmarkClickAlone(b *testing.B) {
	b.Run("bot", func(b *testing.B) {
		k := newDesk(b, b.N)
		defer k.close()
		clicksAlone(b, k.x, k)
	})
	b.Run("core", func(b *testing.B) {
		v := newVendors()
		x := newBench(b, v, v.alone())
		x.run()
		defer x.close()
		clicksAlone(b, x, direct{x, identify(b, x.service, "boss")})
	})
}

func clicksAlone(b *testing.B, x *bench, by way) {
	b.Helper()
	raw := rawCommit(b)
	f := newFlow(x, by, b.N)
	asked := make(chan access.RequestID, 1)
	x.v.asked = func(id access.RequestID) { asked <- id }
	x.v.moved = func(access.RequestID, access.IssueStatus) {}
	for i := range b.N {
		if err := by.ask(i); err != nil {
			b.Fatal(err)
		}
		id := <-asked
		time.Sleep(20 * time.Millisecond) // What the question has brought about is written down by then.
		if err := f.approve(id); err != nil {
			b.Fatal(err)
		}
		x.until(b, func() bool { return x.v.given() > i }) // The next click is to be alone.
	}
	f.report((raw + rawCommit(b)) / 2)
}

// flow is many lives at once. Whoever is asked approves, whoever has the access gives it back.
type flow struct {
	x    *bench
	by   way
	n    int
	jobs chan func() error
	left sync.WaitGroup

	mu     sync.Mutex
	ended  map[access.RequestID]bool
	clicks []time.Duration
}

func newFlow(x *bench, by way, n int) *flow {
	f := &flow{x: x, by: by, n: n, jobs: make(chan func() error, 3*n+3), ended: map[access.RequestID]bool{}}
	x.v.asked = func(id access.RequestID) { f.jobs <- func() error { return f.approve(id) } }
	x.v.moved = func(id access.RequestID, s access.IssueStatus) {
		switch s { // Nobody waits for the others.
		case access.IssueActive:
			f.jobs <- func() error { return f.by.release(id) }
		case access.IssueEnded:
			f.end(id)
		}
	}
	return f
}

// end counts an end once, however often it is written.
func (f *flow) end(id access.RequestID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.ended[id] {
		f.ended[id] = true
		f.left.Done()
	}
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
				if err := f.by.ask(i); err != nil {
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

func (f *flow) approve(id access.RequestID) error {
	took, err := f.by.approve(id)
	f.mu.Lock()
	f.clicks = append(f.clicks, took)
	f.mu.Unlock()
	return err
}

// report says how long the approvals took until they were durable, and how long that is in bare commits.
func (f *flow) report(raw time.Duration) {
	p50, p99 := quantiles(f.clicks)
	f.x.b.ReportMetric(inMS(p50), "click-p50-ms")
	f.x.b.ReportMetric(inMS(p99), "click-p99-ms")
	f.x.b.ReportMetric(inMS(raw), "raw-p50-ms")
	f.x.b.ReportMetric(p50.Seconds()/raw.Seconds(), "click-p50/raw")
}

// direct is the way without Slack.
type direct struct {
	x    *bench
	boss access.Person
}

func (d direct) ask(i int) error {
	name := fmt.Sprintf("p%d", i)
	who := access.Person{User: idp.UserID(name), Slack: access.SlackID("U" + name), Email: name + "@x.example", Name: name}
	_, err := d.x.service.Submit(d.x.b.Context(), access.Draft{By: who, Entitlement: "role", Duration: access.NotChosen, Justification: "bench"})
	return err
}

func (d direct) approve(id access.RequestID) (time.Duration, error) {
	start := time.Now()
	_, err := d.x.service.Decide(d.x.b.Context(), d.boss, id, access.Approve, "", access.Origin{Home: true})
	return time.Since(start), err
}

func (d direct) release(id access.RequestID) error {
	r, _, err := d.x.service.Request(d.x.b.Context(), d.boss, id)
	if err == nil {
		_, err = d.x.service.Release(d.x.b.Context(), r.Subject, access.GrantID(id))
	}
	if access.CodeOf(err) == access.GrantOver {
		return nil // The entry was written twice.
	}
	return err
}
