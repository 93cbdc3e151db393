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
	received         time.Time // when the answer came, by our clock
	refused          bool      // the answer was a 429
}

const (
	// windowLength is how long Okta's windows last, from the first call in each.
	windowLength = time.Minute
	// longestWindow bounds how long a header can keep calls back.
	longestWindow = 10 * time.Minute
	// resetRounding is how much the end of a window can differ from its header, which has whole seconds.
	resetRounding = time.Second
)

// readRate returns the rate headers, corrected by the difference between the vendor's clock and ours. It reports false
// if they are absent, unreadable, or those of the limit on simultaneous calls (limit 0), which is not a window.
func readRate(h http.Header, received time.Time) (rate, bool) {
	limit, err1 := strconv.Atoi(h.Get("X-Rate-Limit-Limit"))
	remaining, err2 := strconv.Atoi(h.Get("X-Rate-Limit-Remaining"))
	resetAt, reset, ok := readReset(h, received)
	if err1 != nil || err2 != nil || !ok || limit <= 0 || resetAt.After(received.Add(longestWindow)) {
		return rate{}, false
	}
	return rate{limit: limit, remaining: max(0, min(remaining, limit)), reset: reset, resetAt: resetAt, received: received}, true
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
	removing int // of those in flight, the removals and their proofs
	use      use
	// blocked is until when the vendor wants to be left alone without having said so; complaints count such answers.
	blocked    time.Time
	complaints int
	answered   bool      // whatever the answer said
	probed     time.Time // when the first call was let through, as long as none is answered
}

// probeTime is how long the first call of a kind goes alone.
const probeTime = time.Second

// probe lets one call go ahead of all others while nothing is known: a process that is started again in the middle of a
// storm finds the window spent, and then one refusal is enough. A call that hangs holds the others up for a moment only.
func (m *meter) probe(now time.Time) verdict {
	if !m.answered && m.inFlight > 0 && now.Sub(m.probed).Abs() < probeTime {
		return hold
	}
	m.probed = now
	return proceed
}

// longestPause bounds how long a vendor that complains without saying for how long is left alone.
const longestPause = 30 * time.Second

// complain notes a refusal that does not say how long it lasts, and returns until when this kind of call is held back.
func (m *meter) complain(now time.Time) time.Time {
	m.blocked = now.Add(min(longestPause, time.Second<<min(m.complaints, 10)))
	m.complaints++
	return m.blocked
}

// used is what is spent of the present window.
func (m *meter) used(now time.Time) use {
	u := m.use
	if u.window != 0 && !m.current(now) {
		u.removals, u.others = 0, 0
	}
	if !now.Before(u.heldEnd) {
		u.heldSince, u.heldEnd = time.Time{}, time.Time{}
	}
	return u
}

// budget keeps a meter per kind of call. Which kinds share a window is Okta's secret and differs between orgs, so it is
// learned: kinds that were seen in windows of the same size and end are kin, until their counts contradict it.
// A budget is not safe for concurrent use; the gate guards it.
type budget struct {
	share  float64       // kept for removals, and by removals for all others
	margin time.Duration // how much longer than announced windows proved to last
	strict bool          // a window proved to last longer than a minute from its first call
	meters map[string]*meter
	doubts map[[2]string]int // for kin: how often counts spoke against it; absent = never met in one window
}

// enoughDoubt is how many contradictions part two kinds for good; Okta's counters are not exact to the call.
const enoughDoubt = 3

func newBudget(share float64) *budget {
	b := &budget{share: share, meters: map[string]*meter{}, doubts: map[[2]string]int{}}
	// By Okta's last published table these share the window of "everything else". Until answers say otherwise that is
	// believed, so that the first addition in a storm of removals does not run into their spent window.
	rest := []string{bucketAdd, bucketRemove, bucketMemberships, bucketMembers, bucketRoles, bucketApps}
	for i, one := range rest {
		for _, other := range rest[:i] {
			b.doubts[pair(one, other)] = 0
		}
	}
	return b
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

// view is what is known about the window of one kind of call, and of its kin.
type view struct {
	limit, remaining   int // limit 0 = nothing is known
	inFlight, removing int
	end                time.Time // zero = no window is known to be open
	use                use
}

func (b *budget) view(bucket string, now time.Time) view {
	m := b.meter(bucket)
	v := view{limit: m.limit, inFlight: m.inFlight, removing: m.removing, use: m.used(now)}
	for other, o := range b.meters {
		if !m.known && o.known && b.kin(bucket, other) {
			v.limit = max(v.limit, o.limit)
		}
	}
	v.remaining = v.limit
	if m.current(now) {
		v.remaining, v.end = m.remaining, m.resetAt
	}
	for other, o := range b.meters {
		if !b.kin(bucket, other) {
			continue
		}
		v.inFlight += o.inFlight
		v.removing += o.removing
		v.use = v.use.plus(o.used(now))
		if o.current(now) && o.remaining < v.remaining {
			v.remaining, v.end = o.remaining, o.resetAt
		}
	}
	return v
}

// judge says whether a call may be sent now, and if not, when to ask again. A window that is over is taken for a full one
// until an answer says more.
func (b *budget) judge(bucket string, priority idp.Priority, now time.Time) (verdict, time.Time) {
	m := b.meter(bucket)
	if left := m.blocked.Sub(now); left > 0 && left <= longestPause { // A longer one means that the clock went back.
		return refuse, m.blocked
	}
	v := b.view(bucket, now)
	if v.limit == 0 {
		return m.probe(now), time.Time{}
	}
	floor, until := b.floor(m, v, priority, now)
	switch {
	case v.remaining <= 0 && !v.end.IsZero():
		return refuse, v.end
	case v.remaining <= floor && !v.end.IsZero():
		return refuse, until
	case v.remaining-v.inFlight <= floor && v.inFlight > 0, priority != idp.Removal && b.storm(v):
		return hold, v.end
	default:
		return proceed, time.Time{}
	}
}

// observe learns from the answer to a call that was sent and answered at the given times.
func (b *budget) observe(bucket string, seen rate, sent, now time.Time) {
	m := b.meter(bucket)
	same := m.known && seen.reset == m.reset
	if same && seen.refused && !now.Before(m.resetAt) {
		if b.strict {
			b.margin = resetRounding
		}
		b.strict = true
	}
	seen.resetAt = b.end(seen)
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
	if !same {
		m.use.next(seen.reset)
	}
	if !seen.refused {
		m.complaints = 0
	}
	m.rate, m.known, m.at = seen, true, now
	for other, o := range b.meters {
		if b.kin(bucket, other) && o.known && o.reset == m.reset && m.resetAt.Before(o.resetAt) {
			o.resetAt = m.resetAt // It is the same window.
		}
	}
}

// end is when the window is over, at the latest. The header has whole seconds, rounded up; but a window that this call
// opened began before its answer came. One second in each of nineteen windows is worth having.
func (b *budget) end(seen rate) time.Time {
	at := seen.resetAt.Add(b.margin)
	opened := seen.received.Add(windowLength)
	if !b.strict && !seen.refused && seen.remaining == seen.limit-1 && opened.Before(at) && at.Sub(opened) <= 2*resetRounding {
		return opened
	}
	return at
}

// compare looks for kinds of call that are, or are not, in the window of this answer.
func (b *budget) compare(bucket string, seen rate, sent, now time.Time) {
	if seen.refused || !now.Before(seen.resetAt) {
		return
	}
	for other, o := range b.meters {
		if other == bucket || !o.current(now) {
			continue
		}
		key := pair(bucket, other)
		_, met := b.doubts[key]
		// A window that is about to end may have ended, and the next one begun, without this kind of call having seen it.
		apart := max(o.reset-seen.reset, seen.reset-o.reset) > 2 && o.resetAt.Sub(now) > 2*resetRounding
		switch {
		case o.limit != seen.limit && !met:
		case o.limit != seen.limit:
			b.doubts[key]++
		case o.reset == seen.reset && !met:
			b.doubts[key] = 0
		case met && apart:
			b.doubts[key]++
		case o.reset == seen.reset && sent.After(o.at) && seen.remaining >= o.remaining:
			// Sent after the other's answer, it would have found less than that answer left.
			b.doubts[key]++
		}
	}
}

// current reports whether the window is known and not over. If the clock went back nothing is known.
func (m *meter) current(now time.Time) bool {
	return m.known && now.Before(m.resetAt) && !now.Before(m.at.Add(-resetRounding))
}

func pair(a, b string) [2]string {
	if a > b {
		a, b = b, a
	}
	return [2]string{a, b}
}
