package okta

import (
	"time"

	"usher/idp"
)

// use is what was spent of one window, by whom, and who waits for the rest.
type use struct {
	window             int64 // the vendor's name of the window; 0 = the one that opens next
	removals, others   int   // calls admitted
	lastOther          time.Time
	heldSince, heldEnd time.Time // when removals were first held back in the window that ends at heldEnd
}

const (
	// firstChance is how long removals that have come to the others' share wait for somebody to claim it. It is longer
	// than a call waits at the gate by itself, so that whoever sends the calls learns of it and can send others.
	firstChance = shortWait + time.Second
	// quiet is how long after the last other call nobody else is taken to wait.
	quiet = 10 * time.Second
	// lastCall is how long before its end a window is everybody's, besides the time that the share itself stands for.
	lastCall = 4 * time.Second
)

// next begins a new window. What was admitted before its first answer belongs to it.
func (u *use) next(window int64) {
	if u.window != 0 {
		u.removals, u.others = 0, 0
	}
	u.window = window
}

// admit counts a call.
func (u *use) admit(priority idp.Priority, open bool) {
	if !open && u.window != 0 {
		u.window, u.removals, u.others = 0, 0, 0
	}
	if priority == idp.Removal {
		u.removals++
	} else {
		u.others++
	}
}

// plus adds up what kin kinds of call have spent of the window that they share.
func (u use) plus(o use) use {
	u.removals += o.removals
	u.others += o.others
	if o.lastOther.After(u.lastOther) {
		u.lastOther = o.lastOther
	}
	if u.heldEnd.IsZero() || !o.heldEnd.IsZero() && o.heldSince.Before(u.heldSince) {
		u.heldSince, u.heldEnd = o.heldSince, o.heldEnd
	}
	return u
}

// owed is how many calls of this window belong to the others by what removals have taken. It never exceeds their share,
// and a few removals owe nothing, so that a single one never waits.
func (b *budget) owed(v view) int {
	return min(int(b.share*float64(v.limit)), int(float64(v.use.removals)*b.share/(1-b.share)))
}

// floor is how much of the window is not for calls of this priority, and when to ask again if that is all that is left.
//
// Others leave the reserve to removals, unless removals have taken so much that they owe others a part of it. Removals
// in turn leave what they owe as long as others may want it: they wait a moment for somebody to claim it, and take it all
// when nobody does or when the window is about to end, so that nothing of it is lost.
func (b *budget) floor(m *meter, v view, priority idp.Priority, now time.Time) (int, time.Time) {
	debt := b.owed(v) - v.use.others
	if priority != idp.Removal {
		if debt > 0 {
			return 0, v.end
		}
		return int(b.share * float64(v.limit)), v.end
	}
	if debt <= 0 || v.end.IsZero() || v.remaining > debt {
		return max(0, debt), v.end
	}
	if v.use.heldEnd.IsZero() {
		m.use.heldSince, m.use.heldEnd = now, v.end
		v.use.heldSince = now
	}
	until := v.use.heldSince.Add(firstChance)
	if at := v.use.lastOther.Add(quiet); at.After(until) {
		until = at
	}
	if end := v.end.Add(-time.Duration(b.share*float64(windowLength)) - lastCall); end.Before(until) {
		until = end
	}
	if !now.Before(until) {
		return 0, v.end
	}
	return debt, until
}

// storm reports whether removals that are under way have taken so much of the window that others may have their share of
// it and no more. It ends with the last of those removals.
func (b *budget) storm(v view) bool {
	reserve := int(b.share * float64(v.limit))
	return v.removing > 0 && reserve > 0 && v.use.removals >= reserve && b.owed(v) <= v.use.others
}
