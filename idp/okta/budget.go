package okta

import (
	"net/http"
	"strconv"
	"time"

	"usher/idp"
)

// rate is what the headers of one answer say about the rate window that the call fell into.
type rate struct {
	limit, remaining int
	reset            int64     // the vendor's epoch seconds; names the window
	resetAt          time.Time // the same instant by our clock
	refused          bool      // the answer was a 429
}

// longestWindow bounds how long a header can keep calls back; Okta's windows last one minute.
const longestWindow = 10 * time.Minute

// resetRounding is how much the end of a window can differ from its header, which has whole seconds.
const resetRounding = time.Second

// readRate returns the rate headers, corrected by the difference between the vendor's clock and ours. It reports false
// if they are absent, unreadable, or those of the limit on simultaneous calls (limit 0), which is not a window.
func readRate(h http.Header, received time.Time) (rate, bool) {
	limit, err1 := strconv.Atoi(h.Get("X-Rate-Limit-Limit"))
	remaining, err2 := strconv.Atoi(h.Get("X-Rate-Limit-Remaining"))
	resetAt, reset, ok := readReset(h, received)
	if err1 != nil || err2 != nil || !ok || limit <= 0 || resetAt.After(received.Add(longestWindow)) {
		return rate{}, false
	}
	return rate{limit: limit, remaining: max(0, min(remaining, limit)), reset: reset, resetAt: resetAt}, true
}

// readReset returns the end of the window by our clock and as the vendor wrote it.
func readReset(h http.Header, received time.Time) (time.Time, int64, bool) {
	reset, err := strconv.ParseInt(h.Get("X-Rate-Limit-Reset"), 10, 64)
	if err != nil || reset <= 0 {
		return time.Time{}, 0, false
	}
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return time.Unix(reset, 0), reset, true
	}
	return received.Add(time.Unix(reset, 0).Sub(date)), reset, true
}

// meter is the knowledge about one kind of call.
type meter struct {
	rate
	known    bool
	at       time.Time // when the last answer came
	inFlight int
}

// budget keeps a meter per kind of call. Which kinds share a window is Okta's secret and differs between orgs, so it is
// learned: kinds that were seen in windows of the same size and end are kin, until their counts contradict it.
// A budget is not safe for concurrent use; the gate guards it.
type budget struct {
	share  float64       // kept for removals
	margin time.Duration // how much longer than announced windows proved to last
	meters map[string]*meter
	doubts map[[2]string]int // for kin: how often counts spoke against it; absent = never met in one window
}

// enoughDoubt is how many contradictions part two kinds for good; Okta's counters are not exact to the call.
const enoughDoubt = 3

func newBudget(share float64) *budget {
	return &budget{share: share, meters: map[string]*meter{}, doubts: map[[2]string]int{}}
}

// kin reports whether the two kinds of call are taken to share a window.
func (b *budget) kin(one, other string) bool {
	doubts, met := b.doubts[pair(one, other)]
	return one != other && met && doubts < enoughDoubt
}

func (b *budget) meter(bucket string) *meter {
	m := b.meters[bucket]
	if m == nil {
		m = &meter{}
		b.meters[bucket] = m
	}
	return m
}

// verdict is what the budget says about a call.
type verdict int

const (
	proceed verdict = iota
	// hold means that answers under way may free a place.
	hold
	// refuse means that the window is spent.
	refuse
)

// judge says whether a call may be sent now, and if not, when the window ends. A window that is over is taken for a
// full one until an answer says more.
func (b *budget) judge(bucket string, priority idp.Priority, now time.Time) (verdict, time.Time) {
	m := b.meter(bucket)
	if !m.known {
		return proceed, time.Time{}
	}
	remaining, inFlight, end := m.limit, m.inFlight, time.Time{}
	if m.current(now) {
		remaining, end = m.remaining, m.resetAt
	}
	for other, o := range b.meters {
		if !b.kin(bucket, other) {
			continue
		}
		inFlight += o.inFlight
		if o.current(now) && o.remaining < remaining {
			remaining, end = o.remaining, o.resetAt
		}
	}
	floor := 0
	if priority != idp.Removal {
		floor = int(b.share * float64(m.limit))
	}
	switch {
	case remaining <= floor && !end.IsZero():
		return refuse, end
	case remaining-inFlight <= floor && inFlight > 0:
		return hold, end
	default:
		return proceed, time.Time{}
	}
}

// observe learns from the answer to a call that was sent and answered at the given times.
func (b *budget) observe(bucket string, seen rate, sent, now time.Time) {
	m := b.meter(bucket)
	same := m.known && seen.reset == m.reset
	if same && seen.refused && !now.Before(m.resetAt) {
		b.margin = resetRounding
	}
	seen.resetAt = seen.resetAt.Add(b.margin)
	b.compare(bucket, seen, sent, now)
	switch {
	case m.current(now) && seen.reset < m.reset:
		return // a late answer out of a window that is over
	case seen.refused && !now.Before(seen.resetAt):
		seen.resetAt = now.Add(resetRounding)
	case same:
		seen.remaining = min(seen.remaining, m.remaining)
		if m.resetAt.Before(seen.resetAt) {
			seen.resetAt = m.resetAt // Date has whole seconds, so the earliest estimate is the best one
		}
	}
	m.rate, m.known, m.at = seen, true, now
}

// compare looks for kinds of call that are, or are not, in the window of this answer.
func (b *budget) compare(bucket string, seen rate, sent, now time.Time) {
	if seen.refused || !now.Before(seen.resetAt) {
		return
	}
	for other, o := range b.meters {
		if other == bucket || !o.current(now) || o.limit != seen.limit {
			continue
		}
		key := pair(bucket, other)
		_, met := b.doubts[key]
		apart := max(o.reset-seen.reset, seen.reset-o.reset) > 2
		switch {
		case o.reset == seen.reset && !met:
			b.doubts[key] = 0
		case met && apart:
			b.doubts[key]++
		case o.reset == seen.reset && !sent.Before(o.at) && seen.remaining >= o.remaining:
			// Sent after the other's answer, it would have found less than that answer left.
			b.doubts[key]++
		}
	}
}

// current reports whether the window is known and not over.
func (m *meter) current(now time.Time) bool { return m.known && now.Before(m.resetAt) }

func pair(a, b string) [2]string {
	if a > b {
		a, b = b, a
	}
	return [2]string{a, b}
}
