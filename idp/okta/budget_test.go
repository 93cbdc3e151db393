package okta

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"usher/idp"
)

// window is a vendor's counter, not aligned to the clock.
type window struct {
	limit, used int
	start       time.Time
}

// call counts one call and writes the headers as Okta does.
func (w *window) call(now time.Time, roundDown bool) (rate, bool) {
	if now.Sub(w.start) >= time.Minute {
		w.start, w.used = now, 0
	}
	refused := w.used >= w.limit
	if !refused {
		w.used++
	}
	end := w.start.Add(time.Minute)
	reset := end.Unix()
	if end.Nanosecond() > 0 && !roundDown {
		reset++
	}
	h := http.Header{}
	h.Set("X-Rate-Limit-Limit", strconv.Itoa(w.limit))
	h.Set("X-Rate-Limit-Remaining", strconv.Itoa(w.limit-w.used))
	h.Set("X-Rate-Limit-Reset", strconv.FormatInt(reset, 10))
	h.Set("Date", now.UTC().Format(http.TimeFormat))
	r, _ := readRate(h, now)
	r.refused = refused
	return r, refused
}

// drain plays jobs of the given kinds, one call each in turn, with five in flight and 120 ms per call, in virtual time.
// ours may run ahead of the vendor's clock.
func drain(t *testing.T, jobs []string, windows map[string]*window, priority idp.Priority, ahead time.Duration, roundDown bool) (took time.Duration, refused int) {
	t.Helper()
	const latency = 120 * time.Millisecond
	type flight struct {
		sent   time.Time
		lands  time.Time
		bucket string
		seen   rate
	}
	b := newBudget(0.1)
	started := time.Date(2026, 3, 1, 12, 0, 0, 340_000_000, time.UTC)
	now := started
	var air []flight
	for len(jobs) > 0 || len(air) > 0 {
		wake := time.Time{}
		for len(jobs) > 0 && len(air) < 5 {
			v, until := b.judge(jobs[0], priority, now.Add(ahead))
			if v == refuse {
				wake = until.Add(-ahead)
			}
			if v != proceed {
				break
			}
			seen, bad := windows[jobs[0]].call(now, roundDown)
			seen.resetAt = seen.resetAt.Add(ahead + latency)
			b.meter(jobs[0]).inFlight++
			air = append(air, flight{sent: now.Add(ahead), lands: now.Add(latency), bucket: jobs[0], seen: seen})
			if bad {
				refused++
			} else {
				jobs = jobs[1:]
			}
		}
		if len(air) == 0 {
			if !wake.After(now) {
				t.Fatalf("stuck at %v with %d jobs", now, len(jobs))
			}
			now = wake
			continue
		}
		now = air[0].lands
		b.meter(air[0].bucket).inFlight--
		b.observe(air[0].bucket, air[0].seen, air[0].sent, now.Add(ahead))
		air = air[1:]
	}
	return now.Sub(started), refused
}

func repeat(n int, kinds ...string) []string {
	jobs := make([]string, 0, n)
	for len(jobs) < n {
		jobs = append(jobs, kinds...)
	}
	return jobs
}

func TestAStormIsDrainedByTheHeadersWithoutARefusal(t *testing.T) {
	t.Parallel()
	cases := []struct {
		limit int
		jobs  int
		ideal time.Duration
	}{
		{250, 10_000, 39 * time.Minute}, {500, 10_000, 19 * time.Minute}, {1000, 10_000, 9 * time.Minute}, {10, 100, 9 * time.Minute},
	}
	for _, c := range cases {
		for _, ahead := range []time.Duration{0, 37 * time.Second, -12 * time.Minute} {
			t.Run(fmt.Sprintf("%d a minute, clock %v ahead", c.limit, ahead), func(t *testing.T) {
				t.Parallel()
				w := map[string]*window{"DELETE": {limit: c.limit}}
				took, refused := drain(t, repeat(c.jobs, "DELETE"), w, idp.Removal, ahead, false)
				if refused != 0 {
					t.Errorf("%d refusals", refused)
				}
				// The last window is not full, so the ideal is the start of that window and the time of its calls.
				if limit := c.ideal*102/100 + 30*time.Second; took > limit {
					t.Errorf("took %v, want at most %v", took, limit)
				}
			})
		}
	}
}

func TestKindsThatShareAWindowAreCountedTogether(t *testing.T) {
	t.Parallel()
	shared := &window{limit: 120}
	windows := map[string]*window{"DELETE": shared, "GET": shared}
	took, refused := drain(t, repeat(1200, "DELETE", "GET"), windows, idp.Removal, 0, false)
	if refused != 0 || took > 10*time.Minute {
		t.Fatalf("took %v with %d refusals", took, refused)
	}
}

func TestKindsWithWindowsOfTheirOwnDoNotSlowEachOther(t *testing.T) {
	t.Parallel()
	windows := map[string]*window{"DELETE": {limit: 120}, "GET": {limit: 120}}
	took, refused := drain(t, repeat(2400, "DELETE", "GET"), windows, idp.Removal, 0, false)
	// 1,200 of each in windows of 120 is nine waits; the first window or two go to finding out.
	if refused != 0 || took > 11*time.Minute {
		t.Fatalf("took %v with %d refusals", took, refused)
	}
}

func TestAVendorThatRoundsTheEndDownIsLearned(t *testing.T) {
	t.Parallel()
	w := map[string]*window{"DELETE": {limit: 100}}
	took, refused := drain(t, repeat(2000, "DELETE"), w, idp.Removal, -100*time.Millisecond, true)
	if refused > 10 {
		t.Errorf("%d refusals, want no more than the first few", refused)
	}
	if took > 21*time.Minute {
		t.Errorf("took %v", took)
	}
}

func TestNormalCallsLeaveTheReserve(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	b := newBudget(0.1)
	see := func(remaining int) {
		b.observe("PUT", rate{limit: 100, remaining: remaining, reset: now.Unix() + 60, resetAt: now.Add(time.Minute)}, now, now)
	}
	for _, c := range []struct {
		remaining       int
		normal, removal verdict
	}{{50, proceed, proceed}, {11, proceed, proceed}, {10, refuse, proceed}, {1, refuse, proceed}, {0, refuse, refuse}} {
		see(c.remaining)
		if v, _ := b.judge("PUT", idp.Normal, now); v != c.normal {
			t.Errorf("remaining %d, normal: %v, want %v", c.remaining, v, c.normal)
		}
		v, until := b.judge("PUT", idp.Removal, now)
		if v != c.removal {
			t.Errorf("remaining %d, removal: %v, want %v", c.remaining, v, c.removal)
		}
		if v == refuse && !until.Equal(now.Add(time.Minute)) {
			t.Errorf("the window ends at %v", until)
		}
	}
	if v, _ := b.judge("PUT", idp.Normal, now.Add(time.Minute)); v != proceed {
		t.Error("the next window is not used")
	}
}

func TestCallsUnderWayCountUntilTheyAreAnswered(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	b := newBudget(0)
	b.observe("PUT", rate{limit: 100, remaining: 2, reset: now.Unix() + 60, resetAt: now.Add(time.Minute)}, now, now)
	b.meter("PUT").inFlight = 2
	if v, _ := b.judge("PUT", idp.Removal, now); v != hold {
		t.Fatalf("got %v, want hold", v)
	}
}

func TestRateHeadersAreReadWithTheVendorsClock(t *testing.T) {
	t.Parallel()
	received := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	theirs := received.Add(90 * time.Second)
	header := func(limit, remaining, reset, date string) http.Header {
		h := http.Header{}
		h.Set("X-Rate-Limit-Limit", limit)
		h.Set("X-Rate-Limit-Remaining", remaining)
		h.Set("X-Rate-Limit-Reset", reset)
		h.Set("Date", date)
		return h
	}
	date := theirs.Format(http.TimeFormat)
	reset := strconv.FormatInt(theirs.Unix()+20, 10)
	cases := map[string]struct {
		h  http.Header
		at time.Time
	}{
		"corrected by the clocks":  {header("100", "5", reset, date), received.Add(20 * time.Second)},
		"no date":                  {header("100", "5", strconv.FormatInt(received.Unix()+20, 10), ""), received.Add(20 * time.Second)},
		"simultaneous calls":       {header("0", "0", reset, date), time.Time{}},
		"no limit":                 {header("", "5", reset, date), time.Time{}},
		"no reset":                 {header("100", "5", "", date), time.Time{}},
		"a reset of the next year": {header("100", "5", "1830000000", date), time.Time{}},
		"not numbers":              {header("many", "few", "soon", date), time.Time{}},
		"nothing":                  {http.Header{}, time.Time{}},
	}
	for name, c := range cases {
		r, ok := readRate(c.h, received)
		if ok == c.at.IsZero() || (ok && !r.resetAt.Equal(c.at)) {
			t.Errorf("%s: got %v, %v", name, r, ok)
		}
	}
}

func TestAClockThatGoesBackHoldsNothingUp(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	b := newBudget(0.1)
	b.observe("PUT", rate{limit: 100, remaining: 0, reset: now.Unix() + 60, resetAt: now.Add(time.Minute), received: now}, now, now)
	for back, want := range map[time.Duration]verdict{0: refuse, resetRounding / 2: refuse, time.Minute: proceed, 24 * time.Hour: proceed} {
		if v, until := b.judge("PUT", idp.Removal, now.Add(-back)); v != want {
			t.Errorf("clock back by %v: %v until %v, want %v", back, v, until, want)
		}
	}
	b.meter("GET").complain(now)
	if v, until := b.judge("GET", idp.Removal, now.Add(-time.Hour)); v != proceed {
		t.Errorf("after a complaint and a jump: %v until %v", v, until)
	}
}

func TestARefusalWithoutADateIsLeftAloneLongerEachTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	b := newBudget(0.1)
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
		until := b.meter("PUT").complain(now)
		if until.Sub(now) != want*time.Second {
			t.Errorf("left alone for %v, want %v", until.Sub(now), want*time.Second)
		}
		if v, at := b.judge("PUT", idp.Removal, now); v != refuse || !at.Equal(until) {
			t.Errorf("judged %v until %v", v, at)
		}
		if v, _ := b.judge("PUT", idp.Removal, until); v == refuse {
			t.Error("held back for longer than said")
		}
		now = until
	}
	b.observe("PUT", rate{limit: 100, remaining: 50, reset: now.Unix() + 60, resetAt: now.Add(time.Minute), received: now}, now, now)
	if until := b.meter("PUT").complain(now); until.Sub(now) != time.Second {
		t.Errorf("after a success %v, want 1s", until.Sub(now))
	}
}
